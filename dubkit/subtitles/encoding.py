"""Bytes of a subtitle file to text.

The order: the user's word, then a byte order mark, strict UTF-8, an XML declaration, UTF-16 without a mark. Older
code pages cannot be told apart with certainty (any byte is a letter in most of them), and a wrong letter would be
spoken aloud; so they are never guessed. The error names the likely ones, with a line read by each, for the user.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from dubkit.errors import SubtitleError

__all__ = ["decode"]

_MARKS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_SIGNATURES = (
    (0, b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
    (4, b"ftyp", "an MP4 or MOV video"),
    (4, b"moov", "a MOV video"),
    (0, b"RIFF", "an AVI or WAV file"),
    (0, b"\x00\x00\x01\xba", "an MPEG video or VobSub pictures"),
    (0, b"\x47\x40", "an MPEG transport stream"),
    (0, b"PG", "Blu-ray subtitles, which are pictures"),
    (0, b"ID3", "an MP3 sound file"),
    (0, b"fLaC", "a FLAC sound file"),
    (0, b"OggS", "an Ogg sound file"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"%PDF", "a PDF document"),
    (0, b"\x89PNG", "a picture"),
    (0, b"\xff\xd8\xff", "a picture"),
)

_MANY_FOREIGN = ("shift_jis", "gb18030", "euc_kr", "cp1251")
_FEW_FOREIGN = ("cp1252", "cp1250", "cp1251")
_PAGES = {
    **dict.fromkeys(("ru", "uk", "be", "bg", "mk"), ("cp1251", "koi8-r")),
    **dict.fromkeys(("cs", "hr", "hu", "pl", "ro", "sk", "sl", "sq"), ("cp1250", "iso-8859-2")),
    **dict.fromkeys(("et", "lt", "lv"), ("cp1257",)),
    **dict.fromkeys(("ar", "fa", "ur"), ("cp1256", "iso-8859-6")),
    **dict.fromkeys(("he", "iw", "yi"), ("cp1255",)),
    **dict.fromkeys(("zh", "cmn"), ("gb18030", "big5")),
    "az": ("cp1254",),
    "el": ("cp1253",),
    "ja": ("shift_jis", "euc_jp"),
    "ko": ("euc_kr",),
    "th": ("cp874",),
    "tr": ("cp1254",),
    "vi": ("cp1258",),
}
"""Primary language tag -> the pages its files were written in before UTF-8."""

_XML_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b"))


def decode(data: bytes, path: Path, encoding: str = "", language: str = "") -> str:
    """The text of a subtitle file.

    Args:
        data: All of the file.
        path: Where it came from, for the error's sentence.
        encoding: Python's name of the encoding, which then is not questioned; empty to find out.
        language: Tag of the text's language, if known: code pages of its own are named first.

    Raises:
        SubtitleError: if the bytes are no text, or their encoding is unknown, or not the one given.
    """
    if encoding:
        return _decode_as(data, path, encoding).lstrip("\ufeff")
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _decode_as(data, path, name)
    _refuse_binary(data, path)
    try:
        if b"\0" not in data:
            return data.decode("utf-8")
    except UnicodeDecodeError as error:
        declared = _XML_ENCODING.match(data)
        if declared is not None:
            return _decode_as(data, path, declared[1].decode("ascii"))
        remedy = _likely(data, language)
        raise SubtitleError(
            f"has an unknown text encoding (not UTF-8 from byte {error.start} on)", path=path, remedy=remedy
        ) from error
    guess = _utf16_order(data)
    if guess:
        return _decode_as(data, path, guess)
    raise SubtitleError("is not text", path=path, remedy="give a subtitle file, such as SRT, WebVTT, ASS or TTML")


def _decode_as(data: bytes, path: Path, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except LookupError as error:
        raise SubtitleError(
            f"cannot be read as {encoding!r}, which is no text encoding known here",
            path=path,
            remedy="name one of Python's, such as utf-8, cp1252, cp1251, shift_jis or gb18030",
        ) from error
    except UnicodeError as error:
        at = f" from byte {error.start} on" if isinstance(error, UnicodeDecodeError) else ""
        raise SubtitleError(
            f"is not {encoding} text{at}", path=path, remedy="name another encoding, or none to have it found out"
        ) from error


def _refuse_binary(data: bytes, path: Path) -> None:
    binary = b"\0" in data[:4096] or any(byte in _CONTROLS for byte in data[:4096])
    for offset, signature, kind in _SIGNATURES:
        if binary and data.startswith(signature, offset):
            raise SubtitleError(
                f"is {kind}, not subtitles in text",
                path=path,
                remedy="give a subtitle file, such as SRT, WebVTT, ASS or TTML",
            )


def _utf16_order(data: bytes) -> str:
    """``utf-16-le`` or ``-be`` where every other byte of the timing's digits and colons is zero; else empty."""
    half = max(1, len(data) // 2)
    low, high = data[0::2].count(0) / half, data[1::2].count(0) / half
    if high > 0.2 and low < 0.02:
        return "utf-16-le"
    if low > 0.2 and high < 0.02:
        return "utf-16-be"
    return ""


def _likely(data: bytes, language: str) -> str:
    """A remedy that names the likely code pages, each with the most foreign line as it would read."""
    line = max(data.splitlines(), key=lambda line: sum(byte > 127 for byte in line))
    letters = [byte for byte in line if byte > 127 or chr(byte).isalpha()]
    dense = sum(byte > 127 for byte in letters) > 0.45 * len(letters)
    readings = []
    own = _PAGES.get(language.replace("_", "-").partition("-")[0].lower(), ())
    for name in dict.fromkeys((*own, *(_MANY_FOREIGN if dense else _FEW_FOREIGN))):
        try:
            data.decode(name)
            sample = " ".join(line.decode(name).split())[:16].rstrip()
        except UnicodeDecodeError:
            continue
        if not dense or name in own or name == "cp1251" or _in_daily_use(sample):
            readings.append(f"{name} ({sample!r})")
    named = " or ".join(readings[:3]) or "cp1252, cp1250 or cp1251"
    return f"name the one that reads right with --encoding: {named}; or save the file as UTF-8"


def _in_daily_use(text: str) -> bool:
    """Whether the East Asian letters in ``text`` are kana, Hangul, unified ideographs and their punctuation only."""
    common = (
        ("\u3000", "\u30ff"),
        ("\u4e00", "\u9fff"),
        ("\uac00", "\ud7a3"),
        ("\uff01", "\uff60"),
        ("\u2010", "\u2026"),
    )
    return all(char < "\x80" or any(low <= char <= high for low, high in common) for char in text)
