"""The benchmark that runs somebody else's code, on a stand-in for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.reference import detector_operations, run_published

# The published layout, with nothing in it but what is called.
_FILES = {
    "models/__init__.py": """
import torch
class Wav2Lip(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 2)
""",
    "face_detection/__init__.py": "",
    "face_detection/detection/__init__.py": "",
    "face_detection/detection/sfd/__init__.py": "",
    "face_detection/detection/sfd/net_s3fd.py": """
import torch
class s3fd(torch.nn.Conv2d):
    def __init__(self):
        super().__init__(3, 8, 3)
    def forward(self, x):
        assert tuple(x.shape) == (1, 3, 90, 160)
        return super().forward(x)
""",
    "inference.py": """
import argparse, json, os, torch
from models import Wav2Lip
parser = argparse.ArgumentParser()
for name in ("checkpoint_path", "face", "audio", "outfile"):
    parser.add_argument("--" + name, required=True)
parser.add_argument("--box", nargs="+", type=int, default=[-1] * 4)
args = parser.parse_args()
Wav2Lip().load_state_dict(torch.load(args.checkpoint_path)["state_dict"])
assert args.face.split(".")[1] == "mp4" and os.path.isfile(args.face) and args.audio.endswith(".wav")
assert os.path.isdir("temp") and os.environ["OMP_NUM_THREADS"] == "1"
open(args.outfile, "w").close()
with open(os.environ["STAND_IN_SAYS"], "w") as file:
    json.dump({"box": args.box, "audio": os.path.getsize(args.audio)}, file)
if os.path.exists("broken"):
    raise ValueError("Face not detected!")
""",
}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "some.checkout"
    for name, text in _FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for name in ("my.clip.mp4", "my.voice.wav"):
        (tmp_path / name).write_bytes(b"12345")
    monkeypatch.setenv("STAND_IN_SAYS", str(tmp_path / "said.json"))
    return folder


@pytest.mark.parametrize("weights", [False, True])
def test_a_checkout_is_run_as_it_is_and_left_as_it_was(checkout: Path, tmp_path: Path, weights: bool) -> None:
    if weights:
        (checkout / "face_detection/detection/sfd/s3fd.pth").touch()
    before = sorted(checkout.rglob("*"))
    taken = run_published(checkout, tmp_path / "my.clip.mp4", tmp_path / "my.voice.wav", (160, 90))
    said = json.loads((tmp_path / "said.json").read_text())
    assert said == {"box": [-1] * 4 if weights else [22, 67, 53, 106], "audio": 5}
    assert taken.whole == weights
    assert taken.inference > 0
    assert (taken.detector > 0) != weights
    assert taken.seconds(100) == taken.inference + 100 * taken.detector
    assert sorted(checkout.rglob("*")) == before


def test_what_goes_wrong_in_it_is_said(checkout: Path, tmp_path: Path) -> None:
    (checkout / "broken").touch()
    with pytest.raises(SystemExit, match="Face not detected!"):
        run_published(checkout, tmp_path / "my.clip.mp4", tmp_path / "my.voice.wav", (160, 90))


def test_the_detector_built_from_its_description_costs_what_it_is_known_to() -> None:
    assert detector_operations((1280, 720)) == pytest.approx(582e9, rel=0.002)
