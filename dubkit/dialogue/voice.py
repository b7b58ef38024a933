"""Engines that turn text into speech: what they must offer, and how one is chosen by name."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from dubkit.errors import VoiceError
from dubkit.schema import Waveform

__all__ = ["KeepableVoice", "Voice", "engine_from_anywhere", "open_voice", "voice_engines"]


@runtime_checkable
class Voice(Protocol):
    """Speaks text."""

    @property
    def name(self) -> str:
        """What the engine is called in reports."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Tags of the languages it speaks (BCP 47, lower case), sorted; empty where it cannot tell."""

    def check_language(self, language: str) -> None:
        """Make sure, before any work, that it speaks ``language``.

        Raises:
            VoiceError: if it does not.
        """

    def speak(self, text: str, language: str, *, speaker: str = "") -> Waveform:
        """``text`` as sound, at the engine's own sample rate, with whatever silence the engine puts around it.

        Args:
            text: What is to be said.
            language: Tag of its language; an engine falls back from ``es-MX`` to ``es``.
            speaker: Who says it. The same name gets the same voice each time, another name another, where the engine
                has several; empty for the engine's plain voice.

        Raises:
            VoiceError: if the engine does not speak the language, or the text gives no sound.
        """


@runtime_checkable
class KeepableVoice(Protocol):
    """A voice whose renderings can be kept, because it says what they depend on."""

    def fingerprint(self, speaker: str = "") -> str:
        """Everything that decides how the voice of ``speaker`` sounds, but text and language; empty where unknown."""


def _espeak(detail: str) -> Voice:
    from dubkit.dialogue.espeak import EspeakVoice, espeak_settings

    return EspeakVoice(espeak_settings(detail))


def _piper(detail: str) -> Voice:
    from dubkit.dialogue.piper import PiperVoice

    return PiperVoice(detail)


def _command(detail: str) -> Voice:
    from dubkit.dialogue.command import CommandVoice

    return CommandVoice(detail)


_ENGINES: Mapping[str, Callable[[str], Voice]] = {"command": _command, "espeak": _espeak, "piper": _piper}


def voice_engines() -> tuple[str, ...]:
    """Names that :func:`open_voice` knows, sorted."""
    return tuple(sorted(_ENGINES))


def open_voice(engine: str) -> Voice:
    """The engine called ``engine``, ready to speak.

    A colon parts the name from what the engine is to know: ``espeak:es+f3`` (language and variant, each may be left
    out), ``piper:/path/to/voice.onnx#speaker``, ``command:my-tts --text {text} --out {output}``.

    To add one: write a module in this folder with a class that is a :class:`Voice`; import its package inside that
    class's constructor, and raise :class:`~dubkit.errors.MissingDependencyError` with the extra that brings it where
    it is not installed; write a function here that imports the module and makes the class; enter it in ``_ENGINES``.
    The conformance tests in ``tests/dialogue/test_voice.py`` then run against it.

    Raises:
        VoiceError: if there is no such engine, or it cannot do what is asked; the sentence names those there are.
        MissingDependencyError: if the engine's package is not installed.
    """
    name, _, detail = engine.partition(":")
    make = _ENGINES.get(name.strip().lower())
    if make is None:
        raise VoiceError(f"there is no voice engine {name!r}", remedy=f"use one of: {', '.join(voice_engines())}")
    return make(detail.strip())


def engine_from_anywhere(engine: str) -> str:
    """``engine`` with the files that it names here named as they are from any folder."""
    name, colon, detail = engine.partition(":")
    kind, detail = name.strip().lower(), detail.strip()
    if kind == "piper" and Path(detail.partition("#")[0]).is_file():
        return f"{name}{colon}{Path(detail).absolute()}"
    if kind != "command" or os.name == "nt":  # there, words are not split so that they can be joined again
        return engine
    try:
        words = shlex.split(detail)
    except ValueError:
        return engine
    found = [str(Path(word).absolute()) if os.sep in word and Path(word).is_file() else word for word in words]
    return engine if found == words else f"{name}{colon}{shlex.join(found)}"
