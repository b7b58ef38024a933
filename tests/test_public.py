"""The public surface: what scripts rely on."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import dubkit


def test_all_is_sorted_and_everything_in_it_exists() -> None:
    assert dubkit.__all__ == sorted(dubkit.__all__)
    for name in dubkit.__all__:
        assert getattr(dubkit, name) is not None


def test_the_surface_is_locked() -> None:
    assert dubkit.__all__ == [
        "Analysis",
        "Cancelled",
        "Cue",
        "DubJob",
        "DubReport",
        "DubSettings",
        "DubkitError",
        "FaceTrack",
        "FitReport",
        "FrameRange",
        "FrameRate",
        "InputError",
        "LanguagesReport",
        "Line",
        "LineReport",
        "LineStatus",
        "OutputError",
        "PeopleReport",
        "Shot",
        "Span",
        "SyncReport",
        "SyncedFrames",
        "TimeRange",
        "Waveform",
        "analyze",
        "dub",
        "dub_languages",
        "find_people",
        "fit",
        "measure_sync",
        "run_job",
        "sync_frames",
        "sync_lips",
    ]


@pytest.mark.parametrize("name", dubkit.__all__)
def test_public_names_are_documented(name: str) -> None:
    assert inspect.getdoc(getattr(dubkit, name))


def test_unknown_names_are_refused_like_any_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'dubb'"):
        dubkit.__getattr__("dubb")


def test_every_room_says_what_it_is_and_keeps_what_it_promises() -> None:
    root = Path(dubkit.__file__).parent
    for package in sorted(root.rglob("__init__.py")):
        module = ".".join(["dubkit", *package.relative_to(root).parent.parts])
        room = __import__(module, fromlist=["__all__"])
        assert room.__doc__, module
        for name in getattr(room, "__all__", []):
            assert hasattr(room, name), f"{module}.{name}"
