"""Which detector to use: what was asked for, or the best whose package and files are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from dubkit.errors import InputError, MissingDependencyError, ModelError
from dubkit.faces.detector import FaceDetector
from dubkit.faces.detectors.cascade import CascadeDetector
from dubkit.faces.detectors.insightface import InsightFaceDetector
from dubkit.faces.detectors.yunet import YuNetDetector
from dubkit.faces.insightface_zoo import DEFAULT_PACKAGE, package_folder, package_folders

__all__ = ["DETECTOR_NAMES", "choose_detector", "detector_files"]

DETECTOR_NAMES = ("auto", "insightface", "yunet", "cascade")

_SCRFD_FILES = ("*scrfd*.onnx", "det_*.onnx")
_YUNET_FILES = ("*yunet*.onnx",)

# Of several SCRFD files the one of 2.5 GFLOP is taken: 500 MFLOP is three times as quick but misses a tenth of the
# small faces it finds (a talk on a stage), and 10 GFLOP and more is at least four times the arithmetic.
_SCRFD_ORDER = ("2.5g", "10g", "34g", "1g", "500m")

_REMEDY = "give auto, insightface, yunet or cascade"


def choose_detector(name: str = "auto", model: str = "", *, folders: Sequence[Path] = ()) -> tuple[FaceDetector, str]:
    """Build the detector asked for.

    ``auto`` takes the first of these that can be had without downloading: a SCRFD file in ``folders`` or in
    insightface's own, if insightface is installed; a YuNet file in ``folders``; the cascades that OpenCV brings.

    Args:
        name: ``auto``, ``insightface``, ``yunet`` or ``cascade``.
        model: The detector's file, or the name of a package of insightface, which insightface downloads when it is
            asked for by its name; empty looks in the usual places.
        folders: Where to look for files named ``*scrfd*.onnx``, ``det_*.onnx`` and ``*yunet*.onnx``.

    Returns:
        The detector, and a sentence for people: which it is and why.

    Raises:
        InputError: There is no detector of that name, or it takes no file.
        ModelError: The file is missing, or is none of that detector's.
        MissingDependencyError: The detector asked for needs a package that is not installed.
    """
    if name not in DETECTOR_NAMES:
        raise InputError(f"there is no face detector called {name!r}", remedy=_REMEDY)
    if model:
        return _given(name, model)
    if name == "auto":
        return _best(folders)
    detector = _named(name, folders)
    return detector, _sentence(detector, "asked for")


def detector_files(folders: Sequence[Path]) -> Mapping[str, tuple[Path, ...]]:
    """The files that :func:`choose_detector` finds, by the detector they are for, best first; none is opened."""
    return {"insightface": tuple(_scrfd_files(folders)), "yunet": tuple(_files(folders, _YUNET_FILES))}


def _given(name: str, model: str) -> tuple[FaceDetector, str]:
    path = Path(model)
    if name == "cascade":
        raise InputError("the cascade detector brings its own files and takes no other", remedy=f"leave out {model}")
    if name == "auto":
        name = _kind(path)
    detector = YuNetDetector(path) if name == "yunet" else InsightFaceDetector(model)
    return detector, _sentence(detector, "the file was given")


def _kind(path: Path) -> str:
    """Which detector a file is for, by what is in it; ModelError where it is missing."""
    if path.is_file():
        # The names of YuNet's outputs; SCRFD's are numbers.
        return "yunet" if b"obj_8" in path.read_bytes() or "yunet" in path.name.lower() else "insightface"
    if path.suffix or not package_folder(path.name).is_dir():
        raise ModelError(
            "there is no such detector file", path=path, remedy="to download a package, ask for insightface by name"
        )
    return "insightface"


def _named(name: str, folders: Sequence[Path]) -> FaceDetector:
    if name == "cascade":
        return CascadeDetector()
    if name == "insightface":
        return InsightFaceDetector(next(_scrfd_files(folders), Path(DEFAULT_PACKAGE)))
    found = next(_files(folders, _YUNET_FILES), None)
    if found is None:
        raise ModelError(
            f"no YuNet file was found in {_words(folders)}",
            remedy="download face_detection_yunet from opencv_zoo and give the file",
        )
    return YuNetDetector(found)


def _best(folders: Sequence[Path]) -> tuple[FaceDetector, str]:
    reasons = []
    installed = find_spec("insightface") is not None and find_spec("onnxruntime") is not None
    scrfd = list(_scrfd_files(folders))
    if not scrfd:
        reasons.append(f"there is no SCRFD file in {_words(folders)}")
    elif not installed:
        reasons.append("insightface is not installed")
    yunet = list(_files(folders, _YUNET_FILES))
    if not yunet:
        reasons.append(f"there is no YuNet file in {_words(folders)}")
    for build, paths in ((InsightFaceDetector, scrfd if installed else []), (YuNetDetector, yunet)):
        for path in paths:
            try:
                detector: FaceDetector = build(path)
            except (ModelError, MissingDependencyError) as error:
                reasons.append(str(error))
            else:
                return detector, _sentence(detector, "; ".join(["the best at hand", *reasons]))
    cascade = CascadeDetector()
    return cascade, _sentence(cascade, "; ".join(reasons))


def _scrfd_files(folders: Sequence[Path]) -> Iterator[Path]:
    found = _files([*folders, *package_folders()], _SCRFD_FILES)
    yield from sorted(found, key=_rank)


def _rank(path: Path) -> int:
    name = path.name.lower()
    return next((i for i, size in enumerate(_SCRFD_ORDER) if size in name), len(_SCRFD_ORDER))


def _files(folders: Sequence[Path], patterns: Sequence[str]) -> Iterator[Path]:
    for folder in folders:
        names = {path for pattern in patterns for path in Path(folder).glob(pattern) if path.is_file()}
        yield from sorted(names)


def _words(folders: Sequence[Path]) -> str:
    return ", ".join(str(folder) for folder in folders) or "the folders looked in (none)"


def _sentence(detector: FaceDetector, reason: str) -> str:
    return f"{detector.describe()}: {reason}"
