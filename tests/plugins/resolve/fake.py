"""A DaVinci Resolve made of its contract: it has the documented methods of its version, and no others.

What they do is what was measured on the real program by others (see plugins/README.md); nothing here was measured on it
by us. Every answer is a new handle on the thing it speaks of, as there: handles are compared by ``GetUniqueId`` only.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar, Literal, TypeVar

from tests.plugins.resolve.contract import CONTRACT, MINIMUM, Version, since

__all__ = ["Fault", "Handle", "Item", "Killed", "Media", "Timeline", "Track", "World", "answers"]

Edition = Literal["free", "studio"]
Answer = TypeVar("Answer", bound=Callable[..., Any])


class Killed(BaseException):
    """The process is gone: no call answers any more."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong in one call.

    Attributes:
        answer: What it answers instead.
        done: Whether it does its work all the same.
        error: What it raises instead of answering.
        for_good: Whether every later call goes the same way.
    """

    answer: Any = None
    done: bool = False
    error: type[BaseException] | None = None
    for_good: bool = False


@dataclass
class Media:
    """A clip of the media pool."""

    path: str
    frames: int
    fps: Fraction | None
    kind: str = "Video"
    first_frame: int = 0
    name: str = ""
    id: str = ""
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass
class Folder:
    """A bin of the media pool."""

    name: str
    id: str
    clips: list[Media] = field(default_factory=list)
    folders: list[Folder] = field(default_factory=list)


@dataclass
class Item:
    """A clip on a timeline track."""

    name: str
    start: int
    duration: int
    media: Media | None
    left: int = 0
    speed: Fraction = Fraction(1)
    id: str = ""
    enabled: bool = True
    color: str = ""
    markers: dict[int, dict[str, Any]] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    errored: bool = False

    @property
    def end(self) -> int:
        """First frame after it."""
        return self.start + self.duration


@dataclass
class Track:
    """A timeline track."""

    name: str
    items: list[Item] = field(default_factory=list)
    locked: bool = False
    enabled: bool = True


@dataclass
class Timeline:
    """A timeline."""

    name: str
    rate: Fraction
    setting: str | float
    start: int
    id: str
    drop: bool = False
    tracks: dict[str, list[Track]] = field(default_factory=lambda: {"video": [], "audio": [], "subtitle": []})
    markers: dict[int, dict[str, Any]] = field(default_factory=dict)
    marks: dict[str, dict[str, int]] = field(default_factory=dict)
    selected: list[str] = field(default_factory=list)
    playhead: int = 0

    def placed(self) -> Iterator[tuple[str, int, Item]]:
        """Every item with its track's kind and number."""
        for kind, tracks in self.tracks.items():
            for number, track in enumerate(tracks, 1):
                for item in track.items:
                    yield kind, number, item


class World:
    """A running Resolve, and what goes wrong in it.

    Attributes:
        called: Every call since it was armed, as (class, method).
        wanting: What was asked for and is not in this version.
        faults: What goes wrong in the calls of these numbers, counted from 0 since it was armed.
    """

    def __init__(self, version: Version = (21, 1, 0), edition: Edition = "studio") -> None:
        assert version >= MINIMUM
        self.version = version
        self.edition: Edition = edition
        self.called: list[tuple[str, str]] = []
        self.wanting: list[tuple[str, str]] = []
        self.faults: dict[int, Fault] = {}
        self.broken: dict[str, Fault] = {}
        self.modal = False
        self.page = "edit"
        self.disk: dict[str, Media] = {}
        self.root = Folder("Master", "bin-root")
        self.folder = self.root
        self.timelines: list[Timeline] = []
        self.current = 0
        self.saves = 0
        self.errored_appends: set[int] = set()
        self.appends = 0
        self._ids = itertools.count(1)
        self._lasting: Fault | None = None

    @property
    def end_is_inclusive(self) -> bool:
        """Whether ``endFrame`` names the last frame, as before version 19."""
        return self.version < (19, 0, 0)

    @property
    def timeline(self) -> Timeline:
        """The open timeline."""
        return self.timelines[self.current]

    def new_id(self, kind: str) -> str:
        """An identity not given before."""
        return f"{kind}-{next(self._ids):04}"

    def arm(self, faults: dict[int, Fault] | None = None, broken: dict[str, Fault] | None = None) -> None:
        """Count calls anew, with ``faults`` by number and ``broken`` by method."""
        self.called.clear()
        self.faults, self.broken, self._lasting = faults or {}, broken or {}, None

    def offers(self, kind: str, method: str) -> bool:
        """Whether this version has the method."""
        first = since(kind, method)
        return first is not None and first <= self.version

    def call(self, handle: Handle, method: str, arguments: tuple[Any, ...]) -> Any:
        """One call, with what goes wrong in it."""
        number = len(self.called)
        self.called.append((handle.kind, method))
        fault = self._lasting or self.faults.get(number) or self.broken.get(method)
        if fault is not None and fault.for_good:
            self._lasting = fault
        work = handle.methods.get(method)
        assert work is not None, f"the fake does not know what {handle.kind}.{method} does"
        if fault is None:
            return None if self.modal or handle.gone() else work(handle, *arguments)
        if fault.done:
            work(handle, *arguments)
        if fault.error is not None:
            raise fault.error(f"in call {number}, {handle.kind}.{method}")
        return fault.answer


def answers(*methods: str) -> Callable[[Answer], Answer]:
    """Mark a function as what ``methods`` do."""

    def mark(work: Answer) -> Answer:
        work.methods = methods  # type: ignore[attr-defined]
        return work

    return mark


class Handle:
    """What Resolve gives out: asked for something it has not, it gives None and never an error."""

    kind: ClassVar[str] = ""
    methods: ClassVar[dict[str, Callable[..., Any]]] = {}

    def __init__(self, world: World, record: Any) -> None:
        self.world = world
        self.record = record

    def __init_subclass__(cls) -> None:
        cls.kind = cls.__name__.removeprefix("Fake")
        found = [work for work in vars(cls).values() if hasattr(work, "methods")]
        cls.methods = {method: work for work in found for method in work.methods}
        unknown = set(cls.methods) - set(CONTRACT[cls.kind])
        assert not unknown, f"not in the contract of {cls.kind}: {unknown}"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if not self.world.offers(self.kind, name):
            self.world.wanting.append((self.kind, name))
            return None
        return lambda *arguments: self.world.call(self, name, arguments)

    def __dir__(self) -> list[str]:
        return [name for name in CONTRACT[self.kind] if self.world.offers(self.kind, name)]

    def gone(self) -> bool:
        """Whether what it speaks of is no longer there."""
        return False
