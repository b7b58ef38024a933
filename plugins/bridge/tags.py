"""Tags: how what was placed is found again, in this session or after a save.

A tag is plain text, ``dubkit/1/<language>/<job>`` for a job and ``dubkit/1/<language>/<job>/<clip>`` for what was made
of one of its clips; picture and sound of a clip carry the same one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Callable, NamedTuple

from .records import Placed, Placement

__all__ = ["Tag", "is_tag", "job_tag", "parse_tag", "replaced", "tags_of_jobs", "tags_of_language"]

_PREFIX = "dubkit/1"


class Tag(NamedTuple):
    """A tag, taken apart.

    Attributes:
        language: Language of the dub; ``sync`` where lips were only synced to a sound.
        job: Identity of the job.
        clip: Number of the clip in its job, from 1; 0 in the job's own tag.
    """

    language: str
    job: str
    clip: int = 0

    def __str__(self) -> str:
        ending = f"/{self.clip}" if self.clip else ""
        return f"{_PREFIX}/{self.language}/{self.job}{ending}"


def job_tag(language: str, job: str, clip: int = 0) -> str:
    """The tag of a job, or of its clip with number ``clip``."""
    return str(Tag(language, job, clip))


def parse_tag(text: str) -> Tag:
    """``text`` taken apart.

    Raises:
        ValueError: if it is no tag of ours.
    """
    tag = _parsed(text)
    if tag is None:
        raise ValueError(f"not a tag of dubkit: {text!r}")
    return tag


def is_tag(text: str) -> bool:
    """Whether ``text`` is a tag of ours; hosts keep other people's notes in the same place."""
    return _parsed(text) is not None


def replaced(placements: Iterable[Placement], placed: Iterable[Placed]) -> tuple[str, ...]:
    """Tags of what is there already in the same language and lies wholly where ``placements`` come to lie.

    What reaches beyond them stays: a part of a clip that is dubbed again must not cost the dub of the rest.
    """
    new = [(parse_tag(item.tag), item) for item in placements]
    covered: dict[str, bool] = {}
    for old in placed:
        was = _parsed(old.tag)
        if was is not None:
            over = [item for tag, item in new if tag.language == was.language and tag.job != was.job]
            covered[old.tag] = covered.get(old.tag, True) and _covers(over, old)
    return tuple(tag for tag, all_of_it in covered.items() if all_of_it)


def _covers(placements: Iterable[Placement], old: Placed) -> bool:
    reached = old.start
    for item in sorted(placements, key=lambda item: item.start):
        if item.start <= reached:
            reached = max(reached, item.end)
    return reached >= old.end


def tags_of_language(placed: Iterable[Placed], language: str) -> tuple[str, ...]:
    """Tags of everything placed in ``language``, each once."""
    return _chosen(placed, lambda tag: tag.language == language)


def tags_of_jobs(placed: Iterable[Placed], jobs: Collection[str]) -> tuple[str, ...]:
    """Tags of everything that these jobs placed, each once."""
    return _chosen(placed, lambda tag: tag.job in jobs)


def _chosen(placed: Iterable[Placed], wanted: Callable[[Tag], bool]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for item in placed:
        tag = _parsed(item.tag)
        if tag is not None and wanted(tag):
            found[item.tag] = None
    return tuple(found)


def _parsed(text: str) -> Tag | None:
    parts = text.split("/")
    if "/".join(parts[:2]) != _PREFIX or len(parts) not in (4, 5) or not all(parts):
        return None
    if len(parts) == 4:
        return Tag(parts[2], parts[3])
    return Tag(parts[2], parts[3], int(parts[4])) if parts[4].isdecimal() else None
