"""What the entries of Resolve's menu do, and what the user is told."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from ..bridge.host import HostError
from .dubbing import cancel_dubs, dub_selection, remove_dubs
from .live_check import live_check, write_report
from .settings import own_folder, read_settings, write_settings
from .window import ask_settings, show

__all__ = ["run"]


def run(action: str, names: Mapping[str, Any]) -> bool:
    """Do ``dub``, ``remove``, ``cancel`` or ``check`` and tell the user what came of it; whether it went well.

    Args:
        action: Which.
        names: What Resolve gives its scripts: ``resolve``, and for windows ``fusion`` (or ``fu``) and ``bmd``.
    """
    fusion, bmd = names.get("fusion") or names.get("fu"), names.get("bmd")
    try:
        message = _done(action, names.get("resolve"), fusion, bmd)
    except HostError as error:
        _tell(str(error), fusion, bmd)
        return False
    if message:
        _tell(message, fusion, bmd)
    return True


def _done(action: str, resolve: Any, fusion: Any, bmd: Any) -> str:
    folder = own_folder()
    if action == "cancel":
        return "the dub is asked to stop" if cancel_dubs(folder) else "no dub is under way"
    if not resolve:
        raise HostError("DaVinci Resolve gives this script no access; in the free edition use the Lua script")
    if action == "check":
        return write_report(live_check(resolve, folder / "check"), folder / "live-check.json")
    if action == "remove":
        return f"{remove_dubs(resolve, folder)} clips were removed"
    settings = ask_settings(lambda: read_settings(folder), fusion, bmd)
    if settings is None:
        return ""
    write_settings(folder, settings)
    notes = dub_selection(resolve, folder)
    return "\n".join(["the dub is in place, on new tracks", *notes])


def _tell(message: str, fusion: Any, bmd: Any) -> None:
    sys.stdout.write(f"dubkit: {message}\n")
    show(message, fusion, bmd)
