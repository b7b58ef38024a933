"""Piper against a stand-in: no voice can be part of the repository."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dubkit.dialogue import open_voice
from dubkit.dialogue.piper import PiperVoice
from dubkit.errors import MissingDependencyError, VoiceError
from tests.dialogue.stand_ins import install_piper, write_piper_voice

SEVERAL = {"num_speakers": 3, "speaker_id_map": {"anna": 2, "bob": 0}}


def test_a_voice_of_one_speaker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    piper = install_piper(monkeypatch)
    voice = PiperVoice(str(write_piper_voice(tmp_path)))
    sound = voice.speak("Hello there. And [[goodbye]].", "en-GB", speaker="Anna")
    assert (sound.sample_rate, sound.channels) == (22_050, 1)
    assert piper.heard == [("Hello there. And [ [goodbye]].", None)]
    assert voice.languages == ("en", "en-us")
    with pytest.raises(VoiceError, match="speaks en-us, not 'de'"):
        voice.speak("Hallo", "de")


def test_speakers_by_name_by_number_and_by_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    piper = install_piper(monkeypatch)
    model = write_piper_voice(tmp_path, **SEVERAL)
    voice = PiperVoice(str(model))
    for speaker in ("anna", "bob", "Carol", "Carol", ""):
        voice.speak("Hello.", "en", speaker=speaker)
    numbers = [number for _, number in piper.heard]
    assert numbers[:2] == [2, 0]
    assert numbers[2] == numbers[3]
    assert numbers[4] == 0
    fixed = open_voice(f"piper:{model}#anna")
    fixed.speak("Hello.", "en", speaker="bob")
    assert piper.heard == [("Hello.", 2)]
    with pytest.raises(VoiceError, match="has no speaker 'zoe'; use one of: anna, bob"):
        PiperVoice(f"{model}#zoe")


def test_a_voice_is_another_when_either_of_its_files_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_piper(monkeypatch)
    model = write_piper_voice(tmp_path)
    one = PiperVoice(str(model)).fingerprint()
    assert one == PiperVoice(str(model)).fingerprint()
    settings = Path(f"{model}.json")
    settings.write_text(settings.read_text("utf-8").replace("{", '{"inference": {"length_scale": 1.3}, ', 1), "utf-8")
    assert one != PiperVoice(str(model)).fingerprint()


def test_what_is_no_voice_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_piper(monkeypatch)
    with pytest.raises(VoiceError, match="piper needs a voice; write piper:"):
        open_voice("piper")
    with pytest.raises(VoiceError, match="does not exist"):
        PiperVoice(str(tmp_path / "none.onnx"))
    model = write_piper_voice(tmp_path)
    with pytest.raises(VoiceError, match="cannot speak 'boom'"):
        PiperVoice(str(model)).speak("boom", "en")
    model.write_bytes(b"something else")
    with pytest.raises(VoiceError, match=r"is no Piper voice \(InvalidProtobuf: no network\)"):
        PiperVoice(str(model))
    for text in ("{", "[]", "{}", '{"audio": {"sample_rate": 0}, "espeak": {"voice": "en"}}'):
        Path(f"{model}.json").write_text(text, encoding="utf-8")
        with pytest.raises(VoiceError, match=r"\.json: (does not describe|tells no)"):
            PiperVoice(str(model))


def test_a_missing_package_is_said_with_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "piper", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'dubkit\[piper\]'"):
        PiperVoice(str(write_piper_voice(tmp_path)))
