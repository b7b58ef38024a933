"""How well cuts, fades and dissolves are found: ``python -m benchmarks.shots FOLDER``, a folder of real clips.

Films are made of pieces of the clips' shots, joined by cuts, fades through black, and dissolves of 12 to 50 frames;
neighbouring pieces come from different clips and go on moving while they blend. A join is found where a shot begins at
the cut itself, or anywhere within the fade or dissolve and a frame around it; any other shot that begins is false.
Scenes are conversations of two clips cut back and forth; a join is found where the next conversation begins.
What is found in the clips themselves is listed, to be looked at. Prints a table and writes
``benchmarks/results/shots.json``, which names no clip.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.machine import describe_machine
from dubkit.media import read_images
from dubkit.schema import Image
from dubkit.shots import DissolveSettings, SceneFinder, ShotSettings, find_shots
from dubkit.timing import FrameRate

_RESULT = Path(__file__).parent / "results" / "shots.json"
_WIDTH, _HEIGHT = 256, 144
_RATE = FrameRate.of(25)
_ENDINGS = {".mp4", ".mov", ".avi", ".mkv", ".mpg"}
_LONGEST = 400  # frames taken of a shot
_SHORT, _LONG = 12, 50  # frames of a fade or dissolve
_PIECES = 6


@dataclass(frozen=True)
class Piece:
    """A run of frames of one shot of one clip."""

    clip: str
    images: Sequence[Image]


@dataclass(frozen=True)
class Join:
    """Where one piece becomes the next: some frame from ``first`` to ``last``."""

    first: int
    last: int


Film = tuple[list[Image], list[Join]]


def fit(image: Image) -> Image:
    """The middle of a picture at the size that all of them have."""
    height, width = image.shape[:2]
    scale = max(_WIDTH / width, _HEIGHT / height)
    size = (max(_WIDTH, round(width * scale)), max(_HEIGHT, round(height * scale)))
    large = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    y, x = (size[1] - _HEIGHT) // 2, (size[0] - _WIDTH) // 2
    return np.asarray(large[y : y + _HEIGHT, x : x + _WIDTH], np.uint8)


def read_shots(path: Path) -> tuple[list[Piece], list[int], int]:
    """The shots of a clip that are long enough to be cut up, the frames at which shots begin, and all frames."""
    images = [image for _, _, image in read_images(path, _WIDTH)]
    shots = find_shots(images, _RATE)
    pieces = [
        Piece(str(path), [fit(image) for image in images[shot.clear.start : shot.clear.stop][:_LONGEST]])
        for shot in shots
        if len(shot.clear) >= _LONG + 2
    ]
    return pieces, [shot.frames.start for shot in shots[1:]], len(images)


def choose(rng: random.Random, shots: Sequence[Piece], lengths: Sequence[int]) -> Iterator[Piece]:
    """Random pieces of these lengths, no two neighbours from one clip."""
    last = ""
    for length in lengths:
        shot = rng.choice([shot for shot in shots if shot.clip != last and len(shot.images) >= length])
        start = rng.randint(0, len(shot.images) - length)
        last = shot.clip
        yield Piece(shot.clip, shot.images[start : start + length])


def cut_film(rng: random.Random, shots: Sequence[Piece]) -> Film:
    """Pieces of 6 to 40 frames, cut together."""
    images: list[Image] = []
    joins = []
    for piece in choose(rng, shots, [rng.randint(6, 40) for _ in range(_PIECES)]):
        joins.append(Join(len(images), len(images)))
        images.extend(piece.images)
    return images, joins[1:]


def fade_film(rng: random.Random, shots: Sequence[Piece]) -> Film:
    """Each piece fades in from black and out to it; up to ten frames of black lie between."""
    images: list[Image] = []
    joins: list[Join] = []
    fade = [rng.randint(_SHORT, _LONG) // 2 for _ in range(_PIECES)]
    lengths = [2 * length + rng.randint(4, _SHORT) for length in fade]
    for piece, length in zip(choose(rng, shots, lengths), fade, strict=True):
        ramp = np.minimum(
            1.0, np.minimum(np.arange(1, len(piece.images) + 1), np.arange(len(piece.images), 0, -1)) / length
        )
        if images:
            first = len(images) - fade[len(joins)]
            images.extend([np.zeros_like(images[0])] * rng.randint(0, 10))
            joins.append(Join(first - 1, len(images) + length + 1))
        images.extend((image * gain).astype(np.uint8) for image, gain in zip(piece.images, ramp, strict=True))
    return images, joins


def dissolve_film(rng: random.Random, shots: Sequence[Piece], blend: Callable[[Image, Image, float], Image]) -> Film:
    """Pieces that dissolve into one another, each seen alone for 15 frames or more."""
    overlaps = [0, *(rng.randint(_SHORT, _LONG) for _ in range(_PIECES - 1)), 0]
    lengths = [before + after + rng.randint(15, 40) for before, after in pairwise(overlaps)]
    images: list[Image] = []
    joins = []
    for piece, overlap in zip(choose(rng, shots, lengths), overlaps, strict=False):
        if overlap:
            first = len(images) - overlap
            joins.append(Join(first - 1, len(images) + 1))
            for step in range(overlap):
                images[first + step] = blend(images[first + step], piece.images[step], (step + 1) / (overlap + 1))
        images.extend(piece.images[overlap:])
    return images, joins


def talk_film(rng: random.Random, shots: Sequence[Piece]) -> Film:
    """Three conversations: two clips each, cut back and forth; a join is where the next conversation begins."""
    images: list[Image] = []
    joins = []
    speakers = rng.sample(sorted({shot.clip for shot in shots if len(shot.images) >= 8 * _SHORT}), 6)
    for pair in (speakers[:2], speakers[2:4], speakers[4:]):
        takes = [
            next(shot.images for shot in shots if shot.clip == clip and len(shot.images) >= 8 * _SHORT) for clip in pair
        ]
        joins.append(Join(len(images), len(images)))
        for turn in range(rng.randint(4, 8)):
            start = turn // 2 * 2 * _SHORT
            images.extend(takes[turn % 2][start : start + rng.randint(_SHORT, 2 * _SHORT)])
    return images, joins[1:]


def even(one: Image, other: Image, share: float) -> Image:
    """Blend as most editors do: sample values, evenly over time."""
    return _rounded(one * (1 - share) + other * share)


def eased(one: Image, other: Image, share: float) -> Image:
    """Blend slowly at first and at last."""
    return even(one, other, share * share * (3 - 2 * share))


def in_light(one: Image, other: Image, share: float) -> Image:
    """Blend the light instead of the sample values."""
    light = (one / 255) ** 2.2 * (1 - share) + (other / 255) ** 2.2 * share
    return _rounded(255 * light ** (1 / 2.2))


def _rounded(values: npt.NDArray[np.float64]) -> Image:
    return np.clip(values + 0.5, 0, 255).astype(np.uint8)


KINDS: dict[str, Callable[[random.Random, Sequence[Piece]], Film]] = {
    "cuts": cut_film,
    "fades through black": fade_film,
    "dissolves": lambda rng, shots: dissolve_film(rng, shots, even),
    "dissolves, eased": lambda rng, shots: dissolve_film(rng, shots, eased),
    "dissolves, in linear light": lambda rng, shots: dissolve_film(rng, shots, in_light),
    "scenes": talk_film,
}


def count(found: Sequence[int], joins: Sequence[Join]) -> tuple[int, int, int]:
    """How many joins were found, how many missed, and how many shots begin where there is none."""
    left = list(found)
    hits = 0
    for join in joins:
        here = [frame for frame in left if join.first <= frame <= join.last]
        if here:
            hits += 1
            left.remove(here[0])
    return hits, len(joins) - hits, len(left)


def begins(images: Sequence[Image], scenes: bool) -> list[int]:
    """The frames at which shots, or scenes, begin, but for the first."""
    shots = find_shots(images, _RATE)
    if not scenes:
        return [shot.frames.start for shot in shots[1:]]
    finder = SceneFinder(_RATE)
    for image in images:
        finder.add(image)
    return [scene.shots[0].frames.start for scene in finder.finish(shots)[1:]]


def measure(shots: Sequence[Piece], kind: str, films: int, seed: int) -> dict[str, object]:
    """The row of one kind of join."""
    rng = random.Random(f"{kind}{seed}")
    hits = missed = false = 0
    for _ in range(films):
        images, joins = KINDS[kind](rng, shots)
        found = begins(images, scenes=kind == "scenes")
        more = count(found, joins)
        hits, missed, false = hits + more[0], missed + more[1], false + more[2]
    f1 = 2 * hits / max(1, 2 * hits + missed + false)
    return {"joins": kind, "made": hits + missed, "missed": missed, "false": false, "f1": round(f1, 3)}


def time_per_frame(images: Sequence[Image]) -> dict[str, float]:
    """Milliseconds per frame, with and without looking for dissolves; the best of three runs."""
    told = {}
    without = replace(ShotSettings(), dissolves=DissolveSettings(longest=0))
    for name, settings in (("without_dissolves_ms", without), ("with_dissolves_ms", ShotSettings())):
        taken = []
        for _ in range(3):
            began = time.process_time()
            find_shots(images, _RATE, settings)
            taken.append(time.process_time() - began)
        told[name] = round(1000 * min(taken) / len(images), 2)
    return told


def main() -> None:
    """Read the clips, make the films, print the table."""
    parser = argparse.ArgumentParser(description="How well cuts, fades and dissolves are found.")
    parser.add_argument("folder", type=Path, help="folder of real clips, looked through with all folders in it")
    parser.add_argument("--films", type=int, default=20, help=f"films of each kind, of {_PIECES} pieces")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    shots: list[Piece] = []
    frames = begins = 0
    for path in sorted(path for path in options.folder.rglob("*") if path.suffix.lower() in _ENDINGS):
        pieces, found, length = read_shots(path)
        shots, frames, begins = [*shots, *pieces], frames + length, begins + len(found)
        if found:
            print(f"{path.name}: shots begin at {found} of {length} frames")
    rows = [measure(shots, kind, options.films, options.seed) for kind in KINDS]
    print("| joins | made | missed | false | F1 |\n|---|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(str(value) for value in row.values()) + " |")
    longest = max(shots, key=lambda shot: len(shot.images))
    result = {
        "machine": describe_machine(),
        "clips_frames": frames,
        "clips_shots_begin": begins,
        "joins": rows,
        **time_per_frame(longest.images),
    }
    print(json.dumps(result, indent=2))
    _RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
