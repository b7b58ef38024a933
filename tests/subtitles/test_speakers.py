from __future__ import annotations

import pytest

from dubkit.subtitles.speakers import split_speakers


@pytest.mark.parametrize(
    ("text", "names", "rest"),
    [
        ("ANNA: Hello.", ("ANNA",), "Hello."),
        ("Anna: Hello.", ("Anna",), "Hello."),
        ("- ANNA: Hello.", ("ANNA",), "Hello."),
        (">> ANNA: Hello.", ("ANNA",), "Hello."),
        ("Mr. O'Brien: Hello.", ("Mr. O'Brien",), "Hello."),
        ("Ludwig van Beethoven: Hello.", ("Ludwig van Beethoven",), "Hello."),
        ("MAN #2: Hello.", ("MAN #2",), "Hello."),
        ("ANNA (whispering): Hello.", ("ANNA",), "Hello."),
        ("АННА: Привет.", ("АННА",), "Привет."),
        ("[ANNA] Hello.", ("ANNA",), "Hello."),
        ("[Anna]: Hello.", ("Anna",), "Hello."),
        ("ANNA:\nHello.", ("ANNA",), "Hello."),
        ("- ANNA: Hello.\n- BOB: Hi.", ("ANNA", "BOB"), "Hello.\nHi."),
        ("ANNA: One.\nTwo.", ("ANNA",), "One.\nTwo."),
        ("ANNA: It is 10:30: go!", ("ANNA",), "It is 10:30: go!"),
    ],
)
def test_names_are_taken_off(text: str, names: tuple[str, ...], rest: str) -> None:
    assert split_speakers(text) == (names, rest)


@pytest.mark.parametrize(
    "text",
    [
        "Note: this is not a name.",
        "NOTE: nor is this.",
        "Chapter 1: The Beginning",
        "10:30 is late.",
        "At 10:30 we left.",
        "http://example.org",
        "Listen to me: go.",
        "the answer: no.",
        "He said one thing:\nRemember the name.",
        "I told him:\nAnna: is a name",
        "A: no single letters",
        "ANNA:",
        "[MUSIC PLAYING]",
        "[LAUGHS] You!",
        "[door slams] Who is there?",
        "Wait, Anna: stop!",
        "Why? Because: no.",
        "- Hello.\n- Hi.",
        "",
        ":",
        "Внимание: дверь.",
    ],
)
def test_prose_is_left_alone(text: str) -> None:
    assert split_speakers(text) == ((), text)
