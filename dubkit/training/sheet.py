"""A picture to look at while a generator learns."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["picture_sheet"]

_COLUMNS = 12
_NAMES = ("target", "reference", "result", "wrong sound")
_MARGIN = 84


def picture_sheet(batches: Sequence[Sequence[npt.NDArray[np.float32]]]) -> npt.NDArray[np.uint8]:
    """Four named rows: target, reference, result, result with wrong sound; a column for each of at most twelve clips.

    Args:
        batches: For each batch four arrays (clips, 3, h, w) BGR 0..1, in the order of the rows.

    Returns:
        (h, w, 3) uint8 BGR.
    """
    rows = [np.concatenate([batch[row] for batch in batches]) for row in range(len(_NAMES))]
    chosen = np.linspace(0, len(rows[0]) - 1, min(_COLUMNS, len(rows[0]))).round().astype(int)
    size = rows[0].shape[2]
    lines = []
    for name, row in zip(_NAMES, rows, strict=True):
        pictures = np.concatenate(list(row[chosen].transpose(0, 2, 3, 1)), axis=1)
        line = np.full((size, _MARGIN + pictures.shape[1], 3), 255, np.uint8)
        line[:, _MARGIN:] = np.clip(np.rint(pictures * 255), 0, 255).astype(np.uint8)
        cv2.putText(line, name, (4, size // 2), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (0, 0, 0), 1, cv2.LINE_AA)
        lines.append(line)
    return np.concatenate(lines)
