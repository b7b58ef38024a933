"""The curve of a training: one JSON object a line, and the same for TensorBoard where it is installed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Curve", "read_curve"]

_NAME = "curve.jsonl"


def read_curve(folder: Path) -> list[dict[str, float]]:
    """The lines of a training's curve, in order: ``step``, and the numbers known then."""
    path = folder / _NAME
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.endswith("}")]


class Curve:
    """Writes what is measured while a network learns.

    Args:
        folder: Of the training.
        step: Where it goes on: lines after it are of steps that are done again, and are taken out.
    """

    def __init__(self, folder: Path, step: int) -> None:
        lines = [line for line in read_curve(folder) if line["step"] <= step]
        path = folder / _NAME
        aside = path.with_name(f".{_NAME}")
        aside.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
        aside.replace(path)
        self._folder = folder
        self._file = path.open("a", encoding="utf-8")
        self._board = _board(folder, step)

    def add(self, step: int, numbers: Mapping[str, float]) -> None:
        """Numbers after ``step`` steps."""
        self._file.write(json.dumps({"step": step, **numbers}) + "\n")
        self._file.flush()
        if self._board is not None:
            for name, value in numbers.items():
                self._board.add_scalar(name, value, step)

    def show(self, step: int, sheet: npt.NDArray[np.uint8]) -> None:
        """A picture after ``step`` steps: ``sheets/STEP.png``."""
        sheets = self._folder / "sheets"
        sheets.mkdir(exist_ok=True)
        cv2.imwrite(str(sheets / f"{step:07d}.png"), sheet)
        if self._board is not None:
            self._board.add_image("sheet", sheet[..., ::-1].copy(), step, dataformats="HWC")

    def close(self) -> None:
        """Write what is left."""
        self._file.close()
        if self._board is not None:
            self._board.close()


def _board(folder: Path, step: int) -> Any:
    """A TensorBoard writer that forgets what was written after ``step``; None where TensorBoard is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder / "tensorboard"), purge_step=step + 1)
