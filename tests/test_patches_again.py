"""Patches that are there are left alone; those that are not, or are not what was written, are made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from dubkit import picture_in
from dubkit.clip_records import span_groups
from dubkit.schema import DubReport, Frame, Span
from dubkit.timing import FrameRange
from tests.killed import CUES, make_film, work


@pytest.fixture
def film(tmp_path: Path) -> Path:
    make_film(tmp_path)
    (tmp_path / "out").mkdir()
    return tmp_path


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of the frames that patches were made of."""
    seen: list[int] = []
    read = picture_in.chosen_frames

    def watched(*arguments: Any) -> Iterator[Frame]:
        for frame in read(*arguments):
            seen.append(frame.index)
            yield frame

    monkeypatch.setattr("dubkit.picture_out.chosen_frames", watched)
    return seen


def again(film: Path) -> DubReport:
    return work(film, "out", "kept", master=False)


def clips(film: Path) -> dict[str, tuple[int, bytes]]:
    """Name of each clip -> when it was written, and what is in it."""
    found = sorted((film / "out" / "patches").glob("*.mkv"))
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in found}


def test_only_what_is_missing_is_made(film: Path, decoded: list[int]) -> None:
    first = again(film)
    assert (first.spans, first.spans_reused, first.patches_reused) == (CUES, 0, 0)
    assert len(decoded) == sum(line.changed for line in first.lines)
    written = clips(film)
    assert len(written) == CUES

    decoded.clear()
    unchanged = again(film)
    assert (unchanged.spans, unchanged.patches_reused) == (0, CUES)
    assert decoded == []
    assert clips(film) == written
    assert [line.status for line in unchanged.lines] == [line.status for line in first.lines]
    assert {path.name for path in unchanged.delivered} == {path.name for path in first.delivered}

    gone, edited, *others = written
    (film / "out" / "patches" / gone).unlink()
    (film / "out" / "patches" / edited).write_bytes(b"scribbled over")
    mended = again(film)
    assert (mended.spans, mended.spans_reused, mended.patches_reused) == (2, 2, CUES - 2)
    assert {name: data for name, (_, data) in clips(film).items()} == {name: one for name, (_, one) in written.items()}
    assert all(clips(film)[name] == written[name] for name in others)


def test_a_changed_cue_is_made_alone(film: Path, decoded: list[int]) -> None:
    again(film)
    written = clips(film)
    decoded.clear()
    voice, rate = soundfile.read(film / "voice.wav", dtype="float32")
    voice[2 * rate : 3 * rate] *= -0.7
    soundfile.write(film / "voice.wav", voice, rate)
    report = again(film)
    assert (report.spans, report.spans_reused, report.patches_reused) == (1, 0, CUES - 1)
    assert len(decoded) == report.lines[2].changed
    changed = [name for name, clip in clips(film).items() if clip != written[name]]
    assert changed == ["film.es.0003.face0.mkv"]


def test_spans_that_are_made_together() -> None:
    def span(track: int, start: int, stop: int) -> Span:
        return Span(start, track, 0, FrameRange(start, stop))

    alone, touching, touched = span(0, 0, 10), span(1, 10, 20), span(1, 20, 30)
    over, last, elsewhere = span(2, 29, 40), span(2, 50, 60), span(3, 40, 45)
    groups = span_groups([last, over, touched, alone, touching, elsewhere])
    assert sorted([sorted(one.line for one in group) for group in groups]) == [[0], [10, 20, 29], [40], [50]]
