"""The published Wav2Lip inference, timed: ``python -m benchmarks.reference --reference CHECKOUT --video V --voice W``.

dubkit holds none of that code; who has a checkout of it (and the right to use it) names its folder, and with
``--python`` an interpreter in which it runs. It is copied, so that nothing in it changes. Random weights serve for the
generator. Where the checkout has the weights of its face detector, its ``inference.py`` runs as it is, on every frame.
Where it has not, it runs with a box that is given, and its detector is run by itself on pictures of the same size, with
random weights: then the cost of a frame is put together from two that were measured.

Without a checkout, :func:`detector_seconds` takes the place of its detector: the same convolutions, built here from
what is published about S3FD (S. Zhang et al., 2017), run on one picture.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

__all__ = ["Published", "children_seconds", "detector_operations", "detector_seconds", "run_published"]

_DETECTOR = Path("face_detection/detection/sfd/s3fd.pth")
_WRITE_WEIGHTS = (
    "import torch; from models import Wav2Lip; torch.save({'state_dict': Wav2Lip().state_dict()}, 'random.pth')"
)
_TIME_DETECTOR = """
import sys, time, torch
from face_detection.detection.sfd.net_s3fd import s3fd
torch.set_num_threads(int(sys.argv[1]))
network, picture = s3fd().eval(), torch.rand(1, 3, int(sys.argv[3]), int(sys.argv[2])) * 255
with torch.no_grad():
    began = time.process_time()
    network(picture)
print(time.process_time() - began)
"""


@dataclass(frozen=True)
class Published:
    """What the published inference took.

    Attributes:
        inference: Processor seconds of ``inference.py``.
        detector: Processor seconds of its detector for one frame, where that was run by itself; else 0.
        whole: Whether ``inference.py`` looked for the faces itself.
    """

    inference: float
    detector: float
    whole: bool

    def seconds(self, frames: int) -> float:
        """Processor seconds for a clip of that many frames."""
        return self.inference + (0.0 if self.whole else frames * self.detector)


def run_published(
    checkout: Path, video: Path, voice: Path, size: tuple[int, int], python: str = sys.executable, threads: int = 1
) -> Published:
    """Run the published inference on a clip.

    Args:
        checkout: Folder of the published code.
        video: The picture.
        voice: The sound, WAV.
        size: Width and height of the picture.
        python: Interpreter in which that code runs.
        threads: Of the processor.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "CUDA_VISIBLE_DEVICES": ""}
    with tempfile.TemporaryDirectory() as name:
        # Its code takes what follows the first dot of a path for the file's ending, so names are short and relative.
        folder = Path(name) / "published"
        shutil.copytree(checkout, folder, ignore=shutil.ignore_patterns(".git", "*.mp4", "checkpoints"))
        for wanted in ("temp", "results"):
            (folder / wanted).mkdir(exist_ok=True)
        shutil.copyfile(video, folder / f"clip{video.suffix}")
        shutil.copyfile(voice, folder / "voice.wav")

        def run(*arguments: str) -> tuple[str, float]:
            began = children_seconds()
            done = subprocess.run(
                [python, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise SystemExit(f"the published code failed:\n{done.stderr[-2000:]}")
            return done.stdout, children_seconds() - began

        run("-c", _WRITE_WEIGHTS)
        files = ["--checkpoint_path", "random.pth", "--face", f"clip{video.suffix}", "--audio", "voice.wav"]
        command = ["inference.py", *files, "--outfile", "results/made.mp4"]
        if (folder / _DETECTOR).exists():
            return Published(run(*command)[1], 0.0, whole=True)
        width, height = size
        box = [str(value) for value in (height // 4, 3 * height // 4, width // 3, 2 * width // 3)]
        taken = run(*command, "--box", *box)[1]
        said = run("-c", _TIME_DETECTOR, str(threads), str(width), str(height))[0]
        return Published(taken, float(said.split()[-1]), whole=False)


def children_seconds() -> float:
    """Processor seconds of all processes that were started from this one and have ended."""
    times = os.times()
    return times.children_user + times.children_system


# Channels of the convolutions (3x3 each) between two poolings; then what is laid on them: (inputs, outputs, kernel,
# stride, padding).
_LEVELS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
_FURTHER = (
    ((512, 1024, 3, 1, 3), (1024, 1024, 1, 1, 0)),
    ((1024, 256, 1, 1, 0), (256, 512, 3, 2, 1)),
    ((512, 128, 1, 1, 0), (128, 256, 3, 2, 1)),
)
_LOOKED_AT = 6  # levels whose features are asked for faces: box (4) and face or not (2, the first 4)


class _Detector(nn.Module):
    """S3FD's convolutions; the norms of three of its levels, which cost nothing, are left out."""

    def __init__(self) -> None:
        super().__init__()
        channels, levels = 3, []
        for outputs in _LEVELS:
            steps: list[nn.Module] = []
            for after in outputs:
                steps += [nn.Conv2d(channels, after, 3, 1, 1), nn.ReLU()]
                channels = after
            levels.append(nn.Sequential(*steps))
        for step in _FURTHER:
            layers = [layer for shape in step for layer in (nn.Conv2d(*shape), nn.ReLU())]
            levels.append(nn.Sequential(*layers))
        self.levels = nn.ModuleList(levels)
        widths = (256, 512, 512, 1024, 512, 256)
        self.heads = nn.ModuleList(nn.Conv2d(width, 8 if not i else 6, 3, 1, 1) for i, width in enumerate(widths))

    def forward(self, picture: Tensor) -> list[Tensor]:
        """(1, 3, H, W) to what each level says."""
        said, first = list[Tensor](), len(self.levels) - _LOOKED_AT
        for number, level in enumerate(self.levels):
            picture = level(picture)
            if number >= first:
                said.append(self.heads[number - first](picture))
            if number < len(_LEVELS):
                picture = nn.functional.max_pool2d(picture, 2, 2)
        return said


def _operations(network: nn.Module, picture: Tensor) -> float:
    total = 0.0

    def count(layer: nn.Module, _: Sequence[Tensor], made: Tensor) -> None:
        nonlocal total
        assert isinstance(layer, nn.Conv2d)
        total += 2.0 * made[0, 0].numel() * layer.weight.numel()

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(count)
    network(picture)
    return total


def detector_operations(size: tuple[int, int]) -> float:
    """Floating point operations of S3FD's convolutions on a picture of that width and height."""
    with torch.device("meta"):
        return _operations(_Detector(), torch.empty(1, 3, size[1], size[0]))


def detector_seconds(size: tuple[int, int]) -> float:
    """Processor seconds that S3FD's convolutions take on one picture of that width and height, the first apart."""
    network, picture = _Detector().eval(), torch.rand(1, 3, size[1], size[0])
    with torch.no_grad():
        network(picture[..., : size[1] // 4, : size[0] // 4])
        began = time.process_time()
        network(picture)
    return time.process_time() - began


def main() -> None:
    """Time a checkout on a clip."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", type=Path, required=True, help="folder of the published code")
    parser.add_argument("--python", default=sys.executable, help="interpreter in which it runs")
    parser.add_argument("--video", type=Path, required=True)
    parser.add_argument("--voice", type=Path, required=True)
    parser.add_argument("--size", type=int, nargs=2, required=True, help="width and height of the video")
    parser.add_argument("--frames", type=int, required=True, help="of the video")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    size = given.size[0], given.size[1]
    taken = run_published(given.reference, given.video, given.voice, size, given.python, given.threads)
    how = "measured as a whole" if taken.whole else "put together from inference and detector"
    print(f"{1000 * taken.seconds(given.frames) / given.frames:.0f} ms of processor time a frame, {how}")


if __name__ == "__main__":
    main()
