"""The espeak-ng library through ctypes.

It comes with the package ``espeakng_loader``. It is one global state per process, so it is set up once, and whoever
calls it holds a lock.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from dubkit.errors import MissingDependencyError, VoiceError

__all__ = ["EspeakLibrary", "open_library"]

# Of speak_lib.h: espeak_AUDIO_OUTPUT, espeak_PARAMETER, and flags of espeak_Initialize and espeak_Synth.
_SYNCHRONOUS = 2
_RATE, _PITCH = 1, 3
_DONT_EXIT = 0x8000
_UTF8 = 1
_LONGEST_PATH = 130
"""Bytes of a data folder's name that surely fit the library's buffer of 160."""

_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class _VoiceEntry(ctypes.Structure):
    """espeak_VOICE of speak_lib.h."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


class EspeakLibrary:
    """The one loaded espeak-ng library. Every call but reading attributes needs the lock."""

    def __init__(self, library: Path, data: Path) -> None:
        try:
            self._c = ctypes.CDLL(str(library))
        except OSError as error:
            raise VoiceError(
                f"the espeak-ng library does not load ({error})", path=library, remedy=_REINSTALL
            ) from error
        if not (data / "phontab").is_file():
            raise VoiceError("holds no espeak-ng data", path=data, remedy=_REINSTALL)
        self._declare()
        self.sample_rate = int(self._c.espeak_Initialize(_SYNCHRONOUS, 0, os.fsencode(_short(data)), _DONT_EXIT))
        if self.sample_rate <= 0:
            raise VoiceError("espeak-ng refuses its own data", path=data, remedy=_REINSTALL)
        self._chunks: list[bytes] = []
        self._callback = _CALLBACK(self._receive)  # the library keeps only its address
        self._c.espeak_SetSynthCallback(self._callback)
        self.voices = self._list_voices(data)
        self.variants = frozenset(path.name for path in (data / "voices" / "!v").iterdir())

    def _declare(self) -> None:
        c = self._c
        c.espeak_Initialize.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int)
        c.espeak_ListVoices.argtypes = (ctypes.c_void_p,)
        c.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_VoiceEntry))
        c.espeak_SetVoiceByName.argtypes = (ctypes.c_char_p,)
        c.espeak_SetParameter.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int)
        c.espeak_SetSynthCallback.argtypes = (_CALLBACK,)
        c.espeak_SetSynthCallback.restype = None
        c.espeak_Synth.argtypes = (
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
            ctypes.c_void_p, ctypes.c_void_p,
        )  # fmt: skip
        for name in ("espeak_SetVoiceByName", "espeak_SetParameter", "espeak_Synth"):
            getattr(c, name).errcheck = _checked

    def _receive(self, samples: int | None, count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._chunks.append(ctypes.string_at(samples, 2 * count))
        return 0  # go on

    def _list_voices(self, data: Path) -> dict[str, str]:
        """Language tag -> identifier of the voice that speaks it best, of those whose dictionary is there."""
        ranked: dict[str, tuple[int, str]] = {}
        for entry in _entries(self._c.espeak_ListVoices(None)):
            identifier = os.fsdecode(entry.identifier)
            if not _has_dictionary(data, identifier):
                continue
            for rank, tag in _ranked_tags(entry.languages):
                ranked[tag] = min(ranked.get(tag, (256, "")), (rank, identifier), key=lambda item: item[0])
        return {tag: identifier for tag, (_, identifier) in ranked.items()}

    def synthesize(
        self, text: str, voice: str, words_per_minute: int, pitch: int
    ) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
        """16-bit samples of ``text``."""
        self._chunks.clear()
        data = text.replace("\0", " ").encode("utf-8", "replace")
        self._c.espeak_SetVoiceByName(os.fsencode(voice))
        self._c.espeak_SetParameter(_RATE, words_per_minute, 0)
        self._c.espeak_SetParameter(_PITCH, pitch, 0)
        self._c.espeak_Synth(data, len(data) + 1, 0, 1, 0, _UTF8, None, None)
        return np.frombuffer(b"".join(self._chunks), np.int16)


_REINSTALL = "reinstall it with: pip install --force-reinstall espeakng-loader"


def _checked(result: int, function: object, _arguments: tuple[object, ...]) -> int:
    """As errcheck of ctypes: the library answers 0 (EE_OK) or says what is wrong."""
    if result != 0:
        called = getattr(function, "__name__", "a call")
        raise VoiceError(f"espeak-ng failed ({called} answered {result})", remedy=_REINSTALL)
    return result


def _entries(entries: ctypes._Pointer[ctypes._Pointer[_VoiceEntry]]) -> list[_VoiceEntry]:
    """The entries of a list that ends with a null pointer."""
    found: list[_VoiceEntry] = []
    while entries[len(found)]:
        found.append(entries[len(found)].contents)
    return found


def _ranked_tags(address: int) -> list[tuple[int, str]]:
    """A voice's languages: a rank (lower is better) and a tag with a zero byte behind it, ended by a zero rank."""
    found = []
    while rank := ctypes.string_at(address, 1)[0]:
        tag = ctypes.string_at(address + 1)
        found.append((rank, tag.decode("ascii").lower()))
        address += len(tag) + 2
    return found


def _has_dictionary(data: Path, identifier: str) -> bool:
    """Whether the voice's dictionary is installed: without it the library prints a complaint and is silent."""
    facts: dict[str, str] = {}
    try:
        lines = (data / "lang" / identifier).read_text("utf-8", "replace").splitlines()
    except OSError:
        return False
    for line in lines:
        words = line.split()
        if len(words) > 1:
            facts.setdefault(words[0], words[1])
    dictionary = facts.get("dictionary") or facts.get("language", "").split("-")[0]
    return (data / f"{dictionary}_dict").is_file()


def _short(data: Path) -> Path:
    """``data``, through a link with a short name where its own is too long for the library."""
    if len(os.fsencode(data)) <= _LONGEST_PATH:
        return data
    folder = tempfile.TemporaryDirectory(prefix="espeak")
    atexit.register(folder.cleanup)
    link = Path(folder.name) / "espeak-ng-data"
    try:
        link.symlink_to(data, target_is_directory=True)
    except OSError as error:
        raise VoiceError(
            f"has too long a name for espeak-ng (more than {_LONGEST_PATH} bytes)",
            path=data,
            remedy="install dubkit in a folder with a shorter name",
        ) from error
    return link


@cache
def open_library() -> EspeakLibrary:
    """The library of the installed package, set up once.

    Raises:
        MissingDependencyError: if the package is not installed.
        VoiceError: if its library or data cannot be used.
    """
    try:
        import espeakng_loader
    except ImportError as error:
        raise MissingDependencyError("espeakng-loader", extra="tts", purpose="the espeak voice") from error
    package = Path(espeakng_loader.__file__).parent
    return EspeakLibrary(Path(espeakng_loader.get_library_path()), package / "espeak-ng-data")
