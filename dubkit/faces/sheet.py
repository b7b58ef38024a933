"""A contact sheet: one picture and a few words for each person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.errors import RecordError
from dubkit.schema import Image

__all__ = ["FaceCard", "contact_sheet", "cut_portrait", "marked_picture"]

_SIDE = 192  # pixels of a portrait
_LINE, _LETTERS = 18, 0.42  # pixels of a line of text, and its size
_LINES = 4  # of text below a portrait, its title not counted
_MARGIN = 8
_PAPER, _INK, _GRAY = (255, 255, 255), (0, 0, 0), (110, 110, 110)
_MARKED, _SEEN = (80, 200, 60), (150, 150, 150)  # BGR of the box around who is meant, and around others
_AROUND = 1.7  # side of a portrait, in heights of the face's box


@dataclass(frozen=True, eq=False)
class FaceCard:
    """One person on a contact sheet.

    Attributes:
        portrait: (height, width, 3) uint8 BGR, as :func:`cut_portrait` or :func:`marked_picture` gives it; of one size
            for all cards of a sheet.
        title: The name.
        lines: What stands below, in ASCII letters; what is more than four lines long is left out.
    """

    portrait: Image
    title: str
    lines: tuple[str, ...]


def cut_portrait(image: Image, box: npt.NDArray[np.float32]) -> Image:
    """(192, 192, 3) uint8 BGR: a face with what is around it; gray beyond the image's edge.

    Args:
        image: (height, width, 3) uint8 BGR.
        box: (4,) the face's box in pixels of it.

    Raises:
        RecordError: if the box has no area.
    """
    if not (box[2] > box[0] and box[3] > box[1]):
        raise RecordError("the box of a face has no area")
    centre = (box[:2].astype(np.float64) + box[2:]) / 2
    seen = _AROUND * float(box[3] - box[1])
    scale = _SIDE / seen
    if scale < 1:
        image, centre = _shrunk(image, centre, scale)
        scale = 1.0
    matrix = np.array([[scale, 0, _SIDE / 2 - scale * centre[0]], [0, scale, _SIDE / 2 - scale * centre[1]]])
    cut = cv2.warpAffine(image, matrix, (_SIDE, _SIDE), flags=cv2.INTER_LINEAR, borderValue=_GRAY)
    return np.asarray(cut, np.uint8)


def marked_picture(
    image: Image, width: int, meant: Sequence[npt.NDArray[np.float32]], others: Sequence[npt.NDArray[np.float32]]
) -> Image:
    """(width * 3/4, width, 3) uint8 BGR: a whole picture with boxes around faces; gray where it does not reach.

    Args:
        image: (height, width, 3) uint8 BGR.
        width: Pixels wanted.
        meant: (4,) boxes of those who are meant, in pixels of the image.
        others: (4,) boxes of others.
    """
    height = width * 3 // 4
    scale = min(width / image.shape[1], height / image.shape[0])
    size = [max(1, round(side * scale)) for side in image.shape[1::-1]]
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    for boxes, colour, thick in ((others, _SEEN, 1), (meant, _MARKED, 2)):
        for box in boxes:
            left, top, right, bottom = (round(float(edge) * scale) for edge in box)
            cv2.rectangle(small, (left, top), (right, bottom), colour, thick)
    paper: Image = np.full((height, width, 3), _GRAY, np.uint8)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    paper[top : top + size[1], left : left + size[0]] = small
    return paper


def contact_sheet(cards: Sequence[FaceCard], columns: int = 6, nobody: str = "no faces found") -> Image:
    """(height, width, 3) uint8 BGR: the cards from left to right, row by row; a word where there are none.

    Args:
        cards: The people.
        columns: How many stand side by side, at most.
        nobody: What stands there where there are no cards.
    """
    if not cards:
        return _written(np.full((3 * _LINE, _SIDE, 3), 255, np.uint8), nobody, 2)
    drawn = [_card(card) for card in cards]
    columns = min(columns, len(drawn))
    drawn += [np.full_like(drawn[0], 255)] * (-len(drawn) % columns)
    return np.concatenate([np.concatenate(drawn[i : i + columns], axis=1) for i in range(0, len(drawn), columns)])


def _card(card: FaceCard) -> Image:
    height, width = card.portrait.shape[:2]
    paper: Image = np.full((height + (_LINES + 1) * _LINE + 2 * _MARGIN, width + 2 * _MARGIN, 3), _PAPER, np.uint8)
    paper[_MARGIN : _MARGIN + height, _MARGIN : _MARGIN + width] = card.portrait
    below = paper[_MARGIN + height :]
    _written(below, card.title, 1, thickness=2)
    for number, line in enumerate(card.lines[:_LINES]):
        _written(below, line, number + 2)
    return paper


def _written(paper: Image, words: str, line: int, thickness: int = 1) -> Image:
    cv2.putText(
        paper,
        words,
        (_MARGIN, line * _LINE - 4),
        cv2.FONT_HERSHEY_SIMPLEX,
        _LETTERS,
        _INK,
        thickness,
        cv2.LINE_AA,
    )
    return paper


def _shrunk(image: Image, centre: npt.NDArray[np.float64], scale: float) -> tuple[Image, npt.NDArray[np.float64]]:
    size = np.maximum(1, np.rint(np.array(image.shape[1::-1]) * scale)).astype(int)
    small = cv2.resize(image, size.tolist(), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), centre * (size / np.array(image.shape[1::-1]))
