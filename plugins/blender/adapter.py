# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender as the bridge's host."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..bridge.host import HostError
from ..bridge.placing import Journal
from ..bridge.records import Clip, Placed, PlacementPlan, Timeline
from .bases import bpy
from .reading import clips_of, tag_of
from .versions import levels_of, open_level, scene_rate, strips_in
from .writing import place_plan, placed_in, remove_tags

__all__ = ["BlenderHost"]


class BlenderHost:
    """The bridge's host; it stays with the scene, and the meta strip, that were open when it was made.

    It holds names alone: an undo leaves no reference to a scene or strip valid.

    Args:
        scene: The scene.
        folder: Where the journal of a placement is kept while it runs: the job's folder.

    Attributes:
        folder: As given.
        notes: What the last placement has to say, a sentence each.
    """

    def __init__(self, scene: Any, folder: str = "") -> None:
        self.folder = folder
        self.notes: tuple[str, ...] = ()
        self._scene_name: str = scene.name
        self._origin: int = scene.frame_start
        self._rate = scene_rate(scene)
        level = open_level(scene.sequence_editor) if scene.sequence_editor else None
        self._meta: str = "" if level is None or level == scene.sequence_editor else level.name

    @property
    def name(self) -> str:
        """Program and version."""
        return f"Blender {bpy.app.version_string}"

    def timeline(self) -> Timeline:
        """The scene's sequencer, from the scene's first frame; frame 1, where scenes begin by default, counts as 0."""
        scene, level = self._scene(), self._level()
        return Timeline(
            scene.name,
            self._rate,
            frames=max(0, scene.frame_end - scene.frame_start + 1),
            start_frame=self._origin if self._origin > 1 else 0,
            tracks=tuple(channel.name for channel in level.channels),
        )

    def selection(self) -> Sequence[Clip]:
        """The selected strips."""
        return clips_of(self._level(), self._rate, self._origin, self)

    def place(self, plan: PlacementPlan, originals: Mapping[str, str] | None = None) -> None:
        """Put everything in ``plan`` on new channels, or nothing; what it replaces is removed.

        Args:
            plan: What is placed.
            originals: For each tag the name of the strip it is made of: a dub takes over its look.
        """
        if scene_rate(self._scene()) != self._rate:
            raise HostError("the scene's frame rate was changed meanwhile; set it back, or dub again")
        level, sounds = self._level(), bpy.data.sounds
        with Journal(plan, self.folder) as journal:
            notes = place_plan(level, plan, self._origin, journal, sounds, originals or {})
        try:
            remove_tags(self._editor(), plan.replaces, sounds)
        except HostError as error:  # the new dub is in place all the same
            notes.append(f"the earlier dub is still there: {error}")
        self.notes = tuple(notes)

    def placed(self) -> Sequence[Placed]:
        """Everything of ours in the scene."""
        return placed_in(self._editor(), self._origin)

    def selected_tags(self) -> tuple[str, ...]:
        """Tags of what of ours the user selected."""
        return tuple({tag_of(strip): None for strip in strips_in(self._level()) if strip.select and tag_of(strip)})

    def remove(self, tags: Collection[str]) -> int:
        """Remove what carries one of ``tags``; how many strips that were."""
        return remove_tags(self._editor(), tags, bpy.data.sounds)

    def notify(self, message: str, details: tuple[str, ...] = ()) -> None:
        """Say it on the console; operators report it, and the panel shows it."""
        for line in (f"dubkit: {message}", *(f"  {detail}" for detail in details)):
            sys.stdout.write(f"{line}\n")

    def path(self, written: str, library: Any) -> str:
        """The absolute path that the file or a linked library means by ``written``."""
        return str(bpy.path.abspath(written, library=library))

    def frames(self, path: str) -> int:
        """How many frames Blender finds in the film at ``path``; 0 where it cannot be read."""
        try:
            film = bpy.data.movieclips.load(path, check_existing=False)
        except RuntimeError:
            return 0
        frames = int(film.frame_duration)
        bpy.data.movieclips.remove(film)
        return frames

    def _scene(self) -> Any:
        scene = bpy.data.scenes.get(self._scene_name)
        if scene is None:
            raise HostError(f"the scene {self._scene_name} is gone")
        return scene

    def _editor(self) -> Any:
        editor = self._scene().sequence_editor
        if editor is None:
            raise HostError(f"the scene {self._scene_name} has no sequence")
        return editor

    def _level(self) -> Any:
        editor = self._editor()
        if not self._meta:
            return editor
        for level in levels_of(editor):
            if level != editor and level.name == self._meta:
                return level
        raise HostError(f"the meta strip {self._meta} is gone")
