"""NAL units of H.264 and HEVC: cut apart, put together, and what kind of picture they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

__all__ = [
    "BEGINNINGS",
    "OPEN_BEGINNING",
    "RELIANT",
    "annexb_units",
    "closed_beginning",
    "escaped",
    "joined",
    "length_units",
    "picture_kind",
    "unescaped",
    "unit_type",
]

_START = b"\x00\x00\x01"
_SLICES = {"h264": range(1, 6), "hevc": range(32)}
OPEN_BEGINNING = 21
"""HEVC's CRA: decoding can begin there, but pictures that are shown before it may rely on earlier ones."""
RELIANT = frozenset({8, 9})
"""HEVC's RASL: pictures shown before the CRA they are stored after, which rely on earlier ones."""
BEGINNINGS = {"h264": frozenset({5}), "hevc": frozenset({19, 20, OPEN_BEGINNING})}
"""Kinds of pictures that decoding can begin at; nothing stored later relies on earlier ones, but for RELIANT ones."""
_BROKEN = 17
"""HEVC's BLA: the same as a CRA, but nothing is shown that relies on earlier pictures."""
_DROPS_EARLIER = 0x40


def annexb_units(data: bytes) -> Iterator[bytes]:
    """The units of ``data``, which start codes part (ITU-T H.264, Annex B; the same in H.265)."""
    begin = data.find(_START)
    while begin >= 0:
        begin += len(_START)
        end = data.find(_START, begin)
        # Zeros before a start code belong to it: no unit ends in a zero byte.
        unit = data[begin : end if end >= 0 else len(data)].rstrip(b"\x00")
        if unit:
            yield unit
        begin = end


def length_units(data: bytes, size: int) -> Iterator[bytes]:
    """The units of ``data``, each of which comes after its length in ``size`` bytes (ISO/IEC 14496-15)."""
    at = 0
    while at + size <= len(data):
        length = int.from_bytes(data[at : at + size], "big")
        at += size
        if length:
            yield data[at : at + length]
        at += length


def joined(units: Iterable[bytes], size: int) -> bytes:
    """``units`` after their lengths in ``size`` bytes each; after start codes where ``size`` is 0."""
    if size == 0:
        return b"".join(b"\x00" + _START + unit for unit in units)
    return b"".join(len(unit).to_bytes(size, "big") + unit for unit in units)


def unit_type(unit: bytes, codec: str) -> int:
    """The type of a unit of ``codec``, ``h264`` or ``hevc``."""
    return unit[0] & 0x1F if codec == "h264" else unit[0] >> 1 & 0x3F


def picture_kind(units: Iterable[bytes], codec: str) -> int:
    """The type of the first slice among ``units``; -1 where there is none."""
    return next((kind for unit in units if (kind := unit_type(unit, codec)) in _SLICES[codec]), -1)


def closed_beginning(units: Iterable[bytes]) -> list[bytes]:
    """``units`` of a CRA as those of a BLA, so that no decoder looks for what was stored before it (H.265, 8.1.3)."""
    made = []
    for unit in units:
        if unit_type(unit, "hevc") == OPEN_BEGINNING:
            # What was shown up to here is still to be shown, whatever the CRA said, for which that has no meaning.
            unit = bytes([unit[0] & 0x81 | _BROKEN << 1, unit[1], unit[2] & ~_DROPS_EARLIER]) + unit[3:]
        made.append(unit)
    return made


def unescaped(unit: bytes) -> bytes:
    """``unit`` without the bytes that keep start codes out of it."""
    return unit.replace(b"\x00\x00\x03", b"\x00\x00")


def escaped(payload: bytes) -> bytes:
    """``payload`` with the bytes that keep start codes out of it; for small units only."""
    made = bytearray()
    zeros = 0
    for byte in payload:
        if zeros >= 2 and byte <= 3:
            made.append(3)
            zeros = 0
        made.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(made)
