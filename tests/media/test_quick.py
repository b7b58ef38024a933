from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from av.audio.stream import AudioStream

from dubkit.media import quick_sound, read_sound, sound_blocks, sound_duration, sound_end
from dubkit.timing import TimeRange
from tests.media.zoo import make, tone


def test_what_can_be_counted_into_is_left_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "voice.wav"
    soundfile.write(path, np.zeros(800), 8000)
    assert quick_sound(path, tmp_path / "work") == path


@pytest.mark.parametrize(("ending", "codec", "frame_size"), [(".mp3", "libmp3lame", 1152), (".ogg", "libopus", 960)])
def test_the_copy_is_the_sound(ending: str, codec: str, frame_size: int, tmp_path: Path) -> None:
    path = tmp_path / f"voice{ending}"
    samples = (0.3 * np.sin(np.arange(96_000) * 2 * np.pi * 330 / 48_000)).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=48_000, layout="mono")
        assert isinstance(stream, AudioStream)
        for first in range(0, samples.size, frame_size):
            part = np.ascontiguousarray(samples[None, first : first + frame_size])
            frame = av.AudioFrame.from_ndarray(part, "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = 48_000, first, Fraction(1, 48_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    (tmp_path / "work").mkdir()
    copy = quick_sound(path, tmp_path / "work")
    assert copy.parent == tmp_path / "work"
    assert sound_duration(copy) == sound_duration(path)
    span = TimeRange(Fraction(1), Fraction(3, 2))
    there, here = (read_sound(each, sample_rate=48_000, span=span).samples for each in (path, copy))
    np.testing.assert_allclose(here, there, atol=1e-4)


@pytest.mark.parametrize("late", [Fraction(2, 5), Fraction(0), Fraction(-2, 5)])
def test_the_copy_of_a_videos_sound_begins_with_its_picture(late: Fraction, tmp_path: Path) -> None:
    """Levels, length and copy count from one moment, wherever the sound begins."""
    rate = 48_000
    before = max(Fraction(0), -late)  # no container keeps a sound that begins before 0
    path = make(
        tmp_path / "voice.mkv",
        pts=[round((before + Fraction(n, 25)) * 12_800) for n in range(50)],
        sound=tone(1.5, rate),
        sound_codec="flac",
        sound_start=before + late,
    )
    (tmp_path / "work").mkdir()
    copy = quick_sound(path, tmp_path / "work")
    end = sound_end(path)
    assert float(end) == pytest.approx(1.5 + float(late), abs=0.002)
    assert float(sound_duration(copy)) == pytest.approx(float(end), abs=0.002)
    there = np.concatenate([block.samples for block in sound_blocks(path, sample_rate=rate, duration=end)], axis=1)
    here = read_sound(copy, sample_rate=rate).samples
    np.testing.assert_allclose(here, there[:, : here.shape[1]], atol=1e-4)
    assert not late > 0 or not here[:, : round(0.39 * rate)].any()
