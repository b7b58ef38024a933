"""The same film on a Ray cluster of two nodes of one core each, as on one machine; also where workers die."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import soundfile

from dubkit.cluster import ClusterSettings, dub_on_cluster
from dubkit.errors import InputError, MissingDependencyError
from dubkit.language_report import LanguagesReport
from dubkit.languages import dub_languages
from dubkit.store import Store
from samples.make import FPS, SIZE, write_film
from samples.picture import Camera, film, portrait

ray: Any = pytest.importorskip("ray", reason="clusters need the extra 'ray'")

pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore"),  # Ray's own
]

TAGS = ("es", "de")
CUES, SECONDS = 4, 2.4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film, its cues and voices."""
    pytest.importorskip("skimage", reason="the portrait comes with scikit-image")
    made = tmp_path_factory.mktemp("cluster")
    camera = Camera((225, 120, 260), (225, 120, 260))
    write_film(
        made / "film.mp4",
        film(portrait(), camera, round(SECONDS * FPS), SIZE),
        np.zeros(round(SECONDS * 48_000), np.float32),
    )
    for seed, tag in enumerate(TAGS):
        cues = []
        for number in range(CUES):
            times = " --> ".join(f"00:00:0{t:.3f}".replace(".", ",") for t in (number * 0.6 + 0.04, number * 0.6 + 0.5))
            cues.append(f"{number + 1}\n{times}\n{tag} {number}\n")
        (made / f"film.{tag}.srt").write_text("\n".join(cues))
        hiss = np.random.default_rng(seed).uniform(-0.2, 0.2, round(16_000 * SECONDS))
        soundfile.write(made / f"film.{tag}.wav", hiss.astype(np.float32), 16_000)
    (made / "cast.toml").write_text("[cues]\n" + "".join(f'{number + 1} = "A"\n' for number in range(CUES)))
    return made


@pytest.fixture(scope="module")
def alone(folder: Path) -> LanguagesReport:
    """What one machine makes of it."""
    (folder / "alone").mkdir()
    return dub(folder, "alone")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 1, "object_store_memory": 100 << 20, "include_dashboard": False}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_worker_niceness", "0")  # they would wait for whatever else is busy on the machine
        made: Any = Cluster(initialize_head=True, head_node_args=node)
        try:
            made.add_node(num_cpus=1, object_store_memory=100 << 20)
            made.wait_for_nodes()
            yield made
        finally:
            ray.shutdown()
            made.shutdown()


@pytest.fixture(autouse=True)
def _small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dubkit.cluster.ClusterSettings", lambda: ClusterSettings(fewest=8))


def dub(folder: Path, output: str, tags: tuple[str, ...] = TAGS, **more: Any) -> LanguagesReport:
    return dub_languages(
        folder / "film.mp4",
        folder / output / "film.{language}.mp4",
        languages=tags,
        subtitles="{film}.{language}.srt",
        voice="{film}.{language}.wav",
        cast=folder / "cast.toml",
        detector="cascade",
        expert="none",
        silence="keep",
        codec="libx264",
        work_dir=more.pop("work_dir", folder / f"kept-{output}"),
        **more,
    )


def same(folder: Path, one: LanguagesReport, other: LanguagesReport, name: str) -> None:
    for mine, theirs in zip(one.languages, other.languages, strict=False):
        assert mine.report is not None, mine.error
        assert theirs.report is not None
        assert mine.report.lines == theirs.report.lines
        assert sum(line.changed for line in mine.report.lines) > 30
        file = f"film.{mine.language}.mp4"
        assert (folder / name / file).read_bytes() == (folder / "alone" / file).read_bytes()


def test_a_cluster_makes_what_one_machine_makes(folder: Path, alone: LanguagesReport, cluster: Any) -> None:
    """Languages and pieces are tasks, and what is kept lies behind a URL."""
    (folder / "url").mkdir()
    told: list[str] = []
    stages: set[str] = set()
    report = dub(
        folder,
        "url",
        work_dir=(folder / "kept-url").as_uri(),
        cluster=cluster.address,
        progress=lambda language, stage, done, total: stages.add(stage),
        finished=lambda result: told.append(result.language),
    )
    same(folder, report, alone, "url")
    assert sorted(told) == sorted(TAGS)
    assert "lips" in stages
    assert not ray.is_initialized()
    for result in report.languages:
        assert result.report is not None
        assert result.report.spans_reused == result.report.spans == CUES
        assert result.report.output == folder / "url" / f"film.{result.language}.mp4"
    assert sum(entry.kind == "lips" for entry in Store((folder / "kept-url").as_uri()).entries()) == CUES * len(TAGS)


def killer(killed: list[int]) -> threading.Thread:
    """Kills the first worker that draws."""

    def kill() -> None:
        until = time.monotonic() + 120
        while time.monotonic() < until and not killed:
            for process in psutil.Process().children(recursive=True):
                try:
                    if process.cmdline()[:1] == ["ray::_draw"] or "ray::_draw" in process.name():
                        process.kill()
                        killed.append(process.pid)
                        return
                except (psutil.Error, IndexError):
                    continue
            time.sleep(0.02)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    return thread


def test_a_worker_that_dies_costs_only_its_tasks(folder: Path, alone: LanguagesReport, cluster: Any) -> None:
    (folder / "killed").mkdir()
    killed: list[int] = []
    thread = killer(killed)
    report = dub(folder, "killed", ("es",), cluster=cluster.address)
    thread.join()
    assert killed
    same(folder, report, alone, "killed")
    assert report.languages[0].report is not None
    assert report.languages[0].report.spans_reused == CUES
    assert report.languages[0].notes == ()


def test_what_fails_in_one_language_costs_no_other(folder: Path, cluster: Any) -> None:
    (folder / "failed").mkdir()
    text = (folder / "film.de.srt").read_text()
    (folder / "film.fr.srt").write_text(text.replace("00:00:", "00:10:"))
    (folder / "film.fr.wav").write_bytes((folder / "film.de.wav").read_bytes())
    report = dub(folder, "failed", ("fr", "es"), cluster=cluster.address, work_dir=folder / "kept-alone")
    assert [result.language for result in report.languages] == ["fr", "es"]
    assert "has no cue inside the film" in report.failed[0].error
    assert report.languages[1].report is not None


def test_the_film_must_be_the_same_everywhere(folder: Path, cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from dubkit import cluster_run

    def another(*given: Any) -> Any:
        from dataclasses import replace

        from dubkit.lip_tasks import lip_film

        return replace(lip_film(*given), size=1)

    monkeypatch.setattr(cluster_run, "lip_film", another)
    (folder / "other").mkdir()
    report = dub(folder, "other", ("es",), cluster=cluster.address)
    assert "film.mp4: is not there on every machine of the cluster, or is another file on one" in report.failed[0].error


def test_where_no_cluster_answers() -> None:
    with pytest.raises(InputError, match=r"no Ray cluster answers at 127\.0\.0\.1:1; start one with `ray start"):
        dub_on_cluster([], None, "127.0.0.1:1")  # type: ignore[arg-type]


def test_without_ray_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(MissingDependencyError, match=r"work on a cluster needs the package ray; .*dubkit\[ray\]"):
        dub_on_cluster([], None)  # type: ignore[arg-type]
