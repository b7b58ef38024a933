"""numpy frames in and out, and moviepy clips."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import dubkit
from dubkit.analysis import AnalysisSettings
from dubkit.errors import MediaError, VoiceError
from dubkit.faces import TrackSettings
from dubkit.in_memory import read_pictures, write_pictures
from dubkit.media import probe, read_frames, read_images, read_sound
from dubkit.schema import LineStatus, Waveform
from samples.make import SampleFiles
from samples.picture import hubble

HASTY = dubkit.DubSettings(analysis=AnalysisSettings(tracks=TrackSettings(every=12, least_looks=2)))
RATE = 25
WIDTH, HEIGHT = 640, 360


def noise(count: int = 5) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (count, 50, 70, 3), np.uint8)


def hiss(seconds: float) -> Waveform:
    samples = np.random.default_rng(1).normal(0, 0.1, (1, round(48_000 * seconds))).astype(np.float32)
    return Waveform(samples, 48_000)


@pytest.fixture(scope="module")
def talking(sample: SampleFiles) -> npt.NDArray[np.uint8]:
    """The sample's first two seconds."""
    return np.stack([image[..., ::-1] for _, _, image in islice(read_images(sample.video, 640), 2 * RATE)])


def test_what_is_written_is_read_sample_by_sample(tmp_path: Path) -> None:
    frames = noise()
    assert write_pictures(tmp_path / "a.mkv", frames, 23.976) == 5
    assert np.array_equal(np.stack(list(read_pictures(tmp_path / "a.mkv"))), frames)
    found = probe(tmp_path / "a.mkv").video
    assert found is not None
    assert found.rate.fps == Fraction(24000, 1001)


def test_sound_goes_with_the_picture(tmp_path: Path) -> None:
    whole = hiss(0.2)
    blocks = [Waveform(part, 48_000) for part in np.array_split(whole.samples, 7, axis=1)]
    write_pictures(tmp_path / "a.mkv", noise(), RATE, blocks)
    heard = read_sound(tmp_path / "a.mkv", sample_rate=48_000)
    assert heard.samples.shape == whole.samples.shape
    assert np.abs(heard.samples - whole.samples).max() < 1e-6


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ([], "no frames"),
        ([np.zeros((4, 4, 3), np.float32)], r"frame 0 is float32 \(4, 4, 3\)"),
        ([np.zeros((4, 4), np.uint8)], r"frame 0 is uint8 \(4, 4\)"),
        ([np.zeros((4, 4, 3), np.uint8), np.zeros((4, 6, 3), np.uint8)], r"frame 1 is \(4, 6, 3\), the first one"),
        (["picture"], "frame 0 is str"),
    ],
)
def test_frames_of_another_form_are_refused_and_nothing_is_left(
    tmp_path: Path, frames: list[npt.NDArray[np.uint8]], said: str
) -> None:
    with pytest.raises(MediaError, match=said):
        write_pictures(tmp_path / "a.mkv", frames, RATE)
    assert not list(tmp_path.iterdir())


def test_frames_in_memory_come_back_with_new_lips_and_nothing_else(talking: npt.NDArray[np.uint8]) -> None:
    synced = dubkit.sync_frames(talking, RATE, hiss(1.0), settings=HASTY)
    made = synced.array()
    assert len(synced) == len(talking)
    assert made.shape == talking.shape
    changed = (made != talking).any(axis=3)
    assert changed[: RATE - 5].any(axis=(1, 2)).mean() > 0.5
    assert changed.any(axis=0).mean() < 0.3, "all away from the mouth stays as it was"
    assert synced.report.lines[0].status is LineStatus.SYNCED
    folder = synced.path.parent
    assert [path.name for path in folder.iterdir()] == ["made.mkv"]
    synced.close()
    assert not folder.exists()


def test_the_report_names_the_network_that_restored_faces(talking: npt.NDArray[np.uint8], tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    from tests.blending.test_onnx_enhancer import write

    network = write(tmp_path / "dark.onnx", (0.2, 0.2, 0.2))
    plain, restored = (
        dubkit.sync_frames(talking[:RATE], RATE, hiss(1.0), settings=HASTY, enhancer=given) for given in (None, network)
    )
    assert (plain.report.enhancer, restored.report.enhancer) == ("", str(network))
    assert not np.array_equal(plain.array(), restored.array())


def test_the_file_goes_with_the_object(talking: npt.NDArray[np.uint8]) -> None:
    folder = dubkit.sync_frames(islice(talking, 10), RATE, (np.zeros(4800, np.float32), 48_000), settings=HASTY).path
    assert not folder.parent.exists()


# moviepy forgets to close pipes of its own readers and writers; what it forgot is collected with its own test.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
class TestMoviepy:
    @pytest.fixture(autouse=True)
    def _moviepy(self) -> Iterator[None]:
        pytest.importorskip("moviepy")
        yield
        gc.collect()

    def test_a_clip_is_synced_in_place(self, talking: npt.NDArray[np.uint8], tmp_path: Path) -> None:
        from moviepy import AudioArrayClip, ImageSequenceClip

        from dubkit.moviepy import LipSync

        voice = AudioArrayClip(np.repeat(hiss(1.0).samples.T, 2, axis=1), fps=48_000)
        clip = ImageSequenceClip(list(talking), fps=RATE).with_start(3)
        effect = LipSync(voice, settings=HASTY)
        made = clip.with_effects([effect])
        assert (made.start, made.fps, tuple(made.size)) == (3, RATE, (WIDTH, HEIGHT))
        assert made.duration == pytest.approx(2)
        assert effect.reports[0].lines[0].status is LineStatus.SYNCED
        new = np.stack(list(made.iter_frames()))
        changed = (new != talking).any(axis=3)
        assert changed[: RATE - 5].any(axis=(1, 2)).mean() > 0.5
        assert changed.any(axis=0).mean() < 0.3
        assert made.audio.duration == pytest.approx(2, abs=0.01)
        heard = made.audio.to_soundarray(fps=48_000)
        assert np.abs(heard[: 48_000 - 100]).mean() > 20 * np.abs(heard[48_000 + 5000 :]).mean()
        # A moviepy clip like any other: it can be cut and written.
        made.subclipped(0, 0.4).write_videofile(str(tmp_path / "out.mp4"), logger=None)
        assert sum(1 for _ in read_frames(tmp_path / "out.mp4")) == 10

    def test_a_clip_is_dubbed_line_by_line_over_its_own_sound(self, sample: SampleFiles) -> None:
        from moviepy import VideoFileClip

        from dubkit.moviepy import LipSync

        with VideoFileClip(str(sample.video)) as whole:
            clip = whole.subclipped(0, 4)
            effect = LipSync(subtitles=sample.subtitles["es"], tts="espeak", language="es", settings=HASTY)
            made = clip.with_effects([effect])
            assert made.duration == pytest.approx(4, abs=0.001)
            assert effect.reports[0].lines
            assert np.abs(made.audio.to_soundarray(fps=16_000)).max() > 0.01

    def test_a_clip_without_an_end_is_refused(self) -> None:
        from moviepy import ColorClip

        from dubkit.moviepy import LipSync

        with pytest.raises(MediaError, match="without an end or a frame rate cannot be synced; set duration and fps"):
            ColorClip((64, 64), (0, 0, 0)).with_effects([LipSync((np.zeros(100, np.float32), 100))])
        with pytest.raises(VoiceError, match="nothing to say"):
            ColorClip((64, 64), (0, 0, 0), duration=1).with_fps(5).with_effects([LipSync()])


def test_a_picture_without_a_face_stays_as_it_is() -> None:
    frames = np.stack([hubble()[:120, :160, ::-1]] * 10)
    synced = dubkit.sync_frames(frames, RATE, hiss(0.3), settings=HASTY)
    assert np.array_equal(synced.array(), frames)
    assert synced.report.lines[0].status is not LineStatus.SYNCED
