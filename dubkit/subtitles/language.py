"""Whether the text of the cues is written in the language it is said to be in.

A cue's script tells at once; between languages of the same script, the commonest little words of the whole file do.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dubkit.schema import Cue

__all__ = ["LanguageNotes", "judge_language"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SCRIPTS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("ru", "uk", "be", "bg", "mk", "kk", "ky", "mn", "tg"), ("CYRILLIC",)),
    "sr": ("CYRILLIC", "LATIN"),
    **dict.fromkeys(("ar", "fa", "ur", "ps", "sd", "ug"), ("ARABIC",)),
    **dict.fromkeys(("he", "iw", "yi"), ("HEBREW",)),
    **dict.fromkeys(("hi", "mr", "ne", "sa"), ("DEVANAGARI",)),
    **dict.fromkeys(("zh", "cmn", "yue", "wuu"), ("CJK",)),
    "ja": ("CJK", "HIRAGANA", "KATAKANA"),
    "ko": ("HANGUL", "CJK"),
    "el": ("GREEK",),
    "th": ("THAI",),
    "ka": ("GEORGIAN",),
    "hy": ("ARMENIAN",),
    "bn": ("BENGALI",),
    "ta": ("TAMIL",),
    "te": ("TELUGU",),
}
"""Primary language tag -> scripts it is written in, as in the names of Unicode's letters; all others are Latin."""

_LATIN = _words(
    "af az bs ca cs cy da de en es et eu fi fr ga gl hr hu id is it lt lv ms mt nl no nb nn pl pt ro sk sl sq sv sw tl"
    " tr vi"
)

_WORDS: Mapping[str, frozenset[str]] = {
    language: _words(words)
    for language, words in {
        "en": "the and you that it was for with have this are what not your they is of to we my",
        "de": "der die und ich nicht das ist sie es ein wir mit zu was auf den dich mir auch haben",
        "es": "que de no la el es y en lo un por qué una los con para está te pero como",
        "fr": "je de est pas le vous la tu que un il et les ne pour une dans c'est qui des",
        "it": "che non di il la è un per sono mi una cosa ma con lo ti si della questo gli",
        "pt": "que não de um é eu para uma do da você com os se na por mais isso ele ao",
        "nl": "ik je het de een is niet dat en van wat we ze hij op te zijn maar voor met",
        "sv": "jag det är du inte att en och har vi på i för han vad med till som ett kan",
        "da": "jeg det er du ikke at en og har vi på i for han hvad med til som et kan",
        "pl": "nie to się w na jest że co z jak do tak mi ale o ja czy go tego jestem",
        "cs": "to se je na že v co jsem ale jak tak za by jsi už mi do ne tady když",
        "tr": "bir bu ne ve için çok ben sen değil var mi da de ama o evet hayır şey gibi daha",
        "hu": "a az nem hogy és is van egy ez meg de csak azt már ki mi ha én vagyok jó",
        "fi": "on ja se ei en että mitä hän ole sinä minä tämä niin kun mutta olen oli me nyt voi",
        "ro": "nu de să și o în e că la pe ce am un cu este mai te ai pentru din",
        "id": "yang dan aku tidak kau ini itu di ada untuk dengan apa kita dia saya akan bisa dari kamu ke",
    }.items()
}
"""The commonest little words of languages in Latin script."""

_LEAST_WORDS = 40
_LEAST_SHARE = 0.12
_CLEARLY = 2.0


@dataclass(frozen=True)
class LanguageNotes:
    """What speaks against the language of the cues.

    Attributes:
        cues: Number of the cue -> what is odd about its text.
        film: What is odd about all of it.
    """

    cues: Mapping[int, str] = field(default_factory=dict)
    film: tuple[str, ...] = ()


def judge_language(cues: Sequence[Cue], language: str) -> LanguageNotes:
    """Compare the text of ``cues`` with the ``language`` (a tag) they are said to be in; unknown ones are not judged.

    A cue counts as written in another script when most of its letters are. Latin letters are let pass in cues of up to
    three words, where names are common.
    """
    tag = language.strip().replace("_", "-").lower().partition("-")[0]
    expected = _SCRIPTS.get(tag, ("LATIN",) if tag in _LATIN else ())
    if not expected:
        return LanguageNotes()
    odd = {}
    for cue in cues:
        script = _script_of(cue.text)
        if script and script not in expected and not (script == "LATIN" and len(cue.text.split()) <= 3):
            odd[cue.index] = f"its text is written in {script.title()} letters, {language} is not"
    film = []
    if len(odd) > len(cues) / 2:
        film.append(f"{len(odd)} of {len(cues)} cues are not written in {language}: check the language and the file")
    elif expected == ("LATIN",):
        film += _other_language(cues, tag, language)
    return LanguageNotes(odd, tuple(film))


def _script_of(text: str) -> str:
    """Script of most letters of ``text``; empty where it has none."""
    counts = Counter(unicodedata.name(char, " ").split(" ")[0].split("-")[0] for char in text if char.isalpha())
    return counts.most_common(1)[0][0] if counts else ""


def _other_language(cues: Sequence[Cue], tag: str, language: str) -> list[str]:
    """A note where the words of the whole are clearly of another language."""
    if tag not in _WORDS:
        return []
    words = [word for cue in cues for word in re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", cue.text.lower())]
    if len(words) < _LEAST_WORDS:
        return []
    shares = {name: sum(word in known for word in words) / len(words) for name, known in _WORDS.items()}
    likely = max(shares, key=lambda name: shares[name])
    if shares[likely] < _LEAST_SHARE or shares[likely] < _CLEARLY * shares[tag]:
        return []
    return [f"the text of the cues looks like {likely}, not {language}: check the language and the file"]
