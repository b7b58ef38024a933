"""Clips are told as they are, with exact times; what cannot be done is refused one by one, and the others go on."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from plugins.bridge.host import HostError
from plugins.bridge.planning import choose
from plugins.bridge.records import ClipKind, Medium
from tests.plugins.resolve.contract import Version
from tests.plugins.resolve.drivers import ADAPTERS, Adapter, connect
from tests.plugins.resolve.fake import Item, Media, World
from tests.plugins.resolve.scenes import RATES, Rate, film, photograph

pytestmark = pytest.mark.parametrize("adapter", ADAPTERS)


@pytest.mark.parametrize("version", [(18, 5, 0), (19, 0, 2), (21, 1, 0)])
@pytest.mark.parametrize("rate", RATES, ids=lambda rate: str(rate.setting))
def test_timeline_and_clips(adapter: Adapter, rate: Rate, version: Version, tmp_path: Path) -> None:
    world = film(tmp_path, rate, version)
    world.timeline.playhead = rate.start + 35
    world.timeline.marks = {"video": {"in": 0, "out": 89}}
    before = photograph(world)
    host = connect(adapter, world, tmp_path)
    timeline = host.timeline()
    fps = Fraction(rate.fps)
    assert (timeline.name, timeline.rate, timeline.start_frame, timeline.drop) == ("Film", fps, rate.start, rate.drop)
    assert (timeline.frames, timeline.tracks) == (90, ("Video 1", "Titles", "Audio 1", "Music"))
    clips = [clip for clip in host.selection() if clip.medium is Medium.VIDEO and clip.track == 1]
    runs = [(0, 40, 100), (40, 90, 500)][: 1 if version < (19, 1, 0) else 2]
    heard = world.timeline.tracks["audio"][0].items
    for clip, (start, end, left), sound in zip(clips, runs, heard, strict=False):
        assert (clip.start, clip.end, clip.medium, clip.track) == (start, end, Medium.VIDEO, 1)
        assert (clip.source_start, clip.source_end) == (Fraction(left) / fps, Fraction(left + end - start) / fps)
        assert (clip.kind, clip.retimed, clip.offline) == (ClipKind.MEDIA, False, False)
        assert clip.source == str(tmp_path / "a film — 映画 'é'.mov")
        assert clip.sounds == (sound.id,)
    assert len(clips) == len(runs)
    assert len(choose(clips, timeline).tasks) == len(runs)
    assert photograph(world) == before
    assert bool(host.cautions()) == (version < (19, 0, 2))


def selected(adapter: Adapter, world: World, folder: Path) -> list[str]:
    return [clip.key for clip in connect(adapter, world, folder).selection()]


def test_what_is_selected(adapter: Adapter, tmp_path: Path) -> None:
    world = film(tmp_path)
    first, second = (item.id for item in world.timeline.tracks["video"][0].items)
    world.timeline.selected = [second]
    assert selected(adapter, world, tmp_path) == [second]
    world.timeline.selected = []
    assert selected(adapter, world, tmp_path) == []
    world.timeline.playhead = world.timeline.start + 5
    assert selected(adapter, world, tmp_path) == [first]
    world.timeline.tracks["video"][0].items[1].color = "Lime"
    assert selected(adapter, world, tmp_path) == [second]
    world.timeline.tracks["audio"][0].enabled = False
    world.timeline.tracks["video"][1].enabled = False
    world.timeline.marks = {"video": {"in": 0, "out": 39}}
    assert selected(adapter, world, tmp_path) == [first]


def test_a_marked_range_cuts_clips(adapter: Adapter, tmp_path: Path) -> None:
    world = film(tmp_path, RATES[0], (20, 2, 0))
    world.timeline.tracks["video"][1].enabled = False
    world.timeline.marks = {"video": {"in": 30, "out": 44}}
    clips = [clip for clip in connect(adapter, world, tmp_path).selection() if clip.medium is Medium.VIDEO]
    rate = Fraction(RATES[0].fps)
    assert [(clip.start, clip.end) for clip in clips] == [(30, 40), (40, 45)]
    assert [clip.sounds for clip in clips] == [(), ()], "sound that goes on beyond the range stays on"
    assert [clip.source_start * rate for clip in clips] == [130, 500]
    assert [clip.source_end * rate for clip in clips] == [140, 505]


def test_media_at_another_rate(adapter: Adapter, tmp_path: Path) -> None:
    world = film(tmp_path, RATES[2])
    media = world.root.clips[0]
    media.fps = Fraction(24_000, 1001)
    clip = connect(adapter, world, tmp_path).selection()[0]
    assert (clip.source_start, clip.source_end, clip.retimed) == (Fraction(100, 25), Fraction(140, 25), False)


def refused(adapter: Adapter, world: World, folder: Path) -> list[str]:
    host = connect(adapter, world, folder)
    choice = choose(host.selection(), host.timeline())
    assert [task.picture.start for task in choice.tasks] == [40]
    return [refusal.reason for refusal in choice.refused]


@pytest.mark.parametrize(
    ("speed", "reason"),
    [
        (Fraction(2), "at its own speed but at 200 %"),
        (Fraction(1, 2), "at its own speed but at 50 %"),
        (Fraction(-1), "plays backwards"),
        (Fraction(0), "cannot be told apart"),
    ],
)
def test_retimed_clips_are_refused(adapter: Adapter, speed: Fraction, reason: str, tmp_path: Path) -> None:
    world = film(tmp_path)
    world.timeline.tracks["video"][0].items[0].speed = speed
    (said,) = refused(adapter, world, tmp_path)
    assert reason in said


@pytest.mark.parametrize(
    ("kind", "path", "reason"),
    [
        ("Compound", "", "is a compound clip"),
        ("Timeline", "", "is a compound clip"),
        ("Fusion", "", "is a compound clip"),
        ("Multicam", "", "is a multicam clip"),
        ("Still", "photo.png", "is a still image"),
        ("Generator", "", "is made by the editor"),
        ("Something new", "", "cannot be told apart"),
        ("Video", "frames.[0001-0100].exr", "is an image sequence"),
        ("Video + Audio", "gone.mov", "is offline"),
    ],
)
def test_media_that_cannot_be_done(adapter: Adapter, kind: str, path: str, reason: str, tmp_path: Path) -> None:
    world = film(tmp_path)
    item = world.timeline.tracks["video"][0].items[0]
    item.media = Media(str(tmp_path / path) if path else "", 1000, Fraction(25), kind, id="media-x")
    (said,) = refused(adapter, world, tmp_path)
    assert reason in said


def test_a_title_and_a_transition_are_refused(adapter: Adapter, tmp_path: Path) -> None:
    world = film(tmp_path)
    timeline = world.timeline
    timeline.selected.append(timeline.tracks["video"][1].items[0].id)
    shots = timeline.tracks["video"][0].items
    shots.append(Item("third", timeline.start + 84, 30, shots[0].media, 700, id="item-x"))
    timeline.selected.append("item-x")
    host = connect(adapter, world, tmp_path)
    clips = {(clip.track, clip.start): clip for clip in host.selection()}
    assert (clips[1, 40].transition_in, clips[1, 40].transition_out) == (0, 6)
    assert (clips[1, 84].transition_in, clips[1, 84].transition_out) == (6, 0)
    choice = choose(host.selection(), host.timeline())
    assert [task.picture.start for task in choice.tasks] == [0]
    assert [refusal.reason.partition(";")[0] for refusal in choice.refused] == [
        "Title is made by the editor and has no media",
        f"{shots[0].name} has a transition over it",
        "third has a transition over it",
    ]


def test_nothing_open(adapter: Adapter, tmp_path: Path) -> None:
    world = film(tmp_path)
    world.timelines = []
    with pytest.raises(HostError, match="an open timeline; open one"):
        connect(adapter, world, tmp_path)


def test_a_rate_that_is_none(adapter: Adapter, tmp_path: Path) -> None:
    world = film(tmp_path)
    world.timeline.setting = "as the project's"
    with pytest.raises(HostError, match="is not understood"):
        connect(adapter, world, tmp_path)


def test_too_old(adapter: Adapter, tmp_path: Path) -> None:
    world = film(tmp_path)
    world.version = (18, 1, 3)
    with pytest.raises(HostError, match=r"18\.1\.3 is too old"):
        connect(adapter, world, tmp_path)


def test_captions_are_not_looked_at(adapter: Adapter, tmp_path: Path) -> None:
    world = film(tmp_path)
    world.arm()
    connect(adapter, world, tmp_path).selection()
    assert ("Timeline", "ExportSubtitles") not in world.called
    assert all(clip.name != "Subtitle" for clip in connect(adapter, world, tmp_path).selection())
