# SPDX-License-Identifier: GPL-3.0-or-later
"""What the buttons do: with a window a timer looks after the work, without one the same work is waited for."""

from __future__ import annotations

import time
from typing import Any, Protocol

from ..bridge.host import HostError
from ..bridge.job import new_job_id
from ..bridge.runner import RunnerError
from ..bridge.tags import parse_tag, tags_of_language
from . import work
from .adapter import BlenderHost
from .bases import Operator, bpy
from .doctor import Examination
from .preferences import dubkit_program, job_folder
from .settings import job_fields
from .versions import open_scene

__all__ = ["OPERATORS"]

_PAUSE = 0.2
"""Seconds between looks at what dubkit does."""


class _Job(Protocol):
    def tick(self) -> bool: ...

    def close(self) -> None: ...


class _Waiting(Operator):
    """An operator that waits for another process: :meth:`start` begins, :meth:`end` says what came of it."""

    _job: _Job
    _timer: Any = None

    def start(self, context: Any) -> _Job:
        raise NotImplementedError

    def end(self) -> set[str]:
        raise NotImplementedError

    def invoke(self, context: Any, event: Any) -> set[str]:
        """Begin, and let a timer look after it."""
        del event
        if bpy.app.background or context.window is None:
            return self.execute(context)
        if not self._started(context):
            return {"CANCELLED"}
        manager = context.window_manager
        self._timer = manager.event_timer_add(_PAUSE, window=context.window)
        manager.modal_handler_add(self)
        _redraw(context)
        return {"RUNNING_MODAL"}

    def modal(self, context: Any, event: Any) -> set[str]:
        """Look how far it is; all that the user does goes on to the program."""
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        try:
            running = self._job.tick()
        except BaseException:
            self.cancel(context)  # else a timer without an operator would be left
            raise
        _redraw(context)
        if running:
            return {"PASS_THROUGH"}
        self._forget_timer(context)
        return self.end()

    def execute(self, context: Any) -> set[str]:
        """Begin, and wait for the end."""
        if not self._started(context):
            return {"CANCELLED"}
        try:
            while self._job.tick():
                time.sleep(_PAUSE)
        finally:
            self._job.close()
        return self.end()

    def cancel(self, context: Any) -> None:
        """Blender ends the operator: another file is opened, or the program closed."""
        self._job.close()
        self._forget_timer(context)

    def _started(self, context: Any) -> bool:
        try:
            self._job = self.start(context)
        except (HostError, RunnerError) as error:
            self.report({"ERROR"}, str(error))
            return False
        return True

    def _forget_timer(self, context: Any) -> None:
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None


class _Dubbing(_Waiting):
    """Both ways to new lips."""

    operation = "dub"

    @classmethod
    def poll(cls, context: Any) -> bool:
        """One at a time, and only where there is a sequence."""
        return work.current() is None and open_scene(context).sequence_editor is not None

    def start(self, context: Any) -> _Job:
        scene = open_scene(context)
        fields = job_fields(scene.dubkit, self.operation)
        identity = new_job_id()
        program, folder = dubkit_program(context), job_folder(context, identity)
        return work.begin(BlenderHost(scene), program, folder, {**fields, "identity": identity})

    def end(self) -> set[str]:
        done = work.last()
        assert done is not None, "the job has ended"
        kind = {"done": "INFO", "cancelled": "WARNING"}.get(done.state, "ERROR")
        sentences = [done.message, *done.details] if kind == "ERROR" else [done.message]
        self.report({kind}, "; ".join(sentences))
        return {"FINISHED"} if done.state == "done" else {"CANCELLED"}


class DUBKIT_OT_dub_selection(_Dubbing):  # noqa: N801 - Blender asks for such names
    """Dub the selected film strips: new sound and matching lips on new channels above."""

    bl_idname = "dubkit.dub_selection"
    bl_label = "Dub Selection"
    bl_description = "Dub the selected film strips: new sound and matching lips on new channels above"
    bl_options = {"UNDO"}  # noqa: RUF012 - Blender reads it so


class DUBKIT_OT_sync_strip(_Dubbing):  # noqa: N801
    """Let the lips in the selected film strips follow the selected sound strips."""

    bl_idname = "dubkit.sync_strip"
    bl_label = "Lip-Sync Strip to Sound"
    bl_description = "Let the lips in the selected film strips follow the selected sound strips"
    bl_options = {"UNDO"}  # noqa: RUF012
    operation = "sync"


class DUBKIT_OT_remove_dub(Operator):  # noqa: N801
    """Remove dubs, by selection or by language."""

    bl_idname = "dubkit.remove_dub"
    bl_label = "Remove Dub"
    bl_description = "Remove the selected dubs; where none is selected, all of the panel's language"
    bl_options = {"UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context: Any) -> bool:
        """Only where there is a sequence."""
        return open_scene(context).sequence_editor is not None

    def execute(self, context: Any) -> set[str]:
        """Remove."""
        scene = open_scene(context)
        host = BlenderHost(scene)
        try:
            placed = host.placed()
            tags = host.selected_tags() or tags_of_language(placed, scene.dubkit.language.strip())
            if not tags:
                others = sorted({parse_tag(one.tag).language for one in placed})
                there = f"; there is: {', '.join(others)} (select its strips)" if others else ""
                self.report({"WARNING"}, f"there is no dub in {scene.dubkit.language!r}{there}")
                return {"CANCELLED"}
            count = host.remove(tags)
        except HostError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        strips = "1 strip was" if count == 1 else f"{count} strips were"
        self.report({"INFO"}, f"{strips} removed; the files stay on disk")
        return {"FINISHED"}


class DUBKIT_OT_cancel(Operator):  # noqa: N801
    """Stop the dub that is on its way; nothing of it is placed."""

    bl_idname = "dubkit.cancel"
    bl_label = "Cancel"
    bl_description = "Stop the dub that is on its way; nothing of it is placed"

    @classmethod
    def poll(cls, context: Any) -> bool:
        """Only while something is on its way."""
        del context
        return work.current() is not None

    def execute(self, context: Any) -> set[str]:
        """Ask it to stop."""
        running = work.current()
        if running is not None:
            running.cancel()
        _redraw(context)
        return {"FINISHED"}


class DUBKIT_OT_test_python(_Waiting):  # noqa: N801
    """Ask the Python named above whether dubkit works in it, and what is missing."""

    bl_idname = "dubkit.test_python"
    bl_label = "Test"
    bl_description = "Ask the Python named above whether dubkit works in it, and what is missing"

    def start(self, context: Any) -> _Job:
        return Examination(dubkit_program(context))

    def end(self) -> set[str]:
        assert isinstance(self._job, Examination)
        self.report({"INFO" if self._job.works else "ERROR"}, self._job.message)
        return {"FINISHED"} if self._job.works else {"CANCELLED"}


def _redraw(context: Any) -> None:
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in ("SEQUENCE_EDITOR", "PREFERENCES"):
                area.tag_redraw()


OPERATORS = (
    DUBKIT_OT_dub_selection,
    DUBKIT_OT_sync_strip,
    DUBKIT_OT_remove_dub,
    DUBKIT_OT_cancel,
    DUBKIT_OT_test_python,
)
