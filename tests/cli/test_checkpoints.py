"""Checkpoints through library and commands: published files give published pixels, and bad ones one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from dubkit.errors import ModelError
from dubkit.lipsync import (
    Checkpoint,
    LipModel,
    ModelConfig,
    SyncModel,
    convert_checkpoint,
    load_expert,
    load_model,
    save_checkpoint,
)
from dubkit.lipsync.architecture import DISCRIMINATOR, EXPERT, GENERATOR, expected_shapes
from dubkit.media import read_frames
from dubkit_cli.main import run
from samples.picture import Camera, portrait
from tests.cli.test_bad_input import CUE, write_voice
from tests.films import write_talk
from tests.lipsync.golden_rule import EXPERT_GAIN, GENERATOR_GAIN, golden_layout, golden_state
from tests.test_dub import write_clip

WIDTH = 0.05
Loaded = Callable[[Path], LipModel | SyncModel]


def tiny(architecture: str) -> Checkpoint:
    gain = GENERATOR_GAIN if architecture == GENERATOR else EXPERT_GAIN
    state = golden_state(list(expected_shapes(architecture, WIDTH).items()), gain)
    return Checkpoint(ModelConfig(architecture, width=WIDTH), state)


def write_bad(path: Path, kind: str, architecture: str) -> Path:
    """A checkpoint of ``architecture`` with one thing wrong."""
    if kind == "another kind":
        save_checkpoint(path, tiny(DISCRIMINATOR))
    elif kind == "other mel settings":
        metadata = {"architecture": architecture, "width": str(WIDTH), "mel": json.dumps({"hop": 160})}
        save_file(dict(tiny(architecture).state), path, metadata)
    else:
        save_checkpoint(path, tiny(architecture))
        whole = bytearray(path.read_bytes())
        whole[len(whole) // 2] ^= 0x15
        path.write_bytes(whole if kind == "tampered" else whole[: len(whole) // 2])
    return path


SAID = {
    "truncated": "is damaged",
    "tampered": "do not match its own SHA-256",
    "another kind": "holds a visual quality discriminator",
    "other mel settings": "was trained with other mel settings: hop 160 where dubkit has 200",
}
COMMANDS: dict[str, tuple[str, Loaded, list[str]]] = {
    "lipsync": (GENERATOR, load_model, ["lipsync", "talk.mkv", "voice.wav", "-o", "out.mkv", "--model"]),
    "dub": (
        GENERATOR,
        load_model,
        ["dub", "talk.mkv", "--subtitles", "es.srt", "--voice", "voice.wav", "-o", "out.mkv", "--model"],
    ),
    "sync": (EXPERT, load_expert, ["sync", "talk.mkv", "--expert"]),
    "evaluate a model": (GENERATOR, load_model, ["evaluate", "talk.mkv", "--model"]),
    "evaluate two videos": (EXPERT, load_expert, ["evaluate", "talk.mkv", "talk.mkv", "--expert"]),
}


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("material")
    write_talk(folder / "talk.mkv", seconds=4)
    write_voice(folder / "voice.wav")
    (folder / "es.srt").write_text(CUE, encoding="utf-8")
    return folder


@pytest.mark.parametrize("kind", SAID)
@pytest.mark.parametrize("command", COMMANDS)
def test_bad_checkpoints_are_one_sentence_by_library_and_command(
    command: str,
    kind: str,
    material: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    architecture, load, arguments = COMMANDS[command]
    bad = write_bad(tmp_path / "bad.safetensors", kind, architecture)
    with pytest.raises(ModelError) as caught:
        load(bad)
    sentence = str(caught.value)
    assert sentence.startswith(f"{bad}: ")
    assert SAID[kind] in sentence
    assert "\n" not in sentence
    monkeypatch.chdir(material)
    before = sorted(material.iterdir())
    assert run([*arguments, str(bad)]) == 1
    assert capsys.readouterr().err.splitlines() == [f"dubkit: {sentence}"]
    assert sorted(material.iterdir()) == before


def test_a_published_file_gives_the_same_pixels_as_it_is_and_converted(tmp_path: Path) -> None:
    """The layout of the published generator, at its full size, filled by the golden rule."""
    pytest.importorskip("skimage", reason="the portrait comes with scikit-image")
    clip = write_clip(tmp_path / "clip.mp4", (portrait(), Camera((225, 125, 300), (226, 125, 300)), 6))
    voice = write_voice(tmp_path / "voice.wav", 0.24)
    state = golden_state(golden_layout("wav2lip_generator"), GENERATOR_GAIN)
    published, converted = tmp_path / "wav2lip.pth", tmp_path / "wav2lip.safetensors"
    prefixed = {f"module.{name}": torch.tensor(value) for name, value in state.items()}
    torch.save({"state_dict": prefixed, "optimizer": None, "global_step": 1}, published)
    convert_checkpoint(published, converted)
    results = []
    for model in (published, converted):
        output = tmp_path / f"{model.suffix[1:]}.mkv"
        arguments = ["lipsync", str(clip), str(voice), "-o", str(output), "--codec", "ffv1", "--device", "cpu"]
        assert run([*arguments, "--detector", "cascade", "--model", str(model)]) == 0
        results.append(list(read_frames(output)))
        model.unlink()
    changed = 0
    for before, first, second in zip(read_frames(clip), *results, strict=True):
        for planes in zip(before.planes, first.planes, second.planes, strict=True):
            np.testing.assert_array_equal(planes[1], planes[2])
            changed += int((planes[0] != planes[1]).sum())
    assert changed > 1000
