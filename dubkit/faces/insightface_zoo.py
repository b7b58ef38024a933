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

from dubkit.errors import MissingDependencyError, ModelError

__all__ = ["DEFAULT_PACKAGE", "load_detector", "load_network", "package_folder", "package_folders"]

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
            return zoo.get_model(str(path), providers=_providers(runtime))
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
