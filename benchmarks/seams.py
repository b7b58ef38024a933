"""Can the border of a new mouth be found? ``python -m benchmarks.seams CLIP ... [--sheets DIR]``.

The rule was written down before anything was measured by it, and is meant for clips on which nothing was tuned. What
was changed since stands in ``docs/master.md``; no threshold was.

A searcher who has only the result, and knows the shape of the border but not its place, lays the border's curve over
the face in 147 places: where it is, and moved by up to 15 % of its width and height and scaled by 0.9 to 1.1. Its
strength in a place is the root mean square, over 24 sectors around it, of the mean slope across it (of luma, and of
the two colour differences, each by itself, blurred by 1.5 pixels): a seam is a step of one sign along a sector. Places
that overlap the true one (moved by 5 % at most) are left out. The **rank** of a frame is the share of the
other places that are weaker than the true one. Real faces have edges, too (a jaw, a shadow), so the source is ranked
in the same way. The seam **cannot be found** where, for each of the three signals,

1. over all frames of all clips, a classifier that is told the rank does not tell result from source:
   the area under its curve (AUC) is at most 0.6, of which 0.5 is chance;
2. in each clip, the true place is among the strongest 5 % of places in at most 5 % more of the frames than in the
   source.

**Noise over time**: where the mask is 0, not one sample may differ. Under the mask (over 0.5), the grain
(:func:`~dubkit.evaluation.noise_ratio`), and, in frames that are spoken, the energy of luma's second difference over
time are within half and twice the source's.

Two kinds of mouths are judged, each by itself, blended as ``dubkit`` does: ``generated``, the built-in model's to the
clip's own sound, and ``resampled``, the face's own brought to the generator's size and back, which tells what blending
does from what the generator cannot do. With ``--sheets``, a picture per
clip shows frames before, after, their difference eight times amplified with the border drawn, and the border alone.
Prints a table, and writes ``benchmarks/results/seams.json``.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch

from benchmarks.blending import Face, Pictures, blended, longest_face, masks, pictures
from benchmarks.machine import describe_machine
from dubkit.blending import BlendSettings, Patch
from dubkit.evaluation import noise_ratio, picture_rows
from dubkit.faces import choose_detector
from dubkit.lipsync import load_model
from dubkit.places import model_folders
from dubkit.schema import Frame

MOST_AUC = 0.6
MOST_FOUND = 0.05
MOST_RATIO = 2.0

_RESULT = Path(__file__).parent / "results" / "seams.json"
_SIGNALS = ("luma", "blue", "red")
_EACH = range(len(_SIGNALS))
_WEIGHTS = np.array([[0.114, 0.587, 0.299], [1, -0.5, -0.5], [-0.5, -0.5, 1]], np.float32)
"""Of B, G and R: luma, and two differences of colour."""
_STEPS = (-0.15, -0.1, -0.05, 0.0, 0.05, 0.1, 0.15)
_SCALES = (0.9, 1.0, 1.1)
_NEAR = 0.051
_STRONGEST = 0.95
_SECTORS = 24
_RIM = (0.01, 0.4)
_BLUR = 1.5
_INSIDE = 0.5
_SHOWN = (8, 24, 40)
_AMPLIFIED = 8

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Found:
    """What a clip tells.

    Attributes:
        before: (frames looked at, signals) ranks of the border's place in the source.
        after: The same in the result.
        outside: Samples outside the masks that differ, in the frames' own format.
        grain: Of the result over that of the source, under the mask.
        motion: The same of the energy of luma's second difference over time.
    """

    before: Floats
    after: Floats
    outside: int
    grain: float
    motion: float

    @property
    def more_found(self) -> float:
        """Share of the frames in which the place is among the strongest, in the result more than in the source."""
        return float(((self.after >= _STRONGEST).mean(axis=0) - (self.before >= _STRONGEST).mean(axis=0)).max())


def rank(picture: npt.NDArray[np.uint8], mask: Mask) -> Floats:
    """(signals,) the share of other places of the mask's border that are weaker than its own, 0..1.

    Args:
        picture: (h, w, 3) BGR.
        mask: (h, w), 0..1.
    """
    signals = cv2.GaussianBlur(picture.astype(np.float32) @ _WEIGHTS.T, (0, 0), _BLUR)
    slopes = np.stack(np.gradient(signals, axis=(0, 1)))
    rows, columns, down, across, sector = _curve(mask)
    centre_y, centre_x = rows.mean(), columns.mean()
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    true, others = np.zeros(len(_SIGNALS)), []
    for scale in _SCALES:
        for step_y in _STEPS:
            for step_x in _STEPS:
                y = np.rint(centre_y + (rows - centre_y) * scale + step_y * height).astype(int)
                x = np.rint(centre_x + (columns - centre_x) * scale + step_x * width).astype(int)
                strong = _strength(slopes, y, x, down, across, sector)
                if scale == 1 and not step_x and not step_y:
                    true = strong
                elif max(abs(step_x), abs(step_y)) > _NEAR:
                    others.append(strong)
    return np.asarray((np.array(others) < true).mean(axis=0), np.float64)


def _curve(
    mask: Mask,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats, Floats, npt.NDArray[np.int64]]:
    """Rows and columns of a mask's border, the direction in which it falls, and the sector of each."""
    fall_y, fall_x = (-slope for slope in np.gradient(cv2.GaussianBlur(mask, (0, 0), _BLUR)))
    steep = np.hypot(fall_y, fall_x)
    rows, columns = np.nonzero((mask > _RIM[0]) & (mask < _RIM[1]) & (steep > 0))
    turn = np.arctan2(rows - rows.mean(), columns - columns.mean()) / (2 * np.pi) % 1
    sector = np.minimum((turn * _SECTORS).astype(np.int64), _SECTORS - 1)
    at = rows, columns
    return rows, columns, fall_y[at] / steep[at], fall_x[at] / steep[at], sector


def _strength(
    slopes: npt.NDArray[np.float32],
    rows: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
    down: Floats,
    across: Floats,
    sector: npt.NDArray[np.int64],
) -> Floats:
    inside = (rows >= 0) & (columns >= 0) & (rows < slopes.shape[1]) & (columns < slopes.shape[2])
    rows, columns, down, across, sector = (each[inside] for each in (rows, columns, down, across, sector))
    along = slopes[0, rows, columns] * down[:, None] + slopes[1, rows, columns] * across[:, None]
    count = np.maximum(np.bincount(sector, minlength=_SECTORS), 1)
    means = [np.bincount(sector, along[:, n], minlength=_SECTORS) / count for n in range(len(_SIGNALS))]
    return np.asarray(np.sqrt(np.mean(np.square(means), axis=1)), np.float64)


def search(before: Pictures, after: Pictures, where: Mask) -> tuple[Floats, Floats]:
    """Ranks in the source and in the result, (frames looked at, signals) each."""
    chosen = [n for n in range(len(before)) if (where[n] > _INSIDE).any()]
    return (
        np.stack([rank(before[n], where[n]) for n in chosen]),
        np.stack([rank(after[n], where[n]) for n in chosen]),
    )


def auc(before: Floats, after: Floats) -> float:
    """How often one of ``after`` is more than one of ``before``, ties counted half: 0.5 is chance."""
    more = after[:, None] - before[None, :]
    return float(np.mean((more > 0) + 0.5 * (more == 0)))


def look_at(face: Face, kind: str) -> tuple[Found, Pictures, Pictures, Mask]:
    """What the clip tells of a kind of mouths; pictures of it before and after, and the masks."""
    patches, _ = blended(face, kind, BlendSettings())
    before = pictures(face.frames, face.view)
    after = pictures([patch.frame for patch in patches], face.view)
    where = masks(patches, face.view)
    ranks = search(before, after, where)
    outside = sum(_differ_outside(old, patch) for old, patch in zip(face.frames, patches, strict=True))
    found = Found(*ranks, outside, noise_ratio(before, after, where), _motion_ratio(before, after, where))
    return found, before, after, where


def _differ_outside(frame: Frame, patch: Patch) -> int:
    """Samples that differ though no pixel they stand for lies under the mask."""
    masked = np.zeros((frame.height, frame.width), bool)
    at = patch.region
    inside = at.inside(frame.width, frame.height)
    part = patch.mask[inside.top - at.top : inside.bottom - at.top, inside.left - at.left : inside.right - at.left]
    masked[inside.top : inside.bottom, inside.left : inside.right] = part > 0
    count = 0
    for old, new in zip(frame.planes, patch.frame.planes, strict=True):
        rows, columns = old.shape[:2]
        tall, wide = -(-frame.height // rows), -(-frame.width // columns)
        grown = np.pad(masked, ((0, rows * tall - frame.height), (0, columns * wide - frame.width)))
        covered = grown.reshape(rows, tall, columns, wide).any(axis=(1, 3))
        different = (old != new).any(axis=2) if old.ndim == 3 else old != new
        count += int((different & ~covered).sum())
    return count


def _motion_ratio(before: Pictures, after: Pictures, where: Mask) -> float:
    """Energy of luma's second difference over time under the mask, after over before."""
    at = where > _INSIDE
    at = at[:-2] & at[1:-1] & at[2:]
    energies = [np.mean(np.diff(clip @ _WEIGHTS[0], n=2, axis=0)[at] ** 2) for clip in (before, after)]
    return float(energies[1] / max(energies[0], 1e-6))


def sheet(name: str, before: Pictures, after: Pictures, where: Mask) -> npt.NDArray[np.uint8]:
    """Frames before, after, their difference amplified with the mask's border drawn, and the border on the result."""
    shown = [n for n in _SHOWN if n < len(before)]
    difference = 128.0 + _AMPLIFIED * (after[shown].astype(np.float32) - before[shown])
    rows = {
        "before": before[shown],
        "after": after[shown],
        f"x{_AMPLIFIED}": _bordered(np.clip(difference, 0, 255).astype(np.uint8), where[shown]),
        "border": _bordered(after[shown], where[shown]),
    }
    return np.asarray(picture_rows(rows, name), np.uint8)


def _bordered(clip: Pictures, where: Mask) -> Pictures:
    drawn = clip.copy()
    for picture, mask in zip(drawn, where, strict=True):
        for level, colour in ((_RIM[0], (0, 255, 255)), (_INSIDE, (0, 160, 0))):
            lines, _ = cv2.findContours((mask > level).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(picture, lines, -1, colour, 1)
    return drawn


def verdict(found: Sequence[Found]) -> dict[str, Any]:
    """The rule, over all clips: ``auc`` by signal, and whether all of it holds."""
    pairs = [[np.concatenate([getattr(f, side)[:, n] for f in found]) for side in ("before", "after")] for n in _EACH]
    pooled = {signal: round(auc(*pair), 3) for signal, pair in zip(_SIGNALS, pairs, strict=True)}
    ratios = [ratio for f in found for ratio in (f.grain, f.motion)]
    return {
        "auc": pooled,
        "hidden": max(pooled.values()) <= MOST_AUC and all(f.more_found <= MOST_FOUND for f in found),
        "quiet": not any(f.outside for f in found) and all(1 / MOST_RATIO <= at <= MOST_RATIO for at in ratios),
    }


def row(name: str, kind: str, found: Found) -> dict[str, object]:
    """A line of the table."""
    figures: dict[str, object] = {"clip": name, "mouth": kind, "frames": len(found.before)}
    for n, signal in enumerate(_SIGNALS):
        before, after = found.before[:, n], found.after[:, n]
        figures[f"{signal}_rank"] = [round(float(np.median(before)), 2), round(float(np.median(after)), 2)]
        figures[f"{signal}_auc"] = round(auc(before, after), 2)
    figures["more_found"] = round(found.more_found, 3)
    return figures | {"outside": found.outside, "grain": round(found.grain, 2), "motion": round(found.motion, 2)}


def main() -> None:
    """Measure, print, keep the figures; write the sheets."""
    parser = argparse.ArgumentParser(description="Whether the border of a new mouth can be found.")
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--sheets", type=Path, default=None, help="folder for the pictures")
    parser.add_argument("--detector", default="auto")
    given = parser.parse_args()
    threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    detector, model = choose_detector(given.detector, folders=model_folders())[0], load_model()
    rows, every = [], dict[str, list[Found]]()
    for clip in given.clips:
        face = longest_face(clip, detector, model)
        for kind in face.mouths:
            found, before, after, where = look_at(face, kind)
            every.setdefault(kind, []).append(found)
            rows.append(row(clip.stem, kind, found))
            print(rows[-1], flush=True)
            if given.sheets is not None:
                given.sheets.mkdir(parents=True, exist_ok=True)
                drawn = sheet(f"{clip.stem}, {kind}", before, after, where)
                cv2.imwrite(str(given.sheets / f"{clip.stem}-{kind}.png"), drawn)
    told = {kind: verdict(found) for kind, found in every.items()}
    print(told)
    result = {"machine": describe_machine(), "threads": threads, "rows": rows, "verdict": told}
    _RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
