from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from dubkit.media import (
    turned_frame,
    turned_video,
)
from tests.media.masters import (
    equal_planes,
    made_up,
)
from tests.media.zoo import frame_of


@pytest.mark.parametrize("name", ["yuv420p", "yuv422p", "yuv411p", "yuv422p16le", "rgb24", "gbrap", "yuva420p"])
def test_turning_there_and_back(name: str) -> None:
    video = made_up(name, size=(38, 22), rotation=90, sample_aspect=Fraction(4, 3))
    frame = frame_of(name, 38, 22, 0, 0)
    for degrees in (0, 90, 180, 270, -90, 450):
        turned, record = turned_frame(frame, degrees), turned_video(video, degrees)
        assert (turned.width, turned.height) == (record.width, record.height)
        assert turned.pixel_format == record.pixel_format
        assert record.rotation == (90 - degrees) % 360
        back = turned_frame(turned, -degrees)
        assert equal_planes(back, frame)
        assert back.pixel_format == frame.pixel_format
        assert turned_video(record, -degrees) == video
    assert np.array_equal(turned_frame(frame, 90).planes[0], np.rot90(frame.planes[0], -1))
    with pytest.raises(ValueError, match="quarter turn"):
        turned_frame(frame, 45)
