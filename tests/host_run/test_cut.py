"""A clip becomes a film of exactly the frames that the timeline shows."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import floor
from pathlib import Path

import numpy as np
import pytest

from dubkit.errors import InputError
from dubkit.host_run_cut import check_clip, cut_clip
from dubkit.host_run_job import HostClip
from dubkit.media import measure_times, probe, read_frames, read_sound
from dubkit.timing import FrameRate, TimeRange, sample_count
from tests.numbered import number_of, write_numbered

RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(50), Fraction(60000, 1001)]


def clip_of(path: Path, rate: Fraction, start: Fraction, frames: int, at: int = 100) -> HostClip:
    return HostClip("k", "clip", at, at + frames, path, start, start + frames / rate)


def numbers(path: Path) -> list[int]:
    return [number_of(frame) for frame in read_frames(path)]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[Fraction, Path]:
    folder = tmp_path_factory.mktemp("films")
    return {rate: write_numbered(folder / f"{float(rate):.3f}.mkv", 160, rate) for rate in RATES}


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{float(rate):.3f}")
def test_at_its_own_rate_each_frame_is_taken_once(films: dict[Fraction, Path], tmp_path: Path, rate: Fraction) -> None:
    film = cut_clip(clip_of(films[rate], rate, 60 / rate, 71), FrameRate(rate), tmp_path / "cut.mp4")
    assert numbers(film.path) == list(range(60, 131))
    times = measure_times(film.path)
    assert (len(times), times.duration) == (71, 71 / rate)
    assert not film.notes


@pytest.mark.parametrize("off", [Fraction(-1, 3), Fraction(-1, 1_000_000), Fraction(1, 1_000_000), Fraction(1, 3)])
def test_a_start_that_is_rounded_costs_no_frame(films: dict[Fraction, Path], tmp_path: Path, off: Fraction) -> None:
    rate = RATES[0]
    film = cut_clip(clip_of(films[rate], rate, (60 + off) / rate, 20), FrameRate(rate), tmp_path / "cut.mp4")
    assert numbers(film.path) == list(range(60, 80))


@pytest.mark.parametrize("source", RATES, ids=lambda rate: f"{float(rate):.3f}")
@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{float(rate):.3f}")
def test_at_another_rate_it_is_the_frame_the_source_shows_then(
    films: dict[Fraction, Path], tmp_path: Path, source: Fraction, rate: Fraction
) -> None:
    frames = 37
    film = cut_clip(clip_of(films[source], rate, Fraction(1), frames), FrameRate(rate), tmp_path / "cut.mp4")
    wanted = [floor((1 + (index + Fraction(1, 2)) / rate) * source) for index in range(frames)]
    assert numbers(film.path) == wanted
    assert len(measure_times(film.path)) == frames
    assert bool(film.notes) == (len(set(wanted)) != frames or wanted[-1] - wanted[0] != frames - 1)


def test_24_shown_frame_for_frame_at_23_976_is_no_retime(films: dict[Fraction, Path], tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "long.mkv", 1600, 24, codec="ffv1")
    clip = HostClip("k", "clip", 0, 1500, path, Fraction(0), Fraction(1500, 24))
    film = cut_clip(clip, FrameRate(RATES[0]), tmp_path / "cut.mp4")
    assert numbers(film.path) == list(range(1500))


def test_the_sound_is_the_sources_at_that_time_and_as_long(films: dict[Fraction, Path], tmp_path: Path) -> None:
    rate = RATES[3]
    film = cut_clip(clip_of(films[rate], rate, Fraction(3, 2), 60), FrameRate(rate), tmp_path / "cut.mp4")
    sound = read_sound(film.path, sample_rate=48_000, span=TimeRange(Fraction(0), 60 / rate))
    assert sound.length == sample_count(60 / rate, 48_000)
    whole = read_sound(films[rate], sample_rate=48_000, span=TimeRange(Fraction(3, 2), Fraction(3, 2) + 60 / rate))
    assert np.abs(sound.samples - whole.samples[:, : sound.length]).max() < 2 / 32768
    assert sound.samples[0, 23_000] == pytest.approx(0.02, abs=1e-3)
    assert sound.samples[0, 25_000] == pytest.approx(0.03, abs=1e-3)


@pytest.mark.parametrize(
    ("codec", "pixel_format", "tags"),
    [
        ("ffv1", "yuv422p10le", (9, 16, 9)),
        ("ffv1", "yuv444p16le", (1, 1, 1)),
        ("ffv1", "gbrp12le", (1, 1, 0)),
        ("libx264", "yuv420p10le", (1, 1, 1)),
        ("ffv1", "gray16le", (1, 1, 1)),
    ],
)
def test_no_bit_and_no_tag_is_lost(tmp_path: Path, codec: str, pixel_format: str, tags: tuple[int, int, int]) -> None:
    path = write_numbered(tmp_path / "film.mkv", 30, 25, codec=codec, pixel_format=pixel_format, tags=tags)
    film = cut_clip(clip_of(path, Fraction(25), Fraction(10, 25), 15), FrameRate(Fraction(25)), tmp_path / "cut.mp4")
    before, after = probe(path).video, probe(film.path).video
    assert before is not None
    assert after is not None
    assert after.pixel_format == before.pixel_format
    assert after.colour == before.colour
    for old, new in zip(list(read_frames(path))[10:25], read_frames(film.path), strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(old.planes, new.planes, strict=True))


def test_a_film_without_sound_stays_without(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "film.mkv", 30, 25, sound=False)
    film = cut_clip(clip_of(path, Fraction(25), Fraction(0), 30), FrameRate(Fraction(25)), tmp_path / "cut.mp4")
    assert probe(film.path).audio == ()


def test_what_cannot_be_done_says_why(films: dict[Fraction, Path], tmp_path: Path) -> None:
    rate, path = Fraction(25), films[Fraction(25)]
    good = clip_of(path, rate, Fraction(1), 50)
    for bad, word in (
        (replace(good, source_end=good.source_start - 1), "plays backwards"),
        (replace(good, source_end=good.source_start + 4), "plays at 200 %"),
        (replace(good, start=-1), "no place"),
        (replace(good, end=good.start), "no place"),
        (
            replace(good, source_start=Fraction(6), source_end=Fraction(8)),
            "seconds 6.000 to 8.000 of a source of 6.400",
        ),
        (replace(good, source_start=Fraction(-1), source_end=Fraction(1)), "of a source"),
        (replace(good, source=tmp_path / "gone.mov"), "does not exist"),
    ):
        with pytest.raises(InputError, match=word):
            check_clip(bad, FrameRate(rate))
    check_clip(good, FrameRate(rate))


def test_a_still_image_is_no_film(tmp_path: Path) -> None:
    import cv2

    path = tmp_path / "still.png"
    cv2.imwrite(str(path), np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(InputError, match="still image"):
        check_clip(clip_of(path, Fraction(25), Fraction(0), 10), FrameRate(Fraction(25)))


def test_a_varying_rate_is_put_on_the_timelines_grid(tmp_path: Path) -> None:
    times = [0, 1500, 5000, 6000, 9000, 12_500, 13_000, 20_000]
    path = write_numbered(tmp_path / "vfr.mkv", 8, 25, codec="ffv1", times=times, sound=False)
    clip = HostClip("k", "clip", 0, 20, path, Fraction(0), Fraction(20, 25))
    film = cut_clip(clip, FrameRate(Fraction(25)), tmp_path / "cut.mp4")
    wanted = [max(n for n, at in enumerate(times) if at <= index * 1000 + 500) for index in range(20)]
    assert numbers(film.path) == wanted
