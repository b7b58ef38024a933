from __future__ import annotations

import dataclasses
import os
import resource
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from dubkit.errors import MediaError, OutputError
from dubkit.media import (
    MasterWriter,
    SoundTrack,
    WriteSettings,
    measure_times,
    probe,
    read_frames,
    read_sound,
    sound_blocks,
    turned_frame,
    turned_video,
    write_wav,
)
from dubkit.media.pixels import plane_format
from dubkit.schema import ColourFamily, ColourTags, Frame, VideoInfo, Waveform
from dubkit.timing import FrameRate, FrameTimes
from tests.media.test_probe import still
from tests.media.zoo import frame_of, make, make_sound, tone

FAST = WriteSettings(preset="ultrafast")
LOSSLESS = WriteSettings(preset="ultrafast", quality=0)
VFR = [0, 512, 700, 1900, 1901, 4000, 4512, 9000, 9500, 10_012]


def video_of(path: Path) -> VideoInfo:
    video = probe(path).video
    assert video is not None
    return video


def made_up(name: str, size: tuple[int, int] = (64, 48), **changes: Any) -> VideoInfo:
    """A picture record for frames that come from no file."""
    video = VideoInfo(
        width=size[0],
        height=size[1],
        pixel_format=plane_format(name),
        colour=ColourTags(1, 1, 1, False),
        rate=FrameRate.of(25),
        time_base=Fraction(1, 12_800),
        start=Fraction(0),
        duration=Fraction(0),
        frame_count=0,
        codec="",
    )
    return dataclasses.replace(video, **changes)


def frames_for(video: VideoInfo, count: int = 10) -> list[Frame]:
    size = (video.width, video.height)
    step = round(1 / (video.rate.fps * video.time_base))
    return [frame_of(video.pixel_format.name, *size, n, n * step, video.colour) for n in range(count)]


def written(path: Path, video: VideoInfo, frames: Iterable[Frame], **options: Any) -> MasterWriter:
    with MasterWriter(path, video, **({"settings": FAST} | options)) as writer:
        for frame in frames:
            writer.write_frame(frame)
    assert list(path.parent.glob(".*part*")) == []
    return writer


def equal_planes(one: Frame, other: Frame) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one.planes, other.planes, strict=True))


def seconds(times: FrameTimes) -> list[Fraction]:
    return [times.seconds(frame) for frame in range(len(times))]


def average_rate(path: Path) -> Fraction | None:
    with av.open(str(path)) as container:
        return container.streams.video[0].average_rate


def raw_times(path: Path) -> list[int]:
    return [frame.pts for frame in read_frames(path)]


@pytest.mark.parametrize(
    ("name", "ending", "encoder"),
    [
        ("yuv420p", ".mp4", "libx264"), ("yuv422p10le", ".mov", "libx264"), ("yuv444p", ".mkv", "libx264"),
        ("yuv420p10le", ".mp4", "libx264"), ("gray", ".mp4", "libx264"), ("gbrp", ".mkv", "libx264rgb"),
        ("rgb24", ".mkv", "libx264rgb"), ("gbrp", ".mov", "libx264rgb"), ("yuv420p12le", ".mkv", "libx265"),
        ("gbrp10le", ".mp4", "libx265"), ("yuva420p", ".mkv", "ffv1"), ("gbrap", ".mkv", "ffv1"),
        ("gray16le", ".mkv", "ffv1"), ("yuv444p16le", ".mkv", "ffv1"), ("yuv444p10le", ".avi", "ffv1"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("full", [False, True])
def test_lossless_masters_give_every_value_back(
    tmp_path: Path, name: str, ending: str, encoder: str, full: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    video = made_up(name, colour=ColourTags(1, 1, 1, full))
    frames = frames_for(video)
    path = tmp_path / f"out{ending}"
    writer = written(path, video, frames, settings=LOSSLESS)
    assert writer.encoder == encoder
    assert writer.notes == ()
    read = list(read_frames(path))
    assert len(read) == len(frames)
    for before, after in zip(frames, read, strict=True):
        if before.pixel_format.family is ColourFamily.GRAY:
            assert np.array_equal(before.planes[0], after.planes[0])
        elif before.pixel_format.name == after.pixel_format.name:
            assert equal_planes(before, after)
        else:  # packed or planar, it is the same RGB
            assert np.array_equal(rgb(before), rgb(after))
    assert capfd.readouterr() == ("", "")


def rgb(frame: Frame) -> npt.NDArray[Any]:
    assert frame.pixel_format.family is ColourFamily.RGB
    if len(frame.planes) == 1:
        return frame.planes[0]
    green, blue, red, *alpha = frame.planes
    return np.stack([red, green, blue, *alpha], axis=2)


@pytest.mark.parametrize("codec", ["ffv1", "libx264", "libx265", "libvpx-vp9", "utvideo", "rawvideo"])
def test_every_lossless_codec(tmp_path: Path, codec: str) -> None:
    video = made_up("yuv422p")
    ending = ".avi" if codec in {"utvideo", "rawvideo"} else ".mkv"
    frames = frames_for(video, 6)
    written(tmp_path / f"a{ending}", video, frames, settings=WriteSettings(codec=codec, quality=0, preset="ultrafast"))
    assert all(equal_planes(a, b) for a, b in zip(frames, read_frames(tmp_path / f"a{ending}"), strict=True))


SOURCES: dict[str, dict[str, Any]] = {
    "plain.mp4": {},
    "b-frames.mp4": {"frames": 60, "options": {"bf": "3"}},
    "vfr.mp4": {"pts": VFR},
    "late.mp4": {"pts": [512 * n for n in range(9, 40)]},
    "ntsc.mov": {"rate": Fraction(24_000, 1001), "time_base": Fraction(1, 24_000), "timecode": "01:00:00:00"},
    "drop.mov": {"rate": Fraction(30_000, 1001), "time_base": Fraction(1, 30_000), "timecode": "00:59:59;28"},
    "micro.mp4": {
        "pts": [33_333 * n + n // 3 for n in range(30)],
        "time_base": Fraction(1, 10**6),
        "rate": Fraction(30),
    },
    "ten bits.mov": {"name": "yuv422p10le", "colour": ColourTags(9, 16, 9, False)},
    "full range.mp4": {"colour": ColourTags(1, 13, 6, True)},
    "odd.mp4": {"name": "yuv444p", "size": (63, 47)},
    "turned.mp4": {"rotation": 90},
    "prores.mov": {"codec": "prores_ks", "name": "yuv422p10le"},
    "hevc.mp4": {"codec": "libx265", "name": "yuv420p10le", "options": {"x265-params": "log-level=none"}},
    "av1.mp4": {"codec": "libx264"},
    "one frame.mp4": {"frames": 1},
    "two frames.mp4": {"frames": 2},
    "mpeg4.avi": {"codec": "mpeg4", "time_base": Fraction(1, 25)},
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_copy_has_the_properties_of_the_source(tmp_path: Path, name: str) -> None:
    source = make(tmp_path / name, **SOURCES[name])
    video = video_of(source)
    path = tmp_path / f"copy{source.suffix}"
    writer = written(path, video, read_frames(source), source=source)
    copy = video_of(path)
    assert writer.notes == ()
    for field in ("width", "height", "pixel_format", "rotation", "sample_aspect", "start_timecode", "codec"):
        assert getattr(copy, field) == getattr(video, field), field
    assert dataclasses.replace(copy.colour, full_range=bool(copy.colour.full_range)) == dataclasses.replace(
        video.colour, full_range=bool(video.colour.full_range)
    )
    before, after = measure_times(source), measure_times(path)
    assert len(before) == len(after)
    assert after.pts[0] == 0
    assert seconds(before) == seconds(after)
    if before.is_constant:
        assert copy.rate == video.rate
        assert average_rate(path) == average_rate(source)
        assert after.duration == before.duration


def test_matroska_keeps_times_to_the_millisecond(tmp_path: Path) -> None:
    source = make(tmp_path / "a.mp4", rate=Fraction(24_000, 1001), time_base=Fraction(1, 24_000), frames=50)
    written(tmp_path / "b.mkv", video_of(source), read_frames(source))
    assert video_of(tmp_path / "b.mkv").rate == FrameRate.of(23.976)
    stored = raw_times(tmp_path / "b.mkv")
    assert all(abs(pts - n * 1001 / 24) <= 0.5 for n, pts in enumerate(stored))
    # ... and on the way back they are exact again.
    written(tmp_path / "c.mp4", video_of(tmp_path / "b.mkv"), read_frames(tmp_path / "b.mkv"))
    times = measure_times(tmp_path / "c.mp4")
    assert seconds(times) == [Fraction(1001 * n, 24_000) for n in range(50)]
    assert average_rate(tmp_path / "c.mp4") == Fraction(24_000, 1001)


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".ts", ".mxf"])
def test_every_container(tmp_path: Path, ending: str, capfd: pytest.CaptureFixture[str]) -> None:
    wave = tone(2, 48_000, 2)
    source = make(tmp_path / "a.mov", frames=50, sound=wave, sound_codec="aac", layout="stereo", language="fra")
    info = probe(source)
    assert info.video is not None
    path = tmp_path / f"out{ending}"
    track = SoundTrack(language="es-MX", title="Español")
    with MasterWriter(path, info.video, sounds=[track], copies=info.audio, source=source, settings=FAST) as writer:
        for frame in read_frames(source):
            writer.write_frame(frame)
            start = frame.index * 1920
            writer.write_sound(0, Waveform(wave[:, start : start + 1920].copy(), 48_000))
    copy = probe(path)
    assert copy.video is not None
    times = measure_times(path)
    assert len(times) == 50
    assert times.duration == 2
    assert copy.video.rate == FrameRate.of(25)
    assert len(copy.audio) == 2
    if ending not in {".avi", ".mpg", ".mxf"}:
        assert [sound.language for sound in copy.audio] == ["spa", "fre" if ending in {".mkv", ".webm"} else "fra"]
    with av.open(str(path)) as container:
        defaults = [bool(s.disposition & av.stream.Disposition.default) for s in container.streams.audio]
        if ending in {".mp4", ".mov", ".mkv", ".webm", ".m4v"}:
            assert defaults == [True, False]
        if ending in {".mkv", ".webm"}:
            assert container.streams.audio[0].metadata["title"] == "Español"
    for number in range(2):
        heard = Waveform(
            np.concatenate(
                [b.samples for b in sound_blocks(path, sample_rate=48_000, duration=Fraction(2), stream=number)], axis=1
            ),
            48_000,
        )
        assert heard.length == 96_000
        # Within a millisecond and nearly the same: the clock of Matroska and MPEG is no finer.
        shift = best_shift(heard.samples[0], wave[0])
        assert abs(shift) <= 48
    assert capfd.readouterr() == ("", "")


def best_shift(heard: npt.NDArray[np.float32], wave: npt.NDArray[np.float32], reach: int = 2000) -> int:
    middle = wave[reach : heard.size - reach]
    return int(np.argmax(np.correlate(heard, middle, "valid"))) - reach


def test_a_variable_rate_where_frames_only_have_numbers(tmp_path: Path) -> None:
    source = make(tmp_path / "a.mp4", pts=[0, 512, 1300, 2048, 5120])
    writer = written(tmp_path / "a.avi", video_of(source), read_frames(source))
    assert "up to 22 ms" in writer.notes[0]
    assert raw_times(tmp_path / "a.avi") == [0, 1, 3, 4, 10]
    with pytest.raises(OutputError, match="variable frame rate"):
        written(tmp_path / "a.mxf", video_of(source), read_frames(source))


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("given", [Fraction(1, 2), Fraction(1), Fraction(3)])
def test_sound_is_as_long_as_the_picture(tmp_path: Path, ending: str, given: Fraction) -> None:
    video = made_up("yuv420p")
    path = tmp_path / f"a{ending}"
    wave = tone(float(given), 48_000, 1)
    with MasterWriter(path, video, sounds=[SoundTrack(channels=1)], settings=FAST) as writer:
        writer.write_sound(0, Waveform(wave, 48_000))
        for frame in frames_for(video, 25):
            writer.write_frame(frame)
    sound = read_sound(path, sample_rate=48_000)
    assert abs(float(sound.duration) - 1) <= 0.04
    assert not sound.samples[0, int(given * 48_000) + 3000 : 47_000].any()


def test_original_sound_stays_in_step_with_the_picture(tmp_path: Path) -> None:
    wave = tone(2, 48_000)
    for late in (Fraction(0), Fraction(1, 8), Fraction(1, 2)):
        source = make(tmp_path / "a.mov", frames=50, sound=wave, sound_codec="aac", sound_start=late)
        info = probe(source)
        assert info.video is not None
        before = heard_on_the_picture(source)
        for ending in (".mp4", ".mkv"):
            path = tmp_path / f"b{ending}"
            written(path, info.video, read_frames(source), copies=info.audio, source=source)
            assert abs(best_shift(heard_on_the_picture(path), before)) <= (1 if ending == ".mp4" else 48)


def heard_on_the_picture(path: Path) -> npt.NDArray[np.float32]:
    return np.concatenate([b.samples[0] for b in sound_blocks(path, sample_rate=48_000, duration=Fraction(2))])


def test_sound_before_the_picture_is_left_out(tmp_path: Path) -> None:
    wave = tone(2, 48_000)
    pts = [6400 + 512 * n for n in range(30)]
    source = make(tmp_path / "a.mkv", pts=pts, options={"bf": "0"}, sound=wave, sound_codec="pcm_s24le")
    info = probe(source)
    assert info.video is not None
    written(tmp_path / "b.mov", info.video, read_frames(source), copies=info.audio, source=source)
    heard = heard_on_the_picture(tmp_path / "b.mov")
    assert abs(best_shift(heard[:57_600], wave[0, 24_000:81_600])) <= 48
    assert video_of(tmp_path / "b.mov").start == 0


@pytest.mark.parametrize("rotation", [90, 180, 270])
@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".avi", ".ts"])
def test_rotation_is_kept_or_done(tmp_path: Path, ending: str, rotation: int) -> None:
    video = made_up("yuv420p", rotation=rotation)
    frames = frames_for(video)
    codec = "ffv1" if ending in {".mkv", ".avi"} else "libx264"
    settings = WriteSettings(codec=codec, quality=0, preset="ultrafast")
    writer = written(tmp_path / f"a{ending}", video, frames, settings=settings)
    shown = [turned_frame(frame, rotation) for frame in frames]
    read = list(read_frames(tmp_path / f"a{ending}", upright=True))
    assert all(equal_planes(a, b) for a, b in zip(shown, read, strict=True))
    assert bool(writer.notes) == (ending in {".avi", ".ts"})


@pytest.mark.parametrize(
    ("name", "ending", "codec", "given", "words"),
    [
        ("yuv422p", ".mp4", "libsvtav1", "yuv420p", "coarser colour"),
        ("yuv422p12le", ".mov", "prores_ks", "yuv422p10le", "12 bits were rounded to 10"),
        ("yuva444p", ".mp4", "libx264", "yuv444p", "opacity is left out"),
        ("yuv420p", ".mov", "prores_ks", "yuv422p10le", ""),
        ("gbrap", ".mov", "auto", "yuva444p12le", "RGB was converted to YUV"),
        ("gray", ".mov", "prores_ks", "yuv422p10le", ""),
        ("yuv420p", ".mov", "dnxhd", "yuv422p", ""),
    ],
)
def test_the_nearest_format_is_chosen_and_losses_are_told(
    tmp_path: Path, name: str, ending: str, codec: str, given: str, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    video = made_up(name, size=(256, 128))
    frames = frames_for(video, 3)
    path = tmp_path / f"a{ending}"
    writer = written(path, video, frames, settings=WriteSettings(codec=codec))
    assert video_of(path).pixel_format.name == given
    assert (words in " ".join(writer.notes)) if words else writer.notes == ()
    assert len(list(read_frames(path))) == 3
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("rows", "matrix", "kr", "kb"), [(48, 6, 0.299, 0.114), (720, 1, 0.2126, 0.0722)])
def test_a_change_of_format_does_not_change_the_colours(
    tmp_path: Path, rows: int, matrix: int, kr: float, kb: float
) -> None:
    video = made_up("rgb24", size=(64, rows), colour=ColourTags(1, 13, 0, True))
    flat = np.empty((rows, 64, 3), np.uint8)
    flat[...] = (204, 77, 38)
    frame = dataclasses.replace(frames_for(video, 1)[0], planes=(flat,))
    writer = written(tmp_path / "a.mov", video, [frame], settings=WriteSettings(codec="prores_ks"))
    assert "RGB was converted to YUV" in writer.notes[0]
    stored = next(read_frames(tmp_path / "a.mov"))
    assert (stored.colour.primaries, stored.colour.transfer, stored.colour.matrix) == (1, 13, matrix)
    scale = 1 << (stored.pixel_format.bits - 8)
    luma, blue, red = (float(plane[20, 20]) / scale for plane in stored.planes)
    r, g, b = 204 / 255, 77 / 255, 38 / 255
    y = kr * r + (1 - kr - kb) * g + kb * b
    assert abs(luma - (16 + 219 * y)) < 1
    assert abs(blue - (128 + 224 * (b - y) / (2 - 2 * kb))) < 1
    assert abs(red - (128 + 224 * (r - y) / (2 - 2 * kr))) < 1


@pytest.mark.parametrize(
    ("size", "stored", "noted"),
    [((64, 48), "yuv420p", True), ((63, 47), "yuv444p", True), ((63, 48), "yuv444p", True)],
)
def test_a_photograph_becomes_a_film(tmp_path: Path, size: tuple[int, int], stored: str, noted: bool) -> None:
    image = still(tmp_path / "a.png", "png", "rgb24", size)
    video = dataclasses.replace(video_of(image), rate=FrameRate.of(25))
    (frame,) = read_frames(image)
    path = tmp_path / "a.mp4"
    writer = written(path, video, [frame] * 50, source=image)
    film = video_of(path)
    assert (film.width, film.height, film.pixel_format.name) == (*size, stored)
    assert film.rate == FrameRate.of(25)
    assert measure_times(path).duration == 2
    assert bool(writer.notes) == noted
    assert not film.is_still


def test_a_jpeg_keeps_its_range(tmp_path: Path) -> None:
    image = still(tmp_path / "a.jpg", "mjpeg", "yuv420p")
    (frame,) = read_frames(image)
    written(tmp_path / "a.mp4", video_of(image), [frame] * 3, settings=LOSSLESS)
    film = video_of(tmp_path / "a.mp4")
    assert film.colour.full_range is True
    assert all(equal_planes(frame, other) for other in read_frames(tmp_path / "a.mp4"))


def test_metadata_and_chapters_stay(tmp_path: Path) -> None:
    source = tmp_path / "a.mkv"
    plain = make(tmp_path / "plain.mkv")
    with av.open(str(plain)) as old, av.open(str(source), "w") as new:
        new.metadata.update({"title": "The film", "comment": "reel 2"})
        new.set_chapters(
            [{"id": 1, "start": 0, "end": 500, "time_base": Fraction(1, 1000), "metadata": {"title": "One"}}]
        )
        stream = new.add_stream_from_template(old.streams.video[0], opaque=True)
        for packet in old.demux(old.streams.video[0]):
            if packet.size:
                packet.stream = stream
                new.mux(packet)
    written(tmp_path / "b.mp4", video_of(source), read_frames(source), source=source)
    with av.open(str(tmp_path / "b.mp4")) as copy:
        assert copy.metadata["title"] == "The film"
        assert copy.metadata["comment"] == "reel 2"
        assert [chapter["metadata"]["title"] for chapter in copy.chapters()] == ["One"]


def test_a_timecode_that_cannot_be_is_told(tmp_path: Path) -> None:
    video = made_up("yuv420p", start_timecode="01:00:00:77")
    writer = written(tmp_path / "a.mov", video, frames_for(video, 3))
    assert "timecode" in writer.notes[0]


@pytest.mark.parametrize(
    ("file", "codec", "words"),
    [
        ("a.xyz", "auto", "names no film container"),
        ("a", "auto", "name without an ending"),
        ("a.mp4", "no_such_codec", "has no such picture encoder"),
        ("a.mp4", "aac", "has no such picture encoder"),
        ("a.mp4", "prores_ks", "does not take that codec"),
        ("a.webm", "libx264", "does not take that codec"),
        ("a.mpg", "libx264", "does not take that codec"),
        ("missing/a.mp4", "auto", "does not exist"),
    ],
)
def test_what_cannot_be_written_is_said_before_work_starts(tmp_path: Path, file: str, codec: str, words: str) -> None:
    with pytest.raises(OutputError, match=words) as caught:
        MasterWriter(tmp_path / file, made_up("yuv420p"), settings=WriteSettings(codec=codec))
    assert caught.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        MasterWriter(tmp_path / "a.mp4", made_up("yuv420p"))


@pytest.mark.parametrize(
    ("track", "words"),
    [(SoundTrack(codec="nonsense"), "no such sound encoder"), (SoundTrack(codec="pcm_mulaw"), "does not take")],
)
def test_sound_that_cannot_be_written(tmp_path: Path, track: SoundTrack, words: str) -> None:
    with pytest.raises(OutputError, match=words), MasterWriter(tmp_path / "a.mp4", made_up("yuv420p"), sounds=[track]):
        pass
    assert list(tmp_path.iterdir()) == []


def test_settings_that_an_encoder_refuses(tmp_path: Path) -> None:
    settings = WriteSettings(options={"profile": "baseline"})  # which has no 4:4:4
    with (
        pytest.raises(OutputError, match="libx264"),
        MasterWriter(tmp_path / "a.mp4", made_up("yuv444p"), settings=settings),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_frames_and_sound_that_do_not_fit(tmp_path: Path) -> None:
    video = made_up("yuv420p")
    with pytest.raises(OutputError, match="32x48"), MasterWriter(tmp_path / "a.mp4", video) as writer:
        writer.write_frame(frame_of("yuv420p", 32, 48, 0, 0))
    track = SoundTrack(channels=2)
    with (
        pytest.raises(OutputError, match="1 channels"),
        MasterWriter(tmp_path / "a.mp4", video, sounds=[track]) as writer,
    ):
        writer.write_sound(0, Waveform(tone(1, 48_000), 48_000))
    with pytest.raises(OutputError, match="no frames"), MasterWriter(tmp_path / "a.mp4", video):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, OSError, MediaError])
def test_nothing_is_left_of_a_failure(tmp_path: Path, error: type[BaseException]) -> None:
    video = made_up("yuv420p")
    before = tmp_path / "a.mp4"
    before.write_text("what was there")

    def stopped() -> Iterator[Frame]:
        yield from frames_for(video, 5)
        raise error("stop")

    with pytest.raises(error, match="stop"):
        written(before, video, stopped(), sounds=[SoundTrack()])
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
    assert before.read_text() == "what was there"


LIMITED = """
    import resource, sys
    from pathlib import Path
    from dubkit.errors import OutputError
    from dubkit.media import MasterWriter, SoundTrack, WriteSettings, write_wav
    from dubkit.schema import Waveform
    from tests.media.test_master import frames_for, made_up
    import numpy as np
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
    video = made_up("yuv420p", size=(256, 256))
    path = Path(sys.argv[1])
    try:
        if path.suffix == ".wav":
            write_wav(path, Waveform(np.ones((1, 96_000), np.float32), 48_000))
        else:
            with MasterWriter(path, video, settings=WriteSettings(quality=0, preset="ultrafast")) as writer:
                for frame in frames_for(video, 40):
                    writer.write_frame(frame)
    except OutputError as error:
        print(error)
        sys.exit(7)
"""


@pytest.mark.parametrize(
    ("file", "limit"), [("a.mp4", 0), ("a.mp4", 20_000), ("a.mp4", 200_000), ("a.mkv", 20_000), ("a.wav", 20_000)]
)
def test_a_full_disk(tmp_path: Path, file: str, limit: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LIMITED), str(tmp_path / file), str(limit)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.stderr == ""
    assert done.returncode == 7
    assert done.stdout.count("\n") == 1
    assert file in done.stdout
    if not file.endswith(".wav"):
        assert "may not become this large" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_closed_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="permission denied"):
        MasterWriter(tmp_path / "a.mp4", made_up("yuv420p"))


def test_memory_does_not_grow(tmp_path: Path) -> None:
    video = made_up("yuv420p", size=(320, 240))
    frame = frames_for(video, 1)[0]
    peaks = []
    with MasterWriter(tmp_path / "a.mp4", video, sounds=[SoundTrack()], settings=FAST) as writer:
        for index in range(900):
            writer.write_frame(dataclasses.replace(frame, index=index, pts=index * 512))
            writer.write_sound(0, Waveform(np.zeros((2, 1920), np.float32), 48_000))
            if index in {299, 899}:
                peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    assert peaks[1] - peaks[0] < 8_000


@pytest.mark.parametrize(("bits", "error"), [(16, 2**-15), (24, 2**-23), ("float", 0)])
def test_wav(tmp_path: Path, bits: int | str, error: float) -> None:
    sound = Waveform(tone(1, 48_000, 2), 48_000)
    write_wav(tmp_path / "a.wav", sound, bits)
    back = read_sound(tmp_path / "a.wav", sample_rate=48_000)
    assert back.length == sound.length
    assert np.abs(back.samples - sound.samples).max() <= error
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_wav_clips_instead_of_wrapping(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", Waveform(np.full((1, 100), 1.5, np.float32), 8000), 16)
    assert read_sound(tmp_path / "a.wav", sample_rate=8000).samples.min() > 0.99
    with pytest.raises(OutputError, match="13 bits"):
        write_wav(tmp_path / "a.wav", Waveform(np.zeros((1, 1), np.float32), 8000), 13)
    with pytest.raises(OutputError, match="does not exist"):
        write_wav(tmp_path / "none" / "a.wav", Waveform(np.zeros((1, 1), np.float32), 8000))


@pytest.mark.parametrize("name", ["yuv420p", "yuv422p", "yuv411p", "yuv422p16le", "rgb24", "gbrap", "yuva420p"])
def test_turning_there_and_back(name: str) -> None:
    video = made_up(name, size=(38, 22), rotation=90, sample_aspect=Fraction(4, 3))
    frame = frame_of(name, 38, 22, 0, 0)
    for degrees in (0, 90, 180, 270, -90, 450):
        turned, record = turned_frame(frame, degrees), turned_video(video, degrees)
        assert (turned.width, turned.height) == (record.width, record.height)
        assert turned.pixel_format == record.pixel_format
        assert record.rotation == (90 - degrees) % 360
        back = turned_frame(turned, -degrees)
        assert equal_planes(back, frame)
        assert back.pixel_format == frame.pixel_format
        assert turned_video(record, -degrees) == video
    assert np.array_equal(turned_frame(frame, 90).planes[0], np.rot90(frame.planes[0], -1))
    with pytest.raises(ValueError, match="quarter turn"):
        turned_frame(frame, 45)


def test_copies_need_their_source(tmp_path: Path) -> None:
    song = make_sound(tmp_path / "a.wav", tone(1, 8000), 8000, "pcm_s16le", "wav")
    with pytest.raises(OutputError, match="original sound"):
        MasterWriter(tmp_path / "a.mp4", made_up("yuv420p"), copies=probe(song).audio)
