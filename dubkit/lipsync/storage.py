"""Checkpoints on disk: safetensors with the settings in the header, and the published PyTorch files."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import struct
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from dubkit.errors import ModelError, OutputError, RecordError
from dubkit.lipsync.architecture import GENERATOR, NETWORKS, expected_shapes, recognise
from dubkit.lipsync.checkpoint import Checkpoint, ModelConfig, Reference, published_config
from dubkit.schema import from_json, to_json

__all__ = ["load_checkpoint", "read_tensors", "save_checkpoint"]

_FIELDS = ("architecture", "width", "image_size", "channel_order", "mel", "mel_offset_frames", "reference", "training")
_TEXT_FIELDS = ("architecture", "channel_order", "reference")
_DIGEST = "sha256"
_GET_AGAIN = "download or copy it again"
# What zipfile, pickle and PyTorch raise over files that broke on the way.
_BROKEN = (
    RuntimeError,
    EOFError,
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    AssertionError,
    MemoryError,
    struct.error,
    zipfile.BadZipFile,
)
_OLDER_WORDS = {"another frame of the same clip": Reference.OTHER.value}


def load_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """The checkpoint in a file.

    Two kinds of file are read, told apart by content: safetensors, with the settings in its metadata (any that is not
    there is as in the published network), and PyTorch files in the published layout: a dictionary of tensors,
    alone or under ``state_dict``, with or without ``module.`` before the names; which network they are of is told by
    the names. No code in a file is ever run.

    Raises:
        ModelError: if the file is missing, damaged, holds anything but tensors, or holds another network.
    """
    path = Path(path)
    with _about(path):
        with path.open("rb") as file:
            start = file.read(9)
        # In this order: safetensors begins with a length, which may look like anything.
        if start[8:] == b"{":
            return _read_safetensors(path)
        if start[:4] == b"PK\x03\x04" or start[:1] == b"\x80":
            state = _read_tensors(path)
            return Checkpoint(published_config(recognise(state) or GENERATOR), state)
        raise ModelError("is neither a safetensors nor a PyTorch file", remedy=_GET_AGAIN)


def read_tensors(path: str | os.PathLike[str]) -> dict[str, npt.NDArray[Any]]:
    """Name -> array of the state dict in a PyTorch file, of whatever network; floats as float32.

    It is read as data: no code in it is ever run.

    Raises:
        ModelError: if the file is missing, damaged, or holds anything but a dictionary of tensors.
    """
    path = Path(path)
    with _about(path):
        return _read_tensors(path)


@contextmanager
def _about(path: Path) -> Iterator[None]:
    """Whatever is wrong with ``path`` is said as a ModelError that names it."""
    try:
        yield
    except FileNotFoundError as error:
        raise ModelError("there is no such file", path=path, remedy="give the path of a checkpoint") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ModelError(f"cannot be read ({reason})", path=path, remedy="give a file that can be") from error
    except ModelError as error:
        raise ModelError(error.problem, path=path, remedy=error.remedy) from error


def save_checkpoint(path: str | os.PathLike[str], checkpoint: Checkpoint, *, half: bool = False) -> None:
    """Write ``checkpoint`` as safetensors: aside first, then renamed, so that no half-written file is ever seen.

    Args:
        path: The file to write; one that is there is replaced.
        checkpoint: What to write.
        half: Store weights as 16-bit floats, in half the space.

    Raises:
        OutputError: if it cannot be written, or a weight is too large for 16 bits.
    """
    path = Path(path)
    state = {name: np.asarray(value, order="C") for name, value in checkpoint.state.items()}
    if half:
        state = {name: _halved(name, value, path) for name, value in state.items()}
    settings = to_json(checkpoint.config)
    metadata = {name: value if name in _TEXT_FIELDS else json.dumps(value) for name, value in settings.items()}
    metadata[_DIGEST] = _digest(metadata, state)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        aside.write_bytes(save(state, metadata))
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise OutputError(f"cannot be written ({error})", path=path, remedy="choose another folder") from error


def _halved(name: str, value: npt.NDArray[Any], path: Path) -> npt.NDArray[Any]:
    if value.dtype != np.float32:
        return value
    if np.abs(value).max(initial=0) > np.finfo(np.float16).max:
        raise OutputError(f"{name} has a weight too large for 16 bits", path=path, remedy="store it in full")
    return value.astype(np.float16)


def _digest(metadata: Mapping[str, str], state: Mapping[str, npt.NDArray[Any]]) -> str:
    """SHA-256 over settings and tensors by name: whatever changes in the file changes it."""
    digest = hashlib.sha256()
    for name in sorted(metadata):
        digest.update(f"{name}={metadata[name]}\n".encode())
    for name in sorted(state):
        value = state[name]
        digest.update(f"{name} {value.dtype.str} {value.shape}\n".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()


def _read_safetensors(path: Path) -> Checkpoint:
    try:
        with safe_open(path, framework="numpy") as file:
            metadata: dict[str, str] = file.metadata() or {}
            stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is not a mapping
    except (SafetensorError, TypeError, ValueError) as error:
        raise ModelError(f"is damaged ({error})", remedy=_GET_AGAIN) from error
    claimed = metadata.pop(_DIGEST, "")
    if claimed and claimed != _digest(metadata, stored):
        raise ModelError("is damaged: its contents do not match its own SHA-256", remedy=_GET_AGAIN)
    metadata.setdefault("architecture", recognise(stored) or GENERATOR)
    config = _read_config(metadata)
    return Checkpoint(config, _in_order(config, {name: _widened(value) for name, value in stored.items()}))


def _read_config(metadata: Mapping[str, str]) -> ModelConfig:
    data: dict[str, Any] = {}
    for name in _FIELDS:
        if name not in metadata:
            continue
        try:
            data[name] = metadata[name] if name in _TEXT_FIELDS else json.loads(metadata[name])
        except ValueError as error:
            raise ModelError(f"has a setting {name} that cannot be read ({error})", remedy=_GET_AGAIN) from error
    if data.get("architecture") in NETWORKS:
        data.setdefault("mel_offset_frames", published_config(data["architecture"]).mel_offset_frames)
    if "reference" in data:
        data["reference"] = _OLDER_WORDS.get(data["reference"], data["reference"])
    try:
        return from_json(ModelConfig, data)
    except RecordError as error:
        raise ModelError(f"has settings that cannot be used: {error.problem}", remedy=error.remedy) from error


def _in_order(config: ModelConfig, state: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    """The network's own order of names, which safetensors does not keep; anything else after it."""
    names = [name for name in expected_shapes(config.architecture, config.width) if name in state]
    return {name: state[name] for name in (*names, *sorted(set(state) - set(names)))}


def _widened(value: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return value.astype(np.float32) if value.dtype.kind == "f" else value


def _read_tensors(path: Path) -> dict[str, npt.NDArray[Any]]:
    _refuse_torchscript(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of old pickles; what it cannot read it refuses
            found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(
            "holds something other than tensors, which could run code when opened, or is damaged",
            remedy="give a file with a state dict alone, or download it again",
        ) from error
    except _BROKEN as error:
        reason = (str(error) or type(error).__name__).splitlines()[0][:120]
        raise ModelError(f"is damaged or no PyTorch checkpoint ({reason})", remedy=_GET_AGAIN) from error
    if isinstance(found, dict) and isinstance(found.get("state_dict"), dict):
        found = found["state_dict"]
    if not isinstance(found, dict) or not all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in found.items()
    ):
        raise ModelError("does not hold a dictionary of tensors", remedy="give a file with a state dict")
    tensors = {name.removeprefix("module."): value.detach() for name, value in found.items()}
    return {name: (value.float() if value.is_floating_point() else value).numpy() for name, value in tensors.items()}


def _refuse_torchscript(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except _BROKEN:
        return
    if any(name.endswith("/constants.pkl") for name in names):
        raise ModelError(
            "is a TorchScript program, not a checkpoint", remedy="give the weights as a state dict (.pth, .safetensors)"
        )
