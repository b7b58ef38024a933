"""Small media made by code, each with one thing that goes wrong elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from dubkit.media.pixels import describe_format, plane_format, video_frame
from dubkit.schema import ColourFamily, ColourTags, Frame

MUXERS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska", ".avi": "avi", ".ts": "mpegts", ".webm": "webm"}
MUXERS |= {".mxf": "mxf", ".gif": "gif", ".flv": "flv", ".wmv": "asf", ".ogv": "ogg", ".mpg": "mpeg", ".3gp": "3gp"}
MUXERS |= {".h264": "h264", ".y4m": "yuv4mpegpipe", ".dv": "dv", ".m4v": "mp4", ".apng": "apng"}


def planes_of(name: str, width: int, height: int, seed: int) -> tuple[npt.NDArray[Any], ...]:
    """Planes of a moving ramp with a little noise, using every significant bit."""
    layout = plane_format(name)
    generator = np.random.default_rng(seed)
    count = {ColourFamily.GRAY: 1, ColourFamily.YUV: 3, ColourFamily.RGB: 3}[layout.family] + layout.alpha
    top = (1 << layout.bits) - 1
    planes = []
    for index in range(1 if name == "rgb24" else count):
        rows, columns = height, width
        if layout.family is ColourFamily.YUV and index in (1, 2):
            rows, columns = -(-height >> layout.log2_height), -(-width >> layout.log2_width)
        ramp = np.add.outer(np.arange(rows), np.arange(columns)) * top // (rows + columns) // 2
        noise = generator.integers(0, max(2, top // 16), (rows, columns))
        plane = (ramp + noise + seed * top // 64) % (top + 1)
        if name == "rgb24":
            plane = np.stack([plane, np.roll(plane, 3, 1), np.flipud(plane)], axis=2)
        planes.append(plane.astype(np.uint8 if layout.bits <= 8 else "<u2"))
    return tuple(planes)


def frame_of(name: str, width: int, height: int, index: int, pts: int, colour: ColourTags | None = None) -> Frame:
    """One frame of the zoo."""
    return Frame(index, pts, planes_of(name, width, height, index), describe_format(name), colour or ColourTags())


def tone(seconds: float, rate: int, channels: int = 1, hertz: float = 440.0) -> npt.NDArray[np.float32]:
    """A sine of half full scale with a click every quarter second, so that a shift shows."""
    at = np.arange(round(seconds * rate))
    wave = 0.3 * np.sin(2 * np.pi * hertz * at / rate)
    wave[:: max(1, rate // 4)] += 0.5
    return np.stack([wave * (1 - 0.1 * n) for n in range(channels)]).astype(np.float32)


def make(
    path: Path,
    *,
    pts: Sequence[int] | None = None,
    frames: int = 30,
    time_base: Fraction = Fraction(1, 12_800),
    rate: Fraction = Fraction(25),
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    name: str = "yuv420p",
    size: tuple[int, int] = (64, 48),
    colour: ColourTags | None = None,
    rotation: int = 0,
    timecode: str = "",
    sound: npt.NDArray[np.float32] | None = None,
    sound_rate: int = 48_000,
    sound_codec: str = "aac",
    sound_start: Fraction = Fraction(0),
    layout: str = "mono",
    language: str = "",
    aspect: Fraction | None = None,
    picture: Callable[[str, int, int, int, int, ColourTags | None], Frame] = frame_of,
) -> Path:
    """Write a film with plain PyAV, without the code under test."""
    step = round(1 / (rate * time_base))
    stamps = [n * step for n in range(frames)] if pts is None else list(pts)
    tags = colour or ColourTags()
    with av.open(str(path), "w", format=MUXERS[path.suffix]) as container:
        if timecode:
            container.metadata["timecode"] = timecode
        stream = container.add_stream(codec, rate, options=options or {})
        assert isinstance(stream, av.VideoStream)
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = *size, name
        context.time_base = stream.time_base = time_base
        context.color_primaries, context.color_trc, context.colorspace = tags.primaries, tags.transfer, tags.matrix
        context.color_range = {None: 0, False: 1, True: 2}[tags.full_range]
        if aspect is not None:
            context.sample_aspect_ratio = aspect
        if rotation:
            stream.set_display_rotation(-rotation)
        track: av.AudioStream | None = None
        if sound is not None:
            added = container.add_stream(sound_codec, sound_rate, layout=layout)
            assert isinstance(added, av.AudioStream)
            track = added
            if language:
                track.metadata["language"] = language
        container.start_encoding()
        for index, stamp in enumerate(stamps):
            drawn = video_frame(picture(name, *size, index, stamp, tags))
            drawn.pts, drawn.time_base = stamp, time_base
            container.mux(stream.encode(drawn))
        container.mux(stream.encode(None))
        if track is not None and sound is not None:
            for frame in sound_frames(sound, sound_rate, layout, sound_start):
                container.mux(track.encode(frame))
            container.mux(track.encode(None))
    return path


def sound_frames(
    sound: npt.NDArray[np.float32], rate: int, layout: str, start: Fraction = Fraction(0)
) -> Iterable[av.AudioFrame]:
    """``sound`` in frames of 1024 samples."""
    for begin in range(0, sound.shape[1], 1024):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound[:, begin : begin + 1024]), "fltp", layout)
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = round(start * rate) + begin
        yield frame


def make_sound(
    path: Path, sound: npt.NDArray[np.float32], rate: int, codec: str, muxer: str, layout: str = "mono"
) -> Path:
    """Write a file with sound only."""
    with av.open(str(path), "w", format=muxer) as container:
        track = container.add_stream(codec, rate, layout=layout)
        assert isinstance(track, av.AudioStream)
        for frame in sound_frames(sound, rate, layout):
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return path


def still(path: Path, codec: str, name: str, size: tuple[int, int] = (64, 48)) -> Path:
    """One picture in a file of its own."""
    context = av.codec.CodecContext.create(codec, "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt, context.time_base = *size, name, Fraction(1, 25)
    if codec == "mjpeg":
        context.color_range = 2
    picture = video_frame(frame_of(name, *size, 0, 0, ColourTags(full_range=True)))
    picture.pts = 0
    path.write_bytes(b"".join(bytes(packet) for packet in [*context.encode(picture), *context.encode(None)]))
    return path
