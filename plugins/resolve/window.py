"""Windows by Fusion's UIManager, where it is to be had: it is not documented by a contract, and nothing depends on it.

Without it (the free edition since 19.1, it is said) the settings are what the file says, and messages go to the
console.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..bridge.host import HostError
from .settings import Settings

__all__ = ["ask_settings", "show"]

_FIELDS = {
    "language": "Language",
    "subtitles": "Subtitle file",
    "voice": "Voice: file or folder",
    "tts": "or text to speech by",
    "python": "Python with dubkit",
}


def ask_settings(read: Callable[[], Settings], fusion: Any, bmd: Any) -> Settings | None:
    """The settings, as changed in a window; None where it was closed.

    Args:
        read: Reads them; where it cannot, the window begins empty.
        fusion: Resolve's object of that name; None where there is none.
        bmd: Likewise.

    Raises:
        HostError: if there is no window, and they cannot be read.
    """
    ui, dispatcher = _toolkit(fusion, bmd)
    if dispatcher is None:
        return read()
    try:
        settings = read()
    except HostError:
        settings = Settings()
    rows = [
        ui.HGroup([ui.Label({"Text": label}), ui.LineEdit({"ID": name, "Text": str(getattr(settings, name))})])
        for name, label in _FIELDS.items()
    ]
    buttons = ui.HGroup([ui.Button({"ID": "dub", "Text": "Dub"}), ui.Button({"ID": "close", "Text": "Close"})])
    window = _window(dispatcher, ui, "dubkit: dub selection", [*rows, buttons])
    if window is None:
        return settings
    pressed: list[str] = []

    def dub(_: Any) -> None:
        pressed.append("dub")
        dispatcher.ExitLoop()

    window.On.dub.Clicked = dub
    window.On.close.Clicked = lambda _: dispatcher.ExitLoop()
    window.On.dubkit.Close = lambda _: dispatcher.ExitLoop()
    window.Show()
    dispatcher.RunLoop()
    items = window.GetItems()
    typed: dict[str, Any] = {name: str(items[name].Text).strip() for name in _FIELDS}
    window.Hide()
    return replace(settings, **typed) if pressed else None


def show(message: str, fusion: Any, bmd: Any) -> None:
    """Show a message, where windows are to be had."""
    ui, dispatcher = _toolkit(fusion, bmd)
    if dispatcher is None:
        return
    parts = [ui.Label({"Text": message, "WordWrap": True}), ui.Button({"ID": "close", "Text": "OK"})]
    window = _window(dispatcher, ui, "dubkit", parts)
    if window is None:
        return
    window.On.close.Clicked = lambda _: dispatcher.ExitLoop()
    window.On.dubkit.Close = lambda _: dispatcher.ExitLoop()
    window.Show()
    dispatcher.RunLoop()
    window.Hide()


def _toolkit(fusion: Any, bmd: Any) -> tuple[Any, Any]:
    """What makes widgets and what shows them; None twice where there is no such thing."""
    ui = getattr(fusion, "UIManager", None)
    make = getattr(bmd, "UIDispatcher", None)
    dispatcher = make(ui) if ui and callable(make) else None
    return (ui, dispatcher) if dispatcher else (None, None)


def _window(dispatcher: Any, ui: Any, title: str, parts: list[Any]) -> Any:
    look = {"ID": "dubkit", "WindowTitle": title, "Geometry": [300, 200, 560, 60 + 40 * len(parts)]}
    return dispatcher.AddWindow(look, [ui.VGroup(parts)])
