"""A Blender to test with: the package ``bpy`` in a Python of its own, as it needs another numpy than dubkit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
INSIDE = "tests.plugins.blender.inside"


def blender_python() -> Path | None:
    """The Python with ``bpy``: ``DUBKIT_BPY_PYTHON``, or what ``make test-blender`` makes; None where there is none."""
    path = Path(os.environ.get("DUBKIT_BPY_PYTHON") or ROOT / ".venv-bpy" / "bin" / "python")
    return path if path.is_file() else None


@dataclass(frozen=True)
class Blender:
    """A Blender whose settings nobody else has.

    Attributes:
        python: The Python with ``bpy``.
        folder: Everything it writes lies there.
        zips: The extension, and the add-on.
        program: dubkit as a command of this checkout.
    """

    python: Path
    folder: Path
    zips: tuple[Path, Path]
    program: Path

    @property
    def environment(self) -> dict[str, str]:
        """Its surroundings."""
        own = {"BLENDER_USER_RESOURCES": str(self.folder / "resources"), "DUBKIT_CACHE": "off", "OMP_NUM_THREADS": "1"}
        return {**{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}, **own}

    def command(self, step: str, **request: Any) -> tuple[list[str], Path]:
        """How ``step`` is run, and where its answer will lie."""
        folder = Path(tempfile.mkdtemp(prefix=f"{step}-", dir=self.folder))
        asked = {
            "zip": str(self.zips[0]),
            "addon": str(self.zips[1]),
            "program": str(self.program),
            "folder": str(folder / "dubs of 映画's"),
            **request,
        }
        (folder / "request.json").write_text(json.dumps(asked), encoding="utf-8")
        files = [str(folder / "request.json"), str(folder / "answer.json")]
        return [str(self.python), "-m", INSIDE, step, *files], folder / "answer.json"

    def do(self, step: str, **request: Any) -> Any:
        """Run ``step`` to its end; what it saw."""
        command, answer = self.command(step, **request)
        run = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=600, check=False
        )
        assert run.returncode == 0, f"{run.stdout[-4000:]}\n{run.stderr[-4000:]}"
        return json.loads(answer.read_text("utf-8"))


def dubkit_here(folder: Path) -> Path:
    """A command ``dubkit`` that runs this checkout in this Python, whatever the editor's environment."""
    path = folder / "dubkit"
    places = f"{ROOT}:{ROOT / 'pipelines'}"
    path.write_text(f'#!/bin/sh\nPYTHONPATH="{places}" exec "{sys.executable}" -m dubkit_cli "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path
