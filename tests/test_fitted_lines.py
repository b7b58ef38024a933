"""Voices of every kind to lines: what is odd costs its own line, what is heard lies where it should."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

import dubkit
from dubkit.audio import ActivitySettings, chunk_levels
from dubkit.dialogue import MixSettings
from dubkit.errors import InputError, VoiceError
from dubkit.lines import Lines, open_lines
from dubkit.media import read_sound
from dubkit.schema import DubJob, FitReport, SoundClip, Waveform
from dubkit.timing import FrameRate, Seconds
from tests.dialogue.mixing import mix_blocks
from tests.dialogue.stand_ins import write_program

RATE = 48_000


def tone(seconds: float, rate: int = 16_000, level: float = 0.3, pitch: float = 180) -> npt.NDArray[np.float64]:
    time = np.arange(round(seconds * rate)) / rate
    return level * np.sin(2 * np.pi * pitch * time) * (1 + 0.3 * np.sin(2 * np.pi * 3 * time))


def write_cues(path: Path, cues: Sequence[tuple[float, float, str]], encoding: str = "utf-8") -> Path:
    def clock(at: float) -> str:
        return f"00:{int(at) // 60:02}:{int(at) % 60:02},{round(at * 1000) % 1000:03}"

    text = "".join(
        f"{number}\n{clock(start)} --> {clock(stop)}\n{words}\n\n"
        for number, (start, stop, words) in enumerate(cues, 1)
    )
    path.write_text(text, encoding=encoding)
    return path


def opened(folder: Path, duration: float, **fields: Any) -> Lines:
    job = DubJob(
        **({"video": folder / "film.mp4", "output": folder / "out.mp4", "subtitles": folder / "cues.srt"} | fields)
    )
    kept = folder / "kept"
    kept.mkdir()
    return open_lines(job, FrameRate.of(25)).lines(Fraction(str(duration)), kept, lambda done, total: None)


def heard(lines: Lines, duration: Seconds) -> npt.NDArray[np.float32]:
    """The lines alone, as they go into the mix, mono."""

    def read(clip: SoundClip) -> Waveform:
        return read_sound(clip.path, sample_rate=RATE, channels=1, span=clip.span)

    settings = MixSettings(sample_rate=RATE, peak_db=0)
    blocks = mix_blocks(lines.heard, duration, read_voice=read, bed=None, channels=1, settings=settings)
    return np.concatenate([block.samples[0] for block in blocks])


def test_each_odd_voice_costs_its_own_line(tmp_path: Path) -> None:
    names = ["fine", "gone", "silent", "telephone", "clipped", "text", "hour", "nan", "empty", "fine too"]
    write_cues(tmp_path / "cues.srt", [(4 * i + 1, 4 * i + 4, f"{name} words") for i, name in enumerate(names)])
    sounds: dict[str, tuple[npt.NDArray[np.float64], int]] = {
        "fine": (tone(2), 16_000),
        "silent": (1e-5 * tone(2), 16_000),
        "telephone": (tone(2, 8000), 8000),
        "clipped": (np.clip(4 * tone(2), -1, 1), 16_000),
        "hour": (tone(400, 8000), 8000),
        "nan": (np.where(np.arange(32_000) == 9000, np.nan, tone(2)), 16_000),
        "empty": (np.zeros(0), 16_000),
        "fine too": (tone(2), 16_000),
    }
    for name, (samples, rate) in sounds.items():
        soundfile.write(tmp_path / f"{name}.wav", samples, rate, "FLOAT")
    (tmp_path / "text.wav").write_text("not sound")
    listed = {str(number): f"{name}.wav" for number, name in enumerate(names, 1)} | {"77": "fine.wav"}
    (tmp_path / "voices.json").write_text(json.dumps(listed))
    found = opened(tmp_path, 50, voice=tmp_path / "voices.json")
    assert [line.cue.text.removesuffix(" words") for line in found.lines] == [
        "fine",
        "telephone",
        "clipped",
        "fine too",
    ]
    reasons = {cue.text.removesuffix(" words"): reason for cue, reason in found.failed}
    assert set(reasons) == {"gone", "silent", "text", "hour", "nan", "empty"}
    assert "gone.wav: does not exist" in reasons["gone"]
    assert "holds only silence" in reasons["silent"]
    assert "400 s long; give the voice of one cue" in reasons["hour"]
    assert "not a number" in reasons["nan"]
    assert all(f"{name}.wav: " in reason for name, reason in reasons.items())
    notes = {line.cue.text.removesuffix(" words"): line.notes for line in found.lines}
    assert notes["fine"] == ()
    assert "telephone.wav is of telephone quality: 8000 Hz" in notes["telephone"][0]
    assert "clipped.wav is clipped" in notes["clipped"][0]
    assert found.notes == ("fine.wav in the list of voices belongs to no cue",)


def test_text_of_another_language_is_told_and_spoken(tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader")
    write_cues(tmp_path / "cues.srt", [(1, 3, "Где ты был всю ночь?"), (24, 26, "¿Dónde has estado?")])
    found = opened(tmp_path, 30, tts="espeak", language="es")
    assert [line.cue.index for line in found.lines] == [1, 2]
    assert found.lines[0].cue.notes == ("its text is written in Cyrillic letters, es is not",)


def test_cues_of_another_film_are_told(tmp_path: Path) -> None:
    write_cues(tmp_path / "cues.srt", [(2 * i + 1, 2 * i + 3, "words") for i in range(6)])
    for number in range(1, 7):
        soundfile.write(tmp_path / f"{number}.wav", tone(4), 16_000)
    found = opened(tmp_path, 60, voice=tmp_path)
    assert any("voices overrun: check that they are the voices of these cues" in note for note in found.notes)
    assert len(found.lines) + len(found.failed) == 6


LANGUAGES: Mapping[str, tuple[str, tuple[str, str], tuple[str, ...]]] = {
    "de": ("cp1252", ("Wo bist du gewesen?", "Schöne Grüße aus Köln."), ("utf-8",)),
    "fr": ("iso-8859-15", ("Où as-tu été toute la nuit ?", "Ça me plaît, bien sûr."), ("utf-8",)),
    "pl": ("cp1250", ("Gdzie byłeś całą noc?", "Zażółć gęślą jaźń."), ("utf-8",)),
    "ru": ("cp1251", ("Где ты был всю ночь?", "Я тебя ждала до утра."), ("utf-8", "utf-16")),
    "el": ("cp1253", ("Πού ήσουν όλη νύχτα;", "Σε περίμενα ως το πρωί."), ("utf-16",)),
    "tr": ("cp1254", ("Bütün gece neredeydin?", "Sabaha kadar bekledim, şimdi ığdır."), ("utf-8",)),
    "he": ("cp1255", ("איפה היית כל הלילה?", "חיכיתי לך עד הבוקר."), ("utf-8", "utf-16")),
    "ar": ("cp1256", ("أين كنت طوال الليل؟", "انتظرتك حتى الصباح."), ("utf-8", "utf-16")),
    "hi": ("", ("तुम सारी रात कहाँ थे?", "मैंने सुबह तक इंतज़ार किया।"), ("utf-8", "utf-16")),
    "zh": ("gb18030", ("你整晚去哪里了？", "我一直等到天亮。"), ("utf-8", "utf-16")),
    "ja": ("shift_jis", ("ひとばんじゅうどこにいたの？", "あさまでまっていたのよ。"), ("utf-8", "utf-16")),
    "ko": ("cp949", ("밤새 어디에 있었어요?", "아침까지 기다렸어요."), ("utf-8", "utf-16")),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_to_speech_in_many_languages_and_encodings(language: str, tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader")
    legacy, words, unicode = LANGUAGES[language]
    for number, encoding in enumerate((*unicode, *filter(None, [legacy]))):
        folder = tmp_path / str(number)
        folder.mkdir()
        write_cues(folder / "cues.srt", [(0.5, 3.5, words[0]), (4, 7, words[1])], encoding)
        found = opened(folder, 8, tts="espeak", language=language, encoding=encoding if encoding == legacy else "")
        assert [line.cue.text for line in found.lines] == list(words)
        assert all(Fraction(1, 2) < line.sound.duration < 4 for line in found.lines)
        assert [line.cue.notes for line in found.lines] == [(), ()]
        assert found.failed == ()
        assert found.notes == ()


def test_what_is_heard_is_in_its_place_whole_and_without_clicks(tmp_path: Path) -> None:
    """Voices with silence around them, too long for their slots: onsets on the plan, nothing cut, no clicks."""
    cues = [(0.5, 2, "one"), (3, 4, "two"), (4.2, 6, "three"), (7, 8, "four"), (10, 11, "five")]
    write_cues(tmp_path / "cues.srt", cues)
    lengths = [1.4, 1.3, 3.0, 2.9, 0.4]
    for number, length in enumerate(lengths, 1):
        quiet = np.zeros(round(0.1 * number * 16_000))
        soundfile.write(tmp_path / f"{number}.wav", np.concatenate([quiet, tone(length), quiet]), 16_000)
    found = opened(tmp_path, 12, voice=tmp_path)
    assert len(found.lines) == 5
    sound = heard(found, Fraction(12))
    assert sound.size == 12 * RATE
    loud = np.flatnonzero(chunk_levels(Waveform(sound[None], RATE), ActivitySettings(chunks_per_second=1000)) > -45)
    for line, length in zip(found.lines, lengths, strict=True):
        assert line.fit is not None
        planned = float(line.start)
        assert abs(loud[loud >= 1000 * planned - 12][0] / 1000 - planned) <= 0.010
        assert float(line.fit.recorded) == pytest.approx(length + 0.05, abs=0.013)
        spoken = float(line.sound.duration) * line.fit.speed
        assert spoken == pytest.approx(float(line.fit.recorded), abs=1e-3)
    for before, after in pairwise(found.lines):
        assert before.sound.stop <= after.start
    joined = clicks(sound)
    assert joined < 1e-5
    for line in found.lines:  # the same cut without fades, to see that clicks would be seen
        sound[: round(float(line.start) * RATE) + 300] = 0
        assert clicks(sound) > 10 * joined


def clicks(sound: npt.NDArray[np.float32]) -> float:
    """Largest share of energy above 4 kHz in 10 ms: the tones end at 200 Hz, a click is as broad as it is short."""
    power = np.abs(np.fft.rfft(sound[: sound.size // 480 * 480].reshape(-1, 480) * np.hanning(480))) ** 2
    return float(power[:, 40:].sum(axis=1).max() / power.sum(axis=1).max())


def pitch_of(sound: Waveform, at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """pyin's Hz at the seconds ``at``; NaN where it hears no clear pitch."""
    librosa = pytest.importorskip("librosa")
    hop = sound.sample_rate // 100
    found, voiced, _ = librosa.pyin(
        sound.samples[0], fmin=65, fmax=400, sr=sound.sample_rate, hop_length=hop, frame_length=2048
    )
    places = np.minimum(np.round(at * sound.sample_rate / hop).astype(int), len(found) - 1)
    return np.where(voiced[places], found[places], np.nan)


def moved_pitch(before: Waveform, after: Waveform) -> float:
    """By which share the pitch of a voice moved, as the median over the moments at which both are voiced."""
    at = np.arange(0.1, float(before.duration) - 0.1, 0.01)
    old, new = pitch_of(before, at), pitch_of(after, at * float(after.duration / before.duration))
    both = np.isfinite(old) & np.isfinite(new)
    assert both.sum() >= 15
    return float(np.nanmedian(new[both] / old[both]) - 1)


@pytest.mark.parametrize("variant", ["m1", "f2"])
@pytest.mark.parametrize("speed", [0.85, 1.25])
def test_pitch_stays_when_a_voice_is_stretched(variant: str, speed: float) -> None:
    pytest.importorskip("espeakng_loader")
    from dubkit.audio import resample, stretch
    from dubkit.dialogue import open_voice

    voice = open_voice(f"espeak:es+{variant}")
    sound = resample(voice.speak("Buenas noches a todos, ¿cómo están ustedes esta noche?", "es"), 16_000)
    assert abs(moved_pitch(sound, stretch(sound, round(sound.length / speed)))) < 0.01


def fitted(folder: Path, **given: Any) -> FitReport:
    return dubkit.fit(folder / "cues.srt", duration=10, **given)


VOICES: Mapping[str, Callable[[Path], Any]] = {
    "array": lambda _: {2: (tone(1.5), 16_000)},
    "waveform": lambda _: {2: Waveform(tone(1.5).astype(np.float32)[None], 16_000)},
    "path": lambda folder: {2: folder / "one.wav"},
}


@pytest.mark.parametrize("kind", VOICES)
def test_voices_of_python_programs(kind: str, tmp_path: Path) -> None:
    write_cues(tmp_path / "cues.srt", [(1, 3, "one"), (4, 6, "two")])
    soundfile.write(tmp_path / "one.wav", tone(1.5), 16_000)
    report = fitted(tmp_path, voice=VOICES[kind](tmp_path))
    first, second = report.lines
    assert first.reason == "no sound file is listed for it"
    assert second.sound is not None
    assert float(second.sound.duration) == pytest.approx(1.5, abs=0.02)
    whole = VOICES[kind](tmp_path)[2]
    assert [line.fit for line in fitted(tmp_path, voice=whole).lines] == [None, None]  # as long as the film


def test_pydubs_segments_and_engines_of_ones_own(tmp_path: Path) -> None:
    write_cues(tmp_path / "cues.srt", [(1, 3, "one"), (4, 6, "two")])

    class Hum:
        name, languages = "hum", ("es",)

        def check_language(self, language: str) -> None:
            if language != "es":
                raise VoiceError(f"hum does not speak {language}", remedy="use es")

        def speak(self, text: str, language: str, *, speaker: str = "") -> Waveform:
            return Waveform(tone(0.3 * len(text)).astype(np.float32)[None], 16_000)

    report = fitted(tmp_path, voice=Hum(), language="es")
    assert [float(line.sound.duration) for line in report.lines if line.sound] == pytest.approx([0.9, 0.9], abs=0.01)
    with pytest.raises(VoiceError, match="does not speak fr"):
        fitted(tmp_path, voice=Hum(), language="fr")
    pydub = pytest.importorskip("pydub")
    data = (tone(1.2) * 32767).astype("<i2").tobytes()
    segment = pydub.AudioSegment(data, frame_rate=16_000, sample_width=2, channels=1)
    line = fitted(tmp_path, voice={1: segment}).lines[0]
    assert line.sound is not None
    assert float(line.sound.duration) == pytest.approx(1.2, abs=0.02)


@pytest.mark.parametrize("voice", [np.zeros(9), 3, {"1": (tone(1), 16_000)}, {1: None}])
def test_voices_that_are_none_are_refused(voice: Any, tmp_path: Path) -> None:
    write_cues(tmp_path / "cues.srt", [(1, 3, "one")])
    with pytest.raises(VoiceError):
        fitted(tmp_path, voice=voice)


def test_a_command_and_a_cast_speak(tmp_path: Path) -> None:
    program = shlex.join([sys.executable, str(write_program(tmp_path))])
    write_cues(tmp_path / "cues.srt", [(1, 3, "ANNA: one"), (4, 6, "BOB: two")])
    (tmp_path / "cast.toml").write_text(
        f"[voices]\nAnna = '''command:{program} {{text}} {{output}} {{language}} {{speaker}}'''\n", encoding="utf-8"
    )
    report = fitted(tmp_path, cast=tmp_path / "cast.toml", language="es")
    assert report.lines[0].sound is not None
    assert "'BOB' has no voice; name one in the cast file" in report.lines[1].reason
    assert report.notes == ("the cast file does not name BOB, who speak in the cues",)
    assert [line.cue for line in report.failed] == [2]


def test_the_fit_needs_a_length(tmp_path: Path) -> None:
    write_cues(tmp_path / "cues.srt", [(1, 3, "one")])
    for given in ({}, {"duration": 0}, {"duration": 3, "video": "film.mp4"}, {"video": tmp_path / "none.mp4"}):
        with pytest.raises(InputError):
            dubkit.fit(tmp_path / "cues.srt", voice={1: (tone(1), 16_000)}, **given)
