from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dubkit import schema
from dubkit.errors import RecordError
from dubkit.timing import FrameRange, TimeRange

MANY = FrameRange(0, 2)
NONE = FrameRange(4, 4)
SECOND = TimeRange(Fraction(0), Fraction(1))


def sound(*samples: float) -> schema.Waveform:
    return schema.Waveform(np.array([samples], np.float32), 8000)


def track(**changes: Any) -> schema.FaceTrack:
    values: dict[str, Any] = {
        "index": 7,
        "shot": 0,
        "frames": MANY,
        "boxes": np.zeros((2, 4), np.float32),
        "landmarks": np.zeros((2, 5, 2), np.float32),
        "scores": np.zeros(2, np.float32),
        "visible": np.ones(2, np.bool_),
        "yaw": np.zeros(2, np.float32),
    }
    return schema.FaceTrack(**{**values, **changes})


def clip(start: int, stop: int) -> schema.Clip:
    return schema.Clip(f"c{start}", Path("a.mov"), SECOND, FrameRange(start, stop))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: schema.Waveform(np.zeros(4, np.float32), 8000), r"float32 \(channels, n\), not float32 \(4,\)"),
        (lambda: schema.Waveform(np.zeros((1, 4)), 8000), "not float64"),  # type: ignore[arg-type]
        (lambda: schema.Waveform(np.zeros((0, 4), np.float32), 8000), r"not float32 \(0, 4\)"),
        (lambda: schema.Waveform(np.zeros((1, 4), np.float32), 0), "0 Hz does not exist"),
        (lambda: sound(0, 0, float("nan"), 0), "not a number .* at 0.000 s; export the sound again"),
        (lambda: sound(*[0.0] * 8000, float("inf")), "at 1.000 s"),
        (lambda: schema.MelSpectrogram(np.zeros((79, 3), np.float32), schema.MelSettings()), "80 bands cannot be"),
        (lambda: schema.Cue(-1, SECOND, "x"), "cannot have the number -1"),
        (lambda: schema.Face(np.zeros(4, np.float32), np.zeros((5, 2), np.float32), 1.0), "no area"),
        (lambda: schema.Face(np.zeros(3, np.float32), np.zeros((5, 2), np.float32), 1.0), r"not \(3,\)"),
        (lambda: track(yaw=np.zeros(3, np.float32)), r"yaw of face track 7 should be \(2,\), not \(3,\)"),
        (lambda: track(covered=np.ones(3, np.bool_)), r"covered of face track 7 should be \(2,\), not \(3,\)"),
        (lambda: track(embedding=np.zeros((1, 2), np.float32)), r"needs signatures \(k, m\) and an embedding \(d,\)"),
        (lambda: track(frames=NONE), "face track 7 has no frames"),
        (lambda: schema.FaceCrops(np.zeros((1, 4, 5, 3), np.float32), ()), r"\(n, size, size, 3\)"),
        (lambda: schema.FaceCrops(np.zeros((1, 4, 4, 3), np.float32), ()), "1 face crops need as many regions, not 0"),
        (lambda: schema.Region(3, 0, 3, 5), "has no area"),
        (lambda: schema.Region(0, 0, 4, 4).inside(0, 9), "has no area"),
        (lambda: schema.Shot(3, NONE), "shot 3 has no frames"),
        (lambda: schema.Scene(()), "at least one shot"),
        (lambda: schema.Span(2, 0, 0, NONE), "a span of line 2 has no frames"),
        (
            lambda: schema.TimelineTrack("V1", schema.TrackKind.VIDEO, (clip(0, 5), clip(4, 9))),
            "clips 'c0' and 'c4' overlap on track 'V1'",
        ),
        (lambda: schema.DubJob(Path("a"), Path("b")), "either a voice or a text-to-speech engine"),
        (lambda: schema.DubJob(Path("a"), Path("b"), voice=Path("v"), tts="espeak"), "either a voice or"),
        (lambda: schema.DubJob(Path("a"), Path("b"), tts="espeak"), "needs subtitles to read"),
        (lambda: schema.DubJob(Path("a"), Path("b"), voice=Path("v"), version=99), "of version 99, this dubkit reads"),
    ],
)
def test_contradictions_are_refused_in_words(make: Any, words: str) -> None:
    with pytest.raises(RecordError, match=words):
        make()


@pytest.mark.parametrize(("change", "words"), [({"width": 0}, "0x2 pixels"), ({"rotation": 45}, "not a quarter turn")])
def test_pictures_no_file_has_are_refused(change: dict[str, int], words: str) -> None:
    from dubkit.timing import FrameRate

    usual = schema.VideoInfo(
        2,
        2,
        schema.PixelFormat("gray", schema.ColourFamily.GRAY, 8),
        schema.ColourTags(),
        FrameRate.of(25),
        Fraction(1, 25),
        Fraction(0),
        Fraction(1),
        25,
        "ffv1",
    )
    with pytest.raises(RecordError, match=words):
        dataclasses.replace(usual, **change)  # type: ignore[arg-type]


def test_records_print_shapes_and_not_contents() -> None:
    frame = schema.Frame(
        3,
        0,
        (np.zeros((4, 6), np.uint8),),
        schema.PixelFormat("gray", schema.ColourFamily.GRAY, 8),
        schema.ColourTags(),
    )
    mel = schema.MelSpectrogram(np.zeros((80, 3), np.float32), schema.MelSettings())
    for record, words in (
        (sound(*[0.0] * 8000), "Waveform(1 x 8000 at 8000 Hz, 1.000 s)"),
        (mel, "MelSpectrogram(80 bands x 3 steps)"),
        (frame, "Frame(3, 6x4 gray)"),
        (track(), "FaceTrack(7, shot 0, frames 0..1, 2 visible)"),
    ):
        assert repr(record) == words


def test_a_face_track_fills_in_what_is_not_known_and_may_be_cut() -> None:
    whole = track(covered=np.array([False, True]), pitch=np.array([1, 2], np.float32))
    assert np.isnan(whole.sharpness).all()
    assert not track().covered.any()
    part = whole.part(FrameRange(MANY.stop - 1, MANY.stop))
    assert (len(part.frames), part.covered.tolist(), part.pitch.tolist()) == (1, [True], [2])
    with pytest.raises(RecordError, match="lasts for"):
        whole.part(FrameRange(MANY.start, MANY.stop + 1))


def test_a_line_spans_cue_and_voice_only_where_they_meet() -> None:
    cue = schema.Cue(1, TimeRange(Fraction(10), Fraction(12)), "x")
    voice = schema.SoundClip(Path("v.wav"), TimeRange(Fraction(5), Fraction(8)))
    assert schema.Line(cue, voice, Fraction(11)).span == TimeRange(Fraction(10), Fraction(14))
    assert schema.Line(cue, voice, Fraction(20)).span == TimeRange(Fraction(20), Fraction(23))


def test_mono_is_the_mean_and_one_channel_stays_itself() -> None:
    stereo = schema.Waveform(np.array([[0.5, 0], [0.25, 1]], np.float32), 8000)
    np.testing.assert_array_equal(stereo.mono().samples, np.array([[0.375, 0.5]], np.float32))
    assert stereo.mono().mono().samples.shape == (1, 2)
    one = sound(1)
    assert one.mono() is one


def test_mel_steps_per_second_are_derived() -> None:
    assert schema.MelSettings().steps_per_second == 80
    assert schema.MelSettings(sample_rate=22_050, hop=256).steps_per_second == Fraction(22_050, 256)


def test_a_region_inside_a_frame_is_cut_to_it() -> None:
    region = schema.Region(-3, 2, 10, 20)
    assert region.inside(8, 9) == schema.Region(0, 2, 8, 9)
    assert (region.width, region.height) == (13, 18)


def test_a_report_counts_what_changed_and_what_failed() -> None:
    done = schema.LineReport(1, SECOND, "a", "", schema.LineStatus.SYNCED, frames=(FrameRange(0, 5), FrameRange(9, 10)))
    failed = schema.LineReport(2, SECOND, "b", "", schema.LineStatus.FAILED)
    report = schema.DubReport(Path("o"), "de", 10, "25", "d", "m", "cpu", 1, (done, failed))
    assert done.changed == 6
    assert report.failed == (failed,)
