"""A small dub in a process of its own, to be killed at any moment."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

import dubkit
from dubkit.compose import DubSettings
from dubkit.lipsync import SynthesisSettings
from dubkit.media import WriteSettings
from dubkit.render_settings import RenderSettings
from dubkit.schema import DubReport, dumps, loads
from tests.films import write_talk
from tests.test_analysis import Counting
from tests.test_render import Painter

__all__ = ["Killed", "make_film", "work"]

SECONDS = 4
CUES = 4


class SlowPainter(Painter):
    """Paints what it hears over what it sees, and takes its time."""

    name, precision = "painter", "fp32"

    def run(self, windows: npt.NDArray[np.float32], faces: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        time.sleep(0.002 * len(faces))
        heard = super().run(np.asarray(windows / 8 + 0.5, np.float32), faces)
        return np.asarray((heard + faces[:, 3:].mean(axis=(1, 2, 3), keepdims=True)) / 2, np.float32)


def make_film(folder: Path) -> None:
    """The film, its cues, who speaks them, and a voice."""
    folder.mkdir(exist_ok=True)
    write_talk(folder / "film.mkv", seconds=SECONDS)
    cues, spoken = [], np.zeros(16_000 * SECONDS)
    for number in range(CUES):
        start = number * SECONDS / CUES
        spoken[int((start + 0.05) * 16_000) : int((start + 0.45) * 16_000)] = 1
        times = " --> ".join(f"00:00:{int(t):02},{round(t % 1 * 1000):03}" for t in (start + 0.05, start + 0.45))
        cues.append(f"{number + 1}\n{times}\nLinea {number}\n")
    (folder / "es.srt").write_text("\n".join(cues))
    (folder / "cast.toml").write_text("[cues]\n" + "".join(f'{number + 1} = "A"\n' for number in range(CUES)))
    hiss = spoken * np.random.default_rng(1).uniform(-0.2, 0.2, len(spoken))
    soundfile.write(folder / "voice.wav", hiss.astype(np.float32), 16_000)


def work(
    folder: Path, output: str, kept: str, *, real: bool = False, codec: str = "auto", master: bool = True
) -> DubReport:
    """Dub the film of ``folder`` into ``output``: patches, and a master beside them; by a generator or a painter."""
    made = DubSettings(
        write=WriteSettings(preset="ultrafast"), render=RenderSettings(synthesis=SynthesisSettings(batch_size=8))
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dubkit.readiness.choose_detector", lambda *_, **__: (Counting(), "made up"))
        if not real:
            patch.setattr("dubkit.readiness.load_model", lambda *_, **__: SlowPainter())
        return dubkit.dub(
            folder / "film.mkv",
            folder / output / f"es{'.mp4' if codec == 'libx264' else '.mkv'}" if master else None,
            subtitles=folder / "es.srt",
            voice=folder / "voice.wav",
            cast=folder / "cast.toml",
            language="es",
            expert="none",
            silence="keep",
            codec=codec,
            patches=folder / output / "patches",
            patch_format="ffv1",
            work_dir=folder / kept,
            settings=made,
        )


def _child(folder: str, output: str, kept: str, real: bool, codec: str) -> None:
    report = work(Path(folder), output, kept, real=real, codec=codec)
    (Path(folder) / f"{output}.json").write_text(dumps(report))


class Killed:
    """Starts dubs and kills them."""

    def __init__(self, folder: Path, *, real: bool = False, codec: str = "libx264") -> None:
        self.folder, self._real, self._codec = folder, real, codec
        # Its server imports everything once and starts no thread, so that its children are quick and safe to make.
        self._processes: ForkServerContext = multiprocessing.get_context("forkserver")
        self._processes.set_forkserver_preload(["tests.killed"])

    def run(self, output: str, kept: str, seconds: float = 0.0) -> DubReport | None:
        """What the dub says; None where it was killed after so many ``seconds``."""
        (self.folder / output).mkdir(exist_ok=True)
        arguments = (str(self.folder), output, kept, self._real, self._codec)
        child = self._processes.Process(target=_child, args=arguments)
        child.start()
        assert child.pid is not None
        child.join(seconds or 500)
        if child.exitcode is None and seconds:
            os.kill(child.pid, signal.SIGKILL)
        child.join()
        if child.exitcode == -signal.SIGKILL:
            return None
        assert child.exitcode == 0
        return loads(DubReport, (self.folder / f"{output}.json").read_text())
