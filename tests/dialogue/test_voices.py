from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest

from dubkit.dialogue import VoiceFiles, find_voices
from dubkit.errors import VoiceError
from dubkit.schema import Cue
from dubkit.timing import TimeRange

TEXTS = ("Where are you?", "Où es-tu ?", "Here.", "Where are you going?")


def cues(count: int) -> tuple[Cue, ...]:
    return tuple(
        Cue(i, TimeRange(Fraction(i) + Fraction(1, 5), Fraction(i + 1)), TEXTS[(i - 1) % 4])
        for i in range(1, count + 1)
    )


def find(folder: Path, names: Sequence[str], count: int = 4) -> VoiceFiles:
    for name in names:
        (folder / name).write_bytes(b"sound")
    return find_voices(folder, cues(count))


def named(found: VoiceFiles) -> dict[int, str]:
    return {number: path.name for number, path in found.files.items()}


@pytest.mark.parametrize(
    "names",
    [
        ["1.wav", "2.flac", "3.mp3", "4.opus"],
        ["001.WAV", "002.wav", "003.m4a", "004.ogg"],
        ["line_1.wav", "line_2.wav", "line_3.wav", "line_4.wav"],
        ["cue-0001 take2.wav", "cue-0002 take1.wav", "Cue 3.wav", "cue#4_v3.wav"],
        ["01_anna.wav", "02_bob.wav", "03_anna.wav", "04_anna.wav"],
        ["anna_001.wav", "bob_002.wav", "anna_003.wav", "anna_004.wav"],
        ["S01E02_001_de.wav", "S01E02_002_de.wav", "S01E02_003_de.wav", "S01E02_004_de.wav"],
        ["01_01.wav", "01_02.wav", "01_03.wav", "01_04.wav"],
        ["00-00-01.wav", "00-00-02-200.wav", "00_00_03.wav", "00.00.04.200.wav"],
        ["1 (2).wav", "2 take 7.wav", "3_v2.wav", "4.wav"],
    ],
)
def test_names_of_many_kinds(tmp_path: Path, names: list[str]) -> None:
    found = find(tmp_path, names)
    assert named(found) == dict(enumerate(names, 1))
    assert [*found.missing, *found.ambiguous, *found.unmatched] == []
    assert found.reasons == {}


def test_the_text_names_a_file_where_it_names_one_cue(tmp_path: Path) -> None:
    found = find(tmp_path, ["where-are-you.wav", "ou_es_tu.wav", "where-are-you-goi.wav", "here.wav"])
    assert named(found) == {1: "where-are-you.wav", 2: "ou_es_tu.wav", 4: "where-are-you-goi.wav"}
    assert [path.name for path in found.unmatched] == ["here.wav"]  # too short to be sure


def test_ten_is_not_one_and_nothing_is_cut_in_two(tmp_path: Path) -> None:
    names = [f"line{i}.wav" for i in (1, 10, 11, 12)]
    assert named(find(tmp_path, names, 12)) == {1: "line1.wav", 10: "line10.wav", 11: "line11.wav", 12: "line12.wav"}


def test_what_is_missing_unmatched_and_double_is_reported(tmp_path: Path) -> None:
    found = find(tmp_path, ["2.wav", "2.mp3", "3.wav", "3_old.wav", "99.wav", "room tone.wav", "notes.txt", ".4.wav"])
    assert named(found) == {3: "3.wav"}
    assert [item.index for item in found.missing] == [1, 4]
    assert [(item.index, [path.name for path in paths]) for item, paths in found.ambiguous] == [(2, ["2.mp3", "2.wav"])]
    assert sorted(path.name for path in found.unmatched) == ["3_old.wav", "99.wav", "room tone.wav"]
    assert found.reasons == {
        1: "no sound file is named after it",
        2: "several sound files are named after it (2.mp3, 2.wav); keep one",
        4: "no sound file is named after it",
    }


def test_takes_are_not_chosen_between(tmp_path: Path) -> None:
    found = find(tmp_path, ["cue-0003_take1.wav", "cue-0003_take2.wav"])
    assert found.files == {}
    assert found.ambiguous[0][0].index == 3


def test_a_folder_that_helps_nobody(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="holds no sound files; give a folder"):
        find_voices(tmp_path, cues(1))
    with pytest.raises(VoiceError, match="does not exist"):
        find_voices(tmp_path / "none", cues(1))
    (tmp_path / "a.wav").write_bytes(b"")
    with pytest.raises(VoiceError, match="is not a folder"):
        find_voices(tmp_path / "a.wav", cues(1))
