"""Smooth a path over time without delaying it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["smooth_path"]

_REACH = 3.0  # standard deviations after which a weight counts as nothing


def smooth_path(values: npt.NDArray[np.float64], sigma: float) -> npt.NDArray[np.float64]:
    """Local quadratic regression: each value becomes that of the parabola fitted around it.

    The neighbours on both sides are weighted alike by a Gaussian, so that nothing is delayed, and whatever moves at
    constant speed or acceleration passes unchanged. Near the ends, where neighbours are missing on one side, a
    straight line is fitted: a parabola would swing. (Savitzky and Golay 1964, with Cleveland's weights and ends.)

    Args:
        values: (n, ...) one value per frame.
        sigma: Standard deviation of the weights, in frames; 0 changes nothing.

    Returns:
        (n, ...) the smoothed values; NaN spreads to the frames around it.
    """
    n = len(values)
    reach = min(int(np.ceil(_REACH * sigma)), n - 1)
    if sigma <= 0 or reach < 1:
        return values.copy()
    flat = values.reshape(n, -1)
    smoothed = np.empty_like(flat)
    kernel = _weights(np.arange(-reach, reach + 1), sigma, degree=2)
    for frame in range(n):
        start, stop = max(0, frame - reach), min(n, frame + reach + 1)
        if stop - start == len(kernel):
            weights = kernel
        else:
            one_sided = min(frame, n - 1 - frame) < sigma
            weights = _weights(np.arange(start, stop) - frame, sigma, degree=1 if one_sided else 2)
        smoothed[frame] = weights @ flat[start:stop]
    return smoothed.reshape(values.shape)


def _weights(offsets: npt.NDArray[np.int64], sigma: float, degree: int) -> npt.NDArray[np.float64]:
    """What each neighbour counts in the fitted polynomial's value at offset 0."""
    weight = np.exp(-0.5 * np.square(offsets / sigma))
    powers = np.stack([offsets.astype(np.float64) ** power for power in range(min(degree, len(offsets) - 1) + 1)])
    first = np.linalg.solve((powers * weight) @ powers.T, np.eye(len(powers))[:, 0])
    return np.asarray((first @ powers) * weight, np.float64)
