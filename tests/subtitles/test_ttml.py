from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from dubkit.errors import SubtitleError
from dubkit.subtitles import read_cues
from dubkit.timing import FrameRate, TimeRange

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata"
    xmlns:ttp="http://www.w3.org/ns/ttml#parameter" xmlns:tts="http://www.w3.org/ns/ttml#styling" {}>
<head><metadata>
  <ttm:agent xml:id="p1" type="person"><ttm:name type="full">Anna Bell</ttm:name></ttm:agent>
  <ttm:agent xml:id="p2" type="person"/>
</metadata></head>
"""


def cues_of(folder: Path, body: str, attributes: str = "", rate: FrameRate | None = None) -> list[tuple[object, ...]]:
    path = folder / "film.ttml"
    path.write_text(HEAD.format(attributes) + body + "</tt>", encoding="utf-8")
    return [(cue.span.start, cue.span.stop, cue.text, cue.speaker) for cue in read_cues(path, rate=rate)]


def paragraph(begin: str, end: str) -> str:
    return f'<body><div><p begin="{begin}" end="{end}">Hi</p></div></body>'


@pytest.mark.parametrize(
    ("time", "attributes", "seconds"),
    [
        ("00:00:01.5", "", Fraction(3, 2)),
        ("01:00:01.250", "", Fraction(3601) + Fraction(1, 4)),
        ("00:00:01", "", Fraction(1)),
        ("1.5s", "", Fraction(3, 2)),
        ("1500ms", "", Fraction(3, 2)),
        ("2m", "", Fraction(120)),
        ("0.5h", "", Fraction(1800)),
        ("00:00:01:12", 'ttp:frameRate="24"', Fraction(3, 2)),
        ("00:00:01:12", 'ttp:frameRate="24" ttp:frameRateMultiplier="1000 1001"', 1 + Fraction(12 * 1001, 24000)),
        ("48f", 'ttp:frameRate="24" ttp:frameRateMultiplier="1000 1001"', Fraction(48 * 1001, 24000)),
        ("15000000t", 'ttp:tickRate="10000000"', Fraction(3, 2)),
        # Labels of a non-drop timecode run slow against the clock: an hour of labels lasts 3603.6 s at 23.976.
        (
            "01:00:00:00",
            'ttp:timeBase="smpte" ttp:frameRate="24" ttp:frameRateMultiplier="1000 1001"',
            Fraction(36036, 10),
        ),
        (
            "00:01:00:02",
            'ttp:timeBase="smpte" ttp:dropMode="dropNTSC" ttp:frameRate="30" ttp:frameRateMultiplier="1000 1001"',
            Fraction(1800 * 1001, 30000),
        ),
    ],
)
def test_times(tmp_path: Path, time: str, attributes: str, seconds: Fraction) -> None:
    ((start, *_),) = cues_of(tmp_path, paragraph(time, "2h"), attributes)
    assert start == seconds


def test_frames_without_a_rate_need_the_pictures(tmp_path: Path) -> None:
    with pytest.raises(SubtitleError, match="without a frame rate; give the picture's"):
        cues_of(tmp_path, paragraph("00:00:01:12", "2h"))
    ((start, *_),) = cues_of(tmp_path, paragraph("00:00:01:12", "2h"), rate=FrameRate(Fraction(24)))
    assert start == Fraction(3, 2)


def test_text_agents_spans_and_nested_times(tmp_path: Path) -> None:
    body = """<body begin="10s"><div begin="1s">
      <p begin="0s" dur="2s" ttm:agent="p1">Hello,<br/> <span tts:fontStyle="italic">my
         dear</span> <span tts:ruby="text">furigana</span>friend</p>
      <p begin="3s" end="4s"><span ttm:agent="p2">Yes.</span></p>
      <div><p begin="5s" end="6s">BOB: No.</p></div>
      <p begin="7s" end="8s"></p>
      <p><span begin="9s" end="10s">Ti</span><span begin="10s" end="11s">med</span></p>
    </div></body>"""
    assert cues_of(tmp_path, body) == [
        (11, 13, "Hello, my dear friend", "Anna Bell"),
        (14, 15, "Yes.", "p2"),
        (16, 17, "No.", "BOB"),
        (18, 19, "", ""),
        (20, 21, "Ti", ""),
        (21, 22, "med", ""),
    ]


def test_a_sequence_counts_from_the_one_before(tmp_path: Path) -> None:
    body = '<body><div timeContainer="seq"><p dur="2s">One</p><p begin="1s" dur="2s">Two</p></div></body>'
    assert [item[:3] for item in cues_of(tmp_path, body)] == [(0, 2, "One"), (3, 5, "Two")]


def test_older_namespace(tmp_path: Path) -> None:
    path = tmp_path / "film.dfxp"
    path.write_text(
        '<tt xmlns="http://www.w3.org/2006/10/ttaf1"><body><div><p begin="1s" end="2s">Hi</p></div></body></tt>'
    )
    (cue,) = read_cues(path)
    assert (cue.span, cue.text) == (TimeRange(Fraction(1), Fraction(2)), "Hi")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<tt><body><div><p>", "not well-formed XML"),
        ("<tt><head/></tt>", "holds no cues"),
        ('<tt><body><p begin="soon" end="2s">Hi</p></body></tt>', "time that cannot be read: 'soon'"),
        ('<tt frameRate="0"><body><p begin="1f" end="2s">Hi</p></body></tt>', "impossible frame or tick rate"),
        ('<tt tickRate="-1"><body><p begin="1t" end="2s">Hi</p></body></tt>', "impossible frame or tick rate"),
        ('<!DOCTYPE tt [<!ENTITY a "b">]><tt><body/></tt>', "XML entities|no subtitle format"),
        ("<tt><body>" + "<div>" * 3000 + "</div>" * 3000 + "</body></tt>", "nests its elements too deeply"),
    ],
)
def test_damage(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "film.ttml"
    path.write_text(text)
    with pytest.raises(SubtitleError, match=problem):
        read_cues(path)
