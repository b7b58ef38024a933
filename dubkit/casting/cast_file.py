"""Who is who in the picture, out of the cast file of a dub, which also names the voices.

::

    [voices]                # read by dubkit.dialogue.cast_voices
    NARRATOR = "espeak:es+f3"

    [faces]                 # speaker in the subtitles = person, as `dubkit faces` names them
    EILEEN = "A"
    BOB = ["B", "F"]        # more than one name where he was not known again
    NARRATOR = "off-screen"

    [cues]                  # number of a cue, as its file prints it = person
    7 = "B"
    12 = "off-screen"
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dubkit.errors import InputError
from dubkit.schema import OFF_SCREEN, Cast, Cue

__all__ = ["cast_faces", "cast_notes", "check_cues_named", "check_people_named", "faces_of", "speaker_key"]

_EXAMPLE = 'write a table [faces] with lines such as EILEEN = "A", or [cues] with lines such as 7 = "off-screen"'


def cast_faces(tables: Mapping[str, Any], path: Path) -> Cast:
    """What the tables of a cast file say of faces; nothing where they speak of voices alone.

    Args:
        tables: As TOML gives them.
        path: Where they were read.

    Raises:
        InputError: if they say something that is not known here.
    """
    identities: dict[str, tuple[str, ...]] = {}
    seen: dict[str, str] = {}
    for speaker, people in _table(tables, "faces", path).items():
        identities[speaker] = _people(people, f"gives {speaker!r}", path)
        twin = seen.setdefault(speaker_key(speaker), speaker)
        if twin != speaker:
            raise InputError(f"names {twin!r} and {speaker!r}, who are the same", path=path, remedy="keep one of them")
    cues: dict[int, str] = {}
    for number, person in _table(tables, "cues", path).items():
        if not (number.isascii() and number.isdigit()):
            raise InputError(f"has a cue {number!r}, which is no number", path=path, remedy=_EXAMPLE)
        (cues[int(number)],) = _people([person], f"gives cue {number}", path)
    return Cast(identities, cues)


def check_cues_named(cast: Cast, numbers: Iterable[int], path: Path) -> None:
    """Make sure that there are the cues that a cast file speaks of.

    Raises:
        InputError: naming one that is not there, and what is.
    """
    known = sorted(set(numbers))
    missing = sorted(set(cast.cues) - set(known))
    if missing:
        there = f"{known[0]} to {known[-1]}" if known else "none"
        raise InputError(
            f"speaks of cue {missing[0]}, and the subtitles have no such cue (they have {there})",
            path=path,
            remedy="give the number that is printed above the cue in its file",
        )


def check_people_named(cast: Cast, people: Iterable[str], path: Path) -> None:
    """Make sure that the film has the people that a cast file speaks of.

    Raises:
        InputError: naming one who is not there, and who is.
    """
    known = {*people, OFF_SCREEN}
    by_speaker = [(f"for {speaker}", name) for speaker, names in cast.identities.items() for name in names]
    for what, name in (*by_speaker, *((f"for cue {number}", name) for number, name in cast.cues.items())):
        if name not in known:
            names = ", ".join(sorted(known - {OFF_SCREEN}, key=lambda one: (len(one), one)))
            there = f"the people of this film are {names}" if names else "no face was found in this film"
            raise InputError(
                f"names {name!r} {what}, but {there}",
                path=path,
                remedy=f"use one of them or {OFF_SCREEN!r}; `dubkit faces VIDEO` shows who is who",
            )


def cast_notes(cast: Cast, cues: Iterable[Cue]) -> tuple[str, ...]:
    """Who of a cast file's faces has no line."""
    speakers = {speaker_key(cue.speaker) for cue in cues}
    idle = [speaker for speaker in cast.identities if speaker_key(speaker) not in speakers]
    return (f"the cast file gives a face to {', '.join(idle)}, who speak in no cue",) if idle else ()


def faces_of(cast: Cast, cue: Cue) -> tuple[tuple[str, ...], str]:
    """Whom the user says speaks a cue, and where that is said; nobody and nowhere where it is left open."""
    if cue.index in cast.cues:
        return (cast.cues[cue.index],), f"cue {cue.index}"
    named = {speaker_key(speaker): (people, speaker) for speaker, people in cast.identities.items()}
    return named.get(speaker_key(cue.speaker), ((), ""))


def speaker_key(speaker: str) -> str:
    """What two spellings of one speaker's name have in common."""
    return " ".join(speaker.split()).casefold()


def _table(tables: Mapping[str, Any], name: str, path: Path) -> Mapping[str, Any]:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise InputError(f"has a {name!r} that is no table", path=path, remedy=_EXAMPLE)
    return table


def _people(given: Any, what: str, path: Path) -> tuple[str, ...]:
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name.strip() for name in names):
        raise InputError(f"{what} a face that is no name", path=path, remedy=_EXAMPLE)
    people = tuple(OFF_SCREEN if name.strip().lower() == OFF_SCREEN else name.strip() for name in names)
    if OFF_SCREEN in people and len(people) > 1:
        raise InputError(f"{what} a face and has them {OFF_SCREEN} at once", path=path, remedy="keep one of them")
    return people
