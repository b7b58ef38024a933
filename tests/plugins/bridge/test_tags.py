from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.bridge.records import Medium, Placed, Placement
from plugins.bridge.tags import Tag, is_tag, job_tag, parse_tag, replaced, tags_of_jobs, tags_of_language

PLACED = [
    Placed("dubkit/1/es/one/1", Medium.VIDEO, 0, 100),
    Placed("dubkit/1/es/one/1", Medium.AUDIO, 0, 100),
    Placed("dubkit/1/es/one/2", Medium.VIDEO, 100, 200),
    Placed("dubkit/1/de/two/1", Medium.VIDEO, 0, 100),
    Placed("somebody else's note", Medium.VIDEO, 0, 100),
]


@given(
    st.from_regex(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?", fullmatch=True),
    st.from_regex(r"[a-z0-9]{1,32}", fullmatch=True),
    st.integers(0, 9999),
)
def test_a_tag_comes_back_as_it_went(language: str, job: str, clip: int) -> None:
    text = job_tag(language, job, clip)
    assert is_tag(text)
    assert parse_tag(text) == Tag(language, job, clip)


@pytest.mark.parametrize(
    "text", ["", "note", "dubkit/2/es/a/1", "dubkit/1/es", "dubkit/1/es/a/b", "dubkit/1//a/1", "dubkit/1/es/a/1/2"]
)
def test_other_peoples_notes_are_no_tags(text: str) -> None:
    assert not is_tag(text)
    with pytest.raises(ValueError, match="not a tag"):
        parse_tag(text)


def test_found_by_language_and_by_job_each_once() -> None:
    assert tags_of_language(PLACED, "es") == ("dubkit/1/es/one/1", "dubkit/1/es/one/2")
    assert tags_of_jobs(PLACED, {"two"}) == ("dubkit/1/de/two/1",)


def test_a_repeated_dub_takes_the_place_of_what_lies_there_in_its_language_alone() -> None:
    new = [Placement("/x", "x", 0, 120, "dubkit/1/es/three/1")]
    assert replaced(new, PLACED) == ("dubkit/1/es/one/1",)
    assert replaced([Placement("/x", "x", 50, 50, "dubkit/1/es/three/1")], PLACED) == (), "it reaches beyond"
    assert replaced([Placement("/x", "x", 200, 9, "dubkit/1/es/three/1")], PLACED) == ()
    assert replaced([Placement("/x", "x", 0, 9, "dubkit/1/es/one/1")], PLACED) == (), "a job does not replace itself"
