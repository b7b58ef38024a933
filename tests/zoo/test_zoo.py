"""No odd file makes the program stumble, and of none it loses anything without a word."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from dubkit.errors import DubkitError, InputError, OutputError
from tests.zoo.animal import Animal, film
from tests.zoo.keeping import check_result, check_source, dubbed
from tests.zoo.table import ZOO

_LEAST = 40


def test_there_are_enough_of_them() -> None:
    assert len({animal.file for animal in ZOO}) == len(ZOO) >= _LEAST


@pytest.mark.parametrize("animal", ZOO, ids=lambda animal: animal.file)
def test_an_odd_file(animal: Animal, program: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source = program / animal.file
    animal.make(source)
    there = set(program.iterdir())
    if animal.refused:
        with pytest.raises(DubkitError, match=animal.refused) as caught:
            dubbed(source, program, animal.result)
        assert "\n" not in str(caught.value)
        assert caught.value.remedy
        assert set(program.iterdir()) == there
        return
    check_source(source, animal)
    result, report = dubbed(source, program, animal.result)
    assert set(program.iterdir()) == there | {result}
    check_result(source, result, report, animal)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["result.mp4", "link.mp4", "parts/../result.mp4"])
def test_a_film_is_not_written_over_itself(name: str, program: Path) -> None:
    film()(program / "result.mp4")
    (program / "link.mp4").symlink_to(program / "result.mp4")
    (program / "parts").mkdir()
    before = (program / "result.mp4").read_bytes()
    with pytest.raises(InputError, match="is a source and the result at once"):
        dubbed(program / name, program)
    assert (program / "result.mp4").read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nothing is closed to root")
def test_a_folder_that_is_closed(program: Path) -> None:
    film()(program / "film.mp4")
    program.chmod(0o500)
    with pytest.raises(OutputError, match="permission denied"):
        dubbed(program / "film.mp4", program)
