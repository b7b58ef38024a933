"""Which patch clips are there already: each by what it was made from, and by what is in its file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dubkit.drawing import Listen, References
from dubkit.errors import DubkitError, OutputError, RecordError
from dubkit.lips import LipRecords, pieces
from dubkit.render_settings import RenderSettings
from dubkit.schema import FaceTrack, Span, dumps
from dubkit.store import Recipe, Store, file_content
from dubkit.stored import pack_record, unpack_record

__all__ = ["CLIPS_VERSION", "ClipRecords", "KeptClip", "clip_keys", "span_groups"]

CLIPS_VERSION = 1
"""Of what is written from the same lips; to be raised with every change that writes something else."""


@dataclass(frozen=True)
class KeptClip:
    """A clip that was written.

    Attributes:
        there: Whether its file is there, and holds what was written.
        digest: Hash of the file.
        notes: What was to be said about it.
    """

    there: bool = False
    digest: str = ""
    notes: tuple[str, ...] = ()


class ClipRecords:
    """Remembers which clips were written.

    Args:
        store: Where; None remembers nothing.
        keys: What each span's clip is made from, as :func:`clip_keys` says; spans without a key are not remembered.
    """

    def __init__(self, store: Store | None = None, keys: Mapping[Span, str] | None = None) -> None:
        self._store, self._keys = store, dict(keys or {})

    def find(self, span: Span, path: Path) -> KeptClip:
        """What is known of the clip of ``span`` at ``path``."""
        if self._store is None or span not in self._keys or not path.is_file():
            return KeptClip()
        found = self._store.look_up(self._recipe(span, path))
        with suppress(RecordError, OSError):
            if found.found:
                clip = unpack_record(KeptClip, found.data)
                if file_content(path, self._store).digest == clip.digest:
                    return clip
        return KeptClip()

    def keep(self, span: Span, path: Path, notes: Iterable[str]) -> None:
        """Remember that the clip of ``span`` was written to ``path``."""
        if self._store is None or span not in self._keys:
            return
        with suppress(OutputError, OSError):  # then it is written again the next time
            clip = KeptClip(True, file_content(path, self._store).digest, tuple(notes))
            self._store.keep(
                self._recipe(span, path), pack_record(clip), f"patches in {path.absolute().parent}, {path.name}"
            )

    def _recipe(self, span: Span, path: Path) -> Recipe:
        return Recipe("clip", CLIPS_VERSION, {"made from": self._keys[span], "path": str(path.absolute())})


def clip_keys(
    spans: Sequence[Span],
    tracks: Mapping[int, FaceTrack],
    listen: Listen,
    references: References | None,
    lips: LipRecords,
    settings: RenderSettings,
    *further: str,
) -> dict[Span, str]:
    """Span -> a hash of everything its clip depends on; spans of which that cannot be told are left out.

    A clip depends on its lips and how they are blended in, and on spans that lie at the same time, or end where it
    begins on the same face.

    Args:
        spans: All spans.
        tracks: Number of each face track the spans speak of -> the track.
        listen: What is heard in a span.
        references: Whom to draw; None where the generator wants no other frame.
        lips: What the lips depend on.
        settings: How spans are rendered.
        further: What else clips depend on, such as their form.
    """
    own = dict[Span, str]()
    for span in spans:
        with suppress(DubkitError, OSError):  # it will fail when it is rendered, and say why
            own[span] = _own_key(span, tracks[span.track], listen, references, lips)
    shared = [str(CLIPS_VERSION), dumps(settings.blend, indent=None), *further]
    keys = dict[Span, str]()
    for group in span_groups(spans):
        if all(span in own for span in group):
            together = _hashed(json.dumps([*shared, [own[span] for span in group]]).encode())
            keys |= {span: f"{together} {span.track} {span.frames.start}-{span.frames.stop}" for span in group}
    return keys


def span_groups(spans: Sequence[Span]) -> list[list[Span]]:
    """``spans`` in groups that change the same frames, or follow one another on a face without a gap."""
    done: list[list[Span]] = []
    open_groups: list[list[Span]] = []
    for span in sorted(spans, key=lambda span: span.frames.start):
        over = [group for group in open_groups if all(other.frames.stop < span.frames.start for other in group)]
        joined = [group for group in open_groups if any(_touch(other, span) for other in group)]
        apart = [group for group in open_groups if group not in over and group not in joined]
        done += over
        open_groups = [*apart, [other for group in [*joined, [span]] for other in group]]
    return [*done, *open_groups]


def _touch(before: Span, after: Span) -> bool:
    overlap = after.frames.start < before.frames.stop
    return overlap or (before.track == after.track and after.frames.start == before.frames.stop)


def _own_key(span: Span, track: FaceTrack, listen: Listen, references: References | None, lips: LipRecords) -> str:
    reference = np.zeros(0, np.float32) if references is None else references(track, span.frames)
    drawn = [
        lips.recipe(track, part, listen(Span(span.line, span.track, span.shot, part)), reference).key
        for part in pieces(span.frames)
    ]
    place = np.ascontiguousarray(track.part(span.frames).landmarks).tobytes()
    facts = [span.track, span.frames.start, span.frames.stop, track.frames.start, track.frames.stop]
    return _hashed(json.dumps([facts, drawn, _hashed(place)]).encode())


def _hashed(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
