"""The sound of the master: lines over the original or over stems, read and mixed block by block.

Nothing is stored on the way: what is measured first is read once more when it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dubkit.dialogue import LoudnessTarget, MeasuredStems, MixSettings, Stems, loudness_target, mixed_stems, stem_blocks
from dubkit.errors import DubkitError, MediaError
from dubkit.lines import Lines
from dubkit.media import SoundTrack, probe, read_ahead, read_sound, sound_blocks
from dubkit.schema import AudioInfo, DubJob, Line, MediaInfo, SoundClip, Waveform
from dubkit.timing import Seconds

__all__ = ["Bed", "Soundtrack", "check_sound_wanted", "mix_channels", "plan_soundtrack"]

_STEREO = 2
_SURROUND = 6
_LEAST_SURROUND = 5


@dataclass(frozen=True, eq=False)
class Bed:
    """What is heard under the lines.

    Attributes:
        path: The file; None for silence.
        channels: Channels of the mix over it.
        ducked: Whether it goes down under the lines.
        notes: What of it is not heard, or heard otherwise.
    """

    path: Path | None
    channels: int
    ducked: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Soundtrack:
    """The mix of a film, read and mixed anew each time it is asked for.

    Attributes:
        track: How it is written.
        lines: What is heard.
        duration: Length of the picture in seconds.
        bed: What is heard under the lines.
        settings: How they are mixed, with the gains that were found.
        target: The loudness asked for; None where none was.
        measured: What was measured of bed and voices; None where nothing had to be.
        before: LUFS of the mix as it came; 0 where it was not measured.
        notes: What is to be said about the sound.
    """

    track: SoundTrack
    lines: Lines
    duration: Seconds
    bed: Bed
    settings: MixSettings
    on_error: Callable[[Line, DubkitError], None]
    target: LoudnessTarget | None = None
    measured: MeasuredStems | None = None
    before: float = 0.0
    notes: tuple[str, ...] = field(default=())

    def stems(self) -> Iterator[Stems]:
        """Bed and voices with their gains, in blocks of a second; together as long as the picture.

        One thread decodes the bed, one reads the voices and puts both side by side, ahead of whoever asks.
        """
        rate = self.settings.sample_rate
        bed = None
        if self.bed.path is not None:
            stored = sound_blocks(
                self.bed.path, sample_rate=rate, channels=self.bed.channels, duration=self.duration, block=rate
            )
            bed = read_ahead(stored)
        stems = stem_blocks(
            self.lines.heard,
            self.duration,
            read_voice=self._read_voice,
            bed=bed,
            channels=self.bed.channels,
            settings=self.settings,
            block=rate,
            ducked=[line.span for line in self.lines.lines],
            on_error=self.on_error,
        )
        return read_ahead(stems)

    def blocks(self) -> Iterator[Waveform]:
        """The mix, exactly as long as the picture."""
        return mixed_stems(self.stems(), self.settings)

    def curve(self) -> npt.NDArray[np.float64]:
        """(hops of 100 ms,) short-term loudness of the mix in LUFS; empty where it was not measured."""
        if self.measured is None:
            return np.zeros(0)
        return self.measured.curve(self.settings.voice_db, self.settings.gain_db)

    def _read_voice(self, clip: SoundClip) -> Waveform:
        stored = read_sound(clip.path, sample_rate=self.settings.sample_rate, span=clip.span)
        return stored if stored.channels in (1, self.bed.channels) else stored.mono()


def check_sound_wanted(job: DubJob) -> None:
    """Refuse, before any work, stems without sound and a loudness that there is not.

    Raises:
        InputError: saying what there is.
    """
    if job.loudness:
        loudness_target(job.loudness)
    if job.stems is not None:
        _stems_track(job.stems)


def plan_soundtrack(
    job: DubJob,
    lines: Lines,
    source: MediaInfo,
    duration: Seconds,
    *,
    settings: MixSettings,
    on_error: Callable[[Line, DubkitError], None],
) -> Soundtrack:
    """The mix of ``lines`` over the stems or the ducked original, at the levels at which they come.

    Args:
        job: What is wanted of the sound.
        lines: What is heard.
        source: The original.
        duration: Length of the picture in seconds.
        settings: How to mix.
        on_error: Told of lines whose voice cannot be read; of each once more whenever the mix is read anew.

    Raises:
        MediaError: if the stems cannot be read.
    """
    bed = _bed(job, source, duration)
    track = SoundTrack(language=job.language, channels=bed.channels, sample_rate=settings.sample_rate, default=True)
    settings = settings if bed.ducked else replace(settings, duck_db=0.0)
    return Soundtrack(track, lines, duration, bed, settings, on_error, notes=bed.notes)


def _bed(job: DubJob, source: MediaInfo, duration: Seconds) -> Bed:
    if job.stems is not None:
        return _stems_bed(job.stems, duration)
    if not source.audio or job.original == "mute" or job.subtitles is None:
        return Bed(None, _STEREO, False)
    original, notes = source.audio[0], []
    channels = mix_channels(original.channels)
    if len(source.audio) > 1:
        notes.append(f"the first of {len(source.audio)} original sound tracks is heard under the lines")
    if channels != original.channels:
        notes.append(f"the original sound of {original.channels} channels was mixed to {channels}")
    return Bed(source.path, channels, True, tuple(notes))


def _stems_bed(path: Path, duration: Seconds) -> Bed:
    track, count = _stems_track(path)
    channels, notes = mix_channels(track.channels), []
    if count > 1:
        notes.append(f"the first of {count} sound tracks of {path.name} is heard under the lines")
    if channels != track.channels:
        notes.append(f"the stem of {track.channels} channels was mixed to {channels}")
    differs = track.duration - duration
    if track.duration and abs(differs) > Fraction(1, 25):
        longer = (
            "longer than the picture and was cut" if differs > 0 else "shorter than the picture and ends in silence"
        )
        notes.append(f"{path.name} is {float(abs(differs)):.3f} s {longer}")
    return Bed(path, channels, False, tuple(notes))


def _stems_track(path: Path) -> tuple[AudioInfo, int]:
    """The first sound track of the stems, and how many there are."""
    tracks = probe(path).audio
    if not tracks:
        raise MediaError("has no sound", path=path, remedy="give a file with music and effects")
    return tracks[0], len(tracks)


def mix_channels(channels: int) -> int:
    """Channels of a mix over a sound of so many: mono, stereo or 5.1."""
    return channels if channels <= _STEREO else _SURROUND if channels >= _LEAST_SURROUND else _STEREO
