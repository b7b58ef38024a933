"""Lips that are kept: what they are found by, and that nothing of them is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dubkit.drawing import draw_lips
from dubkit.errors import RecordError
from dubkit.lips import LipRecords, pack_lips, pieces, unpack_lips
from dubkit.lipsync import Reference, SynthesisSettings, load_model
from dubkit.render import Rendered, RenderSettings
from dubkit.schema import Span
from dubkit.store import Store
from dubkit.timing import FrameRange
from tests.test_render import Painter, frames, listen, render, track, whom

TRACKS = [track(0, 0, 40), track(1, 0, 40, left=65)]
SPANS = [Span(1, 0, 0, FrameRange(5, 17)), Span(2, 1, 0, FrameRange(12, 30)), Span(3, 0, 0, FrameRange(20, 38))]


@given(arrays(np.uint8, st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 5), st.just(3))))
def test_packed_lips_come_back_as_they_were(lips: npt.NDArray[np.uint8]) -> None:
    shape = lips.shape
    np.testing.assert_array_equal(unpack_lips(pack_lips(lips), shape), lips)
    for data, wanted in ((pack_lips(lips)[:-1], shape), (pack_lips(lips), (shape[0] + 1, *shape[1:])), (b"", shape)):
        with pytest.raises(RecordError):
            unpack_lips(data, wanted)


@given(st.integers(0, 1000), st.integers(1, 600), st.integers(0, 40))
def test_pieces_hold_every_frame_once_and_a_longer_span_keeps_those_it_had(first: int, count: int, more: int) -> None:
    frames = FrameRange(first, first + count)
    found = list(pieces(frames))
    assert [index for piece in found for index in piece.indices] == list(frames.indices)
    longer = list(pieces(FrameRange(max(0, first - more), frames.stop + more)))
    assert set(found[1:-1]) <= set(longer)


def kept(tmp_path: Path, model: str = "a", video: str = "v", settings: RenderSettings | None = None) -> LipRecords:
    return LipRecords(Store(tmp_path / "kept"), video, model, settings or RenderSettings(), "film.mkv")


def planes(results: list[Rendered]) -> Iterator[npt.NDArray[np.uint8]]:
    for result in results:
        yield from result.frame.planes


@pytest.mark.parametrize("reference", list(Reference))
def test_kept_lips_are_not_drawn_again_and_make_the_same_film(reference: Reference, tmp_path: Path) -> None:
    def made(records: LipRecords | None) -> tuple[list[Rendered], Painter]:
        model = Painter(reference)
        model.copies = True
        results, failures = render(SPANS, TRACKS, model, records=records)
        assert not failures
        return results, model

    plain, _ = made(None)
    first_records, again_records = kept(tmp_path), kept(tmp_path)
    first, drawn = made(first_records)
    again, idle = made(again_records)
    for one, other, third in zip(planes(plain), planes(first), planes(again), strict=True):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, third)
    assert drawn.references
    assert not idle.references
    assert (first_records.spans, first_records.reused) == (3, 0)
    assert (again_records.spans, again_records.reused) == (3, 3)
    assert again_records.notes == ()


def test_a_changed_span_is_drawn_alone(tmp_path: Path) -> None:
    render(SPANS, TRACKS, records=kept(tmp_path))
    records, model = kept(tmp_path), Painter()
    render([SPANS[0], Span(2, 1, 0, FrameRange(13, 30)), SPANS[2]], TRACKS, model, records=records)
    assert (records.spans, records.reused) == (3, 2)
    assert {reference[0, 0, 0] for reference in np.array(model.references).transpose(0, 2, 3, 1)} == {np.float32(0.2)}


def test_everything_lips_depend_on_counts(tmp_path: Path) -> None:
    frames = FrameRange(3, 9)
    windows = np.zeros((6, 80, 16), np.float32)
    of = {
        "as it is": kept(tmp_path).recipe(TRACKS[0], frames, windows, whom(TRACKS[0], frames)),
        "batch": kept(tmp_path, settings=RenderSettings(synthesis=SynthesisSettings(batch_size=3))).recipe(
            TRACKS[0], frames, windows, whom(TRACKS[0], frames)
        ),
        "model": kept(tmp_path, model="b").recipe(TRACKS[0], frames, windows, whom(TRACKS[0], frames)),
        "video": kept(tmp_path, video="w").recipe(TRACKS[0], frames, windows, whom(TRACKS[0], frames)),
        "track": kept(tmp_path).recipe(TRACKS[1], frames, windows, whom(TRACKS[0], frames)),
        "frames": kept(tmp_path).recipe(TRACKS[0], FrameRange(4, 10), windows, whom(TRACKS[0], frames)),
        "sound": kept(tmp_path).recipe(TRACKS[0], frames, windows + 1, whom(TRACKS[0], frames)),
        "reference": kept(tmp_path).recipe(TRACKS[0], frames, windows, whom(TRACKS[1], frames)),
    }
    keys = {name: recipe.key for name, recipe in of.items()}
    assert keys.pop("batch") == keys["as it is"]
    assert len(set(keys.values())) == len(keys)


def test_the_real_generator_draws_a_face_alike_whatever_else_is_in_its_batch(tmp_path: Path) -> None:
    model, smaller = load_model("", "cpu"), RenderSettings(window_frames=9, synthesis=SynthesisSettings(batch_size=8))
    larger = RenderSettings(synthesis=SynthesisSettings(batch_size=8))
    spans = [SPANS[0], SPANS[1]]

    def lips(given: list[Span], settings: RenderSettings) -> dict[tuple[Span, int], bytes]:
        drawn = draw_lips(
            frames(30), given, {one.index: one for one in TRACKS}, model, listen, whom, LipRecords(), settings, fails
        )
        return {(span, item.frame.index): face.tobytes() for item in drawn for span, face in item.lips.items()}

    together = lips(spans, larger)
    assert len(together) == sum(len(span.frames) for span in spans)
    assert lips(spans, smaller) == together
    assert {**lips(spans[:1], larger), **lips(spans[1:], larger)} == together


def fails(span: Span, error: Exception) -> None:
    raise AssertionError(f"{span}: {error}")


def test_harmed_lips_are_drawn_again_and_said(tmp_path: Path) -> None:
    whole, _ = render(SPANS, TRACKS, records=kept(tmp_path))
    harmed = sorted(entry.path for entry in Store(tmp_path / "kept").entries())
    harmed[0].write_bytes(harmed[0].read_bytes()[:-20])
    harmed[1].write_bytes(b"")
    records = kept(tmp_path)
    again, failures = render(SPANS, TRACKS, records=records)
    assert not failures
    assert (records.spans, records.reused) == (3, 1)
    assert len(records.notes) == 2
    assert all("were drawn again" in note for note in records.notes)
    for one, other in zip(planes(whole), planes(again), strict=True):
        np.testing.assert_array_equal(one, other)


def test_lips_that_cannot_be_kept_cost_a_note(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("not a folder")
    records = kept(tmp_path)
    _, failures = render(SPANS, TRACKS, records=records)
    assert not failures
    assert records.reused == 0
    assert any("could not be kept" in note for note in records.notes)
    changed = LipRecords(Store(tmp_path / "other"), "v", "a", RenderSettings(), "film.mkv", lambda: False)
    render(SPANS, TRACKS, records=changed)
    assert changed.notes == ("film.mkv was changed meanwhile, so its lips were not kept",)
    assert not list(Store(tmp_path / "other").entries())


def test_a_span_that_breaks_is_not_kept_and_the_others_are(tmp_path: Path) -> None:
    records = kept(tmp_path)
    _, failures = render(SPANS, TRACKS, Painter(breaks_at=0.31), records=records)
    assert [span.line for span, _ in failures] == [3]
    again = kept(tmp_path)
    _, failures = render(SPANS, TRACKS, records=again)
    assert not failures
    assert (again.spans, again.reused) == (3, 2)
