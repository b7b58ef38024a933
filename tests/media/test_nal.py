from __future__ import annotations

from fractions import Fraction

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.media.bits import Bits, bits_of, payload_of, ue_code
from dubkit.media.nal import (
    annexb_units,
    closed_beginning,
    escaped,
    joined,
    length_units,
    picture_kind,
    unescaped,
    unit_type,
)
from dubkit.media.parameter_sets import HEVC_IDS, renumbered_hevc, set_ids, stored_sets, with_sets
from dubkit.media.pixels import video_frame
from tests.media.zoo import frame_of

UNITS = st.lists(st.binary(min_size=1, max_size=40).map(lambda data: escaped(data + b"\x80")), max_size=5)


@given(UNITS)
def test_units_come_apart_as_they_were_put_together(units: list[bytes]) -> None:
    assert list(annexb_units(joined(units, 0))) == units
    for size in (1, 2, 4):
        assert list(length_units(joined(units, size), size)) == units


@given(st.binary(max_size=60))
def test_escaped_data_holds_no_start_code(data: bytes) -> None:
    made = escaped(data)
    assert all(made[n : n + 3] not in {b"\0\0\0", b"\0\0\1", b"\0\0\2"} for n in range(len(made)))
    assert unescaped(made) == data


@given(st.lists(st.integers(0, 5000), max_size=20))
def test_exp_golomb_numbers_are_read_as_written(numbers: list[int]) -> None:
    bits = Bits("".join(map(ue_code, numbers)) + "1")
    assert [bits.ue() for _ in numbers] == numbers


@pytest.mark.parametrize(("code", "number"), [("1", 0), ("010", 1), ("011", -1), ("00100", 2), ("00101", -2)])
def test_signed_numbers(code: str, number: int) -> None:
    assert Bits(code).se() == number


def test_bits_that_are_not_there() -> None:
    for bits in ("0000", "0001"):
        with pytest.raises(ValueError, match="cut off"):
            Bits(bits).ue()
    with pytest.raises(ValueError, match="cut off"):
        Bits("1").u(2)


@given(st.binary(max_size=30))
def test_bits_there_and_back(data: bytes) -> None:
    assert payload_of(bits_of(escaped(data + b"\x80"))) == escaped(data + b"\x80")


@pytest.mark.parametrize(
    ("codec", "unit", "kind"),
    [("h264", b"\x65\x88", 5), ("h264", b"\x41\x9a", 1), ("hevc", b"\x26\x01", 19), ("hevc", b"\x2a\x01", 21)],
)
def test_the_kind_of_a_picture(codec: str, unit: bytes, kind: int) -> None:
    delimiter = b"\x09\xf0" if codec == "h264" else b"\x46\x01\x50"
    assert picture_kind([delimiter, unit, unit], codec) == kind
    assert picture_kind([delimiter], codec) == -1


def test_an_open_beginning_becomes_a_closed_one_and_nothing_else_changes() -> None:
    units = [b"\x46\x01\x50", b"\x2a\x01\xef\x12", b"\x02\x01\xd0", b"\x26\x01\xaf"]
    assert closed_beginning(units) == [units[0], b"\x22\x01\xaf\x12", *units[2:]]


def encoded(codec: str, options: dict[str, str], frames: int = 1) -> tuple[bytes, list[bytes]]:
    """What an encoder says beforehand, and its packets."""
    context = av.codec.CodecContext.create(codec, "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt, context.time_base = 64, 48, "yuv420p", Fraction(1, 25)
    context.flags |= av.codec.context.Flags.global_header
    context.options.update(options)
    context.open()
    packets = []
    for index in range(frames):
        frame = video_frame(frame_of("yuv420p", 64, 48, index, index))
        frame.pts = index
        packets += context.encode(frame)
    return context.extradata or b"", [bytes(packet) for packet in [*packets, *context.encode(None)]]


def avcc(units: list[bytes]) -> bytes:
    """A description as MP4 holds it (ISO/IEC 14496-15, 5.3.3.1), with four extra bytes as High has them."""
    sequences = [unit for unit in units if unit_type(unit, "h264") == 7]
    pictures = [unit for unit in units if unit_type(unit, "h264") == 8]
    sized = [[len(unit).to_bytes(2, "big") + unit for unit in kind] for kind in (sequences, pictures)]
    head = b"\x01" + sequences[0][1:4] + b"\xff" + bytes([0xE0 | len(sequences)])
    return head + b"".join(sized[0]) + bytes([len(pictures)]) + b"".join(sized[1]) + b"\xfd\xf8\xf8\x00"


def test_h264_sets_stand_side_by_side() -> None:
    ours = [list(annexb_units(encoded("libx264", {"x264-params": f"sps-id={n}"})[0]))[:2] for n in (0, 3)]
    before = avcc(ours[0])
    assert stored_sets(before, "h264").length_size == 4
    assert list(stored_sets(before, "h264").units) == ours[0]
    after = with_sets(before, "h264", ours[1])
    units = stored_sets(after, "h264").units
    assert [unit_type(unit, "h264") for unit in units] == [7, 7, 8, 8]
    assert set(units) == {*ours[0], *ours[1]}
    ids = set_ids(units, "h264")
    assert sorted(ids.sequence) == sorted(ids.picture) == [0, 3]
    assert after[-4:] == b"\xfd\xf8\xf8\x00"


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x01\x64\x00\x0d\xff\xe1\x00\x30ab", b"\x00\x00\x01\x09\xf0"])
def test_a_description_without_sets(data: bytes) -> None:
    for codec in ("h264", "hevc"):
        with pytest.raises(ValueError, match="parameter sets"):
            stored_sets(data, codec)


def test_renumbered_hevc_decodes_to_the_same_pictures() -> None:
    extradata, packets = encoded("libx265", {"x265-params": "log-level=none:keyint=4"}, frames=10)
    made = [joined(renumbered_hevc(annexb_units(data)), 0) for data in (extradata, *packets)]
    ids = set_ids(annexb_units(made[0]), "hevc")
    assert ids == HEVC_IDS
    pictures = []
    for stream in ([extradata, *packets], made):
        decoder = av.codec.CodecContext.create("hevc", "r")
        assert isinstance(decoder, av.VideoCodecContext)
        frames = [f for data in stream for f in decoder.decode(av.Packet(data))] + decoder.decode(None)
        pictures.append([frame.to_ndarray().tobytes() for frame in frames])
    assert len(pictures[0]) == 10
    assert pictures[0] == pictures[1]


def test_sets_with_other_numbers_are_not_renumbered() -> None:
    extradata, _ = encoded("libx265", {"x265-params": "log-level=none"})
    once = renumbered_hevc(annexb_units(extradata))
    with pytest.raises(ValueError, match="other numbers"):
        renumbered_hevc(once)
