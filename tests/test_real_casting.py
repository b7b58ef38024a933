"""Two real people in one film, of whom it is known who speaks: every cue to the right face, and nobody else touched."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import dubkit
from dubkit.analysis import Analysis, analyze
from dubkit.casting import CastSettings, cast_lines
from dubkit.faces import choose_detector
from dubkit.media import read_frames
from dubkit.original_speech import watch_speech
from dubkit.schema import OFF_SCREEN, Cue, DubReport, Image, Line, OriginalSpeech, SoundClip
from dubkit.timing import TimeRange
from tests.duets import FPS, TURN, Person, alone, beside, person, write_film

_HAS_MODELS = pytest.mark.skipif("DUBKIT_MODELS" not in os.environ, reason="DUBKIT_MODELS names no detector files")
_HALF = 360  # columns of each of the two

pytestmark = _HAS_MODELS


@dataclass(frozen=True)
class Said:
    """A cue of which it is known who speaks it: ``left``, ``right``, ``alone``, or nobody who is seen."""

    number: int
    start: float
    stop: float
    who: str


def people(clips: Path) -> tuple[Person, Person, Person]:
    names = ("brbk7n", "pwij3p", "sbia1a")
    left, right, unseen = (person(clips / "grid_speakers" / f"{name}.mpg") for name in names)
    return left, right, unseen


def leaving(left: npt.NDArray[np.uint8], right: npt.NDArray[np.uint8], start: int, stop: int) -> list[Image]:
    """Who stands on the left goes out of the picture between two frames."""
    gone = []
    for index, picture in enumerate(beside(left, right)):
        shift = int(np.clip((index - start) / (stop - start), 0, 1) * _HALF)
        moved = np.full_like(picture, 90)
        moved[:, _HALF:] = picture[:, _HALF:]
        moved[:, : _HALF - shift] = picture[:, shift:_HALF]
        gone.append(moved)
    return gone


@pytest.fixture(scope="module")
def duet(real_clips: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Said]]:
    """Turns side by side, a voice from elsewhere, one alone, a reaction shot, and one who leaves while speaking."""
    left, right, unseen = people(real_clips)
    middle = int((right.starts + right.stops) / 2 * FPS)
    width = 2 * _HALF
    parts = [
        list(beside(left.speaking, right.listening())),
        list(beside(left.listening(), right.speaking)),
        list(beside(left.listening(), right.listening())),
        [*alone(right.speaking[:middle], width), *alone(left.listening(TURN - middle), width)],
        leaving(left.speaking, right.listening(), 30, 45),
    ]
    voices = [left.voice, right.voice, unseen.voice, right.voice, left.voice]
    film = write_film(tmp_path_factory.mktemp("duet") / "duet.mkv", [iter(part) for part in parts], voices)
    speakers = (left, right, unseen, right, left)
    who = ("left", "right", OFF_SCREEN, "alone", "left")
    cues = [
        Said(number, 3 * turn + one.starts - 0.1, 3 * turn + one.stops + 0.1, name)
        for turn, (number, one, name) in enumerate(zip((1, 2, 3, 4, 5), speakers, who, strict=True))
    ]
    return film, cues


def write_cues(path: Path, cues: list[Said]) -> Path:
    def clock(time: float) -> str:
        return f"00:00:{time:06.3f}".replace(".", ",")

    text = [f"{cue.number}\n{clock(cue.start)} --> {clock(cue.stop)}\nDicho.\n" for cue in cues]
    path.write_text("\n".join(text), "utf-8")
    return path


@pytest.fixture(scope="module")
def dubbed(duet: tuple[Path, list[Said]], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DubReport]:
    folder = tmp_path_factory.mktemp("dubbed")
    film, cues = duet
    noise = {cue.number: (0.2 * np.random.default_rng(cue.number).standard_normal(20_000), 16_000) for cue in cues}
    report = dubkit.dub(
        film,
        folder / "out.mkv",
        subtitles=write_cues(folder / "es.srt", cues),
        voice=noise,
        language="es",
        codec="ffv1",
        detector="yunet",
        expert="none",
        cast_sheet=folder / "who.png",
    )
    return folder / "out.mkv", report


def test_every_cue_is_cast_to_the_right_face_or_rightly_off_screen(
    duet: tuple[Path, list[Said]], dubbed: tuple[Path, DubReport]
) -> None:
    lines = {line.cue: line for line in dubbed[1].lines}
    identities = {cue.number: [one.identity for one in lines[cue.number].cast] for cue in duet[1]}
    left, right = identities[1][0], identities[2][0]
    assert left != right
    assert OFF_SCREEN not in (left, right)
    assert [identities[number] for number in (1, 2, 3)] == [[left], [right], [OFF_SCREEN]]
    # The cut of the reaction shot parts cue 4, and the one who leaves parts cue 5.
    assert len(identities[4]) == 2
    assert identities[4][0] not in (left, OFF_SCREEN)
    assert identities[4][1] == OFF_SCREEN
    assert identities[5] == [left, OFF_SCREEN] or (identities[5][0] not in (right, OFF_SCREEN))
    assert identities[5][-1] == OFF_SCREEN
    for line in lines.values():
        assert all(one.confidence > 0.7 for one in line.cast), line.cast
        assert all(one.reason for one in line.cast)


def test_no_other_face_changes_by_one_sample(duet: tuple[Path, list[Said]], dubbed: tuple[Path, DubReport]) -> None:
    film, cues = duet
    lines = {line.cue: line for line in dubbed[1].lines}
    allowed: dict[int, tuple[int, int]] = {}
    for cue in cues:
        columns = {"left": (0, _HALF), "right": (_HALF, 2 * _HALF), "alone": (180, 540), OFF_SCREEN: (0, 0)}[cue.who]
        for run in lines[cue.number].frames:
            allowed |= dict.fromkeys(run.indices, columns)
    changed = 0
    for old, new in zip(read_frames(film), read_frames(dubbed[0]), strict=True):
        first, last = allowed.get(old.index, (0, 0))
        for plane, (before, after) in enumerate(zip(old.planes, new.planes, strict=True)):
            scale = 1 if plane == 0 else 2
            different = (before != after).any(axis=0)
            changed += bool(different.any()) and plane == 0
            different[first // scale : last // scale] = False
            assert not different.any(), f"frame {old.index}, plane {plane}"
    wanted = {cue.number: (cue.stop - cue.start) * FPS for cue in cues}
    assert changed > 0.9 * (wanted[1] + wanted[2])
    assert lines[3].changed == 0
    assert dubbed[0].with_name("who.png").stat().st_size > 10_000


def line_of(number: int, start: float, stop: float) -> Line:
    span = TimeRange(Fraction(start).limit_denominator(1000), Fraction(stop).limit_denominator(1000))
    return Line(
        Cue(number, span, "Dicho."), SoundClip(Path("v.wav"), TimeRange(Fraction(0), span.duration)), span.start
    )


def decided(analysis: Analysis, speech: OriginalSpeech, start: float, stop: float) -> str:
    line = line_of(1, start, stop)
    found = cast_lines([line], analysis.shots, analysis.tracks, analysis.times, CastSettings(), speech=speech)
    (decision,) = found.decisions[1]
    return decision.identity


@pytest.mark.long
@pytest.mark.parametrize("frozen", [False, True], ids=["at rest", "frozen"])
@pytest.mark.parametrize("number", range(11))
def test_eleven_pairs_taking_turns(real_clips: Path, tmp_path: Path, number: int, frozen: bool) -> None:
    """Whole turns and every second of them: 100 % right, by how mouths move alone."""
    clips = sorted((real_clips / "grid_speakers").glob("*.mpg"))
    left, right, unseen = (person(clips[(number + step) % len(clips)]) for step in (0, 3, 6))
    rest = [one.listening(frozen=frozen) for one in (left, right)]
    parts = [beside(left.speaking, rest[1]), beside(rest[0], right.speaking), beside(*rest)]
    film = write_film(tmp_path / "duet.mkv", parts, [left.voice, right.voice, unseen.voice])
    analysis = analyze(film, choose_detector("yunet", folders=[Path(os.environ["DUBKIT_MODELS"])])[0])
    speech = watch_speech(film, analysis)
    names = [track.identity for track in sorted(analysis.tracks, key=lambda track: float(track.boxes[0, 0]))]
    for turn, (one, who) in enumerate(zip((left, right, unseen), (*names, OFF_SCREEN), strict=True)):
        assert decided(analysis, speech, 3 * turn + one.starts, 3 * turn + one.stops) == who
        for start in np.arange(one.starts, one.stops - 0.9, 0.4):
            assert decided(analysis, speech, 3 * turn + start, 3 * turn + start + 1) == who
