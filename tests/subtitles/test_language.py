from __future__ import annotations

from fractions import Fraction

import pytest

from dubkit.schema import Cue
from dubkit.subtitles import judge_language
from dubkit.timing import TimeRange

SAMPLES = {
    "en": "Where have you been all night? I was at the house of my friend and we did not want to leave. That is it.",
    "de": "Wo bist du die ganze Nacht gewesen? Ich war nicht zu Hause und das ist der Grund. Wir haben es dir gesagt.",
    "es": "¿Dónde has estado toda la noche? No es lo que tú crees, pero la verdad es que estaba con los de la casa.",
    "fr": "Où est-ce que tu étais ? Je ne suis pas à la maison, et les autres ne le sont pas non plus. C'est une fête.",
    "it": "Dove sei stato tutta la notte? Non sono a casa, ma con gli altri. Mi hanno detto che è una cosa della vita.",
    "pl": "Gdzie byłeś całą noc? Nie wiem, co to jest, ale tak się stało i jestem w domu. Czy mi to powiesz, o co go?",
    "tr": "Bütün gece neredeydin? Ben bir şey bilmiyorum ama bu çok iyi değil ve sen de gel. Evet, o da bizim için.",
}


def cues(text: str, times: int = 1) -> list[Cue]:
    parts = [part for part in text.replace("?", ".").split(".") if part.strip()] * times
    return [Cue(i, TimeRange(Fraction(i), Fraction(i + 1)), part.strip()) for i, part in enumerate(parts, 1)]


@pytest.mark.parametrize("language", SAMPLES)
def test_the_right_language_is_let_pass_and_a_wrong_one_is_told(language: str) -> None:
    text = cues(SAMPLES[language], 3)
    assert judge_language(text, language).film == ()
    assert judge_language(text, f"{language}-XX").film == ()
    for wrong in set(SAMPLES) - {language}:
        (note,) = judge_language(text, wrong).film
        assert f"looks like {language}, not {wrong}" in note


@pytest.mark.parametrize(
    ("language", "text", "odd"),
    [
        ("es", "Где ты был всю ночь?", "Cyrillic"),
        ("ru", "Where have you been all night?", "Latin"),
        ("ru", "IBM, OK?", ""),
        ("he", "أين كنت طوال الليل؟", "Arabic"),
        ("ja", "ひとばんじゅうどこにいたの？", ""),
        ("zh-Hans", "你整晚去哪里了？", ""),
        ("hi", "तुम सारी रात कहाँ थे?", ""),
        ("ko", "밤새 어디에 있었어요?", ""),
        ("el", "Πού ήσουν όλη νύχτα;", ""),
        ("sr", "Где си био? Gde si bio?", ""),
        ("es", "1984", ""),
        ("und", "Где ты был?", ""),
        ("", "Где ты был?", ""),
        ("x-klingon", "Где ты был?", ""),
    ],
)
def test_scripts(language: str, text: str, odd: str) -> None:
    found = judge_language([Cue(7, TimeRange(Fraction(0), Fraction(1)), text)], language)
    assert found.cues == ({7: f"its text is written in {odd} letters, {language} is not"} if odd else {})
    assert bool(found.film) == bool(odd)


def test_little_text_is_not_judged() -> None:
    assert judge_language(cues("Hello there. How are you?"), "de").film == ()
    assert judge_language([], "de").film == ()
