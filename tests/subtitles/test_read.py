from __future__ import annotations

import contextlib
import os
from fractions import Fraction
from pathlib import Path

import pysubs2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dubkit.errors import SubtitleError
from dubkit.schema import Cue
from dubkit.subtitles import read_cues
from dubkit.timing import FrameRate, TimeRange

ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,20

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def ms(start: int, stop: int) -> TimeRange:
    return TimeRange(Fraction(start, 1000), Fraction(stop, 1000))


def test_srt(tmp_path: Path) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,345\n<i>Hello</i>,\n{\\an8}world &amp; <font color='red'>all</font>\n\n"
    text += "2\n00:01:00,000 --> 00:01:01,001\nANNA: Bye.\n"
    assert read_cues(write(tmp_path, "a.srt", text)) == (
        Cue(1, ms(1000, 2345), "Hello, world & all"),
        Cue(2, ms(60000, 61001), "Bye.", "ANNA"),
    )


def test_srt_of_all_sorts(tmp_path: Path) -> None:
    sloppy = "﻿7\r\n0:0:1.5 --> 0:0:2 X1:10\r\nOne\r\n\r\nstill one\r\n9\r\n00:00:03:250 -> 00:00:04,000\r\nTwo\r\n42"
    cues = read_cues(write(tmp_path, "a.srt", sloppy))
    assert [(cue.span, cue.text) for cue in cues] == [(ms(1500, 2000), "One still one"), (ms(3250, 4000), "Two 42")]


def test_srt_without_numbers_keeps_numbers_that_are_said(tmp_path: Path) -> None:
    text = "00:00:01,000 --> 00:00:02,000\nRoom\n42\n\n00:00:03,000 --> 00:00:04,000\n7\n"
    assert [cue.text for cue in read_cues(write(tmp_path, "a.srt", text))] == ["Room 42", "7"]


def test_srt_with_an_empty_cue_keeps_it_empty(tmp_path: Path) -> None:
    text = (
        "1\n00:00:01,000 --> 00:00:02,000\n\n2\n00:00:03,000 --> 00:00:04,000\n10\n\n3\n00:00:05,000 --> 00:00:06,000\n"
    )
    assert [cue.text for cue in read_cues(write(tmp_path, "a.srt", text))] == ["", "10", ""]


def test_a_damaged_timing_line_is_named_and_never_spoken(tmp_path: Path) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nHi\n\n2\n00:00:0x,000 --> 00:00:04,000\nThere\n"
    with pytest.raises(SubtitleError, match=r"damaged timing line 6: '00:00:0x,000"):
        read_cues(write(tmp_path, "a.srt", text))


def test_an_arrow_in_the_text_is_text(tmp_path: Path) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nA --> B\n"
    assert read_cues(write(tmp_path, "a.srt", text))[0].text == "A --> B"


VTT = """WEBVTT - a film
Kind: captions

STYLE
::cue { color: red }

NOTE a remark
00:00 is not a time here

intro-1
00:01.000 --> 00:02.500 align:start position:10%
<v Roger Bingham>We are in <c.loud>New <i>York</i></c> &lt;City&gt;

NOTE another remark
over two lines

00:00:03.000 --> 00:00:04.000
<v.loud Anna>What<00:00:03.500> is it?</v>
<ruby>漢<rt>かん</rt></ruby>

5f1c-guid
01:00:05.000 --> 01:00:06.000
- <v Anna>No.</v>
- <v Bob>Yes.</v>
"""


def test_vtt(tmp_path: Path) -> None:
    cues = read_cues(write(tmp_path, "a.vtt", VTT))
    assert [(cue.span, cue.text, cue.speaker) for cue in cues] == [
        (ms(1000, 2500), "We are in New York <City>", "Roger Bingham"),
        (ms(3000, 4000), "What is it? 漢", "Anna"),
        (ms(3605000, 3606000), "- No. - Yes.", "Anna"),
    ]
    assert cues[2].notes == ("is spoken by Anna, Bob; taken as one line by Anna",)


def test_ass(tmp_path: Path) -> None:
    events = r"""Dialogue: 0,0:00:01.00,0:00:02.50,Default, Anna ,0,0,0,,{\i1}Hello{\i0},\Nyou\hthere
Comment: 0,0:00:01.00,0:00:02.50,Default,Anna,0,0,0,,not said
Dialogue: 0,0:00:02.00,0:00:03.00,Default,,0,0,0,,{\p1}m 0 0 l 10 10{\p0}
Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\p1}m 0 0 l 10 10{\p0}BOB: Text beside
Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,{\blur4}Sign
Dialogue: 1,0:00:05.00,0:00:06.00,Default,,0,0,0,,Sign
"""
    cues = read_cues(write(tmp_path, "a.ass", ASS + events))
    assert cues == (
        Cue(1, ms(1000, 2500), "Hello, you there", "Anna"),
        Cue(2, ms(3000, 4000), "Text beside", "BOB"),
        Cue(3, ms(5000, 6000), "Sign", notes=("is drawn on 2 layers; taken once",)),
    )


@pytest.mark.parametrize("name", ["a.txt", "a.vtt", "a.srt", "a", "a.mp4"])
def test_content_decides_the_format(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name, ASS + "Dialogue: 0,0:00:01.00,0:00:02.50,Default,Anna,0,0,0,,Hello\n")
    assert read_cues(path) == (Cue(1, ms(1000, 2500), "Hello", "Anna"),)
    assert read_cues(write(tmp_path, name, VTT))[0].speaker == "Roger Bingham"


def test_microdvd_counts_frames(tmp_path: Path) -> None:
    path = write(tmp_path, "a.sub", "{24}{48}{y:i}Hello|you\n{240}{241}Bye\n")
    with pytest.raises(SubtitleError, match="counts frames without telling the rate"):
        read_cues(path)
    rate = FrameRate.of(23.976)
    cues = read_cues(path, rate=rate)
    assert [cue.text for cue in cues] == ["Hello you", "Bye"]
    assert cues[0].span == TimeRange(rate.seconds(24), rate.seconds(48))


def test_microdvd_that_declares_its_rate_is_believed(tmp_path: Path) -> None:
    path = write(tmp_path, "a.sub", "{1}{1}23.976\n{24}{48}Hello\n")
    for rate in (None, FrameRate(Fraction(25))):
        (cue,) = read_cues(path, rate=rate)
        assert cue.span.start == Fraction(24 * 1001, 24000)


def test_sami_clears_the_screen_without_a_cue(tmp_path: Path) -> None:
    text = "<SAMI><BODY><SYNC Start=1000><P>Hello<br>you<SYNC Start=2000><P>&nbsp;<SYNC Start=3000><P>Bye</BODY></SAMI>"
    cues = read_cues(write(tmp_path, "a.smi", text))
    assert [(cue.text, float(cue.span.start)) for cue in cues] == [("Hello you", 1.0), ("Bye", 3.0)]


def test_other_formats(tmp_path: Path) -> None:
    (cue,) = read_cues(write(tmp_path, "a.txt", "[10][25]/Hello|you\n"))
    assert cue == Cue(1, ms(1000, 2500), "Hello you")
    (cue,) = read_cues(write(tmp_path, "b.txt", "00:00:01:Hello|you\n"))
    assert (float(cue.span.start), cue.text) == (1.0, "Hello you")
    (cue,) = read_cues(write(tmp_path, "c.txt", "[00:01.000 -> 00:02.500]  Hello\n"))
    assert cue == Cue(1, ms(1000, 2500), "Hello")


def test_cues_are_sorted_numbered_and_say_what_was_odd(tmp_path: Path) -> None:
    text = "1\n00:00:05,000 --> 00:00:06,000\nlate\n\n2\n00:00:01,000 --> 00:00:00,500\nearly\n\n"
    text += "3\n00:00:05,000 --> 00:00:06,000\nlate too\n"
    cues = read_cues(write(tmp_path, "a.srt", text))
    assert [(cue.index, cue.text) for cue in cues] == [(2, "early"), (1, "late"), (3, "late too")]
    assert cues[0].span == ms(1000, 1000)
    assert cues[0].notes == (
        "stood out of order in the file; moved to its time",
        "ends 0.500 s before it starts; its end is not used",
    )
    assert cues[1].notes == cues[2].notes == ()


def test_without_usable_numbers_cues_are_counted_in_film_order(tmp_path: Path) -> None:
    twice = "7\n00:00:05,000 --> 00:00:06,000\nb\n\n7\n00:00:01,000 --> 00:00:02,000\na\n"
    assert [(cue.index, cue.text) for cue in read_cues(write(tmp_path, "a.srt", twice))] == [(1, "a"), (2, "b")]
    named = "WEBVTT\n\nintro\n00:05.000 --> 00:06.000\nb\n\n00:01.000 --> 00:02.000\na\n"
    assert [(cue.index, cue.text) for cue in read_cues(write(tmp_path, "a.vtt", named))] == [(1, "a"), (2, "b")]


def test_printed_numbers_are_kept_with_their_gaps(tmp_path: Path) -> None:
    text = "0\n00:00:01,000 --> 00:00:02,000\na\n\n5\n00:00:03,000 --> 00:00:04,000\nb\n"
    assert [(cue.index, cue.text) for cue in read_cues(write(tmp_path, "a.srt", text))] == [(0, "a"), (5, "b")]


def test_marks_that_steer_the_display_go_and_joiners_stay(tmp_path: Path) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\n\u202bمی\u200cخواهم\u202c\u200f ♪\u00a0la\u200b ♪\n"
    assert read_cues(write(tmp_path, "a.srt", text))[0].text == "می\u200cخواهم ♪ la ♪"


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("empty.srt", b"", "is empty"),
        ("blank.srt", b" \n\n ", "is empty"),
        ("prose.srt", b"Dear diary,\ntoday nothing.\n", "no subtitle format"),
        ("header.vtt", b"WEBVTT\n\nNOTE nothing here\n", "holds no cues"),
        ("none.ass", ASS.encode(), "holds no cues"),
        ("bad.ass", ASS.encode() + b"Dialogue: 0,soon,later,Default,,0,0,0,,Hi\n", "damaged ass file"),
        ("bad.json", b'{"info": {}, "styles": {}, "events": [{"a": 1}]}', "damaged json file"),
        ("cut.json", b'{"info": {}, "sty', "damaged json file"),
        ("bad.smi", b"<SAMI><SYNC Start=soon>Hi", "damaged sami file"),
        ("film.mp4", b"\0\0\0\x20ftypisom" + bytes(64), "is an MP4 or MOV video"),
        ("noise.srt", bytes(range(256)), "is not text|unknown text encoding"),
        ("page.html", b"<html><body>Not found</body></html>", "no subtitle format"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SubtitleError, match=problem) as caught:
        read_cues(path)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(SubtitleError, match="does not exist"):
        read_cues(tmp_path / "none.srt")
    with pytest.raises(SubtitleError, match="is a folder"):
        read_cues(tmp_path)
    with pytest.raises(SubtitleError, match="cannot be read"):
        read_cues("a\0b.srt")


@pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="needs a user who is not root"
)
def test_unreadable(tmp_path: Path) -> None:
    path = write(tmp_path, "a.srt", "x")
    path.chmod(0)
    with pytest.raises(SubtitleError, match="cannot be read"):
        read_cues(path)


words = st.text(st.sampled_from("abcÄéßабв你好مرحبا 0123456789.,?!'-♪"), min_size=1, max_size=30).map(
    lambda text: " ".join(text.split())
)
spoken = st.lists(words.filter(lambda text: any(char.isalpha() for char in text)), min_size=1, max_size=3)
times = st.tuples(st.integers(0, 35_000_000), st.integers(1, 600_000))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(times, spoken), min_size=1, max_size=12), st.sampled_from(["srt", "vtt", "ass", "ttml", "json"])
)
def test_what_pysubs2_writes_is_read_back(
    tmp_path: Path, lines: list[tuple[tuple[int, int], list[str]]], form: str
) -> None:
    step = 10 if form == "ass" else 1
    script = pysubs2.SSAFile()
    for (start, length), text in lines:
        start, stop = start // step * step, (start + length) // step * step + step
        script.append(pysubs2.SSAEvent(start=start, end=stop, text=r"\N".join(text)))
    path = tmp_path / f"film.{form}"
    script.save(str(path))
    found = [(cue.span, cue.text) for cue in read_cues(path)]
    expected = [
        (ms(event.start, event.end), " ".join(event.plaintext.split()))
        for event in sorted(script, key=lambda event: (event.start, event.end))
    ]
    if form == "ass":  # the same text at the same time counts as layers of one
        expected = list(dict.fromkeys(expected))
    assert sorted(found, key=repr) == sorted(expected, key=repr)
    assert [item[0] for item in found] == [item[0] for item in expected]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_files_never_raise_anything_else(tmp_path: Path, data: st.DataObject) -> None:
    base = data.draw(st.sampled_from([VTT, ASS + "Dialogue: 0,0:00:01.00,0:00:02.50,Default,A,0,0,0,,Hi\n", TTML_LIKE]))
    cut = data.draw(st.integers(0, len(base)))
    junk = data.draw(st.text(max_size=8))
    path = write(
        tmp_path, "film.srt", (base[:cut] + junk + base[cut + len(junk) :]).encode("utf-8", "replace").decode()
    )
    with contextlib.suppress(SubtitleError):
        assert read_cues(path)


TTML_LIKE = """<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="25">
<body><div><p begin="00:00:01:05" end="2s">Hi</p></div></body></tt>"""
