"""Films of the sample's portrait whose faces are known: how many, where, and what is before them."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest
from av.video.frame import VideoFrame

from dubkit.schema import Face, Image

BOX = np.array([179, 62, 272, 179], np.float32)
"""The face in the portrait of 512 x 512: hairline to chin, cheek to cheek."""

LANDMARKS = np.array([[203, 106], [245, 109], [221, 137], [200, 146], [243, 148]], np.float32)


def portrait() -> Image:
    """(512, 512, 3) uint8 BGR: the sample's portrait."""
    data = pytest.importorskip("skimage.data", reason="scikit-image, which brings the portrait, is not installed")
    return np.ascontiguousarray(data.astronaut()[:, :, ::-1])


def portrait_face() -> Face:
    return Face(BOX.copy(), LANDMARKS.copy(), 0.9)


def moved(
    image: Image, turn: float = 0.0, scale: float = 1.0, shift: tuple[float, float] = (0.0, 0.0)
) -> tuple[Image, Face]:
    """The portrait turned by degrees, scaled and shifted about its face, and its face."""
    matrix = cv2.getRotationMatrix2D((225.5, 120.5), turn, scale)
    matrix[:, 2] += np.array(shift)
    picture = cv2.warpAffine(image, matrix, image.shape[1::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    points = LANDMARKS.astype(np.float64) @ matrix[:, :2].T + matrix[:, 2]
    corners = np.array([[BOX[0], BOX[1]], [BOX[2], BOX[1]], [BOX[0], BOX[3]], [BOX[2], BOX[3]]], np.float64)
    corners = corners @ matrix[:, :2].T + matrix[:, 2]
    box = np.concatenate([corners.min(axis=0), corners.max(axis=0)])
    return np.asarray(picture, np.uint8), Face(box.astype(np.float32), points.astype(np.float32), 0.9)


def speaking(image: Image, opening: float) -> Image:
    """The portrait with its jaw dropped by ``opening`` pixels: lower lip and chin below, darkness between the lips."""
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
    # The lips part at row 149 between columns 200 and 243, most in the middle.
    drop = opening * np.clip(1 - ((columns - 221.5) / 24) ** 2, 0, 1) * np.clip((200 - rows) / 35, 0, 1)
    below = rows > 149 + drop
    picture = cv2.remap(image, columns, np.where(below, rows - drop, rows), cv2.INTER_LINEAR)
    picture[(rows > 149) & ~below] = (35, 25, 60)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.6), np.uint8)


def covered(image: Image, with_what: str) -> Image:
    """The portrait with a hand, a microphone or a sheet of paper before its mouth."""
    colour = {"hand": (130, 160, 215), "microphone": (30, 30, 30), "paper": (235, 235, 235)}[with_what]
    layer = image.copy()
    if with_what == "hand":
        for finger in range(4):
            x = 196 + finger * 17
            cv2.line(layer, (x - 4, 200), (x, 138), colour, 15, cv2.LINE_AA)
            cv2.line(layer, (x + 6, 195), (x + 8, 145), tuple(int(0.75 * c) for c in colour), 2, cv2.LINE_AA)
    elif with_what == "microphone":
        cv2.ellipse(layer, (221, 158), (24, 22), 0, 0, 360, colour, -1, cv2.LINE_AA)
    else:
        cv2.rectangle(layer, (180, 135), (265, 200), colour, -1)
    return np.asarray(cv2.GaussianBlur(layer, (0, 0), 0.8), np.uint8) if with_what == "hand" else layer


def crowd(columns: int, rows: int, cell: int = 128) -> Image:
    """The portrait's head ``columns`` times ``rows`` times."""
    head = cv2.resize(portrait()[30:210, 136:316], (cell, cell), interpolation=cv2.INTER_AREA)
    return np.tile(np.asarray(head, np.uint8), (rows, columns, 1))


def write_pictures(path: Path, pictures: Iterable[npt.NDArray[np.uint8]], rotation: int = 0) -> Path:
    """A losslessly coded film at 25 frames a second of BGR pictures of one size, without sound."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1" if not rotation else "libx264", rate=25, options={"preset": "ultrafast"})
        for index, picture in enumerate(pictures):
            if index == 0:
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = "yuv444p"
                if rotation:
                    stream.set_display_rotation(-rotation)
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), "bgr24").reformat(format="yuv444p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
