"""What a master takes over from its source beside the picture: sound, other tracks, names and chapters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from av.container import InputContainer, OutputContainer
from av.stream import Disposition

from dubkit.media.containers import ContainerRules
from dubkit.media.languages import container_language
from dubkit.media.opening import opened, picture_stream, sound_streams
from dubkit.media.other_tracks import OtherTracks
from dubkit.media.pixels import plane_format
from dubkit.media.sound import sound_blocks
from dubkit.media.tracks import CopiedSound, NewSound, SoundTrack, can_copy
from dubkit.schema import AudioInfo, Waveform
from dubkit.timing import Seconds

__all__ = ["FromSource"]

_KEPT_METADATA = frozenset({
    "album", "artist", "author", "comment", "composer", "copyright", "creation_time", "date", "description",
    "episode_id", "genre", "network", "reel_name", "show", "synopsis", "title",
})  # fmt: skip
_ENDLESS = Fraction(10**6)


class FromSource:
    """Adds the tracks of a source to a master, and fills them as the picture goes on.

    Args:
        path: The master, for messages.
        container: The master, before its header is written.
        rules: What the container takes.
        source: The file to take from.
        copies: Its sound tracks to keep.
        origin: Second of the source's clock at which its picture starts.

    Attributes:
        notes: What could not be kept as it was, in words.
    """

    def __init__(
        self,
        path: Path,
        container: OutputContainer,
        rules: ContainerRules,
        source: Path,
        copies: Sequence[AudioInfo],
        origin: Seconds,
    ) -> None:
        self._path, self._container, self._rules, self._source = path, container, rules, source
        self.notes: list[str] = []
        self._encoded: list[tuple[NewSound, Iterator[Waveform]]] = []
        copied = [track for track in copies if can_copy(source, track, rules)]
        for track in copies:
            if track not in copied:
                self._encode_anew(track)
        self._copied = CopiedSound(container, rules, source, copied, origin) if copied else None
        self._others = OtherTracks(container, rules, source, origin)
        self.notes.extend(self._others.notes)
        self._keep_metadata(origin, len(copies))

    def advance(self, time: Seconds) -> None:
        """Write what begins before ``time`` of the picture."""
        for sound, blocks in self._encoded:
            while sound.reached < time:
                sound.write(next(blocks))
            sound.advance(time)
        if self._copied is not None:
            self._copied.advance(time)
        self._others.advance(time)

    def finish(self, time: Seconds) -> None:
        """Write the rest up to ``time``, the end of the picture, and close the source."""
        self.advance(time)
        for sound, _ in self._encoded:
            sound.finish(time)
        if self._copied is not None:
            self._copied.finish(time)
        self._others.finish(time)

    def close(self) -> None:
        """Close the source."""
        if self._copied is not None:
            self._copied.close()
        self._others.close()

    def _encode_anew(self, track: AudioInfo) -> None:
        with opened(self._source) as stored:
            numbers = {stream.index: n for n, stream in enumerate(sound_streams(stored))}
            title = stored.streams[track.stream].metadata.get("title", "")
        wanted = SoundTrack(track.language, title, track.sample_rate, track.channels)
        sound = NewSound(self._path, self._container, wanted, self._rules)
        sound.stream.disposition = Disposition(0)
        blocks = sound_blocks(
            self._source,
            sample_rate=track.sample_rate,
            channels=track.channels,
            duration=_ENDLESS,
            stream=numbers[track.stream],
        )
        self._encoded.append((sound, blocks))
        self.notes.append(
            f"the original sound ({track.codec}) was encoded anew: a {self._path.suffix} file does not take it"
        )

    def _name_picture(self, stored: InputContainer) -> None:
        """Language, title and the name of the reel, which MOV keeps with the timecode."""
        picture, named = picture_stream(stored), self._container.streams.video[0].metadata
        if picture is None:
            return
        if language := picture.metadata.get("language", "").replace("und", ""):
            named["language"] = container_language(language, self._rules.muxer)
        if title := picture.metadata.get("title", ""):
            named["title"] = title
        if picture.metadata.get("alpha_mode") == "1" and not plane_format(picture.codec_context.pix_fmt or "").alpha:
            self.notes.append("the opacity of the picture is left out: it is stored beside it, where it is not decoded")
        for place in (picture, *stored.streams.data):
            if reel := place.metadata.get("reel_name", ""):
                named["reel_name"] = reel

    def _keep_metadata(self, origin: Seconds, kept_sounds: int) -> None:
        with opened(self._source) as stored:
            kept = {key: value for key, value in stored.metadata.items() if key.lower() in _KEPT_METADATA}
            self._container.metadata.update(kept)
            self._name_picture(stored)
            chapters = stored.chapters()
            left = len(stored.streams.audio) - kept_sounds
        if left > 1:
            self.notes.append(f"{left} sound tracks of the source are not in the result: they were not asked for")
        for chapter in chapters:
            shift = round(origin / (chapter["time_base"] or 1))
            chapter["start"], chapter["end"] = max(0, chapter["start"] - shift), max(0, chapter["end"] - shift)
        if chapters:
            self._container.set_chapters(chapters)
