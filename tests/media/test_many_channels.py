"""Sound of eight channels and more, and tracks that nobody can decode."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream

from dubkit.media import MasterWriter, SoundTrack, probe, read_frames, read_sound, sound_duration
from dubkit.media.sample_frames import frame_of, sample_format, stored_samples
from dubkit.schema import Waveform
from tests.media.masters import FAST, video_of
from tests.media.zoo import make, tone

RATE = 48_000


def levels(channels: int) -> list[float]:
    return [0.05 * (number + 1) for number in range(channels)]


def loud(channels: int, seconds: float = 1.0) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """A tone, louder from channel to channel."""
    at = np.arange(round(seconds * RATE))
    return (np.array(levels(channels))[:, None] * np.sin(2 * np.pi * 300 * at / RATE)).astype(np.float32)


def encoded(path: Path, codec: str, channels: int) -> Path:
    with av.open(str(path), "w") as container:
        frame = frame_of(loud(channels), RATE)
        stream = container.add_stream(codec, rate=RATE, layout=frame.layout.name)
        assert isinstance(stream, AudioStream)
        frame.pts, frame.time_base = 0, Fraction(1, RATE)
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return path


@pytest.mark.parametrize("channels", range(1, 9))
def test_a_frame_gives_what_it_was_given(channels: int) -> None:
    samples = loud(channels, 0.1)
    frame = frame_of(samples, RATE)
    assert frame.format.name == sample_format(channels)
    assert frame.layout.nb_channels == channels
    np.testing.assert_array_equal(stored_samples(frame), samples)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.m4a", "aac"), ("b.mkv", "libopus"), ("c.mov", "pcm_s16le"), ("d.mkv", "flac")]
)
@pytest.mark.parametrize("rate", [RATE, 16_000])
def test_eight_channels_are_read(tmp_path: Path, name: str, codec: str, rate: int) -> None:
    path = encoded(tmp_path / name, codec, 8)
    assert probe(path).audio[0].channels == 8
    assert float(sound_duration(path)) == pytest.approx(1.0, abs=0.05)
    sound = read_sound(path, sample_rate=rate)
    assert sound.channels == 8
    middle = sound.samples[:, rate // 4 : 3 * rate // 4]
    found = np.sqrt(2 * (middle**2).mean(axis=1))
    # A codec gives the subwoofer less than what is heard here.
    np.testing.assert_allclose(np.delete(found, 3), np.delete(levels(8), 3), rtol=0.15)
    mean = read_sound(path, sample_rate=rate, channels=1)
    np.testing.assert_allclose(mean.samples[0], sound.samples.mean(axis=0), atol=1e-5)


@pytest.mark.parametrize("codec", ["flac", "aac"])
def test_eight_channels_are_written(tmp_path: Path, codec: str) -> None:
    source = make(tmp_path / "a.mkv", frames=10)
    video = video_of(source)
    path = tmp_path / "out.mkv"
    track = SoundTrack(channels=8, codec=codec)
    with MasterWriter(path, video, sounds=[track], source=source, settings=FAST) as writer:
        for frame in read_frames(source):
            writer.write_frame(frame)
        writer.write_sound(0, Waveform(loud(8, 0.4), RATE))
    assert probe(path).audio[0].channels == 8
    found = read_sound(path, sample_rate=RATE).samples[:, RATE // 10 : RATE // 4]
    assert (np.diff(np.delete(found.std(axis=1), 3)) > 0.01).all(), "each channel is louder than the one before"


def test_a_track_that_nobody_can_decode_is_passed_over(tmp_path: Path) -> None:
    waves = [tone(1, RATE), 0.1 * tone(1, RATE)]
    path = tmp_path / "two.mp4"
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("aac", rate=RATE, layout="mono") for _ in waves]
        for stream, wave in zip(streams, waves, strict=True):
            frame = frame_of(wave, RATE)
            frame.pts, frame.time_base = 0, Fraction(1, RATE)
            container.mux([*stream.encode(frame), *stream.encode(None)])
    stored = path.read_bytes()
    for mark in (b"mp4a", b"esds"):  # what says of the first track that it is AAC
        at = stored.index(mark, stored.index(b"stsd"))
        stored = stored[:at] + b"ac-4" + stored[at + 4 :]
    path.write_bytes(stored)
    (track,) = probe(path).audio
    assert (track.stream, track.codec) == (1, "aac")
    assert float(sound_duration(path)) == pytest.approx(1.0, abs=0.05)
    assert read_sound(path, sample_rate=RATE).samples.std() == pytest.approx(waves[1].std(), rel=0.1)
