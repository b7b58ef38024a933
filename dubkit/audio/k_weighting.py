"""The K weighting of ITU-R BS.1770: a high shelf for the head, and a high pass.

Two digital filters of second order, run over whole blocks by matrix products: the output of a block is what its samples
give by themselves, and what the state at its beginning adds. The states of all blocks come from one another by
doubling: each takes in the one before it, then those of two before, of four, and so on.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt

from dubkit.audio.levels import Samples

__all__ = ["KWeighting"]

Matrix = npt.NDArray[np.float64]

_LONGEST_BLOCK = 128
_NOTHING = 1e-20
"""A state smaller than this is none; it would go on to numbers so small that processors slow down over them."""


class KWeighting:
    """Filters sound that comes in pieces, each a whole number of ``unit`` samples.

    Args:
        rows: Channels.
        sample_rate: Hz.
        unit: Samples of which every piece is a multiple.
    """

    def __init__(self, rows: int, sample_rate: int, unit: int) -> None:
        self._block = max(size for size in range(1, _LONGEST_BLOCK + 1) if unit % size == 0)
        self._rate = sample_rate
        self._states = np.zeros((rows, 4))

    def __call__(self, samples: Samples) -> Samples:
        """(rows, n) the weighted sound; a row like the one before it, such as a mono voice, costs nothing."""
        result = np.empty_like(samples)
        before = self._states.copy()
        for row, sound in enumerate(samples):
            if not (before[row].any() or sound.any()):
                result[row] = 0.0
            elif row and np.array_equal(before[row], before[row - 1]) and np.array_equal(sound, samples[row - 1]):
                result[row], self._states[row] = result[row - 1], self._states[row - 1]
            else:
                self._states[row] = self._weighted(sound, before[row], result[row])
        return result

    def _weighted(self, sound: Samples, state: Matrix, result: Samples) -> Matrix:
        """Put the weighted sound of one channel into ``result``; the state at its end."""
        direct, driven, shown, onward = _block_matrices(self._rate, self._block)
        blocks = np.ascontiguousarray(sound).reshape(-1, self._block)
        states = _running(np.concatenate([state[None], (blocks @ driven).astype(np.float64)]), onward)
        states[np.abs(states) < _NOTHING] = 0.0
        weighted = np.matmul(blocks, direct, out=result.reshape(-1, self._block))
        weighted += states[:-1].astype(np.float32) @ shown
        last: Matrix = states[-1]
        return last


def _running(pushes: Matrix, onward: Matrix) -> Matrix:
    """(blocks, 4) states: each is the one before it, gone on by ``onward``, and its own push."""
    states, step = pushes, 1
    while step < len(states):
        states = np.concatenate([states[:step], states[step:] + states[:-step] @ onward])
        onward, step = onward @ onward, 2 * step
    return states


@cache
def _block_matrices(sample_rate: int, block: int) -> tuple[Samples, Samples, Samples, Matrix]:
    """What a block of samples gives, does to the state, what the state gives, and how it goes on.

    Shapes (block, block), (block, 4), (4, block) and (4, 4); all are multiplied from the right.
    """
    step, push, show, through = _one_sample(sample_rate)
    powers = [np.eye(4)]
    for _ in range(block):
        powers.append(powers[-1] @ step)
    shown = np.stack([power @ show for power in powers[:block]], axis=1)
    driven = np.stack([push @ powers[block - 1 - at] for at in range(block)])
    response = np.concatenate([[through], push @ shown[:, : block - 1]])
    direct = np.zeros((block, block))
    for at in range(block):
        direct[at, at:] = response[: block - at]
    single = (direct.astype(np.float32), driven.astype(np.float32), shown.astype(np.float32))
    return *single, powers[block]


def _one_sample(sample_rate: int) -> tuple[Matrix, Matrix, Matrix, float]:
    """How one sample changes the four numbers that both filters remember, and what comes out.

    BS.1770 prints the coefficients for 48 kHz; these are the analogue parameters that give them (Brecht De Man,
    "Evaluation of implementations of the EBU R128 loudness measurement", AES 145, 2018), brought to any rate by the
    bilinear transform.
    """
    gain, quality = 10 ** (3.999843853973347 / 20), 0.7071752369554196
    k, band = math.tan(math.pi * 1681.974450955533 / sample_rate), gain**0.4996667741545416
    shelf_top = np.array([gain + band * k / quality + k * k, 2 * (k * k - gain), gain - band * k / quality + k * k])
    shelf_bottom = np.array([1 + k / quality + k * k, 2 * (k * k - 1), 1 - k / quality + k * k])
    quality = 0.5003270373238773
    k = math.tan(math.pi * 38.13547087602444 / sample_rate)
    pass_bottom = np.array([1 + k / quality + k * k, 2 * (k * k - 1), 1 - k / quality + k * k])
    filters = (
        (shelf_top / shelf_bottom[0], shelf_bottom / shelf_bottom[0]),
        (np.array([1.0, -2.0, 1.0]), pass_bottom / pass_bottom[0]),
    )

    def run(state: Matrix, value: float) -> tuple[Matrix, float]:
        after = np.empty(4)
        for number, (top, bottom) in enumerate(filters):
            first, second = state[2 * number : 2 * number + 2]
            out = top[0] * value + first
            after[2 * number] = top[1] * value - bottom[1] * out + second
            after[2 * number + 1] = top[2] * value - bottom[2] * out
            value = float(out)
        return after, value

    units = [run(unit, 0.0) for unit in np.eye(4)]
    push, through = run(np.zeros(4), 1.0)
    return np.stack([after for after, _ in units]), push, np.array([out for _, out in units]), through
