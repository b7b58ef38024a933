"""Timelines written open again with the same frames, by readers that are not ours."""

from __future__ import annotations

import json
import re
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from dubkit.conform import check_timeline_library, write_edl, write_fcp7, write_fcpxml, write_otio, write_resolve_otio
from dubkit.errors import MissingDependencyError, OutputError, RecordError
from dubkit.schema import Clip, Timeline, TimelineTrack, TrackKind
from dubkit.timing import FrameRange, FrameRate, Timecode, TimeRange

otio: Any = pytest.importorskip("opentimelineio", reason="timelines need OpenTimelineIO")

LENGTH = 20_000
PATCHES = ((7, 58), (58, 59), (1799, 1850), (17_981, 18_000), (19_900, 20_000))
"""First frames and ends: beside one another, of one frame, over the minute and the tenth minute of every rate."""
RATES = [
    ("24000/1001", "01:00:00:00", 86_400),
    ("24", "00:59:58:23", 86_375),
    ("25", "10:00:00:00", 900_000),
    ("30000/1001", "01:00:00;00", 107_892),
    ("30000/1001", "01:00:00:00", 108_000),
    ("50", "01:00:00:00", 180_000),
    ("60000/1001", "01:00:00;00", 215_784),
    ("60000/1001", "01:00:00:00", 216_000),
    ("25", "", 0),
]


def timeline(rate: FrameRate, start: str, runs: tuple[tuple[int, int], ...] = PATCHES) -> Timeline:
    first = Timecode.parse(start or "00:00:00:00", rate)
    whole = FrameRange(0, LENGTH)
    length = TimeRange(Fraction(0), rate.seconds(LENGTH))
    film = Clip("film.mov", Path("/films/a film.mov"), length, whole, length.stop, start)
    patches = tuple(
        Clip(
            f"film.es.{number:04}.mov",
            Path(f"/out/film.es.{number:04}.mov"),
            TimeRange(Fraction(0), rate.seconds(stop - begin)),
            FrameRange(begin, stop),
            source_timecode=str(Timecode(first.frame + begin, rate, first.drop)),
            reel=f"{number:04}F0",
            details={"line": str(number)},
        )
        for number, (begin, stop) in enumerate(runs, 1)
    )
    sound = Clip("film.es.wav", Path("/out/film.es.wav"), length, whole, length.stop)
    words = Clip("film.es.srt", Path("/out/film.es.srt"), length, whole, length.stop)
    tracks = (
        TimelineTrack("Original", TrackKind.VIDEO, (film,)),
        TimelineTrack("Lips es", TrackKind.VIDEO, patches, "es"),
        TimelineTrack("Original", TrackKind.AUDIO, (film,), "en", enabled=False),
        TimelineTrack("Dialogue es", TrackKind.AUDIO, (sound,), "es"),
        TimelineTrack("Subtitles es", TrackKind.SUBTITLE, (words,), "es"),
    )
    return Timeline("film.es", rate, tracks, start, 1920, 1080)


def only_patches(whole: Timeline) -> Timeline:
    return Timeline(whole.name, whole.rate, whole.tracks[1:2], whole.start_timecode)


@pytest.mark.parametrize(("fps", "start", "first"), RATES)
def test_opentimelineio_reads_the_same_frames(fps: str, start: str, first: int, tmp_path: Path) -> None:
    rate = FrameRate(Fraction(fps))
    write_otio(tmp_path / "film.otio", timeline(rate, start))
    read = otio.adapters.read_from_file(str(tmp_path / "film.otio"))
    assert read.global_start_time == otio.opentime.RationalTime(first, float(rate.fps))
    assert [(track.name, track.kind, track.enabled) for track in read.tracks] == [
        ("Original", "Video", True),
        ("Lips es", "Video", True),
        ("Original", "Audio", False),
        ("Dialogue es", "Audio", True),
    ]
    assert read.tracks[1].metadata["dubkit"]["language"] == "es"
    assert read.metadata["dubkit"]["subtitles"][0]["file"] == "/out/film.es.srt"
    film = read.tracks[0][0]
    assert film.media_reference.target_url == "/films/a film.mov"
    for part in (film.source_range, film.media_reference.available_range):
        assert (part.start_time.value, part.duration.value, part.duration.rate) == (first, LENGTH, float(rate.fps))
    clips = read.tracks[1].find_clips()
    placed = [clip.range_in_parent() for clip in clips]
    assert [(int(at.start_time.value), int(at.end_time_exclusive().value)) for at in placed] == list(PATCHES)
    assert [int(clip.source_range.start_time.value) - first for clip in clips] == [begin for begin, _ in PATCHES]
    assert all(clip.source_range == clip.media_reference.available_range for clip in clips)
    assert clips[2].metadata["dubkit"]["line"] == "3"
    if start:
        label = otio.opentime.to_timecode(read.global_start_time, float(rate.fps), ";" in start)
        assert label == start


@pytest.mark.parametrize(("fps", "start", "first"), RATES)
def test_resolves_own_shape(fps: str, start: str, first: int, tmp_path: Path) -> None:
    rate = FrameRate(Fraction(fps))
    write_resolve_otio(tmp_path / "film.otio", timeline(rate, start))
    document = json.loads((tmp_path / "film.otio").read_text("utf-8"))
    tracks = document["tracks"]["children"]
    assert [(track["name"], track["enabled"]) for track in tracks] == [
        ("Video 1", True),
        ("Video 2", True),
        ("Audio 1", False),
        ("Audio 2", True),
    ]
    assert [track["metadata"]["dubkit"]["name"] for track in tracks][1] == "Lips es"
    film = tracks[0]["children"][0]
    assert film["OTIO_SCHEMA"] == "Clip.2"
    assert film["active_media_reference_key"] in film["media_references"]
    (reference,) = film["media_references"].values()
    assert reference["target_url"] == "/films/a film.mov"  # a plain path
    assert reference["available_range"]["start_time"]["value"] == film["source_range"]["start_time"]["value"] == first
    assert '"color"' not in json.dumps(document)
    read = otio.adapters.read_from_file(str(tmp_path / "film.otio"))
    placed = [clip.range_in_parent() for clip in read.tracks[1].find_clips()]
    assert [(int(at.start_time.value), int(at.end_time_exclusive().value)) for at in placed] == list(PATCHES)
    assert read.global_start_time.value == first


@pytest.mark.parametrize(("fps", "start", "first"), RATES)
def test_final_cut_7_is_exact_at_every_rate(fps: str, start: str, first: int, tmp_path: Path) -> None:
    rate = FrameRate(Fraction(fps))
    write_fcp7(tmp_path / "film.xml", timeline(rate, start))
    sequence = ET.parse(tmp_path / "film.xml").getroot().findall("sequence")[0]

    def number(element: ET.Element, path: str) -> int:
        return int(element.findtext(path, ""))

    for part in (sequence, sequence.findall("media/video/track/clipitem/file")[0]):
        assert number(part, "rate/timebase") * (Fraction(1000, 1001) if "1001" in fps else 1) == rate.fps
        assert part.findtext("rate/ntsc") == ("TRUE" if "1001" in fps else "FALSE")
        assert (number(part, "timecode/frame"), part.findtext("timecode/string")) == (first, start or "00:00:00:00")
        assert part.findtext("timecode/displayformat") == ("DF" if ";" in start else "NDF")
        assert number(part, "duration") == LENGTH
    video = sequence.findall("media/video/track")
    assert [track.get("MZ.TrackName") for track in video] == ["Original", "Lips es"]
    patches = video[1].findall("clipitem")
    assert [(number(clip, "start"), number(clip, "end")) for clip in patches] == list(PATCHES)
    assert [(number(clip, "in"), number(clip, "out")) for clip in patches] == [(0, end - run) for run, end in PATCHES]
    assert [number(clip, "file/timecode/frame") for clip in patches] == [first + run for run, _ in PATCHES]
    audio = sequence.findall("media/audio/track")
    assert [(track.get("MZ.TrackName"), track.findtext("enabled")) for track in audio] == [
        *[("Original", "FALSE")] * 2,
        *[("Dialogue es", "TRUE")] * 2,
    ]
    assert [number(track, "clipitem/sourcetrack/trackindex") for track in audio] == [1, 2, 1, 2]
    film, heard = video[0].findall("clipitem/file")[0], audio[0].findall("clipitem/file")[0]
    assert film.findtext("pathurl") == "file://localhost/films/a%20film.mov"
    assert heard.attrib == film.attrib
    assert not list(heard)
    assert [media.tag for media in film.findall("media/*")] == ["video", "audio"]


@pytest.mark.parametrize(("fps", "start", "first"), RATES)
def test_its_final_cut_7_adapter_reads_the_same_frames(fps: str, start: str, first: int, tmp_path: Path) -> None:
    pytest.importorskip("otio_fcp_adapter", reason="the adapter is a package of its own")
    rate = FrameRate(Fraction(fps))
    write_fcp7(tmp_path / "film.xml", timeline(rate, start))
    read = otio.adapters.read_from_file(str(tmp_path / "film.xml"), "fcp_xml")
    assert read.global_start_time == otio.opentime.RationalTime(first, float(rate.fps))
    # The adapter keeps what it has no field for as it stands in the file.
    told = [(track.kind, track.metadata["fcp_xml"]) for track in read.tracks]
    found = [(kind, facts["@MZ.TrackName"], facts["enabled"]) for kind, facts in told]
    assert list(dict.fromkeys(found)) == [
        ("Video", "Original", "TRUE"),
        ("Video", "Lips es", "TRUE"),
        ("Audio", "Original", "FALSE"),
        ("Audio", "Dialogue es", "TRUE"),
    ]
    clips = read.tracks[1].find_clips()
    placed = [clip.range_in_parent() for clip in clips]
    assert [(round(at.start_time.value), round(at.end_time_exclusive().value)) for at in placed] == list(PATCHES)
    assert [round(clip.source_range.start_time.value) - first for clip in clips] == [begin for begin, _ in PATCHES]


@pytest.mark.parametrize(("fps", "start", "first"), RATES)
def test_its_edl_adapter_reads_the_same_frames(fps: str, start: str, first: int, tmp_path: Path) -> None:
    pytest.importorskip("otio_cmx3600_adapter", reason="the adapter is a package of its own")
    rate = FrameRate(Fraction(fps))
    (path,) = write_edl(tmp_path / "film.edl", only_patches(timeline(rate, start)))
    text = path.read_text("utf-8")
    assert f"FCM: {'DROP' if ';' in start else 'NON-DROP'} FRAME" in text.splitlines()
    labels = [re.findall(r"\d\d:\d\d:\d\d[:;]\d\d", line) for line in text.splitlines() if line[:1].isdigit()]
    drop = ";" in start
    for (begin, stop), found in zip(PATCHES, labels, strict=True):
        ends = [str(Timecode(first + frame, rate, drop)) for frame in (begin, stop)]
        assert found == [*ends, *ends]  # the patches' own timecode is that of their place
    read = otio.adapters.read_from_string(text, "cmx_3600", rate=float(rate.fps))
    (track,) = read.tracks
    clips = track.find_clips()
    runs = [(clip.source_range.start_time.value, clip.source_range.duration.value) for clip in clips]
    assert runs == [(first + begin, stop - begin) for begin, stop in PATCHES]
    starts = [track.range_of_child(clip).start_time.value for clip in clips]
    assert [start - starts[0] for start in starts] == [begin - PATCHES[0][0] for begin, _ in PATCHES]
    assert [clip.name for clip in clips] == [f"film.es.{number:04}.mov" for number in range(1, 6)]
    assert clips[0].media_reference.target_url == "/out/film.es.0001.mov"
    assert clips[0].metadata["cmx_3600"]["reel"] == "0001F0"


@pytest.mark.parametrize(("fps", "start", "first"), RATES)
def test_fcpxml_is_exact_at_every_rate(fps: str, start: str, first: int, tmp_path: Path) -> None:
    rate = FrameRate(Fraction(fps))
    write_fcpxml(tmp_path / "film.fcpxml", timeline(rate, start))
    root = ET.parse(tmp_path / "film.fcpxml").getroot()

    def frames(element: ET.Element, name: str) -> int:
        count = Fraction(element.get(name, "").removesuffix("s")) * rate.fps
        assert count.denominator == 1, f"{name} lies between two frames"
        return int(count)

    assert frames(root.findall("resources/format")[0], "frameDuration") == 1
    sequence = root.findall("library/event/project/sequence")[0]
    assert (frames(sequence, "tcStart"), frames(sequence, "duration")) == (first, LENGTH)
    assert sequence.get("tcFormat") == ("DF" if ";" in start else "NDF")
    film = sequence.findall("spine/asset-clip")[0]
    assert [frames(film, name) for name in ("offset", "start", "duration")] == [first, first, LENGTH]
    lanes = film.findall("asset-clip")
    patches = [clip for clip in lanes if clip.get("lane") == "1"]
    placed = [(frames(clip, "offset"), frames(clip, "start"), frames(clip, "duration")) for clip in patches]
    assert placed == [(first + begin, first + begin, stop - begin) for begin, stop in PATCHES]
    assert [(clip.get("lane"), clip.get("enabled")) for clip in lanes[5:]] == [("-1", "0"), ("-2", None)]
    assets = {asset.get("id"): asset for asset in root.findall("resources/asset")}
    assert assets[film.get("ref")].get("src") == "file:///films/a%20film.mov"
    assert assets[film.get("ref")].get("hasAudio") == "1"


@pytest.mark.parametrize("fps", [24, 25, 50])
def test_its_fcpxml_adapter_opens_what_is_not_its_own(fps: int, tmp_path: Path) -> None:
    """It counts in floats and cuts off, so that it may be a frame early; 23.976 frames a second it counts as 23."""
    pytest.importorskip("otio_fcpx_xml_adapter", reason="the adapter is a package of its own")
    write_fcpxml(tmp_path / "film.fcpxml", timeline(FrameRate(Fraction(fps)), "01:00:00:00"))
    (read,) = otio.adapters.read_from_file(str(tmp_path / "film.fcpxml"), "fcpx_xml")
    lips = next(track for track in read.tracks if track.name == "1")
    for clip, (begin, stop) in zip(lips.find_clips(), PATCHES, strict=True):
        at = clip.range_in_parent()
        assert at.start_time.value - 3600 * fps == pytest.approx(begin, abs=1)
        assert at.duration.value == pytest.approx(stop - begin, abs=1)


def test_a_long_list_is_split_where_cmx_ends(tmp_path: Path) -> None:
    pytest.importorskip("otio_cmx3600_adapter", reason="the adapter is a package of its own")
    runs = tuple((10 * index, 10 * index + 5) for index in range(1200))
    rate = FrameRate.of(25)
    paths = write_edl(tmp_path / "film.edl", only_patches(timeline(rate, "01:00:00:00", runs)))
    assert [path.name for path in paths] == ["film.edl", "film.2.edl"]
    events = [[line for line in path.read_text("utf-8").splitlines() if line[:1].isdigit()] for path in paths]
    assert [len(lines) for lines in events] == [999, 201]
    assert events[1][0].split()[-2] == str(Timecode(90_000 + 9990, rate))


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    whole = timeline(FrameRate.of(25), "")
    with pytest.raises(RecordError, match="has gaps"):
        write_fcpxml(tmp_path / "film.fcpxml", only_patches(whole))
    with pytest.raises(OutputError, match="could not be written"):
        write_otio(tmp_path / "missing" / "film.otio", whole)
    (tmp_path / "film.otio").mkdir()
    with pytest.raises(OutputError, match="could not be written"):
        write_otio(tmp_path / "film.otio", whole)
    assert [path.name for path in tmp_path.iterdir()] == ["film.otio"]


def test_rates_without_timecode_have_no_edl(tmp_path: Path) -> None:
    pytest.importorskip("otio_cmx3600_adapter", reason="the adapter is a package of its own")
    for fps in (Fraction(25, 2), Fraction(100)):
        with pytest.raises(RecordError, match="do not count"):
            write_edl(tmp_path / "film.edl", only_patches(timeline(FrameRate(fps), "")))
    with pytest.raises(RecordError, match="does not count"):
        write_fcp7(tmp_path / "film.xml", timeline(FrameRate(Fraction(25, 2)), ""))
    assert write_edl(tmp_path / "film.edl", only_patches(timeline(FrameRate.of(25), "", ()))) == ()
    assert not list(tmp_path.iterdir())


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentimelineio", None)
    with pytest.raises(MissingDependencyError, match=r"opentimelineio.*dubkit\[timeline\]"):
        check_timeline_library()
