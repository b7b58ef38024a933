"""A picture sheet: what a number cannot say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError
from dubkit.evaluation.protocols import Takes

__all__ = ["picture_rows", "stack_sheets", "takes_sheet"]

_MARGIN = 96  # pixels beside a row, for its name
_WHITE = 255

Sheet = npt.NDArray[np.uint8]


def takes_sheet(takes: Takes, columns: int = 8) -> Sheet:
    """Target, reference, right sound, wrong sound and silence, one under the other, in evenly spaced frames of a clip.

    Args:
        takes: What a generator made of the clip.
        columns: How many frames, at most.
    """
    chosen = np.linspace(0, len(takes.clip) - 1, min(columns, len(takes.clip))).round().astype(int)
    rows = {
        "target": takes.clip.faces,
        "reference": takes.references,
        "right sound": takes.right,
        "wrong sound": takes.wrong,
        "silence": takes.silent,
    }
    return picture_rows({name: crops[chosen] for name, crops in rows.items()}, takes.clip.name)


def picture_rows(rows: Mapping[str, npt.NDArray[np.uint8]], title: str = "") -> Sheet:
    """Named rows of pictures under a title, (h, w, 3) uint8 BGR.

    Args:
        rows: Name -> (k, h, w, 3) uint8 BGR, all of one shape.
        title: What stands above; empty for none.

    Raises:
        InputError: if the rows are not of one shape.
    """
    shapes = {pictures.shape for pictures in rows.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 4:
        raise InputError(f"the rows of a picture sheet have one shape (k, h, w, 3), not {sorted(shapes)}")
    lines = []
    for name, pictures in rows.items():
        line = np.concatenate(list(pictures), axis=1)
        margin = np.full((line.shape[0], _MARGIN, 3), _WHITE, np.uint8)
        lines.append(np.concatenate([_written(margin, name, line.shape[0] // 2), line], axis=1))
    if title:
        lines.insert(0, _written(np.full((20, lines[0].shape[1], 3), _WHITE, np.uint8), title, 14))
    return np.concatenate(lines)


def stack_sheets(sheets: Sequence[Sheet]) -> Sheet:
    """Sheets one under the other; narrower ones are filled up with white.

    Raises:
        InputError: if there is none.
    """
    if not sheets:
        raise InputError("there is nothing to show on a picture sheet")
    width = max(sheet.shape[1] for sheet in sheets)
    fills = [((0, 0), (0, width - sheet.shape[1]), (0, 0)) for sheet in sheets]
    return np.concatenate([np.pad(s, fill, constant_values=_WHITE) for s, fill in zip(sheets, fills, strict=True)])


def _written(picture: Sheet, text: str, baseline: int) -> Sheet:
    cv2.putText(picture, text, (4, baseline), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
    return picture
