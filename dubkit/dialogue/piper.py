"""Piper: neural voices that run offline on a processor.

The package ``piper-tts`` is GPL-3.0; voices have their own licences and are given by path. A voice is a ``.onnx`` file
with its ``.onnx.json`` beside it; one file speaks one language, with one or many speakers.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dubkit.errors import MissingDependencyError, RecordError, VoiceError
from dubkit.schema import Waveform

__all__ = ["PiperVoice"]

_REMEDY = "give a Piper voice: an .onnx file with its .onnx.json beside it"


class PiperVoice:
    """Speaks with a Piper voice.

    Args:
        model: The ``.onnx`` file, or ``file.onnx#speaker`` for one speaker, by name or number, of a voice that has
            several.

    Raises:
        MissingDependencyError: if ``piper-tts`` is not installed.
        VoiceError: if the voice is not there or cannot be loaded.
    """

    def __init__(self, model: str) -> None:
        path, _, self._fixed = model.partition("#")
        if not path:
            raise VoiceError("piper needs a voice", remedy="write piper:/path/to/voice.onnx")
        self._path, self._digest = Path(path), ""
        self._config = Path(f"{path}.json")
        config = self._read_config()
        self._language, self._rate = _language_of(config), int(config["audio"]["sample_rate"])
        self._speakers = {str(name): int(number) for name, number in (config.get("speaker_id_map") or {}).items()}
        self._count = max(1, int(config.get("num_speakers", 1)))
        self._plain = int(config.get("default_speaker_id", 0))
        if self._fixed and self._number_of(self._fixed) < 0:
            known = ", ".join(list(self._speakers)[:8]) or f"0 to {self._count - 1}"
            raise VoiceError(f"has no speaker {self._fixed!r}", path=self._path, remedy=f"use one of: {known}")
        self._module = _import_piper()
        try:
            self._voice = self._module.PiperVoice.load(str(self._path))
        except _failures() as error:
            raise VoiceError(f"is no Piper voice ({_brief(error)})", path=self._path, remedy=_REMEDY) from error

    @property
    def name(self) -> str:
        """``piper``."""
        return "piper"

    @property
    def languages(self) -> tuple[str, ...]:
        """Tag of its one language, and the parent of that tag."""
        return tuple(sorted({self._language, self._language.partition("-")[0]}))

    def fingerprint(self, speaker: str = "") -> str:
        """What the voice of ``speaker`` depends on: what is in its two files, and which of its speakers it is."""
        if not self._digest:
            hashed = hashlib.blake2b(self._path.read_bytes(), digest_size=16)
            hashed.update(self._config.read_bytes())
            self._digest = hashed.hexdigest()
        return f"piper {self._digest} {self._speaker(speaker)}"

    def check_language(self, language: str) -> None:
        """Make sure that it speaks ``language``: the same one, of whatever region.

        Raises:
            VoiceError: if it does not.
        """
        wanted = language.strip().replace("_", "-").lower()
        if wanted.partition("-")[0] != self._language.partition("-")[0]:
            raise VoiceError(
                f"speaks {self._language}, not {language!r}", path=self._path, remedy="give a voice of that language"
            )

    def speak(self, text: str, language: str, *, speaker: str = "") -> Waveform:
        """``text`` as mono sound at the voice's own rate.

        Raises:
            VoiceError: if the language is not the voice's, or the text gives no sound.
        """
        self.check_language(language)
        config = self._module.SynthesisConfig(speaker_id=self._speaker(speaker))
        spoken = text.replace("[[", "[ [")  # two brackets would be read as phonemes
        parts: list[np.ndarray[Any, Any]] = []
        if any(char.isalnum() for char in text):
            try:
                parts = [chunk.audio_float_array for chunk in self._voice.synthesize(spoken, syn_config=config)]
            except ImportError as error:  # languages that espeak-ng does not read have packages of their own
                raise VoiceError(
                    f"needs the package {error.name!r}",
                    path=self._path,
                    remedy=f"pip install 'piper-tts[{self._language.partition('-')[0]}]'",
                ) from error
            except _failures() as error:
                raise VoiceError(
                    f"cannot speak {text[:40]!r} ({_brief(error)})", path=self._path, remedy="change the line"
                ) from error
        samples = np.concatenate([np.zeros(0), *parts]).astype(np.float32)
        if not samples.any():
            raise VoiceError(f"there is no sound in {text[:40]!r}", path=self._path, remedy="give words to speak")
        try:
            return Waveform(samples[None, :], self._rate)
        except RecordError as error:
            raise VoiceError(f"gives bad sound: {error.problem}", path=self._path, remedy="record this line") from error

    def _speaker(self, speaker: str) -> int | None:
        """Number of the voice that a speaker gets: the one that is set, that of the same name, or one by the name."""
        if self._fixed:
            return self._number_of(self._fixed)
        if self._count < 2:
            return None
        if not speaker:
            return self._plain
        named = self._number_of(speaker)
        return named if named >= 0 else zlib.crc32(speaker.strip().casefold().encode()) % self._count

    def _number_of(self, speaker: str) -> int:
        """Number of a speaker given by name or number; -1 where there is none."""
        if speaker in self._speakers:
            return self._speakers[speaker]
        return int(speaker) if speaker.isdecimal() and int(speaker) < self._count else -1

    def _read_config(self) -> Mapping[str, Any]:
        path = self._config
        for needed in (self._path, path):
            if not needed.is_file():
                raise VoiceError("does not exist", path=needed, remedy=_REMEDY)
        try:
            config: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
            good = bool(_language_of(config)) and config["audio"]["sample_rate"] > 0
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise VoiceError(f"does not describe a Piper voice ({error})", path=path, remedy=_REMEDY) from error
        if not good:
            raise VoiceError("tells no language and sample rate", path=path, remedy=_REMEDY)
        return config


def _language_of(config: Mapping[str, Any]) -> str:
    """Tag of the voice's language, such as ``en-us``."""
    code = (config.get("language") or {}).get("code") or config["espeak"]["voice"]
    return str(code).replace("_", "-").lower()


def _import_piper() -> Any:
    try:
        return importlib.import_module("piper")
    except ImportError as error:
        raise MissingDependencyError("piper-tts", extra="piper", purpose="the piper voice") from error


def _failures() -> tuple[type[Exception], ...]:
    """What loading or running a voice that is none may raise."""
    own = (ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError)
    try:
        from onnxruntime.capi import onnxruntime_pybind11_state as state
    except ImportError:
        return own
    return (*own, *(kind for kind in vars(state).values() if isinstance(kind, type) and issubclass(kind, Exception)))


def _brief(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:120] if lines else type(error).__name__
