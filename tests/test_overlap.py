"""Reading, drawing, blending and writing at the same time: the same film, and no thread left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import soundfile

import dubkit
from dubkit.compose import DubSettings
from dubkit.errors import Cancelled, InputError
from dubkit.lipsync import LipModel
from dubkit.render import Rendered, RenderSettings, render_spans
from dubkit.render_settings import with_memory
from dubkit.schema import Frame, Span
from dubkit.timing import FrameRange
from tests.portraits import moved, portrait, write_pictures
from tests.test_render import Painter, frames, listen, render, track, whom

SPANS = [Span(1, 0, 0, FrameRange(3, 20)), Span(2, 0, 0, FrameRange(20, 31)), Span(3, 1, 0, FrameRange(10, 38))]
TRACKS = [track(0, 0, 40), track(1, 2, 40, left=60)]


def our_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("dubkit")]


def planes_of(results: list[Rendered]) -> list[bytes]:
    return [b"".join(plane.tobytes() for plane in item.frame.planes) for item in results]


@pytest.mark.parametrize("breaks_at", [np.inf, 0.155])
def test_the_results_are_those_of_one_thread(breaks_at: float) -> None:
    """Also what fails, and what is told of it, when."""
    alone, told = render(SPANS, TRACKS, Painter(breaks_at=breaks_at), settings=RenderSettings(ahead_mib=0))
    for window in (1, 3, 96):
        settings = RenderSettings(window_frames=window, ahead_mib=1)
        found, failures = render(SPANS, TRACKS, Painter(breaks_at=breaks_at), settings=settings)
        if np.isinf(breaks_at):
            assert planes_of(found) == planes_of(alone)
            assert [list(item.changed) for item in found] == [list(item.changed) for item in alone]
            assert failures == told == []
        else:
            one = RenderSettings(window_frames=window, ahead_mib=0)
            wanted, told = render(SPANS, TRACKS, Painter(breaks_at=breaks_at), settings=one)
            assert planes_of(found) == planes_of(wanted)
            assert failures == told != []
    assert our_threads() == []


def test_failures_are_told_by_the_thread_that_takes() -> None:
    tellers = set[str]()
    results = render_spans(
        frames(40),
        SPANS,
        TRACKS,
        cast("LipModel", Painter(breaks_at=0.155)),
        listen,
        whom,
        RenderSettings(),
        lambda span, error: tellers.add(threading.current_thread().name),
    )
    assert len(list(results)) == 40
    assert tellers == {threading.current_thread().name}


@pytest.mark.parametrize("error", [Cancelled, KeyboardInterrupt, OSError])
def test_who_stops_stops_all(error: type[BaseException]) -> None:
    closed = list[str]()

    def endless() -> Iterator[Frame]:
        try:
            yield from frames(100_000)
        finally:
            closed.append(threading.current_thread().name)

    results = render_spans(
        endless(), SPANS, TRACKS, cast("LipModel", Painter()), listen, whom, RenderSettings(), lambda *_: None
    )

    def take() -> None:
        with closing(results):
            for item in results:
                if item.frame.index == 12:
                    raise error

    with pytest.raises(error):
        take()
    assert closed == ["dubkit reading"]
    assert our_threads() == []


def test_a_source_that_breaks_breaks_the_film() -> None:
    def broken() -> Iterator[Frame]:
        yield from frames(25)
        raise OSError("the disk is gone")

    results = render_spans(
        broken(), SPANS, TRACKS, cast("LipModel", Painter()), listen, whom, RenderSettings(), lambda *_: None
    )
    with pytest.raises(OSError, match="the disk is gone"), closing(results):
        list(results)
    assert our_threads() == []


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A second of the portrait, and a voice."""
    folder = tmp_path_factory.mktemp("talk")
    write_pictures(folder / "film.mkv", (moved(portrait(), shift=(0.2 * n, 0))[0] for n in range(25)))
    hiss = np.random.default_rng(1).uniform(-0.2, 0.2, 16_000).astype(np.float32)
    soundfile.write(folder / "voice.wav", hiss, 16_000)
    return folder / "film.mkv", folder / "voice.wav"


def test_a_film_is_the_same_byte_for_byte(talk: tuple[Path, Path], tmp_path: Path) -> None:
    made = dict[int, bytes]()
    for ahead_mib in (0, 1):
        settings = DubSettings(render=RenderSettings(ahead_mib=ahead_mib))
        report = dubkit.sync_lips(
            *talk, tmp_path / "made.mkv", settings=settings, detector="cascade", expert="none",
            work_dir=tmp_path / f"kept{ahead_mib}",
        )  # fmt: skip
        assert report.lines[0].frames
        made[ahead_mib] = (tmp_path / "made.mkv").read_bytes()
    assert made[0] == made[1]
    assert our_threads() == []


def test_a_film_that_is_cancelled_leaves_nothing(talk: tuple[Path, Path], tmp_path: Path) -> None:
    def cancel(stage: str, done: int, _: int) -> None:
        if stage == "dub" and done == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        dubkit.sync_lips(
            *talk, tmp_path / "made.mkv", detector="cascade", expert="none", work_dir=tmp_path / "kept", progress=cancel
        )
    assert our_threads() == []
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.mark.parametrize(
    ("memory", "mib"), [("", 511), ("600", 600), ("2GiB", 2048), ("1.5 gb", 1536), ("300M", 300), ("64mib", 64)]
)
def test_memory_is_shared_out(memory: str, mib: int) -> None:
    settings = with_memory(RenderSettings(), memory)
    assert mib - 3 <= settings.window_mib + 3 * settings.ahead_mib <= mib
    assert settings.window_frames == RenderSettings().window_frames


@pytest.mark.parametrize("memory", ["much", "0", "-5", "2 TiB", "1e3", "0.5"])
def test_what_is_no_memory_is_refused(memory: str) -> None:
    with pytest.raises(InputError, match="is not an amount of memory; give MiB, such as 512, or a unit: 2GiB"):
        with_memory(RenderSettings(), memory)
