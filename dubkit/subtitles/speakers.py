"""Who speaks, where only the text tells: ``ANNA: Hello``, ``[Anna] Hello``, ``- ANNA: Hello``.

Taking a word for a name costs a spoken word; leaving a name in the text makes the voice read it aloud. So a prefix
counts as a name only where it is written like one, and is none of the words that end in a colon in prose.
"""

from __future__ import annotations

import re

__all__ = ["split_speakers"]

_LEAD = r"\s*(?:[-–—‐>]+\s*)?"
_COLON = re.compile(_LEAD + r"(?P<name>[^:\[\](){}<>\"«»„“”?!…,;]{2,32}?)\s*(?:\([^()]*\)\s*)?:(?:\s+|$)(?P<rest>.*)")
_BRACKET = re.compile(_LEAD + r"\[\s*(?P<name>[^\[\]:?!…,;]{2,32}?)\s*\]\s*(?::\s*|\s+|$)(?P<rest>.*)")
_DASH = re.compile(r"\s*[-–—‐>]+\s*\S")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PARTICLES = _words("al and bin da de del della der des di du el la le of the van von y & и")

_NOT_NAMES = _words(
    """
    act answer attention breaking caution chapter conclusion correction danger date day dear directed edit edited
    episode example exercise fact fig figure finally first fyi hint idea important info lesson level location moral
    nb news note notes number object objective option part phase phone place plan please point problem ps question
    quote re reason reminder remember result rule say scene season second section solution speaking step subject
    subtitle subtitled subtitles summary sync synopsis task third thus time tip title today tomorrow tonight
    translated translation translator update verdict warning written yesterday
    achtung antwort beispiel frage hinweis kapitel regel teil warnung wichtig
    attention bref chapitre exemple partie question règle remarque réponse
    advertencia aviso capítulo ejemplo importante nota parte pregunta regla respuesta atención
    attenzione avviso capitolo domanda esempio regola risposta
    exemplo pergunta regra resposta atenção
    внимание вопрос глава ответ правило пример примечание часть
    """
)
"""Words that open a sentence with a colon after them, in the languages of most subtitles."""

_SOUNDS = _words(
    """
    alarm applause bang barking barks beep beeping beeps bell bells birds blows breathes breathing buzzing cheering
    cheers chatter chattering chirping chuckles chuckling clears clicks coughing coughs cries crowd crying dog door
    engine exhales explosion footsteps gasping gasps giggles giggling groaning groans grunting grunts gunfire gunshot
    gunshots horn howling hums inaudible indistinct inhales instrumental knock knocking knocks laugh laughing laughs
    laughter moaning moans muffled music panting phone playing rain ringing rings roaring scoffs screaming screams
    shouting shouts sighing sighs silence singing sings siren sirens sniffles sniffs snoring sobbing sobs speaking
    static thunder tires unintelligible wailing weeping whimpering whispering whispers whistle whistles whistling wind
    yelling yells
    applaus gelächter lacht musik seufzt stille applaudissements musique rires silence soupire
    aplausos música ríe risas silencio suspira applausi musica risate
    """
)
"""Words of sounds described in brackets."""


def split_speakers(text: str) -> tuple[tuple[str, ...], str]:
    """The names that ``text`` puts before its lines, and the text without them.

    Only a line that opens the cue, follows a dash, or shouts its name may name a speaker; so the second line of a
    sentence that goes on with ``Remember: ...`` is left alone.

    Returns:
        The different names in order, and the text, its lines kept. No names and the text itself where it names none.
    """
    names, lines = [], []
    all_lines = text.split("\n")
    for number, line in enumerate(all_lines):
        match = _BRACKET.fullmatch(line) or _COLON.fullmatch(line)
        if match is not None:
            name = " ".join(match["name"].split())
            bracket = match.re is _BRACKET
            may = number == 0 or _DASH.match(line) or name == name.upper()
            followed = match["rest"].strip() or "".join(all_lines[number + 1 :]).strip()
            if may and followed and _is_name(name, _SOUNDS if bracket else _NOT_NAMES):
                names.append(name)
                lines.append(match["rest"])
                continue
        lines.append(line)
    return tuple(dict.fromkeys(names)), "\n".join(lines).strip("\n") if names else text


def _is_name(name: str, excluded: frozenset[str]) -> bool:
    """Whether ``name`` is one to four capitalised words, none of them of ``excluded``."""
    words = name.split()
    if len(words) > 4 or sum(char.isalpha() for char in name) < 2:
        return False
    if any(word.strip(".#'’-").casefold() in excluded for word in words):
        return False
    if not words[0][0].isupper():
        return False
    return all(word[0].isupper() or word[0].isdigit() or word[0] == "#" or word in _PARTICLES for word in words)
