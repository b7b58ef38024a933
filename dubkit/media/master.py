"""The master: the picture as it was, with its new sound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
from av.container import OutputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream

from dubkit.errors import OutputError, RecordError
from dubkit.media.aside import PartFile, check_target, output_error, part_path
from dubkit.media.containers import rules_for
from dubkit.media.encoders import WriteSettings, plan_picture
from dubkit.media.opening import opened
from dubkit.media.picture_track import NewPicture
from dubkit.media.sound import sound_blocks
from dubkit.media.tracks import CopiedSound, NewSound, SoundTrack, can_copy
from dubkit.media.turning import turned_frame, turned_video
from dubkit.schema import AudioInfo, Frame, VideoInfo, Waveform
from dubkit.timing import FrameRate, Seconds, Timecode

__all__ = ["MasterWriter"]

_KEPT_METADATA = frozenset({
    "album", "artist", "author", "comment", "composer", "copyright", "creation_time", "date", "description",
    "episode_id", "genre", "network", "show", "synopsis", "title",
})  # fmt: skip
_ENDLESS = Fraction(10**6)


class MasterWriter:
    """Writes a film: frames as they come, sound beside them.

    Use it as a context manager. The file appears under its name when the block is left without an exception;
    otherwise nothing is left of it. Give sound as the picture goes on: what runs ahead of the picture waits in
    memory, what is missing at the end is silence, what is too long is dropped.

    Args:
        path: The file to write; its ending names the container.
        video: The picture, as :func:`~dubkit.media.probe` told of the source. For a still image, its ``rate``
            is that of the film, and frames follow one another whatever their timestamps.
        sounds: New sound tracks, first in the file.
        copies: Sound tracks of ``source`` to keep, after the new ones.
        source: The file that ``copies``, chapters and title come from.
        settings: How the picture is encoded.

    Raises:
        OutputError: before any work, if the target cannot be written, or is to hold what it cannot.
    """

    def __init__(
        self,
        path: Path,
        video: VideoInfo,
        *,
        sounds: Sequence[SoundTrack] = (),
        copies: Sequence[AudioInfo] = (),
        source: Path | None = None,
        settings: WriteSettings | None = None,
    ) -> None:
        self._path = Path(path)
        self._rules = rules_for(self._path)
        check_target(self._path)
        if copies and source is None:
            raise OutputError("cannot keep the original sound", path=path, remedy="say which file it comes from")
        self._notes: list[str] = []
        self._turn = self._turn_needed(video)
        self._video = turned_video(video, self._turn)
        self._plan = plan_picture(self._path, self._video, self._rules, settings or WriteSettings())
        self._notes.extend(self._plan.notes)
        self._origin = Fraction(0) if video.is_still else video.start
        self._tracks, self._copies, self._source = tuple(sounds), tuple(copies), source
        self._copied: CopiedSound | None = None
        self._encoded: list[tuple[NewSound, Iterator[Waveform]]] = []

    @property
    def encoder(self) -> str:
        """FFmpeg's name of the encoder of the picture."""
        return self._plan.encoder

    @property
    def notes(self) -> tuple[str, ...]:
        """What differs from the source or from what was asked for, in words."""
        return tuple(self._notes)

    def __enter__(self) -> MasterWriter:
        self._part = part_path(self._path)
        try:
            self._file = PartFile(self._part)
        except OSError as error:
            raise output_error(self._path, error) from error
        try:
            with self._guarded():
                # By default the clock on which MP4 says when a track begins counts milliseconds.
                fine = {"movie_timescale": "90000"} if self._rules.muxer in {"mp4", "mov"} else {}
                self._container = av.open(self._file, "w", format=self._rules.muxer, container_options=fine)
                self._begin(self._container)
        except BaseException:
            self._abandon()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._abandon()
            return
        try:
            self._finish()
        except BaseException:
            self._abandon()
            raise

    def write_frame(self, frame: Frame) -> None:
        """Write the next frame, as it was read; sound is written up to it.

        Raises:
            OutputError: if it does not fit the picture, or cannot be written.
        """
        turned = turned_frame(frame, self._turn)
        with self._guarded():
            self._picture.write(turned)
            self._advance(self._picture.reached)

    def write_sound(self, track: int, block: Waveform) -> None:
        """Write the next block of the new sound track ``track``, counted from 0; time 0 is the first frame.

        Raises:
            OutputError: if it does not fit the track, or cannot be written.
        """
        with self._guarded():
            self._sounds[track].write(block)
            self._sounds[track].advance(self._picture.reached)

    def _turn_needed(self, video: VideoInfo) -> int:
        if not video.rotation or (self._rules.keeps_rotation and hasattr(VideoStream, "set_display_rotation")):
            return 0
        self._notes.append(
            f"a {self._path.suffix} file cannot say that the picture is to be turned, so it was turned "
            f"{video.rotation} degrees"
        )
        return video.rotation

    def _begin(self, container: OutputContainer) -> None:
        """Add all streams and write the header."""
        self._picture = NewPicture(self._path, container, self._video, self._plan, self._rules)
        self._sounds = [NewSound(self._path, container, track, self._rules) for track in self._tracks]
        default = next((n for n, track in enumerate(self._tracks) if track.default), 0)
        for number, sound in enumerate(self._sounds):
            sound.stream.disposition = Disposition.default if number == default else Disposition(0)
            self._notes.extend(sound.notes)
        if self._source is not None:
            self._add_copies(container, self._source)
            self._keep_metadata(container, self._source)
        self._keep_timecode(container)
        container.start_encoding()

    def _add_copies(self, container: OutputContainer, source: Path) -> None:
        copied = [track for track in self._copies if can_copy(source, track, self._rules)]
        with opened(source) as stored:
            numbers = {stream.index: n for n, stream in enumerate(stored.streams.audio)}
            titles = {stream.index: stream.metadata.get("title", "") for stream in stored.streams.audio}
        for track in self._copies:
            if track in copied:
                continue
            wanted = SoundTrack(track.language, titles[track.stream], track.sample_rate, track.channels)
            sound = NewSound(self._path, container, wanted, self._rules)
            sound.stream.disposition = Disposition(0)
            blocks = sound_blocks(
                source,
                sample_rate=track.sample_rate,
                channels=track.channels,
                duration=_ENDLESS,
                stream=numbers[track.stream],
            )
            self._encoded.append((sound, blocks))
            self._notes.append(
                f"the original sound ({track.codec}) was encoded anew: a {self._path.suffix} file does not take it"
            )
        if copied:
            self._copied = CopiedSound(container, self._rules, source, copied, self._origin)

    def _keep_metadata(self, container: OutputContainer, source: Path) -> None:
        with opened(source) as stored:
            container.metadata.update({k: v for k, v in stored.metadata.items() if k.lower() in _KEPT_METADATA})
            chapters = stored.chapters()
        if chapters:
            container.set_chapters(chapters)

    def _keep_timecode(self, container: OutputContainer) -> None:
        text = self._video.start_timecode
        if not text:
            return
        try:
            Timecode.parse(text, FrameRate(self._video.rate.fps))
        except RecordError:
            self._notes.append(f"the start timecode {text!r} does not exist at {self._video.rate} fps and was left out")
            return
        container.metadata["timecode"] = text

    def _advance(self, time: Seconds) -> None:
        for sound in self._sounds:
            sound.advance(time)
        for sound, blocks in self._encoded:
            while sound.reached < time:
                sound.write(next(blocks))
            sound.advance(time)
        if self._copied is not None:
            self._copied.advance(time)

    def _finish(self) -> None:
        if not self._picture.frames:
            raise OutputError("was given no frames", path=self._path, remedy="write at least one")
        with self._guarded():
            end = self._picture.finish()
            self._notes.extend(self._picture.notes)
            self._advance(end)
            for sound in (*self._sounds, *(sound for sound, _ in self._encoded)):
                sound.finish(end)
            if self._copied is not None:
                self._copied.finish(end)
            self._container.close()
        self._file.close()
        self._check_disk()
        try:
            self._part.replace(self._path)
        except OSError as error:
            raise output_error(self._path, error) from error

    def _abandon(self) -> None:
        self._file.close()  # first: FFmpeg then knows that there is nothing to complete
        with suppress(FFmpegError, OSError, AttributeError):
            self._container.close()
        if self._copied is not None:
            self._copied.close()
        self._part.unlink(missing_ok=True)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn what FFmpeg says, and what the disk says, into one sentence."""
        try:
            yield
        except (FFmpegError, OSError, ValueError) as error:
            self._check_disk()
            raise OutputError(
                f"could not be written with {self._plan.encoder} ({_reason(error)})",
                path=self._path,
                remedy="try another codec or file ending",
            ) from error
        self._check_disk()

    def _check_disk(self) -> None:
        if self._file.error is not None:
            raise output_error(self._path, self._file.error) from self._file.error


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).rstrip(".")
