"""How well who speaks is found: ``python -m benchmarks.casting FOLDER [--expert FILE]``.

``FOLDER`` holds clips of single speakers, three seconds at 25 frames a second and of one size, such as those of the
GRID corpus. Films are made of them in which it is known who speaks: two people side by side who take turns while the
other rests or is frozen, with a third voice from elsewhere; and two who both speak while only one is heard. Cues are
whole turns, and every second and every 0.6 s of them. Without ``--expert``, by how mouths move alone. Prints a table
and writes ``benchmarks/results/casting.json`` or ``casting_expert.json``, which name no clip.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.machine import describe_machine
from dubkit.analysis import Analysis, analyze
from dubkit.casting import CastSettings, cast_lines
from dubkit.faces import FaceDetector, choose_detector
from dubkit.lipsync import SyncModel, load_expert
from dubkit.original_speech import watch_speech
from dubkit.places import model_folders
from dubkit.schema import OFF_SCREEN, CastDecision, Cue, Line, OriginalSpeech, SoundClip
from dubkit.timing import TimeRange
from tests.duets import TURN, Person, beside, person, write_film

_RESULTS = Path(__file__).parent / "results"
_FPS = 25
_LENGTHS = (0.0, 1.0, 0.6)  # seconds of a cue; 0 for a whole turn
_STEP = 0.4  # seconds from one cue to the next


@dataclass(frozen=True, eq=False)
class Film:
    """A film of turns of which it is known who speaks: 0 for the left, 1 for the right, -1 for neither."""

    analysis: Analysis
    speech: OriginalSpeech
    turns: tuple[tuple[int, Person], ...]


def main() -> None:
    """Make the films, cast their cues, print the table, write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--expert", default="")
    parser.add_argument("--pairs", type=int, default=100)
    arguments = parser.parse_args()
    people = [person(clip) for clip in sorted(arguments.folder.iterdir())]
    expert = load_expert(arguments.expert, "cpu") if arguments.expert else None
    detector, note = choose_detector("yunet", folders=model_folders())
    found: dict[str, list[Film]] = {}
    for index in range(min(arguments.pairs, len(people))):
        pair = [people[(index + step) % len(people)] for step in (0, 3, 6)]
        for name, pictures, turns in _made(pair):
            found.setdefault(name, []).append(_film(pictures, turns, detector, expert))
    rows = [row for name, made in found.items() for row in _rows(name, made)]
    for row in rows:
        print(" | ".join(f"{value}" for value in row.values()))
    facts = {"machine": describe_machine(), "detector": note, "expert": expert.name if expert else "", "rows": rows}
    (_RESULTS / ("casting_expert.json" if expert else "casting.json")).write_text(
        json.dumps(facts, indent=2) + "\n", "utf-8"
    )


def _made(people: Sequence[Person]) -> Iterator[tuple[str, list[npt.NDArray[np.uint8]], list[tuple[int, Person]]]]:
    left, right, other = people
    for name, frozen in (("one speaks, one rests", False), ("one speaks, one is frozen", True)):
        rest = [one.listening(TURN, frozen) for one in (left, right)]
        shown = [(left.speaking, rest[1]), (rest[0], right.speaking), (rest[0], rest[1])]
        yield name, [np.stack(list(beside(*pair))) for pair in shown], [(0, left), (1, right), (-1, other)]
    both = np.stack(list(beside(left.speaking, right.speaking)))
    yield "both speak, one is heard", [both, both], [(0, left), (1, right)]


def _film(
    pictures: Sequence[npt.NDArray[np.uint8]],
    turns: Sequence[tuple[int, Person]],
    detector: FaceDetector,
    expert: SyncModel | None,
) -> Film:
    with tempfile.TemporaryDirectory() as folder:
        voices = [one.voice for _, one in turns]
        path = write_film(Path(folder) / "film.mkv", [iter(part) for part in pictures], voices)
        analysis = analyze(path, detector)
        return Film(analysis, watch_speech(path, analysis, expert), tuple(turns))


def _rows(name: str, films: Sequence[Film]) -> Iterator[dict[str, object]]:
    for length in _LENGTHS:
        right: list[CastDecision] = []
        wrong: list[CastDecision] = []
        seen = 0
        for film in films:
            names = [track.identity for track in sorted(film.analysis.tracks, key=lambda track: track.boxes[0, 0])]
            for turn, (who, one) in enumerate(film.turns):
                wanted = OFF_SCREEN if who < 0 else names[who]
                for start, stop in _cues(one, length):
                    decision = _decided(film, TURN * turn / _FPS + start, TURN * turn / _FPS + stop)
                    (right if decision.identity == wanted else wrong).append(decision)
                    seen += 1
        yield {
            "films": name,
            "cue": f"{length:g} s" if length else "turn",
            "cues": seen,
            "right": len(right),
            "left alone": sum(one.identity == OFF_SCREEN for one in wrong),
            "confidence where right": round(float(np.mean([one.confidence for one in right] or [0])), 2),
        }


def _cues(one: Person, length: float) -> list[tuple[float, float]]:
    if not length:
        return [(one.starts - 0.1, one.stops + 0.1)]
    return [(start, start + length) for start in np.arange(one.starts, one.stops - 0.9 * length, _STEP).tolist()]


def _decided(film: Film, start: float, stop: float) -> CastDecision:
    span = TimeRange(Fraction(start).limit_denominator(1000), Fraction(stop).limit_denominator(1000))
    clip = SoundClip(Path("voice.wav"), TimeRange(Fraction(0), span.duration))
    line, seen = Line(Cue(1, span, "text"), clip, span.start), film.analysis
    found = cast_lines([line], seen.shots, seen.tracks, seen.times, CastSettings(), speech=film.speech)
    return max(found.decisions[1], key=lambda decision: len(decision.frames))


if __name__ == "__main__":
    main()
