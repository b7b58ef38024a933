from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dubkit.errors import MediaError
from dubkit.media import read_sound, samples, sound_blocks, sound_duration
from dubkit.timing import TimeRange, sample_count
from tests.media.zoo import make, make_sound, tone

LENGTH = 30.0
FILES = {
    "a.wav": (16_000, "pcm_s16le", "wav", "mono"),
    "b.wav": (44_100, "pcm_f32le", "wav", "stereo"),
    "c.flac": (48_000, "flac", "flac", "stereo"),
    "d.m4a": (44_100, "aac", "mp4", "mono"),
    "e.mp3": (22_050, "libmp3lame", "mp3", "mono"),
    "f.mka": (48_000, "libopus", "matroska", "mono"),
    "g.mov": (8000, "pcm_s16be", "mov", "mono"),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sound")
    made = {}
    for name, (rate, codec, muxer, layout) in FILES.items():
        wave = tone(LENGTH, rate, 2 if layout == "stereo" else 1)
        wave += np.random.default_rng(3).normal(0, 0.02, wave.shape).astype(np.float32)
        made[name] = make_sound(folder / name, wave, rate, codec, muxer, layout)
    return made


def clicks(wave: npt.NDArray[np.float32], rate: int) -> npt.NDArray[np.int64]:
    """Where the clicks of the zoo's tone are."""
    sharp = np.abs(np.diff(wave, 2))
    at = []
    for begin in range(0, wave.size - rate // 4, rate // 4):
        window = sharp[max(0, begin - rate // 16) : begin + rate // 16]
        at.append(int(np.argmax(window)) + max(0, begin - rate // 16) + 1 - begin)
    return np.array(at[1:])


@pytest.mark.parametrize("name", FILES)
def test_whole(files: dict[str, Path], name: str) -> None:
    rate, codec, _, layout = FILES[name]
    sound = read_sound(files[name], sample_rate=rate)
    assert sound.channels == (2 if layout == "stereo" else 1)
    assert sound.samples.dtype == np.float32
    slack = 0 if codec.startswith(("pcm", "flac")) else 0.08
    assert 0 <= float(sound.duration) - LENGTH <= slack
    # Priming is left out: the clicks are where they were put.
    off = np.abs(clicks(sound.samples[0], rate))
    assert np.median(off) == 0
    assert codec == "aac" or off.max() <= 1  # AAC blurs some of them
    assert sound_duration(files[name]) == sound.duration


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.fractions(-1, 31, max_denominator=50_000), length=st.fractions(0, 2, max_denominator=50_000))
def test_a_span_is_a_slice_of_the_whole(files: dict[str, Path], name: str, start: Fraction, length: Fraction) -> None:
    rate = 16_000
    whole = _whole(files[name], rate)
    span = read_sound(files[name], sample_rate=rate, channels=1, span=TimeRange(start, start + length))
    first, stop = sample_count(start, rate), sample_count(start + length, rate)
    expected = np.zeros(stop - first, np.float32)
    inside = slice(max(0, first), max(0, min(stop, whole.size)))
    if inside.stop > inside.start:
        expected[inside.start - first : inside.stop - first] = whole[inside]
    assert span.length == stop - first
    off = np.abs(span.samples[0] - expected)
    if FILES[name][1].startswith(("pcm", "flac")):
        assert off.max(initial=0) == 0
    elif off.size:
        # The codec fills in noise of its own (AAC), which may differ; a shift by one sample would move most of them.
        assert np.median(off) <= 0.005
        assert off.max() <= 0.1


_CACHE: dict[Path, npt.NDArray[np.float32]] = {}


def _whole(path: Path, rate: int) -> npt.NDArray[np.float32]:
    if path not in _CACHE:
        _CACHE[path] = read_sound(path, sample_rate=rate, channels=1).samples[0]
    return _CACHE[path]


@pytest.mark.parametrize("name", ["a.wav", "c.flac", "d.m4a", "g.mov"])
def test_a_late_span_is_sought(files: dict[str, Path], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("decoded from the start")

    monkeypatch.setattr(samples.SoundRun, "_from_start", refuse)
    assert read_sound(files[name], sample_rate=16_000, span=TimeRange(Fraction(26), Fraction(27))).length == 16_000


@pytest.mark.parametrize(("rate", "wanted"), [(44_100, 48_000), (48_000, 16_000), (8000, 48_000), (16_000, 16_000)])
def test_resampling_keeps_time_and_level(tmp_path: Path, rate: int, wanted: int) -> None:
    at = np.arange(2 * rate)
    wave = (0.5 * np.sin(2 * np.pi * 440 * at / rate)).astype(np.float32)[None]
    path = make_sound(tmp_path / "a.wav", wave, rate, "pcm_f32le", "wav")
    sound = read_sound(path, sample_rate=wanted)
    assert abs(sound.length - 2 * wanted) <= 1
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(sound.length) / wanted)
    assert np.abs(sound.samples[0] - expected)[200:-200].max() < 1e-3


def test_mono_is_the_mean(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "a.wav", tone(1, 48_000, 6), 48_000, "pcm_f32le", "wav", "5.1")
    every = read_sound(path, sample_rate=48_000)
    assert every.channels == 6
    mono = read_sound(path, sample_rate=48_000, channels=1)
    assert np.abs(mono.samples[0] - every.samples.mean(axis=0)).max() < 1e-6
    assert read_sound(path, sample_rate=48_000, channels=2).channels == 2


def test_mono_to_stereo_keeps_the_level(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "a.wav", tone(1, 8000), 8000, "pcm_f32le", "wav")
    stereo = read_sound(path, sample_rate=8000, channels=2)
    assert stereo.channels == 2
    assert np.array_equal(stereo.samples[0], stereo.samples[1])
    assert np.abs(stereo.samples[0] - tone(1, 8000)[0]).max() < 1e-6


@pytest.mark.parametrize("late", [Fraction(1, 4), Fraction(1)])
def test_sound_later_than_the_picture(tmp_path: Path, late: Fraction) -> None:
    wave = tone(1, 48_000)
    path = make(tmp_path / "a.mov", frames=60, sound=wave, sound_codec="pcm_s24le", sound_start=late)
    lead = int(late * 48_000)
    whole = read_sound(path, sample_rate=48_000).samples[0]
    assert whole.size == lead + wave.shape[1]
    assert not whole[:lead].any()
    assert np.abs(whole[lead:] - wave[0]).max() < 1e-6
    assert sound_duration(path) == late + 1
    blocks = list(sound_blocks(path, sample_rate=48_000, start=Fraction(-1, 2), duration=Fraction(3), block=1000))
    assert [block.length for block in blocks] == [1000] * 144
    heard = np.concatenate([block.samples[0] for block in blocks])
    lead += 24_000
    assert not heard[:lead].any()
    assert np.abs(heard[lead : lead + wave.shape[1]] - wave[0]).max() < 1e-6
    assert not heard[lead + wave.shape[1] :].any()


def test_sound_earlier_than_the_picture(tmp_path: Path) -> None:
    wave = tone(2, 48_000)
    pts = [6400 + 512 * n for n in range(30)]
    path = make(tmp_path / "a.mkv", pts=pts, options={"bf": "0"}, sound=wave, sound_codec="pcm_s24le")
    heard = np.concatenate([block.samples[0] for block in sound_blocks(path, sample_rate=48_000, duration=Fraction(1))])
    assert np.abs(heard - wave[0, 24_000:72_000]).max() < 1e-6
    assert read_sound(path, sample_rate=48_000).length == 96_000


def test_blocks_are_the_whole(files: dict[str, Path]) -> None:
    whole = _whole(files["d.m4a"], 16_000)
    blocks = list(
        sound_blocks(
            files["d.m4a"], sample_rate=16_000, channels=1, duration=Fraction(31), block=7777, start=Fraction(0)
        )
    )
    assert all(block.length == 7777 for block in blocks[:-1])
    heard = np.concatenate([block.samples[0] for block in blocks])
    assert heard.size == 31 * 16_000
    assert np.array_equal(heard[: whole.size], whole[: heard.size])


def test_gaps_are_silence(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    wave = tone(1, 48_000)[0]
    with av.open(str(path), "w") as container:
        track = container.add_stream("pcm_s16le", 48_000, layout="mono")
        assert isinstance(track, av.AudioStream)
        for begin in [*range(0, 9600, 960), *range(19_200, 28_800, 960)]:
            frame = av.AudioFrame.from_ndarray(wave[None, begin : begin + 960].copy(), "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = 48_000, begin, Fraction(1, 48_000)
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    sound = read_sound(path, sample_rate=48_000).samples[0]
    assert abs(sound.size - 28_800) <= 48
    assert np.abs(sound[:9600] - wave[:9600]).max() < 1e-4
    assert not sound[9648:19_150].any()
    assert np.abs(sound[-9600:] - wave[19_200:28_800]).max() < 1e-4


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_sample_that_is_not_a_number(tmp_path: Path, bad: float) -> None:
    wave = tone(3, 8000)
    wave[0, 12_000] = bad
    path = tmp_path / "a.wav"
    soundfile.write(path, wave.T, 8000, subtype="FLOAT")
    with pytest.raises(MediaError, match=r"not a number .* at 1\.500 s"):
        read_sound(path, sample_rate=16_000)
    assert read_sound(path, sample_rate=8000, span=TimeRange(Fraction(0), Fraction(1))).length == 8000


@pytest.mark.parametrize(("rate", "layout"), [(48_000, "mono"), (44_100, "stereo")])
def test_a_broadcast_that_changes_its_sound_midway(tmp_path: Path, rate: int, layout: str) -> None:
    """Channels and rate stay those of the beginning; what is heard stays."""
    parts = [(48_000, "stereo", 300), (rate, layout, 500), (48_000, "stereo", 300)]
    whole = b""
    for number, (hertz, name, pitch) in enumerate(parts):
        one = (0.3 * np.sin(2 * np.pi * pitch * np.arange(hertz) / hertz)).astype(np.float32)
        wave = np.repeat(one[None], 1 if name == "mono" else 2, axis=0)
        whole += make_sound(tmp_path / f"{number}.aac", wave, hertz, "aac", "adts", name).read_bytes()
    (tmp_path / "changes.aac").write_bytes(whole)
    sound = read_sound(tmp_path / "changes.aac", sample_rate=48_000)
    assert sound.channels == 2
    assert float(sound.duration) == pytest.approx(3, abs=0.2)
    for at, pitch in ((0.5, 300), (1.5, 500), (2.6, 300)):
        for part in sound.samples[:, round(48_000 * at) : round(48_000 * at) + 12_000]:
            assert np.argmax(np.abs(np.fft.rfft(part))) * 4 == pytest.approx(pitch, abs=4)


def test_no_sound(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mp4", frames=3)
    with pytest.raises(MediaError, match="has no sound"):
        read_sound(path, sample_rate=16_000)
    with pytest.raises(MediaError, match="has no sound"):
        next(sound_blocks(path, sample_rate=16_000, duration=Fraction(1)))


def test_a_track_that_is_not_there(files: dict[str, Path]) -> None:
    with pytest.raises(MediaError, match="no sound track 3"):
        read_sound(files["a.wav"], sample_rate=16_000, stream=3)


def test_an_empty_sound(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros((0, 1), np.float32), 8000)
    with pytest.raises(MediaError):
        read_sound(path, sample_rate=8000)


def test_nothing_is_printed(files: dict[str, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "broken.mp3"
    data = bytearray(files["e.mp3"].read_bytes())
    data[20_000:21_000] = os.urandom(1000)
    path.write_bytes(data)
    sound = read_sound(path, sample_rate=22_050)
    assert abs(float(sound.duration) - LENGTH) < 1
    assert capfd.readouterr() == ("", "")
