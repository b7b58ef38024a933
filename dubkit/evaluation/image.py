"""How near generated pictures are to the real ones: PSNR, SSIM, and what happens inside the mouth.

Conventions: a clip is (n, h, w, 3) uint8 BGR, and both clips show the same frames at the same size. PSNR and SSIM are
better when higher, mouth L1 when lower; flicker is best when it equals the real clip's. Identical clips score perfect:
``PERFECT_PSNR``, 1, 0, and an excess of 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError

__all__ = ["PERFECT_PSNR", "MouthRegion", "excess_flicker", "flicker", "mouth_l1", "psnr", "ssim"]

PERFECT_PSNR = 100.0
"""dB given to identical clips and to any that come nearer than this, so that every score is a number."""

_PEAK = 255.0
_LUMA = np.array([0.114, 0.587, 0.299])  # of B, G, R: ITU-R BT.601
_WINDOW, _SIGMA = 11, 1.5
_C1, _C2 = (0.01 * _PEAK) ** 2, (0.03 * _PEAK) ** 2

Clip = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class MouthRegion:
    """Where the mouth lies in the crop of a face, as shares of the crop's sides.

    The defaults hold the mouth, open or closed, in crops that reach from hairline to chin.

    Attributes:
        left: First column over the width.
        top: First row over the height.
        right: Column after the last over the width.
        bottom: Row after the last over the height.
    """

    left: float = 0.28
    top: float = 0.58
    right: float = 0.72
    bottom: float = 0.92

    def __post_init__(self) -> None:
        """Refuse a region without area or beyond the crop."""
        if not (0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1):
            raise InputError(f"{self} does not lie within the crop", remedy="use shares of the crop from 0 to 1")

    def of(self, clip: Clip) -> Clip:
        """The mouth's pixels, at least one: a view of ``clip`` (n, h, w, 3)."""
        height, width = clip.shape[1:3]
        top, left = min(round(self.top * height), height - 1), min(round(self.left * width), width - 1)
        bottom, right = max(top + 1, round(self.bottom * height)), max(left + 1, round(self.right * width))
        return clip[:, top:bottom, left:right]


def psnr(found: Clip, reference: Clip) -> float:
    """Peak signal-to-noise ratio in dB: 10 log10(255² / mean squared error over all frames, pixels and channels).

    At most :data:`PERFECT_PSNR`.

    Raises:
        InputError: if the clips differ in form.
    """
    _check(found, reference)
    error = np.mean([np.square(a.astype(np.float64) - b).mean() for a, b in zip(found, reference, strict=True)])
    return PERFECT_PSNR if error == 0 else min(PERFECT_PSNR, float(10 * np.log10(_PEAK**2 / error)))


def ssim(found: Clip, reference: Clip) -> float:
    """Structural similarity, at most 1, mean over frames (Wang et al., "Image quality assessment", 2004).

    Of the luma (BT.601, 0..255), under a Gaussian of 11 x 11 pixels and sigma 1.5, K1 0.01, K2 0.03, where the whole
    window lies inside the picture.

    Raises:
        InputError: if the clips differ in form, or are smaller than the window.
    """
    _check(found, reference)
    if min(found.shape[1:3]) < _WINDOW:
        raise InputError(f"SSIM needs pictures of at least {_WINDOW}x{_WINDOW} pixels, not {found.shape[1:3]}")
    return float(np.mean([_similarity(a @ _LUMA, b @ _LUMA) for a, b in zip(found, reference, strict=True)]))


def mouth_l1(found: Clip, reference: Clip, region: MouthRegion = MouthRegion()) -> float:
    """Mean absolute difference inside the mouth, as a share of full scale (0..1), over frames, pixels and channels.

    Raises:
        InputError: if the clips differ in form.
    """
    _check(found, reference)
    difference = region.of(found).astype(np.int16) - region.of(reference)
    return float(np.abs(difference).mean() / _PEAK)


def flicker(clip: Clip, region: MouthRegion = MouthRegion()) -> float:
    """How restless the mouth is: mean size of x[t-1] - 2 x[t] + x[t+1] inside it, as a share of full scale (0..2).

    Steady change counts as nothing. Speech has some of it; compare with the real clip's.

    Raises:
        InputError: if the clip has another form or fewer than three frames.
    """
    _check(clip, clip)
    if len(clip) < 3:
        raise InputError(f"flicker is seen over at least 3 frames, not {len(clip)}")
    return float(np.abs(np.diff(region.of(clip).astype(np.int16), n=2, axis=0)).mean() / _PEAK)


def excess_flicker(found: Clip, reference: Clip, region: MouthRegion = MouthRegion()) -> float:
    """:func:`flicker` of ``found`` less that of ``reference``: 0 is best, above is restless, below is smeared.

    Raises:
        InputError: if the clips differ in form or have fewer than three frames.
    """
    _check(found, reference)
    return flicker(found, region) - flicker(reference, region)


def _check(found: Clip, reference: Clip) -> None:
    for clip in (found, reference):
        if clip.ndim != 4 or clip.shape[-1] != 3 or clip.size == 0 or clip.dtype != np.uint8:
            raise InputError(f"a clip should be uint8 (n, h, w, 3), not {clip.dtype} {clip.shape}")
    if found.shape != reference.shape:
        raise InputError(f"clips to compare should have one shape, not {found.shape} and {reference.shape}")


def _similarity(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    mean_a, mean_b = _blurred(a), _blurred(b)
    variance_a, variance_b = _blurred(a * a) - mean_a**2, _blurred(b * b) - mean_b**2
    covariance = _blurred(a * b) - mean_a * mean_b
    likeness = (2 * mean_a * mean_b + _C1) * (2 * covariance + _C2)
    return float(np.mean(likeness / ((mean_a**2 + mean_b**2 + _C1) * (variance_a + variance_b + _C2))))


def _blurred(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Gaussian means of the windows that lie wholly inside."""
    weights = np.exp(-0.5 * np.square((np.arange(_WINDOW) - _WINDOW // 2) / _SIGMA))
    weights /= weights.sum()
    rows = np.lib.stride_tricks.sliding_window_view(values, _WINDOW, axis=0) @ weights
    return np.asarray(np.lib.stride_tricks.sliding_window_view(rows, _WINDOW, axis=1) @ weights, np.float64)
