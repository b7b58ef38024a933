"""Each clip gets what is heard during it of lines that were fitted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from dubkit.errors import SubtitleError, VoiceError
from dubkit.host_run_job import HostClip, HostJob, HostTimeline
from dubkit.host_run_lines import clip_lines, cues_of, heard_time, timeline_lines
from dubkit.lines import Lines
from dubkit.media import read_sound
from dubkit.schema import Cue, Line, SoundClip
from dubkit.timing import TimeRange

RATE = Fraction(25)
HOUR = HostTimeline("reel", RATE, start_frame=90_000)


def job_of(folder: Path, clips: Sequence[tuple[int, int]], **changes: Any) -> HostJob:
    made = tuple(
        HostClip(f"k{start}", f"clip {start}", start, end, folder / "film.mov", start / RATE + 7, end / RATE + 7)
        for start, end in clips
    )
    given: dict[str, Any] = {"subtitles": folder / "film.srt", "voice": folder / "voice.wav", **changes}
    return HostJob(1, "job", folder / "out", HOUR, made, "es", **given)


def write_cues(folder: Path, *cues: tuple[float, float], offset: float = 0) -> None:
    text = ""
    for number, (start, stop) in enumerate(cues, 1):
        text += f"{number}\n{clock(start + offset)} --> {clock(stop + offset)}\nline {number}\n\n"
    (folder / "film.srt").write_text(text)


def clock(time: float) -> str:
    milliseconds = round(time * 1000)
    seconds, milliseconds = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02},{milliseconds:03}"


@pytest.mark.parametrize("offset", [0, 3600])
def test_cues_count_from_the_first_frame_or_the_start_timecode(tmp_path: Path, offset: float) -> None:
    write_cues(tmp_path, (1, 2), (3, 4.5), offset=offset)
    cues, notes = cues_of(job_of(tmp_path, [(0, 250)]), job_of(tmp_path, [(0, 250)]).clips)
    assert [cue.span for cue in cues] == [TimeRange(Fraction(1), Fraction(2)), TimeRange(Fraction(3), Fraction(9, 2))]
    assert bool(notes) == bool(offset)


@pytest.mark.parametrize(
    ("rate", "start_frame", "drop"),
    [
        (Fraction(24000, 1001), 86_400, False),
        (Fraction(30000, 1001), 108_000, False),
        (Fraction(30000, 1001), 107_892, True),
        (Fraction(60000, 1001), 215_784, True),
        (Fraction(50), 180_000, False),
    ],
)
def test_an_hour_on_the_clock_is_an_hour_in_the_subtitles(
    tmp_path: Path, rate: Fraction, start_frame: int, drop: bool
) -> None:
    write_cues(tmp_path, (1, 2), offset=3600)
    job = replace(job_of(tmp_path, [(0, 250)]), timeline=HostTimeline("x", rate, start_frame, drop))
    (cue,), _ = cues_of(job, job.clips)
    assert abs(cue.span.start - 1) < Fraction(5, 1000)


def test_a_long_timeline_may_have_cues_after_an_hour(tmp_path: Path) -> None:
    write_cues(tmp_path, (3700, 3702))
    job = job_of(tmp_path, [(3700 * 25, 3710 * 25)])
    (cue,), notes = cues_of(job, job.clips)
    assert cue.span.start == 3700
    assert not notes


def test_a_shift_that_is_asked_for_is_believed(tmp_path: Path) -> None:
    write_cues(tmp_path, (3601, 3602))
    job = job_of(tmp_path, [(0, 250)], options={"shift": -3599.5})
    (cue,), _ = cues_of(job, job.clips)
    assert cue.span.start == Fraction(3, 2)


def test_cues_of_another_reel_are_refused(tmp_path: Path) -> None:
    write_cues(tmp_path, (100, 101))
    job = job_of(tmp_path, [(0, 250)])
    with pytest.raises(SubtitleError, match="no cue inside the selected clips: its cues lie between 100 and 101 s"):
        cues_of(job, job.clips)


def test_in_source_time_a_clip_is_heard_where_its_source_is(tmp_path: Path) -> None:
    job = job_of(tmp_path, [(50, 100)], cue_time="source")
    assert heard_time(job, job.clips[0]) == TimeRange(Fraction(9), Fraction(11))
    assert heard_time(replace(job, cue_time="timeline"), job.clips[0]) == TimeRange(Fraction(2), Fraction(4))


def line(number: int, start: Fraction, length: Fraction, into: Fraction = Fraction(0)) -> Line:
    cue = Cue(number, TimeRange(start, start + length), f"line {number}")
    return Line(cue, SoundClip(Path(f"{number}.wav"), TimeRange(into, into + length)), start)


times = st.fractions(0, 20, max_denominator=1000)
lengths = st.fractions(Fraction(1, 100), 5, max_denominator=1000)


@given(st.lists(st.tuples(times, lengths, times), min_size=1, max_size=6), st.lists(times, min_size=1, max_size=5))
@settings(max_examples=50)
def test_clips_that_follow_one_another_share_lines_without_gap_or_doubling(
    given_lines: list[tuple[Fraction, Fraction, Fraction]], cuts: list[Fraction]
) -> None:
    lines = Lines(tuple(line(n, *at) for n, at in enumerate(given_lines, 1)), (), ())
    edges = sorted({Fraction(0), *cuts, Fraction(30)})
    shares = [(start, clip_lines(lines, TimeRange(start, stop), Path())) for start, stop in pairwise(edges)]
    for whole in lines.lines:
        parts = [
            (start + part.start, part)
            for start, share in shares
            for part in share.share.lines
            if part.cue.index == whole.cue.index
        ]
        assert sum((part.voice.span.duration for _, part in parts), Fraction(0)) == whole.voice.span.duration
        for at, part in parts:
            assert at - whole.start == part.voice.span.start - whole.voice.span.start, "each moment at its time"
            assert part.start >= 0
    for _, share in shares:
        for part in share.share.lines:
            assert part.sound.stop <= share.end
            assert 0 <= part.cue.span.start <= part.cue.span.stop <= share.end


def test_what_is_cut_is_said() -> None:
    lines = Lines(
        (line(1, Fraction(1), Fraction(4)),), ((Cue(2, TimeRange(Fraction(9), Fraction(10)), "x"), "no voice"),), ()
    )
    share = clip_lines(lines, TimeRange(Fraction(2), Fraction(3)), Path()).share
    assert share.lines[0].notes == ("began before the clip", "goes on after the clip")
    assert share.failed == ()
    assert clip_lines(lines, TimeRange(Fraction(9), Fraction(12)), Path()).share.failed[0][1] == "no voice"


def test_a_voice_in_one_file_is_laid_under_each_clip_whole(tmp_path: Path) -> None:
    rate = 16_000
    ramp = (np.arange(rate * 10) % 997 / 2000).astype(np.float32)
    gate = np.repeat([1, 0, 1, 0, 1, 0, 1, 0, 1, 0], rate)
    soundfile.write(tmp_path / "voice.wav", ramp * gate, rate, "FLOAT")
    write_cues(tmp_path, (0, 1), (2, 3), (4, 5), (6, 7))
    job = job_of(tmp_path, [(0, 63), (63, 140)])
    cues, _ = cues_of(job, job.clips)
    work = tmp_path / "work"
    work.mkdir()
    lines = timeline_lines(job, cues, job.clips, work)
    assert lines.one_voice
    for number, clip in enumerate(job.clips):
        folder = work / str(number)
        folder.mkdir()
        span = heard_time(job, clip)
        share = clip_lines(lines, span, folder).share
        heard = share.heard
        assert heard[0].start == 0
        assert heard[-1].sound.stop == span.duration
        assert share.one_voice
        got = read_sound(heard[0].voice.path, sample_rate=48_000, span=TimeRange(Fraction(0), span.duration))
        wanted = read_sound(tmp_path / "voice.wav", sample_rate=48_000, span=span)
        length = min(got.length, wanted.length)
        assert np.abs(got.samples[:, :length] - wanted.samples[:, :length]).max() < 1e-4
    assert [item.cue.index for item in clip_lines(lines, heard_time(job, job.clips[0]), work).share.lines] == [1, 2]


def test_voices_of_other_clips_are_not_asked_for(tmp_path: Path) -> None:
    voices = tmp_path / "voices"
    voices.mkdir()
    soundfile.write(voices / "2.wav", 0.2 * np.random.default_rng(0).standard_normal(16_000), 16_000)
    write_cues(tmp_path, (1, 2), (11, 13), (21, 22))
    job = job_of(tmp_path, [(250, 500)], voice=voices)
    cues, _ = cues_of(job, job.clips)
    lines = timeline_lines(job, cues, job.clips, tmp_path)
    assert [item.cue.index for item in lines.lines] == [2]
    assert not lines.failed


def test_a_voice_that_is_gone_is_said_before_any_work(tmp_path: Path) -> None:
    write_cues(tmp_path, (1, 2))
    job = job_of(tmp_path, [(0, 250)])
    with pytest.raises(VoiceError, match="does not exist"):
        timeline_lines(job, cues_of(job, job.clips)[0], job.clips, tmp_path)
