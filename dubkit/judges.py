"""Who judges: those who were asked for by name, and of the others those whose files are here."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dubkit.errors import ModelError
from dubkit.evaluation import LandmarkFinder, SyncNetJudge
from dubkit.lipsync import SyncExpert, find_expert, find_model, load_expert
from dubkit.places import model_folders

__all__ = ["JudgesAtHand", "find_judges"]

_LANDMARKS = "pfld_68.onnx"


@dataclass(frozen=True, eq=False)
class JudgesAtHand:
    """Who can be asked; None for those who are not here and were not asked for by name.

    Attributes:
        expert: Measures sync, under the name ``expert_confidence``.
        landmarks: Finds the mouth.
        syncnet: Measures LSE-D and LSE-C.
        names: What those who are here are called.
        notes: Who is missing, and how to get them.
    """

    expert: SyncExpert | None = None
    landmarks: LandmarkFinder | None = None
    syncnet: SyncNetJudge | None = None
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def find_judges(
    *,
    expert: str | os.PathLike[str] = "",
    landmarks: str | os.PathLike[str] = "",
    syncnet: str | os.PathLike[str] = "",
    with_syncnet: bool = True,
    device: str = "auto",
) -> JudgesAtHand:
    """The judges that were asked for, and of the others those at hand.

    Args:
        expert: Name or checkpoint of a lip-sync expert; empty takes the built-in or the published one.
        landmarks: A 68-landmark ONNX file; empty takes ``pfld_68.onnx`` in the folders for models.
        syncnet: SyncNet's file; empty takes ``syncnet_v2.model`` there.
        with_syncnet: Whether SyncNet is wanted at all.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.

    Raises:
        InputError: if one that was asked for cannot be used, or one that is here is damaged.
    """
    folders, names, notes = model_folders(), list[str](), list[str]()

    def at_hand(given: str | os.PathLike[str], what: str, locate: Callable[[], Path]) -> Path | None:
        try:
            path = locate()
        except ModelError as error:
            if os.fspath(given):
                raise
            notes.append(f"left out: {what} ({error})")
            return None
        names.append(path.stem)
        return path

    expert_file = at_hand(expert, "the expert's confidence", lambda: find_expert(expert, folders=folders))
    landmark_file = at_hand(landmarks, "mouth opening", lambda: _landmark_file(landmarks, folders))
    syncnet_file = None
    if with_syncnet:
        wanted = syncnet or "syncnet_v2"
        syncnet_file = at_hand(syncnet, "LSE-D and LSE-C", lambda: find_model(wanted, folders=folders))
    return JudgesAtHand(
        expert=None if expert_file is None else load_expert(expert_file, device),
        landmarks=None if landmark_file is None else LandmarkFinder(landmark_file),
        syncnet=None if syncnet_file is None else SyncNetJudge(syncnet_file, device),
        names=tuple(names),
        notes=tuple(notes),
    )


def _landmark_file(given: str | os.PathLike[str], folders: Sequence[Path]) -> Path:
    places = [Path(given)] if os.fspath(given) else [folder / _LANDMARKS for folder in folders]
    for place in places:
        if place.is_file():
            return place
    raise ModelError("there is no such landmark file", path=places[0], remedy="give a 68-landmark .onnx file")
