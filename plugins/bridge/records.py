"""What a host and dubkit say to each other about a timeline, in no editor's words.

Conventions, everywhere in the bridge:

* Frames count from the timeline's first frame (0), whatever timecode it shows, and ranges are half-open
  ``[start, end)``. A host that counts otherwise (Resolve: absolute frames, 1-based tracks) converts at its own edge.
* Times in a source are exact seconds (:class:`fractions.Fraction`) from the first frame of the media file; a timecode
  written in the file is taken off by the host.
* Rates are exact fractions: 24000/1001, never 23.976.
* Keys are the host's own: texts that find a clip again for as long as a job runs. Nothing else reads them.
* Paths are absolute texts as the operating system writes them.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

__all__ = [
    "Clip",
    "ClipKind",
    "Medium",
    "NewTrack",
    "Placed",
    "Placement",
    "PlacementPlan",
    "Refusal",
    "Task",
    "Timeline",
]


class Medium(enum.Enum):
    """What a clip, a file or a track carries."""

    VIDEO = "video"
    AUDIO = "audio"


class ClipKind(enum.Enum):
    """What stands behind a clip."""

    MEDIA = "media"
    """A stretch of one media file that plays by itself."""
    STILL = "still"
    """One image, held."""
    IMAGE_SEQUENCE = "image sequence"
    COMPOUND = "compound"
    """A nested timeline: compound clip, meta strip, scene strip, Fusion clip."""
    MULTICAM = "multicam"
    GENERATED = "generated"
    """A title, a generator, an effect: nothing on disk."""
    UNKNOWN = "unknown"
    """The host could not say."""


@dataclass(frozen=True)
class Timeline:
    """The timeline that is open in the editor.

    Attributes:
        name: What the editor calls it.
        rate: Frames a second.
        frames: Length in frames; 0 where the host does not know.
        start_frame: What the editor counts at the first frame: 86400 for 01:00:00:00 at 24. It serves to understand
            subtitles that count from the start timecode.
        drop: Whether its timecode is drop-frame.
        tracks: Names of all tracks there are, so that a new one gets a name of its own.
    """

    name: str
    rate: Fraction
    frames: int = 0
    start_frame: int = 0
    drop: bool = False
    tracks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Clip:
    """A clip of the timeline, as the host tells of it.

    A host fills in what it knows and judges nothing: :func:`bridge.planning.choose` refuses what cannot be done.

    Attributes:
        key: Finds the clip again in the host.
        name: What the editor shows.
        medium: Whether it is picture or sound.
        track: Number of its track among those of its medium, from 1, the lowest first.
        start: First frame on the timeline.
        end: First frame after it.
        source: The media file; empty where the host names none.
        source_start: Second of the source that is shown at ``start``.
        source_end: Second of the source at which ``end`` would be shown. Less than ``source_start`` in a reversed clip.
        kind: What stands behind it.
        retimed: Whether the host knows that it does not play at its own speed (a speed, a ramp, retiming keys).
            Where the host cannot tell, the lengths of both ranges tell.
        offline: Whether the host knows that its media are missing.
        transition_in: Frames at its start that lie in a transition.
        transition_out: Frames at its end that lie in a transition.
        sounds: Keys of the sound clips that belong to it (linked in the host): what is switched off under a new mix.
    """

    key: str
    name: str
    medium: Medium
    track: int
    start: int
    end: int
    source: str
    source_start: Fraction
    source_end: Fraction
    kind: ClipKind = ClipKind.MEDIA
    retimed: bool = False
    offline: bool = False
    transition_in: int = 0
    transition_out: int = 0
    sounds: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        """Its length on the timeline."""
        return self.end - self.start


@dataclass(frozen=True)
class Refusal:
    """A clip that cannot be done, and why, in one sentence for people."""

    clip: Clip
    reason: str


@dataclass(frozen=True)
class Task:
    """A clip to be done.

    Attributes:
        picture: The clip whose lips change.
        sound: The sound they change to; None in a dub, where subtitles and voice say it.
    """

    picture: Clip
    sound: Clip | None = None


@dataclass(frozen=True)
class Placement:
    """A file to be put on a new track.

    Attributes:
        path: The file. Its first frame is the first to be seen; it is as long as ``frames``, at the timeline's rate.
        name: What the editor shows.
        start: Frame of the timeline at which it begins.
        frames: Its length on the timeline.
        tag: What the host writes beside the clip so that it is found again; see :mod:`bridge.tags`.
    """

    path: str
    name: str
    start: int
    frames: int
    tag: str

    @property
    def end(self) -> int:
        """First frame after it."""
        return self.start + self.frames


@dataclass(frozen=True)
class NewTrack:
    """A track to be added above (after) all of its medium, with what lies on it: in order, without overlap."""

    medium: Medium
    name: str
    placements: tuple[Placement, ...]


@dataclass(frozen=True)
class PlacementPlan:
    """All that one job adds to a timeline: all of it, or nothing.

    Attributes:
        tag: The job's tag: every placement's tag begins with it.
        tracks: What is added, in order.
        silence: Keys of sound clips to be switched off, not deleted, because the new sound holds theirs; for each the
            tag of the placement that does. When that placement is removed they are switched on again.
        replaces: Tags of earlier placements that these take the place of: removed after these are safe.
    """

    tag: str
    tracks: tuple[NewTrack, ...]
    silence: Mapping[str, str] = field(default_factory=dict)
    replaces: tuple[str, ...] = ()

    @property
    def placements(self) -> tuple[Placement, ...]:
        """Everything that is placed, track by track."""
        return tuple(placement for track in self.tracks for placement in track.placements)


@dataclass(frozen=True)
class Placed:
    """Something of ours that the host found on the timeline.

    Attributes:
        tag: As written when it was placed.
        medium: What it carries.
        start: First frame on the timeline.
        end: First frame after it.
    """

    tag: str
    medium: Medium
    start: int
    end: int
