"""What a batch holds, and what is changed in it at random: a part of the settings of a training."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["AugmentSettings", "DataSettings"]


@dataclass(frozen=True)
class AugmentSettings:
    """What is changed at random, alike in all frames of a draw.

    Attributes:
        flip: Share of draws that are mirrored.
        light: Largest change of gain and offset of the picture, as a share of full scale.
        colour: The same for each colour channel alone.
        shift: Largest move of the crop, in pixels.
        zoom: Largest change of the crop's size, as a share.
        turn: Largest turn, in degrees.
        stretch: Largest change of a face's width against its height, as a share.
        tone: Largest change of the mid-tones: values 0..1 are raised to a power of at most 2 to this.
        grey: Share of draws that lose their colours.
        blur: Largest blur, as a Gaussian's standard deviation in pixels.
        loudness: Largest change of the sound's level, in dB.
        pitch: Largest move of the sound's spectrum, in mel bands.
        tilt: Largest tilt of the sound's spectrum, in dB from its lowest to its highest band.
        noise: Highest floor of noise that may cover the faint parts of the sound, as a share of the mel range.
    """

    flip: float = 0.5
    light: float = 0.0
    colour: float = 0.0
    shift: float = 0.0
    zoom: float = 0.0
    turn: float = 0.0
    stretch: float = 0.0
    tone: float = 0.0
    grey: float = 0.0
    blur: float = 0.0
    loudness: float = 0.0
    pitch: int = 0
    tilt: float = 0.0
    noise: float = 0.0


@dataclass(frozen=True)
class DataSettings:
    """What one batch holds.

    Attributes:
        clips: Clips in a batch (on each device, before accumulation).
        windows: Groups of five frames from each clip, of an expert's batch; each is the others' wrong sound.
        apart: Least frames between two such groups.
        balance: 0..1: 0 shows people as long as there is material of them, 1 shows all of them equally often.
        augment: What is changed at random.
    """

    clips: int = 32
    windows: int = 2
    apart: int = 1
    balance: float = 0.0
    augment: AugmentSettings = field(default_factory=AugmentSettings)
