"""Every method that the adapters call is documented for the class it is called on, at or below the minimum version."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from plugins.resolve.opened import OLDEST
from tests.plugins.resolve.contract import CONTRACT, MINIMUM, since
from tests.plugins.resolve.fake import Handle
from tests.plugins.resolve.fake_project import FakeResolve
from tests.plugins.resolve.lua_face import LUA

PLUGIN = LUA.parent
CLASS_OF = {
    "resolve": "Resolve",
    "manager": "ProjectManager",
    "project": "Project",
    "pool": "MediaPool",
    **dict.fromkeys(("folder", "root", "current"), "Folder"),
    "media": "MediaPoolItem",
    "timeline": "Timeline",
    "item": "TimelineItem",
}
"""What a variable of this name holds, in both adapters."""
METHOD = re.compile(r"[A-Z][a-z]+[A-Z]\w*$")
LUA_CALL = re.compile(
    r"\b(ask|tell|some|whole|text|listed|mapping|yes|offered)\(\s*([\w.]+)\s*,\s*\"([A-Z]\w+)\"", re.DOTALL
)


class Call(NamedTuple):
    """A method, the variable it is called on, and whether it is only called where it is offered."""

    where: str
    receiver: str
    method: str
    if_offered: bool


def python_calls(path: Path) -> Iterator[Call]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        where = f"{path.name}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Attribute) and METHOD.match(node.attr):
            yield Call(where, last_name(node.value), node.attr, if_offered=False)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "offered":
            owner, method = node.args
            assert isinstance(method, ast.Constant), f"{where}: a method by a name that nobody can read"
            yield Call(where, last_name(owner), str(method.value), if_offered=True)


def last_name(node: ast.expr) -> str:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", ast.unparse(node))
    return str(name).lstrip("_")


def lua_calls(path: Path) -> Iterator[Call]:
    text = path.read_text("utf-8")
    asked = {(found[2], found[3]) for found in LUA_CALL.finditer(text) if found[1] == "offered"}
    for found in LUA_CALL.finditer(text):
        where = f"{path.name}:{text[: found.start()].count(chr(10)) + 1}"
        receiver = found[2].rpartition(".")[2]
        offered = (found[2], found[3]) in asked
        yield Call(where, receiver, found[3], offered)
    assert not re.search(r"\w:[A-Z]\w+\(", text), f"{path.name} calls a method past the checks of answers.lua"


SOURCES = sorted(path for path in PLUGIN.glob("*.py") if path.name != "window.py")
"""window.py knows Fusion's windows alone, of which there is no contract."""
LUA_SOURCES = sorted(LUA.glob("*.lua"))


@pytest.mark.parametrize("path", [*SOURCES, *LUA_SOURCES], ids=lambda path: path.name)
def test_every_call_is_in_the_contract(path: Path) -> None:
    calls = lua_calls(path) if path.suffix == ".lua" else python_calls(path)
    for call in calls:
        assert call.receiver in CLASS_OF, f"{call.where}: what is {call.receiver}.{call.method} called on?"
        first = since(CLASS_OF[call.receiver], call.method)
        assert first is not None, f"{call.where}: {CLASS_OF[call.receiver]} has no {call.method}"
        assert call.if_offered or first <= MINIMUM, f"{call.where}: {call.method} is only there since {first}"


def test_the_readers_see_the_calls() -> None:
    found = [call for path in SOURCES for call in python_calls(path)]
    told = [call for path in LUA_SOURCES for call in lua_calls(path)]
    assert {"AppendToTimeline", "GetItemListInTrack", "SetClipEnabled"} <= {call.method for call in found}
    assert {(call.receiver, call.method) for call in found if call.if_offered} == {
        ("timeline", "GetSelectedClips"),
        ("timeline", "GetMarkInOut"),
        ("item", "GetSourceStartFrame"),
        ("item", "GetSourceEndFrame"),
        ("item", "GetLinkedItems"),
        ("item", "SetName"),
    }
    checking = {"SetTrackLock", "CreateEmptyTimeline", "DeleteTimelines"}  # the live check is Python alone
    assert {call.method for call in told} == {call.method for call in found} - checking
    assert MINIMUM[:2] == OLDEST


def test_the_fake_is_the_contract() -> None:
    fakes = Handle.__subclasses__()
    assert FakeResolve in fakes
    for fake in fakes:
        assert set(fake.methods) <= set(CONTRACT[fake.kind])


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_an_editors_python_understands_it(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"), feature_version=(3, 9))
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        for name in names:
            assert name.split(".")[0] in sys.stdlib_module_names, f"{path.name} imports {name}"
