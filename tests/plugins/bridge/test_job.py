"""The bridge's documents against dubkit's own records: what one writes the other must read."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.errors import RecordError
from dubkit.host_run_files import CANCEL_FILE, RESULT_FILE, STATUS_FILE, read_host_job, write_host_result
from dubkit.host_run_job import HOST_VERSION, PICTURES, HostClipResult, HostJob, HostResult
from dubkit.schema import from_json
from plugins.bridge import job as bridge
from plugins.bridge.job import Job, JobError, Result, job_document, read_result, write_job
from plugins.bridge.records import Task
from plugins.bridge.tags import parse_tag
from tests.plugins.bridge.clips import TIMELINE, clip, sound

NAMES = [
    "film.mov",
    'two words/it\'s "quoted" & $HOME `x`.mov',
    "映画/фильм/ملف/Ünïcode é.mov",
    "percent %d %s 100%.mov",
    " leading and trailing ",
    "-dash.mov",
]


def dub(folder: Path, **changes: Any) -> Job:
    made = Job(TIMELINE, (Task(clip(0, 96)), Task(clip(96, 200))), str(folder / "job"), "es", tts="espeak")
    return replace(made, subtitles=str(folder / "film.srt"), **changes)


@pytest.mark.parametrize("name", NAMES)
def test_dubkit_reads_what_the_bridge_writes(tmp_path: Path, name: str) -> None:
    folder = tmp_path / Path(name).stem
    source = str(folder / name)
    job = dub(folder, tasks=(Task(clip(0, 96, source=source, name=name)),), options={"device": "cpu"}, host="Äditor 1")
    path = write_job(job)
    assert Path(path).read_bytes().isascii()
    asked = read_host_job(Path(path))
    assert (asked.id, asked.host, asked.language, asked.tts) == (job.identity, "Äditor 1", "es", "espeak")
    assert asked.output == folder / "job"
    assert asked.subtitles == folder / "film.srt"
    assert asked.voice is None
    assert asked.options == {"device": "cpu"}
    (read,) = asked.clips
    given = job.tasks[0].picture
    assert (read.source, read.name, read.key) == (Path(source), name, given.key)
    assert (read.start, read.end) == (given.start, given.end)
    assert (read.source_start, read.source_end) == (given.source_start, given.source_end)
    assert asked.timeline.rate == TIMELINE.rate
    assert not list(Path(path).parent.glob(".*")), "nothing is left beside it"


@pytest.mark.parametrize("path", ["C:\\Films\\Ein Film.mov", "C:/Films/x.mov", "\\\\server\\share\\x.mov"])
def test_drive_letters_and_shares_are_absolute_and_kept(tmp_path: Path, path: str) -> None:
    job = replace(dub(tmp_path, tasks=(Task(clip(0, 96, source=path)),)), subtitles=path, voice=path, tts="")
    document = json.loads(json.dumps(job_document(job)))
    assert document["subtitles"] == document["voice"] == document["clips"][0]["source"] == path
    assert str(from_json(HostJob, document).clips[0].source) == path


def test_a_sync_job_gives_each_clip_its_sound(tmp_path: Path) -> None:
    task = Task(clip(0, 96), sound(10, 90))
    job = Job(TIMELINE, (task,), str(tmp_path), "und", operation="sync")
    (asked,) = read_host_job(Path(write_job(job))).clips
    assert asked.sound is not None
    assert (asked.sound.start, asked.sound.end) == (10, 90)
    assert asked.sound.source_start == sound(10, 90).source_start


def test_a_job_that_says_nothing_or_lies_nowhere_is_refused_before_it_is_written(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="no clip"):
        job_document(replace(dub(tmp_path), tasks=()))
    with pytest.raises(JobError, match="not an absolute path"):
        job_document(replace(dub(tmp_path), subtitles="film.srt"))
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(JobError, match="cannot be written"):
        write_job(replace(dub(tmp_path), output=str(blocked / "job")))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"version": 2}, "version 2"),
        ({"operation": "undub"}, "operation"),
        ({"cue_time": "noon"}, "cue_time"),
        ({"picture": "gif"}, "picture"),
        ({"sound": "noise"}, "sound"),
        ({"options": {"colour": "red"}}, "no option 'colour'"),
        ({"clips": []}, "no clips"),
        ({"subtitles": ""}, "no subtitles"),
        ({"tts": ""}, "either a voice or"),
        ({"id": "../x"}, "cannot be called"),
        ({"surprise": 1}, "no field 'surprise'"),
        ({"timeline": {"name": "x", "rate": "0/1"}}, "not a frame rate"),
        ({"timeline": {"name": "x", "rate": 25.0}}, "should be Fraction"),
    ],
)
def test_dubkit_names_what_is_wrong_with_a_job(tmp_path: Path, changes: dict[str, Any], word: str) -> None:
    path = Path(write_job(dub(tmp_path)))
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    with pytest.raises(RecordError, match=word) as raised:
        read_host_job(path)
    assert raised.value.path == path


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '"job"', "{}", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")]
)
def test_what_is_no_job_is_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "job.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecordError):
        read_host_job(path)


def test_both_sides_use_the_same_names() -> None:
    assert (bridge.RESULT_FILE, bridge.STATUS_FILE, bridge.CANCEL_FILE) == (RESULT_FILE, STATUS_FILE, CANCEL_FILE)
    assert bridge.JOB_VERSION == HOST_VERSION
    for picture in PICTURES:
        assert f"``{picture}``" in (Job.__doc__ or "")


def results(job: HostJob) -> HostResult:
    done = HostClipResult("v0", 1, "done", "", "/o/a.mov", "/o/a.wav", 0, 96, job.tag(1), ("a note",), 1)
    failed = HostClipResult("v96", 2, "failed", "why", "", "", 96, 104, job.tag(2))
    return HostResult(job.id, 3, (done, failed), ("whole",), "0.1", 1.5)


def test_the_bridge_reads_what_dubkit_answers(tmp_path: Path) -> None:
    job = dub(tmp_path)
    asked = read_host_job(Path(write_job(job)))
    write_host_result(asked, results(asked))
    read = read_result(job)
    assert isinstance(read, Result)
    assert (read.exit_code, read.notes) == (3, ("whole",))
    assert [(item.key, item.done) for item in read.clips] == [("v0", True), ("v96", False)]
    assert read.clips[0].notes == ("a note",)
    assert read.clips[1].reason == "why"
    assert parse_tag(read.clips[1].tag) == ("es", job.identity, 2)


def test_a_result_of_another_job_or_none_is_refused(tmp_path: Path) -> None:
    job = dub(tmp_path)
    asked = read_host_job(Path(write_job(job)))
    with pytest.raises(JobError, match="no result"):
        read_result(job)
    write_host_result(asked, replace(results(asked), job="other"))
    with pytest.raises(JobError, match="another job"):
        read_result(job)
    for text in ("", "[]", '{"version": 1}', '{"version": 9}'):
        (tmp_path / "job" / RESULT_FILE).write_text(text)
        with pytest.raises(JobError):
            read_result(job)


@given(st.fractions(0, 100_000), st.integers(0, 10_000_000), st.integers(1, 100_000))
def test_times_pass_exactly(start: Fraction, first: int, frames: int) -> None:
    made = clip(first, first + frames, source_start=start, source_end=start + frames / TIMELINE.rate)
    document = json.loads(json.dumps(job_document(Job(TIMELINE, (Task(made),), "/o", "es", subtitles="/s", tts="x"))))
    document = {name: value for name, value in document.items() if value != ""}
    read = from_json(HostJob, document).clips[0]
    assert (read.source_start, read.source_end) == (made.source_start, made.source_end)
