"""Every sample outside the masks comes out as it went in, through files, in the format in which it was stored."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import numpy.typing as npt
import pytest

from dubkit.lipsync import LipModel
from dubkit.media import WriteSettings, read_frames
from dubkit.render import Rendered, RenderSettings, render_spans
from dubkit.schema import ColourTags, Frame, Span
from dubkit.timing import FrameRange
from tests.blending.test_pixels import covered
from tests.media.masters import frames_for, made_up, video_of, written
from tests.media.zoo import make
from tests.test_render import Painter, listen, track, whom

SIZE = (130, 122)
FRAMES = 8
CHANGED = FrameRange(2, 6)
HD = ColourTags(1, 1, 1, False)

# Source codec, its options and container; the codec and container of the result. ProRes loses, so what is compared
# there is the decoded source with a lossless result.
WAYS: dict[str, tuple[str, dict[str, str], str, str, str]] = {
    "FFV1": ("ffv1", {}, ".mkv", "ffv1", ".mkv"),
    "ProRes": ("prores_ks", {}, ".mov", "ffv1", ".mkv"),
    "H.264": ("libx264", {"qp": "0", "preset": "ultrafast"}, ".mov", "libx264", ".mov"),
}
PAIRS = [
    (name, way)
    for name in ("yuv420p", "yuv422p10le", "yuv444p10le", "rgb24")
    for way in WAYS
    if way != "ProRes" or name in ("yuv422p10le", "yuv444p10le")  # ProRes holds no other of these
]


def source_of(folder: Path, name: str, way: str) -> Path:
    codec, options, ending, _, _ = WAYS[way]
    if (name, codec) == ("rgb24", "ffv1"):  # which FFV1 holds as bgr0, to be laid out by the writer
        video = made_up(name, SIZE, colour=ColourTags(1, 13, 0, True), start_timecode="01:00:00:00")
        path = folder / f"source{ending}"
        written(path, video, frames_for(video, FRAMES), settings=WriteSettings(codec="ffv1"))
        return path
    codec = "libx264rgb" if name == "rgb24" else codec
    return make(
        folder / f"source{ending}",
        codec=codec,
        options=options,
        name=name,
        size=SIZE,
        frames=FRAMES,
        rate=Fraction(24_000, 1001),
        time_base=Fraction(1, 24_000),
        timecode="01:00:00:00",
        colour=HD if name != "rgb24" else ColourTags(1, 13, 0, True),
    )


def rendered(source: Path) -> Iterator[tuple[Frame, Rendered]]:
    """Each frame of the source, and what becomes of it."""
    failures: list[Exception] = []
    results = render_spans(
        read_frames(source),
        [Span(1, 0, 0, CHANGED)],
        [track(0, 0, FRAMES, left=41)],
        cast("LipModel", Painter()),
        listen,
        whom,
        RenderSettings(),
        lambda span, error: failures.append(error),
    )
    yield from zip(read_frames(source), results, strict=True)
    assert failures == []


def allowed(frame: Frame, result: Rendered) -> npt.NDArray[np.bool_]:
    masked = np.zeros((frame.height, frame.width), bool)
    for patch in result.patches:
        at = patch.region
        masked[at.top : at.bottom, at.left : at.right] |= patch.mask > 0
    return masked


@pytest.mark.parametrize(("name", "way"), PAIRS, ids=lambda value: str(value))
def test_nothing_outside_the_masks_changes(tmp_path: Path, name: str, way: str) -> None:
    source = source_of(tmp_path, name, way)
    video = video_of(source)
    encoder, ending = WAYS[way][3:]
    if (name, encoder) == ("rgb24", "libx264"):
        encoder = "libx264rgb"
    pairs = list(rendered(source))
    result = tmp_path / f"result{ending}"
    settings = WriteSettings(codec=encoder, quality=0, preset="ultrafast")
    writer = written(result, video, (item.frame for _, item in pairs), source=source, settings=settings)
    assert not [note for note in writer.notes if "pixel" in note or "bit" in note]

    out = list(read_frames(result))
    assert len(out) == len(pairs) == FRAMES
    changed = set()
    for (old, item), new in zip(pairs, out, strict=True):
        assert new.pixel_format == old.pixel_format == video.pixel_format
        masked = allowed(old, item)
        for plane, (before, after) in enumerate(zip(old.planes, new.planes, strict=True)):
            assert before.dtype == after.dtype
            different = before != after
            if different.ndim == 3:
                different = different.any(axis=2)
            assert not different[~covered(old, plane, masked)].any(), f"frame {old.index}, plane {plane}"
            if different.any():
                changed.add(old.index)
    assert changed == set(CHANGED.indices)
    assert witnessed(result) == witnessed(source)


def witnessed(path: Path) -> dict[str, Any]:
    """Tags, timestamps in milliseconds (Matroska knows no finer) and timecode.

    By ffprobe where there is one, else by FFmpeg's library alone.
    """
    program = shutil.which("ffprobe")
    if program is None:
        return _read(path)
    fields = "stream=color_range,color_space,color_transfer,color_primaries,r_frame_rate:stream_tags"
    command = [program, "-v", "error", "-select_streams", "v:0", "-of", "json"]
    asked = [*command, "-show_entries", f"{fields}:packet=pts_time,duration_time", "-show_packets", str(path)]
    answer = json.loads(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
    stream = answer["streams"][0]
    tags = {key.lower(): value for key, value in stream.pop("tags", {}).items()}
    stamps = sorted(float(packet["pts_time"]) for packet in answer["packets"])
    return {**stream, "timecode": tags.get("timecode"), "times": [round(1000 * stamp) for stamp in stamps]}


def _read(path: Path) -> dict[str, Any]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        tags = {key.lower(): value for key, value in (*container.metadata.items(), *stream.metadata.items())}
        frames = list(container.decode(stream))
        base = stream.time_base or Fraction(1)
        stamps = [(frame.pts or 0) * base for frame in frames]
        return {
            "color_range": {int(frame.color_range) for frame in frames},
            "color_space": {int(frame.colorspace) for frame in frames},
            "color_primaries": {int(frame.color_primaries) for frame in frames},
            "color_transfer": {int(frame.color_trc) for frame in frames},
            "rate": stream.average_rate,
            "timecode": tags.get("timecode"),
            "times": [round(1000 * stamp) for stamp in stamps],
        }


def test_a_frame_of_other_colours_is_left_alone_too(tmp_path: Path) -> None:
    """Full range, BT.2020 and PQ: what tags say changes how a mouth is written, never what lies around it."""
    tags = ColourTags(9, 16, 9, True)
    source = make(tmp_path / "wide.mkv", codec="ffv1", name="yuv420p10le", size=SIZE, frames=FRAMES, colour=tags)
    for old, item in rendered(source):
        assert dataclasses.replace(old.colour) == tags
        masked = allowed(old, item)
        for plane, (before, after) in enumerate(zip(old.planes, item.frame.planes, strict=True)):
            np.testing.assert_array_equal(before[~covered(old, plane, masked)], after[~covered(old, plane, masked)])
