"""The one place that imports insightface: its networks from files and from the packages it keeps.

The package's code is under the MIT licence; the networks it publishes are for non-commercial use.
"""

from __future__ import annotations

import contextlib
import io
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dubkit.errors import MissingDependencyError, ModelError
from dubkit.faces.detectors.onnx_shape import with_any_size

__all__ = ["DEFAULT_PACKAGE", "free_detector", "load_detector", "load_network", "package_folder", "package_folders"]

_COARSEST = 32  # pixels of the picture for one of the network's, at its coarsest

DEFAULT_PACKAGE = "buffalo_l"
"""The package of networks that insightface itself takes by default."""


def package_folder(name: str = DEFAULT_PACKAGE) -> Path:
    """Where insightface keeps the package of that name; may not exist."""
    return Path.home() / ".insightface" / "models" / name


def package_folders() -> list[Path]:
    """The packages that insightface keeps already."""
    own = package_folder().parent
    return sorted(path for path in own.iterdir() if path.is_dir()) if own.is_dir() else []


def load_network(path: Path, purpose: str, refusal: ModelError) -> Any:
    """What insightface makes of an ``.onnx`` file: an object of one of its model classes; None where it knows none.

    Args:
        path: The file.
        purpose: What it is for, to be said where insightface is missing.
        refusal: What to raise where the file cannot be loaded.

    Raises:
        MissingDependencyError: insightface or ONNX Runtime is not installed.
        ModelError: ``refusal``.
    """
    zoo, runtime = _import(purpose)
    try:
        with _quiet():
            return zoo.get_model(str(path), providers=_providers(runtime), sess_options=_patient(runtime))
    except _failures() as error:
        raise refusal from error


def load_detector(name: str) -> Any:
    """The detector of a package, which insightface downloads if it is not there.

    Raises:
        MissingDependencyError: insightface or ONNX Runtime is not installed.
        ModelError: The package could not be fetched.
    """
    runtime = _import("finding faces with insightface")[1]
    from insightface.app import FaceAnalysis

    try:
        with _quiet():
            return FaceAnalysis(name, allowed_modules=["detection"], providers=_providers(runtime)).det_model
    except _failures() as error:
        raise ModelError(
            f"insightface has no package {name!r} with a detector and could not download one",
            path=package_folder(name),
            remedy="go online once, put the package's files there, or give a SCRFD .onnx file",
        ) from error


def free_detector(network: Any, path: Path) -> Any:
    """The same SCRFD with an input of any size, if its file allows; else ``network`` itself.

    Its exports fix the input to a square though nothing in them needs it: a wide picture then costs as much as a
    square one. Tried once on a small input: the outputs must have the rows that its size gives.

    Args:
        network: What :func:`load_network` made of the file.
        path: The file.
    """
    import onnxruntime

    refusals: tuple[type[Exception], ...] = (ModelError, *_failures())
    try:
        session = onnxruntime.InferenceSession(
            with_any_size(path.read_bytes()), _patient(onnxruntime), providers=_providers(onnxruntime)
        )
        height, width = 2 * _COARSEST, 3 * _COARSEST
        rows = [len(scores[0]) for scores in session.run(None, {network.input_name: _blank(height, width)})[:3]]
        if rows != [2 * (height // stride) * (width // stride) for stride in (8, 16, 32)]:
            return network
        with _quiet():
            return type(network)(model_file=None, session=session)
    except refusals:
        return network


def _blank(height: int, width: int) -> npt.NDArray[np.float32]:
    return np.zeros((1, 3, height, width), np.float32)


def _patient(runtime: Any) -> Any:
    """Options for threads that sleep where they wait: by default they spin, at the cost of all else that runs."""
    options = runtime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _import(purpose: str) -> tuple[Any, Any]:
    try:
        with _quiet():
            import onnxruntime
            from insightface.model_zoo import model_zoo
    except ImportError as error:
        raise MissingDependencyError("insightface", extra="insightface", purpose=purpose) from error
    return model_zoo, onnxruntime


def _failures() -> tuple[type[Exception], ...]:
    """What loading a file that is no network of insightface, or fetching one, may raise."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    runtime = (state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf, state.NoSuchFile)
    own = (AssertionError, AttributeError, IndexError, OSError, RuntimeError, TypeError, ValueError)
    return (*runtime, *own, zipfile.BadZipFile)


def _providers(runtime: Any) -> list[str]:
    """CUDA where this build of ONNX Runtime has it, and the processor."""
    wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
    return [name for name in wanted if name in runtime.get_available_providers()]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep insightface's prints, progress bars and warnings off the caller's screen."""
    sink = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink):
        warnings.simplefilter("ignore")
        yield
