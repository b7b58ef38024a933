"""A film is looked through once: the same film, the same result, whoever asks, and never twice the same work."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from dubkit import analysis as analysis_module
from dubkit.analysis import Analysis, AnalysisSettings, analyze
from dubkit.errors import InputError, RecordError
from dubkit.schema import Face, Image, dumps
from dubkit.store import Store
from tests.films import OneFace, write_talk
from tests.portraits import write_pictures


class Counting(OneFace):
    """Says what its results depend on, and counts how often it is asked."""

    def __init__(self, depends_on: str = "nothing") -> None:
        super().__init__()
        self.looks = 0
        self._depends_on = depends_on

    def detect(self, image: npt.NDArray[np.uint8]) -> list[Face]:
        self.looks += 1
        return super().detect(image)

    def fingerprint(self) -> str:
        return f"counting {self._depends_on}"


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_talk(tmp_path_factory.mktemp("talk") / "talk.mkv", seconds=2)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "kept")


def what(found: Analysis) -> str:
    """All that was found, whatever the file is called and wherever it came from."""
    return dumps(replace(found, media=replace(found.media, path=Path()), notes=()))


def analyses(store: Store) -> list[Path]:
    return [entry.path for entry in store.entries() if entry.kind == "analysis"]


def test_the_second_time_nobody_looks(talk: Path, store: Store, tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    one = analyze(talk, first, store=store)
    assert first.looks
    assert one.notes == ()
    told: list[str] = []
    other = analyze(talk, second, progress=lambda stage, *_: told.append(stage), store=Store(store.folder))
    assert (second.looks, told) == (0, [])
    assert other.notes == ("the analysis kept before was used",)
    assert what(other) == what(one) == what(analyze(talk, OneFace()))
    assert other.media == one.media

    copied = Path(shutil.copy(talk, tmp_path / "another name.mkv"))
    moved = analyze(copied, second, store=store)
    assert second.looks == 0
    assert moved.media.path == copied
    assert what(moved) == what(one)


def test_whatever_it_depends_on_makes_another(talk: Path, store: Store, tmp_path: Path) -> None:
    listed = tmp_path / "cuts.csv"
    listed.write_text("start\n0\n1\n")

    def looks(expected: bool, detector: Counting | None = None, **how: object) -> None:
        detector = detector or Counting()
        analyze(talk, detector, store=store, **how)  # type: ignore[arg-type]
        assert bool(detector.looks) is expected, how

    looks(True)
    looks(True, Counting("another file"))
    looks(True, settings=AnalysisSettings(describe_every=7))
    looks(True, cuts=listed)
    looks(False, cuts=listed)
    listed.write_text("start\n0\n1.2\n")
    looks(True, cuts=listed)
    renamed = Path(shutil.copy(listed, tmp_path / "the same.csv"))
    looks(False, cuts=renamed)
    looks(False)
    assert len(analyses(store)) == 5


def test_another_film_under_the_same_name(store: Store, tmp_path: Path) -> None:
    film = write_talk(tmp_path / "film.mkv", seconds=1)
    analyze(film, Counting(), store=store)
    write_talk(film, seconds=1.2)
    counting = Counting()
    assert len(analyze(film, counting, store=store).times) == 30
    assert counting.looks


def test_two_runs_give_the_same_bytes(talk: Path, tmp_path: Path) -> None:
    files = []
    for name in ("one", "other"):
        store = Store(tmp_path / name)
        analyze(talk, Counting(), store=store)
        files.append(analyses(store)[0])
    assert files[0].name == files[1].name
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("harm", ["one byte", "cut off", "empty", "something else"])
def test_a_damaged_analysis_is_made_again(talk: Path, store: Store, harm: str) -> None:
    whole = what(analyze(talk, Counting(), store=store))
    (path,) = analyses(store)
    sound = path.read_bytes()
    raw = bytearray(sound)
    raw[-7] ^= 16
    path.write_bytes({"one byte": bytes(raw), "cut off": sound[:-9], "empty": b"", "something else": b"{}"}[harm])
    counting = Counting()
    found = analyze(talk, counting, store=store)
    assert counting.looks
    assert what(found) == whole
    assert "damaged" in found.notes[0]
    assert "made again" in found.notes[0]
    assert path.read_bytes() == sound


def test_an_analysis_of_another_version_is_made_again(
    talk: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(analysis_module, "ANALYSIS_VERSION", 0)
        analyze(talk, Counting(), store=store)
    counting = Counting()
    found = analyze(talk, counting, store=store)
    assert counting.looks
    assert "another version" in found.notes[0]
    assert len(analyses(store)) == 1
    assert analyze(talk, Counting(), store=store).notes == ("the analysis kept before was used",)


def test_a_detector_that_does_not_say_what_it_depends_on(talk: Path, store: Store) -> None:
    found = analyze(talk, OneFace(), store=store)
    assert "not kept: made up does not say" in found.notes[0]
    assert not list(store.entries())


def _analyze_into(talk: Path, folder: Path) -> None:
    found = analyze(talk, Counting(), store=Store(folder))
    (folder / f"{multiprocessing.current_process().pid}.json").write_text(what(found))


def test_two_processes_at_once(talk: Path, store: Store) -> None:
    store.folder.mkdir()
    spawn = multiprocessing.get_context("spawn")
    both = [spawn.Process(target=_analyze_into, args=(talk, store.folder)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [one.exitcode for one in both] == [0, 0]
    texts = {path.read_text() for path in store.folder.glob("*.json")}
    assert texts == {what(analyze(talk, OneFace()))}
    assert len(analyses(store)) == 1
    assert analyze(talk, Counting(), store=store).notes == ("the analysis kept before was used",)


@dataclass
class Seen:
    """Squares of one colour, found wherever the image shows them; notes the size of what it is shown."""

    name: str = "squares"
    sizes: list[tuple[int, int]] = field(default_factory=list)

    def describe(self) -> str:
        return "squares"

    def detect(self, image: Image) -> list[Face]:
        self.sizes.append((image.shape[1], image.shape[0]))
        mask = (image[..., 2] > 180).astype(np.uint8)
        count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
        boxes = [stats[i, :4].astype(np.float32) for i in range(1, count)]
        faces = [Face(np.array([x, y, x + w, y + h], np.float32), _NOWHERE, 0.9) for x, y, w, h in boxes if w * h > 30]
        return sorted(faces, key=lambda face: tuple(face.box.tolist()))


_NOWHERE = np.full((5, 2), np.nan, np.float32)
_SIZE = (360, 640)


def pictures(count: int, squares: Sequence[Sequence[tuple[int, int]]], shade: int = 40) -> Iterator[Image]:
    """Pictures of squares of 30 pixels: for each its left and top in every picture; a negative left is not there."""
    for index in range(count):
        image = np.full((*_SIZE, 3), shade, np.uint8)
        image[::7, ::5] += 12
        for places in squares:
            left, top = places[index]
            if left >= 0:
                image[top : top + 30, left : left + 30] = (60, 90, 220)
        yield image


def still(left: int, top: int, count: int) -> list[tuple[int, int]]:
    return [(left, top)] * count


def test_between_looks_at_the_whole_only_parts_are_seen(tmp_path: Path) -> None:
    film = write_pictures(tmp_path / "film.mkv", pictures(45, [[(100 + 3 * i, 150) for i in range(45)]]))
    seen = Seen()
    (track,) = analyze(film, seen, AnalysisSettings(whole_every=3)).tracks
    whole = sum(size == _SIZE[::-1] for size in seen.sizes)
    assert whole == 6  # every ninth frame of 45, and the last
    assert len(seen.sizes) == 16
    assert all(width * height <= 128 * 128 for width, height in seen.sizes if (width, height) != _SIZE[::-1])
    (all_whole,) = analyze(film, Seen(), AnalysisSettings(whole_every=1)).tracks
    assert np.array_equal(track.boxes, all_whole.boxes)
    assert track.visible.all()


def test_who_comes_and_who_goes_between_looks_at_the_whole(tmp_path: Path) -> None:
    count = 60
    stays = still(60, 60, count)
    comes = [*still(-1, 0, 20), *still(400, 200, 40)]
    goes = [*still(250, 250, 31), *still(-1, 0, 29)]
    film = write_pictures(tmp_path / "film.mkv", pictures(count, [stays, comes, goes]))
    found = analyze(film, Seen(), AnalysisSettings(whole_every=3))
    assert len(found.shots) == 1
    by_place = {round(float(track.boxes[0, 0]), -1): track for track in found.tracks}
    assert by_place[60].visible.sum() == count
    assert 20 <= by_place[400].frames.start <= 27  # seen by the next look at the whole
    assert by_place[400].frames.stop == count
    assert by_place[250].frames.stop == 31  # its last look was at frame 30


def test_a_face_that_is_lost_for_a_moment_is_found_at_once(tmp_path: Path) -> None:
    """Not only by the next look at the whole."""
    places = [*still(200, 100, 30), *still(-1, 0, 2), *still(203, 100, 28)]
    film = write_pictures(tmp_path / "film.mkv", pictures(60, [places]))
    (track,) = analyze(film, Seen(), AnalysisSettings(whole_every=5)).tracks
    assert track.visible.sum() == 60


@pytest.mark.parametrize("at", [19, 20, 21, 22])
def test_one_frame_between_two_shots(tmp_path: Path, at: int) -> None:
    """Its face is found wherever the frames that are looked at fall, and both its neighbours' to the very cut."""
    shots = [
        *pictures(at, [[(100 + 2 * i, 150) for i in range(at)]], shade=40),
        *pictures(1, [still(400, 60, 1)], shade=110),
        *pictures(25, [[(500 - 2 * i, 250) for i in range(25)]], shade=170),
    ]
    found = analyze(write_pictures(tmp_path / "film.mkv", shots), Seen())
    assert [(shot.frames.start, shot.frames.stop) for shot in found.shots] == [(0, at), (at, at + 1), (at + 1, at + 26)]
    before, one, after = sorted(found.tracks, key=lambda track: track.shot)
    assert (one.frames.start, one.visible.tolist()) == (at, [True])
    assert np.allclose(one.boxes[0], [400, 60, 430, 90], atol=1)
    for track, first, last in ((before, 100, 100 + 2 * (at - 1)), (after, 500, 500 - 2 * 24)):
        assert track.visible.all()
        assert abs(track.boxes[0, 0] - first) < 1.5
        assert abs(track.boxes[-1, 0] - last) < 1.5


def test_a_list_of_cuts_is_followed_to_the_frame(tmp_path: Path) -> None:
    """Also where the picture shows no cut: another track begins there."""
    film = write_pictures(tmp_path / "film.mkv", pictures(50, [[(100 + 2 * i, 150) for i in range(50)]]))
    listed = tmp_path / "cuts.csv"
    listed.write_text("frame\n0\n23\n24\n")
    found = analyze(film, Seen(), cuts=listed)
    assert [shot.frames.start for shot in found.shots] == [0, 23, 24]
    assert [(track.frames.start, track.frames.stop) for track in found.tracks] == [(0, 23), (23, 24), (24, 50)]
    assert abs(found.tracks[0].boxes[-1, 0] - (100 + 2 * 22)) < 1.5
    listed.write_text("frame\n0\n77\n")
    with pytest.raises(InputError, match="outside the film"):
        analyze(film, Seen(), cuts=listed)


def test_a_film_that_starts_on_a_fade(tmp_path: Path) -> None:
    lit = list(pictures(40, [still(200, 100, 40)], shade=120))
    gains = [*np.zeros(8), *np.linspace(0, 1, 17)[1:], *np.ones(16)]
    film = write_pictures(
        tmp_path / "film.mkv", [(image * gain).astype(np.uint8) for image, gain in zip(lit, gains, strict=True)]
    )
    found = analyze(film, Seen())
    assert len(found.shots) == 1
    (track,) = found.tracks
    assert track.frames.stop == 40
    assert 8 <= track.frames.start <= 27  # as soon as it is bright enough to be seen, by the next look at the whole
    assert track.visible.all()


def test_only_black(tmp_path: Path) -> None:
    found = analyze(write_pictures(tmp_path / "film.mkv", [np.zeros((90, 160, 3), np.uint8)] * 70), Seen())
    assert (len(found.shots), found.tracks, len(found.times)) == (1, (), 70)


def test_settings_that_find_nothing_are_refused() -> None:
    with pytest.raises(RecordError, match="at least one"):
        AnalysisSettings(whole_every=0)
