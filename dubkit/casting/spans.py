"""Lines and faces to spans: which frames of whose face change for which line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from dubkit.casting.decide import DecideSettings, decide_speakers
from dubkit.casting.evidence import Listening
from dubkit.casting.needed import NeedSettings, frames_needed, lips_move
from dubkit.casting.usable import Candidate, UsableSettings
from dubkit.schema import OFF_SCREEN, Cast, CastDecision, FaceTrack, Line, OriginalSpeech, Shot, Span
from dubkit.timing import FrameRange, FrameTimes, Seconds, TimeRange

__all__ = ["CastSettings", "CastSpans", "cast_lines"]


@dataclass(frozen=True)
class CastSettings(UsableSettings):
    """How lines are given to faces, and what of them is changed; what counts as usable is told by its base.

    Attributes:
        min_frames: Frames a face must be seen on end to be worth changing.
        max_frames: Frames of a span at most; a longer run becomes several, so that none grows with the film.
        decide: How speakers are found.
        need: Which of their frames must change.
    """

    min_frames: int = 5
    max_frames: int = 750
    decide: DecideSettings = field(default_factory=DecideSettings)
    need: NeedSettings = field(default_factory=NeedSettings)


@dataclass(frozen=True)
class CastSpans:
    """What must change.

    Attributes:
        spans: In film order; no two change the same frame of the same face.
        reasons: Number of a line's cue -> why frames of it are left alone, or who was not sure to speak them.
        shared: Number of a line's cue -> frames of its face that an overlapping line has changed already.
        decisions: Number of a line's cue -> who was taken to speak it.
        needed: Number of a line's cue -> how many frames should show its voice.
        held: Number of a line's cue -> when its voice sounds, where lips are to stay as it left them between; empty
            where they are not.
    """

    spans: tuple[Span, ...]
    reasons: Mapping[int, tuple[str, ...]]
    shared: Mapping[int, int] = field(default_factory=dict)
    decisions: Mapping[int, tuple[CastDecision, ...]] = field(default_factory=dict)
    needed: Mapping[int, int] = field(default_factory=dict)
    held: Mapping[int, tuple[TimeRange, ...]] = field(default_factory=dict)


def cast_lines(
    lines: Sequence[Line],
    shots: Sequence[Shot],
    tracks: Sequence[FaceTrack],
    times: FrameTimes,
    settings: CastSettings,
    *,
    speech: OriginalSpeech | None = None,
    cast: Cast | None = None,
    sounding: Mapping[int, Sequence[TimeRange]] | None = None,
) -> CastSpans:
    """Choose for every line, in every shot it touches, the face that speaks it, and the frames of it to change.

    Args:
        lines: Placed lines, in film order.
        shots: All shots.
        tracks: All face tracks, in pixels of the upright frame, named.
        times: When each frame is shown.
        settings: How.
        speech: What is heard and seen of who speaks in the original; None where nobody looked.
        cast: What the user says of who is who; None for nothing.
        sounding: Number of a line's cue -> when its new voice sounds, in seconds of the picture; where that is not
            known, it is taken to sound throughout.
    """
    speech, cast, sounding = speech or OriginalSpeech(), cast or Cast(), sounding or {}
    listening = Listening(speech, times, settings.decide.evidence)
    decisions = decide_speakers(lines, shots, tracks, times, listening, cast, settings.decide)
    work = _Work(shots, tracks, times, settings, listening)
    for line, room in zip(lines, _rooms(lines, times, settings.need.linger), strict=True):
        work.cut(line, decisions[line.cue.index], room, sounding.get(line.cue.index, ()))
    spans = sorted(work.spans, key=lambda span: (span.frames.start, span.track))
    held = {}
    if settings.need.silence == "freeze":
        held = {line.cue.index: tuple(sounding.get(line.cue.index, ())) or (line.sound,) for line in lines}
    return CastSpans(tuple(spans), work.reasons, work.shared, decisions, work.needed, held)


def _rooms(lines: Sequence[Line], times: FrameTimes, linger: float) -> list[FrameRange]:
    """Per line the frames it may reach into: some time beyond it, but never into another line."""
    reach = Fraction(linger).limit_denominator(1000)
    order = sorted(range(len(lines)), key=lambda i: lines[i].span.start)
    rooms = [FrameRange(0, 0)] * len(lines)
    said = Fraction(0)  # when all lines before have ended
    for place, i in enumerate(order):
        span = lines[i].span
        following = lines[order[place + 1]].span.start if place + 1 < len(order) else times.duration
        start = min(span.start, max(said, span.start - reach))
        stop = max(span.stop, min(times.duration, following, span.stop + reach))
        rooms[i] = times.frames_in(TimeRange(max(Fraction(0), start), stop))
        said = max(said, span.stop)
    return rooms


class _Work:
    """Cuts line after line; what one has claimed the next does not get."""

    def __init__(
        self,
        shots: Sequence[Shot],
        tracks: Sequence[FaceTrack],
        times: FrameTimes,
        settings: CastSettings,
        listening: Listening,
    ) -> None:
        self._shots = {shot.index: shot.frames for shot in shots}
        self._candidates = {track.index: Candidate(track, settings) for track in tracks}
        self._times, self._settings, self._listening = times, settings, listening
        self._lead = Fraction(settings.need.lead).limit_denominator(1000)
        self.spans: list[Span] = []
        self.reasons: dict[int, tuple[str, ...]] = {}
        self.shared: dict[int, int] = {}
        self.needed: dict[int, int] = {}

    def cut(
        self, line: Line, decisions: Sequence[CastDecision], room: FrameRange, sounding: Sequence[TimeRange]
    ) -> None:
        """The spans of one line."""
        cue, whole = line.cue.index, self._times.frames_in(line.span)
        sounding = [self._led(span) for span in sounding] or [line.sound]
        self.shared[cue] = self.needed[cue] = 0
        notes: list[str] = []
        for decision in decisions:
            unsure = decision.confidence < self._settings.decide.sure
            if decision.identity == OFF_SCREEN:
                heard = frames_needed(
                    decision.frames, whole, sounding, np.zeros(len(decision.frames)), self._times, self._settings.need
                )
                self.needed[cue] += int(heard.sum())
                notes.append(_placed(decision.reason, decision.frames))
                continue
            if unsure:
                words = f"{decision.identity} is taken as the speaker ({decision.confidence:.0%}): {decision.reason}"
                notes.append(_placed(words, decision.frames))
            frames = self._reaching(decision, whole, room)
            for number in decision.face_tracks:
                notes.extend(self._cut_track(cue, self._candidates[number], frames, decision, whole, sounding))
        if self.shared[cue]:
            notes.append(f"{self.shared[cue]} of its frames show the line it overlaps")
        self.reasons[cue] = tuple(notes)

    def _led(self, span: TimeRange) -> TimeRange:
        return TimeRange(max(Seconds(0), span.start - self._lead), span.stop + self._lead)

    def _reaching(self, decision: CastDecision, whole: FrameRange, room: FrameRange) -> FrameRange:
        """The frames of a decision, and those around the line where it is the line's first or last in its shot."""
        start, stop = decision.frames.start, decision.frames.stop
        shot = self._shots[decision.shot]
        if start == whole.start:
            start = max(min(room.start, start), shot.start)
        if stop == whole.stop:
            stop = min(max(room.stop, stop), shot.stop)
        return FrameRange(start, stop)

    def _cut_track(
        self,
        cue: int,
        candidate: Candidate,
        frames: FrameRange,
        decision: CastDecision,
        whole: FrameRange,
        sounding: Sequence[TimeRange],
    ) -> list[str]:
        """The spans of one face track; what there is to say of it."""
        track, settings = candidate.track, self._settings
        frames, asked = track.frames.overlap(frames), track.frames.overlap(decision.frames)
        moving = lips_move(self._listening.motion(track.index, frames), settings.need)
        wanted: npt.NDArray[np.bool_] = np.zeros(len(track.frames), np.bool_)
        wanted[candidate.rows(frames)] = frames_needed(frames, whole, sounding, moving, self._times, settings.need)
        self.needed[cue] += int(wanted.sum())
        hindered = candidate.left_alone(asked)
        if not candidate.can_speak(asked):
            return [f"the face in {asked} is {hindered[0][1] if hindered else 'not visible'}"]
        notes = [f"the face in {asked} is {why} in {count} frames, left alone" for count, why in hindered]
        claimed = candidate.claimed(wanted)
        runs = candidate.claim(wanted, settings.min_frames)
        self.shared[cue] += claimed
        parts = [part for run in runs for part in _parts(run, settings.max_frames)]
        self.spans.extend(Span(cue, track.index, decision.shot, part) for part in parts)
        if wanted.any() and not runs and not claimed:
            notes.append(f"the face in {asked} is seen for fewer than {settings.min_frames} frames")
        return notes


def _placed(words: str, frames: FrameRange) -> str:
    """``words``, with the frames they speak of where they do not name them."""
    return words if str(frames) in words else f"{words} ({frames})"


def _parts(run: FrameRange, longest: int) -> list[FrameRange]:
    return [FrameRange(start, min(start + longest, run.stop)) for start in range(run.start, run.stop, longest)]
