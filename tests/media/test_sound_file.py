from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from dubkit.errors import OutputError
from dubkit.media import aside, probe, read_sound, written_sound
from dubkit.schema import Waveform

RATE = 48_000
SOUND = np.random.default_rng(0).uniform(-0.9, 0.9, (6, RATE)).astype(np.float32)


def write(path: Path, samples: np.ndarray[tuple[int, int], np.dtype[np.float32]], **options: str) -> Path:
    length = samples.shape[1]
    with written_sound(path, channels=len(samples), sample_rate=RATE, length=length, **options) as take:
        for start in range(0, length, 10_000):
            take(Waveform(samples[:, start : start + 10_000], RATE))
    return path


@pytest.mark.parametrize("ending", [".wav", ".flac"])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_24_bits_come_back_to_the_last(tmp_path: Path, ending: str, channels: int) -> None:
    exact = (np.rint(SOUND[:channels] * 2**23) / 2**23).astype(np.float32)
    path = write(tmp_path / f"a{ending}", exact, title="film.es.mix")
    assert soundfile.info(path).subtype == "PCM_24"
    np.testing.assert_array_equal(read_sound(path, sample_rate=RATE).samples, exact)
    if channels == 6:
        assert probe(path).audio[0].layout in {"5.1", "5.1(side)"}


def test_samples_are_rounded_and_clipped(tmp_path: Path) -> None:
    sound = np.array([[0.3 / 2**23, 0.7 / 2**23, -0.7 / 2**23, 2.0, -2.0]], np.float32)
    stored = soundfile.read(write(tmp_path / "a.wav", sound), dtype="int32")[0] >> 8
    assert stored.tolist() == [0, 1, -1, 2**23 - 1, -(2**23)]


def test_a_long_one_becomes_rf64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "RIFF_LIMIT", 100_000)
    path = write(tmp_path / "a.wav", SOUND)
    assert path.read_bytes()[:4] == b"RF64"
    np.testing.assert_allclose(read_sound(path, sample_rate=RATE).samples, SOUND, atol=1e-6)
    assert probe(path).audio[0].layout == "5.1"


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    def break_off() -> None:
        with written_sound(tmp_path / "a.wav", channels=1, sample_rate=RATE, length=9) as take:
            take(Waveform(SOUND[:1], RATE))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert not list(tmp_path.iterdir())
    with pytest.raises(OutputError, match="does not exist"):
        write(tmp_path / "gone" / "a.wav", SOUND)
