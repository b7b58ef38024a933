"""A job made ready: its files opened, its settings filled in, before any work."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from dubkit.analysis import AnalysisSettings, picture_of
from dubkit.blending import Enhancer, OnnxEnhancer
from dubkit.casting import CastSettings
from dubkit.deliverables import check_delivery
from dubkit.dialogue import LevelSettings, MixSettings, Voice
from dubkit.errors import InputError
from dubkit.faces import FaceDetector, choose_detector
from dubkit.lines import LineGiver, LineSettings, open_lines
from dubkit.lipsync import LipModel, load_model
from dubkit.media import MasterWriter, WriteSettings, probe
from dubkit.original_speech import SpeechSettings
from dubkit.patches import check_patches
from dubkit.places import model_folders
from dubkit.render_settings import RenderSettings, with_memory
from dubkit.schema import DubJob, MediaInfo, VideoInfo
from dubkit.shots import read_cut_list
from dubkit.soundtrack import check_sound_wanted
from dubkit.store import open_store
from dubkit.who_speaks import CastTools, check_cues, open_cast

__all__ = ["DubSettings", "Ready", "prepare"]


@dataclass(frozen=True)
class DubSettings:
    """Settings of every stage; the defaults are our best.

    Attributes:
        analysis: How the video is looked through; None takes :func:`dubkit.analysis.settings_for` it.
        lines: How cues and voices become lines.
        speech: How the original is watched for who speaks.
        cast: How lines are given to faces.
        render: How new mouths are made and blended in.
        mix: How lines and original sound are mixed.
        levels: How far the mix's levels may be moved.
        write: How the picture is encoded.
    """

    analysis: AnalysisSettings | None = None
    lines: LineSettings = field(default_factory=LineSettings)
    speech: SpeechSettings = field(default_factory=SpeechSettings)
    cast: CastSettings = field(default_factory=CastSettings)
    render: RenderSettings = field(default_factory=RenderSettings)
    mix: MixSettings = field(default_factory=MixSettings)
    levels: LevelSettings = field(default_factory=LevelSettings)
    write: WriteSettings = field(default_factory=WriteSettings)


@dataclass(frozen=True, eq=False)
class Ready:
    """A job whose files were all opened and found usable.

    Attributes:
        job: The job, all it leaves open filled in.
        settings: Settings of every stage.
        media: What the film's file holds.
        picture: Its picture.
        source: Cues and voices.
        model: The generator.
        detector: What finds faces.
        detector_note: Which one, and why.
        cast: What tells who speaks.
        enhancer: What restores faces; None for nothing.
    """

    job: DubJob
    settings: DubSettings
    media: MediaInfo
    picture: VideoInfo
    source: LineGiver
    model: LipModel
    detector: FaceDetector
    detector_note: str
    cast: CastTools
    enhancer: Enhancer | None = None


def prepare(
    job: DubJob,
    settings: DubSettings,
    engine: Voice | None,
    source: LineGiver | None = None,
    like: Ready | None = None,
) -> Ready:
    """Open everything; whatever is wrong with what was given is said here, before any work.

    Args:
        job: What is to be done.
        settings: How.
        engine: Speaks whatever engine the job names; None for that one.
        source: Gives the lines in place of the job's cues and voice; None takes those.
        like: Another job, such as that of another language: what networks it has loaded are used here too, where the
            same ones are asked for.

    Raises:
        InputError, OutputError: saying what is wrong.
        MissingDependencyError: naming the package.
    """
    if job.patches is not None and job.deliver is None:
        job = replace(job, deliver=job.patches)
    media = probe(job.video)
    picture = picture_of(media)
    _check_fields(job, picture)
    write = replace(settings.write, codec=job.codec) if job.codec != "auto" else settings.write
    if job.output is not None:
        _check_master(job, job.output)
        MasterWriter(job.output, picture, settings=write)  # complains of a folder, an ending or a codec it cannot use
    check_delivery(job)
    check_patches(job, picture)
    check_sound_wanted(job)
    _check_cuts(job, picture)
    detector, note = _detector(job, like)
    model = _model(job, settings.render.synthesis.compiled, like)
    cast = _cast(job, like)
    enhancer = _enhancer(job, like)
    if source is None:
        source = open_lines(
            job, picture.rate, settings.lines, engine, open_store(job.work_dir)
        )  # last: it reads a whole voice
        check_cues(cast, job, source.numbers)
    settings = replace(settings, write=write, render=with_memory(settings.render, job.memory))
    return Ready(job, settings, media, picture, source, model, detector, note, cast, enhancer)


def _same(job: DubJob, other: DubJob, *names: str) -> bool:
    return all(getattr(job, name) == getattr(other, name) for name in names)


def _detector(job: DubJob, like: Ready | None) -> tuple[FaceDetector, str]:
    if like is not None and _same(job, like.job, "detector", "detector_model"):
        return like.detector, like.detector_note
    return choose_detector(job.detector, job.detector_model, folders=model_folders())


def _model(job: DubJob, compiled: bool, like: Ready | None) -> LipModel:
    if like is not None and _same(job, like.job, "model", "device", "precision"):
        return like.model
    return load_model(job.model, job.device, folders=model_folders(), precision=job.precision, compiled=compiled)


def _cast(job: DubJob, like: Ready | None) -> CastTools:
    if like is not None and _same(job, like.job, "recognition_model", "expert", "device"):
        return open_cast(job, like.cast)
    return open_cast(job)


def _enhancer(job: DubJob, like: Ready | None) -> Enhancer | None:
    if like is not None and _same(job, like.job, "enhancer", "device"):
        return like.enhancer
    return None if job.enhancer is None else OnnxEnhancer(job.enhancer, job.device)


def _check_fields(job: DubJob, picture: VideoInfo) -> None:
    if picture.interlaced:
        raise InputError(
            "is interlaced: each of its frames holds two moments, and one new mouth cannot belong to both",
            path=job.video,
            remedy="deinterlace it first (FFmpeg's bwdif makes 50 whole frames a second of 50 fields), or, where its "
            "frames are whole pictures after all (PsF), flag it as progressive",
        )


def _check_cuts(job: DubJob, picture: VideoInfo) -> None:
    if job.cuts is None:
        return
    if picture.is_still:
        raise InputError("is a still image, which has no cuts", path=job.video, remedy="leave the list of cuts out")
    read_cut_list(job.cuts, picture.rate, picture.start_timecode, picture.duration)


def _check_master(job: DubJob, output: Path) -> None:
    model = Path(job.model) if job.model else None
    for given in (job.video, job.subtitles, job.voice, job.cuts, job.stems, job.enhancer, job.cast, model):
        if given is not None and output.exists() and given.exists() and output.samefile(given):
            raise InputError("is a source and the result at once", path=output, remedy="give another output file")
