"""Full range comes back at the levels it had, or converted where a codec cannot say it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dubkit.media import MasterWriter, WriteSettings, probe, read_frames, read_images
from tests.numbered import write_numbered


@pytest.mark.parametrize(
    ("codec", "ending", "pixel_format"),
    [
        ("prores_ks", ".mov", "yuv420p"),
        ("prores_ks", ".mov", "yuv422p10le"),
        ("libx264", ".mov", "yuv420p"),
        ("ffv1", ".mkv", "yuv422p10le"),
    ],
)
def test_a_full_range_picture_looks_the_same(tmp_path: Path, codec: str, ending: str, pixel_format: str) -> None:
    path = write_numbered(tmp_path / "film.mkv", 5, codec="ffv1", pixel_format=pixel_format, sound=False)
    video = probe(path).video
    assert video is not None
    full = replace(video.colour, full_range=True)
    before, after = tmp_path / "before.mkv", tmp_path / f"after{ending}"
    for target, encoder in ((before, "ffv1"), (after, codec)):
        with MasterWriter(target, replace(video, colour=full), settings=WriteSettings(codec=encoder)) as writer:
            for frame in read_frames(path):
                writer.write_frame(replace(frame, colour=full))
    old, new = (next(read_images(each, 256))[2].astype(int) for each in (before, after))
    # Flat parts of the picture: away from its edges, which the codec may blur.
    assert np.abs(old - new)[20:44, 5:256:16].max() <= 3
    made = probe(after).video
    assert made is not None
    assert made.colour.full_range is not codec.startswith("prores")
