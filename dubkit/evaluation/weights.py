"""Tensors of a PyTorch file that comes from elsewhere: read as data, so that no code in it is ever run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy.typing as npt

from dubkit.errors import ModelError
from dubkit.lipsync.storage import read_tensors

__all__ = ["read_weights"]


def read_weights(path: str | os.PathLike[str]) -> dict[str, npt.NDArray[Any]]:
    """Name -> array of every tensor in a state dict, floats as float32.

    Raises:
        ModelError: if the file is missing, damaged, or holds anything but a dictionary of tensors.
    """
    path = Path(path)
    try:
        return read_tensors(path)
    except FileNotFoundError as error:
        raise ModelError("there is no such file", path=path, remedy="give the path of the weights") from error
    except OSError as error:
        raise ModelError(f"cannot be read ({error.strerror})", path=path) from error
    except ModelError as error:
        raise ModelError(error.problem, path=path, remedy=error.remedy) from error
