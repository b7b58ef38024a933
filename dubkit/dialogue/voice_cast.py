"""The cast of a dub: which voice each speaker gets, out of a TOML file.

::

    [voices]
    NARRATOR = "espeak:es+f3"
    "Mr. Fox" = "piper:voices/es_ES-davefx-medium.onnx"
    GHOST = "command:my-tts --text {text} --out {output}"

Its tables ``[faces]`` and ``[cues]`` say who is who in the picture; :mod:`dubkit.casting` reads those.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dubkit.dialogue.voice import KeepableVoice, Voice, open_voice
from dubkit.errors import DubkitError, VoiceError
from dubkit.schema import Cue, Waveform

__all__ = ["CastVoice", "VoiceCast", "cast_voices"]

_EXAMPLE = 'write a table [voices] with lines such as NARRATOR = "espeak:es+f3"'


@dataclass(frozen=True)
class VoiceCast:
    """Which voice each speaker gets.

    Attributes:
        voices: Speaker, as in the subtitles -> engine, as :func:`dubkit.dialogue.open_voice` takes it.
        path: Where it was read; relative files of its engines lie beside it.
    """

    voices: Mapping[str, str] = field(default_factory=dict)
    path: Path | None = None


def cast_voices(tables: Mapping[str, Any], path: Path) -> VoiceCast:
    """What the tables of a cast file say of voices; none where they speak of faces alone.

    Args:
        tables: As TOML gives them.
        path: Where they were read.

    Raises:
        VoiceError: if they say something that is not known here.
    """
    if "voices" not in tables:
        return VoiceCast(path=path)
    voices = tables["voices"]
    if not isinstance(voices, dict) or not voices:
        raise VoiceError("gives no speaker a voice", path=path, remedy=_EXAMPLE)
    seen: dict[str, str] = {}
    for speaker, engine in voices.items():
        if not isinstance(engine, str) or not engine.strip():
            raise VoiceError(f"gives {speaker!r} a voice that is no text", path=path, remedy=_EXAMPLE)
        twin = seen.setdefault(_key(speaker), speaker)
        if twin != speaker:
            raise VoiceError(f"names {twin!r} and {speaker!r}, who are the same", path=path, remedy="keep one of them")
    return VoiceCast(dict(voices), path)


class CastVoice:
    """Speaks with the voice of whoever speaks.

    Args:
        cast: Who gets which voice.
        other: The voice of all others; None where they have none, and their lines fail.
        make: Makes a voice from its engine; each engine is made once.

    Raises:
        VoiceError: if a voice cannot be had; the sentence names the speaker.
        MissingDependencyError: if an engine's package is not installed.
    """

    def __init__(
        self, cast: VoiceCast, other: Voice | None = None, *, make: Callable[[str], Voice] = open_voice
    ) -> None:
        self._cast, self._other = cast, other
        made: dict[str, Voice] = {}
        self._voices: dict[str, Voice] = {}
        for speaker, engine in cast.voices.items():
            engine = _beside(engine, cast.path)
            try:
                if engine not in made:
                    made[engine] = make(engine)
            except VoiceError as error:
                raise VoiceError(
                    f"the voice of {speaker}: {error.problem}", path=error.path or cast.path, remedy=error.remedy
                ) from error
            self._voices[_key(speaker)] = made[engine]

    @property
    def name(self) -> str:
        """The names of all its voices."""
        voices = [*self._voices.values(), *([] if self._other is None else [self._other])]
        return ", ".join(sorted({voice.name for voice in voices}))

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that all its voices speak, of those that tell."""
        told = [set(voice.languages) for voice in self._voices.values() if voice.languages]
        return tuple(sorted(set.intersection(*told))) if told else ()

    def fingerprint(self, speaker: str = "") -> str:
        """What the voice of ``speaker`` depends on; empty where it does not say."""
        voice = self._voices.get(_key(speaker), self._other)
        return voice.fingerprint(speaker) if isinstance(voice, KeepableVoice) else ""

    def check_language(self, language: str) -> None:
        """Make sure that every voice speaks ``language``.

        Raises:
            VoiceError: naming the speaker whose voice does not.
        """
        if self._other is not None:
            self._other.check_language(language)
        for speaker in self._cast.voices:
            try:
                self._voices[_key(speaker)].check_language(language)
            except DubkitError as error:
                raise VoiceError(
                    f"the voice of {speaker} {error.problem}", path=error.path or self._cast.path, remedy=error.remedy
                ) from error

    def speak(self, text: str, language: str, *, speaker: str = "") -> Waveform:
        """``text`` by the voice of ``speaker``.

        Raises:
            VoiceError: if there is no voice for them, or it cannot speak the text.
        """
        voice = self._voices.get(_key(speaker), self._other)
        if voice is None:
            who = f"{speaker!r} has" if speaker else "a line without a speaker has"
            raise VoiceError(
                f"{who} no voice", path=self._cast.path, remedy="name one in the cast file, or one for all with --tts"
            )
        return voice.speak(text, language, speaker=speaker)

    def notes(self, cues: Iterable[Cue]) -> tuple[str, ...]:
        """Who of the cast has no line, and who has lines but is not in the cast."""
        speakers = {_key(cue.speaker): cue.speaker for cue in cues}
        idle = [speaker for speaker in self._cast.voices if _key(speaker) not in speakers]
        others = sorted(name for key, name in speakers.items() if key and key not in self._voices)
        found = []
        if idle:
            found.append(f"the cast file names {', '.join(idle)}, who speak in no cue")
        if others:
            found.append(f"the cast file does not name {', '.join(others)}, who speak in the cues")
        return tuple(found)


def _key(speaker: str) -> str:
    return " ".join(speaker.split()).casefold()


def _beside(engine: str, cast: Path | None) -> str:
    """``engine`` with a relative Piper file taken from where the cast file lies."""
    kind, colon, detail = engine.partition(":")
    if cast is None or kind.strip().lower() != "piper" or Path(detail).is_absolute():
        return engine
    return f"{kind}{colon}{cast.parent / detail}"
