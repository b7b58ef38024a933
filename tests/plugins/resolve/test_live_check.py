"""The check for a real Resolve finds the fake to be what it takes for one. It was tried nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from plugins.resolve.live_check import live_check, write_report
from tests.plugins.resolve.contract import VERSIONS, Version
from tests.plugins.resolve.fake import Fault, Media, World
from tests.plugins.resolve.fake_project import open_resolve
from tests.plugins.resolve.scenes import RATES, film, photograph

SOUND = "dubkit-live-check.wav"


def scene(folder: Path, version: Version = (21, 1, 0)) -> World:
    world = film(folder, RATES[3], version)
    path = str(folder / SOUND)
    world.disk[path] = Media(path, 50, world.timeline.rate, "Audio", name=SOUND)
    return world


@pytest.mark.parametrize("version", VERSIONS)
def test_the_fake_is_as_expected(version: Version, tmp_path: Path) -> None:
    world = scene(tmp_path, version)
    before = photograph(world)
    findings = live_check(open_resolve(world), tmp_path)
    other = {one.what: one.found for one in findings if not one.same}
    unknown = {what for what, found in other.items() if found != "missing"}
    assert unknown == set()
    assert photograph(world)["timelines"] == before["timelines"]
    assert len(findings) > 100
    report = write_report(findings, tmp_path / "report.json")
    assert f"{len(findings)} checks" in report
    assert len(json.loads((tmp_path / "report.json").read_text("utf-8"))) == len(findings)


def test_a_difference_is_reported(tmp_path: Path) -> None:
    world = scene(tmp_path)
    world.arm(broken={"AddMarker": Fault(False)})
    findings = live_check(open_resolve(world), tmp_path)
    assert any("cannot be marked as ours" in one.found for one in findings)
    assert [timeline.name for timeline in world.timelines] == ["Film", "Other"]
