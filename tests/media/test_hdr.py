from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from dubkit.media import WriteSettings, read_frames
from dubkit.media.hdr import Hdr, joined_options, read_hdr
from dubkit.schema import ColourTags
from dubkit.timing import FrameRange
from tests.media.masters import video_of, written
from tests.media.remaster import check_master, packets_of, remaster
from tests.media.zoo import make

PQ = ColourTags(9, 16, 9, False)
TOLD = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400"
HEVC = f"log-level=none:open-gop=0:scenecut=0:{TOLD}"
P3 = tuple(map(Fraction, ("0.265", "0.69", "0.15", "0.06", "0.68", "0.32", "0.3127", "0.329", "1000", "0.005")))


def source_of(path: Path) -> Path:
    base = Fraction(1, 1000) if path.suffix == ".mkv" else Fraction(1, 12_800)
    options = {"g": "5", "x265-params": HEVC}
    return make(path, codec="libx265", name="yuv420p10le", colour=PQ, options=options, frames=15, time_base=base)


def test_what_is_told_is_read(tmp_path: Path) -> None:
    assert read_hdr(source_of(tmp_path / "a.mp4")) == Hdr(P3, (1000, 400))
    assert read_hdr(make(tmp_path / "b.mp4", frames=2)) == Hdr()


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_groups_that_are_encoded_tell_it_too(tmp_path: Path, ending: str) -> None:
    source = source_of(tmp_path / f"a{ending}")
    path = tmp_path / f"b{ending}"
    writer = remaster(source, path, [FrameRange(0, 1)])
    assert check_master(source, path, [FrameRange(0, 1)]) == list(range(5, 15))
    assert "10 of the picture's 15" in writer.notes[-1]
    assert read_hdr(path) == Hdr(P3, (1000, 400))


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libsvtav1"])
def test_a_picture_that_is_encoded_anew_tells_it(tmp_path: Path, codec: str) -> None:
    source = source_of(tmp_path / "a.mp4")
    settings = WriteSettings(codec=codec, preset="ultrafast")
    path = tmp_path / "b.mp4"
    writer = written(path, video_of(source), read_frames(source), source=source, settings=settings)
    assert not writer.notes
    found = read_hdr(path)
    assert found.light == (1000, 400)
    assert [round(float(value), 3) for value in found.display] == [round(float(value), 3) for value in P3]


def test_what_an_encoder_cannot_tell_is_said(tmp_path: Path) -> None:
    source = source_of(tmp_path / "a.mkv")
    settings = WriteSettings(codec="ffv1")
    writer = written(tmp_path / "b.mkv", video_of(source), read_frames(source), source=source, settings=settings)
    assert writer.notes == ("the HDR metadata (mastering display, light level) is lost: ffv1 does not write it",)


def test_a_prores_master_keeps_what_its_container_tells(tmp_path: Path) -> None:
    source = with_boxes(make(tmp_path / "a.mov", codec="prores_ks", name="yuv422p10le", colour=PQ, frames=6))
    assert read_hdr(source) == Hdr(P3, (1000, 400))
    writer = remaster(source, tmp_path / "b.mov", [FrameRange(2, 3)])
    assert len(writer.notes) == 1
    assert packets_of(source)[3:] == packets_of(tmp_path / "b.mov")[3:]
    assert read_hdr(tmp_path / "b.mov") == Hdr(P3, (1000, 400))


def with_boxes(path: Path) -> Path:
    """Put the boxes of ISO/IEC 14496-12, 12.1.6 and 12.1.7 into the description of a ProRes track at the file's end."""
    data = path.read_bytes()
    colours = (13_250, 34_500, 7500, 3000, 34_000, 16_000, 15_635, 16_450)
    mastering = b"".join(number.to_bytes(2, "big") for number in colours)
    mastering += (10_000_000).to_bytes(4, "big") + (50).to_bytes(4, "big")
    light = (1000).to_bytes(2, "big") + (400).to_bytes(2, "big")
    boxes = (8 + len(mastering)).to_bytes(4, "big") + b"mdcv" + mastering
    boxes += (8 + len(light)).to_bytes(4, "big") + b"clli" + light
    start = data.rindex(b"moov") - 4
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"apch"):
        at = data.index(name, start) - 4
        size = int.from_bytes(data[at : at + 4], "big")
        data = data[:at] + (size + len(boxes)).to_bytes(4, "big") + data[at + 4 :]
        end = at + size
    path.write_bytes(data[:end] + boxes + data[end:])
    return path


def test_options_are_joined() -> None:
    assert joined_options({"crf": "16", "x265-params": "a=1"}, {"x265-params": "b=2", "crf": "0"}) == {
        "crf": "0",
        "x265-params": "a=1:b=2",
    }
    assert joined_options({}, {"x264-params": "b=2"}) == {"x264-params": "b=2"}
