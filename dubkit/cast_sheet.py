"""A contact sheet of a dub: who was taken to speak each line, with a picture to check it by."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.analysis import Analysis, picture_of
from dubkit.casting import CastSpans
from dubkit.faces.sheet import FaceCard, contact_sheet, marked_picture
from dubkit.lines import Lines
from dubkit.media import read_images, turned_video
from dubkit.media.aside import written_aside
from dubkit.schema import CastDecision, Cue, FaceTrack, Image
from dubkit.timing import FrameRange

__all__ = ["write_cast_sheet"]

_WIDTH = 320  # pixels of a picture
_READ_SIDE = 640  # longer side of the images that pictures are made of
_LETTERS = 44  # that stand side by side below a picture
_COLUMNS = 4
_CARDS = 160  # of one sheet


@dataclass(frozen=True)
class _Shown:
    """A decision, and the frame that shows it."""

    frame: int
    decision: CastDecision
    cue: Cue


def write_cast_sheet(path: Path, video: Path, analysis: Analysis, lines: Lines, cast: CastSpans) -> tuple[Path, ...]:
    """Draw who was taken to speak to the PNG file at ``path``, and to ``NAME-2.png`` and so on where there is more.

    A card shows a frame of the line with a green box around who was taken to speak and gray ones around others, the
    cue's number, person and confidence, the time, and the reason. The film is decoded once more.

    Args:
        path: The file.
        video: The film.
        analysis: What was found in it.
        lines: What is said.
        cast: Who was taken to say it.

    Returns:
        The files.

    Raises:
        OutputError: if one cannot be written.
    """
    cues = {line.cue.index: line.cue for line in lines.lines}
    tracks = {track.index: track for track in analysis.tracks}
    shown = [
        _Shown(_best_frame(decision, tracks), decision, cues[number])
        for number, decisions in cast.decisions.items()
        for decision in decisions
    ]
    shown.sort(key=lambda one: (one.decision.frames.start, one.cue.index))
    pages = [shown[first : first + _CARDS] for first in range(0, len(shown), _CARDS)] or [[]]
    written = []
    for number, page in enumerate(pages, 1):
        target = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
        drawn = contact_sheet(_cards(page, video, analysis), _COLUMNS, "no lines")
        with written_aside(target) as part:
            part.write_bytes(cv2.imencode(".png", drawn)[1].tobytes())
        written.append(target)
    return tuple(written)


def _cards(page: Sequence[_Shown], video: Path, analysis: Analysis) -> list[FaceCard]:
    """A card for each decision, in their order."""
    if not page:
        return []
    picture = picture_of(analysis.media)
    width = turned_video(picture, picture.rotation).width
    asked: dict[int, list[int]] = {}
    for place, one in enumerate(page):
        asked.setdefault(0 if picture.is_still else one.frame, []).append(place)
    frames = FrameRange(min(asked), max(asked) + 1)
    cards: dict[int, FaceCard] = {}
    times = None if picture.is_still else analysis.times
    images = read_images(video, _READ_SIDE, wanted=asked.__contains__, frames=frames, times=times, upright=True)
    for index, _, image in images:
        scale = np.float32(image.shape[1] / width)
        for place in asked[index]:
            cards[place] = _card(image, scale, page[place], analysis)
    return [cards[place] for place in sorted(cards)]


def _best_frame(decision: CastDecision, tracks: Mapping[int, FaceTrack]) -> int:
    """The frame nearest to the middle in which who was taken to speak is seen."""
    frames = np.arange(decision.frames.start, decision.frames.stop)
    seen: npt.NDArray[np.bool_] = np.zeros(len(frames), np.bool_)
    for number in decision.face_tracks:
        track = tracks[number]
        part = track.frames.overlap(decision.frames)
        rows = track.visible[part.start - track.frames.start : part.stop - track.frames.start]
        seen[part.start - decision.frames.start : part.stop - decision.frames.start] |= rows
    choice = frames[seen] if seen.any() else frames
    return int(choice[np.abs(choice - frames.mean()).argmin()])


def _card(image: Image, scale: np.float32, shown: _Shown, analysis: Analysis) -> FaceCard:
    meant: list[npt.NDArray[np.float32]] = []
    others: list[npt.NDArray[np.float32]] = []
    for track in analysis.tracks:
        row = shown.frame - track.frames.start
        if shown.frame in track.frames and track.visible[row]:
            (meant if track.index in shown.decision.face_tracks else others).append(track.boxes[row] * scale)
    span = analysis.times.time_range(shown.decision.frames)
    when = f"{float(span.start):.2f}-{float(span.stop):.2f} s  {shown.cue.speaker}"
    reason = textwrap.wrap(shown.decision.reason, _LETTERS, max_lines=3, placeholder=" ...")
    title = f"cue {shown.cue.index}: {shown.decision.identity}  {shown.decision.confidence:.0%}"
    lines = tuple(_plain(words) for words in (when, *reason))
    return FaceCard(marked_picture(image, _WIDTH, meant, others), _plain(title), lines)


def _plain(words: str) -> str:
    """``words`` in the letters that can be drawn."""
    return words.encode("ascii", "replace").decode("ascii")
