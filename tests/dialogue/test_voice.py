"""What every engine must hold to; run against each that is installed, or can be stood in for."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dubkit.dialogue import Voice, engine_from_anywhere, open_voice, voice_engines
from dubkit.errors import MissingDependencyError, VoiceError
from tests.dialogue.stand_ins import install_piper, write_piper_voice, write_program


@pytest.fixture(params=voice_engines())
def voice(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Voice]:
    engine = request.param
    if engine == "piper":
        install_piper(monkeypatch)
        engine = f"piper:{write_piper_voice(tmp_path)}"
    if engine == "command":
        program = write_program(tmp_path)
        engine = f"command:{shlex.join([sys.executable, str(program)])} {{text}} {{output}} {{language}} {{speaker}}"
    try:
        yield open_voice(engine)
    except MissingDependencyError as error:
        pytest.skip(str(error))


def test_it_speaks_words_as_finite_sound(voice: Voice) -> None:
    sound = voice.speak("Hello, how are you?", "en")
    assert sound.sample_rate >= 8000
    assert 0.5 < float(sound.duration) < 5
    assert 0.01 < float(np.abs(sound.samples).max()) <= 1


def test_longer_text_lasts_longer(voice: Voice) -> None:
    assert voice.speak("One. Two. Three. Four. Five.", "en").duration > voice.speak("One.", "en").duration


def test_it_tells_its_name_and_languages(voice: Voice) -> None:
    assert voice.name in voice_engines()
    assert list(voice.languages) == sorted(set(voice.languages))
    assert all(tag == tag.lower() for tag in voice.languages)


def test_every_language_it_names_can_be_asked_for(voice: Voice) -> None:
    spoken = 0
    for language in voice.languages:
        with contextlib.suppress(VoiceError):  # a few languages have no words for digits
            voice.speak("1 2 3", language)
            spoken += 1
    assert spoken >= 0.95 * len(voice.languages)


@pytest.mark.parametrize("text", ["", " ", "...", "?!", "♪", "\0"])
def test_text_without_words_is_refused(voice: Voice, text: str) -> None:
    with pytest.raises(VoiceError, match="no sound") as caught:
        voice.speak(text, "en")
    assert caught.value.remedy


@pytest.mark.parametrize("language", ["", " ", "xx", "not a language", "e", "-"])
def test_a_language_it_does_not_speak_is_refused(voice: Voice, language: str) -> None:
    if not voice.languages:
        voice.check_language(language)  # it cannot tell, and leaves it to whoever does
        return
    for ask in (voice.check_language, lambda tag: voice.speak("Hello", tag)):
        with pytest.raises(VoiceError) as caught:
            ask(language)
        assert caught.value.remedy


def test_speakers_are_told_apart_and_stay_the_same(voice: Voice) -> None:
    anna, again, bob = (voice.speak("Hello there.", "en", speaker=name) for name in ("Anna", "Anna", "Bob"))
    assert abs(anna.length - again.length) < 0.01 * anna.length
    assert anna.sample_rate == bob.sample_rate


def test_an_unknown_engine_is_told_from_the_known() -> None:
    with pytest.raises(VoiceError, match="no voice engine 'siri'; use one of: command, espeak, piper"):
        open_voice("siri")


def test_files_of_an_engine_are_named_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices" / "es.onnx").touch()
    (tmp_path / "my tts").touch()
    assert engine_from_anywhere("piper:voices/es.onnx#anna") == f"piper:{tmp_path}/voices/es.onnx#anna"
    for engine in ("", "espeak:es+f3", "piper:voices/de.onnx", "command:say {text}", "command:say 'it"):
        assert engine_from_anywhere(engine) == engine
    if sys.platform != "win32":
        found = engine_from_anywhere("command:'./my tts' --voice es {text} {output}")
        wanted = [str(tmp_path / "my tts"), "--voice", "es", "{text}", "{output}"]
        assert shlex.split(found.partition(":")[2]) == wanted
