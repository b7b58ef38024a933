"""Bits of a parameter set, as text of ones and zeros: such sets are small."""

from __future__ import annotations

from dubkit.media.nal import escaped, unescaped

__all__ = ["Bits", "bits_of", "payload_of", "ue_code"]


def bits_of(unit: bytes) -> str:
    """The bits of ``unit``, without the bytes that keep start codes out of it."""
    payload = unescaped(unit)
    return f"{int.from_bytes(payload, 'big'):0{8 * len(payload)}b}"


def payload_of(bits: str) -> bytes:
    """``bits`` up to their last one, which ends a unit, in whole bytes that hold no start code."""
    bits = bits.rstrip("0")
    bits += "0" * (-len(bits) % 8)
    return escaped(int(bits, 2).to_bytes(len(bits) // 8, "big"))


def ue_code(number: int) -> str:
    """``number`` as an Exp-Golomb code (ITU-T H.264, 9.1)."""
    code = f"{number + 1:b}"
    return "0" * (len(code) - 1) + code


class Bits:
    """Reads numbers out of bits, one after another.

    Args:
        bits: Ones and zeros.
        at: Where to begin.

    Attributes:
        at: The next bit.
    """

    def __init__(self, bits: str, at: int = 0) -> None:
        self._bits, self.at = bits, at

    def u(self, count: int) -> int:
        """The next ``count`` bits as a number.

        Raises:
            ValueError: if there are fewer.
        """
        end = self.at + count
        if end > len(self._bits):
            raise ValueError("parameter sets that are cut off")
        number = int(self._bits[self.at : end] or "0", 2)
        self.at = end
        return number

    def ue(self) -> int:
        """The next Exp-Golomb number.

        Raises:
            ValueError: if there is none.
        """
        one = self._bits.find("1", self.at)
        if one < 0:
            raise ValueError("parameter sets that are cut off")
        length = one - self.at
        self.at = one
        return self.u(length + 1) - 1

    def se(self) -> int:
        """The next signed Exp-Golomb number (H.264, 9.1.1).

        Raises:
            ValueError: if there is none.
        """
        number = self.ue()
        return (number + 1) // 2 if number % 2 else -(number // 2)
