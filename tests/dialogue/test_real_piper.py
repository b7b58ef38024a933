"""Piper itself, with a voice made by code: hums instead of words, but the package's whole way from text to sound."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dubkit
from dubkit.dialogue.espeak import EspeakVoice
from dubkit.dialogue.piper import PiperVoice
from dubkit.errors import VoiceError
from dubkit.schema import Waveform
from tests.dialogue import stand_ins

piper = pytest.importorskip("piper")
onnx = pytest.importorskip("onnx")

RATE, HOP, SYMBOLS = 22_050, 1024, 256
SPEAKERS = {"anna": 0, "bob": 1}


def write_voice(folder: Path, speakers: Mapping[str, int] | None = None, **config: Any) -> Path:
    """A network of a Piper voice's inputs and outputs; each phoneme hums for 1024 samples, each speaker at a pitch."""
    helper, kinds = onnx.helper, onnx.TensorProto
    many = speakers or {}
    time = np.arange(HOP) / HOP
    hums = [0.4 * np.sin(2 * np.pi * (8 + 8 * number) * time) for number in range(max(1, len(many)))]
    table = np.repeat(np.stack(hums).astype(np.float32), SYMBOLS, axis=0)
    given: list[tuple[str, int, list[int | str]]] = [
        ("input", kinds.INT64, ["one", "length"]),
        ("input_lengths", kinds.INT64, ["one"]),
    ]
    given.append(("scales", kinds.FLOAT, [3]))
    nodes = [helper.make_node("Identity", ["input"], ["rows"])]
    if many:
        given.append(("sid", kinds.INT64, ["one"]))
        nodes = [
            helper.make_node("Mul", ["sid", "symbols"], ["first"]),
            helper.make_node("Add", ["input", "first"], ["rows"]),
        ]
    nodes += [
        helper.make_node("Gather", ["table", "rows"], ["hums"], axis=0),
        helper.make_node("Reshape", ["hums", "shape"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "voice",
        [helper.make_tensor_value_info(*item) for item in given],
        [helper.make_tensor_value_info("output", kinds.FLOAT, [1, 1, 1, "samples"])],
        [
            onnx.numpy_helper.from_array(table, "table"),
            onnx.numpy_helper.from_array(np.array([1, 1, 1, -1], np.int64), "shape"),
            onnx.numpy_helper.from_array(np.array([SYMBOLS], np.int64), "symbols"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = folder / "xx-hum.onnx"
    onnx.save(model, str(path))
    letters = "_^$ abcdefghijklmnopqrstuvwxyzæðŋɐɑɒɔəɛɜɡɪɹɾʃʊʌʒˈˌː.,?!"
    described = {
        "audio": {"sample_rate": RATE},
        "espeak": {"voice": "en-us"},
        "language": {"code": "en_US"},
        "phoneme_type": "espeak",
        "phoneme_id_map": {letter: [number] for number, letter in enumerate(letters)},
        "num_symbols": SYMBOLS,
        "num_speakers": max(1, len(many)),
        "speaker_id_map": dict(many),
    } | config
    Path(f"{path}.json").write_text(json.dumps(described), encoding="utf-8")
    return path


def pitch(sound: Waveform) -> float:
    spectrum = np.abs(np.fft.rfft(sound.samples[0]))
    return float(np.argmax(spectrum)) * sound.sample_rate / sound.length


def test_text_becomes_sound(tmp_path: Path) -> None:
    voice = PiperVoice(str(write_voice(tmp_path)))
    short, long = (voice.speak(text, "en") for text in ("Hello.", "Hello there. And how are you today?"))
    assert (short.sample_rate, short.channels) == (RATE, 1)
    assert 0.2 < float(short.duration) < float(long.duration) / 3
    assert 0.3 < float(np.abs(long.samples).max()) <= 1
    assert pitch(short) == pytest.approx(8 * RATE / HOP, rel=0.05)
    with pytest.raises(VoiceError, match="speaks en-us, not 'de'"):
        voice.speak("Hallo", "de")
    with pytest.raises(VoiceError, match="there is no sound in '!'"):
        voice.speak("!", "en")


def test_speakers(tmp_path: Path) -> None:
    model = write_voice(tmp_path, SPEAKERS, default_speaker_id=1)
    voice = PiperVoice(str(model))
    anna, bob, nobody = (pitch(voice.speak("Hello there.", "en", speaker=name)) for name in ("anna", "bob", ""))
    assert bob == pytest.approx(2 * anna, rel=0.05)
    assert nobody == bob
    assert pitch(PiperVoice(f"{model}#anna").speak("Hello there.", "en", speaker="bob")) == anna


def test_what_cannot_be_used_is_said(tmp_path: Path) -> None:
    model = write_voice(tmp_path, phoneme_type="pinyin", language={"code": "zh_CN"})
    older = "is no Piper voice .'pinyin' is not"  # before 1.4
    with pytest.raises(VoiceError, match=rf"needs the package '\w+'; pip install 'piper-tts\[zh\]'|{older}"):
        PiperVoice(str(model)).speak("你好", "zh")
    model.write_bytes(b"no network")
    with pytest.raises(VoiceError, match="is no Piper voice"):
        PiperVoice(str(model))
    wrong = write_voice(tmp_path, num_speakers=2)  # but the network takes no speaker
    with pytest.raises(VoiceError, match="cannot speak 'Hello'"):
        PiperVoice(str(wrong)).speak("Hello", "en")


def test_it_speaks_beside_espeak(tmp_path: Path) -> None:
    """Both hold a copy of espeak-ng."""
    pytest.importorskip("espeakng_loader")
    other = EspeakVoice()
    before = other.speak("Good morning", "en").length
    voice = PiperVoice(str(write_voice(tmp_path)))
    assert voice.speak("Good morning", "en").length
    assert other.speak("Good morning", "en").length == pytest.approx(before, rel=0.1)
    assert other.speak("Guten Morgen", "de").length


def test_from_subtitles_to_lines(tmp_path: Path) -> None:
    cues = tmp_path / "cues.srt"
    cues.write_text(
        "1\n00:00:01,000 --> 00:00:03,000\nHello there.\n\n2\n00:00:04,000 --> 00:00:06,000\nHow are you?\n", "utf-8"
    )
    report = dubkit.fit(cues, duration=8, tts=f"piper:{write_voice(tmp_path)}", language="en")
    assert [line.reason for line in report.lines] == ["", ""]
    assert all(line.sound is not None and line.sound.duration > 0 for line in report.lines)


def test_the_stand_in_is_called_as_the_package_is() -> None:
    """The other tests hold the adapter to a stand-in: what it takes, the package must take too."""
    for name in ("load", "synthesize"):
        theirs = inspect.signature(getattr(piper.PiperVoice, name)).parameters
        ours = inspect.signature(getattr(stand_ins.PiperVoice, name)).parameters
        assert list(theirs)[: len(ours)] == list(ours)
        added = list(theirs.values())[len(ours) :]
        assert all(parameter.default is not inspect.Parameter.empty for parameter in added)
    fields = inspect.signature(piper.SynthesisConfig).parameters
    assert set(inspect.signature(stand_ins.SynthesisConfig).parameters) <= set(fields)
    assert {"audio_float_array", "sample_rate"} <= set(inspect.signature(piper.AudioChunk).parameters)
