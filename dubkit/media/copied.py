"""Packets of a source that go into a master as they are, in step with its picture."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import ExitStack

from av.packet import Packet
from av.stream import Stream

from dubkit.timing import Seconds

__all__ = ["CopiedPackets"]


class CopiedPackets(ABC):
    """Some streams of a source, read as far as the picture has come.

    Args:
        origin: Where the picture starts, on the source's clock.
        stack: What is closed with it.
    """

    def __init__(self, origin: Seconds, stack: ExitStack) -> None:
        self._origin, self._stack = origin, stack
        self._next: Packet[Stream] | None = None
        self._open: set[int] = set()  # indices of the streams that have not ended

    def advance(self, time: Seconds) -> None:
        """Copy the packets that begin before ``time`` of the picture."""
        while self._open:
            packet = self._taken()
            if packet is None:
                return
            if self._begin(packet) >= time:
                self._next = packet
                return
            self._copy(packet)

    def close(self) -> None:
        """Close the source."""
        self._stack.close()

    def _taken(self) -> Packet[Stream] | None:
        packet, self._next = self._next, None
        return packet or self._read()

    def _begin(self, packet: Packet[Stream]) -> Seconds:
        return (packet.pts or 0) * packet.time_base - self._origin

    @abstractmethod
    def _read(self) -> Packet[Stream] | None:
        """The next packet to copy; None at the end, when no stream is open any more."""

    @abstractmethod
    def _copy(self, packet: Packet[Stream]) -> None:
        """Write it, unless it has no place in the master."""
