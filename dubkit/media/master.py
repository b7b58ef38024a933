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

from dubkit.errors import OutputError, RecordError
from dubkit.media.aside import PartFile, check_target, clear_leftovers, output_error, part_path, put_in_place
from dubkit.media.containers import rules_for
from dubkit.media.copy_plan import CopyPlan, KeptFrame, SourcePicture, plan_copy
from dubkit.media.encoders import WriteSettings, plan_picture
from dubkit.media.from_source import FromSource
from dubkit.media.hdr import Hdr, hdr_notes, read_hdr, with_hdr
from dubkit.media.kept_picture import KeptPicture
from dubkit.media.likeness import near_source
from dubkit.media.orientation import DisplayMatrix, is_mirrored, read_matrix, turned_clockwise
from dubkit.media.other_tracks import muxer_options
from dubkit.media.packets import CopyRefusedError
from dubkit.media.picture_track import NewPicture
from dubkit.media.tracks import NewSound, SoundTrack
from dubkit.media.turning import turned_frame, turned_video
from dubkit.schema import AudioInfo, Frame, VideoInfo, Waveform
from dubkit.timing import FrameRate, Seconds, Timecode

__all__ = ["MasterWriter"]


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
        source: The file that ``copies``, its subtitles and all its other tracks, chapters and title come from.
        settings: How the picture is encoded.
        picture: What is known of the picture of ``source``; with it, packets of frames that do not change are taken
            over where that can be, and the notes say how many, or why none.

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
        picture: SourcePicture | None = None,
    ) -> None:
        self._path = Path(path)
        self._rules = rules_for(self._path)
        check_target(self._path)
        if copies and source is None:
            raise OutputError("cannot keep the original sound", path=path, remedy="say which file it comes from")
        self._notes: list[str] = []
        self._turn = self._turn_needed(video)
        self._matrix = self._matrix_kept(video, source)
        self._video = turned_video(video, self._turn)
        self._plan = plan_picture(self._path, self._video, self._rules, settings or WriteSettings())
        hdr = Hdr() if source is None else read_hdr(source)
        self._plan = with_hdr(self._plan, hdr)
        self._notes.extend(self._plan.notes)
        self._copy: CopyPlan | None = None
        if picture is not None and source is not None and not self._turn:
            self._copy = self._copy_planned(source, picture, settings or WriteSettings())
        self._notes.extend(hdr_notes(self._plan, hdr, same_track=self._copy is not None))
        self._origin = Fraction(0) if video.is_still else video.start
        self._tracks, self._copies, self._source = tuple(sounds), tuple(copies), source
        self._taken: FromSource | None = None
        self._converted = 0

    @property
    def encoder(self) -> str:
        """FFmpeg's name of the encoder of the picture."""
        return self._plan.encoder

    @property
    def kept(self) -> CopyPlan | None:
        """What is taken over from the source; None where the whole picture is encoded."""
        return self._copy

    @property
    def notes(self) -> tuple[str, ...]:
        """What differs from the source or from what was asked for, in words."""
        return tuple(self._notes)

    def __enter__(self) -> MasterWriter:
        self._part = part_path(self._path)
        clear_leftovers(self._path)
        try:
            self._file = PartFile(self._part)
        except OSError as error:
            raise output_error(self._path, error) from error
        try:
            with self._guarded():
                # By default the clock on which MP4 says when a track begins counts milliseconds.
                fine = {"movie_timescale": "90000"} if self._rules.muxer in {"mp4", "mov"} else {}
                # Without this Matroska files differ by numbers drawn at random; MXF's, which archives go by, are to.
                same = {"fflags": "+bitexact"} if self._rules.muxer in {"matroska", "webm"} else {}
                options = fine | same | muxer_options(self._source)
                self._container = av.open(self._file, "w", format=self._rules.muxer, container_options=options)
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

    def write_frame(self, frame: Frame | KeptFrame) -> None:
        """Write the next frame, as it was read, or as it is in the source; sound is written up to it.

        Raises:
            OutputError: if it does not fit the picture, or cannot be written.
        """
        self._converted += isinstance(frame, Frame) and frame.converted
        with self._guarded():
            if isinstance(self._picture, KeptPicture):
                self._picture.write(frame)
            elif isinstance(frame, KeptFrame):
                raise OutputError("keeps no frames as they are", path=self._path, remedy="write every frame")
            else:
                self._picture.write(turned_frame(frame, self._turn))
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
        if not video.rotation or self._rules.keeps_rotation:
            return 0
        self._notes.append(
            f"a {self._path.suffix} file cannot say that the picture is to be turned, so it was turned "
            f"{video.rotation} degrees"
        )
        return video.rotation

    def _matrix_kept(self, video: VideoInfo, source: Path | None) -> DisplayMatrix:
        matrix = () if source is None else read_matrix(source)
        if turned_clockwise(matrix) != video.rotation:
            return ()
        if is_mirrored(matrix) and not self._rules.keeps_rotation:
            self._notes.append(
                f"a {self._path.suffix} file cannot say that the picture is to be shown mirrored: it is shown as stored"
            )
        return matrix if self._rules.keeps_rotation else ()

    def _begin(self, container: OutputContainer) -> None:
        """Add all streams and write the header."""
        self._picture = self._new_picture(container)
        self._sounds = [NewSound(self._path, container, track, self._rules) for track in self._tracks]
        default = next((n for n, track in enumerate(self._tracks) if track.default), 0)
        for number, sound in enumerate(self._sounds):
            sound.stream.disposition = Disposition.default if number == default else Disposition(0)
            self._notes.extend(sound.notes)
        if self._source is not None:
            self._taken = FromSource(self._path, container, self._rules, self._source, self._copies, self._origin)
            self._notes.extend(self._taken.notes)
        self._keep_timecode(container)
        container.start_encoding()

    def _copy_planned(self, source: Path, picture: SourcePicture, settings: WriteSettings) -> CopyPlan | None:
        try:
            return plan_copy(self._path, source, self._video, self._plan, self._rules, settings, picture)
        except CopyRefusedError as reason:
            if settings.as_source:
                self._plan = near_source(source, self._video, self._plan)
            self._notes.append(f"the whole picture was encoded anew: {reason}")
        return None

    def _new_picture(self, container: OutputContainer) -> NewPicture | KeptPicture:
        if self._copy is None or self._source is None:
            return NewPicture(self._path, container, self._video, self._plan, self._rules, self._matrix)
        return KeptPicture(self._path, container, self._source, self._video, self._copy, self._rules)

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
        if self._taken is not None:
            self._taken.advance(time)

    def _finish(self) -> None:
        if not self._picture.frames:
            raise OutputError("was given no frames", path=self._path, remedy="write at least one")
        with self._guarded():
            end = self._picture.finish()
            self._notes.extend(self._picture.notes)
            if self._converted:
                self._notes.append(f"{self._converted} frames of another size or format were made like the first one")
            self._advance(end)
            for sound in self._sounds:
                sound.finish(end)
            if self._taken is not None:
                self._taken.finish(end)
            self._picture.close()
            self._container.close()
        self._file.close()
        self._check_disk()
        try:
            put_in_place(self._part, self._path)
        except OSError as error:
            raise output_error(self._path, error) from error

    def _abandon(self) -> None:
        self._file.close()  # first: FFmpeg then knows that there is nothing to complete
        with suppress(FFmpegError, OSError, AttributeError):
            self._container.close()
        if self._taken is not None:
            self._taken.close()
        if isinstance(getattr(self, "_picture", None), KeptPicture):
            self._picture.close()
        self._part.unlink(missing_ok=True)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn what FFmpeg says, and what the disk says, into one sentence."""
        try:
            yield
        except (FFmpegError, OSError, ValueError, CopyRefusedError) as error:
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
