"""Lines to a mix in one step, as a soundtrack does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from dubkit.dialogue import MixSettings, mixed_stems, stem_blocks
from dubkit.errors import DubkitError
from dubkit.schema import Line, SoundClip, Waveform
from dubkit.timing import TimeRange, sample_count

_DEFAULTS = MixSettings()


def mix_blocks(
    lines: Sequence[Line],
    duration: Fraction,
    *,
    read_voice: Callable[[SoundClip], Waveform],
    bed: Iterator[Waveform] | None,
    channels: int,
    settings: MixSettings = _DEFAULTS,
    block: int = 48_000,
    ducked: Sequence[TimeRange] | None = None,
    on_error: Callable[[Line, DubkitError], None] | None = None,
) -> Iterator[Waveform]:
    """The mix, in blocks; never shorter than the limiter looks ahead."""
    stems = stem_blocks(
        lines,
        duration,
        read_voice=read_voice,
        bed=bed,
        channels=channels,
        settings=settings,
        block=max(block, 2 * sample_count(Fraction(settings.look_ahead), settings.sample_rate)),
        ducked=ducked,
        on_error=on_error,
    )
    return mixed_stems(stems, settings)
