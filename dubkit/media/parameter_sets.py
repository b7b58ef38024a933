"""Parameter sets of H.264 and HEVC: two encoders' beside one another under one description of the track."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dubkit.media.bits import Bits, bits_of, payload_of, ue_code
from dubkit.media.nal import annexb_units, unit_type

__all__ = ["HEVC_IDS", "SetIds", "StoredSets", "renumbered_hevc", "set_ids", "stored_sets", "with_sets"]

_H264_SPS, _H264_PPS = 7, 8
_VPS, _SPS, _PPS = 32, 33, 34
_HEVC_SLICES = range(32)
_HEVC_KEYS = range(16, 24)
_AVC_HEAD, _HEVC_HEAD = 5, 22
_MORE_H264 = frozenset({100, 110, 122, 144, 244})
"""Profiles whose avcC goes on after the sets."""
_SPS_PREFIX_HEVC = 8 + 96
"""Bits of an HEVC sequence parameter set of one temporal layer before its number."""


@dataclass(frozen=True)
class SetIds:
    """Numbers by which parameter sets are called.

    Attributes:
        video: Of video parameter sets; H.264 has none.
        sequence: Of sequence parameter sets.
        picture: Of picture parameter sets.
    """

    video: frozenset[int] = frozenset()
    sequence: frozenset[int] = frozenset()
    picture: frozenset[int] = frozenset()


HEVC_IDS = SetIds(frozenset({14}), frozenset({15}), frozenset({30}))
"""What x265's sets are called in a track that has sets already. A picture's slices then grow by a whole byte, which is
never zero, so that nothing after it moves within its byte and nothing needs another escape."""


@dataclass(frozen=True)
class StoredSets:
    """Parameter sets as a file's description of a track holds them.

    Attributes:
        length_size: Bytes of the length before each unit of the track; 0 where start codes part them.
        units: The sets, as they are stored.
    """

    length_size: int
    units: tuple[bytes, ...]


def stored_sets(extradata: bytes, codec: str) -> StoredSets:
    """The sets in ``extradata``, be it avcC, hvcC or Annex B.

    Raises:
        ValueError: if it holds none, or is cut off.
    """
    if extradata[:1] != b"\x01":
        units = tuple(unit for unit in annexb_units(extradata) if unit_type(unit, codec) in _set_types(codec))
        if not units:
            raise ValueError("no parameter sets")
        return StoredSets(0, units)
    try:
        return _from_avcc(extradata) if codec == "h264" else _from_hvcc(extradata)
    except IndexError:
        raise ValueError("parameter sets that are cut off") from None


def _set_types(codec: str) -> tuple[int, ...]:
    return (_H264_SPS, _H264_PPS) if codec == "h264" else (_VPS, _SPS, _PPS)


def _from_avcc(data: bytes) -> StoredSets:
    units, at = [], _AVC_HEAD
    for mask in (0x1F, 0xFF):
        count = data[at] & mask
        at += 1
        for _ in range(count):
            at, unit = _sized(data, at)
            units.append(unit)
    return StoredSets((data[4] & 3) + 1, tuple(units))


def _from_hvcc(data: bytes) -> StoredSets:
    units, at = [], _HEVC_HEAD + 1
    for _ in range(data[_HEVC_HEAD]):
        count = int.from_bytes(data[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            at, unit = _sized(data, at)
            units.append(unit)
    return StoredSets((data[21] & 3) + 1, tuple(units))


def _sized(data: bytes, at: int) -> tuple[int, bytes]:
    length = int.from_bytes(data[at : at + 2], "big")
    end = at + 2 + length
    if not length or end > len(data):
        raise IndexError
    return end, data[at + 2 : end]


def with_sets(extradata: bytes, codec: str, more: Sequence[bytes]) -> bytes:
    """``extradata`` with further sets in it, whose numbers are free."""
    before = stored_sets(extradata, codec)
    if before.length_size == 0:
        return extradata + b"".join(b"\x00\x00\x00\x01" + unit for unit in more)
    return _wider_avcc(extradata, before, more) if codec == "h264" else _wider_hvcc(extradata, more)


def _wider_avcc(data: bytes, before: StoredSets, more: Sequence[bytes]) -> bytes:
    units = (*before.units, *more)
    sequences = [unit for unit in units if unit_type(unit, "h264") == _H264_SPS]
    pictures = [unit for unit in units if unit_type(unit, "h264") == _H264_PPS]
    level = max(unit[3] for unit in sequences)
    tail = data[_AVC_HEAD + 2 + sum(2 + len(unit) for unit in before.units) :] if data[1] in _MORE_H264 else b""
    head = data[:3] + bytes([level, data[4], 0xE0 | len(sequences)])
    return b"".join([head, *_with_sizes(sequences), bytes([len(pictures)]), *_with_sizes(pictures), tail])


def _with_sizes(units: Iterable[bytes]) -> list[bytes]:
    return [len(unit).to_bytes(2, "big") + unit for unit in units]


def _wider_hvcc(data: bytes, more: Sequence[bytes]) -> bytes:
    made, at = [data[:_HEVC_HEAD]], _HEVC_HEAD + 1
    arrays = []
    waiting = {kind: [unit for unit in more if unit_type(unit, "hevc") == kind] for kind in (_VPS, _SPS, _PPS)}
    for _ in range(data[_HEVC_HEAD]):
        kind, count = data[at] & 0x3F, int.from_bytes(data[at + 1 : at + 3], "big")
        end = at + 3
        for _ in range(count):
            end, _ = _sized(data, end)
        added = waiting.pop(kind, [])
        stored = data[at + 3 : end]
        arrays.append(data[at : at + 1] + (count + len(added)).to_bytes(2, "big") + stored)
        arrays[-1] += b"".join(_with_sizes(added))
        at = end
    arrays += [bytes([0x80 | kind, 0, len(units), *b"".join(_with_sizes(units))]) for kind, units in waiting.items()]
    return b"".join([*made, bytes([len(arrays)]), *arrays])


def set_ids(units: Iterable[bytes], codec: str) -> SetIds:
    """What the sets among ``units`` are called.

    Raises:
        ValueError: if a set cannot be read.
    """
    video, sequence, picture = set[int](), set[int](), set[int]()
    for unit in units:
        kind = unit_type(unit, codec)
        if codec == "h264" and kind == _H264_SPS:
            sequence.add(Bits(bits_of(unit[4:])).ue())
        elif codec == "h264" and kind == _H264_PPS:
            picture.add(Bits(bits_of(unit[1:])).ue())
        elif codec == "hevc" and kind == _VPS:
            video.add(unit[2] >> 4)
        elif codec == "hevc" and kind == _SPS:
            sequence.add(Bits(_hevc_sequence(unit), _SPS_PREFIX_HEVC).ue())
        elif codec == "hevc" and kind == _PPS:
            picture.add(Bits(bits_of(unit[2:])).ue())
    return SetIds(frozenset(video), frozenset(sequence), frozenset(picture))


def renumbered_hevc(units: Iterable[bytes]) -> list[bytes]:
    """x265's ``units`` with their sets called by :data:`HEVC_IDS`, and their slices calling for these.

    Raises:
        ValueError: if they are called by other numbers than x265 uses.
    """
    return [_renumbered(unit) for unit in units]


def _renumbered(unit: bytes) -> bytes:
    kind = unit_type(unit, "hevc")
    (video,), (sequence,), (picture,) = HEVC_IDS.video, HEVC_IDS.sequence, HEVC_IDS.picture
    if kind == _VPS:
        return unit[:2] + bytes([video << 4 | unit[2] & 0xF]) + unit[3:]
    if kind == _SPS:
        bits = f"{video:04b}" + _hevc_sequence(unit)[4:]
        return unit[:2] + payload_of(_replaced(bits, _SPS_PREFIX_HEVC, sequence)[0])
    if kind == _PPS:
        bits, at = _replaced(bits_of(unit[2:]), 0, picture)
        return unit[:2] + payload_of(_replaced(bits, at, sequence)[0])
    if kind not in _HEVC_SLICES:
        return unit
    # first_slice_segment_in_pic_flag, in some kinds no_output_of_prior_pics_flag, then the number of the picture set.
    before = 2 if kind in _HEVC_KEYS else 1
    bits, _ = _replaced(f"{unit[2]:08b}", before, picture)
    return unit[:2] + int(bits, 2).to_bytes(2, "big") + unit[3:]


def _hevc_sequence(unit: bytes) -> str:
    if unit[2] >> 1 & 7:
        raise ValueError("several temporal layers")
    return bits_of(unit[2:])


def _replaced(bits: str, at: int, number: int) -> tuple[str, int]:
    """``bits`` with ``number`` where 0 stands at ``at``, and where it ends."""
    if bits[at] != "1":
        raise ValueError("parameter sets with other numbers than expected")
    code = ue_code(number)
    return bits[:at] + code + bits[at + 1 :], at + len(code)
