"""References of faces, kept for the next run or, where that cannot be, for this one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dubkit.faces import CropSettings
from dubkit.lipsync import ReferenceCrops
from dubkit.references import ReferenceShelf
from dubkit.store import Store
from dubkit.timing import FrameRange
from tests.test_render import track

CROPS = ReferenceCrops(np.zeros(1, np.int64), np.zeros(1, np.bool_), np.zeros(1), np.full((1, 96, 96, 3), 51, np.uint8))


@pytest.mark.parametrize("closed", [False, True])
def test_references_outlast_a_folder_that_cannot_be_written(closed: bool, tmp_path: Path) -> None:
    face = track(0, 0, 40)
    if closed:
        (tmp_path / "kept").write_text("a file")
    stores = Store(tmp_path / "kept"), Store(tmp_path / "spare")
    shelf, again = (
        ReferenceShelf(stores[0], "video", 96, CropSettings(), 5, "film.mkv", spare=stores[1]) for _ in range(2)
    )
    assert not shelf.knows(face)
    shelf.put(face, CROPS)
    for one in (shelf, again):
        assert one.knows(face)
        np.testing.assert_allclose(one.reference(face, FrameRange(0, 10)), np.full((96, 96, 3), 0.2))
    assert len(list(stores[closed].entries())) == 1
    assert not list(stores[not closed].entries())
