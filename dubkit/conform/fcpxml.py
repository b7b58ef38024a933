"""Timelines as Final Cut Pro reads them (FCPXML 1.9), which DaVinci Resolve reads too.

Written here, with exact fractions: OpenTimelineIO's adapter (otio-fcpx-xml-adapter 1.0.0) counts 23.976 frames a second
as 23, and so puts clips beside their frames at every rate that is not a whole number.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from dubkit.conform.counting import counts_drop, first_frame, source_length, source_start
from dubkit.conform.text_file import write_text
from dubkit.errors import RecordError
from dubkit.schema import Clip, Timeline, TimelineTrack, TrackKind

__all__ = ["write_fcpxml"]

_VERSION = "1.9"


def write_fcpxml(path: Path, timeline: Timeline) -> None:
    """Write ``timeline`` as FCPXML: its lowest video track as the storyline, all others connected to that.

    Args:
        path: The file; it appears whole or not at all.
        timeline: What to write; its lowest video track must be filled from the first frame to the last, without gaps.
            Subtitle tracks are left out.

    Raises:
        RecordError: if the lowest video track is not.
        OutputError: if the file cannot be written.
    """
    write_text(path, _Document(timeline).text())


class _Document:
    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._rate = timeline.rate
        self._first = first_frame(timeline.start_timecode, timeline.rate)
        self._counting = "DF" if counts_drop(timeline.start_timecode) else "NDF"
        self._root = ET.Element("fcpxml", version=_VERSION)
        self._resources = ET.SubElement(self._root, "resources")
        self._assets: dict[Path, ET.Element] = {}
        picture = ET.SubElement(self._resources, "format", id="r1", frameDuration=self._time(1))
        if timeline.width:
            picture.attrib |= {"width": str(timeline.width), "height": str(timeline.height)}

    def text(self) -> str:
        """All of it."""
        video = [track for track in self._timeline.tracks if track.kind is TrackKind.VIDEO]
        audio = [track for track in self._timeline.tracks if track.kind is TrackKind.AUDIO]
        clips = video[0].clips if video else ()
        ends = [0, *(clip.frames.stop for clip in clips)]
        if not clips or [clip.frames.start for clip in clips] != ends[:-1]:
            raise RecordError(f"the lowest video track of timeline {self._timeline.name!r} has gaps")
        library = ET.SubElement(self._root, "library")
        event = ET.SubElement(library, "event", name=self._timeline.name)
        project = ET.SubElement(event, "project", name=self._timeline.name)
        sequence = ET.SubElement(project, "sequence", format="r1", duration=self._time(ends[-1]))
        sequence.attrib |= {"tcStart": self._time(self._first), "tcFormat": self._counting}
        spine = ET.SubElement(sequence, "spine")
        placed = [(clip, self._clip(spine, clip, video[0], offset=self._first + clip.frames.start)) for clip in clips]
        lanes = [*enumerate(video[1:], 1), *((-lane, track) for lane, track in enumerate(audio, 1))]
        for lane, track in lanes:
            for clip in track.clips:
                below, parent = next(item for item in reversed(placed) if item[0].frames.start <= clip.frames.start)
                # What is connected is placed by the clock of the clip that it is connected to.
                offset = source_start(below, self._rate) + clip.frames.start - below.frames.start
                self._clip(parent, clip, track, offset=offset).set("lane", str(lane))
        ET.indent(self._root, "    ")
        body = ET.tostring(self._root, encoding="unicode")
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n{body}\n'

    def _clip(self, parent: ET.Element, clip: Clip, track: TimelineTrack, *, offset: int) -> ET.Element:
        asset = self._asset(clip)
        is_video = track.kind is TrackKind.VIDEO
        asset.set("hasVideo" if is_video else "hasAudio", "1")
        if is_video:
            asset.set("format", "r1")
        else:
            asset.set("audioSources", "1")
        element = ET.SubElement(
            parent,
            "asset-clip",
            ref=asset.get("id", ""),
            name=clip.name,
            offset=self._time(offset),
            start=self._time(source_start(clip, self._rate)),
            duration=self._time(len(clip.frames)),
            tcFormat=self._counting,
            srcEnable="video" if is_video else "audio",
        )
        if not track.enabled:
            element.set("enabled", "0")
        if track.language and not is_video:
            element.set("audioRole", f"dialogue.{track.language}")
        return element

    def _asset(self, clip: Clip) -> ET.Element:
        if clip.source not in self._assets:
            self._assets[clip.source] = ET.SubElement(
                self._resources,
                "asset",
                id=f"r{len(self._assets) + 2}",
                name=clip.source.name,
                src=clip.source.absolute().as_uri(),
                start=self._time(first_frame(clip.source_timecode, self._rate)),
                duration=self._time(source_length(clip, self._rate)),
            )
        return self._assets[clip.source]

    def _time(self, frames: int) -> str:
        """Seconds as a fraction whose denominator is that of the frame rate, so that it is whole frames."""
        fps = self._rate.fps
        return f"{frames * fps.denominator}/{fps.numerator}s"
