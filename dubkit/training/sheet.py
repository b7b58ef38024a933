"""A picture to look at while a generator learns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dubkit.evaluation import picture_rows

__all__ = ["picture_sheet"]

_COLUMNS = 12
_NAMES = ("target", "reference", "result", "wrong sound")


def picture_sheet(batches: Sequence[Sequence[npt.NDArray[np.float32]]]) -> npt.NDArray[np.uint8]:
    """Four named rows: target, reference, result, result with wrong sound; a column for each of at most twelve clips.

    Args:
        batches: For each batch four arrays (clips, 3, h, w) BGR 0..1, in the order of the rows.

    Returns:
        (h, w, 3) uint8 BGR.
    """
    rows = [np.concatenate([batch[row] for batch in batches]) for row in range(len(_NAMES))]
    chosen = np.linspace(0, len(rows[0]) - 1, min(_COLUMNS, len(rows[0]))).round().astype(int)
    pictures = [np.clip(np.rint(row[chosen].transpose(0, 2, 3, 1) * 255), 0, 255).astype(np.uint8) for row in rows]
    return picture_rows(dict(zip(_NAMES, pictures, strict=True)))
