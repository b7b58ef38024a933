"""As much of a sequencer as reading and writing ask for, in the shapes of its versions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Strip(dict[str, Any]):
    """A strip: a mapping of its custom properties, with the rest as attributes."""

    def __init__(self, name: str, kind: str, channel: int, start: float, length: int, **further: Any) -> None:
        super().__init__()
        self.name, self.type, self.channel = name, kind, channel
        self.frame_start, self.frame_duration = start, length
        self.frame_final_start, self.frame_final_end = int(start), int(start) + length
        self.select, self.mute = True, False
        self.animation_offset_start = self.animation_offset_end = 0
        for each, value in further.items():
            setattr(self, each, value)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


class NewStrip(Strip):
    """The same with the names of Blender 5.1."""

    def __init__(self, name: str, kind: str, channel: int, start: float, length: int, **further: Any) -> None:
        super().__init__(name, kind, channel, start, length, **further)
        self.left_handle, self.right_handle = self.frame_final_start, self.frame_final_end
        self.content_start, self.content_duration = self.frame_start, self.frame_duration
        del self.frame_final_start, self.frame_final_end, self.frame_start, self.frame_duration


class Sound:
    """A sound of the file."""

    def __init__(self, path: str) -> None:
        self.filepath, self.library, self.users = path, None, 1


class Channel:
    """A channel."""

    def __init__(self, name: str) -> None:
        self.name, self.mute, self.lock = name, False, False


class Strips:
    """The strips of a level; what is added has ``frames`` frames.

    Attributes:
        longer: Frames that a new strip has too many.
        stuck: Whether nothing can be removed.
    """

    def __init__(self, frames: int = 50) -> None:
        self._strips: list[Strip] = []
        self._frames, self.longer, self.stuck = frames, 0, False
        self.sounds: list[Sound] = []

    def __iter__(self) -> Iterator[Strip]:
        return iter(list(self._strips))

    def __getitem__(self, key: str | int) -> Strip:
        return self._strips[key if isinstance(key, int) else self.find(key)]

    def find(self, name: str) -> int:
        return next((place for place, strip in enumerate(self._strips) if strip.name == name), -1)

    def add(self, strip: Strip) -> Strip:
        self._strips.append(strip)
        return strip

    def new_movie(self, name: str, filepath: str, channel: int, frame_start: int) -> Strip:
        length = self._frames + self.longer
        return self.add(Strip(name, "MOVIE", channel, frame_start, length, filepath=filepath, fps=25.0))

    def new_sound(self, name: str, filepath: str, channel: int, frame_start: int) -> Strip:
        self.sounds.append(Sound(filepath))
        length = self._frames + self.longer
        return self.add(Strip(name, "SOUND", channel, frame_start, length, sound=self.sounds[-1]))

    def remove(self, strip: Strip) -> None:
        if self.stuck:
            raise RuntimeError("strip not in scene")
        self._strips.remove(strip)
        if strip.type == "SOUND":
            strip.sound.users = 0


class Editor:
    """A sequence editor, or a meta strip's inside."""

    def __init__(self, *strips: Strip, frames: int = 50) -> None:
        self.strips = Strips(frames)
        for strip in strips:
            self.strips.add(strip)
        self.channels = [Channel(f"Channel {number}") for number in range(129)]
        self.meta_stack: list[Any] = []


class Files:
    """Files as they are written, of 100 frames each."""

    def path(self, written: str, library: Any) -> str:
        return written

    def frames(self, path: str) -> int:
        return 100


def movie(name: str = "film", channel: int = 1, start: int = 1, length: int = 50, **further: Any) -> Strip:
    """A film strip."""
    return Strip(name, "MOVIE", channel, start, length, **{"filepath": "/films/a.mov", "fps": 25.0, **further})


def sound(name: str = "film sound", channel: int = 2, start: int = 1, length: int = 50, **further: Any) -> Strip:
    """Its sound strip."""
    return Strip(name, "SOUND", channel, start, length, **{"sound": Sound("/films/a.mov"), **further})
