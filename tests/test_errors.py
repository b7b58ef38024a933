from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from dubkit import errors
from dubkit.errors import (
    Cancelled,
    DubkitError,
    InputError,
    MediaError,
    MissingDependencyError,
    ModelError,
    OutputError,
    RecordError,
    SubtitleError,
    VoiceError,
)


def test_the_sentence_names_the_thing_the_problem_and_the_remedy() -> None:
    error = MediaError("is not a video", path="film.txt", remedy="give a file with a picture in it")
    assert str(error) == "film.txt: is not a video; give a file with a picture in it"
    assert (error.problem, error.path, error.remedy) == (
        "is not a video",
        Path("film.txt"),
        "give a file with a picture in it",
    )


def test_path_and_remedy_may_be_left_out() -> None:
    error = DubkitError("nothing to do")
    assert str(error) == "nothing to do"
    assert (error.path, error.remedy) == (None, "")


@pytest.mark.parametrize("kind", [MediaError, SubtitleError, VoiceError, ModelError, RecordError])
def test_bad_input_can_be_caught_as_one(kind: type[InputError]) -> None:
    assert issubclass(kind, InputError)


@pytest.mark.parametrize("kind", [MissingDependencyError, OutputError, Cancelled])
def test_what_is_not_the_inputs_fault_is_not_an_input_error(kind: type[DubkitError]) -> None:
    assert issubclass(kind, DubkitError)
    assert not issubclass(kind, InputError)


def test_a_missing_package_says_how_to_get_it() -> None:
    error = MissingDependencyError("espeakng_loader", extra="tts", purpose="text to speech")
    assert str(error) == (
        "text to speech needs the package espeakng_loader; install it with: pip install 'dubkit[tts]'"
    )
    assert (error.package, error.extra) == ("espeakng_loader", "tts")


@pytest.mark.parametrize(
    "error",
    [
        ModelError("is damaged", path=Path("a/b.pth"), remedy="fetch it again"),
        MissingDependencyError("pydub", extra="pydub", purpose="mixing"),
        Cancelled(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_cross_processes_with_their_data(error: DubkitError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.args == error.args
    assert again.__dict__ == error.__dict__


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = errors.__doc__ or ""
    for name in errors.__all__:
        kind = getattr(errors, name)
        assert issubclass(kind, DubkitError)
        assert name in drawn
