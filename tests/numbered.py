"""Films whose frames carry their numbers, so that it can be told which came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from dubkit.schema import Frame

SIZE = (256, 64)
_BITS = 16
_LOW, _HIGH = 50, 200
_RATE = 48_000


def write_numbered(
    path: Path,
    frames: int,
    rate: Fraction | int = 25,
    *,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    options: Mapping[str, str] | None = None,
    times: Sequence[int] | None = None,
    sound: bool = True,
    tags: tuple[int, int, int] = (1, 1, 1),
) -> Path:
    """A film of ``frames`` frames that tell their numbers from 0, and a sound that tells its second.

    Args:
        path: The file.
        frames: How many.
        rate: Frames a second.
        codec: Encoder.
        pixel_format: Of the encoder.
        options: Of the encoder.
        times: Timestamps in units of 1/(1000 * rate), where frames are not shown equally long.
        sound: Whether there is any: in second ``n`` (from 0) it stays at the level ``(n + 1) / 100``.
        tags: Primaries, transfer and matrix.
    """
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(rate), options=dict(options or {}))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = *SIZE, pixel_format
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace = tags
        context.color_range = 1
        unit = 1 / Fraction(rate) if times is None else 1 / (1000 * Fraction(rate))
        context.time_base = stream.time_base = unit
        if sound:
            track = container.add_stream("pcm_s16le" if path.suffix != ".mp4" else "flac", rate=_RATE, layout="mono")
            assert isinstance(track, AudioStream)
        for number in range(frames):
            picture = av.VideoFrame.from_ndarray(_drawn(number), "gray").reformat(format=pixel_format)
            picture.pts, picture.time_base = (number if times is None else times[number]), unit
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
        if sound:
            seconds = -(-frames * 1000 // int(1000 * Fraction(rate))) + 1
            for second in range(seconds):
                level = np.full((1, _RATE), round(32768 * (second + 1) / 100), np.int16)
                block = av.AudioFrame.from_ndarray(level, "s16", "mono")
                block.sample_rate, block.pts, block.time_base = _RATE, second * _RATE, Fraction(1, _RATE)
                container.mux(track.encode(block))
            container.mux(track.encode(None))
    return path


def _drawn(number: int) -> npt.NDArray[np.uint8]:
    bits = [_HIGH if number >> bit & 1 else _LOW for bit in range(_BITS)]
    return np.tile(np.repeat(np.array(bits, np.uint8), SIZE[0] // _BITS), (SIZE[1], 1))


def number_of(frame: Frame) -> int:
    """The number that a frame carries."""
    luma = frame.planes[0][16:48].astype(np.float64).mean(axis=0) / (1 << (frame.pixel_format.bits - 8))
    columns = luma.reshape(_BITS, -1)[:, 4:-4].mean(axis=1)
    return sum(1 << bit for bit, level in enumerate(columns) if level > (_LOW + _HIGH) / 2)
