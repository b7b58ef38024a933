"""Decisions in words, for people who read the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dubkit.casting.evidence import Evidence

__all__ = ["listening_words", "off_screen_words", "speaking_words"]

_CLEAR = 1.0  # logarithm of odds from which on evidence is worth a word


def speaking_words(name: str, evidence: Evidence, others: Sequence[Evidence], leads: bool, known: bool) -> str:
    """Why somebody was taken to speak.

    Args:
        name: Who.
        evidence: What the original shows of them.
        others: What it shows of the others who are seen.
        leads: Whether they speak the rest of the line.
        known: Whether they speak the speaker's other lines.
    """
    whom = "the only face seen" if not others else f"of {len(others) + 1} faces, {name}"
    why = []
    if evidence.sync >= _CLEAR:
        why.append("its lips go with the original voice")
    if evidence.motion >= _CLEAR:
        why.append("its lips move" + (" while the original voice is heard" if evidence.heard else ""))
    if others and all(other.total < -_CLEAR for other in others):
        why.append("the other's are still" if len(others) == 1 else "the others' are still")
    if leads and evidence.total < _CLEAR:
        why.append("it speaks the rest of the line")
    if known:
        why.append("it speaks the other lines of this speaker")
    if not why:
        why.append(_unsure(evidence, others))
    return f"{whom}: {', '.join(why)}"


def listening_words(evidence: Mapping[str, Evidence], away: str) -> str:
    """Why nobody who is seen was taken to speak.

    Args:
        evidence: Person -> what the original shows of them.
        away: Who speaks the rest of the line and is not seen here; empty where that is not known.
    """
    names = ", ".join(evidence)
    still = all(one.total < -_CLEAR for one in evidence.values())
    if away:
        return f"{away} speaks this line and is not seen here; {names} listens"
    if still and len(evidence) == 1:
        return f"{names} is seen, and their lips are still while the original voice is heard"
    return (
        f"{names} are seen, and nobody's lips go with the original voice"
        if len(evidence) > 1
        else (f"{names} is seen, and their lips do not go with the original voice")
    )


def off_screen_words(evidence: Mapping[str, Evidence]) -> str:
    """Why nobody was chosen though somebody may speak."""
    count = len(evidence)
    which = f"which of the {count} faces seen speaks" if count > 1 else "whether the face seen speaks"
    return f"it is not clear {which}; say so in a cast file"


def _unsure(evidence: Evidence, others: Sequence[Evidence]) -> str:
    if not evidence.frames:
        return "the largest; nobody's lips could be judged" if others else "its lips could not be judged"
    return "the likeliest" if others else "its lips do not say otherwise"
