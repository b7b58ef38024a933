"""Who speaks each line: by the user's word, else by what the original shows, else by who is seen at all."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from dubkit.casting.cast_file import faces_of, speaker_key
from dubkit.casting.evidence import Evidence, EvidenceSettings, Listening, weigh_mouths
from dubkit.casting.words import listening_words, off_screen_words, speaking_words
from dubkit.schema import OFF_SCREEN, Cast, CastDecision, FaceTrack, Line, Shot
from dubkit.timing import FrameRange, FrameTimes

__all__ = ["DecideSettings", "decide_speakers"]


@dataclass(frozen=True)
class DecideSettings:
    """How speakers are found.

    Attributes:
        surest: 0..1; the most that what is seen and heard can make sure of.
        off_screen: How likely it is that nobody who is seen speaks, 0..1, before anything is known; 0 where the caller
            knows that somebody does.
        least_confidence: 0..1; where nobody is as likely as this, nobody's lips are changed.
        same_line: How much likelier the person who speaks the rest of a line is than others; and by how much less
            likely others are where that person is not seen.
        same_speaker: How much likelier the person is who speaks the other lines of a speaker's name.
        sure: 0..1; confidence from which on one line tells of another.
        evidence: How what is seen and heard is weighed.
    """

    surest: float = 0.99
    off_screen: float = 0.2
    least_confidence: float = 0.6
    same_line: float = 4.0
    same_speaker: float = 4.0
    sure: float = 0.8
    evidence: EvidenceSettings = field(default_factory=EvidenceSettings)


@dataclass(frozen=True)
class _Scene:
    """What all decisions look at."""

    shots: Sequence[Shot]
    tracks: Mapping[int, Sequence[FaceTrack]]
    times: FrameTimes
    listening: Listening
    cast: Cast
    settings: DecideSettings


@dataclass(frozen=True)
class _Piece:
    """Frames of a line in which the same faces are followed.

    Attributes:
        shot: Number of the shot.
        frames: The frames.
        people: Person -> numbers of their face tracks here.
        evidence: Person -> what the original shows of them, while the cue is shown.
        area: Person -> how large they are, in pixels.
    """

    shot: int
    frames: FrameRange
    people: Mapping[str, tuple[int, ...]]
    evidence: Mapping[str, Evidence]
    area: Mapping[str, float]


def decide_speakers(
    lines: Sequence[Line],
    shots: Sequence[Shot],
    tracks: Sequence[FaceTrack],
    times: FrameTimes,
    listening: Listening,
    cast: Cast,
    settings: DecideSettings,
) -> dict[int, tuple[CastDecision, ...]]:
    """Number of each line's cue -> who speaks it, in film order, for every frame of cue and voice.

    Args:
        lines: Placed lines.
        shots: All shots.
        tracks: All face tracks, named.
        times: When each frame is shown.
        listening: What is heard and seen of who speaks in the original.
        cast: What the user says.
        settings: How speakers are found.
    """
    by_shot: dict[int, list[FaceTrack]] = {}
    for track in sorted(tracks, key=lambda track: track.index):
        by_shot.setdefault(track.shot, []).append(track)
    scene = _Scene(shots, by_shot, times, listening, cast, settings)
    pieces = {line.cue.index: list(_pieces(line, scene)) for line in lines}
    found = {line.cue.index: _decided(line, pieces[line.cue.index], scene, "") for line in lines}
    known = _known_speakers(lines, found, settings)
    for line in lines:
        person = known.get(speaker_key(line.cue.speaker), "")
        if person:
            found[line.cue.index] = _decided(line, pieces[line.cue.index], scene, person)
    return {number: _merged(decisions) for number, decisions in found.items()}


def _pieces(line: Line, scene: _Scene) -> Iterator[_Piece]:
    """A line's frames, parted at cuts and where a face track begins or ends."""
    wanted, shown = scene.times.frames_in(line.span), scene.times.frames_in(line.cue.span)
    starts = [shot.frames.start for shot in scene.shots]
    for shot in scene.shots[max(0, bisect_right(starts, wanted.start) - 1) :]:
        frames = shot.frames.overlap(wanted)
        if not frames:
            break
        here = [track for track in scene.tracks.get(shot.index, ()) if track.frames.overlap(frames)]
        edges = {edge for track in here for edge in (track.frames.start, track.frames.stop)}
        cuts = sorted({frames.start, frames.stop, *(edge for edge in edges if frames.start < edge < frames.stop)})
        for start, stop in pairwise(cuts):
            part = FrameRange(start, stop)
            yield _piece(shot.index, part, [track for track in here if track.frames.overlap(part)], shown, scene)


def _piece(shot: int, frames: FrameRange, here: Sequence[FaceTrack], cue: FrameRange, scene: _Scene) -> _Piece:
    people: dict[str, tuple[int, ...]] = {}
    area: dict[str, float] = {}
    for track in here:
        name = track.identity or f"face {track.index}"
        rows = slice(frames.start - track.frames.start, frames.stop - track.frames.start)
        sides = track.boxes[rows, 2:] - track.boxes[rows, :2]
        people[name] = (*people.get(name, ()), track.index)
        area[name] = area.get(name, 0.0) + float(np.prod(sides.astype(np.float64), axis=1)[track.visible[rows]].sum())
    looked = frames.overlap(cue)
    evidence = {
        name: weigh_mouths(numbers, looked, scene.listening, scene.settings.evidence) if looked else Evidence()
        for name, numbers in people.items()
    }
    return _Piece(shot, frames, people, evidence, area)


def _decided(line: Line, pieces: Sequence[_Piece], scene: _Scene, known: str) -> tuple[CastDecision, ...]:
    told, where = faces_of(scene.cast, line.cue)
    if told:
        return tuple(_as_told(piece, told, where) for piece in pieces)
    leader = _leader(pieces, known, scene.settings)
    return tuple(_as_seen(piece, leader, known, scene.settings) for piece in pieces)


def _as_told(piece: _Piece, told: Sequence[str], where: str) -> CastDecision:
    """What the user's word means here: the person named, where they are seen."""
    names = " or ".join(told)
    if told == (OFF_SCREEN,):
        return CastDecision(piece.frames, piece.shot, OFF_SCREEN, 1.0, f"the cast file has {where} off-screen")
    here = [name for name in told if name in piece.people]
    if not here:
        reason = f"{names}, whom the cast file names for {where}, is not seen here"
        return CastDecision(piece.frames, piece.shot, OFF_SCREEN, 1.0, reason)
    name = max(here, key=lambda one: piece.area[one])
    reason = f"the cast file names {name} for {where}"
    return CastDecision(piece.frames, piece.shot, name, 1.0, reason, piece.people[name])


def _leader(pieces: Sequence[_Piece], known: str, settings: DecideSettings) -> str:
    """Who most likely speaks the line as a whole; nobody where that is not clear."""
    evidence: dict[str, float] = {}
    for piece in pieces:
        for name in piece.people:
            evidence[name] = evidence.get(name, 0.0) + piece.evidence[name].total
    if known in evidence:
        evidence[known] += float(np.log(settings.same_speaker))
    seen = 1 - settings.off_screen
    odds = _shares({name: (seen / len(evidence), value) for name, value in evidence.items()}, settings.off_screen)
    best = max(odds, key=lambda name: odds[name])
    return best if best != OFF_SCREEN and evidence[best] > 0 and odds[best] >= settings.sure else ""


def _as_seen(piece: _Piece, leader: str, known: str, settings: DecideSettings) -> CastDecision:
    """Who most likely speaks in one piece, all that is known considered."""
    if not piece.people:
        return CastDecision(piece.frames, piece.shot, OFF_SCREEN, 1.0, f"no face is seen in {piece.frames}")
    total = sum(piece.area.values())
    weights: dict[str, tuple[float, float]] = {}
    for name in piece.people:
        share = piece.area[name] / total if total else 1 / len(piece.people)
        prior = (1 - settings.off_screen) * share
        if leader:
            prior *= settings.same_line if name == leader else 1.0 / settings.same_line ** (leader not in piece.people)
        prior *= settings.same_speaker if name == known else 1.0
        weights[name] = prior, piece.evidence[name].total
    odds = _shares(weights, settings.off_screen)
    best = max(odds, key=lambda name: odds[name])
    rounded = {name: round(share, 3) for name, share in odds.items()}
    if best != OFF_SCREEN and (odds[best] >= settings.least_confidence or not settings.off_screen):
        others = [piece.evidence[name] for name in piece.people if name != best]
        reason = speaking_words(best, piece.evidence[best], others, best == leader, best == known)
        sure = min(rounded[best], settings.surest)
        return CastDecision(piece.frames, piece.shot, best, sure, reason, piece.people[best], odds=rounded)
    away = leader if leader not in piece.people else ""
    reason = listening_words(piece.evidence, away) if best == OFF_SCREEN else off_screen_words(piece.evidence)
    sure = min(rounded[OFF_SCREEN], settings.surest)
    return CastDecision(piece.frames, piece.shot, OFF_SCREEN, sure, reason, odds=rounded)


def _shares(weights: Mapping[str, tuple[float, float]], off_screen: float) -> dict[str, float]:
    """How likely each is, of a likelihood before the evidence and the logarithm of the odds it brings."""
    with np.errstate(divide="ignore"):
        logs = {name: float(np.log(prior)) + evidence for name, (prior, evidence) in weights.items()}
        logs[OFF_SCREEN] = float(np.log(off_screen))
    most = max(logs.values())
    if not np.isfinite(most):
        return {name: 1 / len(logs) for name in logs}
    shares = {name: float(np.exp(value - most)) for name, value in logs.items()}
    total = sum(shares.values())
    return {name: share / total for name, share in shares.items()}


def _known_speakers(
    lines: Sequence[Line], found: Mapping[int, Sequence[CastDecision]], settings: DecideSettings
) -> dict[str, str]:
    """Speaker's name -> the person who speaks most of their lines, where several lines say so and few another."""
    frames: dict[str, dict[str, int]] = {}
    told: dict[str, set[int]] = {}
    for line in lines:
        key = speaker_key(line.cue.speaker)
        for decision in found[line.cue.index] if key else ():
            if decision.identity != OFF_SCREEN and decision.confidence >= settings.sure and decision.odds:
                counts = frames.setdefault(key, {})
                counts[decision.identity] = counts.get(decision.identity, 0) + len(decision.frames)
                told.setdefault(key, set()).add(line.cue.index)
    known = {}
    for key, counts in frames.items():
        best = max(counts, key=lambda name: counts[name])
        if len(told[key]) > 1 and counts[best] >= settings.sure * sum(counts.values()):
            known[key] = best
    return known


def _merged(decisions: Sequence[CastDecision]) -> tuple[CastDecision, ...]:
    """Neighbouring decisions of one shot that say the same, as one."""
    merged: list[CastDecision] = []
    for one in decisions:
        last = merged[-1] if merged else None
        same = last is not None and (last.shot, last.identity) == (one.shot, one.identity)
        if last is None or not same or last.frames.stop != one.frames.start:
            merged.append(one)
            continue
        longer = max(last, one, key=lambda decision: len(decision.frames))
        tracks = tuple(sorted({*last.face_tracks, *one.face_tracks}))
        frames = FrameRange(last.frames.start, one.frames.stop)
        merged[-1] = CastDecision(frames, one.shot, one.identity, longer.confidence, longer.reason, tracks, longer.odds)
    return tuple(merged)
