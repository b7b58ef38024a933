"""The Lua adapter on the fake: Resolve's objects as Lua sees them, and the Lua host as the bridge's host."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from plugins.bridge.host import HostError
from plugins.bridge.records import Clip, Placed, PlacementPlan, Timeline
from plugins.resolve.order import clip_of, placed_of, plan_document, timeline_of
from tests.plugins.resolve.fake import Handle, World
from tests.plugins.resolve.fake_project import open_resolve

__all__ = ["LUA", "LuaHost", "lua_runtime", "resolve_in_lua", "to_lua", "to_python"]

LUA = Path(__file__).parents[3] / "plugins/resolve/lua"

_FACE = """
local ask = ...
local face = {}
function face.wrap(handle)
  return setmetatable({ fake = handle }, {
    __index = function(_, name)
      local call = ask(handle, name)
      return call and function(_, ...) return call(...) end or nil
    end,
  })
end
return face
"""
_TRY = """
function(work, ...)
  local done, answer = pcall(work, ...)
  if done then return true, answer end
  if type(answer) == "table" and answer.host then return false, answer.host end
  error(answer, 0)
end
"""


@cache
def lua_runtime() -> Any:
    """LuaJIT 2.1, which is what Resolve embeds."""
    lupa = pytest.importorskip("lupa.luajit21", reason="the Lua of the free edition is run by the package lupa")
    return lupa.LuaRuntime(unpack_returned_tuples=True)


def to_python(value: Any) -> Any:
    """A Lua value as Python's: a table with a first entry is a list, an empty one a list too."""
    if type(value).__name__ != "_LuaTable":
        return value
    if value["fake"] is not None:
        return value["fake"]
    entries = dict(value.items())
    if set(entries) == set(range(1, len(entries) + 1)):
        return [to_python(entries[index]) for index in sorted(entries)]
    return {key: to_python(one) for key, one in entries.items()}


def to_lua(runtime: Any, value: Any, wrap: Callable[[Handle], Any] | None = None) -> Any:
    """A Python value as Lua's."""
    if isinstance(value, Handle):
        assert wrap is not None
        return wrap(value)
    if isinstance(value, list | tuple):
        return runtime.table_from([to_lua(runtime, one, wrap) for one in value])
    if isinstance(value, dict):
        return runtime.table_from({key: to_lua(runtime, one, wrap) for key, one in value.items()})
    return value


def resolve_in_lua(runtime: Any, world: World) -> Any:
    """The program as a Lua script's global ``resolve``."""

    def ask(handle: Handle, name: str) -> Any:
        call = getattr(handle, name)
        return call and (lambda *given: to_lua(runtime, call(*[to_python(one) for one in given]), face.wrap))

    face = runtime.compile(_FACE)(ask)
    return face.wrap(open_resolve(world))


@cache
def _lua_part(name: str) -> Any:
    return lua_runtime().eval("dofile")(str(LUA / "parts.lua"))(str(LUA))(name)


class LuaHost:
    """The Lua adapter behind the bridge's protocol; every method is the Lua function of that name."""

    def __init__(self, world: World, folder: Path) -> None:
        self._runtime = lua_runtime()
        self._lua = _lua_part("host")
        self._try = self._runtime.eval(_TRY)
        self._self = self._call("connect", resolve_in_lua(self._runtime, world), str(folder))

    def _call(self, method: str, *arguments: Any) -> Any:
        done, answer = self._try(self._lua[method], *arguments)
        if not done:
            raise HostError(answer)
        return answer

    def _ask(self, method: str, *arguments: Any) -> Any:
        return to_python(self._call(method, self._self, *[to_lua(self._runtime, one) for one in arguments]))

    @property
    def name(self) -> str:
        return str(self._ask("name"))

    def timeline(self) -> Timeline:
        return timeline_of(self._ask("timeline"))

    def selection(self) -> Sequence[Clip]:
        return [clip_of(one) for one in self._ask("selection")]

    def cautions(self) -> tuple[str, ...]:
        return tuple(self._ask("cautions"))

    def place(self, plan: PlacementPlan) -> tuple[str, ...]:
        return tuple(self._ask("place", plan_document(plan)))

    def placed(self) -> Sequence[Placed]:
        return [placed_of(one) for one in self._ask("placed")]

    def remove(self, tags: Collection[str]) -> int:
        return int(self._ask("remove", list(tags)))

    def clean_up(self) -> tuple[str, ...]:
        return tuple(self._ask("clean_up"))
