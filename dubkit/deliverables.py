"""What a post house is handed beside the master: mix, dialogue, music and effects, subtitles."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import tee
from pathlib import Path

import numpy as np

from dubkit.audio.levels import Samples
from dubkit.dialogue import Stems, limited_blocks, mixed_stems
from dubkit.errors import InputError, OutputError
from dubkit.media import written_sound
from dubkit.schema import DubJob, Waveform
from dubkit.soundtrack import Soundtrack
from dubkit.subtitles import retimed_cues, subtitle_ending, write_cues
from dubkit.timing import FrameRate, sample_count

__all__ = ["Delivery", "check_delivery", "deliver"]


@dataclass(frozen=True)
class Delivery:
    """What is written, and where.

    Attributes:
        mix: Voices and bed together.
        dialogue: The voices alone.
        music_and_effects: What is under them.
        subtitles: The cues at the times at which they are heard.
    """

    mix: Path
    dialogue: Path
    music_and_effects: Path
    subtitles: Path

    @classmethod
    def of(cls, folder: Path, job: DubJob) -> Delivery:
        """The files of ``job``, such as ``film.es.mix.wav`` and ``film.es.srt``."""
        name, sound = f"{job.video.stem}.{job.language}", f".{job.deliver_sound}"
        return cls(
            folder / f"{name}.mix{sound}",
            folder / f"{name}.dialogue{sound}",
            folder / f"{name}.me{sound}",
            folder / f"{name}{subtitle_ending(job.deliver_subtitles)}",
        )

    @property
    def files(self) -> tuple[Path, ...]:
        """All of them."""
        return self.mix, self.dialogue, self.music_and_effects, self.subtitles


def check_delivery(job: DubJob) -> None:
    """Refuse, before any work, what cannot be written, or would take the place of something given.

    Raises:
        InputError, OutputError: naming the file.
    """
    written = [] if job.picture is None else [job.picture]
    if job.deliver is not None:
        folder = job.deliver.absolute()
        while not folder.exists():
            folder = folder.parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise OutputError("cannot be written to", path=folder, remedy="give another folder for the deliverables")
        written += Delivery.of(job.deliver, job).files
    if job.picture is not None and not job.picture.absolute().parent.is_dir():
        raise OutputError("the folder for the picture does not exist", path=job.picture, remedy="make it first")
    if job.picture is not None and job.picture.suffix.lower() != ".png":
        raise OutputError("is no name for a picture of the lines", path=job.picture, remedy="let it end in .png")
    given = [job.video, job.output, job.subtitles, job.voice, job.stems]
    for path in written:
        if path.is_dir():
            raise OutputError("is a folder", path=path, remedy="move it away")
        if path.resolve() in [other.resolve() for other in given if other is not None]:
            raise InputError("is given, and would be written", path=path, remedy="give another name or folder")


def deliver(
    job: DubJob, sound: Soundtrack, rate: FrameRate, progress: Callable[[int, int], None]
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Write what ``job`` wants delivered: the files, and what is to be said about them.

    Dialogue and bed are printed at the levels at which they are in the mix: together they are the mix, but for what
    its limiter took. The subtitles are written where there are any.

    Args:
        job: What is wanted.
        sound: The mix.
        rate: Frame rate of the picture.
        progress: Called with (seconds written, seconds in all).

    Raises:
        OutputError: if something cannot be written.
    """
    if job.deliver is None:
        return (), ()
    try:
        job.deliver.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot be made ({error.strerror})", path=job.deliver, remedy="use another folder"
        ) from error
    files = Delivery.of(job.deliver, job)
    written, notes = [files.mix, files.dialogue], []
    if sound.bed.path is None:
        notes.append("no music and effects were delivered: there is nothing under the voices")
    else:
        written.append(files.music_and_effects)
    if sound.bed.ducked:
        notes.append(
            "the music and effects that were delivered are the lowered original, with its voices: give --stems"
        )
    _write_stems(written, sound, progress)
    if job.subtitles is not None:
        unheard = [cue for cue, _ in sound.lines.failed]
        cues = retimed_cues(sound.lines.lines, unheard, sound.duration)
        write_cues(files.subtitles, cues, job.deliver_subtitles, rate)
        written.append(files.subtitles)
    return tuple(written), tuple(notes)


def _write_stems(paths: list[Path], sound: Soundtrack, progress: Callable[[int, int], None]) -> None:
    """Mix, dialogue and, where there is a third path, the bed, in one pass."""
    settings = sound.settings
    together, alone, under = tee(sound.stems(), 3)
    ceiling = settings.peak_db if settings.true_peak_db is None else settings.true_peak_db
    feeds: list[Iterator[Waveform]] = [
        mixed_stems(together, settings),
        limited_blocks((_voices(block) for block in alone), replace(settings, true_peak_db=ceiling)),
        limited_blocks((block.bed for block in under), settings),
    ]
    rate = settings.sample_rate
    length = sample_count(sound.duration, rate)
    with ExitStack() as stack:
        writers = [
            stack.enter_context(
                written_sound(path, channels=sound.bed.channels, sample_rate=rate, length=length, title=path.stem)
            )
            for path in paths
        ]
        for second, blocks in enumerate(zip(*feeds, strict=True), 1):
            for write, block in zip(writers, blocks, strict=False):
                write(block)
            progress(second, -(-length // rate))


def _voices(block: Stems) -> Samples:
    return np.zeros_like(block.bed) if block.voices is None else block.voices
