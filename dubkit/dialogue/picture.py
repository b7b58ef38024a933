"""A picture of a dub: cues, voices before and after fitting, what overruns in red, and how loud it is."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.audio.loudness import HOPS_PER_SECOND
from dubkit.errors import OutputError, RecordError
from dubkit.schema import Cue, Line
from dubkit.timing import Seconds, TimeRange

__all__ = ["TimelinePicture", "draw_timeline"]

Image = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

_PAPER, _INK, _FAINT, _GRID = (255, 255, 255), (60, 60, 60), (150, 150, 150), (228, 228, 228)
_CUE, _BEFORE, _FITS, _GAP, _RED = (214, 178, 140), (205, 205, 205), (110, 170, 90), (70, 180, 235), (60, 50, 215)
_LOUD = (150, 80, 60)
"""Blue, green, red, as OpenCV has them."""

_LANES = {"cue": (22, 22), "before": (48, 13), "after": (65, 13), "LUFS": (86, 64)}
"""Top and height of each lane in its row, in pixels."""
_ROW, _HEAD, _LEFT, _RIGHT = 168, 40, 64, 16
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_TICKS = (1, 2, 5, 10, 20, 30, 60, 120, 300)
_FIRST_LUFS, _LAST_LUFS = -45.0, -5.0


@dataclass(frozen=True)
class TimelinePicture:
    """How the picture is laid out.

    Attributes:
        width: Pixels.
        row: Seconds in a row; a shorter film has one row of its own length.
        target: LUFS at which a line is drawn; 0 for none.
    """

    width: int = 1920
    row: int = 120
    target: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a picture in which nothing can be seen."""
        if self.width < 4 * (_LEFT + _RIGHT) or self.row < 1:
            raise RecordError(f"a picture {self.width} pixels wide with {self.row} s in a row shows nothing")


def draw_timeline(
    path: Path,
    lines: Sequence[Line],
    duration: Seconds,
    *,
    failed: Sequence[Cue] = (),
    loudness: npt.NDArray[np.float64] | None = None,
    settings: TimelinePicture | None = None,
) -> None:
    """Draw the lines of a film to the PNG file ``path``.

    In each row, from above: the cues with their numbers (a red frame: no voice); each voice as long as it came, before
    it was fitted; each as it is heard, green inside its cue, amber in the gap after it, red beyond its slot (in the
    next line, or past the picture); the short-term loudness of the mix.

    Args:
        path: The file.
        lines: What is heard.
        duration: Length of the picture in seconds.
        failed: Cues without a voice.
        loudness: Short-term LUFS per hop of 100 ms.
        settings: See there.

    Raises:
        OutputError: if the file cannot be written.
    """
    how = settings or TimelinePicture()
    sheet = _Sheet(duration, how)
    sheet.title(len(lines), len(failed))
    cues = sorted([*(line.cue for line in lines), *failed], key=lambda cue: cue.span.start)
    following = dict(_slots(cues, duration))
    for cue in cues:
        sheet.cue(cue, spoken=True)
    for cue in failed:
        sheet.cue(cue, spoken=False)
    for over in (False, True):  # what overruns lies on top
        for line in lines:
            end = max(line.cue.span.stop, following[id(line.cue)]) if line.fit is None else line.fit.slot.stop
            came = line.sound
            if line.fit is not None:
                came = TimeRange(line.start - line.fit.late, line.start - line.fit.late + line.fit.recorded)
            sheet.voice("before", came, line.cue, end, over=over)
            sheet.voice("after", line.sound, line.cue, end, over=over)
    if loudness is not None and len(loudness):
        sheet.loudness(loudness)
    done, data = cv2.imencode(".png", sheet.image)
    assert done, "OpenCV always has PNG"
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data.tobytes())
        part.replace(path)
    except OSError as error:
        raise OutputError(
            f"could not be written ({error.strerror or error})", path=path, remedy="write to another folder"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _slots(cues: Sequence[Cue], duration: Seconds) -> list[tuple[int, Seconds]]:
    """Each cue (by identity) with the time up to which its voice may sound."""
    pairs = itertools.zip_longest(cues, cues[1:])
    return [(id(cue), duration if after is None else min(duration, after.span.start)) for cue, after in pairs]


class _Sheet:
    """The picture while it is drawn."""

    def __init__(self, duration: Seconds, how: TimelinePicture) -> None:
        self._how = how
        self._row = min(how.row, max(1, math.ceil(duration)))
        self._rows = max(1, math.ceil(duration / self._row))
        self._scale = (how.width - _LEFT - _RIGHT) / self._row
        self._end = float(duration)
        self.image: Image = np.full((_HEAD + self._rows * _ROW, how.width, 3), _PAPER, np.uint8)
        for row in range(self._rows):
            self._grid(row)

    def title(self, lines: int, failed: int) -> None:
        words = f"{_clock(self._end)}   {lines} lines" + (f", {failed} without a voice" if failed else "")
        self._text(words, _LEFT, 25, _INK, 0.55)
        at = self._how.width - 620
        for colour, word in ((_CUE, "cue"), (_BEFORE, "voice as it came"), (_FITS, "heard in its cue"),
                             (_GAP, "in the gap"), (_RED, "overruns")):  # fmt: skip
            cv2.rectangle(self.image, (at, 15), (at + 12, 27), colour, -1)
            self._text(word, at + 17, 26, _INK)
            at += 35 + 8 * len(word)

    def cue(self, cue: Cue, *, spoken: bool) -> None:
        for row, left, right in self._pieces(cue.span):
            top, height = self._lane(row, "cue")
            corners = (left, top), (max(left + 1, right - 1), top + height)
            cv2.rectangle(self.image, *corners, _CUE if spoken else _RED, -1 if spoken else 2)
            label = str(cue.index)
            if right - left > 8 * len(label) + 4:
                self._text(label, left + 4, top + 15, _INK)

    def voice(self, lane: str, sound: TimeRange, cue: Cue, end: Seconds, *, over: bool) -> None:
        inside, between = (_BEFORE, _BEFORE) if lane == "before" else (_FITS, _GAP)
        if over:
            self._bar(lane, max(sound.start, end), sound.stop, _RED)
            return
        self._bar(lane, sound.start, min(sound.stop, cue.span.stop), inside)
        self._bar(lane, max(sound.start, cue.span.stop), min(sound.stop, end), between)

    def loudness(self, curve: npt.NDArray[np.float64]) -> None:
        hops = self._row * HOPS_PER_SECOND
        for row in range(self._rows):
            part = curve[row * hops : (row + 1) * hops + 1]
            if len(part) < 2:
                continue
            top, height = self._lane(row, "LUFS")
            x = _LEFT + np.arange(len(part)) * self._scale / HOPS_PER_SECOND
            y = top + height * np.clip((_LAST_LUFS - part) / (_LAST_LUFS - _FIRST_LUFS), 0, 1)
            points = np.rint(np.stack([x, y], axis=1)).astype(np.int32)
            cv2.polylines(self.image, [points], isClosed=False, color=_LOUD, thickness=1, lineType=cv2.LINE_AA)

    def _grid(self, row: int) -> None:
        start = row * self._row
        step = next((tick for tick in _TICKS if tick * self._scale >= 90), _TICKS[-1])
        bottom = sum(self._lane(row, "LUFS"))
        for second in range(-(-start // step) * step, start + self._row + 1, step):
            if second > self._end:
                break
            x = round(_LEFT + (second - start) * self._scale)
            cv2.line(self.image, (x, _HEAD + row * _ROW + 16), (x, bottom), _GRID, 1)
            self._text(_clock(second), x - 18, _HEAD + row * _ROW + 12, _FAINT)
        for lane, (top, height) in _LANES.items():
            self._text(lane, 8, _HEAD + row * _ROW + top + height // 2 + 4, _FAINT)
        levels = [(-40.0, _GRID), (-30.0, _GRID), (-20.0, _GRID), (-10.0, _GRID)]
        if self._how.target:
            levels.append((self._how.target, _RED))
        right = round(_LEFT + min(self._row, self._end - start) * self._scale)
        for level, colour in levels:
            top, height = self._lane(row, "LUFS")
            y = round(top + height * (_LAST_LUFS - level) / (_LAST_LUFS - _FIRST_LUFS))
            cv2.line(self.image, (_LEFT, y), (right, y), colour, 1)
            if colour == _GRID:
                self._text(f"{level:g}", 40, y + 4, _FAINT, 0.3)

    def _lane(self, row: int, name: str) -> tuple[int, int]:
        top, height = _LANES[name]
        return _HEAD + row * _ROW + top, height

    def _bar(self, lane: str, start: Seconds, stop: Seconds, colour: Colour) -> None:
        if stop <= start:
            return
        for row, left, right in self._pieces(TimeRange(start, stop)):
            top, height = self._lane(row, lane)
            cv2.rectangle(self.image, (left, top), (max(left + 1, right - 1), top + height - 1), colour, -1)

    def _pieces(self, span: TimeRange) -> list[tuple[int, int, int]]:
        """Row, left and right edge of what of ``span`` lies in each row."""
        pieces = []
        first, last = int(span.start // self._row), int(span.stop // self._row)
        for row in range(max(0, first), min(self._rows - 1, last) + 1):
            origin = row * self._row
            left = max(span.start - origin, Fraction(0))
            right = min(span.stop - origin, Fraction(self._row))
            if right > left:
                pieces.append((row, round(_LEFT + left * self._scale), round(_LEFT + right * self._scale)))
        return pieces

    def _text(self, text: str, x: int, y: int, colour: Colour, size: float = 0.38) -> None:
        cv2.putText(self.image, text, (x, y), _FONT, size, colour, 1, cv2.LINE_AA)


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return (
        f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}" if whole >= 3600 else f"{whole // 60}:{whole % 60:02}"
    )
