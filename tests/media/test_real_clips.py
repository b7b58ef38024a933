"""Real clips, which come from outside and are not part of this repository."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from dubkit.media import MasterWriter, WriteSettings, measure_times, probe, read_frames, read_images, sound_blocks
from dubkit.schema import VideoInfo
from dubkit.timing import FrameRange
from tests.media.remaster import check_master, remaster

MEDIA = Path(os.environ.get("DUBKIT_TEST_MEDIA", "."))
pytestmark = pytest.mark.skipif(
    "DUBKIT_TEST_MEDIA" not in os.environ, reason="DUBKIT_TEST_MEDIA names no folder of clips"
)

FRAMES = {
    "grid_speakers/bbaf2n.mpg": 75,
    "hdtf_a.mp4": 200,
    "phone_portrait_cuts.mp4": 345,
    "syncnet_example.avi": 317,
    "turkish_vfr/gunaydin_4.mp4": 40,
    "turkish_vfr/selam_4.mp4": 32,
    "voxceleb/517600055.mp4": 112,
}


def video_of(path: Path) -> VideoInfo:
    video = probe(path).video
    assert video is not None
    return video


def test_what_can_be_decoded_is_counted() -> None:
    path = MEDIA / "presenter_cutaway.mov"  # its index speaks of 682
    assert video_of(path).frame_count == 682
    assert len(measure_times(path)) == 681


@pytest.mark.parametrize("name", FRAMES)
def test_a_copy_is_the_same_picture(name: str, tmp_path: Path) -> None:
    source = MEDIA / name
    info = probe(source)
    video = video_of(source)
    path = tmp_path / "copy.mp4"
    with MasterWriter(
        path, video, copies=info.audio, source=source, settings=WriteSettings(preset="ultrafast")
    ) as writer:
        for frame in read_frames(source):
            writer.write_frame(frame)
    other = f"the picture was {video.codec} and was written as h264"
    assert writer.notes == (() if video.codec == "h264" else (other,))
    copy = video_of(path)
    for field in ("width", "height", "pixel_format", "rotation", "sample_aspect"):
        assert getattr(copy, field) == getattr(video, field), field
    assert bool(copy.colour.full_range) == bool(video.colour.full_range)
    assert (copy.colour.primaries, copy.colour.transfer) == (video.colour.primaries, video.colour.transfer)
    assert copy.colour.matrix == video.colour.matrix
    before, after = measure_times(source), measure_times(path)
    assert len(before) == len(after) == FRAMES[name]
    assert [before.seconds(n) for n in range(len(before))] == [after.seconds(n) for n in range(len(after))]
    assert after.pts[0] == 0
    if before.is_constant:
        assert copy.rate == video.rate
        with av.open(str(path)) as new, av.open(str(source)) as old:
            assert new.streams.video[0].average_rate == old.streams.video[0].average_rate
    end = min(before.duration, Fraction(3, 2))
    for number in range(len(info.audio)):
        heard = [
            np.concatenate([b.samples[0] for b in sound_blocks(file, sample_rate=16_000, duration=end, stream=number)])
            for file in (source, path)
        ]
        inner = heard[1][400:-400]
        assert int(np.argmax(np.correlate(heard[0], inner, "valid"))) == 400


def test_a_range_after_a_seek_is_the_same() -> None:
    path = MEDIA / "studio_1080p.mp4"
    times = measure_times(path)
    wanted = FrameRange(150, 153)
    for one, other in zip(read_frames(path, wanted), read_frames(path, wanted, times=times), strict=True):
        assert one.index == other.index
        assert one.pts == other.pts == times.pts[one.index]
        assert all(np.array_equal(a, b) for a, b in zip(one.planes, other.planes, strict=True))


def test_images_have_the_indices_of_the_frames() -> None:
    path = MEDIA / "phone_portrait_cuts.mp4"
    images = list(read_images(path, 200, wanted=lambda index: index % 50 == 0))
    assert [index for index, _, _ in images] == list(range(0, 345, 50))
    assert all(image.shape == (200, 113, 3) for _, _, image in images)


@pytest.mark.parametrize(
    ("name", "changed", "own"),
    [("turkish_vfr/korona_3.mp4", FrameRange(5, 9), 39), ("phone_portrait_cuts.mp4", FrameRange(100, 130), 285)],
)
def test_groups_of_pictures_of_phones_and_webcams_are_kept(
    tmp_path: Path, name: str, changed: FrameRange, own: int
) -> None:
    source, path = MEDIA / name, tmp_path / "copy.mp4"
    writer = remaster(source, path, [changed])
    assert len(check_master(source, path, [changed])) == own
    assert f"{own} of the picture's" in writer.notes[-1]
