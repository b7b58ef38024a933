from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from dubkit.cast_tables import read_cast_tables
from dubkit.casting import cast_faces, cast_notes, check_cues_named, check_people_named
from dubkit.casting.cast_file import faces_of
from dubkit.dialogue import cast_voices
from dubkit.errors import InputError
from dubkit.schema import OFF_SCREEN, Cast, Cue
from dubkit.timing import TimeRange

BOTH = """
[voices]
NARRATOR = "espeak:es+f3"

[faces]
EILEEN = "A"
"Mr. Fox" = ["B", "F"]
NARRATOR = "Off-Screen"

[cues]
7 = "B"
12 = "off-screen"
"""


def cue(number: int, speaker: str = "") -> Cue:
    return Cue(number, TimeRange(Fraction(number), Fraction(number + 1)), "text", speaker)


def test_one_file_for_voices_and_faces(tmp_path: Path) -> None:
    path = tmp_path / "cast.toml"
    path.write_text("\ufeff" + BOTH, encoding="utf-8")
    cast = cast_faces(read_cast_tables(path), path)
    assert cast.identities == {"EILEEN": ("A",), "Mr. Fox": ("B", "F"), "NARRATOR": (OFF_SCREEN,)}
    assert cast.cues == {7: "B", 12: OFF_SCREEN}
    assert cast_voices(read_cast_tables(path), path).voices == {"NARRATOR": "espeak:es+f3"}
    path.write_text('[voices]\nA = "espeak"\n')
    assert cast_faces(read_cast_tables(path), path) == Cast()


def test_a_cue_goes_before_its_speaker() -> None:
    cast = Cast({"Mr. Fox": ("B", "F")}, {7: OFF_SCREEN})
    assert faces_of(cast, cue(1, " MR.  fox")) == (("B", "F"), "Mr. Fox")
    assert faces_of(cast, cue(7, "Mr. Fox")) == ((OFF_SCREEN,), "cue 7")
    assert faces_of(cast, cue(2)) == faces_of(cast, cue(2, "EVE")) == ((), "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[faces", "cannot be read as a cast file"),
        ("", "is an empty cast file"),
        ("faces = 3", "has a 'faces' that is no table"),
        ("[mouths]\nA = 1", "has 'mouths', which is not known here"),
        ("[faces]\nEVE = 3", "gives 'EVE' a face that is no name"),
        ("[faces]\nEVE = []", "gives 'EVE' a face that is no name"),
        ('[faces]\nEVE = ["A", " "]', "gives 'EVE' a face that is no name"),
        ('[faces]\nEVE = ["A", "off-screen"]', "gives 'EVE' a face and has them off-screen at once"),
        ('[faces]\nEve = "A"\nEVE = "B"', "'Eve' and 'EVE', who are the same"),
        ('[cues]\nfirst = "A"', "has a cue 'first', which is no number"),
        ("[cues]\n7 = 7", "gives cue 7 a face that is no name"),
    ],
)
def test_a_cast_file_that_says_something_else(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "cast.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=problem) as caught:
        cast_faces(read_cast_tables(path), path)
    assert (caught.value.path, bool(caught.value.remedy)) == (path, True)
    assert "\n" not in str(caught.value)


def test_a_cast_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_cast_tables(tmp_path / "none.toml")
    path = tmp_path / "cast.toml"
    path.write_bytes(b"\xff\xfe\x00\x80")
    for where in (path, tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read_cast_tables(where)


def test_who_and_what_is_not_there_is_named_with_what_is() -> None:
    path = Path("cast.toml")
    cast = Cast({"EVE": ("A",), "BOB": ("C",)}, {3: "B", 9: OFF_SCREEN})
    check_cues_named(cast, [1, 3, 9], path)
    with pytest.raises(InputError, match=r"speaks of cue 9, and the subtitles have no such cue \(they have 1 to 8\)"):
        check_cues_named(cast, range(1, 9), path)
    check_people_named(cast, ["A", "B", "C"], path)
    with pytest.raises(InputError, match=r"cast\.toml: names 'C' for BOB, but the people of this film are A, B; use"):
        check_people_named(cast, ["B", "A"], path)
    with pytest.raises(InputError, match="names 'B' for cue 3, but the people of this film are A, C, AA"):
        check_people_named(cast, ["A", "AA", "C"], path)
    with pytest.raises(InputError, match="no face was found in this film"):
        check_people_named(cast, [], path)


def test_who_has_a_face_and_no_line_is_said() -> None:
    cast = Cast({"EVE": ("A",), "BOB": ("C",)})
    assert cast_notes(cast, [cue(1, "eve")]) == ("the cast file gives a face to BOB, who speak in no cue",)
    assert cast_notes(cast, [cue(1, "eve"), cue(2, "Bob")]) == ()
