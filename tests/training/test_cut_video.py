"""One video to clips, held against what was put into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from dubkit.analysis import analyze
from dubkit.audio import mel_spectrogram
from dubkit.errors import Cancelled, MediaError
from dubkit.faces import FaceDetector
from dubkit.media import read_sound
from dubkit.track_crops import cut_tracks
from dubkit.training import CutSettings
from dubkit.training.cut_video import CutVideo, clip_stem, cut_video
from tests.media.zoo import make_sound, still
from tests.training.films import CASCADE, QUICK, RATE, face, grey, speech, two_faces, write

SETTINGS = QUICK.cut


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    pytest.importorskip("skimage", reason="the portrait comes with scikit-image")
    return CASCADE.build()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for kind in ("faces", "sounds"):
        (tmp_path / "out" / kind).mkdir(parents=True)
    return tmp_path / "out"


def cut(path: Path, folder: Path, detector: FaceDetector, settings: CutSettings = SETTINGS) -> CutVideo:
    return cut_video(path, path.name, folder, detector, settings)


def reasons(video: CutVideo) -> dict[str, float]:
    found: dict[str, float] = {}
    for clip in video.dropped:
        found[clip.reason] = found.get(clip.reason, 0) + clip.seconds
    return found


def load(folder: Path, kind: str, name: str) -> npt.NDArray[np.float32]:
    found: npt.NDArray[np.float32] = np.load(folder / kind / f"{name}.npy")
    return found


def test_crops_and_sound_are_the_products_own(tmp_path: Path, folder: Path, detector: FaceDetector) -> None:
    path = write(tmp_path / "a.mkv", face(60), speech(2.4))
    found = cut(path, folder, detector)
    (clip,) = found.clips
    assert found.dropped == ()
    assert (clip.track, float(clip.start), clip.frames, clip.rivalled) == (0, 0, 60, False)
    (crops,) = cut_tracks(path, analyze(path, detector, SETTINGS.analysis))
    faces = np.load(folder / "faces" / f"{clip.name}.npy")
    assert faces.dtype == np.uint8
    np.testing.assert_array_equal(faces, crops.images)
    mel = mel_spectrogram(read_sound(path, sample_rate=RATE, channels=1)).values
    sound = load(folder, "sounds", clip.name)
    assert sound.dtype == np.float32
    np.testing.assert_allclose(sound, mel, atol=1e-5)
    assert clip.sound_start == 0
    assert (
        sorted(file.name for kind in ("faces", "sounds") for file in (folder / kind).iterdir())
        == [f"{clip.name}.npy"] * 2
    )


@pytest.mark.parametrize("rate", [Fraction(30_000, 1001), Fraction(24), Fraction(50)])
def test_other_rates_come_out_as_25_a_second(
    rate: Fraction, tmp_path: Path, folder: Path, detector: FaceDetector
) -> None:
    frames = int(2 * rate)
    (clip,) = cut(write(tmp_path / "a.mkv", face(frames), speech(2.1), rate=rate), folder, detector).clips
    assert clip.frames == pytest.approx(50, abs=1)
    assert load(folder, "faces", clip.name).shape == (clip.frames, 96, 96, 3)


@pytest.mark.parametrize("start", [Fraction(3, 10), Fraction(-3, 10)])
def test_sound_that_begins_at_another_time(
    start: Fraction, tmp_path: Path, folder: Path, detector: FaceDetector
) -> None:
    """Crops without sound are left out; sound before the first crop is kept."""
    path = write(tmp_path / "a.mkv", face(50), speech(2), sound_start=start)
    found = cut(path, folder, detector)
    (clip,) = found.clips
    first = max(start, Fraction(0)) * 25
    assert clip.start == Fraction(-(-first // 1), 25)
    assert clip.start + clip.sound_start == start
    stop = min(Fraction(2), start + 2)
    assert clip.start + Fraction(clip.frames, 25) == Fraction(int(stop * 25), 25)
    assert load(folder, "sounds", clip.name).shape == (80, 161)
    assert reasons(found).keys() == {"seen before or after the sound"}
    assert reasons(found)["seen before or after the sound"] == pytest.approx(0.3, abs=0.04)


def test_sound_reaches_a_second_beyond_the_crops(tmp_path: Path, folder: Path, detector: FaceDetector) -> None:
    pictures = chain(grey(50), face(50), grey(50))
    found = cut(write(tmp_path / "a.mkv", pictures, speech(6)), folder, detector)
    (clip,) = found.clips
    assert float(clip.start) == pytest.approx(2, abs=0.3)
    assert -1 <= clip.sound_start < -1 + Fraction(1, 80)
    steps = load(folder, "sounds", clip.name).shape[1]
    last = clip.sound_start + Fraction(steps - 1, 80)
    after = Fraction(clip.frames, 25) + 1
    assert after - Fraction(1, 80) < last <= after
    assert reasons(found)["no face seen"] == pytest.approx(6 - clip.frames / 25, abs=0.05)


def test_long_tracks_are_divided(tmp_path: Path, folder: Path, detector: FaceDetector) -> None:
    path = write(tmp_path / "a.mkv", face(75), speech(3))
    found = cut(path, folder, detector, replace(SETTINGS, most_seconds=1.25))
    assert [(float(clip.start), clip.frames) for clip in found.clips] == [(0, 25), (1, 25), (2, 25)]
    assert len({clip.name for clip in found.clips}) == 3
    (crops,) = cut_tracks(path, analyze(path, detector, SETTINGS.analysis))
    joined = np.concatenate([np.load(folder / "faces" / f"{clip.name}.npy") for clip in found.clips])
    np.testing.assert_array_equal(joined, crops.images)


def test_two_faces_are_marked(tmp_path: Path, folder: Path, detector: FaceDetector) -> None:
    found = cut(write(tmp_path / "a.mkv", two_faces(40), speech(1.6)), folder, detector)
    assert [(clip.track, clip.rivalled) for clip in found.clips] == [(0, True), (1, True)]


def test_a_much_smaller_face_is_no_rival(tmp_path: Path, folder: Path, detector: FaceDetector) -> None:
    def pictures() -> Iterator[npt.NDArray[np.uint8]]:
        for large, small in zip(face(40), face(40, 0.42), strict=True):
            yield np.concatenate([large, small], axis=1)

    found = cut(
        write(tmp_path / "a.mkv", pictures(), speech(1.6)), folder, detector, replace(SETTINGS, least_height=80)
    )
    assert [(clip.frames, clip.rivalled) for clip in found.clips] == [(40, False)]
    assert reasons(found).keys() <= {"face too small"}


@pytest.mark.parametrize(
    ("make", "sound", "reason", "seconds"),
    [
        (lambda: grey(30), speech(1.2), "no face seen", 1.2),
        (lambda: face(30), None, "no sound", 1.2),
        (lambda: face(30), 0 * speech(1.2), "silent", 1.2),
        (lambda: face(30, 0.35), speech(1.2), "face too small", 1.2),
        (lambda: face(12), speech(1.2), "too short", 0.48),
        (lambda: face(30), speech(0.3), "too short", 0.28),
        (lambda: face(50), np.concatenate([speech(0.2), 0 * speech(1.8)])[::-1], "silent", 2),
    ],
    ids=["nobody", "mute", "silent", "far away", "short", "short sound", "nothing but a click"],
)
def test_what_is_not_kept_says_why(
    make: Callable[[], Iterator[npt.NDArray[np.uint8]]], sound: npt.NDArray[np.float32] | None, reason: str,
    seconds: float, tmp_path: Path, folder: Path, detector: FaceDetector,
) -> None:  # fmt: skip
    settings = replace(SETTINGS, quietest=2.0) if reason == "silent" and sound is not None and sound.any() else SETTINGS
    found = cut(write(tmp_path / "a.mkv", make(), sound), folder, detector, settings)
    assert found.clips == ()
    assert reasons(found)[reason] == pytest.approx(seconds, abs=0.05)
    assert list((folder / "faces").iterdir()) == list((folder / "sounds").iterdir()) == []


def test_a_still_image_and_a_sound_alone(tmp_path: Path, folder: Path, detector: FaceDetector) -> None:
    found = cut(still(tmp_path / "a.png", "png", "rgb24"), folder, detector)
    assert reasons(found).keys() == {"no moving picture"}
    sound = make_sound(tmp_path / "a.mp4", speech(1)[None], RATE, "aac", "mp4")
    with pytest.raises(MediaError, match="no picture"):
        cut(sound, folder, detector)


def test_it_stops_when_told_to_and_leaves_nothing(tmp_path: Path, folder: Path, detector: FaceDetector) -> None:
    path = write(tmp_path / "a.mkv", face(40), speech(1.6))

    def stop(stage: str, done: int, _total: int) -> None:
        if stage == "crops" and done > 20:
            raise Cancelled

    with pytest.raises(Cancelled):
        cut_video(path, "a.mkv", folder, detector, SETTINGS, stop)
    assert [file for file in folder.rglob("*") if file.is_file()] == []


def test_names_are_safe_and_never_the_same() -> None:
    sources = ["a/b.mp4", "a-b.mp4", "a/b.mov", "ä.mp4", "日本.mp4", "x" * 300 + ".mp4", "../..mp4", "a b*?.mp4"]
    stems = [clip_stem(source) for source in sources]
    assert len(set(stems)) == len(sources)
    for stem in stems:
        assert len(stem) < 80
        assert all(letter.isascii() and (letter.isalnum() or letter == "-") for letter in stem)
    assert clip_stem("a/b.mp4").startswith("a-b-")
