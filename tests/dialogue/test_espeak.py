from __future__ import annotations

import contextlib
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from dubkit.dialogue import espeak_library
from dubkit.dialogue.espeak import EspeakSettings, EspeakVoice
from dubkit.errors import MissingDependencyError, RecordError, VoiceError
from dubkit.schema import Waveform

SENTENCES = {
    "en": "Where have you been all night?",
    "de": "Wo bist du die ganze Nacht gewesen?",
    "es": "¿Dónde has estado toda la noche?",
    "fr": "Où as-tu été toute la nuit ?",
    "ru": "Где ты был всю ночь?",
    "ar": "أين كنت طوال الليل؟",
    "he": "איפה היית כל הלילה?",
    "fa": "تمام شب کجا بودی؟",
    "hi": "तुम सारी रात कहाँ थे?",
    "cmn": "你整晚去哪里了？",
    "ja": "ひとばんじゅうどこにいたの？",
    "ko": "밤새 어디에 있었어요?",
    "pt-br": "Onde você esteve a noite toda?",
}


@pytest.fixture(scope="module")
def voice() -> EspeakVoice:
    pytest.importorskip("espeakng_loader")
    return EspeakVoice()


def pitch(sound: Waveform) -> float:
    """The strongest period between 60 and 400 Hz, by autocorrelation of the loudest part."""
    samples = sound.samples[0].astype(np.float64)
    at = max(0, int(np.argmax(np.convolve(samples**2, np.ones(2048), mode="same"))) - 2048)
    part = samples[at : at + 4096] * np.hanning(len(samples[at : at + 4096]))
    spectrum = np.abs(np.fft.rfft(part, 16384)) ** 2
    correlation = np.fft.irfft(spectrum)
    low, high = sound.sample_rate // 400, sound.sample_rate // 60
    return sound.sample_rate / (low + int(np.argmax(correlation[low:high])))


@pytest.mark.parametrize(("language", "text"), SENTENCES.items())
def test_languages(voice: EspeakVoice, language: str, text: str) -> None:
    sound = voice.speak(text, language)
    assert sound.sample_rate == 22050
    assert sound.channels == 1
    assert 0.8 < float(sound.duration) < 4
    loudness = float(np.sqrt(np.mean(sound.samples**2)))
    assert 0.03 < loudness < 0.3
    power = np.abs(np.fft.rfft(sound.samples[0])) ** 2
    frequency = np.fft.rfftfreq(sound.length, 1 / sound.sample_rate)
    assert power[(frequency > 80) & (frequency < 4000)].sum() > 0.8 * power.sum()


def test_there_are_more_than_a_hundred_languages(voice: EspeakVoice) -> None:
    assert len(voice.languages) > 100
    assert {"en", "de", "zh", "cmn", "pt-br", "ar", "he", "fa"} <= set(voice.languages)


@pytest.mark.parametrize(
    ("asked", "taken"),
    [("es-MX", "es-mx"), ("es-PE", "es"), ("de_AT", "de"), ("zh-Hans-CN", "zh"), ("iw", "he"), ("EN-us", "en-us")],
)
def test_tags_fall_back_to_their_parents(voice: EspeakVoice, asked: str, taken: str) -> None:
    assert voice._tag(asked) == taken


def test_near_matches_are_named(voice: EspeakVoice) -> None:
    with pytest.raises(VoiceError, match=r"does not speak 'eng'; use a tag such as .*\ben\b"):
        voice.speak("Hello", "eng")
    with pytest.raises(VoiceError, match="no language is given"):
        voice.speak("Hello", "")


def test_chinese_is_mandarin_unless_it_is_hong_kong(voice: EspeakVoice) -> None:
    tags = voice._library.voices
    assert tags[voice._tag("zh")] == tags["cmn"] == "sit/cmn"
    assert tags[voice._tag("zh-HK")] == "sit/yue"


def test_speakers_get_voices_by_name_or_as_set(voice: EspeakVoice) -> None:
    assert voice.variant_of("") == ""
    assert voice.variant_of("Anna") == voice.variant_of(" anna ")
    assert len({voice.variant_of(f"speaker {i}") for i in range(60)}) == 12
    cast = EspeakVoice(EspeakSettings(variants={"Anna": "f5", "Bob": "m3"}))
    assert (cast.variant_of("Anna"), cast.variant_of("Bob")) == ("f5", "m3")
    anna, bob = (pitch(cast.speak("Hello everyone.", "en", speaker=name)) for name in ("Anna", "Bob"))
    assert anna > 1.3 * bob
    with pytest.raises(VoiceError, match="no voice variant 'f99' for 'Anna'; use one of: "):
        EspeakVoice(EspeakSettings(variants={"Anna": "f99"}))


def test_speed_and_pitch(voice: EspeakVoice) -> None:
    text = "Where have you been all night?"
    slow = EspeakVoice(EspeakSettings(words_per_minute=100)).speak(text, "en")
    fast = EspeakVoice(EspeakSettings(words_per_minute=300)).speak(text, "en")
    assert slow.duration > 2 * fast.duration
    low = EspeakVoice(EspeakSettings(pitch=10)).speak(text, "en")
    high = EspeakVoice(EspeakSettings(pitch=90)).speak(text, "en")
    assert pitch(high) > 1.3 * pitch(low)
    # One voice's settings do not leak into another's.
    assert abs(voice.speak(text, "en").length - EspeakVoice().speak(text, "en").length) < 200
    for wrong in (EspeakSettings, lambda **_: EspeakSettings(pitch=100)):
        with pytest.raises(RecordError):
            wrong(words_per_minute=10)


def test_mark_up_is_spoken_as_text_never_obeyed(voice: EspeakVoice) -> None:
    assert voice.speak("a < b [[h@'loU]] \0 c", "en").length > voice.speak("a", "en").length


def test_threads_do_not_mix_their_sound(voice: EspeakVoice) -> None:
    expected = {text: voice.speak(text, "en").length for text in ("One.", "One two three four five six seven.")}
    lengths: dict[str, list[int]] = {text: [] for text in expected}

    def speak(text: str) -> None:
        for _ in range(10):
            lengths[text].append(voice.speak(text, "en").length)

    threads = [threading.Thread(target=speak, args=(text,)) for text in expected]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for text, length in expected.items():
        assert len(lengths[text]) == 10
        assert all(abs(found - length) < 200 for found in lengths[text])


def test_the_library_prints_nothing(voice: EspeakVoice, capfd: pytest.CaptureFixture[str]) -> None:
    for language in voice.languages:
        with contextlib.suppress(VoiceError):
            voice.speak("1 2", language)
    with pytest.raises(VoiceError):
        voice.speak("Hello", "fo")  # Faroese is listed by the library, without a dictionary
    assert capfd.readouterr() == ("", "")


def test_a_missing_package_is_said_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'dubkit\[tts\]'"):
        espeak_library.open_library.__wrapped__()


def test_a_broken_installation_is_said(tmp_path: Path) -> None:
    loader = pytest.importorskip("espeakng_loader")
    with pytest.raises(VoiceError, match="does not load"):
        espeak_library.EspeakLibrary(tmp_path / "none.so", tmp_path)
    with pytest.raises(VoiceError, match="holds no espeak-ng data; reinstall"):
        espeak_library.EspeakLibrary(Path(loader.get_library_path()), tmp_path)


def test_a_long_path_is_shortened_by_a_link(tmp_path: Path) -> None:
    data = tmp_path / ("x" * 140) / "espeak-ng-data"
    data.mkdir(parents=True)
    link = espeak_library._short(data)
    assert len(str(link)) < 130
    assert link.resolve() == data.resolve()
    assert espeak_library._short(link) == link
