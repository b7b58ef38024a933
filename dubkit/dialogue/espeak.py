"""espeak-ng: small, offline, more than a hundred languages, plainly a machine. For timing, drafts and tests.

The library comes with the package ``espeakng_loader`` and is called through ctypes. It is one global state per
process, so it is set up once and used under one lock. It keeps the phase of its oscillators from one text to the next:
two renderings of the same text sound alike but differ by a few samples. Keep a rendering rather than make it again.

Japanese must be given in kana: the library has no readings of kanji and names them "Chinese letter".
"""

from __future__ import annotations

import difflib
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from dubkit.dialogue.espeak_library import open_library
from dubkit.errors import RecordError, VoiceError
from dubkit.schema import Waveform

__all__ = ["EspeakSettings", "EspeakVoice", "espeak_settings"]

_VARIANTS = ("m1", "f1", "m2", "f2", "m3", "f3", "m4", "f4", "m5", "f5", "m6", "m7")
_RENAMED = {"iw": "he", "in": "id", "zh-hk": "yue", "zh-mo": "yue"}
_lock = threading.Lock()


@dataclass(frozen=True)
class EspeakSettings:
    """How espeak-ng speaks.

    Attributes:
        words_per_minute: Speed, 80..450.
        pitch: 0..99; 50 is the voice's own.
        variants: Speaker -> variant of the voice, such as ``f2``; a speaker not named here gets one by the name.
        variant: Variant for everybody; empty for one by the name.
        language: Tag of the language that is spoken whatever is asked for; empty to speak what is asked for.
    """

    words_per_minute: int = 165
    pitch: int = 50
    variants: Mapping[str, str] = field(default_factory=dict)
    variant: str = ""
    language: str = ""

    def __post_init__(self) -> None:
        """Refuse what the library would silently replace."""
        if not 80 <= self.words_per_minute <= 450:
            raise RecordError(f"espeak speaks 80 to 450 words a minute, not {self.words_per_minute}")
        if not 0 <= self.pitch <= 99:
            raise RecordError(f"espeak's pitch goes from 0 to 99, not to {self.pitch}")


def espeak_settings(detail: str) -> EspeakSettings:
    """The settings meant by ``es+f3``: language and variant, each of which may be left out."""
    language, _, variant = detail.partition("+")
    return EspeakSettings(language=language.strip(), variant=variant.strip())


class EspeakVoice:
    """Speaks with espeak-ng.

    Args:
        settings: Speed, pitch, and who gets which voice.

    Raises:
        MissingDependencyError: if ``espeakng_loader`` is not installed.
        VoiceError: if the library does not load, or a variant does not exist.
    """

    def __init__(self, settings: EspeakSettings = EspeakSettings()) -> None:
        self._settings = settings
        with _lock:
            self._library = open_library()
        for speaker, variant in settings.variants.items():
            self._check_variant(variant, f" for {speaker!r}")
        if settings.variant:
            self._check_variant(settings.variant, "")
        if settings.language:
            self._tag(settings.language)

    @property
    def name(self) -> str:
        """``espeak``."""
        return "espeak"

    @property
    def languages(self) -> tuple[str, ...]:
        """Tags of the languages it speaks, lower case, sorted."""
        return tuple(sorted(self._library.voices))

    def variant_of(self, speaker: str) -> str:
        """The variant of the voice that ``speaker`` gets: as set, else by a hash of the name; empty for nobody."""
        if not speaker or self._settings.variant:
            return self._settings.variants.get(speaker, self._settings.variant)
        by_name = _VARIANTS[zlib.crc32(speaker.strip().casefold().encode()) % len(_VARIANTS)]
        return self._settings.variants.get(speaker, by_name)

    def fingerprint(self, speaker: str = "") -> str:
        """What the voice of ``speaker`` depends on."""
        settings = self._settings
        variant = self.variant_of(speaker)
        return f"espeak {settings.words_per_minute} {settings.pitch} {variant} {settings.language}"

    def check_language(self, language: str) -> None:
        """Make sure that the library speaks ``language`` or its parent.

        Raises:
            VoiceError: if it does not; the sentence names tags that are near.
        """
        self._tag(self._settings.language or language)

    def speak(self, text: str, language: str, *, speaker: str = "") -> Waveform:
        """``text`` as sound: mono at the library's own rate (22050 Hz), with the silence it puts around it.

        Args:
            text: What is to be said.
            language: Tag of its language, such as ``de`` or ``pt-BR``; one that is too exact falls back to its parent.
            speaker: Who says it; empty for the plain voice.

        Raises:
            VoiceError: if the language is unknown or empty, or the text gives no sound.
        """
        voice = self._library.voices[self._tag(self._settings.language or language)]
        variant = self.variant_of(speaker)
        with _lock:
            samples = self._library.synthesize(
                text,
                f"{voice}+{variant}" if variant else voice,
                self._settings.words_per_minute,
                self._settings.pitch,
            )
        if not samples.size or not samples.any():
            shown = text if len(text) <= 40 else text[:39] + "…"
            raise VoiceError(
                f"espeak gives no sound for {shown!r} in {language!r}",
                remedy="give words to speak in the script of the language, or record this line",
            )
        return Waveform((samples.astype(np.float32) / 32768.0)[None, :], self._library.sample_rate)

    def _check_variant(self, variant: str, whom: str) -> None:
        if variant not in self._library.variants:
            near = difflib.get_close_matches(variant, self._library.variants, 5) or _VARIANTS
            raise VoiceError(f"espeak has no voice variant {variant!r}{whom}", remedy=f"use one of: {', '.join(near)}")

    def _tag(self, language: str) -> str:
        """The library's tag for ``language``."""
        known = self._library.voices
        wanted = language.strip().replace("_", "-").lower()
        if not wanted:
            raise VoiceError("no language is given for the voice", remedy="name one, such as en, de or pt-br")
        tag = _RENAMED.get(wanted, wanted)
        while tag not in known and "-" in tag:
            tag = tag.rpartition("-")[0]
        tag = _RENAMED.get(tag, tag)
        if tag in known:
            return tag
        near = difflib.get_close_matches(wanted, known, 5, 0.5) or ["en", "de", "es", "fr", "cmn"]
        raise VoiceError(f"espeak does not speak {language!r}", remedy=f"use a tag such as {', '.join(near)}")
