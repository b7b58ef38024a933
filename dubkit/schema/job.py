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
        output: The master to write; None where only patches are wanted.
        language: Language of the dub as a BCP 47 or ISO 639 code (``es``); tags the sound and chooses the voice.
        subtitles: Cue file in the new language; None means one line as long as the voice.
        voice: Full-length voice file, a folder of files named by cue, or a list (CSV, JSON) of cues and files; None
            where text to speech speaks.
        tts: Text-to-speech engine, such as ``espeak``, ``espeak:es+f3``, ``piper:voice.onnx`` or ``command:say ...``;
            empty where ``voice`` is given.
        cast: TOML file that says who each speaker is: ``[voices]`` names an engine, the others get ``tts``; ``[faces]``
            names the person in the picture; ``[cues]`` does so for single cues.
        cuts: List of cuts (CSV, EDL, OTIO) that is believed instead of looking for shots; None looks for them.
        encoding: Text encoding of the cue file; empty finds it out.
        model: Name of a built-in model or path of a checkpoint; empty takes the built-in default.
        enhancer: ONNX file of a face restoration network (GFPGAN, GPEN, CodeFormer); None for none.
        detector: ``auto``, ``insightface``, ``yunet`` or ``cascade``.
        detector_model: Path of the detector's file or name of its package; empty looks in the usual places.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps`` ...
        precision: In which numbers the generator runs: ``fp32``, ``bf16``, ``fp16``, or ``auto``: the fastest in which
            it draws the same on that device.
        memory: How much of the film's frames is held at a time, in MiB (``512``) or with a unit (``2GiB``); empty takes
            what the settings say. Networks and encoders come on top.
        codec: FFmpeg encoder of the picture; ``auto`` stays with the source's codec where it can.
        keep_original: Whether the original sound is kept as a further track.
        original: What is heard of the original sound beside the lines: ``duck`` lowers it under them, ``mute`` leaves
            it out.
        stems: File with music and effects, laid under the lines instead of the ducked original; None without one.
        loudness: Loudness of the mix: ``ebu-r128``, ``streaming-16``, ``streaming-14``, ``film-27``, or LUFS as a
            number; empty leaves it as it comes.
        voice_level: ``match`` makes the voices as loud as the original was where they speak, ``keep`` leaves them as
            recorded, ``auto`` matches what a machine speaks and keeps what people recorded.
        deliver: Folder for mix, dialogue stem, music and effects, and retimed subtitles; None for none of them.
        deliver_sound: ``wav`` or ``flac``: how sound is delivered.
        deliver_subtitles: Format of the retimed subtitles, as pysubs2 calls it, such as ``srt`` or ``ttml``.
        patches: Folder for a clip of each changed span, a timeline that lays them over the original, and, unless
            ``deliver`` names another folder, what that delivers; None for none of them.
        patch_format: ``prores`` (ProRes 4444 with opacity), ``ffv1`` (the source's own samples, and opacity), or
            ``full`` (whole frames as FFV1).
        picture: PNG file to draw the lines and the loudness to; None for none.
        cast_sheet: PNG file to draw who was taken to speak each line to; None for none.
        recognition_model: File of an insightface network that knows people again; empty takes one in a model folder.
        expert: Name or checkpoint of the lip-sync expert that helps to find who speaks; empty takes the built-in one,
            else the published one in the folders for models; ``none`` for none.
        silence: What becomes of lips that move while the new voice is silent: ``close`` closes them, ``keep`` leaves
            them as they were, ``freeze`` holds them as the voice left them; empty takes what the settings say.
        work_dir: Folder for what is kept for the next run, such as the analysis; None takes ``DUBKIT_CACHE``, else the
            user's own cache.
        shift: Seconds added to every cue's time, such as -3600 for cues that count from 01:00:00:00.
        version: Version of this document's form.
    """

    video: Path
    output: Path | None
    language: str = "und"
    subtitles: Path | None = None
    voice: Path | None = None
    tts: str = ""
    cast: Path | None = None
    cuts: Path | None = None
    encoding: str = ""
    model: str = ""
    enhancer: Path | None = None
    detector: str = "auto"
    detector_model: str = ""
    device: str = "auto"
    precision: str = "auto"
    memory: str = ""
    codec: str = "auto"
    keep_original: bool = False
    original: str = "duck"
    stems: Path | None = None
    loudness: str = ""
    voice_level: str = "auto"
    deliver: Path | None = None
    deliver_sound: str = "wav"
    deliver_subtitles: str = "srt"
    patches: Path | None = None
    patch_format: str = "prores"
    picture: Path | None = None
    cast_sheet: Path | None = None
    recognition_model: str = ""
    expert: str = ""
    silence: str = ""
    work_dir: Path | None = None
    shift: Fraction = Fraction(0)
    version: int = JOB_VERSION

    def __post_init__(self) -> None:
        """Refuse contradictions that need no look at the files."""
        if self.version != JOB_VERSION:
            raise RecordError(
                f"job is of version {self.version}, this dubkit reads version {JOB_VERSION}",
                remedy="use the dubkit that wrote it, or write it again",
            )
        if (self.voice is None and not self.tts and self.cast is None) or (self.voice is not None and self.tts):
            raise RecordError("a job needs either a voice or a text-to-speech engine", remedy="give one of the two")
        if self.silence not in ("", "close", "keep", "freeze"):
            raise RecordError(f"silent lips cannot be {self.silence!r}", remedy="use 'close', 'keep' or 'freeze'")
        if self.original not in ("duck", "mute"):
            raise RecordError(f"the original sound cannot be {self.original!r}", remedy="use 'duck' or 'mute'")
        if self.voice_level not in ("auto", "match", "keep"):
            raise RecordError(f"the voices' level cannot be {self.voice_level!r}", remedy="use auto, match or keep")
        if self.deliver_sound not in ("wav", "flac"):
            raise RecordError(f"sound cannot be delivered as {self.deliver_sound!r}", remedy="use 'wav' or 'flac'")
        if self.patch_format not in ("prores", "ffv1", "full"):
            raise RecordError(f"patches cannot be {self.patch_format!r}", remedy="use 'prores', 'ffv1' or 'full'")
        if self.output is None and self.patches is None:
            raise RecordError("a job needs a file to write or a folder for patches", remedy="give one of the two")
        if self.voice is None and self.subtitles is None:
            raise RecordError("text to speech needs subtitles to read", remedy="give a subtitle file")
