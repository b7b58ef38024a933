"""How well a blended mouth hides, and what blending costs: ``python -m benchmarks.blending [CLIP ...] [--sheets DIR]``.

Two kinds of mouths are pasted into the longest face track of each clip: ``resampled``, each frame's own face brought
to the generator's size and back, which shows what blending alone does; and ``generated``, by the built-in model, to the
clip's own sound. Each is blended plainly (mask only) and with light, grain and sharpness matched, in the same run.
Figures are those of :mod:`dubkit.evaluation.seam`, milliseconds are processor time a frame. With ``--sheets`` a picture
per clip shows the frame before, after, and their difference four times enlarged. Without clips the sample is measured
and the figures are kept in ``results/``. One thread, unless OMP_NUM_THREADS says otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch

from benchmarks.machine import describe_machine
from dubkit.analysis import analyze
from dubkit.audio import mel_spectrogram
from dubkit.blending import BlendSettings, Patch, paste_mouth, read_region
from dubkit.evaluation import picture_rows, score_seam
from dubkit.faces import CropSettings, FaceDetector, choose_detector, crop_region, from_crop, to_crop
from dubkit.lipsync import LipModel, Reference, load_model, mel_windows, synthesize
from dubkit.media import read_frames, read_sound
from dubkit.places import model_folders
from dubkit.schema import Frame, Region
from samples.make import make_sample

_RESULT = Path(__file__).parent / "results" / "blending.json"
_FRAMES = 48
_WAYS = {"plain": BlendSettings(match_colour=False, match_detail=False), "matched": BlendSettings()}
_SHEET_FRAMES = (8, 24, 40)
_MARGIN = 8  # pixels around the crops

Pictures = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Face:
    """Some frames of a face: where it is in each, and mouths by kind."""

    frames: list[Frame]
    regions: list[Region]
    landmarks: npt.NDArray[np.float32]
    mouths: dict[str, npt.NDArray[np.float32]]

    @property
    def view(self) -> Region:
        """The rectangle of the frame that holds all crops."""
        frame, regions = self.frames[0], self.regions
        return Region(
            min(region.left for region in regions) - _MARGIN,
            min(region.top for region in regions) - _MARGIN,
            max(region.right for region in regions) + _MARGIN,
            max(region.bottom for region in regions) + _MARGIN,
        ).inside(frame.width, frame.height)


def longest_face(path: Path, detector: FaceDetector, model: LipModel) -> Face:
    """The middle of the clip's longest face track, with its mouths."""
    found = analyze(path, detector)
    track = max(found.tracks, key=lambda each: len(each.frames))
    start = track.frames.start + max(0, len(track.frames) - _FRAMES) // 2
    stop = min(track.frames.stop, start + _FRAMES)
    frames = [frame for frame in read_frames(path, upright=True) if start <= frame.index < stop]
    at = slice(start - track.frames.start, stop - track.frames.start)
    regions = [crop_region(box, CropSettings()) for box in track.boxes[at]]
    crops = np.stack(
        [to_crop(read_region(f, r), model.config.image_size) for f, r in zip(frames, regions, strict=True)]
    )
    mel = mel_spectrogram(read_sound(path, sample_rate=model.config.mel.sample_rate, channels=1), model.config.mel)
    windows = mel_windows(mel, [found.times.seconds(i) for i in range(start, stop)], model.config.mel_offset)
    references = crops if model.config.reference is Reference.SAME else crops[:1]
    mouths = {"resampled": crops, "generated": synthesize(model, crops, references, windows)}
    return Face(frames, regions, track.landmarks[at], mouths)


def blended(face: Face, kind: str, settings: BlendSettings) -> tuple[list[Patch], float]:
    """Every frame with its mouth, and processor milliseconds a frame."""
    patches: list[Patch] = []
    sized = [from_crop(mouth, region) for mouth, region in zip(face.mouths[kind], face.regions, strict=True)]
    began = time.process_time()
    for frame, region, mouth, landmarks in zip(face.frames, face.regions, sized, face.landmarks, strict=True):
        before = patches[-1].match if patches else None
        patches.append(paste_mouth(frame, region, mouth, landmarks, settings, before=before))
    return patches, 1000 * (time.process_time() - began) / len(patches)


def pictures(frames: Sequence[Frame], view: Region) -> Pictures:
    """(n, h, w, 3) BGR of a rectangle."""
    return np.stack([np.clip(np.rint(read_region(frame, view) * 255), 0, 255).astype(np.uint8) for frame in frames])


def masks(patches: Sequence[Patch], view: Region) -> npt.NDArray[np.float32]:
    """(n, h, w) where each patch may differ, in a rectangle that holds them all."""
    laid = np.zeros((len(patches), view.height, view.width), np.float32)
    for mask, patch in zip(laid, patches, strict=True):
        left, top = patch.region.left - view.left, patch.region.top - view.top
        inside = Region(left, top, left + patch.region.width, top + patch.region.height).inside(view.width, view.height)
        mask[inside.top : inside.bottom, inside.left : inside.right] = patch.mask[
            inside.top - top : inside.bottom - top, inside.left - left : inside.right - left
        ]
    return laid


def measure(name: str, face: Face, sheets: Path | None) -> list[dict[str, object]]:
    """A row for each kind of mouth and way to blend it; a sheet too, where there is a folder for it."""
    rows = []
    before = pictures(face.frames, face.view)
    chosen = [index for index in _SHEET_FRAMES if index < len(before)]
    shown = {"before": before[chosen]}
    for kind in face.mouths:
        for way, settings in _WAYS.items():
            patches, milliseconds = blended(face, kind, settings)
            after = pictures([patch.frame for patch in patches], face.view)
            score = score_seam(before, after, masks(patches, face.view))
            figures = {key: round(value, 2) for key, value in asdict(score).items()}
            rows.append({"clip": name, "mouth": kind, "blend": way, "ms": round(milliseconds, 1), **figures})
            print(rows[-1])
            difference = 128 + 4 * (after[chosen].astype(int) - before[chosen])
            shown[f"{kind[:3]} {way}"] = after[chosen]
            shown[f"{kind[:3]} {way} x4"] = np.clip(difference, 0, 255).astype(np.uint8)
    if sheets is not None:
        sheets.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(sheets / f"{name}.png"), picture_rows(shown, name))
    return rows


def main() -> None:
    """Measure, print, keep the figures of the sample; write the sheets."""
    parser = argparse.ArgumentParser(description="How well a blended mouth hides.")
    parser.add_argument("clips", nargs="*", type=Path, help="videos; the sample where there are none")
    parser.add_argument("--sheets", type=Path, default=None, help="folder for the pictures")
    parser.add_argument("--detector", default="auto")
    given = parser.parse_args()
    threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    detector, _ = choose_detector(given.detector, folders=model_folders())
    model = load_model()
    if given.clips:
        for clip in given.clips:
            measure(clip.stem, longest_face(clip, detector, model), given.sheets)
        return
    with tempfile.TemporaryDirectory() as folder:
        rows = measure("sample", longest_face(make_sample(Path(folder)).video, detector, model), given.sheets)
    result = {"machine": describe_machine(), "threads": threads, "frames": _FRAMES, "rows": rows}
    _RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
