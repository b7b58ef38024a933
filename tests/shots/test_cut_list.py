"""Lists of cuts as other programs write them."""

from __future__ import annotations

import io
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenedetect.common import FrameTimecode
from scenedetect.output import write_scene_list

from dubkit.errors import InputError
from dubkit.shots import read_cut_list
from dubkit.timing import FrameRate, FrameTimes, Timecode

_RATE = FrameRate.of(25)
_TIMES = FrameTimes.constant(250, _RATE)

_EDL = """TITLE: CUT
FCM: NON-DROP FRAME

001  A001     V     C        00:00:10:00 00:00:12:00 01:00:00:00 01:00:02:00
* FROM CLIP NAME: a.mov
002  A002     B     C        00:00:00:00 00:00:02:00 01:00:02:00 01:00:04:00
003  A001     V     C        00:00:03:00 00:00:03:00 01:00:04:00 01:00:04:00
003  A003     V     D    024 00:00:00:00 00:00:04:00 01:00:04:00 01:00:08:00
004  A004     A     C        00:00:00:00 00:00:01:00 01:00:01:00 01:00:06:00
005  BL       V     C        00:00:00:00 00:00:02:00 01:00:08:00 01:00:10:00
006  T1       V     K B      00:00:00:00 00:00:02:00 01:00:08:12 01:00:09:00
"""


def begins(path: Path, *, times: FrameTimes = _TIMES, rate: FrameRate = _RATE, start: str = "") -> list[int]:
    shots = read_cut_list(path, rate, start, times.duration).shots(times)
    assert shots[-1].frames.stop == len(times)
    return [shot.frames.start for shot in shots]


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("with_cut_list", [True, False])
@pytest.mark.parametrize("rate", [_RATE, FrameRate.of(23.976), FrameRate.of(59.94)])
def test_list_of_pyscenedetect(tmp_path: Path, with_cut_list: bool, rate: FrameRate) -> None:
    bounds = [FrameTimecode(frame, fps=rate.fps) for frame in (0, 37, 38, 120, 250)]
    text = io.StringIO()
    write_scene_list(text, list(pairwise(bounds)), include_cut_list=with_cut_list)
    path = written(tmp_path, "scenes.csv", text.getvalue())
    assert begins(path, times=FrameTimes.constant(250, rate), rate=rate) == [0, 37, 38, 120]


@pytest.mark.parametrize(
    "text",
    [
        "start\n0\n2.0\n4.04\n",
        "name;start\nx;0\ny;2\nz;4.04\n",
        "start,note\n00:00:00.000,a\n00:00:02.000,b\n0:04.04,c\n",
        "\ufeffStart\n00:00:00:00\n00:00:02:00\n00:00:04:01\n",
        "frame\n0\n50\n101\n",
        "Start Frame,End Frame\n1,50\n51,101\n102,250\n",
    ],
)
def test_simple_lists(tmp_path: Path, text: str) -> None:
    assert begins(written(tmp_path, "cuts.csv", text)) == [0, 50, 101]


def test_timecodes_count_from_the_films_own_start(tmp_path: Path) -> None:
    path = written(tmp_path, "cuts.csv", "start\n10:00:02:00\n10:00:04:01\n")
    assert begins(path, start="10:00:00:00") == [0, 50, 101]
    path = written(tmp_path, "zero.csv", "start\n00:00:02:00\n00:00:04:01\n")
    assert begins(path, start="10:00:00:00") == [0, 50, 101], "a list that counts from the first frame"


@pytest.mark.parametrize("start", ["", "01:00:00:00"])
def test_edit_decision_list(tmp_path: Path, start: str) -> None:
    path = written(tmp_path, "film.edl", _EDL)
    first, second, third, fourth = read_cut_list(path, _RATE, start, _TIMES.duration).shots(_TIMES)
    assert (first.frames.start, second.frames.start) == (0, 50)
    assert (second.dissolve_out, third.dissolve_in) == (12, 12)
    assert (second.clear.stop, third.clear.start) == (100, 124), "the dissolve's own 24 frames"
    assert (fourth.frames.start, fourth.frames.stop) == (200, 250)


def test_gap_in_an_edit_decision_list_is_a_shot(tmp_path: Path) -> None:
    lines = [line for line in _EDL.splitlines() if not line.startswith("002")]
    assert begins(written(tmp_path, "gap.edl", "\n".join(lines)))[:2] == [0, 50]


def test_drop_frame_list(tmp_path: Path) -> None:
    rate = FrameRate.of(29.97)
    second = Timecode(1800, rate, drop=True)
    assert str(second) == "00:01:00;02"
    event = "00{}  A V C 00:00:00:00 00:00:01:00 {} {}"
    rows = [event.format(1, "00:00:00:00", "00:01:00:02"), event.format(2, "00:01:00:02", "00:01:10:00")]
    path = written(tmp_path, "drop.edl", "FCM: DROP FRAME\n" + "\n".join(rows))
    assert begins(path, times=FrameTimes.constant(2098, rate), rate=rate) == [0, 1800]


def test_variable_rate_is_exact(tmp_path: Path) -> None:
    steps = np.array([33, 34, 100, 17, 33, 67, 33, 40, 41, 50])
    times = FrameTimes(np.concatenate([[0], np.cumsum(steps)]).astype(np.int64), Fraction(1, 1000), 33)
    path = written(tmp_path, "cuts.csv", "start\n0.067\n0.184\n0.3575\n")
    assert begins(path, times=times, rate=FrameRate.of(30)) == [0, 2, 4, 8]


@given(st.sets(st.integers(1, 999), min_size=1, max_size=30), st.sampled_from([24, 23.976, 25, 29.97, 50, 59.94]))
def test_milliseconds_find_their_frames(tmp_path_factory: pytest.TempPathFactory, cuts: set[int], fps: float) -> None:
    rate = FrameRate.of(fps)
    rows = [f"{float(rate.seconds(cut)):.3f}" for cut in sorted(cuts)]
    path = written(tmp_path_factory.mktemp("cuts"), "cuts.csv", "\n".join(["start", *rows]))
    assert begins(path, times=FrameTimes.constant(1000, rate), rate=rate) == [0, *sorted(cuts)]


def test_open_timeline(tmp_path: Path) -> None:
    otio = pytest.importorskip("opentimelineio")

    def time(frames: int) -> object:
        return otio.opentime.RationalTime(frames, 25)

    def clip(name: str, frames: int) -> object:
        return otio.schema.Clip(name, source_range=otio.opentime.TimeRange(time(100), time(frames)))

    track = otio.schema.Track(kind="Video")
    dissolve = otio.schema.Transition(transition_type="SMPTE_Dissolve", in_offset=time(10), out_offset=time(14))
    track.extend([clip("a", 50), clip("b", 62), dissolve, clip("c", 88), otio.schema.Gap(duration=time(50))])
    timeline = otio.schema.Timeline("film", tracks=[track])
    path = tmp_path / "film.otio"
    for start in (None, time(90000)):
        timeline.global_start_time = start
        otio.adapters.write_to_file(timeline, str(path))
        for film_start in ("", "01:00:00:00"):
            shots = read_cut_list(path, _RATE, film_start, _TIMES.duration).shots(_TIMES)
            assert [shot.frames.start for shot in shots] == [0, 50, 114, 200]
            assert (shots[1].clear.stop, shots[2].clear.start) == (102, 126)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("cuts.csv", "start\n2.0\n20.0\n", "1 of its 2 cuts lie outside the film, which lasts 10.000 s"),
        ("cuts.csv", "start\n20.0\n21\n", "all of its 2 cuts lie outside"),
        ("cuts.csv", "start\n10:00:02:00\n", "outside the film"),
        ("cuts.csv", "begin\n2.0\n", "no column called 'start'"),
        ("cuts.csv", "start\n", "holds no cuts"),
        ("cuts.csv", "", "no column called 'start'"),
        ("cuts.csv", "start\nsoon\n", "'soon' is not a time"),
        ("cuts.csv", "frame\n1.5\n", "'1.5' is not the number of a frame"),
        ("cuts.csv", "frame\n²\n", "'²' is not the number of a frame"),
        ("cuts.csv", "start\n00:00:00:77\n", "not a timecode at 25 fps"),
        ("cuts.edl", "nothing of the kind", "holds no picture events"),
        ("cuts.edl", _EDL.replace("NON-DROP", "DROP"), "drop-frame"),
        ("cuts.edl", "001 A V C 00:00:00:00 00:00:01:00 00:00:05:00 00:00:04:00", "before it starts"),
        ("cuts.edl", "001 A V C 00:00:00:00 00:00:01:00 00:00:02 00:00:04:00", "'00:00:02', which is no timecode"),
        ("cuts.otio", "{", "is no OpenTimelineIO timeline"),
        ("cuts.txt", "1\n", "no list of cuts that dubkit reads"),
    ],
)
def test_lists_that_cannot_be_used(tmp_path: Path, name: str, text: str, says: str) -> None:
    if name.endswith(".otio"):
        pytest.importorskip("opentimelineio")
    path = written(tmp_path, name, text)
    with pytest.raises(InputError, match=says) as caught:
        begins(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_list_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such list"):
        begins(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"start\n\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read as text"):
        begins(tmp_path / "bytes.csv")


def test_timeline_with_a_clip_of_unknown_length(tmp_path: Path) -> None:
    otio = pytest.importorskip("opentimelineio")
    track = otio.schema.Track(kind="Video")
    track.append(otio.schema.Clip("a", media_reference=otio.schema.MissingReference()))
    path = tmp_path / "offline.otio"
    otio.adapters.write_to_file(otio.schema.Timeline("film", tracks=[track]), str(path))
    with pytest.raises(InputError, match="no OpenTimelineIO timeline whose cuts are known"):
        begins(path)


def test_timeline_without_picture(tmp_path: Path) -> None:
    otio = pytest.importorskip("opentimelineio")
    path = tmp_path / "sound.otio"
    otio.adapters.write_to_file(otio.schema.Timeline("film", tracks=[otio.schema.Track(kind="Audio")]), str(path))
    with pytest.raises(InputError, match="no picture track"):
        begins(path)
