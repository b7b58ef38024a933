"""What of dubkit is installed here, what is missing, and how to get it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import dubkit
from dubkit.errors import DubkitError
from dubkit.places import cache_folder, model_folders

__all__ = ["Check", "Diagnosis", "diagnose"]

_OLDEST_PYTHON = (3, 11)
_NEEDED = {
    "av": "av", "click": "click", "cv2": "opencv-python", "numpy": "numpy", "platformdirs": "platformdirs",
    "pooch": "pooch", "pysubs2": "pysubs2", "requests": "requests", "safetensors": "safetensors",
    "scenedetect": "scenedetect", "soundfile": "soundfile", "soxr": "soxr", "torch": "torch", "tqdm": "tqdm",
}  # fmt: skip
"""Module -> the package that brings it."""
_EXTRAS = {
    "espeak (text to speech)": ("espeakng_loader", "espeakng-loader", "tts"),
    "piper (text to speech)": ("piper", "piper-tts", "piper"),
    "insightface (faces)": ("insightface", "insightface", "insightface"),
    "onnxruntime (faces)": ("onnxruntime", "onnxruntime", "insightface"),
    "timelines": ("opentimelineio", "opentimelineio", "timeline"),
    "edit decision lists": ("otio_cmx3600_adapter", "otio-cmx3600-adapter", "timeline"),
    "training curves": ("tensorboard", "tensorboard", "train"),
}
"""What it is for -> module, package and extra."""
_OPENCV = ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless")
_ENCODERS = ("aac", "dnxhd", "ffv1", "flac", "libx264", "libx265", "pcm_s24le", "prores_ks")
_LEAST_ROOM = 2_000_000_000
"""Bytes of free disk below which a film's intermediate files may not fit."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What.
        state: ``ok``, ``missing``, or ``limited`` where it is there and not as it should be.
        needed: Whether nothing can be dubbed without it.
        found: What was found, in words.
        remedy: What to do; empty where there is nothing to be done.
    """

    name: str
    state: str
    needed: bool
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """What was found.

    Attributes:
        works: Whether a film can be dubbed.
        dubkit: Version of dubkit.
        python: The Python it runs in.
        device: Where networks will run, as far as was looked.
        deep: Whether networks were really loaded.
        checks: Everything that was looked at.
    """

    works: bool
    dubkit: str
    python: str
    device: str
    deep: bool
    checks: tuple[Check, ...]


def diagnose(*, deep: bool = False) -> Diagnosis:
    """Look at everything dubbing needs, and at what it can use besides.

    Args:
        deep: Also load PyTorch, the generator and the face detector: some seconds more, and the surer answer.
    """
    checks = [_python(), *_packages(), *_ffmpeg(), _generator(), _expert(), *_detectors(), *_extras(), *_folders()]
    device = _graphics()
    if deep:
        tried, device = _tried()
        checks += tried
    works = all(check.state != "missing" for check in checks if check.needed)
    return Diagnosis(works, dubkit.__version__, sys.executable, device, deep, tuple(checks))


def _python() -> Check:
    found = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info < _OLDEST_PYTHON:
        return Check("Python", "missing", True, found, "install Python 3.11 or newer")
    return Check("Python", "ok", True, found)


def _packages() -> Iterator[Check]:
    for module, package in _NEEDED.items():
        yield _package(package, module, package, needed=True, remedy=f"pip install {package}")


def _extras() -> Iterator[Check]:
    for name, (module, package, extra) in _EXTRAS.items():
        yield _package(name, module, package, needed=False, remedy=f"pip install 'dubkit[{extra}]'")


def _package(name: str, module: str, package: str, *, needed: bool, remedy: str) -> Check:
    if find_spec(module) is None:
        return Check(name, "missing", needed, "not installed", remedy)
    return Check(name, "ok", needed, next(_versions(package), "installed"))


def _versions(package: str) -> Iterator[str]:
    for each in _OPENCV if package in _OPENCV else (package,):
        try:
            yield version(each)
        except PackageNotFoundError:
            continue


def _ffmpeg() -> Iterator[Check]:
    if find_spec("av") is None:
        return
    from dubkit.media import ffmpeg_libraries, has_encoder

    libraries = ffmpeg_libraries()
    yield Check("FFmpeg", "ok", True, f"libavcodec {libraries.get('libavcodec', '?')}, with PyAV")
    lacking = [name for name in _ENCODERS if not has_encoder(name)]
    found = f"without {', '.join(lacking)}" if lacking else ", ".join(_ENCODERS)
    remedy = "install PyAV from its wheel: pip install --force-reinstall --only-binary av av" if lacking else ""
    yield Check("encoders", "limited" if lacking else "ok", False, found, remedy)


def _generator() -> Check:
    package = find_spec("dubkit.lipsync")
    places = list(package.submodule_search_locations or ()) if package else []
    models = sorted(path.stem for place in places for path in Path(place).glob("weights/*.safetensors"))
    if not models:
        return Check("lip generator", "missing", True, "no weights", "install dubkit again: its weights are not there")
    return Check("lip generator", "ok", True, f"built in: {', '.join(models)}")


def _expert() -> Check:
    """The network that judges sync; only ``dubkit sync``, ``evaluate`` and training ask for it."""
    files = sorted(path for folder in model_folders() for path in folder.glob("*expert*") if path.is_file())
    found = ", ".join(str(path) for path in files) or "no file of it in the folders for models"
    remedy = "" if files else "dubkit models fetch lipsync_expert"
    return Check("lip-sync expert", "ok" if files else "missing", False, found, remedy)


def _detectors() -> Iterator[Check]:
    folders = ", ".join(str(folder) for folder in model_folders())
    if find_spec("cv2") is None:
        return
    from dubkit.faces import detector_files

    names = {"insightface": "SCRFD face detector", "yunet": "YuNet face detector"}
    for detector, files in detector_files(model_folders()).items():
        found = ", ".join(str(path) for path in files) or f"no file in {folders}"
        remedy = "" if files else f"put a file into {model_folders()[0]}: it finds faces better than the built-in one"
        yield Check(names[detector], "ok" if files else "missing", False, found, remedy)


def _folders() -> Iterator[Check]:
    yield _writable("temporary files", Path(tempfile.gettempdir()), needed=True)
    cache = cache_folder()
    if cache is not None:
        yield _writable("kept results", cache, needed=False)
    yield _writable("model files", model_folders()[0], needed=False)


def _writable(name: str, folder: Path, *, needed: bool) -> Check:
    there = folder.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    found = str(folder) if there == folder.absolute() else f"{folder} (not made yet)"
    if not (there.is_dir() and os.access(there, os.W_OK)):
        return Check(name, "missing", needed, f"{folder} cannot be written to", "give it to yourself, or set another")
    room = shutil.disk_usage(there).free
    if needed and room < _LEAST_ROOM:
        return Check(name, "limited", needed, f"{found}, {room // 1_000_000} MB free", "free some disk space")
    return Check(name, "ok", needed, found)


def _graphics() -> str:
    """Where networks will run, by what the system says without PyTorch being loaded."""
    cards = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    if cards or shutil.which("nvidia-smi"):
        return "cuda, if PyTorch was built for it"
    if sys.platform == "darwin" and platform.machine() == "arm64":
        return "mps"
    return "cpu"


def _tried() -> tuple[list[Check], str]:
    """What happens when everything is really loaded, and where it then runs."""
    device = "cpu"

    def generator() -> str:
        nonlocal device
        from dubkit.lipsync import load_model

        model = load_model("", "auto", folders=model_folders())
        device = model.device
        return f"{model.name} on {model.device}"

    def detector() -> str:
        from dubkit.faces import choose_detector

        return choose_detector("auto", "", folders=model_folders())[1]

    def speech() -> str:
        from dubkit.dialogue import open_voice

        return open_voice("espeak").name

    checks = [
        _attempt("generator loaded", generator, needed=True),
        _attempt("detector loaded", detector, needed=True),
        _attempt("espeak loaded", speech, needed=False),
    ]
    return checks, device


def _attempt(name: str, work: Callable[[], str], *, needed: bool) -> Check:
    try:
        return Check(name, "ok", needed, work())
    except DubkitError as error:
        return Check(name, "missing", needed, error.problem, error.remedy)
    except Exception as error:  # noqa: BLE001 - whatever a broken installation raises is what is wanted here
        return Check(name, "missing", needed, f"{type(error).__name__}: {error}", "install dubkit again")
