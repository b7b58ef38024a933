from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest

from dubkit.blending import BlendSettings, Enhancer, Pixels
from dubkit.lips import LipRecords
from dubkit.lipsync import LipModel, ModelConfig, Reference
from dubkit.render import Rendered, RenderSettings, render_spans
from dubkit.schema import ColourFamily, ColourTags, FaceTrack, Frame, PixelFormat, Span
from dubkit.timing import FrameRange

SIZE = 120


class Painter:
    """Stands in for a generator: paints the whole face as bright as the first value of the mel window."""

    device = "cpu"

    def __init__(self, reference: Reference = Reference.OTHER, breaks_at: float = np.inf) -> None:
        self.config = ModelConfig(reference=reference)
        self.breaks_at = breaks_at
        self.copies = False  # whether the result depends on the reference, as a network's does
        self.references: list[npt.NDArray[np.float32]] = []

    def run(self, windows: npt.NDArray[np.float32], faces: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        if windows[:, 0, 0].max() >= self.breaks_at:
            raise RuntimeError("the network broke")
        self.references.extend(faces[:, 3:])
        shade = windows[:, :1, :1, None]
        if self.config.reference is Reference.OTHER and self.copies:
            shade = shade + faces[:, 3:4, 60:61, 48:49]
        return np.broadcast_to(shade, (len(windows), 3, 96, 96)).astype(np.float32)


def frames(count: int) -> Iterator[Frame]:
    rng = np.random.default_rng(0)
    for index in range(count):
        planes = tuple(rng.integers(60, 180, (side, side)).astype(np.uint8) for side in (SIZE, SIZE // 2, SIZE // 2))
        yield Frame(index, index, planes, PixelFormat("yuv420p", ColourFamily.YUV, 8, 1, 1), ColourTags())


def track(index: int, first: int, last: int, left: float = 10) -> FaceTrack:
    n = last - first
    box = np.array([left, 20, left + 50, 90], np.float32)
    return FaceTrack(
        index,
        0,
        FrameRange(first, last),
        np.tile(box, (n, 1)),
        np.full((n, 5, 2), np.nan, np.float32),
        np.ones(n, np.float32),
        np.ones(n, bool),
        np.full(n, np.nan, np.float32),
    )


def listen(span: Span) -> npt.NDArray[np.float32]:
    """A window whose first value is the frame's number in hundredths."""
    windows = np.zeros((len(span.frames), 80, 16), np.float32)
    windows[:, 0, 0] = np.array(span.frames.indices) / 100
    return windows


def whom(track: FaceTrack, frames: FrameRange) -> npt.NDArray[np.float32]:
    """A reference that differs from track to track."""
    return np.full((96, 96, 3), (track.index + 1) / 10, np.float32)


def render(
    spans: list[Span],
    tracks: list[FaceTrack],
    model: Painter | None = None,
    count: int = 40,
    settings: RenderSettings | None = None,
    enhancer: Enhancer | None = None,
    records: LipRecords | None = None,
) -> tuple[list[Rendered], list[tuple[Span, str]]]:
    failures: list[tuple[Span, str]] = []
    results = list(
        render_spans(
            frames(count),
            spans,
            tracks,
            cast("LipModel", model or Painter()),
            listen,
            whom,
            settings or RenderSettings(),
            lambda span, error: failures.append((span, str(error))),
            enhancer,
            records,
        )
    )
    return results, failures


class Whitener:
    """Stands in for a restoration network."""

    def enhance(self, face: Pixels, landmarks: npt.NDArray[np.float32]) -> Pixels:
        return np.ones_like(face)


def test_every_frame_comes_out_once_and_only_spans_are_changed() -> None:
    results, failures = render([Span(1, 0, 0, FrameRange(12, 30))], [track(0, 0, 40)])
    assert failures == []
    assert [result.frame.index for result in results] == list(range(40))
    for result, original in zip(results, frames(40), strict=True):
        inside = 12 <= original.index < 30
        assert len(result.patches) == inside
        same = all(np.array_equal(a, b) for a, b in zip(original.planes, result.frame.planes, strict=True))
        assert same != inside


def test_each_frame_hears_its_own_window() -> None:
    plain = RenderSettings(blend=BlendSettings(match_colour=False, match_detail=False))
    results, _ = render([Span(1, 0, 0, FrameRange(10, 30))], [track(0, 0, 40)], settings=plain)
    # At the heart of the mask a gray g is luma 16 + 219 g; the ends of the span are faded.
    for index in range(14, 26):
        assert results[index].frame.planes[0][75, 35] == pytest.approx(16 + 219 * index / 100, abs=1)


def test_an_enhancer_has_the_last_word_on_the_face() -> None:
    plain = RenderSettings(blend=BlendSettings(match_colour=False, match_detail=False))
    results, failures = render([Span(1, 0, 0, FrameRange(10, 30))], [track(0, 0, 40)], None, 40, plain, Whitener())
    assert failures == []
    assert results[20].frame.planes[0][75, 35] == 235


@pytest.mark.parametrize("reference", list(Reference))
def test_the_size_of_the_window_changes_nothing(reference: Reference) -> None:
    spans = [Span(1, 0, 0, FrameRange(5, 33)), Span(2, 1, 0, FrameRange(20, 38))]
    tracks = [track(0, 0, 40), track(1, 0, 40, left=65)]
    results = []
    for window in (3, 7, 32):
        model = Painter(reference)
        model.copies = True
        results.append(render(spans, tracks, model, settings=RenderSettings(window_frames=window))[0])
    one, other, third = results
    assert [len(result.patches) for result in one] == [len(result.patches) for result in third]
    for a, b in [*zip(one, other, strict=True), *zip(one, third, strict=True)]:
        for left, right in zip(a.frame.planes, b.frame.planes, strict=True):
            np.testing.assert_array_equal(left, right)


def test_two_faces_in_one_frame_are_both_changed() -> None:
    spans = [Span(1, 0, 0, FrameRange(0, 40)), Span(2, 1, 0, FrameRange(10, 20))]
    results, _ = render(spans, [track(0, 0, 40), track(1, 0, 40, left=65)])
    assert [len(result.patches) for result in results] == [1] * 10 + [2] * 10 + [1] * 20
    both = results[15]
    left, right = sorted(patch.region.left for patch in both.patches)
    assert right - left == 55
    assert both.frame is both.patches[-1].frame


def test_a_failed_span_leaves_its_frames_and_costs_nothing_else() -> None:
    spans = [Span(1, 0, 0, FrameRange(0, 10)), Span(2, 0, 0, FrameRange(20, 30)), Span(3, 0, 0, FrameRange(30, 38))]
    results, failures = render(spans, [track(0, 0, 40)], Painter(breaks_at=0.3))
    assert [(span.line, message) for span, message in failures] == [(3, "the network broke")]
    assert [bool(result.patches) for result in results] == [True] * 10 + [False] * 10 + [True] * 10 + [False] * 10


def test_a_span_that_fails_halfway_says_from_where_it_is_left_alone() -> None:
    settings = RenderSettings(window_frames=10)
    span = [Span(1, 0, 0, FrameRange(0, 40))]
    results, failures = render(span, [track(0, 0, 40)], Painter(breaks_at=0.25), settings=settings)
    assert [failed.frames for failed, _ in failures] == [FrameRange(20, 40)]
    assert [bool(result.patches) for result in results] == [True] * 20 + [False] * 20


def test_a_face_beyond_the_edge_costs_its_line_alone() -> None:
    spans = [Span(1, 0, 0, FrameRange(0, 20)), Span(2, 1, 0, FrameRange(10, 30))]
    results, failures = render(spans, [track(0, 0, 40), track(1, 0, 40, left=-300)])
    assert [(span.line, "outside the picture" in message) for span, message in failures] == [(2, True)]
    assert [bool(result.patches) for result in results] == [True] * 20 + [False] * 20


def test_spans_that_follow_one_another_keep_their_reference() -> None:
    model = Painter(Reference.OTHER)
    spans = [Span(1, 0, 0, FrameRange(5, 20)), Span(1, 0, 0, FrameRange(20, 35))]
    render(spans, [track(0, 0, 40)], model)
    assert len({reference.tobytes() for reference in model.references}) == 1


def test_a_voice_that_cannot_be_read_fails_its_span_alone() -> None:
    def deaf(span: Span) -> npt.NDArray[np.float32]:
        if span.line == 1:
            raise RuntimeError("no such voice")
        return listen(span)

    failures: list[int] = []
    spans = [Span(1, 0, 0, FrameRange(0, 10)), Span(2, 0, 0, FrameRange(20, 30))]
    results = list(
        render_spans(
            frames(40),
            spans,
            [track(0, 0, 40)],
            cast("LipModel", Painter()),
            deaf,
            whom,
            RenderSettings(),
            lambda span, error: failures.append(span.line),
        )
    )
    assert failures == [1]
    assert [bool(result.patches) for result in results] == [False] * 20 + [True] * 10 + [False] * 10


def test_the_reference_is_another_frame_or_the_frame_itself() -> None:
    span, face = [Span(1, 0, 0, FrameRange(10, 30))], [track(0, 0, 40)]
    same, other = Painter(Reference.SAME), Painter(Reference.OTHER)
    render(span, face, same)
    render(span, face, other)
    assert len({reference.tobytes() for reference in same.references}) == 20
    assert len({reference.tobytes() for reference in other.references}) == 1


def test_lines_that_follow_one_another_do_not_let_the_old_lips_through() -> None:
    spans = [Span(1, 0, 0, FrameRange(4, 15)), Span(2, 0, 0, FrameRange(15, 30))]
    results, _ = render(spans, [track(0, 0, 40)])
    peaks = [float(result.patches[0].mask.max()) for result in results[4:30]]
    assert peaks[10] == peaks[11] == 1
    assert peaks[0] == peaks[-1] == 0.25


def test_at_a_cut_the_new_lips_are_there_at_once() -> None:
    results, _ = render([Span(1, 0, 0, FrameRange(0, 30))], [track(0, 0, 30)])
    assert all(result.patches[0].mask.max() == 1 for result in results[:30])


def test_no_more_than_a_window_of_frames_is_held() -> None:
    given = 0

    def counted() -> Iterator[Frame]:
        nonlocal given
        for frame in frames(200):
            given += 1
            yield frame

    ahead = []
    rendered = render_spans(
        counted(),
        [Span(1, 0, 0, FrameRange(0, 200))],
        [track(0, 0, 200)],
        cast("LipModel", Painter()),
        listen,
        whom,
        RenderSettings(window_frames=16, ahead_mib=0),
        lambda span, error: None,
    )
    for count, _ in enumerate(rendered):
        ahead.append(given - count)
    assert max(ahead) <= 16
