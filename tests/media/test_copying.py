from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from dubkit.errors import MediaError, OutputError
from dubkit.media import KeptFrame, MasterWriter, SourcePicture, WriteSettings, measure_times, read_frames
from dubkit.media.copy_plan import CopyPlan
from dubkit.timing import FrameRange
from tests.media.masters import made_up, video_of
from tests.media.painted import make_packed
from tests.media.remaster import HASTY, check_master, packets_of, remaster
from tests.media.repacked import restamped
from tests.media.zoo import make

DEEP = "yuv422p10le"
MILLI, FRAMES = {"time_base": Fraction(1, 1000)}, {"time_base": Fraction(1, 25)}
SELF_CONTAINED: dict[str, dict[str, Any] | tuple[str, str]] = {
    "prores.mov": {"codec": "prores_ks", "name": DEEP, "timecode": "01:00:00:00"},
    "prores lt.mov": {"codec": "prores_ks", "name": DEEP, "options": {"profile": "lt"}},
    "prores.mkv": {"codec": "prores_ks", "name": DEEP, **MILLI},
    "dnxhr.mov": {"codec": "dnxhd", "name": DEEP, "size": (256, 128), "options": {"profile": "dnxhr_hqx"}},
    "hr.mxf": {
        "codec": "dnxhd",
        "name": "yuv422p",
        "size": (256, 128),
        "options": {"profile": "dnxhr_sq"},
        **FRAMES,
    },
    "ours.mkv": {"codec": "ffv1", "name": DEEP, "options": {"level": "3", "g": "1", "slicecrc": "1"}, **MILLI},
    "plain.mkv": {"codec": "ffv1", "options": {"g": "1"}, **MILLI},
    "coder.mkv": {"codec": "ffv1", "options": {"level": "3", "g": "1", "coder": "ac", "slices": "9"}, **MILLI},
    "ffv1.avi": {"codec": "ffv1", "name": "yuv444p", "options": {"level": "3", "g": "1"}, **FRAMES},
    "mjpeg.mov": {"codec": "mjpeg", "name": "yuvj422p", "options": {"qmin": "5", "qmax": "5"}},
    "mjpeg.avi": {"codec": "mjpeg", "name": "yuvj420p", "options": {"qmin": "3", "qmax": "3"}, **FRAMES},
    "v210.mov": {"codec": "v210", "name": DEEP},
    "raw.avi": {"codec": "rawvideo", **FRAMES},
    "packed.mov": ("rawvideo", "uyvy422"),
    "packed.avi": ("rawvideo", "bgr24"),
    "png.mov": {"codec": "png", "name": "rgb24"},
    "utvideo.avi": {"codec": "utvideo", "name": "yuv422p", **FRAMES},
    "cfhd.mov": {"codec": "cfhd", "name": DEEP},
    "vfr.mov": {"codec": "mjpeg", "name": "yuvj422p", "pts": [0, 512, 700, 1900, 1901, 4000, 4512, 9000, 9500, 10_012]},
    "late.mov": {"codec": "prores_ks", "name": DEEP, "pts": [512 * n for n in range(9, 21)]},
}
LOSSLESS = {"ours.mkv", "plain.mkv", "coder.mkv", "ffv1.avi", "v210.mov", "raw.avi", "packed.mov", "packed.avi"}
LOSSLESS |= {"png.mov", "utvideo.avi"}


def keep(writer: MasterWriter, count: int) -> None:
    """Write a master of which every frame is kept."""
    with writer:
        for index in range(count):
            writer.write_frame(KeptFrame(index))


def made(path: Path, recipe: dict[str, Any] | tuple[str, str]) -> Path:
    if isinstance(recipe, tuple):
        make_packed(path, *recipe, 12)
        return path
    return make(path, **({"frames": 12} | recipe))


@pytest.mark.parametrize("name", SELF_CONTAINED)
def test_packets_of_unchanged_frames_are_the_sources_own(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    source = made(tmp_path / name, SELF_CONTAINED[name])
    path = tmp_path / f"copy{source.suffix}"
    changed = [FrameRange(0, 1), FrameRange(5, 7)]
    writer = remaster(source, path, changed)
    before, after = packets_of(source), packets_of(path)
    kept = [n for n in range(len(before)) if n not in {0, 5, 6}]
    assert [n for n, (old, new) in enumerate(zip(before, after, strict=True)) if old == new] == kept
    exact = check_master(source, path, changed)
    assert exact == (list(range(len(before))) if name in LOSSLESS else kept)
    assert writer.notes[-1] == (
        f"{len(kept)} of the picture's {len(before)} packets are the source's own, byte for byte; "
        "the frames that changed were encoded"
    )
    assert capfd.readouterr() == ("", "")


def test_the_kind_of_prores_stays(tmp_path: Path) -> None:
    """Of 4444 more bits are decoded than the encoder takes; it is ProRes 4444 even so."""
    source = make(tmp_path / "a.mov", codec="prores_ks", name="yuv444p10le", options={"profile": "4444"}, frames=6)
    writer = remaster(source, tmp_path / "b.mov", [FrameRange(2, 3)])
    assert writer.encoder == "prores_ks"
    assert check_master(source, tmp_path / "b.mov", [FrameRange(2, 3)]) == [0, 1, 3, 4, 5]
    for path in (source, tmp_path / "b.mov"):
        with av.open(str(path)) as container:
            assert container.streams.video[0].codec_context.codec_tag == "ap4h"
            tags = {bytes(packet)[20] >> 6 for packet in container.demux(video=0) if packet.size}
            assert tags == {3}  # 4:4:4, in the header of each frame


def test_all_frames_may_change(tmp_path: Path) -> None:
    source = make(tmp_path / "a.mov", codec="prores_ks", name=DEEP, frames=6)
    writer = remaster(source, tmp_path / "b.mov", [FrameRange(0, 6)])
    check_master(source, tmp_path / "b.mov", [FrameRange(0, 6)])
    assert writer.notes[-1].startswith("0 of the picture's 6 packets")


def test_nothing_may_change(tmp_path: Path) -> None:
    source = make(tmp_path / "a.mov", codec="prores_ks", name=DEEP, frames=6)
    writer = remaster(source, tmp_path / "b.mov", [])
    assert packets_of(source) == packets_of(tmp_path / "b.mov")
    assert writer.notes == ("6 of the picture's 6 packets are the source's own, byte for byte",)


def test_a_frame_that_was_to_change_and_did_not_is_copied(tmp_path: Path) -> None:
    source = make(tmp_path / "a.mov", codec="prores_ks", name=DEEP, frames=6)
    picture = SourcePicture(measure_times(source), [FrameRange(1, 4)])
    keep(MasterWriter(tmp_path / "b.mov", video_of(source), source=source, picture=picture), 6)
    assert packets_of(source) == packets_of(tmp_path / "b.mov")


REFUSED: dict[str, tuple[dict[str, Any], str, WriteSettings, str]] = {
    "codec": ({}, ".mp4", WriteSettings(codec="libx265"), "a codec or a quality was asked for"),
    "quality": ({}, ".mp4", WriteSettings(quality=20, preset="ultrafast"), "a codec or a quality was asked for"),
    "switched off": ({}, ".mp4", WriteSettings(copy=False, preset="ultrafast"), "copying was switched off"),
    "another kind of file": ({}, ".mkv", HASTY, "another kind of file"),
    "long groups": ({"codec": "mpeg4", "file": "a.avi", **FRAMES}, ".avi", HASTY, "packets of mpeg4 cannot be told"),
    "FFV1 in groups": ({"codec": "ffv1", "file": "a.mkv", **MILLI}, ".mkv", HASTY, "its ffv1 packets need one another"),
    "one group": ({"options": {"g": "100"}}, ".mp4", HASTY, "no group of pictures but the first can stand alone"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_copied_is_encoded_and_why_is_said(tmp_path: Path, case: str) -> None:
    recipe, ending, settings, words = REFUSED[case]
    recipe = {"frames": 12} | recipe
    source = make(tmp_path / recipe.pop("file", "a.mp4"), **recipe)
    path = tmp_path / f"b{ending}"
    writer = remaster(source, path, [FrameRange(5, 6)], settings)
    assert writer.kept is None
    assert len(writer.notes) == 1
    assert words in writer.notes[0]
    assert writer.notes[0].startswith("the whole picture was encoded anew: ")
    assert len(list(read_frames(path))) == 12


def test_a_turned_picture_is_encoded(tmp_path: Path) -> None:
    source = make(tmp_path / "a.ts", frames=6, time_base=Fraction(1, 90_000))
    video = made_up("yuv420p", rotation=90)
    picture = SourcePicture(measure_times(source), [])
    writer = MasterWriter(tmp_path / "b.ts", video, source=source, picture=picture)
    assert writer.kept is None
    assert len(writer.notes) == 1


def kept_writer(folder: Path, codec: str, changed: FrameRange, **options: Any) -> tuple[MasterWriter, CopyPlan]:
    source = make(folder / "a.mov", codec=codec, frames=12, **options)
    picture = SourcePicture(measure_times(source), [changed])
    writer = MasterWriter(folder / "b.mov", video_of(source), source=source, picture=picture, settings=HASTY)
    assert writer.kept is not None
    return writer, writer.kept


def test_a_group_is_given_as_a_whole(tmp_path: Path) -> None:
    writer, kept = kept_writer(tmp_path, "libx264", FrameRange(5, 6), options={"g": "4", "sc_threshold": "0"})
    assert list(kept.needed) == [False] * 4 + [True] * 4 + [False] * 4
    with pytest.raises(OutputError, match="frame 4 otherwise than the frames it is encoded with"):
        keep(writer, 12)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mov"]


def test_too_few_and_too_many_frames(tmp_path: Path) -> None:
    for count, words in ((11, "has 12 frames, of which 11 were written"), (13, "has fewer frames now")):
        writer, _ = kept_writer(tmp_path, "mjpeg", FrameRange(0, 0), name="yuvj422p")
        with pytest.raises(MediaError, match=words):
            keep(writer, count)
        assert [path.name for path in tmp_path.iterdir()] == ["a.mov"]


def test_a_writer_of_whole_pictures_keeps_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="keeps no frames"),
        MasterWriter(tmp_path / "a.mp4", made_up("yuv420p"), settings=HASTY) as writer,
    ):
        writer.write_frame(KeptFrame(0))


def test_times_that_had_to_be_repaired_are_those_of_the_copy(tmp_path: Path) -> None:
    """Two frames at the same moment: the second is shown half a frame later, copied or encoded."""
    plain = make(tmp_path / "plain.mkv", codec="mjpeg", name="yuvj422p", frames=6, time_base=Fraction(1, 1000))
    source = restamped(plain, tmp_path / "a.mkv", [0, 40, 40, 120, 160, 200])
    remaster(source, tmp_path / "b.mkv", [FrameRange(3, 4)])
    assert check_master(source, tmp_path / "b.mkv", [FrameRange(3, 4)], least=20) == [0, 1, 2, 4, 5]
    assert [frame.pts for frame in read_frames(tmp_path / "b.mkv")] == [0, 40, 60, 120, 160, 200]


def test_frames_that_an_edit_list_hides_do_not_come_back(tmp_path: Path) -> None:
    plain = make(tmp_path / "plain.mov", codec="prores_ks", name=DEEP, frames=10)
    source = restamped(plain, tmp_path / "a.mov", [512 * n for n in range(-3, 7)])
    assert len(measure_times(source)) == 7
    writer = remaster(source, tmp_path / "b.mov", [FrameRange(2, 3)])
    assert check_master(source, tmp_path / "b.mov", [FrameRange(2, 3)]) == [0, 1, 3, 4, 5, 6]
    assert writer.notes[-1].startswith("6 of the picture's 7 packets")
    assert len(packets_of(tmp_path / "b.mov")) == 7


def test_a_packet_that_cannot_be_decoded(tmp_path: Path) -> None:
    """Then packets and frames cannot be told to belong together, and what can be decoded is encoded."""
    source = make(tmp_path / "a.mov", codec="prores_ks", name=DEEP, frames=6)
    data = bytearray(source.read_bytes())
    at = -1
    for _ in range(3):
        at = data.index(b"icpf", at + 1)
    data[at : at + 4] = b"xxxx"
    source.write_bytes(data)
    writer = remaster(source, tmp_path / "b.mov", [FrameRange(1, 2)])
    assert writer.notes == (
        "the whole picture was encoded anew: the file has 6 packets for 5 frames that can be decoded",
    )
    assert len(list(read_frames(tmp_path / "b.mov"))) == 5
