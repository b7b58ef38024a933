"""A voice from any program that writes a sound file: text to speech of the user's own."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from dubkit.errors import RecordError, VoiceError
from dubkit.schema import Waveform

__all__ = ["CommandSettings", "CommandVoice"]

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_KNOWN = ("text", "output", "language", "speaker")
_EXAMPLE = "my-tts --text {text} --out {output} --lang {language} --speaker {speaker}"


@dataclass(frozen=True)
class CommandSettings:
    """How a program is run.

    Attributes:
        timeout: Seconds that it may take for one line.
    """

    timeout: float = 120.0

    def __post_init__(self) -> None:
        """Refuse no time at all."""
        if self.timeout <= 0:
            raise RecordError("the time for a voice command must be above zero")


class CommandVoice:
    """Speaks by running a program, once per line.

    The command is split into arguments once, here; the placeholders ``{text}``, ``{output}``, ``{language}`` and
    ``{speaker}`` are then filled in per argument. No shell sees it, so nothing in a subtitle can become a command.
    Without ``{text}`` the program gets the text on its standard input, in UTF-8.

    Args:
        command: The program and its arguments, with placeholders.
        settings: See there.

    Raises:
        VoiceError: if the command cannot be understood, or its program is not there.
    """

    def __init__(self, command: str, settings: CommandSettings = CommandSettings()) -> None:
        self._settings = settings
        try:
            self._arguments = shlex.split(command, posix=os.name != "nt")
        except ValueError as error:
            raise VoiceError(f"the voice command cannot be split ({error})", remedy="close its quotes") from error
        used = [name for argument in self._arguments for name in _PLACEHOLDER.findall(argument)]
        unknown = sorted(set(used) - set(_KNOWN))
        if unknown:
            raise VoiceError(
                f"the voice command has the unknown placeholder {{{unknown[0]}}}",
                remedy=f"use {', '.join(f'{{{name}}}' for name in _KNOWN)}",
            )
        if "output" not in used:
            raise VoiceError("the voice command does not say where {output} goes", remedy=f"write it like: {_EXAMPLE}")
        self._reads_input = "text" not in used
        if shutil.which(self._arguments[0]) is None:
            raise VoiceError(
                f"the voice command's program {self._arguments[0]!r} is not there", remedy="install it or give its path"
            )

    @property
    def name(self) -> str:
        """``command``."""
        return "command"

    @property
    def languages(self) -> tuple[str, ...]:
        """Empty: only the program knows."""
        return ()

    def fingerprint(self, speaker: str = "") -> str:  # noqa: ARG002 - the program is told who speaks
        """The command, and what is in its program and in the files that it names."""
        program = shutil.which(self._arguments[0]) or self._arguments[0]
        hashed = hashlib.blake2b(digest_size=16)
        for argument in (program, *self._arguments[1:]):
            hashed.update(f"{len(argument)} {argument}".encode())
            for name in (argument, argument.partition("=")[2]):  # also of --model=FILE
                with suppress(OSError, ValueError):
                    if Path(name).is_file():
                        hashed.update(Path(name).read_bytes())
        return f"command {hashed.hexdigest()}"

    def check_language(self, language: str) -> None:
        """Any language is taken: only the program knows which it speaks."""

    def speak(self, text: str, language: str, *, speaker: str = "") -> Waveform:
        """What the program writes for ``text``.

        Raises:
            VoiceError: if the program fails, takes too long, or writes no sound.
        """
        if not any(char.isalnum() for char in text):
            raise VoiceError(f"there is no sound in {text[:40]!r}", remedy="give words to speak")
        with tempfile.TemporaryDirectory(prefix="dubkit-voice-") as folder:
            output = Path(folder) / "line.wav"
            values = {"text": _plain(text), "output": str(output), "language": language, "speaker": _plain(speaker)}
            self._run(values)
            return self._heard(output)

    def _run(self, values: Mapping[str, str]) -> None:
        arguments = [_PLACEHOLDER.sub(lambda match: values[match[1]], item) for item in self._arguments]
        try:
            process = subprocess.Popen(  # noqa: S603 - a list of arguments that the user gave, without a shell
                arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise VoiceError(f"the voice command cannot be run ({error.strerror})", remedy="check it") from error
        with process:
            try:
                given = values["text"].encode() if self._reads_input else b""
                _, said = process.communicate(given, timeout=self._settings.timeout)
            except subprocess.TimeoutExpired as error:
                raise VoiceError(
                    f"the voice command took longer than {self._settings.timeout:g} s", remedy="give a shorter line"
                ) from error
            finally:
                _end(process)
        if process.returncode != 0:
            lines = said.decode("utf-8", "replace").strip().splitlines()
            why = f": {lines[-1][:200]}" if lines else ""
            raise VoiceError(
                f"the voice command ended with exit code {process.returncode}{why}", remedy="run it by hand to see why"
            )

    @staticmethod
    def _heard(output: Path) -> Waveform:
        remedy = "let it write a WAV or FLAC file to {output}"
        if not output.is_file() or not output.stat().st_size:
            raise VoiceError("the voice command wrote no sound", remedy=remedy)
        try:
            samples, rate = soundfile.read(output, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise VoiceError(
                f"the voice command wrote something that is no sound ({error.error_string})", remedy=remedy
            ) from error
        if not samples.any():
            raise VoiceError("the voice command wrote no sound but silence", remedy=remedy)
        try:
            return Waveform(np.ascontiguousarray(samples.T), int(rate))
        except RecordError as error:
            raise VoiceError(f"the voice command wrote bad sound: {error.problem}", remedy=remedy) from error


def _plain(text: str) -> str:
    """``text`` without the zero bytes that no argument can hold."""
    return text.replace("\0", " ")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Make sure that neither the program nor what it started goes on."""
    if process.poll() is not None:
        return
    if hasattr(os, "killpg"):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
    else:
        process.kill()
