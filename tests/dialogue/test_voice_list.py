from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from dubkit.dialogue import is_voice_list, read_voice_list
from dubkit.errors import VoiceError
from dubkit.schema import Cue
from dubkit.timing import TimeRange

CUES = tuple(Cue(i, TimeRange(Fraction(i), Fraction(i + 1)), "x") for i in range(1, 4))


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "1,anna one.wav\n3,é/bob.wav\n"),
        ("a.csv", "cue,file\n1,anna one.wav\n3,é/bob.wav\n"),
        ("a.csv", "file;who;cue\nanna one.wav;Anna;1\n\né/bob.wav;Bob;03\n"),
        ("a.tsv", "Nr\tFile\n1\tanna one.wav\n3\té/bob.wav"),
        ("a.CSV", '"1","anna one.wav"\r\n"3","é/bob.wav"\r\n'),
        ("a.json", '{"1": "anna one.wav", "3": "é/bob.wav"}'),
        ("a.json", '[{"cue": 1, "file": "anna one.wav"}, {"cue": "3", "file": "é/bob.wav", "take": 2}]'),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_lists_of_many_kinds(tmp_path: Path, name: str, text: str, encoding: str) -> None:
    path = write(tmp_path, name, text, encoding)
    assert is_voice_list(path)
    found = read_voice_list(path, CUES)
    assert found.files == {1: tmp_path / "anna one.wav", 3: tmp_path / "é" / "bob.wav"}
    assert found.reasons == {2: "no sound file is listed for it"}


def test_what_is_listed_twice_or_for_nobody_is_said(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "1,a.wav\n1,a.wav\n2,b.wav\n2,c.wav\n9,d.wav\n")
    found = read_voice_list(path, CUES)
    assert found.files == {1: tmp_path / "a.wav"}
    assert found.reasons[2] == "several sound files are listed for it (b.wav, c.wav); keep one"
    assert found.notes == ("d.wav in the list of voices belongs to no cue",)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.csv", "", "lists no files"),
        ("a.csv", "cue,file\n", "lists no files"),
        ("a.csv", "1,a.wav\ntwo,b.wav\n", "no cue and file in line 2"),
        ("a.csv", "1,a.wav\n2\n", "no cue and file in line 2"),
        ("a.csv", "1,\n", "no cue and file in line 1"),
        ("a.json", "{", "is no JSON"),
        ("a.json", "3", "is no list of cues and files"),
        ("a.json", '[{"cue": 1}]', "is no list of cues and files"),
        ("a.json", '{"1": 3}', "no cue and file in line 1"),
        ("a.json", '{"-1": "a.wav"}', "no cue and file in line 1"),
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, name: str, text: str, problem: str) -> None:
    with pytest.raises(VoiceError, match=problem) as caught:
        read_voice_list(write(tmp_path, name, text), CUES)
    assert caught.value.remedy
    with pytest.raises(VoiceError, match="does not exist"):
        read_voice_list(tmp_path / "none.csv", CUES)
