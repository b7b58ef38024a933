"""How work is shared out, on a cluster that is made up: every task is done at once, here, or lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dubkit.cluster_run import ClusterRun, ClusterSettings, Wanted
from dubkit.errors import Cancelled, MediaError
from dubkit.language_jobs import ask_languages
from dubkit.language_report import LanguageResult
from dubkit.lip_tasks import LipPiece, draw_pieces, grouped
from dubkit.lips import LipRecords
from dubkit.readiness import DubSettings, prepare
from dubkit.store import Store
from tests.killed import CUES, SlowPainter, make_film
from tests.test_analysis import Counting


class LostError(Exception):
    """A worker died too often."""


class TaskError(LostError):
    """A task raised something."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


@dataclass(eq=False)
class FakeRay:
    """Does every task when it is handed out.

    Args:
        fate: Told of each task by name and number; what it raises, the task does.
    """

    fate: Callable[[str, int], None] = lambda name, number: None
    gpus: int = 0
    handed: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    cancelled: int = 0
    exceptions = SimpleNamespace(RayError=LostError, RayTaskError=TaskError)

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 2.0, "GPU": float(self.gpus)}

    def put(self, value: object) -> object:
        return value

    def remote(self, function: Callable[..., object]) -> Any:
        def options(**how: Any) -> Any:
            def hand_out(*given: object) -> Ref:
                self.handed.append((function.__name__, how))
                try:
                    self.fate(function.__name__, len(self.handed))
                    return Ref(function(*given))
                except LostError as error:
                    return Ref(error)
                except Exception as error:  # noqa: BLE001 - as Ray does
                    return Ref(TaskError(error))

            return SimpleNamespace(remote=hand_out)

        return SimpleNamespace(options=options)

    def wait(self, tasks: Sequence[Any], timeout: float) -> tuple[list[Any], list[Any]]:
        return list(tasks[:1]), list(tasks[1:])

    def get(self, task: Ref) -> Any:
        if isinstance(task.value, Exception):
            raise task.value
        return task.value

    def cancel(self, task: object, *, force: bool) -> None:
        self.cancelled += 1


@dataclass(eq=False)
class Ref:
    """What will be there."""

    value: Any


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shared-out")
    make_film(folder)
    return folder


@pytest.fixture(autouse=True)
def _made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    detector = Counting()
    monkeypatch.setattr("dubkit.readiness.choose_detector", lambda *_, **__: (detector, "made up"))
    for module in ("readiness", "lip_tasks"):
        monkeypatch.setattr(f"dubkit.{module}.load_model", lambda *_, **__: SlowPainter())


def dubbed(
    film: Path, place: Path, ray: FakeRay, tags: Sequence[str] = ("es",), progress: Any = None
) -> tuple[LanguageResult, ...]:
    from contextlib import ExitStack

    options = {
        "output": place / "{language}.mkv",
        "subtitles": film / "es.srt",
        "voice": film / "voice.wav",
        "cast": film / "cast.toml",
        "work_dir": place / "kept",
        "expert": "none",
        "silence": "keep",
        "codec": "ffv1",
        "model": "compact",
    }
    with ExitStack() as stack:
        asked = ask_languages(film / "film.mkv", tags, options, stack)
        wanted = [Wanted(prepare(one.job, DubSettings(), one.engine)) for one in asked]
        sharing = ClusterSettings(fewest=8)
        return ClusterRun(ray, wanted, DubSettings(), progress or (lambda *_: None), None, sharing).results()


def test_all_lips_are_there_when_a_language_is_finished(film: Path, tmp_path: Path) -> None:
    ray = FakeRay()
    (result,) = dubbed(film, tmp_path, ray)
    assert result.report is not None, result
    assert result.report.spans == result.report.spans_reused == CUES
    assert {name for name, _ in ray.handed} == {"_draw"}
    assert all(how == {"num_cpus": 1, "num_gpus": 0, "max_retries": 3} for _, how in ray.handed)
    handed = len(ray.handed)
    (again,) = dubbed(film, tmp_path, ray)
    assert again.report is not None
    assert len(ray.handed) == handed  # nothing is missing


def test_several_languages_are_tasks_and_a_gpu_is_asked_for_what_draws(film: Path, tmp_path: Path) -> None:
    ray = FakeRay(gpus=1)
    results = dubbed(film, tmp_path, ray, ("es", "de"))
    assert [result.language for result in results] == ["es", "de"]
    assert all(result.report is not None and result.report.output for result in results)
    # The voice is the same, so what was drawn for one is there for the other.
    assert [name for name, _ in ray.handed].count("_dub") == 2
    assert {(name, how["num_gpus"]) for name, how in ray.handed} == {("_draw", 1), ("_dub", 0)}


def test_what_is_lost_is_drawn_at_the_end(film: Path, tmp_path: Path) -> None:
    def fate(name: str, number: int) -> None:
        if number in (1, 3):
            raise LostError

    (result,) = dubbed(film, tmp_path, FakeRay(fate))
    assert result.report is not None
    assert result.report.spans == CUES
    assert 0 < result.report.spans_reused < CUES
    assert "tasks lost with their workers: 2" in result.notes[0]


def test_a_task_with_a_defect_says_what_it_was(film: Path, tmp_path: Path) -> None:
    def fate(name: str, number: int) -> None:
        if number == 2:
            raise KeyError("mouth")

    (result,) = dubbed(film, tmp_path, FakeRay(fate))
    assert result.report is not None
    assert result.report.spans == CUES
    (note,) = result.notes
    assert note.startswith("tasks that failed: 1, the first with KeyError: 'mouth'; what they had to draw")


def test_what_a_task_complains_of_ends_its_language(film: Path, tmp_path: Path) -> None:
    def fate(name: str, number: int) -> None:
        if name == "_dub" and number > 2:
            raise MediaError("cannot be read", path="film.mkv")

    results = dubbed(film, tmp_path, FakeRay(fate), ("es", "de"))
    assert {result.error for result in results} == {"film.mkv: cannot be read"}


def test_what_others_keep_must_be_found(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def elsewhere(self: LipRecords, *_: object) -> None:
        pass

    monkeypatch.setattr(LipRecords, "keep", elsewhere)
    (result,) = dubbed(film, tmp_path, FakeRay())
    assert "what the machines of the cluster keep there is not found here; name a folder" in result.error
    assert not (tmp_path / "es.mkv").exists()


def test_whoever_stops_it_is_heard(film: Path, tmp_path: Path) -> None:
    def stop(language: str, stage: str, done: int, total: int) -> None:
        if stage == "lips":
            raise Cancelled

    with pytest.raises(Cancelled):
        dubbed(film, tmp_path, FakeRay(), progress=stop)


def test_pieces_are_put_together() -> None:
    found = [SimpleNamespace(span=SimpleNamespace(frames=range(length))) for length in (5, 3, 9, 2)]
    pieces: Any = found
    assert [len(group) for group in grouped(pieces, 8)] == [2, 1, 1]
    assert list(grouped(list[LipPiece](), 8)) == []


def test_a_film_that_is_another_one_here(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dubkit import cluster_run

    seen: list[Any] = []

    def remember(shared: Any, given: Any) -> Any:
        seen.append((shared, given))
        return draw_pieces(replace(shared, size=1) if len(seen) > 1 else shared, given)

    monkeypatch.setattr(cluster_run, "draw_pieces", remember)
    (result,) = dubbed(film, tmp_path, FakeRay())
    assert "film.mkv: is not there on every machine of the cluster, or is another file on one" in result.error
    shared, given = seen[0]
    assert list(Store(shared.store).entries())
    monkeypatch.setattr("dubkit.lip_tasks.model_digest", lambda *_: "another")
    with pytest.raises(Exception, match="painter is another model here; give all machines the same model file"):
        draw_pieces(shared, given)
