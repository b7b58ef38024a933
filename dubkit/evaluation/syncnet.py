"""SyncNet (2016), the judge behind LSE-D and LSE-C: its network, its published weights, and how a clip is shown to it.

Source: Chung and Zisserman, "Out of time: automated lip sync in the wild" (2016), and the PyTorch port that published
the weights ``syncnet_v2.model``. Layer names, shapes and inputs are the port's, since its weights need them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from dubkit.errors import InputError, ModelError
from dubkit.evaluation.mfcc import mfcc
from dubkit.evaluation.sync import SyncScore, score_sync
from dubkit.lipsync.device import choose_device
from dubkit.lipsync.storage import read_tensors
from dubkit.schema import Waveform

__all__ = ["SyncNet", "SyncNetJudge"]

_SIZE = 224  # pixels on each side of a face
_FRAMES = 5  # in a window, at 25 frames a second
_SAMPLES_PER_FRAME = 640  # at 16 kHz
_STEPS_PER_FRAME = 4  # MFCC steps of 10 ms
_STEPS = _FRAMES * _STEPS_PER_FRAME
_GET_PUBLISHED = "give the published syncnet_v2.model"


class SyncNet(nn.Module):
    """The network: five frames of a mouth, or 0.2 s of sound, to 1024 numbers.

    The lips' branch looks across time in its first layer alone, so a longer run of frames gives one embedding for
    every five in a row without working on any frame twice.
    """

    def __init__(self) -> None:
        super().__init__()
        self.netcnnaud = nn.Sequential(
            *_conv2d(1, 64, 3, 1),
            nn.MaxPool2d(1, 1),
            *_conv2d(64, 192, 3, 1),
            nn.MaxPool2d(3, (1, 2)),
            *_conv2d(192, 384, 3, 1),
            *_conv2d(384, 256, 3, 1),
            *_conv2d(256, 256, 3, 1),
            nn.MaxPool2d(3, 2),
            *_conv2d(256, 512, (5, 4), 0),
        )
        self.netfcaud = _head()
        self.netfclip = _head()
        self.netcnnlip = nn.Sequential(
            *_conv3d(3, 96, (_FRAMES, 7, 7), 2, 0),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            *_conv3d(96, 256, (1, 5, 5), 2, 1),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
            *_conv3d(256, 256, (1, 3, 3), 1, 1),
            *_conv3d(256, 256, (1, 3, 3), 1, 1),
            *_conv3d(256, 256, (1, 3, 3), 1, 1),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2)),
            *_conv3d(256, 512, (1, 6, 6), 1, 0),
        )

    def lips(self, frames: torch.Tensor) -> torch.Tensor:
        """(B, 3, T, 224, 224) BGR 0..255 to (B (T - 4), 1024): clip by clip, each in order of time."""
        found: torch.Tensor = self.netcnnlip(frames)
        embedded: torch.Tensor = self.netfclip(found.flatten(2).transpose(1, 2).flatten(0, 1))
        return embedded

    def sound(self, coefficients: torch.Tensor) -> torch.Tensor:
        """(B, 1, 13, 20) MFCC to (B, 1024)."""
        embedded: torch.Tensor = self.netfcaud(self.netcnnaud(coefficients).flatten(1))
        return embedded


class SyncNetJudge:
    """Scores how well lips and sound agree; built once, used for any number of clips.

    Args:
        path: The published ``syncnet_v2.model``, or any PyTorch state dict of that network. No code in it is run.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        batch: Windows worked on at a time; only speed and memory depend on it.

    Raises:
        ModelError: if the file is missing, damaged, holds anything but tensors, or holds another network.
        InputError: if the device is not there, or the batch is empty.
    """

    def __init__(self, path: str | os.PathLike[str], device: str = "auto", batch: int = 20) -> None:
        if batch < 1:
            raise InputError(f"a batch of {batch} windows cannot be judged", remedy="use 1 or more")
        self._batch = batch
        self._device = choose_device(device)
        network = SyncNet()
        _fill(network, read_tensors(path), path)
        self._network = network.eval().to(self._device)

    def judge(self, faces: npt.NDArray[np.uint8], sound: Waveform) -> SyncScore:
        """Score one face that speaks.

        The windows are those of the published port: one at each of the first min(n, samples // 640) - 5 frames, which
        leaves out the last one that would still fit. Window i sees frames i..i+4 and hears MFCC steps 4 i..4 i + 19.

        Args:
            faces: (n, 224, 224, 3) BGR, at 25 frames a second, cut by
                :func:`dubkit.evaluation.sync_crop.sync_crop_regions`.
            sound: One channel at 16 kHz that begins with the first face.

        Raises:
            InputError: if faces or sound have another form, or are too short for one window.
        """
        if faces.ndim != 4 or faces.shape[1:] != (_SIZE, _SIZE, 3) or faces.dtype != np.uint8:
            raise InputError(
                f"the sync judge sees faces as uint8 (n, {_SIZE}, {_SIZE}, 3), not {faces.dtype} {faces.shape}"
            )
        coefficients = mfcc(sound)
        count = min(len(faces), sound.length // _SAMPLES_PER_FRAME) - _FRAMES
        if count < 1:
            raise InputError(
                f"{len(faces)} faces with {float(sound.duration):.2f} s of sound are too short to judge",
                remedy=f"give more than {_FRAMES} frames and as much sound",
            )
        starts = range(0, count, self._batch)
        lips, sounds = [], []
        for start in starts:
            stop = min(count, start + self._batch)
            lips.append(self._lips(faces[start : stop + _FRAMES - 1]))
            sounds.append(self._sounds(coefficients, range(start, stop)))
        return score_sync(np.concatenate(lips), np.concatenate(sounds))

    def _lips(self, faces: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        clip = torch.tensor(faces).to(self._device).float().permute(3, 0, 1, 2).unsqueeze(0).contiguous()
        # TF32 would make the score depend on the card.
        with torch.inference_mode(), torch.backends.cudnn.flags(allow_tf32=False):
            found: npt.NDArray[np.float32] = self._network.lips(clip).cpu().numpy()
        return found

    def _sounds(self, coefficients: npt.NDArray[np.float32], windows: range) -> npt.NDArray[np.float32]:
        starts = [window * _STEPS_PER_FRAME for window in windows]
        heard = np.stack([coefficients[start : start + _STEPS].T for start in starts])
        with torch.inference_mode(), torch.backends.cudnn.flags(allow_tf32=False):
            found: npt.NDArray[np.float32] = (
                self._network.sound(torch.tensor(heard).unsqueeze(1).to(self._device)).cpu().numpy()
            )
        return found


def _conv2d(inputs: int, outputs: int, kernel: int | tuple[int, int], padding: int) -> Sequence[nn.Module]:
    return nn.Conv2d(inputs, outputs, kernel, padding=padding), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)


def _conv3d(inputs: int, outputs: int, kernel: tuple[int, int, int], stride: int, padding: int) -> Sequence[nn.Module]:
    """Stride and padding are those of the picture; time has neither."""
    convolution = nn.Conv3d(inputs, outputs, kernel, (1, stride, stride), (0, padding, padding))
    return convolution, nn.BatchNorm3d(outputs), nn.ReLU(inplace=True)


def _head() -> nn.Sequential:
    return nn.Sequential(nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, 1024))


def _fill(network: SyncNet, state: dict[str, npt.NDArray[Any]], path: str | os.PathLike[str]) -> None:
    wanted = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    # PyTorch before 0.4.1 kept no count of batches; nothing that is judged depends on it.
    missing = [name for name in wanted if name not in state and not name.endswith("num_batches_tracked")]
    unknown = [name for name in state if name not in wanted]
    for names, fault in ((missing, "lacks"), (unknown, "holds")):
        if names:
            raise ModelError(f"is not SyncNet: it {fault} {names[0]}", path=path, remedy=_GET_PUBLISHED)
    for name, value in state.items():
        if value.shape != wanted[name]:
            raise ModelError(
                f"is not SyncNet: {name} is {value.shape}, not {wanted[name]}", path=path, remedy=_GET_PUBLISHED
            )
        if not np.isfinite(value).all():
            raise ModelError(f"{name} holds weights that are not numbers", path=path, remedy="get it again")
    network.load_state_dict({name: torch.tensor(value) for name, value in state.items()}, strict=False)
