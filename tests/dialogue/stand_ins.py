"""Engines made by code: a program that speaks tones, and a package in the place of Piper's."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

PROGRAM = """
import struct, sys, wave
text, output, language, speaker = sys.argv[1:5]
rate, count = 16000, 16000 + 800 * len(text)
step = 40 + len(speaker)
samples = b"".join(struct.pack("<h", 8000 if i % (2 * step) < step else -8000) for i in range(count))
with wave.open(output, "wb") as sound:
    sound.setnchannels(1)
    sound.setsampwidth(2)
    sound.setframerate(rate)
    sound.writeframes(samples)
"""


def write_program(folder: Path, text: str = PROGRAM) -> Path:
    """A program that speaks; by default a tone, a twentieth of a second per letter."""
    path = folder / "speak it.py"
    path.write_text(text, encoding="utf-8")
    return path


@dataclass
class Chunk:
    audio_float_array: np.ndarray[Any, np.dtype[np.float32]]
    sample_rate: int = 22_050


@dataclass
class SynthesisConfig:
    speaker_id: int | None = None
    length_scale: float | None = None


class PiperVoice:
    """The part of ``piper.PiperVoice`` (piper-tts 1.3 and later) that is used."""

    heard: list[tuple[str, int | None]]

    @staticmethod
    def load(model_path: str) -> PiperVoice:
        if Path(model_path).read_bytes() != b"weights":
            raise RuntimeError("InvalidProtobuf: no network\nmore of it")
        voice = PiperVoice()
        PiperVoice.heard = []
        return voice

    def synthesize(self, text: str, syn_config: SynthesisConfig | None = None) -> Iterator[Chunk]:
        assert syn_config is not None
        self.heard.append((text, syn_config.speaker_id))
        if "boom" in text:
            raise ValueError("a phoneme is missing")
        for sentence in filter(str.strip, text.split(".")):
            time = np.arange(2205 * len(sentence.strip()) // 2 + 11_025) / 22_050
            yield Chunk((0.3 * np.sin(2 * np.pi * 180 * time)).astype(np.float32))


def install_piper(monkeypatch: pytest.MonkeyPatch) -> type[PiperVoice]:
    """Put the stand-in where ``import piper`` finds it."""
    module = ModuleType("piper")
    module.PiperVoice = PiperVoice  # type: ignore[attr-defined]
    module.SynthesisConfig = SynthesisConfig  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "piper", module)
    return PiperVoice


def write_piper_voice(folder: Path, **config: Any) -> Path:
    """A voice's two files; ``config`` overrides its description."""
    model = folder / "en_US-test-medium.onnx"
    model.write_bytes(b"weights")
    described = {
        "audio": {"sample_rate": 22_050},
        "espeak": {"voice": "en-us"},
        "language": {"code": "en_US"},
        "num_speakers": 1,
        "speaker_id_map": {},
    } | config
    Path(f"{model}.json").write_text(json.dumps(described), encoding="utf-8")
    return model
