"""dubkit inside moviepy scripts: ``clip.with_effects([dubkit.moviepy.LipSync("es.wav")])``.

``pip install 'dubkit[moviepy]'`` brings moviepy; importing this module without it says so.
"""

from __future__ import annotations

import os
import shutil
import weakref
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

import numpy as np

from dubkit.compose import dub, sync_lips
from dubkit.errors import MediaError, MissingDependencyError, VoiceError
from dubkit.given import given_voice
from dubkit.in_memory import write_pictures
from dubkit.media import read_sound
from dubkit.schema import DubReport, Waveform
from dubkit.scratch import new_scratch

try:
    from moviepy import AudioArrayClip, AudioClip, Effect, VideoFileClip
except ImportError as error:
    raise MissingDependencyError("moviepy", extra="moviepy", purpose="dubkit.moviepy") from error

if TYPE_CHECKING:
    from dubkit.given import VoiceLike
    from dubkit.options import DubOptions
    from dubkit.readiness import DubSettings

__all__ = ["LipSync"]

Clip: TypeAlias = Any
"""A clip of moviepy, which publishes no types."""

_SOUND_RATE = 48_000
_BLOCK = 8192  # samples of a clip's sound taken at a time; moviepy fails on more than its own buffer holds


class LipSync(Effect):  # type: ignore[misc]  # moviepy publishes no types
    """A moviepy effect: the clip with lips that match another voice, and with its new sound.

    Pixels away from the lips stay the clip's own; so do its mask, its position and its times.

    Args:
        voice: As for :func:`dubkit.dub`, or a moviepy ``AudioClip``; None where ``tts`` speaks.
        subtitles: Cue file whose times count from the clip's start. With it the clip is dubbed line by line, its own
            sound lowered under the lines; without it the lips follow the whole voice, which replaces the sound.
        settings: Settings of every stage.
        progress: Told how far the work is.
        **options: As for :func:`dubkit.dub`.

    Attributes:
        reports: What was done, for each clip it was applied to.
    """

    def __init__(
        self,
        voice: VoiceLike | Clip | None = None,
        *,
        subtitles: str | os.PathLike[str] | None = None,
        settings: DubSettings | None = None,
        progress: Callable[[str, int, int], None] | None = None,
        **options: Unpack[DubOptions],
    ) -> None:
        self._voice, self._subtitles = voice, subtitles
        self._settings, self._progress = settings, progress
        self._options: DubOptions = {"codec": "ffv1", **options}
        self.reports: list[DubReport] = []  # moviepy applies a shallow copy, which shares it

    def apply(self, clip: Clip) -> Clip:
        """The clip, synced; it is read once, at its own rate.

        Raises:
            MediaError: if the clip has no end, or no frame rate.
            InputError, OutputError: as :func:`dubkit.dub`.
        """
        if not getattr(clip, "fps", None) or not clip.duration:
            raise MediaError("a clip without an end or a frame rate cannot be synced", remedy="set duration and fps")
        folder = new_scratch("moviepy")
        try:
            given, made = folder / "given.mkv", folder / "made.mkv"
            write_pictures(given, _frames(clip), clip.fps, _sound(clip))
            self.reports.append(self._work(given, made))
            given.unlink()
            picture = VideoFileClip(str(made), audio=False)
            sound = read_sound(made, sample_rate=_SOUND_RATE)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        weakref.finalize(picture, shutil.rmtree, folder, ignore_errors=True)
        heard = AudioArrayClip(np.ascontiguousarray(sound.samples.T), fps=_SOUND_RATE)
        return clip.with_updated_frame_function(picture.get_frame).with_audio(heard)

    def _work(self, given: Path, made: Path) -> DubReport:
        voice = self._voice
        if isinstance(voice, AudioClip):
            voice = (voice.to_soundarray(fps=_SOUND_RATE), _SOUND_RATE)
        settings, progress, options = self._settings, self._progress, self._options
        if self._subtitles is not None:
            cues = self._subtitles
            return dub(given, made, subtitles=cues, voice=voice, settings=settings, progress=progress, **options)
        with given_voice(voice) as files:
            if files.path is None:
                raise VoiceError("there is nothing to say", remedy="give a recording, or subtitles with a tts engine")
            return sync_lips(given, files.path, made, settings=settings, progress=progress, **options)


def _frames(clip: Clip) -> Iterator[Any]:
    """The clip's frames at its own rate, each asked for in the middle of the time it is shown."""
    count = round(Fraction(clip.duration).limit_denominator(10**6) * Fraction(clip.fps).limit_denominator(10**6))
    for index in range(max(1, count)):
        yield np.asarray(clip.get_frame((index + 0.5) / clip.fps))[..., :3].astype(np.uint8, copy=False)


def _sound(clip: Clip) -> Iterator[Waveform]:
    """The clip's own sound for as long as the clip lasts, silent where it ends before; nothing where it has none."""
    if clip.audio is None:
        return
    total, there = (round(duration * _SOUND_RATE) for duration in (clip.duration, clip.audio.duration or clip.duration))
    for start in range(0, total, _BLOCK):
        stop = min(start + _BLOCK, total)
        samples = np.zeros((clip.audio.nchannels, stop - start), np.float32)
        if start < there:
            heard = np.arange(start, min(stop, there)) / _SOUND_RATE
            samples[:, : len(heard)] = np.asarray(clip.audio.get_frame(heard)).reshape(len(heard), -1).T
        yield Waveform(samples, _SOUND_RATE)
