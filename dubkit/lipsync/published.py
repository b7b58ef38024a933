"""Model files that others have published: what they are, what they may be used for, and where they are had.

Hashes and addresses are those that public code pins; ``witnesses`` says in how many independent places the hash was
found, at least. None of these files comes with dubkit. To add one, give it an entry in ``_FILES``.
"""

from __future__ import annotations

import enum
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dubkit.errors import ModelError

__all__ = ["PUBLISHED", "FileState", "PublishedFile", "check_published", "find_published", "identify_published"]

_HUB = "https://huggingface.co"
_MIRROR = f"{_HUB}/camenduru/Wav2Lip/resolve/main/checkpoints"
_STUDIO = f"{_HUB}/numz/wav2lip_studio/resolve/main/Wav2lip"
_RELEASE = "https://github.com/justinjohn0306/Wav2Lip/releases/download/models"
_INSIGHTFACE = "https://github.com/deepinsight/insightface/releases/download/v0.7"
_WAV2LIP_PAGE = "https://github.com/Rudrabha/Wav2Lip"
_INSIGHTFACE_PAGE = "https://github.com/deepinsight/insightface/tree/master/model_zoo"
_SYNCNET_PAGE = "https://www.robots.ox.ac.uk/~vgg/software/lipsync/"
_YUNET_PAGE = "https://github.com/opencv/opencv_zoo/tree/main/models/face_detection_yunet"
_WAV2LIP_TERMS = "personal, research and non-commercial use only"
_INSIGHTFACE_TERMS = "non-commercial research only (the code around it is MIT)"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class PublishedFile:
    """One published model file.

    Attributes:
        name: What dubkit calls it.
        file: The file's name.
        about: What it is.
        licence: What it may be used for.
        non_commercial: Whether the licence rules out commercial use, so that it is fetched only with consent.
        sha256: Of the whole file, lower-case hexadecimal.
        size: Bytes; 0 where not known.
        witnesses: In at least how many independent places the hash was found; 0 where it was only measured on a copy.
        urls: Where the file itself is fetched from, best first; empty where only people can get it.
        page: Where its authors speak of it, or what it is a part of.
    """

    name: str
    file: str
    about: str
    licence: str
    non_commercial: bool
    sha256: str
    size: int
    witnesses: int
    urls: tuple[str, ...]
    page: str


_FILES = (
    PublishedFile(
        "wav2lip", "wav2lip.pth", "lip generator of the paper, trained without discriminator", _WAV2LIP_TERMS, True,
        "b78b681b68ad9fe6c6fb1debc6ff43ad05834a8af8a62ffc4167b7b34ef63c37", 435_807_851, 6,
        (f"{_RELEASE}/wav2lip.pth", f"{_MIRROR}/wav2lip.pth", f"{_STUDIO}/wav2lip.pth"), _WAV2LIP_PAGE,
    ),
    PublishedFile(
        "wav2lip_gan", "wav2lip_gan.pth", "lip generator of the paper, trained with discriminator", _WAV2LIP_TERMS,
        True, "ca9ab7b7b812c0e80a6e70a5977c545a1e8a365a6c49d5e533023c034d7ac3d8", 435_801_865, 4,
        (f"{_RELEASE}/wav2lip_gan.pth", f"{_MIRROR}/wav2lip_gan.pth", f"{_STUDIO}/wav2lip_gan.pth"), _WAV2LIP_PAGE,
    ),
    PublishedFile(
        "lipsync_expert", "lipsync_expert.pth", "lip-sync expert of the paper (colour SyncNet)", _WAV2LIP_TERMS, True,
        "9b9936c721696446eeed353032cab242a8cf0eed8c46cde540366f6ae5493be5", 0, 1,
        (f"{_MIRROR}/lipsync_expert.pth",), _WAV2LIP_PAGE,
    ),
    PublishedFile(
        "visual_quality_disc", "visual_quality_disc.pth", "visual quality discriminator of the paper", _WAV2LIP_TERMS,
        True, "b3f8f6f7e954af02f2ffe0f3ea11f3259af89bff6e70933001c7c6bc8c145d96", 0, 1,
        (f"{_MIRROR}/visual_quality_disc.pth",), _WAV2LIP_PAGE,
    ),
    PublishedFile(
        "syncnet_v2", "syncnet_v2.model", "the SyncNet that judges (LSE-D, LSE-C)", "MIT-like, as its code says", False,
        "961e8696f888fce4f3f3a6c3d5b3267cf5b343100b238e79b2659bff2c605442", 54_573_114, 3,
        (
            f"{_SYNCNET_PAGE}data/syncnet_v2.model",
            f"{_HUB}/ByteDance/LatentSync-1.6/resolve/main/auxiliary/syncnet_v2.model",
        ), _SYNCNET_PAGE,
    ),
    PublishedFile(
        "buffalo_l", "buffalo_l.zip", "insightface package: det_10g and large models", _INSIGHTFACE_TERMS, True,
        "80ffe37d8a5940d59a7384c201a2a38d4741f2f3c51eef46ebb28218a7b0ca2f", 288_621_354, 10,
        (f"{_INSIGHTFACE}/buffalo_l.zip",), _INSIGHTFACE_PAGE,
    ),
    PublishedFile(
        "buffalo_sc", "buffalo_sc.zip", "insightface package: det_500m and w600k_mbf", _INSIGHTFACE_TERMS, True,
        "57d31b56b6ffa911c8a73cfc1707c73cab76efe7f13b675a05223bf42de47c72", 14_969_382, 10,
        (f"{_INSIGHTFACE}/buffalo_sc.zip",), _INSIGHTFACE_PAGE,
    ),
    PublishedFile(
        "det_10g", "det_10g.onnx", "SCRFD face detector, 10 GFLOP", _INSIGHTFACE_TERMS, True,
        "5838f7fe053675b1c7a08b633df49e7af5495cee0493c7dcf6697200b85b5b91", 16_923_827, 10, (), "part of buffalo_l.zip",
    ),
    PublishedFile(
        "det_500m", "det_500m.onnx", "SCRFD face detector, 0.5 GFLOP", _INSIGHTFACE_TERMS, True,
        "5e4447f50245bbd7966bd6c0fa52938c61474a04ec7def48753668a9d8b4ea3a", 2_524_817, 10, (), "part of buffalo_sc.zip",
    ),
    PublishedFile(
        "w600k_mbf", "w600k_mbf.onnx", "ArcFace identity, MobileFaceNet", _INSIGHTFACE_TERMS, True,
        "9cc6e4a75f0e2bf0b1aed94578f144d15175f357bdc05e815e5c4a02b319eb4f", 13_616_099, 10, (),
        "part of buffalo_sc.zip",
    ),
    PublishedFile(
        "scrfd_500m_kps", "scrfd_500m_kps.onnx", "SCRFD face detector, 0.5 GFLOP, landmarks", _INSIGHTFACE_TERMS, True,
        "517cb1980c72422e676738fc45431700fb7cbee56d0f825b623ee427b3e5ce58", 2_524_095, 0, (), _INSIGHTFACE_PAGE,
    ),
    PublishedFile(
        "scrfd_2.5g_kps", "scrfd_2.5g_kps.onnx", "SCRFD face detector, 2.5 GFLOP, landmarks", _INSIGHTFACE_TERMS, True,
        "32d20c77b9e2dc1d07e94c2ab9d25bdd5cd05eddbe0b46e7b38e7a1eca22e99a", 3_291_017, 0, (), _INSIGHTFACE_PAGE,
    ),
    PublishedFile(
        "yunet_n", "yunet_n.onnx", "YuNet face detector (not the export in opencv_zoo)", "Apache-2.0", False,
        "104ee26c71d5c270ce79a6b3dced91c91013260d29a6bf18f9296c5b8c4c2b12", 322_906, 0, (), _YUNET_PAGE,
    ),
)  # fmt: skip

PUBLISHED: Mapping[str, PublishedFile] = {published.name: published for published in _FILES}
"""Name -> published file."""


class FileState(enum.Enum):
    """What lies in the place of a published file."""

    PRESENT = "present"
    ABSENT = "absent"
    DIFFERENT = "different"


def find_published(name: str) -> PublishedFile:
    """The published file of a name, or of its file's name.

    Raises:
        ModelError: if no such file is known.
    """
    for published in PUBLISHED.values():
        if name in (published.name, published.file):
            return published
    known = ", ".join(PUBLISHED)
    raise ModelError(f"{name!r} is not a published model dubkit knows", remedy=f"use one of: {known}")


def check_published(published: PublishedFile, folder: str | os.PathLike[str]) -> FileState:
    """Whether ``folder`` holds a published file, by its SHA-256.

    Raises:
        ModelError: if what is there cannot be read.
    """
    path = Path(folder) / published.file
    if not path.exists():
        return FileState.ABSENT
    return FileState.PRESENT if sha256_of(path) == published.sha256 else FileState.DIFFERENT


def identify_published(path: str | os.PathLike[str]) -> PublishedFile:
    """Which published file ``path`` is, whatever it is called, by its SHA-256.

    Raises:
        ModelError: if it cannot be read, or is none of them.
    """
    digest = sha256_of(Path(path))
    for published in PUBLISHED.values():
        if published.sha256 == digest:
            return published
    raise ModelError(
        f"is none of the published files dubkit knows (its SHA-256 is {digest})",
        path=path,
        remedy="get it again from where it was published, if it should be one",
    )


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in lower-case hexadecimal.

    Raises:
        ModelError: if it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise ModelError(f"cannot be read ({error.strerror})", path=path, remedy="give a file that can be") from error
    return digest.hexdigest()
