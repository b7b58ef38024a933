"""Patches: laid over the original, they give the master."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import soundfile

import dubkit
from dubkit.blending import BlendSettings
from dubkit.errors import InputError, MissingDependencyError, RecordError
from dubkit.lipsync import LipModel
from dubkit.media import measure_times, probe, read_frames, turned_frame
from dubkit.media.pixels import describe_format
from dubkit.patch_timeline import Grid, PatchClip, patch_timeline, write_timelines
from dubkit.patches import PatchClips
from dubkit.render import RenderSettings, render_spans
from dubkit.schema import (
    AudioInfo,
    ColourFamily,
    ColourTags,
    DubJob,
    Frame,
    LineStatus,
    MediaInfo,
    Span,
    TrackKind,
    VideoInfo,
)
from dubkit.timing import FrameRange, FrameRate, FrameTimes
from dubkit_cli.main import run
from tests.films import OneFace, write_talk
from tests.test_render import Painter, listen, track, whom

RATE = FrameRate.of(25)
TIMES = FrameTimes.constant(40, RATE)
WIDTH, HEIGHT = 128, 120
SPANS = [Span(3, 0, 0, FrameRange(5, 17)), Span(3, 0, 0, FrameRange(20, 30)), Span(7, 1, 0, FrameRange(12, 26))]
TRACKS = [track(0, 0, 40), track(1, 0, 40, left=65)]


def picture(name: str = "yuv420p", rotation: int = 0, timecode: str = "01:00:00:00") -> VideoInfo:
    layout = describe_format(name)
    colour = ColourTags(1, 1, 0 if layout.family is ColourFamily.RGB else 1, layout.family is ColourFamily.RGB)
    return VideoInfo(
        WIDTH, HEIGHT, layout, colour, RATE, 1 / RATE.fps, Fraction(0), Fraction(40, 25), 40, "ffv1",
        rotation=rotation, start_timecode=timecode,
    )  # fmt: skip


def frames_of(video: VideoInfo) -> Iterator[Frame]:
    """As they are looked at."""
    rng, layout = np.random.default_rng(0), video.pixel_format
    top, dtype = (1 << layout.bits) - 1, np.uint8 if layout.bits == 8 else np.uint16
    small = (HEIGHT >> layout.log2_height, WIDTH >> layout.log2_width)
    shapes = [(HEIGHT, WIDTH, 3)] if layout.name == "rgb24" else [(HEIGHT, WIDTH), small, small]
    for index in range(40):
        planes = tuple(rng.integers(top // 3, 2 * top // 3, shape).astype(dtype) for shape in shapes)
        yield turned_frame(Frame(index, index, planes, layout, video.colour), video.rotation)


def make(
    folder: Path, form: str, video: VideoInfo, breaks_at: float = np.inf
) -> tuple[list[Frame], PatchClips, list[Span]]:
    """The master's frames as they are looked at, the patches, and the spans that failed."""
    job = DubJob(Path("film.mov"), None, "es", subtitles=Path("es.srt"), voice=Path("es.wav"), patches=folder,
                 patch_format=form)  # fmt: skip
    failed: list[Span] = []
    master: list[Frame] = []
    times = FrameTimes.constant(40, video.rate)
    with PatchClips(job, video, times, SPANS, Grid(video, times)) as clips:

        def fail(span: Span, error: Exception) -> None:
            failed.append(span)
            clips.fail(span)

        plain = BlendSettings(match_colour=False, match_detail=False)
        rendered = render_spans(
            frames_of(video), SPANS, TRACKS, cast("LipModel", Painter(breaks_at=breaks_at)), listen, whom,
            RenderSettings(window_frames=8, blend=plain), fail,
        )  # fmt: skip
        for item in rendered:
            clips.take(item)
            master.append(item.frame)
    return master, clips, failed


def laid_over(frame: Frame, patch: Frame) -> Frame:
    """As any compositor does it, in floating point, rounded at the end."""
    opacity = patch.planes[-1] / ((1 << patch.pixel_format.bits) - 1)
    planes: list[npt.NDArray[Any]] = []
    over = list(patch.planes[: min(3, len(frame.planes))])
    if frame.pixel_format.name == "rgb24":
        over = [np.stack([patch.planes[channel] for channel in (2, 0, 1)], axis=2)]
    for old, new in zip(frame.planes, over, strict=True):
        down, across = opacity.shape[0] // old.shape[0], opacity.shape[1] // old.shape[1]
        share = opacity.reshape(old.shape[0], down, old.shape[1], across).mean(axis=(1, 3))
        share = share if old.ndim == 2 else share[..., None]
        planes.append(np.rint(old + share * (new.astype(np.float64) - old)).astype(old.dtype))
    return replace(frame, planes=tuple(planes))


@pytest.mark.parametrize("name", ["yuv420p", "yuv422p10le", "yuv444p", "rgb24"])
def test_laid_over_the_original_they_give_the_master(name: str, tmp_path: Path) -> None:
    video = picture(name)
    master, clips, failed = make(tmp_path, "ffv1", video)
    assert failed == []
    assert [clip.path.name for clip in clips.clips] == [
        "film.es.0003.face0.mkv",
        "film.es.0007.face1.mkv",
        "film.es.0003.face0-2.mkv",
    ]
    assert clips.notes == ()
    result = list(frames_of(video))
    seen = np.zeros((40, HEIGHT, WIDTH), bool)
    for clip in clips.clips:
        stored = probe(clip.path).video
        assert stored is not None
        assert stored.pixel_format.alpha
        assert (stored.colour.primaries, stored.colour.transfer) == (1, 1)
        assert stored.colour.matrix == video.colour.matrix
        assert stored.start_timecode == f"01:00:00:{clip.span.frames.start:02}"
        patches = list(read_frames(clip.path))
        assert len(patches) == len(clip.span.frames)
        for index, patch in zip(clip.span.frames.indices, patches, strict=True):
            result[index] = laid_over(result[index], patch)
            seen[index] |= patch.planes[-1] > 0
    step = 1 << (video.pixel_format.bits - 8)
    for index, (made, wanted, before) in enumerate(zip(result, master, frames_of(video), strict=True)):
        outside = ~seen[index]
        assert outside.all() != any(index in span.frames for span in SPANS)
        np.testing.assert_array_equal(made.planes[0][outside], before.planes[0][outside])
        np.testing.assert_array_equal(wanted.planes[0][outside], before.planes[0][outside])
        for one, other in zip(made.planes, wanted.planes, strict=True):
            assert np.abs(one.astype(int) - other).max() <= step


def test_prores_has_opacity_and_no_frame_is_lost(tmp_path: Path) -> None:
    master, clips, _ = make(tmp_path, "prores", picture())
    before = list(frames_of(picture()))
    for clip in clips.clips:
        stored = probe(clip.path).video
        assert stored is not None
        assert (clip.path.suffix, stored.codec, stored.pixel_format.alpha) == (".mov", "prores", True)
        assert stored.frame_count == len(clip.span.frames)
        assert stored.rate == RATE
        for index, patch in zip(clip.span.frames.indices, read_frames(clip.path), strict=True):
            share = patch.planes[3] / ((1 << patch.pixel_format.bits) - 1)
            luma = patch.planes[0] / (1 << (patch.pixel_format.bits - 8))
            laid = before[index].planes[0] + share * (luma - before[index].planes[0])
            changed = share > 0
            others = [span for span in SPANS if index in span.frames]
            if len(others) == 1:
                assert np.abs(laid - master[index].planes[0])[changed].mean() < 2
                np.testing.assert_array_equal(np.rint(laid)[~changed], master[index].planes[0][~changed])


@pytest.mark.parametrize("form", ["prores", "ffv1"])
@pytest.mark.parametrize(
    ("fps", "start", "first"),
    [
        ("24000/1001", "01:00:00:00", "01:00:00:05"),
        ("30000/1001", "00:00:59;28", "00:01:00;05"),
        ("30000/1001", "00:00:59:28", "00:01:00:03"),
        ("50", "00:00:59:48", "00:01:00:03"),
        ("60000/1001", "00:00:59;58", "00:01:00;07"),
    ],
)
def test_each_patch_carries_the_timecode_of_its_place(
    form: str, fps: str, start: str, first: str, tmp_path: Path
) -> None:
    rate = FrameRate(Fraction(fps))
    video = replace(picture(timecode=start), rate=rate, time_base=1 / rate.fps, duration=rate.seconds(40))
    clips = make(tmp_path, form, video)[1].clips
    stored = probe(clips[0].path).video
    assert stored is not None
    assert (stored.start_timecode, stored.rate) == (first, rate)
    assert len(measure_times(clips[0].path)) == len(clips[0].span.frames)


def test_full_frames_are_the_masters(tmp_path: Path) -> None:
    video = picture("yuv422p10le")
    master, clips, _ = make(tmp_path, "full", video)
    for clip in clips.clips:
        stored = probe(clip.path).video
        assert stored is not None
        assert stored.pixel_format == video.pixel_format
        for index, frame in zip(clip.span.frames.indices, read_frames(clip.path), strict=True):
            for one, other in zip(frame.planes, master[index].planes, strict=True):
                np.testing.assert_array_equal(one, other)


def test_a_turned_picture_has_turned_patches(tmp_path: Path) -> None:
    video = picture(rotation=90)
    master, clips, failed = make(tmp_path, "ffv1", video)
    assert failed == []
    clip = clips.clips[0]
    stored = probe(clip.path).video
    assert stored is not None
    assert (stored.rotation, stored.width, stored.height) == (90, WIDTH, HEIGHT)
    first = next(read_frames(clip.path, upright=True))
    made = laid_over(list(frames_of(video))[5], first)
    assert np.abs(made.planes[0].astype(int) - master[5].planes[0]).max() <= 1


def test_a_failed_span_leaves_no_patch(tmp_path: Path) -> None:
    _, clips, failed = make(tmp_path, "ffv1", picture(), breaks_at=0.21)
    assert {(span.line, span.frames.stop) for span in failed} == {(3, 30), (7, 26)}
    assert [clip.span for clip in clips.clips] == [SPANS[0]]
    assert [path.name for path in tmp_path.iterdir()] == ["film.es.0003.face0.mkv"]


def test_a_run_that_is_stopped_leaves_no_half_patch(tmp_path: Path) -> None:
    video = picture()
    job = DubJob(Path("film.mov"), None, "es", Path("es.srt"), Path("es.wav"), patches=tmp_path)
    with pytest.raises(KeyboardInterrupt), PatchClips(job, video, TIMES, SPANS, Grid(video, TIMES)) as clips:  # noqa: PT012
        rendered = render_spans(
            frames_of(video),
            SPANS,
            TRACKS,
            cast("LipModel", Painter()),
            listen,
            whom,
            RenderSettings(),
            lambda *_: None,
        )
        for item in rendered:
            clips.take(item)
            if item.frame.index == 8:
                raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_formats_without_opacity_come_as_whole_frames(tmp_path: Path) -> None:
    _, clips, _ = make(tmp_path, "ffv1", picture("yuv411p"))
    assert clips.notes == ("the patches are whole frames: no pixel format holds yuv411p and opacity",)
    assert not probe(clips.clips[0].path).video.pixel_format.alpha  # type: ignore[union-attr]


def test_a_grid_counts_frames_where_the_rate_is_constant_and_time_where_it_varies() -> None:
    video = replace(picture(), rate=FrameRate.of(29.97), start_timecode="00:59:59;28")
    # Matroska rounds to milliseconds, which is not yet a varying rate.
    rounded = FrameTimes(np.round(np.arange(100) * 1001 / 30).astype(np.int64), Fraction(1, 1000), 33)
    grid = Grid(video, rounded)
    assert (grid.varies, grid.length, grid.frames(FrameRange(10, 20))) == (False, 100, FrameRange(10, 20))
    assert [grid.timecode(frame) for frame in (0, 1, 2, 1802)] == [
        "00:59:59;28", "00:59:59;29", "01:00:00;00", "01:01:00;02",
    ]  # fmt: skip
    varying = FrameTimes(np.array([0, 33, 133, 167, 180]), Fraction(1, 1000), 33)
    grid = Grid(replace(video, rate=FrameRate.of(30)), varying)
    assert grid.varies
    assert [grid.frame(index) for index in range(5)] == [0, 1, 4, 5, 5]
    assert grid.frames(FrameRange(3, 4)) == FrameRange(5, 6)


def test_timecode_begins_anew_after_a_day_and_nonsense_counts_from_nothing() -> None:
    night = Grid(replace(picture(), start_timecode="23:59:59:20"), TIMES)
    assert [night.timecode(frame) for frame in (4, 5)] == ["23:59:59:24", "00:00:00:00"]
    odd = Grid(replace(picture(), start_timecode="00:00:00;00"), TIMES)  # there is no drop-frame at 25
    assert (odd.start_timecode, odd.timecode(3)) == ("", "00:00:00:03")


def test_spans_that_lie_at_one_time_lie_on_tracks_of_their_own(tmp_path: Path) -> None:
    job = DubJob(Path("film.mov"), None, "es", Path("es.srt"), Path("es.wav"), patches=tmp_path, deliver=tmp_path)
    sound = AudioInfo(1, "aac", 48_000, 2, "stereo", "en", Fraction(0), Fraction(2))
    spans = sorted(SPANS, key=lambda span: span.frames.start)
    clips = [PatchClip(span, tmp_path / f"{number}.mov") for number, span in enumerate(spans)]
    delivered = [tmp_path / f"film.es.{name}" for name in ("mix.wav", "dialogue.wav", "srt")]
    grid = Grid(picture(), TIMES)
    timeline = patch_timeline(
        job, MediaInfo(job.video, "mov", picture(), (sound,)), picture(), grid, clips, {}, delivered
    )
    told = [
        (track.name, track.kind, track.enabled, [clip.source.name for clip in track.clips]) for track in timeline.tracks
    ]
    assert told == [
        ("Original", TrackKind.VIDEO, True, ["film.mov"]),
        ("Lips es", TrackKind.VIDEO, True, ["0.mov", "2.mov"]),
        ("Lips es 2", TrackKind.VIDEO, True, ["1.mov"]),
        ("Original", TrackKind.AUDIO, False, ["film.mov"]),
        ("Dialogue es", TrackKind.AUDIO, True, ["film.es.dialogue.wav"]),
        ("Mix es", TrackKind.AUDIO, False, ["film.es.mix.wav"]),
        ("Subtitles es", TrackKind.SUBTITLE, True, ["film.es.srt"]),
    ]  # fmt: skip
    pytest.importorskip("otio_cmx3600_adapter", reason="the adapter is a package of its own")
    paths, notes = write_timelines(timeline, tmp_path, exact=True)
    assert [path.name for path in paths] == [
        *("film.es.otio", "film.es.resolve.otio"),
        *("film.es.edl", "film.es.2.edl", "film.es.fcpxml", "film.es.xml"),
    ]
    assert notes == ()
    paths, notes = write_timelines(timeline, tmp_path, exact=False)
    assert [path.name for path in paths] == ["film.es.otio", "film.es.resolve.otio", "film.es.fcpxml", "film.es.xml"]
    assert "the frame rate varies" in notes[0]


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A film of one face that the detector cannot miss, two cues, and a voice."""
    monkeypatch.setattr("dubkit.readiness.choose_detector", lambda *_, **__: (OneFace(), "made up"))
    folder = tmp_path / "given"
    folder.mkdir()
    write_talk(folder / "talk.mkv", seconds=2)
    cues = "1\n00:00:00,200 --> 00:00:00,800\nUno.\n\n2\n00:00:01,200 --> 00:00:01,800\nDos.\n"
    (folder / "es.srt").write_text(cues, "utf-8")
    (folder / "cast.toml").write_text('[cues]\n1 = "A"\n2 = "A"\n', "utf-8")  # its lips do not say that it speaks
    voice = 0.1 * np.random.default_rng(0).standard_normal(16_000 * 2)
    soundfile.write(folder / "es.wav", voice, 16_000)
    return folder


def test_patches_beside_the_master(talk: Path, tmp_path: Path) -> None:
    otio: Any = pytest.importorskip("opentimelineio", reason="timelines need OpenTimelineIO")
    report = dubkit.dub(
        talk / "talk.mkv", tmp_path / "es.mkv", subtitles=talk / "es.srt", voice=talk / "es.wav", language="es",
        codec="ffv1", patches=tmp_path / "out", patch_format="ffv1", cast=talk / "cast.toml",
    )  # fmt: skip
    assert [line.status for line in report.lines] == [LineStatus.SYNCED] * 2
    assert report.output == tmp_path / "es.mkv"
    assert report.timeline == tmp_path / "out" / "talk.es.otio"
    assert {path.name for path in report.delivered} == {path.name for path in (tmp_path / "out").iterdir()}
    master = list(read_frames(tmp_path / "es.mkv"))
    result = list(read_frames(talk / "talk.mkv"))
    lips = otio.adapters.read_from_file(str(report.timeline)).tracks[1]
    placed = [(clip.media_reference.target_url, clip.range_in_parent()) for clip in lips.find_clips()]
    assert [Path(url).name for url, _ in placed] == ["talk.es.0001.face0.mkv", "talk.es.0002.face0.mkv"]
    for url, lies in placed:
        for number, patch in enumerate(read_frames(Path(url))):
            index = int(lies.start_time.value) + number
            result[index] = laid_over(result[index], patch)
    for made, wanted in zip(result, master, strict=True):
        assert np.abs(made.planes[0].astype(int) - wanted.planes[0]).max() <= 1
    assert any((a.planes[0] != b.planes[0]).any() for a, b in zip(master, read_frames(talk / "talk.mkv"), strict=True))


def test_patches_instead_of_the_master(talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("opentimelineio", reason="timelines need OpenTimelineIO")
    arguments = ["dub", str(talk / "talk.mkv"), "--subtitles", str(talk / "es.srt"), "--voice", str(talk / "es.wav")]
    arguments += ["--language", "es", "--cast", str(talk / "cast.toml")]
    assert run(arguments) == 2
    assert "Missing option '-o' / '--output', or '--patches'" in capsys.readouterr().err
    out = tmp_path / "out"
    assert run([*arguments, "--patches", str(out), "--loudness", "ebu-r128"]) == 0
    assert capsys.readouterr().out.strip() == str(out / "talk.es.otio")
    assert {path.name for path in out.iterdir()} >= {
        "talk.es.0001.face0.mov", "talk.es.0002.face0.mov", "talk.es.dialogue.wav", "talk.es.me.wav", "talk.es.mix.wav",
        "talk.es.otio", "talk.es.resolve.otio", "talk.es.fcpxml", "talk.es.xml", "talk.es.srt",
    }  # fmt: skip


def test_what_cannot_be_is_said_before_any_work(talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    voice = talk / "es.wav"
    still = tmp_path / "still.png"
    cv2.imwrite(str(still), np.zeros((96, 96, 3), np.uint8))
    with pytest.raises(InputError, match="is one picture, and patches lie over a film"):
        dubkit.sync_lips(still, voice, tmp_path / "es.mkv", patches=tmp_path / "out")
    with pytest.raises(RecordError, match="patches cannot be 'gif'"):
        dubkit.sync_lips(still, voice, tmp_path / "es.mkv", patches=tmp_path / "out", patch_format="gif")
    with pytest.raises(RecordError, match="needs a file to write or a folder for patches"):
        dubkit.dub(talk / "talk.mkv", None, subtitles=talk / "es.srt", voice=voice)
    monkeypatch.setitem(sys.modules, "opentimelineio", None)
    with pytest.raises(MissingDependencyError, match="a timeline needs the package opentimelineio"):
        dubkit.dub(talk / "talk.mkv", None, subtitles=talk / "es.srt", voice=voice, patches=tmp_path / "out")
    assert not (tmp_path / "out").exists()
