"""Timelines as Adobe Premiere Pro reads them: Final Cut Pro 7's XML ("xmeml", version 4).

Written here, as OpenTimelineIO's adapter (otio-fcp-adapter 1.0.0) leaves out track names and which tracks are off; the
tests let it read these files. Format: Apple's Final Cut Pro XML Interchange Format; names and stereo pairs of tracks
as Premiere's own exports carry them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

from dubkit.conform.counting import counts_drop, first_frame, source_length, whole_frames
from dubkit.conform.text_file import write_text
from dubkit.errors import RecordError
from dubkit.schema import Clip, Timeline, TimelineTrack, TrackKind
from dubkit.timing import FrameRate, Timecode

__all__ = ["write_fcp7"]

_CHANNELS = 2
"""Tracks on which a sound lies: one for each side of a stereo pair. Of files with more channels these are the first."""


def write_fcp7(path: Path, timeline: Timeline) -> None:
    """Write ``timeline`` as Final Cut Pro 7's XML.

    Args:
        path: The file; it appears whole or not at all.
        timeline: What to write. Subtitle tracks are left out.

    Raises:
        RecordError: if there is no timecode at the timeline's rate.
        OutputError: if the file cannot be written.
    """
    write_text(path, _Document(timeline).text())


class _Document:
    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._rate = timeline.rate
        _check_rate(timeline.rate)
        self._root = ET.Element("xmeml", version="4")
        self._files: dict[Path, str] = {}
        self._clips = 0
        self._kinds: dict[Path, set[TrackKind]] = {}
        for track in timeline.tracks:
            for clip in track.clips:
                self._kinds.setdefault(clip.source, set()).add(track.kind)

    def text(self) -> str:
        """All of it."""
        timeline = self._timeline
        length = max((clip.frames.stop for track in timeline.tracks for clip in track.clips), default=0)
        sequence = ET.SubElement(self._root, "sequence", id="sequence-1", explodedTracks="true")
        _fill(sequence, {"name": timeline.name, "duration": length})
        self._add_rate(sequence)
        self._add_timecode(sequence, timeline.start_timecode)
        media = ET.SubElement(sequence, "media")
        video = ET.SubElement(media, "video")
        self._add_picture(ET.SubElement(video, "format"))
        audio = ET.SubElement(media, "audio")
        _fill(audio, {"numOutputChannels": _CHANNELS})
        _add_sound(ET.SubElement(audio, "format"))
        for track in timeline.tracks:
            if track.kind is TrackKind.VIDEO:
                self._add_track(video, track)
            elif track.kind is TrackKind.AUDIO:
                for channel in range(_CHANNELS):
                    self._add_track(audio, track, channel)
        ET.indent(self._root, "    ")
        body = ET.tostring(self._root, encoding="unicode")
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n{body}\n'

    def _add_track(self, parent: ET.Element, track: TimelineTrack, channel: int = 0) -> None:
        element = ET.SubElement(parent, "track", {"MZ.TrackName": track.name})
        if track.kind is TrackKind.AUDIO:
            pair = {"currentExplodedTrackIndex": str(channel), "totalExplodedTrackCount": str(_CHANNELS)}
            element.attrib |= {**pair, "premiereTrackType": "Stereo"}
        for clip in track.clips:
            self._add_clip(element, clip, track, channel)
        _fill(element, {"enabled": track.enabled, "locked": False})
        if track.kind is TrackKind.AUDIO:
            _fill(element, {"outputchannelindex": channel + 1})

    def _add_clip(self, parent: ET.Element, clip: Clip, track: TimelineTrack, channel: int) -> None:
        self._clips += 1
        element = ET.SubElement(parent, "clipitem", id=f"clipitem-{self._clips}")
        begin = whole_frames(clip.source_range.start, self._rate)
        _fill(element, {"name": clip.name, "enabled": True, "duration": source_length(clip, self._rate)})
        self._add_rate(element)
        _fill(element, {"start": clip.frames.start, "end": clip.frames.stop})
        _fill(element, {"in": begin, "out": begin + len(clip.frames)})
        self._add_file(element, clip)
        if track.kind is TrackKind.AUDIO:
            element.set("premiereChannelType", "stereo")
            _fill(ET.SubElement(element, "sourcetrack"), {"mediatype": "audio", "trackindex": channel + 1})

    def _add_file(self, parent: ET.Element, clip: Clip) -> None:
        known = self._files.get(clip.source)
        if known is not None:
            ET.SubElement(parent, "file", id=known)
            return
        self._files[clip.source] = f"file-{len(self._files) + 1}"
        element = ET.SubElement(parent, "file", id=self._files[clip.source])
        url = clip.source.absolute().as_uri().replace("file://", "file://localhost", 1)
        _fill(element, {"name": clip.source.name, "pathurl": url})
        self._add_rate(element)
        _fill(element, {"duration": source_length(clip, self._rate)})
        self._add_timecode(element, clip.source_timecode)
        media = ET.SubElement(element, "media")
        if TrackKind.VIDEO in self._kinds[clip.source]:
            self._add_picture(ET.SubElement(media, "video"))
        if TrackKind.AUDIO in self._kinds[clip.source]:
            audio = ET.SubElement(media, "audio")
            _add_sound(audio)
            _fill(audio, {"channelcount": _CHANNELS})

    def _add_picture(self, parent: ET.Element) -> None:
        element = ET.SubElement(parent, "samplecharacteristics")
        self._add_rate(element)
        if self._timeline.width:
            _fill(element, {"width": self._timeline.width, "height": self._timeline.height})
        _fill(element, {"pixelaspectratio": "square", "fielddominance": "none"})

    def _add_rate(self, parent: ET.Element) -> None:
        _fill(ET.SubElement(parent, "rate"), {"timebase": self._rate.nominal, "ntsc": self._rate.is_ntsc})

    def _add_timecode(self, parent: ET.Element, timecode: str) -> None:
        element = ET.SubElement(parent, "timecode")
        self._add_rate(element)
        frame, drop = first_frame(timecode, self._rate), counts_drop(timecode)
        label = str(Timecode(frame, self._rate, drop))
        _fill(element, {"string": label, "frame": frame, "displayformat": "DF" if drop else "NDF"})


def _check_rate(rate: FrameRate) -> None:
    """Make sure that a whole number and "NTSC or not" say the rate.

    Raises:
        RecordError: if they do not.
    """
    if not rate.is_ntsc and rate.fps != rate.nominal:
        raise RecordError(f"Final Cut Pro 7's XML does not count {rate} frames a second")


def _add_sound(parent: ET.Element) -> None:
    _fill(ET.SubElement(parent, "samplecharacteristics"), {"depth": 24, "samplerate": 48_000})


def _fill(parent: ET.Element, values: Mapping[str, str | int | bool]) -> None:
    """Add an element for each value, in their order."""
    for tag, value in values.items():
        text = str(value).upper() if isinstance(value, bool) else str(value)
        ET.SubElement(parent, tag).text = text
