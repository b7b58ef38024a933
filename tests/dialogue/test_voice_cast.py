from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dubkit.cast_tables import read_cast_tables
from dubkit.dialogue import CastVoice, Voice, VoiceCast, cast_voices
from dubkit.errors import VoiceError
from dubkit.schema import Cue, Waveform
from dubkit.timing import TimeRange


class Named:
    """A voice that says which it is by its pitch."""

    def __init__(self, name: str, languages: tuple[str, ...] = ("es",)) -> None:
        self.name, self.languages = name, languages

    def check_language(self, language: str) -> None:
        if language not in self.languages:
            raise VoiceError(f"does not speak {language!r}", remedy="use es")

    def speak(self, text: str, language: str, *, speaker: str = "") -> Waveform:
        return Waveform(np.full((1, len(self.name)), len(text), np.float32), 8000)


def cast(**voices: str) -> VoiceCast:
    return VoiceCast(voices, Path("cast.toml"))


def make(engine: str) -> Voice:
    if engine == "bad":
        raise VoiceError("there is no voice engine 'bad'", remedy="use another")
    return Named(engine, ("es", "fr") if engine == "both" else ("es",))


def test_everybody_gets_their_voice() -> None:
    voice = CastVoice(cast(ANNA="a", Bob="bbb"), Named("others"), make=make)
    lengths = [voice.speak("x", "es", speaker=who).length for who in ("ANNA", "anna", " Bob ", "Carol", "")]
    assert lengths == [1, 1, 3, 6, 6]
    assert voice.name == "a, bbb, others"


def test_without_a_voice_for_all_the_others_fail() -> None:
    voice = CastVoice(cast(ANNA="a"), make=make)
    for who, said in (("Bob", "'Bob' has no voice"), ("", "a line without a speaker has no voice")):
        with pytest.raises(VoiceError, match=said) as caught:
            voice.speak("x", "es", speaker=who)
        assert caught.value.remedy


def test_who_does_not_fit_is_named() -> None:
    with pytest.raises(VoiceError, match="the voice of BOB: there is no voice engine 'bad'"):
        CastVoice(cast(BOB="bad"), make=make)
    voice = CastVoice(cast(ANNA="both", BOB="b"), make=make)
    voice.check_language("es")
    assert voice.languages == ("es",)
    with pytest.raises(VoiceError, match=r"cast\.toml: the voice of BOB does not speak 'fr'"):
        voice.check_language("fr")
    cues = [Cue(i, TimeRange(Fraction(i), Fraction(i + 1)), "x", who) for i, who in enumerate(("Anna", "Zoe", ""))]
    assert voice.notes(cues) == (
        "the cast file names BOB, who speak in no cue",
        "the cast file does not name Zoe, who speak in the cues",
    )


def cast_of(path: Path) -> VoiceCast:
    return cast_voices(read_cast_tables(path), path)


def test_a_cast_file(tmp_path: Path) -> None:
    path = tmp_path / "cast.toml"
    path.write_text('\ufeff[voices]\nNARRATOR = "espeak:es+f3"\n"Mr. Fox" = "espeak:+m2"\n', encoding="utf-8")
    assert cast_of(path).voices == {"NARRATOR": "espeak:es+f3", "Mr. Fox": "espeak:+m2"}
    pytest.importorskip("espeakng_loader")
    voice = CastVoice(cast_of(path))
    assert voice.speak("Hola", "es", speaker="mr. fox").length > 1000
    path.write_text('[voices]\nA = "piper:voices/a.onnx"\n', encoding="utf-8")
    with pytest.raises(VoiceError, match="the voice of A: does not exist") as caught:
        CastVoice(cast_of(path))
    assert caught.value.path == tmp_path / "voices" / "a.onnx"


def test_a_cast_file_that_speaks_of_faces_alone_names_no_voice(tmp_path: Path) -> None:
    path = tmp_path / "cast.toml"
    path.write_text('[faces]\nANNA = "A"\n[cues]\n7 = "off-screen"\n', encoding="utf-8")
    assert cast_of(path).voices == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("voices = 3", "gives no speaker a voice"),
        ("[voices]", "gives no speaker a voice"),
        ("[voices]\nA = 3", "gives 'A' a voice that is no text"),
        ('[voices]\nA = " "', "gives 'A' a voice that is no text"),
        ('[voices]\nAnna = "a"\nANNA = "b"', "'Anna' and 'ANNA', who are the same"),
    ],
)
def test_a_cast_file_that_says_something_else(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "cast.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(VoiceError, match=problem) as caught:
        cast_of(path)
    assert caught.value.remedy
