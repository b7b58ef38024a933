"""The whole program, ready for odd files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from dubkit import readiness
from tests.zoo.keeping import Darker, InTheMiddle

_VOICE_RATE = 16_000


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The whole program with a face wherever one fits in, and a folder with a voice."""
    monkeypatch.setattr(readiness, "choose_detector", lambda *_, **__: (InTheMiddle(), "made up"))
    monkeypatch.setattr(readiness, "load_model", lambda *_, **__: Darker())
    hiss = np.random.default_rng(1).uniform(-0.2, 0.2, round(0.24 * _VOICE_RATE))
    soundfile.write(tmp_path / "voice.wav", hiss.astype(np.float32), _VOICE_RATE)
    return tmp_path
