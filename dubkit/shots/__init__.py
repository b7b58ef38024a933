"""Pictures in, shots and scenes out: where the film was cut, and what belongs together."""

from dubkit.shots.cut_list import CutList, read_cut_list
from dubkit.shots.dissolve import Dissolve, DissolveFinder, DissolveKind, DissolveSettings
from dubkit.shots.find import ShotFinder, ShotSettings, find_shots
from dubkit.shots.scenes import SceneFinder, SceneSettings, group_shots

__all__ = [
    "CutList",
    "Dissolve",
    "DissolveFinder",
    "DissolveKind",
    "DissolveSettings",
    "SceneFinder",
    "SceneSettings",
    "ShotFinder",
    "ShotSettings",
    "find_shots",
    "group_shots",
    "read_cut_list",
]
