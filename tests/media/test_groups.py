"""H.264 and HEVC: groups of pictures without a change are taken over."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.codec.context import Flags

from dubkit.media import measure_times, read_frames
from dubkit.media.likeness import h264_sequence, hevc_lossless
from dubkit.media.nal import unit_type
from dubkit.media.packets import map_packets
from dubkit.media.parameter_sets import stored_sets
from dubkit.schema import ColourTags
from dubkit.timing import FrameRange
from tests.media.masters import video_of
from tests.media.remaster import check_master, packets_of, remaster
from tests.media.zoo import make

MILLI = {"time_base": Fraction(1, 1000)}
SHORT = {"g": "5", "sc_threshold": "0"}
CLOSED = {"g": "5", "x265-params": "log-level=none:open-gop=0:scenecut=0"}
SOURCES: dict[str, dict[str, Any]] = {
    "plain.mp4": {"options": {**SHORT, "bf": "0"}},
    "b-frames.mp4": {"options": {**SHORT, "bf": "2"}},
    "pyramid.mkv": {"options": {**SHORT, "bf": "3", "b-pyramid": "normal"}, **MILLI},
    "transport.ts": {"options": {**SHORT, "bf": "2"}, "time_base": Fraction(1, 90_000)},
    "baseline.mp4": {"options": {**SHORT, "profile": "baseline"}},
    "main.mov": {"options": {**SHORT, "profile": "main", "x264-params": "sps-id=1"}},
    "ten bits.mov": {"options": SHORT, "name": "yuv422p10le", "colour": ColourTags(9, 16, 9, False)},
    "full range.mp4": {"options": SHORT, "colour": ColourTags(1, 13, 6, True)},
    "intra.mov": {"options": {"g": "1", "bf": "0"}, "name": "yuv422p10le"},
    "rgb.mov": {"codec": "libx264rgb", "name": "rgb24", "options": SHORT},
    "odd.mp4": {"name": "yuv444p", "size": (63, 47), "options": SHORT},
    "turned.mp4": {"rotation": 90, "options": {**SHORT, "bf": "2"}},
    "late.mp4": {"pts": [512 * n for n in range(9, 34)], "options": {**SHORT, "bf": "2"}},
    "drop.mov": {
        "rate": Fraction(30_000, 1001), "time_base": Fraction(1, 30_000), "timecode": "00:59:59;28",
        "options": {**SHORT, "bf": "2"},
    },
    "vfr.mp4": {"pts": [n * 400 + n % 3 * 150 for n in range(25)], "options": {**SHORT, "bf": "2"}},
    "hevc.mp4": {"codec": "libx265", "options": CLOSED},
    "hevc.ts": {"codec": "libx265", "options": CLOSED, "time_base": Fraction(1, 90_000)},
    "hevc ten bits.mkv": {"codec": "libx265", "name": "yuv420p10le", "options": CLOSED, **MILLI},
    "hevc no b-frames.mov": {
        "codec": "libx265", "options": {**CLOSED, "x265-params": CLOSED["x265-params"] + ":bframes=0"}
    },
}  # fmt: skip


def groups_of(source: Path) -> list[FrameRange]:
    packets = map_packets(source, video_of(source), measure_times(source))
    return [packets.shown_by(group) for group in range(len(packets.whole))]


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        *((name, FrameRange(11, 13)) for name in SOURCES),
        *((name, run) for name in ("b-frames.mp4", "hevc.mp4") for run in (FrameRange(0, 1), FrameRange(24, 25))),
    ],
    ids=str,
)
def test_groups_without_a_change_are_the_sources_own(
    tmp_path: Path, name: str, changed: FrameRange, capfd: pytest.CaptureFixture[str]
) -> None:
    source = make(tmp_path / name, **({"frames": 25} | SOURCES[name]))
    path = tmp_path / f"copy{source.suffix}"
    writer = remaster(source, path, [changed])
    assert writer.kept is not None
    groups = groups_of(source)
    touched = [group for group in groups if group.overlap(changed)]
    kept = [n for group in groups for n in group.indices if group not in touched]
    assert kept
    exact = check_master(source, path, [changed])
    assert exact == kept
    before, after = packets_of(source), packets_of(path)
    own = [n for n, (old, new) in enumerate(zip(before, after, strict=True)) if old == new]
    assert set(own) >= set(kept)
    assert f"{len(kept)} of the picture's 25 packets are the source's own" in writer.notes[-1]
    assert [group.start for group in groups_of(path)] == [group.start for group in groups]  # one can jump as before
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["b-frames.mp4", "pyramid.mkv", "hevc.mp4"])
def test_changes_everywhere_and_nowhere_in_turn(tmp_path: Path, name: str) -> None:
    source = make(tmp_path / name, **({"frames": 40} | SOURCES[name]))
    path = tmp_path / f"copy{source.suffix}"
    changed = [FrameRange(7, 8), FrameRange(16, 17), FrameRange(24, 26), FrameRange(36, 37)]
    remaster(source, path, changed)
    assert check_master(source, path, changed) == [*range(5), *range(10, 15), *range(30, 35)]


@pytest.mark.parametrize("name", ["b-frames.mp4", "pyramid.mkv", "hevc.mp4", "hevc ten bits.mkv"])
def test_one_can_jump_into_every_group(tmp_path: Path, name: str) -> None:
    """Decoding that begins in the middle shows what decoding from the start shows."""
    source = make(tmp_path / name, **({"frames": 25} | SOURCES[name]))
    path = tmp_path / f"copy{source.suffix}"
    remaster(source, path, [FrameRange(11, 13)])
    whole = {frame.pts: frame for frame in read_frames(path)}
    for group in groups_of(path):
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            container.seek(sorted(whole)[group.start], stream=stream)
            for frame in container.decode(stream):
                assert frame.pts is not None
                planes = [np.array(plane) for plane in whole[frame.pts].planes]
                luma = np.frombuffer(memoryview(frame.planes[0]), planes[0].dtype).reshape(frame.height, -1)
                np.testing.assert_array_equal(luma[:, : frame.width], planes[0])


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libx264", {**SHORT, "qp": "0"}),
        ("libx265", {"x265-params": "log-level=none:open-gop=0:scenecut=0:keyint=5:min-keyint=5:lossless=1"}),
    ],
)
def test_a_lossless_source_loses_nothing(tmp_path: Path, codec: str, options: dict[str, str]) -> None:
    source = make(tmp_path / "a.mp4", frames=15, codec=codec, options=options)
    writer = remaster(source, tmp_path / "b.mp4", [FrameRange(6, 7)])
    assert check_master(source, tmp_path / "b.mp4", [FrameRange(6, 7)]) == list(range(15))
    assert "10 of the picture's 15 packets" in writer.notes[-1]


def test_a_source_that_is_not_lossless_stays_so() -> None:
    for lossless in (False, True):
        params = f"log-level=none:lossless={int(lossless)}"
        context = av.codec.CodecContext.create("libx265", "w")
        assert isinstance(context, av.VideoCodecContext)
        context.width, context.height, context.pix_fmt, context.time_base = 64, 48, "yuv420p", Fraction(1, 25)
        context.flags |= Flags.global_header
        context.options = {"x265-params": params}
        context.open()
        sets = stored_sets(context.extradata or b"", "hevc").units
        assert [hevc_lossless(unit) for unit in sets if unit_type(unit, "hevc") == 34] == [lossless]
        context.encode(None)


def test_a_lossless_source_of_one_group_loses_nothing(tmp_path: Path) -> None:
    source = make(tmp_path / "a.mp4", frames=6, codec="libx265", options={"x265-params": "log-level=none:lossless=1"})
    writer = remaster(source, tmp_path / "b.mp4", [FrameRange(2, 3)])
    assert writer.kept is None
    assert check_master(source, tmp_path / "b.mp4", [FrameRange(2, 3)]) == list(range(6))


def test_open_groups_of_h264_go_with_the_group_they_rely_on(tmp_path: Path) -> None:
    """x264's open beginnings are no places to cut at: what lies between two closed ones is one group."""
    options = {"g": "8", "bf": "2", "sc_threshold": "0", "x264-params": "open-gop=1"}
    parts = [make(tmp_path / f"{n}.mp4", frames=16, options=options, time_base=Fraction(1, 12_800)) for n in range(2)]
    source = tmp_path / "a.mp4"
    with av.open(str(parts[0])) as one, av.open(str(parts[1])) as other, av.open(str(source), "w") as new:
        stream = new.add_stream_from_template(one.streams.video[0], opaque=True)
        for number, part in enumerate((one, other)):
            for packet in part.demux(video=0):
                if packet.size:
                    assert packet.pts is not None
                    assert packet.dts is not None
                    packet.pts, packet.dts = packet.pts + number * 16 * 512, packet.dts + number * 16 * 512
                    packet.stream = stream
                    new.mux(packet)
    assert [len(group) for group in groups_of(source)] == [16, 16]
    writer = remaster(source, tmp_path / "b.mp4", [FrameRange(10, 11)])
    assert check_master(source, tmp_path / "b.mp4", [FrameRange(10, 11)]) == list(range(16, 32))
    assert "16 of the picture's 32 packets" in writer.notes[-1]


@pytest.mark.parametrize("options", [{"profile": "baseline"}, {"profile": "baseline", "refs": "6"}, {"bf": "3"}])
def test_the_encoders_sets_are_as_the_sources(tmp_path: Path, options: dict[str, str]) -> None:
    """Room for pictures: a decoder may throw away what it holds where that changes."""
    source = make(tmp_path / "a.mp4", frames=15, options={**SHORT, **options})
    remaster(source, tmp_path / "b.mp4", [FrameRange(6, 7)])
    with av.open(str(tmp_path / "b.mp4")) as container:
        units = stored_sets(container.streams.video[0].codec_context.extradata or b"", "h264").units
    first, second = (h264_sequence(unit) for unit in units if unit_type(unit, "h264") == 7)
    assert first[1:] == second[1:]
    assert second[0] <= first[0]


def test_a_profile_is_kept(tmp_path: Path) -> None:
    source = make(tmp_path / "a.mp4", frames=15, options={**SHORT, "profile": "baseline"})
    remaster(source, tmp_path / "b.mp4", [FrameRange(6, 7)])
    with av.open(str(tmp_path / "b.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert "Baseline" in str(context.profile)
        assert (context.extradata or b"")[5] & 0x1F == 2  # two sequence parameter sets, and no other track
        assert len(container.streams.video) == 1


def test_frames_that_an_edit_list_hides(tmp_path: Path) -> None:
    """A cut that begins in the middle of a group, as phones write it: the hidden frames do not come back."""
    whole = make(tmp_path / "whole.mp4", frames=25, options={**SHORT, "bf": "2"})
    source = tmp_path / "cut.mp4"
    with av.open(str(whole)) as old, av.open(str(source), "w", format="mp4") as new:
        stream = new.add_stream_from_template(old.streams.video[0], opaque=True)
        for packet in old.demux(video=0):
            if packet.size:
                assert packet.pts is not None
                assert packet.dts is not None
                packet.pts, packet.dts = packet.pts - 3 * 512, packet.dts - 3 * 512
                packet.stream = stream
                new.mux(packet)
    packets = map_packets(source, video_of(source), measure_times(source))
    assert len(measure_times(source)) == 22
    assert list(packets.whole) == [False, True, True, True, True]
    path = tmp_path / "copy.mp4"
    remaster(source, path, [FrameRange(13, 14)])
    assert check_master(source, path, [FrameRange(13, 14)]) == [*range(2, 12), *range(17, 22)]


OPEN = {"g": "8", "x265-params": "log-level=none:scenecut=0:bframes=3"}


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize("changed", [FrameRange(18, 19), FrameRange(0, 1)], ids=str)
def test_open_groups_of_hevc(tmp_path: Path, ending: str, changed: FrameRange) -> None:
    """x265's usual ones: frames shown before a group's first picture rely on the group before, and go with it."""
    base = {".mp4": Fraction(1, 12_800), ".mkv": Fraction(1, 1000), ".ts": Fraction(1, 90_000)}[ending]
    source = make(tmp_path / f"a{ending}", codec="libx265", frames=40, options=OPEN, time_base=base)
    path = tmp_path / f"b{ending}"
    packets = map_packets(source, video_of(source), measure_times(source))
    assert packets.reliant[-2:].all()
    kept = []
    for group in range(len(packets.whole)):
        shown = packets.shown_by(group)
        follows = group > 0 and bool(packets.shown_by(group - 1).overlap(changed))
        if not shown.overlap(changed):
            kept += [n for n in shown.indices if not follows or n >= shown.start + packets.reliant[group]]
    writer = remaster(source, path, [changed])
    assert check_master(source, path, [changed]) == kept
    assert f"{len(kept) - 1} of the picture's 40 packets" in writer.notes[-1]  # one begins otherwise than it did
    after = set(packets_of(path))
    assert sum(packet in after for packet in packets_of(source)) == len(kept) - 1


def test_one_can_jump_to_where_an_open_group_was_cut(tmp_path: Path) -> None:
    source = make(tmp_path / "a.mp4", codec="libx265", frames=40, options=OPEN)
    path = tmp_path / "b.mp4"
    remaster(source, path, [FrameRange(18, 19)])
    whole = {frame.pts: frame for frame in read_frames(path)}
    with av.open(str(path)) as container:
        starts = [packet.pts for packet in container.demux(video=0) if packet.is_keyframe]
    assert len(starts) >= 5
    for start in starts:
        assert start is not None
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            container.seek(start, stream=stream)
            shown = [frame for frame in container.decode(stream) if frame.pts is not None and frame.pts >= start]
        assert [frame.pts for frame in shown] == [pts for pts in sorted(whole) if pts >= start]
        for frame in shown:
            luma = np.frombuffer(memoryview(frame.planes[0]), np.uint8).reshape(frame.height, -1)
            np.testing.assert_array_equal(luma[:, : frame.width], whole[frame.pts or 0].planes[0])


@pytest.mark.parametrize(("codec", "name"), [("prores_ks", "a.mov"), ("libx264", "a.mp4")])
def test_what_is_encoded_as_a_whole_is_written_like_the_source(tmp_path: Path, codec: str, name: str) -> None:
    """A turned ProRes LT in a file that cannot say so, and a film of one group: neither becomes another profile."""
    recipe: dict[str, Any] = {"options": {"profile": "baseline"}}
    if codec == "prores_ks":
        recipe = {"name": "yuv422p10le", "options": {"profile": "lt"}}
    source = make(tmp_path / name, codec=codec, frames=6, **recipe)
    path = tmp_path / ("b.mkv" if codec == "prores_ks" else "b.mp4")
    writer = remaster(source, path, [FrameRange(2, 3)])
    assert writer.notes[-1].startswith("the whole picture was encoded anew")
    with av.open(str(path)) as container:
        assert str(container.streams.video[0].codec_context.profile) in {"LT", "Constrained Baseline"}


def test_what_ffmpeg_would_call_avc_intra(tmp_path: Path) -> None:
    """In MOV that name goes with units without lengths; the packets of this source have some."""
    options = {"g": "1", "bf": "0", "preset": "ultrafast"}
    source = make(tmp_path / "a.mov", name="yuv422p10le", size=(1920, 1080), frames=3, options=options)
    remaster(source, tmp_path / "b.mov", [FrameRange(1, 2)])
    assert check_master(source, tmp_path / "b.mov", [FrameRange(1, 2)]) == [0, 2]
