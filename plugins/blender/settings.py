# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user wants of a dub: saved with the file, one for each scene."""

from __future__ import annotations

from typing import Any

from ..bridge.host import HostError
from .bases import PropertyGroup, bpy, saved

__all__ = ["DUBKIT_PG_settings", "job_fields"]

_VOICES = (
    ("TTS", "Text to speech", "A program speaks the subtitles"),
    ("FILE", "Recording", "One recording as long as the timeline, or a list of files (CSV, JSON)"),
    ("FOLDER", "Folder of files", "One file for each subtitle, named by its number"),
)
_TIMES = (
    ("timeline", "Timeline", "Subtitles count from the scene's first frame, or from its timecode there"),
    ("source", "Each source file", "Subtitles count from the first frame of each strip's file"),
)
_SOUNDS = (
    ("mix", "Mix", "Voice over the original sound, which goes down under it; the original strip is switched off"),
    ("voice", "Voice alone", "The voice beside the original sound, which stays on"),
)
_PICTURES = (
    ("prores", "ProRes", "Large files that cut well"),
    ("dnxhr", "DNxHR", "Large files that cut well"),
    ("h264", "H.264", "Small files"),
    ("ffv1", "FFV1", "No loss at all; slow to play"),
)


@saved(
    language=bpy.props.StringProperty(name="Language", default="es", description="Language of the dub: es, de, pt-BR"),
    subtitles=bpy.props.StringProperty(
        name="Subtitles", subtype="FILE_PATH", description="Subtitles in that language: SRT, VTT, ASS"
    ),
    voice_from=bpy.props.EnumProperty(name="Voice", items=_VOICES),
    tts=bpy.props.StringProperty(
        name="Speaks", default="espeak", description="espeak, or piper:VOICE.onnx with the path of a voice"
    ),
    voice_file=bpy.props.StringProperty(name="Recording", subtype="FILE_PATH"),
    voice_folder=bpy.props.StringProperty(name="Folder", subtype="DIR_PATH"),
    cue_time=bpy.props.EnumProperty(name="Subtitles count from", items=_TIMES),
    sound=bpy.props.EnumProperty(name="Sound", items=_SOUNDS),
    picture=bpy.props.EnumProperty(name="Picture", items=_PICTURES),
    model=bpy.props.StringProperty(
        name="Lips", subtype="FILE_PATH", description="File of a lip generator; empty for the built-in one"
    ),
)
class DUBKIT_PG_settings(PropertyGroup):  # noqa: N801 - Blender asks for such names
    """What the user wants; ``scene.dubkit``."""

    language: str
    subtitles: str
    voice_from: str
    tts: str
    voice_file: str
    voice_folder: str
    cue_time: str
    sound: str
    picture: str
    model: str


def job_fields(settings: DUBKIT_PG_settings, operation: str) -> dict[str, Any]:
    """The fields of :class:`..bridge.job.Job` that ``settings`` hold for ``operation``.

    Raises:
        HostError: if something has still to be chosen.
    """
    options = {"model": _path(settings.model)} if settings.model else {}
    fields: dict[str, Any] = {"operation": operation, "picture": settings.picture, "options": options}
    if operation == "sync":
        return {**fields, "language": "sync"}
    if not settings.language.strip() or not settings.subtitles:
        raise HostError("choose a language and a subtitle file first")
    voice = {"TTS": "", "FILE": settings.voice_file, "FOLDER": settings.voice_folder}[settings.voice_from]
    spoken = settings.tts.strip() if settings.voice_from == "TTS" else ""
    if not voice and not spoken:
        raise HostError("choose a voice first")
    return {
        **fields,
        "language": settings.language.strip(),
        "subtitles": _path(settings.subtitles),
        "voice": _path(voice) if voice else "",
        "tts": spoken,
        "cue_time": settings.cue_time,
        "sound": settings.sound,
    }


def _path(written: str) -> str:
    """``written`` as an absolute path; one without the file's ``//`` is absolute already, or refused by the job."""
    return str(bpy.path.abspath(written)).rstrip("/\\") or written
