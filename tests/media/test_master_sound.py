from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from dubkit.errors import OutputError
from dubkit.media import (
    MasterWriter,
    SoundTrack,
    measure_times,
    probe,
    read_frames,
    read_sound,
    sound_blocks,
)
from dubkit.schema import Waveform
from dubkit.timing import FrameRate
from tests.media.masters import (
    FAST,
    best_shift,
    frames_for,
    heard_on_the_picture,
    made_up,
    video_of,
    written,
)
from tests.media.zoo import make, make_sound, tone


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".ts", ".mxf"])
def test_every_container(tmp_path: Path, ending: str, capfd: pytest.CaptureFixture[str]) -> None:
    wave = tone(2, 48_000, 2)
    source = make(tmp_path / "a.mov", frames=50, sound=wave, sound_codec="aac", layout="stereo", language="fra")
    info = probe(source)
    assert info.video is not None
    path = tmp_path / f"out{ending}"
    track = SoundTrack(language="es-MX", title="Español")
    with MasterWriter(path, info.video, sounds=[track], copies=info.audio, source=source, settings=FAST) as writer:
        for frame in read_frames(source):
            writer.write_frame(frame)
            start = frame.index * 1920
            writer.write_sound(0, Waveform(wave[:, start : start + 1920].copy(), 48_000))
    copy = probe(path)
    assert copy.video is not None
    times = measure_times(path)
    assert len(times) == 50
    assert times.duration == 2
    assert copy.video.rate == FrameRate.of(25)
    assert len(copy.audio) == 2
    if ending not in {".avi", ".mpg", ".mxf"}:
        assert [sound.language for sound in copy.audio] == ["spa", "fre" if ending in {".mkv", ".webm"} else "fra"]
    with av.open(str(path)) as container:
        defaults = [bool(s.disposition & av.stream.Disposition.default) for s in container.streams.audio]
        if ending in {".mp4", ".mov", ".mkv", ".webm", ".m4v"}:
            assert defaults == [True, False]
        if ending in {".mkv", ".webm"}:
            assert container.streams.audio[0].metadata["title"] == "Español"
    for number in range(2):
        heard = Waveform(
            np.concatenate(
                [b.samples for b in sound_blocks(path, sample_rate=48_000, duration=Fraction(2), stream=number)], axis=1
            ),
            48_000,
        )
        assert heard.length == 96_000
        # Within a millisecond and nearly the same: the clock of Matroska and MPEG is no finer.
        shift = best_shift(heard.samples[0], wave[0])
        assert abs(shift) <= 48
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("given", [Fraction(1, 2), Fraction(1), Fraction(3)])
def test_sound_is_as_long_as_the_picture(tmp_path: Path, ending: str, given: Fraction) -> None:
    video = made_up("yuv420p")
    path = tmp_path / f"a{ending}"
    wave = tone(float(given), 48_000, 1)
    with MasterWriter(path, video, sounds=[SoundTrack(channels=1)], settings=FAST) as writer:
        writer.write_sound(0, Waveform(wave, 48_000))
        for frame in frames_for(video, 25):
            writer.write_frame(frame)
    sound = read_sound(path, sample_rate=48_000)
    assert abs(float(sound.duration) - 1) <= 0.04
    assert not sound.samples[0, int(given * 48_000) + 3000 : 47_000].any()


def test_original_sound_stays_in_step_with_the_picture(tmp_path: Path) -> None:
    wave = tone(2, 48_000)
    for late in (Fraction(0), Fraction(1, 8), Fraction(1, 2)):
        source = make(tmp_path / "a.mov", frames=50, sound=wave, sound_codec="aac", sound_start=late)
        info = probe(source)
        assert info.video is not None
        before = heard_on_the_picture(source)
        for ending in (".mp4", ".mkv"):
            path = tmp_path / f"b{ending}"
            written(path, info.video, read_frames(source), copies=info.audio, source=source)
            assert abs(best_shift(heard_on_the_picture(path), before)) <= (1 if ending == ".mp4" else 48)


def test_sound_before_the_picture_is_left_out(tmp_path: Path) -> None:
    wave = tone(2, 48_000)
    pts = [6400 + 512 * n for n in range(30)]
    source = make(tmp_path / "a.mkv", pts=pts, options={"bf": "0"}, sound=wave, sound_codec="pcm_s24le")
    info = probe(source)
    assert info.video is not None
    written(tmp_path / "b.mov", info.video, read_frames(source), copies=info.audio, source=source)
    heard = heard_on_the_picture(tmp_path / "b.mov")
    assert abs(best_shift(heard[:57_600], wave[0, 24_000:81_600])) <= 48
    assert video_of(tmp_path / "b.mov").start == 0


def test_copies_need_their_source(tmp_path: Path) -> None:
    song = make_sound(tmp_path / "a.wav", tone(1, 8000), 8000, "pcm_s16le", "wav")
    with pytest.raises(OutputError, match="original sound"):
        MasterWriter(tmp_path / "a.mp4", made_up("yuv420p"), copies=probe(song).audio)
