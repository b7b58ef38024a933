"""What a further language costs: ``python -m benchmarks.languages [--seconds 40] [--languages 3] [--width 1]``.

A film of one speaker dubbed into several languages in one run, each with a voice of its own that speaks without a
pause, so that every frame gets new lips; an empty store. Of each language, wall time and processor time by stage; then
synthesis and encoding by themselves, over as many frames, in the same process: the generator in batches of the same
size, and the encoder with the same frames already decoded. The generator is the built-in one, or, with ``--width``, one
with random weights. Writes ``benchmarks/results/languages.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

import dubkit
from benchmarks.machine import describe_machine
from benchmarks.talking_clip import make_clip, make_voice
from benchmarks.untrained import write_untrained
from dubkit.language_report import LanguageResult
from dubkit.lipsync import SynthesisSettings, load_model, synthesize
from dubkit.media import MasterWriter, WriteSettings, probe, read_frames
from dubkit.timing import FrameRange

_RESULT = Path(__file__).parent / "results" / "languages.json"
_TAGS = ("es", "de", "fr", "it", "pt", "pl")
_CUE = 4.0  # seconds


def write_cues(path: Path, seconds: float) -> None:
    """Cues that follow one another without a pause."""
    cues = []
    for number in range(int(seconds / _CUE)):
        start, stop = (
            f"00:{int(t // 60):02}:{t % 60:06.3f}".replace(".", ",") for t in (number * _CUE, (number + 1) * _CUE)
        )
        cues.append(f"{number + 1}\n{start} --> {stop}\nOne of the lines.\n")
    path.write_text("\n".join(cues), "utf-8")


class Clock:
    """Wall and processor time of each stage of each language."""

    def __init__(self) -> None:
        self.stages: dict[str, dict[str, list[float]]] = {}
        self.totals: dict[str, list[float]] = {}
        self._at, self._began = self._now(), self._now()

    @staticmethod
    def _now() -> np.ndarray:
        return np.array([time.perf_counter(), time.process_time()])

    def tell(self, language: str, stage: str, *_: int) -> None:
        """Give the time since the last step to ``stage``."""
        now = self._now()
        spent = self.stages.setdefault(language, {}).setdefault(stage, [0.0, 0.0])
        spent[:] = (np.array(spent) + now - self._at).round(4).tolist()
        self._at = now

    def finished(self, result: LanguageResult) -> None:
        """Note how long a language took."""
        assert result.report is not None, result.error
        assert not result.report.failed
        now = self._now()
        self.totals[result.language] = (now - self._began).round(3).tolist()
        self._at, self._began = now, now


def timed(work: Callable[[], None]) -> list[float]:
    """Wall and processor seconds of ``work``."""
    began = Clock._now()
    work()
    spent: list[float] = (Clock._now() - began).round(3).tolist()
    return spent


def synthesis(frames: int, name: str) -> list[float]:
    """The generator alone over so many faces."""
    model, settings = load_model(name), SynthesisSettings()
    rng, batch = np.random.default_rng(0), settings.batch_size
    crops = rng.random((batch, 96, 96, 3), np.float32)
    windows = rng.standard_normal((batch, 80, 16)).astype(np.float32)
    synthesize(model, crops, crops, windows, settings)

    def work() -> None:
        for _ in range(-(-frames // batch)):
            synthesize(model, crops, crops, windows, settings)

    return timed(work)


def encoding(folder: Path, film: Path, codec: str) -> list[float]:
    """The encoder alone: frames are decoded before its clock runs, a piece of the film at a time."""
    picture = probe(film).video
    assert picture is not None
    total, step = np.zeros(2), 100
    with MasterWriter(folder / "alone.mp4", picture, settings=WriteSettings(codec=codec)) as writer:
        for first in range(0, picture.frame_count, step):
            frames = list(read_frames(film, FrameRange(first, min(first + step, picture.frame_count))))
            began = Clock._now()
            for frame in frames:
                writer.write_frame(frame)
            total += Clock._now() - began
        began = Clock._now()
    total += Clock._now() - began
    spent: list[float] = total.round(3).tolist()
    return spent


def measure(folder: Path, seconds: float, size: tuple[int, int], count: int, width: float) -> Mapping[str, object]:
    """The run, and its parts by themselves."""
    film = make_clip(folder / "film.mp4", seconds, size)
    write_cues(folder / "cues.srt", seconds)
    whole = make_voice(folder / "voice.wav", seconds + count)
    import soundfile

    samples, rate = soundfile.read(whole)
    for number, tag in enumerate(_TAGS[:count]):
        soundfile.write(folder / f"{tag}.wav", samples[number * rate :][: round(seconds * rate)], rate)
    model = str(write_untrained(folder / "random.safetensors", width)) if width else ""
    clock = Clock()
    dubkit.dub_languages(
        film,
        folder / "film.{language}.mp4",
        languages=_TAGS[:count],
        subtitles=folder / "cues.srt",
        voice=folder / "{language}.wav",
        work_dir=folder / "kept",
        model=model,
        expert="none",
        codec="libx264",
        progress=clock.tell,
        finished=clock.finished,
    )
    frames = probe(film).video.frame_count  # type: ignore[union-attr]
    made, encoded = synthesis(frames, model), encoding(folder, film, "libx264")
    needed = np.array(made) + np.array(encoded)
    further = np.mean([clock.totals[tag] for tag in _TAGS[1:count]], axis=0)
    return {
        "frames": frames,
        "languages_wall_and_processor_seconds": clock.totals,
        "stages_wall_and_processor_seconds": clock.stages,
        "synthesis_alone": made,
        "encoding_alone": encoded,
        "further_over_first": (further / np.array(clock.totals[_TAGS[0]])).round(3).tolist(),
        "further_over_synthesis_and_encoding": (further / needed).round(3).tolist(),
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--languages", type=int, default=3, choices=range(2, len(_TAGS) + 1))
    parser.add_argument("--width", type=float, default=0.0, help="of a generator with random weights")
    parser.add_argument("--output", type=Path, default=_RESULT)
    arguments = parser.parse_args()
    width, height = (int(side) for side in arguments.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), arguments.seconds, (width, height), arguments.languages, arguments.width)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    result = {
        "machine": describe_machine(),
        "load": load,
        "film": f"{arguments.seconds:g} s, {arguments.size}, 25 fps",
        "generator": f"random weights, width {arguments.width:g}" if arguments.width else "built in",
        **found,
    }
    arguments.output.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
