"""How voices and original sound are mixed."""

from __future__ import annotations

from dataclasses import dataclass

from dubkit.errors import RecordError

__all__ = ["MixSettings"]


@dataclass(frozen=True)
class MixSettings:
    """How voices and original sound are mixed.

    Attributes:
        sample_rate: Hz of bed, voices and mix.
        duck_db: dB that the bed gets under a line; 0 leaves it as it is, as a music-and-effects stem wants.
        attack: Seconds over which the bed goes down, ending where the line begins.
        release: Seconds over which it comes up again after the line. Between lines nearer to each other than attack
            and release together it stays down: no pumping.
        fade: Seconds over which a voice comes in and goes out, against clicks.
        voice_db: dB that the voices get.
        gain_db: dB that everything gets, the voices on top of ``voice_db``.
        peak_db: dB below full scale that voices never pass. The bed alone may: it is not ours to change.
        true_peak_db: dBTP that nothing passes, the bed neither, looked for between samples too; None for no such
            limit, as long as nobody asked for a loudness.
        look_ahead: Seconds over which the limiter bends its gain before and after a peak.
    """

    sample_rate: int = 48_000
    duck_db: float = -24.0
    attack: float = 0.15
    release: float = 0.35
    fade: float = 0.005
    voice_db: float = 0.0
    gain_db: float = 0.0
    peak_db: float = -1.0
    true_peak_db: float | None = None
    look_ahead: float = 0.005

    def __post_init__(self) -> None:
        """Refuse times below zero, and limits above full scale."""
        if self.sample_rate <= 0:
            raise RecordError(f"a sample rate of {self.sample_rate} Hz does not exist")
        if min(self.attack, self.release, self.fade) < 0 or self.look_ahead <= 0:
            raise RecordError("attack, release, fade and look-ahead of the mix cannot be negative")
        if self.duck_db > 0 or self.peak_db > 0 or (self.true_peak_db or 0) > 0:
            raise RecordError("ducking and peak limit of the mix are in dB, zero or below")
