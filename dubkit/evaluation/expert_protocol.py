"""How a lip-sync expert is judged on real clips whose picture and sound are known to be in sync.

Two questions: of five frames with their own sound and the same five with sound from 5 to 15 frames away, which does it
find nearer? And over a whole clip, does it find where the sound lies, also when that was moved on purpose?
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError
from dubkit.evaluation.clips import ClipScores, ProtocolClip, mean_scores, unit_faces
from dubkit.lipsync import SyncExpert, SyncSettings, clip_distances, mean_distances

__all__ = ["ExpertProtocolSettings", "ExpertScores", "judge_expert"]


@dataclass(frozen=True)
class ExpertProtocolSettings:
    """How an expert is judged.

    Attributes:
        nearest: Frames of 1/25 s that sound is away at least to be called apart; nearer sound is hardly another.
        furthest: The same at most.
        moves: Frames by which the sound is moved before it is looked for; positive where it comes earlier, so that the
            picture comes after it by as much.
        tolerance: Frames of error with which an offset still counts as found.
        long_clip: Seconds from which a clip is called long.
        sync: How it is asked; ``max_shift`` bounds the offsets it may find.
    """

    nearest: int = 5
    furthest: int = 15
    moves: tuple[int, ...] = (0, -7, 4)
    tolerance: int = 1
    long_clip: float = 3.0
    sync: SyncSettings = SyncSettings()  # noqa: RUF009 - frozen, so it can be shared

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        if not 1 <= self.nearest <= self.furthest or self.tolerance < 0:
            raise InputError("sound is apart by 1 frame or more, from the nearest to the furthest")
        if not self.moves or max(abs(move) for move in self.moves) > self.sync.max_shift:
            raise InputError(f"sound can be moved by up to {self.sync.max_shift} frames, not {self.moves}")


@dataclass(frozen=True)
class ExpertScores:
    """What was measured of an expert.

    Attributes:
        clips: Clip by clip: ``pair_accuracy``, ``expert_confidence`` and, of all moves, the share ``offset_found``.
        pairs: Five frames with their own sound against the same with other sound: how many were compared.
        pair_accuracy: Share of them in which the own sound is nearer; equal distances count half, so that an expert
            that knows nothing has 0.5.
        offsets_found: Share of all clips and moves in which the offset was found.
        long_clips: How many clips are long.
        long_offsets_found: The same share among these; 0 where there are none.
        confidence: Mean confidence over clips as they are.
    """

    clips: tuple[ClipScores, ...]
    pairs: int
    pair_accuracy: float
    offsets_found: float
    long_clips: int
    long_offsets_found: float
    confidence: float


def judge_expert(
    expert: SyncExpert,
    clips: Sequence[ProtocolClip],
    *,
    settings: ExpertProtocolSettings = ExpertProtocolSettings(),
    progress: Callable[[int, int], None] | None = None,
) -> ExpertScores:
    """Ask an expert about clips that are in sync.

    Args:
        expert: The expert.
        clips: Real clips in sync; where the sound reaches beyond the faces, all shifts can be asked.
        settings: How.
        progress: Told how many clips are done, and of how many.

    Raises:
        InputError: if there is no clip, or none long enough, with sound under it, to compare anything.
    """
    found: list[ClipScores] = []
    wins, pairs = 0.0, 0
    for index, clip in enumerate(clips):
        curves = _distances(expert, clip, settings)
        won, compared = _compared(curves, settings)
        wins, pairs = wins + won, pairs + compared
        found.append(ClipScores(clip.name, len(clip), _clip_scores(curves, won, compared, settings)))
        if progress is not None:
            progress(index + 1, len(clips))
    if not pairs:
        raise InputError(
            f"among {len(clips)} clips none can be judged by", remedy="give clips of a second or more with sound"
        )
    long = [scores for clip, scores in zip(clips, found, strict=True) if clip.duration >= settings.long_clip]
    means = mean_scores(found)
    return ExpertScores(
        tuple(found),
        pairs,
        wins / pairs,
        means["offset_found"],
        len(long),
        mean_scores(long).get("offset_found", 0.0),
        means.get("expert_confidence", 0.0),
    )


def _reach(settings: ExpertProtocolSettings) -> int:
    """The largest shift at which distances are needed: moved sound is looked for around the place it was moved to."""
    return max(settings.furthest, settings.sync.max_shift + max(abs(move) for move in settings.moves))


def _distances(expert: SyncExpert, clip: ProtocolClip, settings: ExpertProtocolSettings) -> npt.NDArray[np.float64]:
    """(groups of five, 2 reach + 1): every face is looked at once, however often the sound is moved."""
    sync = settings.sync
    wide = SyncSettings(_reach(settings), reach=sync.reach, least_clips=sync.least_clips, batch_size=sync.batch_size)
    return clip_distances(expert, unit_faces(clip.faces), clip.times, clip.mel, wide)[0]


def _compared(distances: npt.NDArray[np.float64], settings: ExpertProtocolSettings) -> tuple[float, int]:
    """In how many pairs the own sound is nearer, and of how many."""
    middle = distances.shape[1] // 2
    away = np.arange(settings.nearest, settings.furthest + 1)
    others = distances[:, np.concatenate([middle - away, middle + away])]
    own = np.broadcast_to(distances[:, middle, None], others.shape)
    known = np.isfinite(own) & np.isfinite(others)
    nearer = (own < others)[known].sum() + 0.5 * (own == others)[known].sum()
    return float(nearer), int(known.sum())


def _clip_scores(
    distances: npt.NDArray[np.float64], won: float, compared: int, settings: ExpertProtocolSettings
) -> dict[str, float]:
    """Scores of one clip. A sound moved by k has at shift s the distances that it had at s - k where it lay."""
    middle, most = distances.shape[1] // 2, settings.sync.max_shift

    def curve_after(move: int) -> npt.NDArray[np.float64]:
        start = middle - move - most
        return mean_distances(distances[:, start : start + 2 * most + 1], settings.sync.least_clips)

    scores = {"pair_accuracy": won / compared} if compared else {}
    unmoved = curve_after(0)
    if not np.isnan(unmoved).all():
        scores["expert_confidence"] = float(np.nanmedian(unmoved) - np.nanmin(unmoved))
    curves = {move: curve_after(move) for move in settings.moves}
    found = [
        abs(int(np.nanargmin(curve)) - most - move) <= settings.tolerance
        for move, curve in curves.items()
        if not np.isnan(curve).all()
    ]
    return scores | {"offset_found": sum(found) / len(settings.moves)}
