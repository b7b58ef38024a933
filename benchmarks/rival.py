"""What most pipelines do, for comparison: a face detector on every frame, the generator one frame at a time.

Both by ONNX Runtime; SCRFD sees 640x640 pixels; each face is resized to 96x96, and what the generator draws is resized
back and laid over it. OpenCV decodes and encodes (MPEG-4, which costs less than H.264). No sound is written, shots and
tracks are not looked for, and nothing is blended.
"""

from __future__ import annotations

import argparse
import os
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from dubkit.audio import mel_spectrogram
from dubkit.lipsync import mel_windows
from dubkit.media import read_sound

__all__ = ["run_rival"]

_SIZE = 96
_INPUT = (640, 640)


def run_rival(video: Path, voice: Path, output: Path, generator: Path, detector: Path) -> int:
    """Dub ``video``; how many frames were changed.

    Args:
        video: The picture.
        voice: The sound.
        output: The file to write, AVI.
        generator: The generator as ONNX, for one face, inputs ``mel`` and ``face``.
        detector: A SCRFD ``.onnx`` file.
    """
    runtime = import_module("onnxruntime")
    options = runtime.SessionOptions()
    # Left alone it takes every core, whatever the process may use, and spins where it waits.
    options.intra_op_num_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    how = {"providers": ["CPUExecutionProvider"], "sess_options": options}
    session = runtime.InferenceSession(str(generator), **how)
    faces = import_module("insightface.model_zoo").model_zoo.get_model(str(detector), **how)
    faces.prepare(-1, input_size=_INPUT, det_thresh=0.5)
    capture = cv2.VideoCapture(str(video))
    fps = capture.get(cv2.CAP_PROP_FPS)
    size = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    writer = cv2.VideoWriter(str(output), cv2.VideoWriter.fourcc(*"DIVX"), fps, size)
    times = [Fraction(index) / Fraction(fps) for index in range(int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))]
    mel = mel_spectrogram(read_sound(voice, sample_rate=16_000, channels=1))
    changed = 0
    for window in mel_windows(mel, times, Fraction(-1, 25)):
        more, frame = capture.read()
        if not more:
            break
        found = faces.detect(frame, max_num=1)[0]
        if len(found):
            picture = np.asarray(frame, np.uint8)
            _change(picture, found[0, :4], window, session)
            frame = picture
            changed += 1
        writer.write(frame)
    writer.release()
    return changed


def _change(frame: npt.NDArray[np.uint8], box: npt.NDArray[np.float32], window: Any, session: Any) -> None:
    height, width = frame.shape[:2]
    left, top, right, bottom = (round(float(value)) for value in box)
    left, top, right, bottom = max(0, left), max(0, top), min(width, right), min(height, bottom)
    face = cv2.resize(frame[top:bottom, left:right], (_SIZE, _SIZE))
    masked = face.copy()
    masked[_SIZE // 2 :] = 0
    given = (np.concatenate((masked, face), axis=2).transpose(2, 0, 1)[None] / 255).astype(np.float32)
    (made,) = session.run(None, {"mel": window[None, None], "face": given})
    pixels = (made[0].transpose(1, 2, 0) * 255).astype(np.uint8)
    frame[top:bottom, left:right] = cv2.resize(pixels, (right - left, bottom - top))


def main() -> None:
    """Run it on the files that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("video", "voice", "output", "generator", "detector"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args()
    print(run_rival(given.video, given.voice, given.output, given.generator, given.detector), "frames were changed")


if __name__ == "__main__":
    main()
