"""One clip of a timeline: its picture with new lips and its sound, exactly as long as it is there."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np

from dubkit.compose import run_ready
from dubkit.errors import InputError, OutputError
from dubkit.host_run_cut import ClipFilm, cut_clip
from dubkit.host_run_job import PICTURES, HostClip, HostClipResult, HostJob, HostSound
from dubkit.host_run_lines import ClipLines, dub_job
from dubkit.media import measure_times, probe, sound_blocks, written_sound
from dubkit.options import job_from
from dubkit.readiness import DubSettings, Ready
from dubkit.schema import DubJob, DubReport, LineStatus, Waveform
from dubkit.timing import FrameRate, Seconds, sample_count

__all__ = ["Prepared", "Tell", "clip_result", "run_clip"]

Tell = Callable[[str, int, int], None]
"""Called with (stage, steps done, steps in all)."""

Prepared = Callable[[DubJob, DubSettings, ClipLines | None], Ready]
"""Makes a job of one film ready, with lines in place of its cues and voice where there are some."""

_SOUND_RATE = 48_000
_FORBIDDEN = frozenset('<>:"/\\|?*%')
_LONGEST_NAME = 60


@dataclass(frozen=True)
class _Files:
    """Where a clip's results lie."""

    picture: Path
    sound: Path

    @classmethod
    def of(cls, job: HostJob, number: int, clip: HostClip) -> _Files:
        """Names that every file system takes and that no other clip of the job has."""
        letters = "".join(
            " " if letter in _FORBIDDEN or not letter.isprintable() else letter for letter in Path(clip.name).stem
        )
        language = "sync" if job.operation == "sync" else job.language
        stem = " ".join(f"{number:03} {letters[:_LONGEST_NAME]}".split()).rstrip(". ") + f".{language}"
        return cls(job.output / f"{stem}{PICTURES[job.picture][1]}", job.output / f"{stem}.wav")

    def remove(self) -> None:
        """Leave nothing of them."""
        self.picture.unlink(missing_ok=True)
        self.sound.unlink(missing_ok=True)


def clip_result(
    job: HostJob, number: int, status: str, reason: str = "", notes: tuple[str, ...] = ()
) -> HostClipResult:
    """What is said of clip ``number`` when there is nothing to place."""
    clip = job.clips[number - 1]
    frames = max(0, clip.end - clip.start)
    return HostClipResult(clip.key, number, status, reason, "", "", clip.start, frames, job.tag(number), notes)


def run_clip(
    job: HostJob, number: int, lines: ClipLines | None, settings: DubSettings, tell: Tell, prepared: Prepared
) -> HostClipResult:
    """Make the picture and the sound of clip ``number`` (from 1).

    Args:
        job: The job.
        number: Which clip.
        lines: What is heard in it; None where it is synced to its sound.
        settings: Settings of every stage.
        tell: Told how far the work is.
        prepared: Makes a job ready.

    Raises:
        DubkitError: if it cannot be done. Nothing of it is left then.
    """
    clip, rate = job.clips[number - 1], job.timeline.frame_rate
    if lines is not None and not (lines.share.heard or lines.share.failed):
        return clip_result(job, number, "unchanged", "nothing is said in it")
    files, folder = _Files.of(job, number, clip), job.work / f"{number:03}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        film = cut_clip(clip, rate, folder / "clip.mp4", lambda *at: tell("cut", *at))
        asked = _asked(job, clip, film, files, folder)
        report = run_ready(prepared(asked, _joining(settings, lines), lines), tell)
        tell("check", 0, 2)
        _check_picture(files.picture, film)
        tell("check", 1, 2)
        _exact_sound(files.picture, files.sound, rate.seconds(film.frames))
        tell("check", 2, 2)
    except BaseException:
        files.remove()
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    done = clip_result(job, number, "done", "", (*film.notes, *_colours(files.picture, film), *_said(report)))
    return replace(
        done,
        picture=str(files.picture),
        sound=str(files.sound),
        failed_lines=len(report.failed),
        report=report,
    )


def _joining(settings: DubSettings, lines: ClipLines | None) -> DubSettings:
    """``settings`` under which a voice that goes on over the clip's edges is not faded there."""
    if lines is not None and not (lines.severed or lines.share.one_voice):
        return settings
    return replace(settings, mix=replace(settings.mix, fade=0.0))


def _asked(job: HostJob, clip: HostClip, film: ClipFilm, files: _Files, folder: Path) -> DubJob:
    """The job of one film that is asked for of this clip."""
    codec = PICTURES[job.picture][0]
    if clip.sound is None:
        asked = replace(dub_job(job, film.path, files.picture), codec=codec)
        return replace(asked, original="mute") if job.sound == "voice" else asked
    voice = folder / "voice.wav"
    _under(clip, clip.sound, job.timeline.frame_rate, voice)
    options = {name: value for name, value in job.options.items() if name not in ("shift", "cast", "encoding")}
    given = {"voice": voice, "language": job.language, "codec": codec}
    return job_from(film.path, files.picture, {**options, **given})


def _under(clip: HostClip, sound: HostSound, rate: FrameRate, path: Path) -> None:
    """Write what ``sound`` lets hear during ``clip``: silence where it does not reach."""
    length = sample_count(rate.seconds(clip.end - clip.start), _SOUND_RATE)
    first, last = max(clip.start, sound.start), min(clip.end, sound.end)
    if first >= last:
        raise InputError(f"{clip.name} has no sound under it", remedy="give it a sound that lies under it")
    before = sample_count(rate.seconds(first - clip.start), _SOUND_RATE)
    start = sound.source_start + rate.seconds(first - sound.start)
    blocks = sound_blocks(
        sound.source, sample_rate=_SOUND_RATE, start=start, duration=rate.seconds(last - first), block=_SOUND_RATE
    )
    _write_sound(path, blocks, length, before)


def _write_sound(path: Path, blocks: Iterator[Waveform], length: int, before: int = 0) -> None:
    """Write ``blocks`` after ``before`` samples of silence as a file of ``length`` samples."""
    first = next(blocks, None)
    channels = 1 if first is None else first.channels
    left = length
    with written_sound(path, channels=channels, sample_rate=_SOUND_RATE, length=length) as write:
        for block in chain(_silence(channels, before), [] if first is None else [first], blocks):
            part = block.samples[:, :left]
            write(Waveform(part, _SOUND_RATE))
            left -= part.shape[1]
        for block in _silence(channels, left):
            write(block)


def _silence(channels: int, samples: int) -> Iterator[Waveform]:
    for start in range(0, samples, _SOUND_RATE):
        yield Waveform(np.zeros((channels, min(_SOUND_RATE, samples - start)), np.float32), _SOUND_RATE)


def _exact_sound(made: Path, path: Path, length: Seconds) -> None:
    """The sound that ``made`` holds without loss, as a file that lasts ``length`` seconds to the nearest sample."""
    blocks = sound_blocks(made, sample_rate=_SOUND_RATE, duration=length, block=_SOUND_RATE)
    _write_sound(path, blocks, sample_count(length, _SOUND_RATE))


def _check_picture(path: Path, film: ClipFilm) -> None:
    """Count the frames that come out of the finished file.

    Raises:
        OutputError: if they are not those that were asked for.
    """
    frames = len(measure_times(path))
    if frames != film.frames:
        raise OutputError(
            f"holds {frames} frames where {film.frames} were asked for", path=path, remedy="ask for another picture"
        )


def _colours(path: Path, film: ClipFilm) -> tuple[str, ...]:
    made, source = probe(path).video, film.source.video
    if made is None or source is None:
        return ()
    same = (made.colour.primaries, made.colour.transfer, made.colour.matrix) == (
        source.colour.primaries,
        source.colour.transfer,
        source.colour.matrix,
    )
    return () if same else (f"the colour tags were {source.colour} and are {made.colour}",)


def _said(report: DubReport) -> tuple[str, ...]:
    """The report's notes, and what became of each line that was not synced whole."""
    lines = [
        f"line {line.cue}: {line.status.value}" + (f" ({line.reason})" if line.reason else "")
        for line in report.lines
        if line.status is not LineStatus.SYNCED
    ]
    # How the cut film, which nobody sees, was encoded is nobody's matter.
    notes = [note for note in report.notes if not note.startswith("the whole picture was encoded anew")]
    return (*notes, *lines)
