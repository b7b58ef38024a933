"""Pictures in, shots out: where the film was cut."""

from dubkit.shots.find import ShotFinder, ShotSettings, find_shots

__all__ = ["ShotFinder", "ShotSettings", "find_shots"]
