"""Sound made shorter or longer at the same pitch: waveform similarity overlap-add (WSOLA).

W. Verhelst and M. Roelands, "An overlap-add technique based on waveform similarity (WSOLA) for high quality time-scale
modification of speech", ICASSP 1993. The sound is laid out anew in overlapping pieces; each is taken from near the
place where it belongs, there where it best continues the piece before. The waveform itself is kept, so pitch, voice and
consonants stay as they are; over the small changes that speech allows this is the method of choice.

It is written here, rather than taken from FFmpeg (``atempo``, the same method) or librosa (a phase vocoder), because
lips have to follow: ``atempo`` moves what is said by up to 28 ms from where it should be and gives no exact length, the
phase vocoder by up to 18 ms, and smears the consonants. Here no piece is taken further than ``tolerance`` from its
place, and the result has exactly the length that was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError, RecordError
from dubkit.schema import Waveform
from dubkit.timing import Seconds

__all__ = ["StretchSettings", "stretch"]

Mono = npt.NDArray[np.float64]

_COARSE_RATE = 8000
_PREFERENCE = 0.05  # of similarity, that a piece at the edge of the search must be better by than one in its place


@dataclass(frozen=True)
class StretchSettings:
    """How sound is laid out anew.

    Attributes:
        window: Seconds of a piece.
        tolerance: Seconds that a piece may be taken from before or after its place. Both ways together are the longest
            period that is kept whole: 7.5 ms reach down to voices of 67 Hz.
    """

    window: Seconds = Fraction(1, 40)
    tolerance: Seconds = Fraction(3, 400)

    def __post_init__(self) -> None:
        """Refuse pieces that do not reach over the search."""
        if not 0 < self.tolerance < self.window:
            raise RecordError("a piece of stretched sound must be longer than the search for it")


def stretch(sound: Waveform, length: int, settings: StretchSettings = StretchSettings()) -> Waveform:
    """``sound`` in exactly ``length`` samples, at the same pitch; all channels move together.

    Sample ``i`` of the result is heard within ``settings.tolerance`` of where it was, scaled: at
    ``i * sound.length / length``. The very sound is given back where the length is the same.

    Args:
        sound: The sound.
        length: Samples wanted.
        settings: See there.

    Raises:
        InputError: if the length is not positive, or the change more than twofold either way.
    """
    if length == sound.length:
        return sound
    if not sound.length or not sound.length / 2 <= length <= 2 * sound.length:
        raise InputError(
            f"{sound.length} samples cannot be stretched to {length}", remedy="change the length by less than twofold"
        )
    rate = sound.sample_rate
    hop = max(2, round(settings.window * rate) // 2)
    reach = max(1, round(settings.tolerance * rate))
    window = (0.5 - 0.5 * np.cos(np.pi * np.arange(2 * hop) / hop)).astype(np.float32)  # pieces add up to one
    margin = 2 * hop + reach
    padded = np.pad(sound.samples, ((0, 0), (margin, margin + 2 * hop)))
    result = np.zeros((sound.channels, length + 4 * hop), np.float32)
    search = _Search(padded.mean(axis=0, dtype=np.float64), 2 * hop, reach, rate)
    pieces = -(-length // hop) + 1
    before = 0
    for piece in range(pieces):
        # Piece k is centred on sample k·hop of the result, and so begins one hop before it.
        place = margin + round(piece * hop * sound.length / length) - hop
        at = place if piece in (0, pieces - 1) else search.best(place, before + hop)
        result[:, piece * hop : (piece + 2) * hop] += window * padded[:, at : at + 2 * hop]
        before = at
    return Waveform(np.ascontiguousarray(result[:, hop : hop + length]), rate)


class _Search:
    """Finds where the sound goes on most like a template: coarsely at 8 kHz, then to the sample."""

    def __init__(self, mono: Mono, size: int, reach: int, sample_rate: int) -> None:
        self._size, self._reach = size, reach
        self._step = max(1, sample_rate // _COARSE_RATE)
        self._fine = _Likeness(mono)
        self._coarse = _Likeness(mono[: mono.size // self._step * self._step].reshape(-1, self._step).mean(axis=1))

    def best(self, place: int, template: int) -> int:
        """The start near ``place`` whose piece is most like the one at ``template``, which goes on from the last."""
        if abs(template - place) <= self._step:
            return template  # it goes on by itself
        step = self._step
        found = self._coarse.best(
            place // step, template // step, self._size // step, self._reach // step, preference=_PREFERENCE
        )
        if step == 1:
            return found
        near = max(place - self._reach, min(place + self._reach, found * step))
        moved = self._fine.best(near, template, self._size, step)
        return max(place - self._reach, min(place + self._reach, moved))


class _Likeness:
    """Compares pieces of one signal; their energies are summed up once."""

    def __init__(self, signal: Mono) -> None:
        self._signal = signal
        self._energy = np.cumsum(np.concatenate([[0.0], np.square(signal)]))

    def best(self, place: int, template: int, size: int, reach: int, *, preference: float = 0.0) -> int:
        """Where, within ``reach`` of ``place``, ``size`` samples correlate best with those at ``template``."""
        first, count = place - reach, 2 * reach + 1
        wanted = self._signal[template : template + size]
        alike = np.correlate(self._signal[first : first + count - 1 + size], wanted, "valid")
        energy = self._energy[first + size : first + size + count] - self._energy[first : first + count]
        scale = np.sqrt(np.maximum(energy, 0.0) * float(wanted @ wanted))
        away = np.abs(np.arange(-reach, reach + 1)) / max(1, reach)
        return first + int(np.argmax(alike / np.maximum(scale, 1e-9) - preference * away))
