"""A clip in which somebody speaks, and a voice in another language for it: what end-to-end benchmarks run on."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile

from dubkit.dialogue import open_voice
from samples.picture import Camera, film, portrait

__all__ = ["make_clip", "make_voice"]

_FPS = 25
_RATE = 16_000
_LINE = "A feature film is a hundred and fifty thousand frames, and every one of them has to be looked at. "


def make_clip(path: Path, seconds: float, size: tuple[int, int]) -> Path:
    """The sample's portrait, filmed by a hand, with faint noise for sound: H.264 and AAC, 25 frames a second."""
    camera = Camera((225, 125, 340), (235, 130, 280), shake=2.0)
    noise = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=_FPS, options={"crf": "18"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        audio = container.add_stream("aac", rate=_RATE, layout="mono")
        for index, picture in enumerate(film(portrait(), camera, round(seconds * _FPS), size)):
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p")))
            count = _RATE // _FPS
            block = av.AudioFrame.from_ndarray(
                0.01 * noise.standard_normal((1, count)).astype(np.float32), "fltp", "mono"
            )
            block.sample_rate, block.pts, block.time_base = _RATE, index * count, Fraction(1, _RATE)
            container.mux(audio.encode(block))
        container.mux([*video.encode(None), *audio.encode(None)])
    return path


def make_voice(path: Path, seconds: float) -> Path:
    """A voice that speaks without a pause, so that every frame gets new lips; 16 kHz WAV."""
    voice, parts, held = open_voice("espeak"), list[np.ndarray](), 0.0
    while held < seconds:
        sound = voice.speak(_LINE, "en")
        parts.append(np.asarray(sound.samples[0]))
        held += sound.length / sound.sample_rate
    spoken = np.concatenate(parts)
    place = np.arange(round(seconds * _RATE)) * sound.sample_rate / _RATE
    soundfile.write(path, np.interp(place, np.arange(len(spoken)), spoken).astype(np.float32), _RATE)
    return path
