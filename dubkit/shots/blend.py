"""Measures that tell a blend of two pictures from one picture that moves or is lit otherwise."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.schema import Image

__all__ = [
    "Look",
    "colour_likeness",
    "detail_kept",
    "dot",
    "is_faint",
    "is_flat",
    "look_at",
    "moved_rest",
    "place_likeness",
]

_Floats = npt.NDArray[np.float32]

_FLAT = 40.0  # variance below which a picture is flat: black, white, or the last of a fade
_FAINT = 0.03  # part of another picture's variance below which one is faint
_FINE = 5  # pixels whose mean is not fine
_SPREAD = 40.0  # standard deviation of pictures brought to the same contrast
_AREA = 7  # pixels over which the amount of detail is a place's


@dataclass(frozen=True, eq=False)
class Look:
    """What a frame looks like, in a few thousand values.

    Attributes:
        colours: (values,) colours of a tiny picture, 0..255.
        gray: (height, width) brightness of a small picture, 0..255.
        fine: (height, width) what is fine in it: brightness without the mean around each pixel.
    """

    colours: _Floats
    gray: _Floats
    fine: _Floats


def look_at(image: Image, side: int) -> Look:
    """The look of a frame at ``side`` pixels for its longest side; its colours at half of that."""
    small = _shrunk(image, side).astype(np.float32)
    gray = small.mean(axis=2)
    fine = gray - np.asarray(cv2.blur(gray, (_FINE, _FINE)), np.float32)
    return Look(_shrunk(small, side // 2).ravel(), gray, fine)


def dot(one: _Floats, other: _Floats) -> float:
    """The sum of products; not numpy's, in which the order of adding depends on the number of threads."""
    return float(np.einsum("i,i->", one.ravel(), other.ravel()))


def is_flat(look: Look) -> bool:
    """Whether there is nothing to be seen but one colour."""
    return bool(look.colours.var() < _FLAT)


def is_faint(look: Look, beside: Look) -> bool:
    """Whether there is next to nothing to be seen beside what ``beside`` shows."""
    return bool(look.colours.var() < max(_FLAT, _FAINT * float(beside.colours.var())))


def colour_likeness(one: Look, other: Look) -> float:
    """Correlation of two pictures' colours, -1..1: near 1 for the same picture in another light."""
    return _correlation(one.colours, other.colours)


def place_likeness(one: Look, other: Look) -> float:
    """Correlation of where two pictures have detail, -1..1: of one place in any light, and whatever moved in it."""
    first, second = (np.asarray(cv2.blur(np.abs(look.fine), (_AREA, _AREA)), np.float32) for look in (one, other))
    return _correlation(first, second)


def detail_kept(between: Look, share: float, one: Look, other: Look) -> float:
    """0 where the energy of what is fine is that of the blend, 1 where it is that of a picture as sharp as the ends."""
    rest = 1 - share
    first, second = dot(one.fine, one.fine), dot(other.fine, other.fine)
    blended = rest**2 * first + share**2 * second + 2 * share * rest * dot(one.fine, other.fine)
    sharp = rest * first + share * second
    return (dot(between.fine, between.fine) - blended) / (sharp - blended + 1e-3)


def moved_rest(one: Look, other: Look) -> float:
    """How much of the difference remains after the one is moved onto the other: 1 where motion explains nothing.

    Both are brought to the same brightness and contrast first, so that light that changes meanwhile hides no motion.
    """
    gray, to = _evened(one.gray), _evened(other.gray)
    height, width = gray.shape
    flow = np.zeros((height, width, 2), np.float32)
    flow = np.asarray(cv2.calcOpticalFlowFarneback(gray, to, flow, 0.5, 3, 9, 3, 5, 1.1, 0))
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    x, y = x + flow[..., 0], y + flow[..., 1]
    fetched = np.asarray(cv2.remap(to, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
    rest, step = fetched - gray, to.astype(np.float32) - gray
    return dot(rest, rest) / (dot(step, step) + 1e-3)


def _evened(gray: _Floats) -> npt.NDArray[np.uint8]:
    spread = float(gray.std()) + 1e-3
    return np.asarray(np.clip((gray - gray.mean()) * (_SPREAD / spread) + 128, 0, 255), np.uint8)


def _correlation(one: _Floats, other: _Floats) -> float:
    first, second = one - one.mean(), other - other.mean()
    return dot(first, second) / (float(np.sqrt(dot(first, first) * dot(second, second))) + 1e-3)


def _shrunk(image: npt.NDArray[np.uint8] | _Floats, side: int) -> _Floats:
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image.astype(np.float32)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)
