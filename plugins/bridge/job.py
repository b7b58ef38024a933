"""The job file: what dubkit is asked to do, as one versioned JSON document, and the result file it answers with.

The job, written by :func:`write_job` (letters beyond ASCII are escaped, so that any program can write and read one)::

    {"version": 1, "id": "4f0c…", "operation": "dub", "host": "Blender 4.2.3", "output": "/folder/of/this/job",
     "language": "es",
     "timeline": {"name": "…", "rate": "24000/1001", "start_frame": 86400, "drop": false},
     "clips": [{"key": "…", "name": "…", "start": 0, "end": 96,
                "source": "/film.mov", "source_start": "1001/240", "source_end": "…",
                "sound": null}],
     "subtitles": "/film.es.srt", "cue_time": "timeline", "voice": "", "tts": "espeak",
     "picture": "prores", "sound": "mix", "options": {"model": "…"}}

``host-run`` writes into the folder ``output``, nowhere else: one picture file and one sound file for each clip,
``status.json`` (the last event, for hosts that cannot read a pipe) and at the end ``result.json``. It stops when it
finds a file called ``cancel`` there. What each field means is said at :class:`Job` and :class:`ClipResult`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path, PureWindowsPath
from typing import Any

from .records import Task, Timeline

__all__ = [
    "CANCEL_FILE",
    "JOB_FILE",
    "JOB_VERSION",
    "RESULT_FILE",
    "STATUS_FILE",
    "ClipResult",
    "Job",
    "JobError",
    "Result",
    "job_document",
    "new_job_id",
    "read_result",
    "write_job",
]

JOB_VERSION = 1
JOB_FILE = "job.json"
RESULT_FILE = "result.json"
STATUS_FILE = "status.json"
CANCEL_FILE = "cancel"


def new_job_id() -> str:
    """An identity no other job has."""
    return uuid.uuid4().hex[:12]


class JobError(Exception):
    """A job that cannot be written, or a result that is none; the sentence is for the user."""


@dataclass(frozen=True)
class Job:
    """What dubkit is asked to do.

    Attributes:
        timeline: The open timeline.
        tasks: The clips, in their order on the timeline; at least one.
        output: Folder of this job alone; it is made where it is missing.
        language: Language of the dub as a BCP 47 or ISO 639 code; for ``sync`` the word ``sync`` will do.
        operation: ``dub`` (subtitles and a voice) or ``sync`` (each clip's lips to its task's sound).
        subtitles: Cue file; for ``dub`` alone.
        cue_time: What the cues (and a voice in one file) count from: ``timeline``: from the timeline's first frame, or
            from its start timecode, whichever they are found to; ``source``: from the first frame of each clip's file.
        voice: A full-length voice, a folder of files named by cue, or a list; empty where ``tts`` speaks.
        tts: Text-to-speech engine; empty where ``voice`` is given.
        picture: ``prores``, ``ffv1``, ``dnxhr`` or ``h264``: how pictures are written.
        sound: ``mix``: voice over the original sound, which goes down under it, to be heard instead of the original;
            ``voice``: the voice alone, to be laid beside it.
        options: Further fields of dubkit's own job by name: ``model``, ``detector``, ``device``, ``cast``,
            ``encoding``, ``enhancer``, ``original``, ``voice_level``, ``loudness`` ... dubkit refuses unknown ones.
        host: Program and version that asks.
        host_pid: Process that must stay alive; dubkit stops when it is gone. 0 where the runner watches by its pipe.
        identity: The job's own name, letters and digits.
    """

    timeline: Timeline
    tasks: tuple[Task, ...]
    output: str
    language: str
    operation: str = "dub"
    subtitles: str = ""
    cue_time: str = "timeline"
    voice: str = ""
    tts: str = ""
    picture: str = "prores"
    sound: str = "mix"
    options: Mapping[str, Any] = field(default_factory=dict)
    host: str = ""
    host_pid: int = 0
    identity: str = field(default_factory=new_job_id)


@dataclass(frozen=True)
class ClipResult:
    """What became of a clip.

    Attributes:
        key: The clip's key, as the job has it.
        number: Its place in the job, from 1.
        status: ``done``, ``unchanged`` (nothing is said in it, so there is nothing to place) or ``failed``.
        reason: Why it is not done, in one sentence; else empty.
        picture: Picture file, ``frames`` long at the timeline's rate; empty where it is not done.
        sound: Sound file (WAV, 48 kHz) of the same length; empty where it is not done.
        start: Frame of the timeline at which both begin.
        frames: Their length on the timeline.
        tag: What is written beside both when they are placed; see :mod:`.tags`.
        notes: What was odd, and what became of each line that was not synced, a sentence each.
    """

    key: str
    number: int
    status: str
    reason: str
    picture: str
    sound: str
    start: int
    frames: int
    tag: str
    notes: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Whether there is something to place."""
        return self.status == "done"


@dataclass(frozen=True)
class Result:
    """What became of a job.

    Attributes:
        job: The job's identity.
        exit_code: 0 all done, 3 a clip or a line failed, 1 nothing was done.
        clips: One entry for each clip of the job, in its order.
        notes: What concerns all of them.
    """

    job: str
    exit_code: int
    clips: tuple[ClipResult, ...]
    notes: tuple[str, ...] = ()


def job_document(job: Job) -> dict[str, Any]:
    """The job as JSON-ready data.

    Raises:
        JobError: if a path is not absolute, or there is no clip: what dubkit would refuse, said before it is started.
    """
    if not job.tasks:
        raise JobError("no clip was given")
    for path in (job.output, job.subtitles, job.voice):
        if path and not _is_absolute(path):
            raise JobError(f"{path}: is not an absolute path")
    timeline = job.timeline
    return {
        "version": JOB_VERSION,
        "id": job.identity,
        "operation": job.operation,
        "host": job.host,
        "host_pid": job.host_pid,
        "output": job.output,
        "language": job.language,
        "timeline": {
            "name": timeline.name,
            "rate": _fraction(timeline.rate),
            "start_frame": timeline.start_frame,
            "drop": timeline.drop,
        },
        "clips": [_task(task) for task in job.tasks],
        "subtitles": job.subtitles,
        "cue_time": job.cue_time,
        "voice": job.voice,
        "tts": job.tts,
        "picture": job.picture,
        "sound": job.sound,
        "options": dict(job.options),
    }


def write_job(job: Job) -> str:
    """Write ``job.json`` into the job's folder; returns its path.

    Raises:
        JobError: as :func:`job_document`, or if it cannot be written.
    """
    text = json.dumps(job_document(job), indent=1, ensure_ascii=True)
    path = Path(job.output, JOB_FILE)
    aside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(text, encoding="ascii")
        aside.replace(path)
    except OSError as error:
        raise JobError(f"{path}: cannot be written ({error.strerror})") from error
    return str(path)


def read_result(job: Job) -> Result:
    """What became of ``job``.

    Raises:
        JobError: if there is no result of this job, or it is damaged.
    """
    path = Path(job.output, RESULT_FILE)
    try:
        result = _result(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise JobError(f"{path}: there is no result ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise JobError(f"{path}: is no result of dubkit ({error})") from error
    if result.job != job.identity:
        raise JobError(f"{path}: is the result of another job")
    return result


def _task(task: Task) -> dict[str, Any]:
    clip, sound = task.picture, task.sound
    written: dict[str, Any] | None = None
    if sound is not None:
        written = {
            "source": sound.source,
            "source_start": _fraction(sound.source_start),
            "source_end": _fraction(sound.source_end),
            "start": sound.start,
            "end": sound.end,
        }
    return {
        "key": clip.key,
        "name": clip.name,
        "start": clip.start,
        "end": clip.end,
        "source": clip.source,
        "source_start": _fraction(clip.source_start),
        "source_end": _fraction(clip.source_end),
        "sound": written,
    }


def _fraction(value: Fraction) -> str:
    exact = Fraction(value)
    return f"{exact.numerator}/{exact.denominator}"


def _is_absolute(path: str) -> bool:
    # A job for Windows may be written elsewhere, by a test for one; drive letters and shares are absolute anywhere.
    return Path(path).is_absolute() or PureWindowsPath(path).is_absolute()


def _result(data: Mapping[str, Any]) -> Result:
    if data["version"] != JOB_VERSION:
        raise ValueError("it is of version {}".format(data["version"]))
    clips = tuple(
        ClipResult(
            key=str(item["key"]),
            number=int(item["number"]),
            status=str(item["status"]),
            reason=str(item["reason"]),
            picture=str(item["picture"]),
            sound=str(item["sound"]),
            start=int(item["start"]),
            frames=int(item["frames"]),
            tag=str(item["tag"]),
            notes=_texts(item["notes"]),
        )
        for item in data["clips"]
    )
    return Result(str(data["job"]), int(data["exit_code"]), clips, _texts(data["notes"]))


def _texts(items: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(item) for item in items)
