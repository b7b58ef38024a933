"""What was spoken once is not spoken again."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from dubkit.dialogue import KeepableVoice, VoiceCast
from dubkit.dialogue.command import CommandVoice
from dubkit.dialogue.voice_cast import CastVoice
from dubkit.schema import Waveform
from dubkit.spoken import speak
from dubkit.store import Store


class Parrot:
    """Never says the same twice."""

    name, languages = "parrot", ()

    def __init__(self, fingerprint: str = "parrot") -> None:
        self.said, self._fingerprint = list[str](), fingerprint

    def check_language(self, language: str) -> None:
        pass

    def fingerprint(self, speaker: str = "") -> str:
        return self._fingerprint

    def speak(self, text: str, language: str, *, speaker: str = "") -> Waveform:
        self.said.append(text)
        return Waveform(np.full((1, 5), len(self.said) / 100, np.float32), 8000)


def test_it_is_spoken_once(tmp_path: Path) -> None:
    store, parrot = Store(tmp_path), Parrot()
    first = speak(parrot, "hola", "es", "ANA", store)
    again = speak(parrot, "hola", "es", "ANA", store)
    assert (again.sample_rate, again.samples.tolist()) == (8000, first.samples.tolist())
    assert parrot.said == ["hola"]
    for text, language, speaker in (("holas", "es", "ANA"), ("hola", "pt", "ANA"), ("hola", "es", "EVA")):
        speak(parrot, text, language, speaker, store)
    assert len(parrot.said) == 4
    other = Parrot("another bird")
    speak(other, "hola", "es", "ANA", store)
    assert other.said == ["hola"]


def test_what_is_not_kept_or_harmed_is_spoken_again(tmp_path: Path) -> None:
    parrot = Parrot("")
    for store in (None, None, Store(tmp_path)):
        speak(parrot, "hola", "es", "", store)
    assert len(parrot.said) == 3
    assert not list(Store(tmp_path).entries())
    parrot = Parrot()
    speak(parrot, "hola", "es", "", Store(tmp_path))
    (entry,) = Store(tmp_path).entries()
    entry.path.write_bytes(b"")
    speak(parrot, "hola", "es", "", Store(tmp_path))
    assert len(parrot.said) == 2


def test_a_command_is_another_when_its_program_changes(tmp_path: Path) -> None:
    script = tmp_path / "say.py"
    script.write_text("print()")
    voice = CommandVoice(f"{sys.executable} {script} {{text}} {{output}}")
    one = voice.fingerprint()
    assert one == CommandVoice(f"{sys.executable} {script} {{text}} {{output}}").fingerprint()
    assert one != CommandVoice(f"{sys.executable} {script} {{output}} {{text}}").fingerprint()
    script.write_text("print(1)")
    assert one != voice.fingerprint()
    named = CommandVoice(f"{sys.executable} --voice={script} {{text}} {{output}}")
    one = named.fingerprint()
    script.write_text("print(2)")
    assert one != named.fingerprint()


def test_a_cast_is_known_by_the_voice_of_each(tmp_path: Path) -> None:
    cast = CastVoice(VoiceCast({"ANA": "ana"}), Parrot("others"), make=Parrot)
    assert isinstance(cast, KeepableVoice)
    assert [cast.fingerprint(name) for name in ("ANA", "EVA", "")] == ["ana", "others", "others"]
    assert CastVoice(VoiceCast({"ANA": "ana"}), None, make=Parrot).fingerprint("EVA") == ""


def test_espeak_says_what_its_voice_depends_on() -> None:
    pytest.importorskip("espeakng_loader")
    from dubkit.dialogue import open_voice

    plain, woman = open_voice("espeak"), open_voice("espeak:es+f3")
    assert isinstance(plain, KeepableVoice)
    assert isinstance(woman, KeepableVoice)
    assert len({plain.fingerprint(), woman.fingerprint(), plain.fingerprint("ANA")}) == 3
