"""Make the sample film: ``python -m samples.make FOLDER``.

A portrait, a shot without a face, the portrait again, nearer; English words spoken over it, and the cues of the film in
English, Spanish and German. Everything is made from what is installed; nothing is fetched.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pysubs2
from av.video.reformatter import ColorRange, Colorspace

from dubkit.dialogue import open_voice
from samples.picture import Camera, film, hubble, portrait

__all__ = ["CUES", "FPS", "SHOTS", "SIZE", "SampleFiles", "make_sample", "write_film"]

FPS = 25
SIZE = (640, 360)
"""Width and height of the film in pixels."""

SHOTS = (175, 75, 100)
"""Frames per shot: face, stars, face."""

_RATE = 48_000
_WIDEST = 6.0  # pixels of the portrait that a mouth opens
_QUIET_DB = 45.0  # below full scale, at which it is closed
_BT709 = 1

CUES: Mapping[str, tuple[tuple[float, float, str, str], ...]] = {
    "en": (
        (0.6, 3.2, "EILEEN", "Good evening from the launch pad."),
        (3.7, 6.6, "EILEEN", "Tonight we are going to count the stars."),
        (7.4, 9.6, "NARRATOR", "Some of them are very far away."),
        (10.5, 13.4, "EILEEN", "So stay with us, and look up."),
    ),
    "es": (
        (0.6, 3.2, "EILEEN", "Buenas noches desde la plataforma."),
        (3.7, 6.6, "EILEEN", "Esta noche vamos a contar estrellas."),
        (7.4, 9.6, "NARRATOR", "Algunas están muy lejos de aquí."),
        (10.5, 13.4, "EILEEN", "Quédense con nosotros y miren arriba."),
    ),
    "de": (
        (0.6, 3.2, "EILEEN", "Guten Abend von der Startrampe."),
        (3.7, 6.6, "EILEEN", "Heute Nacht zählen wir die Sterne."),
        (7.4, 9.6, "NARRATOR", "Manche sind sehr weit weg."),
        (10.5, 13.4, "EILEEN", "Bleiben Sie bei uns und sehen Sie hinauf."),
    ),
}
"""Language -> cues: start and stop in seconds, speaker, text."""


@dataclass(frozen=True)
class SampleFiles:
    """Where the parts of the sample lie.

    Attributes:
        video: The film, with English sound.
        subtitles: Language -> SRT file.
        portrait: The photograph, for a talking picture.
    """

    video: Path
    subtitles: Mapping[str, Path]
    portrait: Path


def make_sample(folder: Path) -> SampleFiles:
    """Write the sample film, its cues and its portrait into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    files = SampleFiles(
        video=folder / "sample.mp4",
        subtitles={language: folder / f"sample.{language}.srt" for language in CUES},
        portrait=folder / "portrait.png",
    )
    for language, path in files.subtitles.items():
        _write_cues(path, language)
    spoken = _spoken("en")
    write_film(files.video, _pictures(_openings(spoken)), spoken)
    with av.open(str(files.portrait), "w", format="image2") as image:
        stream = image.add_stream("png")
        stream.width, stream.height, stream.pix_fmt = 384, 384, "rgb24"
        still = np.ascontiguousarray(portrait()[10:394, 30:414])
        image.mux([*stream.encode(av.VideoFrame.from_ndarray(still, "rgb24")), *stream.encode(None)])
    return files


def _pictures(openings: npt.NDArray[np.float64]) -> Iterator[npt.NDArray[np.uint8]]:
    face, stars = portrait(), hubble()
    moves = (
        (face, Camera((225, 120, 300), (235, 125, 240), shake=1.0)),
        (stars, Camera((400, 400, 600), (500, 450, 500))),
        (face, Camera((222, 122, 255), (226, 120, 270), shake=0.8)),
    )
    first, _, last = np.split(openings, np.cumsum(SHOTS)[:-1])
    mouths: tuple[Sequence[float], ...] = (first.tolist(), (), last.tolist())  # the stars' narrator is not seen
    return chain.from_iterable(
        film(photograph, camera, frames, SIZE, mouth)
        for (photograph, camera), frames, mouth in zip(moves, SHOTS, mouths, strict=True)
    )


def _openings(spoken: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """(frames,) how far the mouth is open in each, in pixels of the portrait: the louder, the wider."""
    power = np.square(spoken.astype(np.float64)).reshape(-1, _RATE // FPS).mean(axis=1)
    return np.asarray(_WIDEST * np.clip((10 * np.log10(power + 1e-12) + _QUIET_DB) / _QUIET_DB * 1.6, 0, 1))


def _spoken(language: str) -> npt.NDArray[np.float32]:
    """(n,) the cues spoken in place, as long as the film."""
    total = np.zeros(sum(SHOTS) * _RATE // FPS, np.float32)
    voice = open_voice("espeak")
    for start, _, speaker, text in CUES[language]:
        sound = voice.speak(text, language, speaker=speaker)
        place = np.arange(int(sound.length * _RATE / sound.sample_rate)) * sound.sample_rate / _RATE
        samples = np.interp(place, np.arange(sound.length), sound.samples[0]).astype(np.float32)
        first = int(start * _RATE)
        part = samples[: total.size - first]
        total[first : first + part.size] += 0.7 * part
    return total


def _write_cues(path: Path, language: str) -> None:
    subtitles = pysubs2.SSAFile()
    for start, stop, speaker, text in CUES[language]:
        subtitles.append(pysubs2.SSAEvent(int(start * 1000), int(stop * 1000), f"{speaker}: {text}"))
    subtitles.save(str(path), encoding="utf-8", format_="srt")


def write_film(path: Path, pictures: Iterator[npt.NDArray[np.uint8]], sound: npt.NDArray[np.float32]) -> None:
    """Write ``pictures`` (height, width, 3) RGB of :data:`SIZE` and mono ``sound`` at 48 kHz as H.264 and AAC."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=FPS, options={"crf": "18", "preset": "veryfast"})
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        context = video.codec_context
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.color_range = ColorRange.MPEG
        audio = container.add_stream("aac", rate=_RATE, layout="mono")
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
            )
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(video.encode(frame))
            samples = sound[index * _RATE // FPS : (index + 1) * _RATE // FPS]
            block = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), "fltp", "mono")
            block.sample_rate, block.pts, block.time_base = _RATE, index * _RATE // FPS, Fraction(1, _RATE)
            container.mux(audio.encode(block))
        container.mux([*video.encode(None), *audio.encode(None)])


if __name__ == "__main__":
    made = make_sample(Path(sys.argv[1] if len(sys.argv) > 1 else "sample"))
    print(f"The sample film is {made.video}.")
