"""What a machine speaks, kept for the next run: engines take their time, and some never speak twice alike."""

from __future__ import annotations

from contextlib import suppress

from dubkit.dialogue import KeepableVoice, Voice
from dubkit.errors import OutputError, RecordError
from dubkit.schema import Waveform
from dubkit.store import Recipe, Store
from dubkit.stored import pack_record, unpack_record

__all__ = ["SPOKEN_VERSION", "speak"]

SPOKEN_VERSION = 1
"""Of what is kept; to be raised when sound is kept in another form."""


def speak(engine: Voice, text: str, language: str, speaker: str, store: Store | None) -> Waveform:
    """``text`` as ``engine`` speaks it, or as it spoke it before.

    Args:
        engine: What speaks.
        text: What is to be said.
        language: Tag of its language.
        speaker: Who says it; empty for the engine's plain voice.
        store: Where it is kept; None for nowhere. An engine that does not say what its voice depends on is always
            asked.

    Raises:
        VoiceError: if the engine cannot speak it.
    """
    fingerprint = engine.fingerprint(speaker) if isinstance(engine, KeepableVoice) and store is not None else ""
    if not fingerprint or store is None:
        return engine.speak(text, language, speaker=speaker)
    facts = {"engine": fingerprint, "text": text, "language": language, "speaker": speaker}
    recipe = Recipe("spoken", SPOKEN_VERSION, facts)
    found = store.look_up(recipe)
    if found.found:
        with suppress(RecordError):
            return unpack_record(Waveform, found.data)
    sound = engine.speak(text, language, speaker=speaker)
    with suppress(OutputError):  # then it is spoken again the next time
        store.keep(recipe, pack_record(sound), f"in {language}, {text[:60]}")
    return sound
