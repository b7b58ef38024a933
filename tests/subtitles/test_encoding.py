from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.errors import SubtitleError
from dubkit.subtitles.encoding import decode

TEXT = "1\n00:00:01,000 --> 00:00:02,500\n{}\n"
HERE = Path("film.srt")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("words", ["Où es-tu ?", "Где ты?", "你在哪里", "أين أنت", "plain"])
def test_unicode_is_found_out(encoding: str, words: str) -> None:
    text = TEXT.format(words)
    assert decode(text.encode(encoding), HERE) == text


@pytest.mark.parametrize(
    ("words", "encoding"),
    [
        ("Où est-il allé, mon garçon ?", "cp1252"),
        ("Где же ты был всё это время?", "cp1251"),
        ("どこに行っていたの？", "shift_jis"),
        ("어디에 있었어요?", "euc_kr"),
        ("你到底去哪里了？", "gb18030"),
    ],
)
def test_a_code_page_is_not_guessed_but_named_in_the_remedy(words: str, encoding: str) -> None:
    data = TEXT.format(words).encode(encoding)
    with pytest.raises(SubtitleError, match="unknown text encoding") as caught:
        decode(data, HERE)
    assert f"{encoding} ({words[:16].strip()!r})" in caught.value.remedy
    assert decode(data, HERE, encoding) == TEXT.format(words)


@pytest.mark.parametrize(
    ("language", "words", "encoding"),
    [
        ("ar", "أين كنت طوال الليل؟", "cp1256"),
        ("he-IL", "איפה היית כל הלילה?", "cp1255"),
        ("el", "Πού ήσουν όλη νύχτα;", "cp1253"),
        ("tr_TR", "Bütün gece neredeydin, çocuğum?", "cp1254"),
        ("pl", "Gdzie byłaś całą noc?", "iso-8859-2"),
        ("zh", "你到底去哪裡了？", "big5"),
    ],
)
def test_pages_of_the_language_are_named_first(language: str, words: str, encoding: str) -> None:
    data = TEXT.format(words).encode(encoding)
    with pytest.raises(SubtitleError) as caught:
        decode(data, HERE, language=language)
    assert f"{encoding} ({words[:16].strip()!r})" in caught.value.remedy


def test_the_users_word_wins_over_everything() -> None:
    data = "é".encode()
    assert decode(data, HERE) == "é"
    assert decode(data, HERE, "cp1252") == "Ã©"
    assert decode("a".encode("utf-16"), HERE, "utf-16-le") == "a"


def test_a_wrong_word_is_said_so() -> None:
    with pytest.raises(SubtitleError, match="is not utf-8 text from byte 0 on"):
        decode(b"\xe9", HERE, "utf-8")
    with pytest.raises(SubtitleError, match="no text encoding known here"):
        decode(b"a", HERE, "klingon")
    with pytest.raises(SubtitleError, match="no text encoding known here"):
        decode(b"a", HERE, "hex")


def test_xml_tells_its_own_encoding() -> None:
    data = '<?xml version="1.0" encoding="ISO-8859-1"?><tt>é</tt>'.encode("latin-1")
    assert decode(data, HERE).endswith("<tt>é</tt>")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\0\0\0\x20ftypisom\0\0\2\0" + bytes(100), "an MP4 or MOV video"),
        (b"\x1aE\xdf\xa3\x01\0\0\0", "a Matroska or WebM video"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "an AVI or WAV file"),
        (b"\0\0\1\xba\x44\0\4\0", "an MPEG video or VobSub pictures"),
        (b"PG\0\0\1\2\3\4", "Blu-ray subtitles"),
        (b"PK\x03\x04\x14\0\0\0", "a ZIP archive"),
    ],
)
def test_what_is_no_text_is_named(data: bytes, kind: str) -> None:
    with pytest.raises(SubtitleError, match=f"is {kind}"):
        decode(data, HERE)


@given(st.binary(max_size=200), st.sampled_from(["", "utf-8", "cp1252", "utf-16", "shift_jis", "nonsense"]))
def test_any_bytes_give_text_or_a_subtitle_error(data: bytes, encoding: str) -> None:
    with contextlib.suppress(SubtitleError):
        assert isinstance(decode(data, HERE, encoding), str)
