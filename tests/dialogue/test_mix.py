from __future__ import annotations

import dataclasses
import tracemalloc
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubkit.dialogue import MixSettings
from dubkit.errors import Cancelled, DubkitError, MediaError, RecordError, VoiceError
from dubkit.schema import Cue, Line, SoundClip, Waveform
from dubkit.timing import TimeRange, sample_count
from tests.dialogue.mixing import mix_blocks

Floats = npt.NDArray[np.float32]
RATE = 8000
SETTINGS = MixSettings(sample_rate=RATE)


def line(index: int, start: Fraction | float, length: Fraction | float, name: str = "", at: Fraction | int = 0) -> Line:
    start, length = Fraction(start), Fraction(length)
    span = TimeRange(Fraction(at), Fraction(at) + length)
    return Line(Cue(index, TimeRange(start, start + length), "x"), SoundClip(Path(name or f"{index}.wav"), span), start)


def voice_of(samples: Floats) -> Callable[[SoundClip], Waveform]:
    return lambda _clip: Waveform(np.atleast_2d(samples).astype(np.float32), RATE)


def constant(level: float, channels: int = 1) -> Callable[[SoundClip], Waveform]:
    def read(clip: SoundClip) -> Waveform:
        return Waveform(np.full((channels, sample_count(clip.span.duration, RATE)), level, np.float32), RATE)

    return read


def noise(total: int, channels: int, level: float = 0.5) -> Floats:
    return np.random.default_rng(7).uniform(-level, level, (channels, total)).astype(np.float32)


def in_blocks(samples: Floats, size: int = 1000) -> Iterator[Waveform]:
    return (Waveform(samples[:, at : at + size], RATE) for at in range(0, samples.shape[1], size))


def joined(blocks: Iterator[Waveform]) -> Floats:
    return np.concatenate([block.samples for block in blocks], axis=1)


def mixed(
    lines: list[Line],
    duration: Fraction | int,
    read: Callable[[SoundClip], Waveform],
    bed: Floats | None = None,
    channels: int = 2,
    how: MixSettings = SETTINGS,
    block: int = 1000,
) -> Floats:
    blocks = None if bed is None else in_blocks(bed, 777)
    return joined(
        mix_blocks(lines, Fraction(duration), read_voice=read, bed=blocks, channels=channels, settings=how, block=block)
    )


durations = st.fractions(Fraction(1, 50), 4, max_denominator=1001)


@settings(deadline=None)
@given(
    durations,
    st.lists(st.tuples(st.fractions(0, 4, max_denominator=997), st.fractions(Fraction(1, 100), 2)), max_size=5),
    st.integers(1, 6),
    st.integers(1, 9000),
    st.booleans(),
)
def test_length_level_and_bed_hold_for_any_lines(
    duration: Fraction, items: list[tuple[Fraction, Fraction]], channels: int, block: int, with_bed: bool
) -> None:
    lines = [
        line(i, start, length) for i, (start, length) in enumerate(items, 1) if start < duration - Fraction(1, RATE)
    ]
    total = sample_count(duration, RATE)
    bed = noise(total, channels, 1.0) if with_bed else None
    result = mixed(lines, duration, constant(0.9), bed, channels, block=block)
    assert result.shape == (channels, total)
    limit = 10 ** (-1 / 20) if bed is None else 1.0
    assert np.abs(result).max(initial=0) <= limit * (1 + 1e-5)
    margin = round((SETTINGS.attack + SETTINGS.release) * RATE) + 100
    far = np.ones(total, bool)
    for item in lines:
        far[max(0, sample_count(item.start, RATE) - margin) : sample_count(item.sound.stop, RATE) + margin] = False
    expected = np.zeros((channels, total), np.float32) if bed is None else bed
    np.testing.assert_array_equal(result[:, far], expected[:, far])


@settings(deadline=None)
@given(st.fractions(0, 3, max_denominator=48000), st.integers(100, 2000), st.integers(1, 3000))
def test_an_impulse_lands_on_its_sample(start: Fraction, offset: int, block: int) -> None:
    voice = np.zeros(2400, np.float32)
    voice[offset] = 0.5
    result = mixed([line(1, start, Fraction(2400, RATE))], 4, voice_of(voice), block=block)
    expected = sample_count(start, RATE) + offset
    assert np.flatnonzero(result[0]).tolist() == [expected]
    assert np.flatnonzero(result[1]).tolist() == [expected]
    assert result[0, expected] == np.float32(0.5)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 5000))
def test_the_result_does_not_depend_on_the_blocks(block: int) -> None:
    bed = noise(4 * RATE, 2, 0.9)
    lines = [line(1, 0.5, 0.7), line(2, 1.1, 0.2), line(3, 3.5, 0.5)]
    whole = mixed(lines, 4, constant(0.8), bed, block=10**6)
    np.testing.assert_allclose(mixed(lines, 4, constant(0.8), bed, block=block), whole, atol=1e-6)


def test_channels() -> None:
    lines = [line(1, 1, 1)]
    middle = slice(RATE + 100, 2 * RATE - 100)

    def levels(channels: int, voice_channels: int) -> list[float]:
        result = mixed(lines, 3, constant(0.25, voice_channels), channels=channels)
        return [float(level) for level in result[:, middle].mean(axis=1)]

    assert levels(1, 1) == [0.25]
    assert levels(1, 2) == [0.25]
    assert levels(2, 1) == [0.25, 0.25]
    assert levels(2, 2) == [0.25, 0.25]
    assert levels(6, 1) == [0, 0, 0.25, 0, 0, 0]
    assert levels(6, 2) == [0, 0, 0.25, 0, 0, 0]
    assert levels(6, 6) == [0.25] * 6
    assert levels(8, 1) == [0, 0, 0.25, 0, 0, 0, 0, 0]
    assert levels(3, 1) == [0.25, 0.25, 0]

    stereo = np.stack([np.full(RATE, 0.1), np.full(RATE, -0.2)]).astype(np.float32)
    result = mixed(lines, 3, voice_of(stereo))
    np.testing.assert_array_equal(result[:, middle], stereo[:, 100:-100])


def test_the_bed_goes_down_smoothly_and_stays_down_between_near_lines() -> None:
    bed = np.full((1, 10 * RATE), 0.5, np.float32)
    lines = [line(1, 2, 1), line(2, 3.4, 1), line(3, 7, 1)]
    gain = mixed(lines, 10, constant(0.0), bed, channels=1)[0] / 0.5
    down = 10 ** (-24 / 20)
    np.testing.assert_allclose(gain[2 * RATE : int(4.4 * RATE)], down, rtol=1e-5)
    np.testing.assert_array_equal(gain[: int(1.85 * RATE) - 1], 1.0)
    np.testing.assert_array_equal(gain[int(4.75 * RATE) + 1 : int(6.85 * RATE) - 1], 1.0)
    np.testing.assert_allclose(gain[7 * RATE : 8 * RATE], down, rtol=1e-5)
    assert np.abs(np.diff(gain)).max() < 2 / (0.15 * RATE)  # no step anywhere
    assert np.all(np.diff(gain[: 2 * RATE]) <= 0)


def test_the_bed_is_down_while_the_old_voice_may_still_be_heard() -> None:
    """The cue lasts longer than the new voice: the bed stays down to the cue's end."""
    short = Line(
        Cue(1, TimeRange(Fraction(1), Fraction(3)), "x"),
        SoundClip(Path("a"), TimeRange(Fraction(0), Fraction(1))),
        Fraction(1),
    )
    bed = np.full((1, 5 * RATE), 0.5, np.float32)
    gain = mixed([short], 5, constant(0.0), bed, channels=1)[0] / 0.5
    np.testing.assert_allclose(gain[RATE : 3 * RATE], 10 ** (-24 / 20), rtol=1e-5)


def test_the_caller_may_say_where_the_bed_goes_down() -> None:
    """A full-length voice sounds throughout, but only its cues push the bed down."""
    bed = np.full((1, 5 * RATE), 0.5, np.float32)
    whole = [line(1, 0, 2.5, "dub.wav"), line(2, 2.5, 2.5, "dub.wav", Fraction(5, 2))]
    spans = [TimeRange(Fraction(3), Fraction(4)), TimeRange(Fraction(1), Fraction(2))]
    blocks = mix_blocks(
        whole,
        Fraction(5),
        read_voice=constant(0.0),
        bed=in_blocks(bed),
        channels=1,
        settings=SETTINGS,
        ducked=spans,
    )
    gain = joined(blocks)[0] / 0.5
    for second in (1, 3):
        np.testing.assert_allclose(gain[second * RATE : (second + 1) * RATE], 10 ** (-24 / 20), rtol=1e-5)
    for start, stop in ((0, 0.84), (2.36, 2.84), (4.36, 5)):
        np.testing.assert_array_equal(gain[int(start * RATE) : int(stop * RATE)], 1.0)


def test_of_two_lines_at_once_one_that_fails_does_not_lift_the_bed() -> None:
    bed = np.full((1, 3 * RATE), 0.5, np.float32)
    told: list[int] = []
    blocks = mix_blocks(
        [line(1, 1, 1), line(2, 1, 1)],
        Fraction(3),
        read_voice=broken,
        bed=in_blocks(bed),
        channels=1,
        settings=SETTINGS,
        on_error=lambda item, _error: told.append(item.cue.index),
    )
    middle = joined(blocks)[0, RATE + 100 : 2 * RATE - 100]
    assert told == [2]
    np.testing.assert_allclose(middle, 0.2 + 0.5 * 10 ** (-24 / 20), rtol=1e-5)


def test_a_music_and_effects_stem_is_not_ducked() -> None:
    bed = noise(3 * RATE, 2, 0.3)
    how = MixSettings(sample_rate=RATE, duck_db=0)
    result = mixed([line(1, 1, 1)], 3, constant(0.1), bed, how=how)
    np.testing.assert_array_equal(result[:, :RATE], bed[:, :RATE])
    np.testing.assert_allclose(
        result[:, RATE + 50 : 2 * RATE - 50], bed[:, RATE + 50 : 2 * RATE - 50] + np.float32(0.1)
    )


def test_a_bed_hotter_than_the_limit_is_not_ours_to_change() -> None:
    bed = noise(3 * RATE, 2, 1.4)
    result = mixed([line(1, 1, 1)], 3, constant(0.0), bed, how=MixSettings(sample_rate=RATE, duck_db=0))
    np.testing.assert_array_equal(result, bed)


def test_edges_are_faded_but_not_where_a_voice_goes_on() -> None:
    lines = [line(1, 1, 1, "dub.wav", 1), line(2, 2, 1, "dub.wav", 2)]
    result = mixed(lines, 4, constant(0.5), channels=1)[0]
    np.testing.assert_array_equal(result[RATE + 40 : 3 * RATE - 40], 0.5)
    assert 0 < result[RATE] < 0.01
    assert 0 < result[3 * RATE - 1] < 0.01
    apart = mixed([lines[0], line(2, 2, 1, "other.wav", 2)], 4, constant(0.5), channels=1)[0]
    assert apart[2 * RATE] < 0.01


def test_a_voice_is_cut_at_the_end_of_the_picture_and_of_its_clip() -> None:
    result = mixed([line(1, 2, 5)], 3, constant(0.5), channels=1)
    assert result.shape == (1, 3 * RATE)
    longer = voice_of(np.full(3 * RATE, 0.5, np.float32))
    result = mixed([line(1, 1, 0.5)], 3, longer, channels=1)
    assert not result[0, int(1.5 * RATE) :].any()


def test_each_voice_is_read_once_and_only_when_near() -> None:
    read: list[str] = []
    at_block: dict[str, int] = {}
    blocks = 0

    def reader(clip: SoundClip) -> Waveform:
        read.append(clip.path.name)
        at_block[clip.path.name] = blocks
        return constant(0.1)(clip)

    lines = [line(2, 30, 3), line(1, 10, 3), line(3, 59, 1)]
    for _ in mix_blocks(lines, Fraction(60), read_voice=reader, bed=None, channels=1, settings=SETTINGS, block=RATE):
        blocks += 1
    assert read == ["1.wav", "2.wav", "3.wav"]
    assert blocks == 60
    assert all(abs(at_block[f"{i}.wav"] - second) <= 2 for i, second in ((1, 10), (2, 30), (3, 59)))


def broken(clip: SoundClip) -> Waveform:
    if clip.path.name == "2.wav":
        raise VoiceError("cannot be read", path=clip.path, remedy="record it again")
    return constant(0.2)(clip)


def test_a_voice_that_cannot_be_read_costs_its_line_only() -> None:
    lines = [line(1, 1, 1), line(2, 4, 1), line(3, 7, 1)]
    bed = noise(10 * RATE, 2)
    told: list[tuple[int, str]] = []

    def on_error(item: Line, error: DubkitError) -> None:
        told.append((item.cue.index, str(error)))

    result = joined(
        mix_blocks(
            lines, Fraction(10), read_voice=broken, bed=in_blocks(bed), channels=2, settings=SETTINGS, on_error=on_error
        )
    )
    assert told == [(2, "2.wav: cannot be read; record it again")]
    np.testing.assert_array_equal(result, mixed([lines[0], lines[2]], 10, constant(0.2), bed, block=48_000))
    np.testing.assert_array_equal(result[:, 3 * RATE : 6 * RATE], bed[:, 3 * RATE : 6 * RATE])
    with pytest.raises(VoiceError, match="cannot be read"):
        mixed(lines, 10, broken)


@pytest.mark.parametrize(
    ("read", "problem"),
    [
        (lambda clip: Waveform(np.zeros((1, 4000), np.float32), 16000), "comes at 16000 Hz"),
        (lambda clip: Waveform(np.zeros((1, 0), np.float32), RATE), "no sound within the picture"),
    ],
)
def test_a_voice_of_the_wrong_kind_is_an_error_of_its_line(read: Callable[[SoundClip], Waveform], problem: str) -> None:
    with pytest.raises(VoiceError, match=problem):
        mixed([line(1, 1, 1)], 3, read)


def test_cancelling_is_not_swallowed() -> None:
    def stop(_clip: SoundClip) -> Waveform:
        raise Cancelled

    with pytest.raises(Cancelled):
        list(
            mix_blocks(
                [line(1, 0, 1)], Fraction(2), read_voice=stop, bed=None, channels=1, settings=SETTINGS,
                on_error=lambda _line, _error: None,
            )
        )  # fmt: skip


def test_a_bed_that_is_not_as_promised() -> None:
    for seconds, problem in ((2.9, "ends 0.100 s or more before"), (3.1, "longer than the picture")):
        with pytest.raises(MediaError, match=problem):
            mixed([], 3, constant(0), noise(int(seconds * RATE), 2))
    with pytest.raises(MediaError, match="comes as 1 channels at 8000 Hz, not 2"):
        mixed([], 3, constant(0), noise(3 * RATE, 1))


def test_a_bed_in_blocks_of_the_same_size_is_handed_on_untouched() -> None:
    bed = [Waveform(noise(1000, 2), RATE) for _ in range(8)]
    out = list(
        mix_blocks([], Fraction(1), read_voice=constant(0), bed=iter(bed), channels=2, settings=SETTINGS, block=1000)
    )
    assert all(np.shares_memory(a.samples, b.samples) for a, b in zip(out, bed, strict=True))


def test_nonsense_is_refused_at_once() -> None:
    with pytest.raises(RecordError, match="0 channels"):
        mix_blocks([], Fraction(1), read_voice=constant(0), bed=None, channels=0)
    for name, value in (("duck_db", 3.0), ("peak_db", 1.0), ("attack", -1.0), ("look_ahead", 0.0), ("sample_rate", 0)):
        with pytest.raises(RecordError):
            dataclasses.replace(SETTINGS, **{name: value})  # type: ignore[arg-type]


def test_no_duration_no_sound() -> None:
    assert list(mix_blocks([], Fraction(0), read_voice=constant(0), bed=None, channels=2)) == []


def test_memory_does_not_grow_with_the_film() -> None:
    def peak(minutes: int) -> int:
        bed = (Waveform(np.zeros((2, RATE), np.float32), RATE) for _ in range(60 * minutes))
        lines = [line(i, 6 * i, 3) for i in range(1, 10 * minutes)]
        tracemalloc.start()
        for _ in mix_blocks(
            lines, Fraction(60 * minutes), read_voice=constant(0.9), bed=bed, channels=2, settings=SETTINGS, block=RATE
        ):
            pass
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(1)
    assert peak(8) < peak(2) * 1.5
