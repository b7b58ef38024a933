"""An odd file goes through the whole program, and what comes out is held against what went in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import numpy.typing as npt
from av.sidedata.sidedata import Type
from av.stream import Disposition

import dubkit
from dubkit.analysis import AnalysisSettings
from dubkit.compose import DubSettings
from dubkit.faces import TrackSettings
from dubkit.lipsync import ModelConfig, Reference
from dubkit.media import WriteSettings, probe, read_frames, read_images
from dubkit.schema import DubReport, Face, Frame, VideoInfo
from tests.zoo.animal import Animal

SETTINGS = DubSettings(
    analysis=AnalysisSettings(tracks=TrackSettings(every=5, least_looks=2)), write=WriteSettings(preset="ultrafast")
)
KEPT_FIELDS = (
    "width",
    "height",
    "pixel_format",
    "colour",
    "rate",
    "rotation",
    "sample_aspect",
    "start_timecode",
    "codec",
)
_FACE = (0.2, 0.2, 0.8, 0.95)
_COARSE = {".mkv": Fraction(1, 1900), ".webm": Fraction(1, 1900), ".ts": Fraction(1, 80_000)}


class InTheMiddle:
    """A face detector that sees one face in the middle of whatever it looks at."""

    name = "made up"

    def detect(self, image: npt.NDArray[np.uint8]) -> list[Face]:
        sides = np.array([image.shape[1], image.shape[0]] * 2)
        return [Face((sides * _FACE).astype(np.float32), np.full((5, 2), np.nan, np.float32), 1.0)]

    def describe(self) -> str:
        return self.name


class Darker:
    """A generator that makes every mouth darker: enough to tell what changed, and quick."""

    name, device, config = "made up", "cpu", ModelConfig(reference=Reference.SAME)

    def run(self, windows: npt.NDArray[np.float32], faces: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.asarray(faces[:, 3:] * np.float32(0.8), np.float32)


def dubbed(source: Path, folder: Path, ending: str = "") -> tuple[Path, DubReport]:
    """``source`` with new lips in its first quarter of a second, and all its sound kept."""
    result = folder / f"result{ending or source.suffix}"
    voice = folder / "voice.wav"
    return result, dubkit.sync_lips(source, voice, result, keep_original=True, expert="none", settings=SETTINGS)


def check_source(path: Path, animal: Animal) -> None:
    """What ``probe`` tells of it."""
    media = probe(path)
    assert media.video is not None
    assert {name: getattr(media.video, name) for name in animal.shows} == dict(animal.shows)
    assert len(media.audio) == animal.sounds


def check_result(source: Path, result: Path, report: DubReport, animal: Animal) -> None:
    """Whether it is the same film but for the mouth, the new sound, and what the report says."""
    before, after = video_of(source), video_of(result)
    assert report.frames == animal.frames
    assert list(_unsaid(report.notes, animal)) == []
    told = {name: getattr(before, name) for name in KEPT_FIELDS} | dict(animal.differs)
    assert _plain({name: getattr(after, name) for name in KEPT_FIELDS}) == _plain(told)
    if "rotation" not in animal.differs:
        assert laid_out(result) == laid_out(source)
    wanted = _times(animal, before)
    off = Fraction(animal.off) / 1000 or _COARSE.get(result.suffix, Fraction(0))
    assert all(abs(a - b) <= off for a, b in zip(shown_at(result), wanted, strict=True)), shown_at(result)
    check_tracks(result, animal)
    check_frames(source, result, report, animal)


def video_of(path: Path) -> VideoInfo:
    video = probe(path).video
    assert video is not None
    return video


def shown_at(path: Path) -> list[Fraction]:
    """Seconds from the first frame to each, without the code under test."""
    with av.open(str(path)) as container:
        art = Disposition.attached_pic
        stream = next(s for s in container.streams.video if not s.disposition & art)
        stamps = sorted((frame.pts or 0) * Fraction(frame.time_base or 0) for frame in container.decode(stream))
    return [stamp - stamps[0] for stamp in stamps]


def laid_out(path: Path) -> bytes:
    """The matrix by which the picture is laid on the screen, without the code under test."""
    with av.open(str(path)) as container:
        told = cast("Mapping[Type, bytes]", next(container.decode(video=0)).side_data).get(Type.DISPLAYMATRIX)
        return bytes(told) if told else b""


def check_tracks(result: Path, animal: Animal) -> None:
    with av.open(str(result)) as container:
        others = [stream for stream in container.streams if stream.type not in {"audio"}]
        found = sorted(_kind(stream) for stream in others)
        assert found == sorted(["video", *animal.tracks])
        assert len(container.streams.audio) == 1 + animal.sounds


def check_frames(source: Path, result: Path, report: DubReport, animal: Animal) -> None:
    """Every frame is its own, frames outside the new mouth are as they were, and those within it changed."""
    mouth = {index for line in report.lines for run in line.frames for index in run.indices}
    assert bool(mouth) is animal.changes
    if animal.differs.keys() & {"pixel_format", "width", "height"}:
        old, new = (
            [image.astype(np.float32) for *_, image in read_images(path, _SIDE, upright=True)]
            for path in (source, result)
        )
        old *= len(new) if animal.shows.get("is_still") else 1
        alike = [_decibels(was, now, 255) for was, now in zip(old, new, strict=True)]
        assert all(at >= (_MOUTH if index in mouth else animal.least) for index, at in enumerate(alike)), alike
        return
    frames = list(read_frames(source, upright=True)) * (report.frames if animal.shows.get("is_still") else 1)
    peak = (1 << frames[0].pixel_format.bits) - 1
    exact = 0
    for was, now in zip(frames, read_frames(result, upright=True), strict=True):
        alike = [_decibels(_flat(was), _flat(now), peak), *(_decibels(_flat(f), _flat(now), peak) for f in frames)]
        assert alike[0] == max(alike), f"frame {was.index} is another one"
        assert alike[0] >= animal.least or was.index in mouth, f"frame {was.index}: {alike[0]:.1f} dB"
        exact += alike[0] == np.inf
        if was.index in mouth:
            assert alike[0] >= _MOUTH, f"frame {was.index}: {alike[0]:.1f} dB"
            assert alike[0] < np.inf, f"frame {was.index} has its old mouth"
    assert exact >= max(0, animal.kept)


_SIDE = 10_000
_MOUTH = 15.0
"""Decibels between a face and itself with another mouth."""


def _times(animal: Animal, video: VideoInfo) -> list[Fraction]:
    if animal.times:
        return [Fraction(time) / 1000 for time in animal.times]
    return [n / video.rate.fps for n in range(animal.frames)]


def _unsaid(notes: tuple[str, ...], animal: Animal) -> Iterator[str]:
    """What the report does not say, and what it says beside that."""
    wanted = list(animal.says)
    if animal.because:
        wanted.append(f"the whole picture was encoded anew: {animal.because}")
    if animal.kept >= 0:
        wanted.append(f"{animal.kept} of the picture's ")
    for words in wanted:
        if not any(words in note for note in notes):
            yield f"not said: {words}"
    for note in notes:
        if not any(words in note for words in wanted):
            yield f"said: {note}"


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """``fields``, in which limited range said and limited range meant are the same."""
    return fields | {"colour": replace(fields["colour"], full_range=bool(fields["colour"].full_range))}


def _kind(stream: Any) -> str:
    if stream.type == "video":
        return "cover" if stream.disposition & Disposition.attached_pic else "video"
    if any("timecode" in key.lower() for key in stream.metadata):
        return "timecode"
    return str(stream.type)


def _flat(frame: Frame) -> npt.NDArray[np.float32]:
    return np.concatenate([plane.ravel() for plane in frame.planes]).astype(np.float32)


def _decibels(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32], peak: int) -> float:
    if one.shape != other.shape:
        return -np.inf
    off = float(np.mean((one - other) ** 2))
    return float(np.inf) if off == 0 else 10 * np.log10(peak**2 / off)
