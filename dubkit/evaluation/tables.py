"""Scores as Markdown tables, for people and for model cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dubkit.evaluation.clips import ClipScores
from dubkit.evaluation.expert_protocol import ExpertScores
from dubkit.evaluation.protocols import GeneratorScores

__all__ = ["expert_table", "generator_table", "markdown"]

_GENERATOR: Mapping[str, tuple[tuple[str, ...], int]] = {
    "mouth L1: right / wrong / reference": (("mouth_l1_right", "mouth_l1_wrong", "mouth_l1_reference"), 4),
    "opening correlation: right / wrong": (("opening_correlation_right", "opening_correlation_wrong"), 2),
    "opening range: right / real": (("opening_range_right", "opening_range_real"), 3),
    "opening in silence / closed": (("opening_silent", "opening_closed"), 3),
    "expert confidence: real / right / wrong / unheard": (
        ("expert_confidence_real", "expert_confidence_right", "expert_confidence_wrong", "expert_confidence_unheard"),
        3,
    ),
    "flicker: right / real": (("flicker_right", "flicker_real"), 4),
}
_EXPERT: Mapping[str, tuple[tuple[str, ...], int]] = {
    "pair accuracy": (("pair_accuracy",), 3),
    "expert confidence": (("expert_confidence",), 3),
    "offset found": (("offset_found",), 2),
}
_GAP = "–"


def generator_table(scores: GeneratorScores) -> str:
    """A row for each clip, and one with the means; columns of judges that were not asked are left out.

    "Right" and "wrong" are what was made with the right and the wrong sound, "reference" is what copying the reference
    would score. The expert hears each with the sound it was made with; "unheard" is the real sound over what was made
    with the wrong one.
    """
    return _table(_GENERATOR, scores.clips, scores.mean)


def expert_table(scores: ExpertScores) -> str:
    """A row for each clip, and one with the shares over all."""
    mean = {
        "pair_accuracy": scores.pair_accuracy,
        "expert_confidence": scores.confidence,
        "offset_found": scores.offsets_found,
    }
    return _table(_EXPERT, scores.clips, mean)


def markdown(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose first column is text and whose others are numbers."""
    lines = [heading, ["---", *["---:"] * (len(heading) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(_escaped, line))} |" for line in lines) + "\n"


def _table(
    columns: Mapping[str, tuple[tuple[str, ...], int]], clips: Sequence[ClipScores], mean: Mapping[str, float]
) -> str:
    asked = {title: cell for title, cell in columns.items() if any(name in mean for name in cell[0])}
    rows = [(clip.clip, clip.scores) for clip in clips]
    if len(rows) > 1:
        rows.append(("mean", mean))
    return markdown(
        ["clip", *asked], [[name, *(_cell(scores, *cell) for cell in asked.values())] for name, scores in rows]
    )


def _cell(scores: Mapping[str, float], names: Sequence[str], digits: int) -> str:
    return " / ".join(f"{scores[name]:.{digits}f}" if name in scores else _GAP for name in names)


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
