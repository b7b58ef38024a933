"""Which frames a dub has to see, and masters whose other packets are the source's own."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest

import dubkit
from dubkit.errors import InputError
from dubkit.lipsync import LipModel, Reference
from dubkit.media import WriteSettings, read_frames
from dubkit.picture_out import frames_in
from dubkit.render import RenderSettings, render_spans
from dubkit.schema import Frame, Span
from dubkit.timing import FrameRange
from samples.make import SampleFiles
from tests.media.masters import video_of, written
from tests.media.remaster import packets_of
from tests.media.zoo import make
from tests.test_render import Painter, frames, listen, track, whom


def rendered(given: list[Frame], spans: list[Span], reference: Reference, window: int) -> dict[int, Frame]:
    """The frames that are changed."""
    model = Painter(reference)
    model.copies = True
    failures: list[Exception] = []
    results = render_spans(
        given,
        spans,
        [track(0, 0, 60), track(1, 22, 60, left=60)],
        cast("LipModel", model),
        listen,
        whom,
        RenderSettings(window_frames=window),
        lambda span, error: failures.append(error),
    )
    found = {item.frame.index: item.frame for item in results if item.changed}
    assert not failures
    return found


@pytest.mark.parametrize("reference", list(Reference))
@pytest.mark.parametrize("window", [3, 32])
@pytest.mark.parametrize(
    "runs",
    [[(0, 10, 20)], [(0, 10, 20), (0, 20, 24), (1, 24, 30)], [(0, 2, 4), (1, 50, 60)], [(0, 12, 15), (1, 40, 42)]],
)
def test_what_is_not_looked_at_makes_no_difference(
    runs: list[tuple[int, int, int]], window: int, reference: Reference
) -> None:
    spans = [Span(n, face, 0, FrameRange(start, stop)) for n, (face, start, stop) in enumerate(runs)]
    seen = frames_in(60, spans)
    whole = rendered(list(frames(60)), spans, reference, window)
    picked = rendered([frame for frame in frames(60) if seen[frame.index]], spans, reference, window)
    assert sorted(whole) == sorted(picked) == sorted({n for span in spans for n in span.frames.indices})
    for index, frame in whole.items():
        for before, after in zip(frame.planes, picked[index].planes, strict=True):
            np.testing.assert_array_equal(before, after)
    assert seen.sum() < 60


def test_a_prores_master_is_its_source_but_for_the_spans(sample: SampleFiles, tmp_path: Path) -> None:
    source = tmp_path / "master.mov"
    settings = WriteSettings(codec="prores_ks")
    written(source, video_of(sample.video), read_frames(sample.video), settings=settings)
    result = tmp_path / "es.mov"
    report = dubkit.dub(source, result, subtitles=sample.subtitles["es"], tts="espeak", language="es")
    changed = {n for line in report.lines for run in line.frames for n in run.indices}
    before, after = packets_of(source), packets_of(result)
    same = {n for n, (old, new) in enumerate(zip(before, after, strict=True)) if old == new}
    assert changed
    assert same == set(range(len(before))) - changed
    words = f"{len(same)} of the picture's {len(before)} packets are the source's own, byte for byte"
    assert [note for note in report.notes if words in note]


def test_fields_are_refused_before_any_work(sample: SampleFiles, tmp_path: Path) -> None:
    source = make(tmp_path / "a.mov", frames=5, options={"flags": "+ildct+ilme", "x264-params": "tff=1"})
    with pytest.raises(InputError, match=r"is interlaced.* deinterlace it first"):
        dubkit.dub(source, tmp_path / "b.mov", subtitles=sample.subtitles["es"], tts="espeak", language="es")
    assert [path.name for path in tmp_path.iterdir()] == ["a.mov"]
