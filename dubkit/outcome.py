"""What became of each line, put together from what the stages said."""

from __future__ import annotations

from dataclasses import dataclass, field

from dubkit.casting import CastSpans
from dubkit.lines import Lines
from dubkit.schema import Line, LineReport, LineStatus
from dubkit.timing import FrameRange, FrameTimes

__all__ = ["Outcome", "line_reports"]

# Share of a line's frames that must have new lips for the line to count as synced.
_WHOLE = 0.9


@dataclass
class Outcome:
    """What went wrong while the film was made.

    Attributes:
        failures: Number of the cue -> why its line failed.
        untouched: Number of the cue -> frames of it that stayed as they were because of a failure.
    """

    failures: dict[int, str] = field(default_factory=dict)
    untouched: dict[int, list[FrameRange]] = field(default_factory=dict)

    def fail(self, cue: int, reason: str, frames: FrameRange | None = None) -> None:
        """Note that the line of ``cue`` failed; ``frames`` are those that stayed as they were because of it."""
        self.failures.setdefault(cue, reason)
        if frames is not None:
            self.untouched.setdefault(cue, []).append(frames)


def line_reports(lines: Lines, cast: CastSpans, outcome: Outcome, times: FrameTimes) -> tuple[LineReport, ...]:
    """One report per cue, in the order of their numbers."""
    reports = [_spoken(line, cast, outcome, times) for line in lines.lines]
    reports += [
        LineReport(cue.index, cue.span, cue.text, cue.speaker, LineStatus.FAILED, reason, cue.notes)
        for cue, reason in lines.failed
    ]
    return tuple(sorted(reports, key=lambda report: report.cue))


def _spoken(line: Line, cast: CastSpans, outcome: Outcome, times: FrameTimes) -> LineReport:
    cue = line.cue
    stayed = {frame for run in outcome.untouched.get(cue.index, []) for frame in run.indices}
    done = [(span.track, _without(span.frames, stayed)) for span in cast.spans if span.line == cue.index]
    done = [(track, run) for track, run in done if run]
    changed, shared = sum(len(run) for _, run in done), cast.shared.get(cue.index, 0)
    wanted = cast.needed.get(cue.index, len(times.frames_in(line.span)))
    failure = outcome.failures.get(cue.index, "")
    if failure:
        status = LineStatus.FAILED
    elif not changed + shared:
        status = LineStatus.NO_FACE
    else:
        status = LineStatus.SYNCED if changed + shared >= _WHOLE * wanted else LineStatus.PARTLY
    reasons = [failure, *cast.reasons.get(cue.index, ())]
    if status is LineStatus.PARTLY:
        reasons.append(f"the face could be changed in {changed} of {wanted} frames")
    return LineReport(
        cue.index,
        cue.span,
        cue.text,
        cue.speaker,
        status,
        "; ".join(reason for reason in reasons if reason),
        (*cue.notes, *line.notes),
        tuple(sorted({track for track, _ in done})),
        tuple(run for _, run in done),
        line.sound,
        line.fit,
        cast.decisions.get(cue.index, ()),
    )


def _without(frames: FrameRange, stayed: set[int]) -> FrameRange:
    """``frames`` up to the first that stayed as it was: a span that fails is left alone from there on."""
    stop = next((frame for frame in frames.indices if frame in stayed), frames.stop)
    return FrameRange(frames.start, stop)
