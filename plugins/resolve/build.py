"""Builds what belongs into DaVinci Resolve's folder ``Fusion``: the package, and what its menu lists."""

from __future__ import annotations

import shutil
from pathlib import Path

__all__ = ["ACTIONS", "build"]

ACTIONS = {"dub": "Dub selection", "remove": "Remove dub", "cancel": "Cancel dub", "check": "Live check"}
_MENU = Path("Scripts", "Utility")
_MENUS = {".py": "dubkit", ".lua": "dubkit (free edition)"}


def build(target: Path) -> list[Path]:
    """Write everything into the folder ``target``, which takes the place of Resolve's folder ``Fusion``.

    Args:
        target: The folder; everything of ours in it has a name that begins with ``dubkit``.

    Returns:
        The package and the two menus.
    """
    sources = Path(__file__).parent
    package = target / "dubkit_resolve"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('"""dubkit inside DaVinci Resolve."""\n', encoding="utf-8")
    unwanted = shutil.ignore_patterns("__pycache__", "*.pyc", "README.md", "build.py", "menu", "installed.json")
    shutil.copytree(sources.parent / "bridge", package / "bridge", ignore=unwanted)
    shutil.copytree(sources, package / "resolve", ignore=unwanted)
    built = [package]
    for ending, name in _MENUS.items():
        menu = target / _MENU / name
        menu.mkdir(parents=True)
        text = (sources / "menu" / f"start{ending}.template").read_text("utf-8")
        for action, title in ACTIONS.items():
            if action == "check" and ending == ".lua":
                continue
            filled = text.replace("{title}", title).replace("{action}", action)
            (menu / f"{title}{ending}").write_text(filled, encoding="utf-8")
        built.append(menu)
    return built
