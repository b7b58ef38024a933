from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dubkit.errors import OutputError
from dubkit.media import (
    read_sound,
    write_wav,
)
from dubkit.schema import Waveform
from tests.media.zoo import tone


@pytest.mark.parametrize(("bits", "error"), [(16, 2**-15), (24, 2**-23), ("float", 0)])
def test_wav(tmp_path: Path, bits: int | str, error: float) -> None:
    sound = Waveform(tone(1, 48_000, 2), 48_000)
    write_wav(tmp_path / "a.wav", sound, bits)
    back = read_sound(tmp_path / "a.wav", sample_rate=48_000)
    assert back.length == sound.length
    assert np.abs(back.samples - sound.samples).max() <= error
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_wav_clips_instead_of_wrapping(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", Waveform(np.full((1, 100), 1.5, np.float32), 8000), 16)
    assert read_sound(tmp_path / "a.wav", sample_rate=8000).samples.min() > 0.99
    with pytest.raises(OutputError, match="13 bits"):
        write_wav(tmp_path / "a.wav", Waveform(np.zeros((1, 1), np.float32), 8000), 13)
    with pytest.raises(OutputError, match="does not exist"):
        write_wav(tmp_path / "none" / "a.wav", Waveform(np.zeros((1, 1), np.float32), 8000))
