"""All of a dub is placed or nothing, whatever call fails in whatever way, and it can be taken away again."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from plugins.bridge.host import HostError
from plugins.bridge.records import Medium
from tests.plugins.resolve.contract import VERSIONS, Version
from tests.plugins.resolve.drivers import ADAPTERS, Adapter, connect
from tests.plugins.resolve.fake import Fault, Item, Killed
from tests.plugins.resolve.fake_timeline import FakeTimeline, FakeTimelineItem
from tests.plugins.resolve.scenes import JOB, RATES, Rate, film, photograph, plan_of, whole


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("rate", RATES, ids=lambda rate: str(rate.setting))
def test_placed_where_it_should_be_and_removed(adapter: Adapter, rate: Rate, version: Version, tmp_path: Path) -> None:
    world = film(tmp_path, rate, version)
    before = photograph(world)
    plan = plan_of(world, tmp_path)
    host = connect(adapter, world, tmp_path)
    host.place(plan)
    assert whole(world, before, plan)
    assert world.saves == 1
    assert {(one.tag, one.medium, one.start, one.end) for one in host.placed()} == {
        (one.tag, track.medium, one.start, one.end) for track in plan.tracks for one in track.placements
    }
    assert host.remove([f"{JOB}/1"]) == 2
    assert [len(track.items) for track in world.timeline.tracks["video"]] == [2, 1, 1]
    assert [item.enabled for item in world.timeline.tracks["audio"][0].items] == [True, False]
    assert host.remove([f"{JOB}/1", f"{JOB}/2"]) == 2
    assert photograph(world)["timelines"] == before["timelines"]
    assert host.remove([f"{JOB}/2"]) == 0
    assert not (tmp_path / "resolve-journal.json").exists()


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_second_language_and_a_new_run_of_the_first(adapter: Adapter, tmp_path: Path) -> None:
    world = film(tmp_path)
    before = photograph(world)
    host = connect(adapter, world, tmp_path)
    host.place(plan_of(world, tmp_path))
    host.place(plan_of(world, tmp_path, "dubkit/1/de/77aa", "dub de"))
    assert [track.name for track in world.timeline.tracks["audio"]] == ["Audio 1", "Music", "dub es", "dub de"]
    host.remove(["dubkit/1/de/77aa"])
    assert not any(item.enabled for item in world.timeline.tracks["audio"][0].items)  # the Spanish dub is still there
    again = plan_of(world, tmp_path, "dubkit/1/es/90bb", "dub es 2", replaces=(f"{JOB}/1", f"{JOB}/2"))
    host.place(again)
    assert whole(world, before, again)
    assert host.remove(["dubkit/1/es/90bb"]) == 4
    assert photograph(world)["timelines"] == before["timelines"]


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_what_resolve_drops_silently_takes_all_back(adapter: Adapter, tmp_path: Path) -> None:
    world = film(tmp_path)
    before = photograph(world)
    plan = plan_of(world, tmp_path)
    short = plan.placements[1].path
    world.disk[short].frames = 20  # shorter than it was said to be
    with pytest.raises(HostError, match=r"clip 2\.mov: DaVinci Resolve does not put it .* the timeline is as it was"):
        connect(adapter, world, tmp_path).place(plan)
    assert photograph(world) == before
    world.disk[short].frames = 50
    world.errored_appends = {world.appends + 1}
    connect(adapter, world, tmp_path).place(plan)  # it has no identity, so it is put there again
    assert whole(world, before, plan)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_what_vanishes_on_save_takes_all_back(
    adapter: Adapter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = film(tmp_path)
    before = photograph(world)
    world.errored_appends = {1}
    known = FakeTimelineItem.methods | {"GetUniqueId": lambda item: item.record.id}
    monkeypatch.setattr(FakeTimelineItem, "methods", known)
    with pytest.raises(HostError, match="does not hold what was put on it; the timeline is as it was"):
        connect(adapter, world, tmp_path).place(plan_of(world, tmp_path))
    assert photograph(world) == before


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_locked_tracks(adapter: Adapter, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world = film(tmp_path)
    world.timeline.tracks["audio"][0].locked = True
    host = connect(adapter, world, tmp_path)
    notes = host.place(plan_of(world, tmp_path)) or capsys.readouterr().out
    assert "the audio track Audio 1 is locked: its original sound plays on beside the dub" in str(notes)
    assert all(item.enabled for item in world.timeline.tracks["audio"][0].items)
    placed = photograph(world)
    world.timeline.tracks["video"][2].locked = True
    with pytest.raises(HostError, match="the video track dub es is locked; unlock it"):
        host.remove([JOB])
    again = plan_of(world, tmp_path, "dubkit/1/es/90bb", "dub es 2", replaces=(f"{JOB}/1",))
    with pytest.raises(HostError, match="the video track dub es is locked; unlock it"):
        host.place(again)
    world.timeline.tracks["video"][2].locked = False
    assert photograph(world) == placed


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_what_the_user_put_on_our_track_stays(adapter: Adapter, tmp_path: Path) -> None:
    world = film(tmp_path)
    host = connect(adapter, world, tmp_path)
    host.place(plan_of(world, tmp_path))
    own = Item("mine", world.timeline.start + 200, 10, world.root.clips[0], id="item-mine")
    world.timeline.tracks["video"][2].items.append(own)
    assert host.remove([JOB]) == 4
    assert [track.name for track in world.timeline.tracks["video"]] == ["Video 1", "Titles", "dub es"]
    assert world.timeline.tracks["video"][2].items == [own]


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_sound_counted_at_24_whatever_the_timeline(adapter: Adapter, tmp_path: Path) -> None:
    for rate in RATES:
        world = film(tmp_path, rate)
        before = photograph(world)
        plan = plan_of(world, tmp_path)
        for placement in plan.tracks[1].placements:
            world.disk[placement.path].fps = Fraction(24)
            world.disk[placement.path].frames = 10_000
        host = connect(adapter, world, tmp_path)
        host.place(plan)
        for one in host.placed():  # a frame of sound may be missing where no whole number of 24ths says it
            missing = (40 if one.tag == f"{JOB}/1" else 90) - one.end
            own = Fraction(24) if one.medium is Medium.AUDIO else Fraction(rate.fps)
            assert missing == 0 or 0 < missing < Fraction(rate.fps) / own
        host.remove([JOB])
        assert photograph(world)["timelines"] == before["timelines"]


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_the_free_edition_and_its_window(adapter: Adapter, tmp_path: Path) -> None:
    world = film(tmp_path, version=(21, 1, 0), edition="free")
    before = photograph(world)
    host = connect(adapter, world, tmp_path)
    assert host.name == "DaVinci Resolve 21.1.0"
    plan = plan_of(world, tmp_path)
    host.place(plan)
    assert whole(world, before, plan)
    assert ("Timeline", "CreateSubtitlesFromAudio") not in world.called
    placed = photograph(world)
    FakeTimeline(world, world.timeline).CreateSubtitlesFromAudio({})  # what some other script did
    with pytest.raises(HostError, match="DaVinci Resolve does not"):
        host.remove([JOB])
    assert photograph(world) == placed


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_journal_of_another_project_waits(adapter: Adapter, tmp_path: Path) -> None:
    world = film(tmp_path)
    plan = plan_of(world, tmp_path)
    host = connect(adapter, world, tmp_path)
    world.arm({90: Fault(error=Killed, for_good=True)})
    with pytest.raises(Killed):
        host.place(plan)
    world.arm()
    journal = tmp_path / "resolve-journal.json"
    here = journal.read_text("utf-8")
    journal.write_text(here.replace("project-1", "project-2"), "utf-8")
    assert connect(adapter, world, tmp_path).clean_up() == ()
    journal.write_text(here, "utf-8")
    other: Adapter = "lua" if adapter == "python" else "python"
    assert connect(other, world, tmp_path).clean_up() == ("what a broken-off dub left was taken away",)
    journal.write_text(here.replace(world.timeline.id, "timeline-gone"), "utf-8")
    assert connect(adapter, world, tmp_path).clean_up() == ("a dub that was broken off was on a timeline that is gone",)
    assert not journal.exists()
    journal.write_text("{", "utf-8")
    with pytest.raises(HostError, match="is damaged"):
        connect(adapter, world, tmp_path).clean_up()


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_file_that_is_not_there(adapter: Adapter, tmp_path: Path) -> None:
    world = film(tmp_path)
    before = photograph(world)
    plan = plan_of(world, tmp_path)
    path = plan.placements[0].path
    Path(path).unlink()
    del world.disk[path]
    with pytest.raises(HostError, match=r"clip 1\.mov: "):
        connect(adapter, world, tmp_path).place(plan)
    assert photograph(world) == before
