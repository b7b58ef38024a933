"""Films packet by packet into other films: at other times, beside other tracks, or some left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from tests.media.zoo import MUXERS, make

__all__ = ["MILLI", "packet_of", "repacked", "restamped", "with_tracks"]

MILLI = Fraction(1, 1000)


def restamped(source: Path, path: Path, stamps: list[int]) -> Path:
    """``source`` packet by packet, each at the time given."""
    numbers = iter(stamps)

    def stamp(packet: Packet[Any]) -> Packet[Any]:
        packet.pts = packet.dts = next(numbers)
        return packet

    repacked(source, path, stamp)
    assert not list(numbers)
    return path


def repacked(source: Path, path: Path, change: Callable[[Packet[Any]], Packet[Any] | None], **options: str) -> Path:
    """The picture of ``source`` packet by packet; those of which ``change`` makes None are left out."""
    with (
        av.open(str(source)) as old,
        av.open(str(path), "w", format=MUXERS.get(path.suffix), container_options=options) as new,
    ):
        stream = new.add_stream_from_template(old.streams.video[0], opaque=True)
        for packet in old.demux(video=0):
            if packet.size and (changed := change(packet)) is not None:
                changed.stream = stream
                new.mux(changed)
    return path


def with_tracks(
    folder: Path,
    ending: str,
    add: Callable[[OutputContainer], Sequence[Any]],
    late: int = 0,
    first: bool = False,
    **recipe: Any,
) -> Path:
    """A film of two seconds with more in it; its picture starts ``late`` milliseconds after the file's clock.

    Args:
        folder: Where to.
        ending: Of its name.
        add: Adds tracks to it; their packets.
        late: Milliseconds.
        first: Whether these come before the picture.
        **recipe: What else is said of the picture.
    """
    options: dict[str, Any] = {"frames": 50, "time_base": MILLI, "options": {"g": "10", "bf": "0"}}
    plain = make(folder / f"plain{ending}", **(options | recipe))
    path = folder / f"source{ending}"
    with av.open(str(plain)) as old, av.open(str(path), "w", format=MUXERS[ending]) as new:
        more = list(add(new)) if first else []
        stream = new.add_stream_from_template(old.streams.video[0], opaque=True)
        more += [] if first else list(add(new))
        for packet in old.demux(video=0):
            if packet.size:
                assert packet.pts is not None
                moved = round(late * MILLI / packet.time_base)
                packet.pts, packet.dts = packet.pts + moved, (packet.dts or 0) + moved
                packet.stream = stream
                more.append(packet)
        for packet in sorted(more, key=lambda packet: (packet.dts or 0) * packet.time_base):
            new.mux_one(packet)
    plain.unlink()
    return path


def packet_of(data: bytes, at: int, track: Stream) -> Any:
    """Half a second of ``track``, ``at`` milliseconds."""
    packet: Any = Packet(data)
    packet.pts = packet.dts = at
    packet.duration, packet.time_base, packet.stream = 500, MILLI, track
    return packet
