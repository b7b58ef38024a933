"""A voice as Python programs give it: a path, sound in memory, one of these per cue, or an engine of their own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from dubkit.dialogue import Voice, to_waveform
from dubkit.errors import VoiceError
from dubkit.media import write_wav
from dubkit.scratch import scratch_folder

if TYPE_CHECKING:
    from dubkit.dialogue import SoundLike

__all__ = ["GivenVoice", "VoiceLike", "given_voice"]

VoiceLike: TypeAlias = "str | os.PathLike[str] | SoundLike | Mapping[int, str | os.PathLike[str] | SoundLike] | Voice"
"""A voice: a path; a pydub ``AudioSegment``, ``(samples, sample_rate)`` or :class:`dubkit.Waveform`; a mapping from
numbers of cues to such; or an object that speaks, a :class:`dubkit.dialogue.Voice`."""


@dataclass(frozen=True)
class GivenVoice:
    """What a job takes in place of what was given.

    Attributes:
        path: A file, a folder, or a list of files; None where there is none, or an engine.
        engine: What speaks; None where a recording does.
    """

    path: Path | None = None
    engine: Voice | None = None


@contextmanager
def given_voice(voice: VoiceLike | None) -> Iterator[GivenVoice]:
    """``voice`` as files; what was in memory is written out and lasts as long as the context.

    Raises:
        VoiceError: if it is nothing of the kind.
    """
    if voice is None:
        yield GivenVoice()
    elif isinstance(voice, str | os.PathLike):
        yield GivenVoice(Path(voice))
    elif isinstance(voice, Voice):
        yield GivenVoice(engine=voice)
    else:
        with scratch_folder("given") as folder:
            if isinstance(voice, Mapping):
                yield GivenVoice(_listed(voice, folder))
            else:
                path = folder / "voice.wav"
                write_wav(path, to_waveform(voice), "float")
                yield GivenVoice(path)


def _listed(voices: Mapping[int, str | os.PathLike[str] | SoundLike], folder: Path) -> Path:
    """A list of files, one per cue."""
    files: dict[str, str] = {}
    for number, sound in voices.items():
        if not isinstance(number, int) or number < 0:
            raise VoiceError(f"{number!r} is no number of a cue", remedy="give a mapping of cue numbers to voices")
        if isinstance(sound, str | os.PathLike):
            files[str(number)] = str(Path(sound).absolute())
            continue
        path = folder / f"line_{number}.wav"
        write_wav(path, to_waveform(sound), "float")
        files[str(number)] = str(path)
    listed = folder / "voices.json"
    listed.write_text(json.dumps(files), encoding="utf-8")
    return listed
