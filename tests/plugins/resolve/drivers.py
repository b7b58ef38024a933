"""Both adapters behind one face, so that the same tests hold both."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal, Protocol

from plugins.bridge.records import Clip, Placed, PlacementPlan, Timeline
from plugins.resolve.adapter import ResolveHost
from tests.plugins.resolve.fake import World
from tests.plugins.resolve.fake_project import open_resolve
from tests.plugins.resolve.lua_face import LuaHost

__all__ = ["ADAPTERS", "Adapter", "Driven", "connect"]

Adapter = Literal["python", "lua"]
ADAPTERS: tuple[Adapter, ...] = ("python", "lua")


class Driven(Protocol):
    """What both can do."""

    @property
    def name(self) -> str: ...
    def timeline(self) -> Timeline: ...
    def selection(self) -> Sequence[Clip]: ...
    def cautions(self) -> tuple[str, ...]: ...
    def place(self, plan: PlacementPlan) -> object: ...
    def placed(self) -> Sequence[Placed]: ...
    def remove(self, tags: Collection[str]) -> int: ...
    def clean_up(self) -> tuple[str, ...]: ...


def connect(adapter: Adapter, world: World, folder: Path) -> Driven:
    """A host on the fake."""
    return LuaHost(world, folder) if adapter == "lua" else ResolveHost(open_resolve(world), str(folder))
