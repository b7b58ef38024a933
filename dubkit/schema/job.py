"""What is to be done, as one versioned JSON document."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from dubkit.errors import RecordError

__all__ = ["JOB_VERSION", "DubJob"]

JOB_VERSION = 1


@dataclass(frozen=True)
class DubJob:
    """One film into one language.

    Attributes:
        video: The picture, or a still image.
        output: The file to write.
        language: Language of the dub as a BCP 47 or ISO 639 code (``es``); tags the sound and chooses the voice.
        subtitles: Cue file in the new language; None means one line as long as the voice.
        voice: Full-length voice file, or a folder of files named by cue; None where ``tts`` speaks.
        tts: Name of the text-to-speech engine; empty where ``voice`` is given.
        encoding: Text encoding of the cue file; empty finds it out.
        model: Name of a built-in model or path of a checkpoint; empty takes the built-in default.
        detector: ``auto``, ``insightface``, ``yunet`` or ``cascade``.
        detector_model: Path of the detector's file or name of its package; empty looks in the usual places.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps`` ...
        codec: FFmpeg encoder of the picture; ``auto`` stays with the source's codec where it can.
        keep_original: Whether the original sound is kept as a further track.
        original: What is heard of the original sound beside the lines: ``duck`` lowers it under them, ``mute`` leaves
            it out.
        shift: Seconds added to every cue's time, such as -3600 for cues that count from 01:00:00:00.
        version: Version of this document's form.
    """

    video: Path
    output: Path
    language: str = "und"
    subtitles: Path | None = None
    voice: Path | None = None
    tts: str = ""
    encoding: str = ""
    model: str = ""
    detector: str = "auto"
    detector_model: str = ""
    device: str = "auto"
    codec: str = "auto"
    keep_original: bool = False
    original: str = "duck"
    shift: Fraction = Fraction(0)
    version: int = JOB_VERSION

    def __post_init__(self) -> None:
        """Refuse contradictions that need no look at the files."""
        if self.version != JOB_VERSION:
            raise RecordError(
                f"job is of version {self.version}, this dubkit reads version {JOB_VERSION}",
                remedy="use the dubkit that wrote it, or write it again",
            )
        if (self.voice is None) == (not self.tts):
            raise RecordError("a job needs either a voice or a text-to-speech engine", remedy="give one of the two")
        if self.original not in ("duck", "mute"):
            raise RecordError(f"the original sound cannot be {self.original!r}", remedy="use 'duck' or 'mute'")
        if self.tts and self.subtitles is None:
            raise RecordError("text to speech needs subtitles to read", remedy="give a subtitle file")
