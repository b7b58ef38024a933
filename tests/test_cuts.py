"""A list of cuts made elsewhere, from the job to the shots and the faces in them."""

from __future__ import annotations

from pathlib import Path

import pytest

import dubkit
from dubkit.analysis import analyze
from dubkit.errors import InputError
from dubkit.schema import dumps, loads
from dubkit_cli.main import run
from tests.films import OneFace, write_talk


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_talk(tmp_path_factory.mktemp("cuts") / "talk.mkv", seconds=2)


def test_listed_cuts_are_believed_and_dissolves_left_alone(talk: Path, tmp_path: Path) -> None:
    event = "00{}  A  V  {}  00:00:00:00 00:00:01:00 {} {}\n"
    rows = (("1", "C", "00:00:00:00", "00:00:00:20"), ("2", "D 010", "00:00:00:20", "00:00:02:00"))
    listed = tmp_path / "film.edl"
    listed.write_text("".join(event.format(*row) for row in rows))
    found = analyze(talk, OneFace(), cuts=listed)
    assert [shot.frames.start for shot in found.shots] == [0, 25]
    assert sum(len(scene.shots) for scene in found.scenes) == 2
    followed = {frame for track in found.tracks for frame in track.frames.indices}
    assert followed == {*range(20), *range(30, 50)}, "nobody is followed through the dissolve"
    assert {track.shot for track in found.tracks} == {0, 1}
    assert len(analyze(talk, OneFace()).shots) == 1


def test_job_holds_the_list() -> None:
    job = dubkit.DubJob(Path("a.mov"), Path("b.mov"), voice=Path("v.wav"), cuts=Path("c.edl"))
    assert loads(dubkit.DubJob, dumps(job)) == job


def test_list_of_another_film_is_refused_in_one_sentence(
    talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = tmp_path / "cuts.csv"
    listed.write_text("start\n0.5\n90\n")
    with pytest.raises(InputError, match=r"1 of its 2 cuts lie outside the film, which lasts 2\.000 s"):
        analyze(talk, OneFace(), cuts=listed)
    listed.write_text("nothing\n")
    voice, output = tmp_path / "voice.wav", tmp_path / "out.mkv"
    voice.write_bytes(b"")
    assert run(["lipsync", str(talk), str(voice), "--cuts", str(listed), "-o", str(output)]) == 1
    said = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert len(said) == 1
    assert "cuts.csv: has no column called 'start'" in said[0]
