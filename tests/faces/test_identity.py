"""Who is who, from vectors and colours whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dubkit.errors import RecordError
from dubkit.faces import IdentitySettings, look_at, name_people
from dubkit.faces.identity import person_name
from dubkit.faces.person import mean_embedding, some_signatures
from dubkit.faces.signature import difference
from dubkit.schema import Face, FaceLook, FaceTrack, Image, Scene, Shot
from dubkit.timing import FrameRange
from tests.portraits import covered, moved, portrait

_PEOPLE = np.linalg.qr(np.random.default_rng(11).normal(size=(64, 40)))[0].T  # forty directions at right angles


def track(index: int, first: int, last: int, shot: int = 0, left: float = 0.0, **values: object) -> FaceTrack:
    n = last - first
    box = np.array([left, 0, left + 50, 60], np.float32)
    made = FaceTrack(
        index=index,
        shot=shot,
        frames=FrameRange(first, last),
        boxes=np.tile(box, (n, 1)),
        landmarks=np.full((n, 5, 2), np.nan, np.float32),
        scores=np.ones(n, np.float32),
        visible=np.ones(n, np.bool_),
        yaw=np.zeros(n, np.float32),
    )
    return replace(made, **values)  # type: ignore[arg-type]


def vector(person: int, seed: int = 0, spread: float = 0.5) -> npt.NDArray[np.float32]:
    """A look at a person: their direction and some noise."""
    noise = np.random.default_rng(seed).normal(size=64)
    mixed = _PEOPLE[person] + spread * noise / np.linalg.norm(noise)
    return np.asarray(mixed / np.linalg.norm(mixed), np.float32)


def _at(*values: float) -> npt.NDArray[np.float32]:
    return np.array(values, np.float32)


def names(tracks: list[FaceTrack], **values: object) -> list[str]:
    return [track.identity for track in name_people(tracks, **values)]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def people() -> list[Image]:
    """Four people: the portrait, and the same otherwise dressed, otherwise haired, otherwise faced."""
    image = portrait()
    dressed, haired = image.copy(), image.copy()
    dressed[205:330, 120:330] = np.clip(dressed[205:330, 120:330] * [0.3, 1.2, 0.4], 0, 255).astype(np.uint8)
    haired[20:75, 180:280] = (230, 230, 235)
    faced = image.copy()
    faced[85:175, 185:268] = image[175:85:-1, 185:268]
    return [image, dressed, haired, faced]


def signatures(image: Image, turn: float = 0.0, shift: float = 0.0) -> npt.NDArray[np.float32]:
    seen, face = moved(image, turn, shift=(shift, shift))
    return look_at(seen, face, with_signature=True).look.signature[None]


def test_names_are_those_of_columns() -> None:
    assert [person_name(n) for n in (0, 1, 25, 26, 27, 51, 52, 701, 702)] == [
        *("A", "B", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA")
    ]


def test_nobody() -> None:
    assert name_people([]) == ()


def test_people_are_known_again_anywhere_in_the_film() -> None:
    film = [
        track(n, 100 * n, 100 * n + 90, shot=n, embedding=vector(who, n)) for n, who in enumerate([3, 7, 3, 3, 9, 7])
    ]
    assert names(film) == ["A", "B", "A", "A", "C", "B"]


def test_many_looks_at_many_people_make_no_mistake() -> None:
    rng = np.random.default_rng(2)
    who = rng.integers(0, 40, 300)
    film = [track(n, 50 * n, 50 * n + 40, shot=n, embedding=vector(int(one), n)) for n, one in enumerate(who)]
    found = names(film)
    pairs = {(name, int(one)) for name, one in zip(found, who, strict=True)}
    assert len(pairs) == len(set(found)) == len(set(who.tolist()))


def test_two_in_one_frame_are_two_however_alike() -> None:
    twin = vector(0)
    film = [track(0, 0, 50, embedding=twin), track(1, 49, 90, embedding=twin), track(2, 50, 90, embedding=twin)]
    assert names(film) == ["A", "B", "A"]
    hidden = film[1].visible.copy()
    hidden[0] = False
    assert names([film[0], replace(film[1], visible=hidden)]) == ["A", "A"]


def test_a_group_is_never_joined_through_a_third() -> None:
    """Two that are seen together stay apart, also where a third is like both."""
    film = [
        track(0, 0, 50, embedding=vector(0, spread=0)),
        track(1, 0, 50, left=100, embedding=vector(0, 1)),
        track(2, 60, 90, embedding=vector(0, 2)),
    ]
    found = names(film)
    assert found[0] != found[1]
    assert found[2] in found[:2]


def test_names_follow_the_first_appearance_then_the_left() -> None:
    film = [
        track(0, 50, 90, embedding=vector(0)),
        track(1, 0, 40, left=200, embedding=vector(1)),
        track(2, 0, 40, left=100, embedding=vector(2)),
    ]
    assert names(film) == ["C", "B", "A"]


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(8)))
def test_order_does_not_matter(order: list[int]) -> None:
    film = [track(n, 30 * n, 30 * n + 25, shot=n, embedding=vector(n % 3, n)) for n in range(8)]
    whole = {one.index: one.identity for one in name_people(film)}
    assert {one.index: one.identity for one in name_people([film[i] for i in order])} == whole


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_whatever_the_film(data: st.DataObject) -> None:
    film = []
    for index in range(data.draw(st.integers(1, 9))):
        first = data.draw(st.integers(0, 60))
        made = track(index, first, first + data.draw(st.integers(1, 30)))
        if data.draw(st.booleans()):
            made = replace(made, embedding=vector(data.draw(st.integers(0, 2)), index, 1.0))
        film.append(made)
    named = name_people(film)
    assert [one.index for one in named] == [one.index for one in film]
    assert {one.identity for one in named} == {person_name(n) for n in range(len({one.identity for one in named}))}
    for one in named:
        for other in named:
            if one.index < other.index and one.identity == other.identity:
                assert not one.frames.overlap(other.frames)


def test_without_anything_known_everybody_is_somebody_else() -> None:
    assert names([track(0, 0, 10), track(1, 12, 20), track(2, 30, 40)]) == ["A", "B", "C"]


def test_the_same_clothes_and_light_within_a_scene(people: list[Image]) -> None:
    film = [
        track(0, 0, 50, shot=0, signatures=signatures(people[0])),
        track(1, 50, 90, shot=1, signatures=signatures(people[1])),
        track(2, 90, 130, shot=2, signatures=signatures(people[0], turn=4, shift=3)),
    ]
    assert names(film) == ["A", "B", "A"]


@pytest.mark.parametrize("other", [1, 2, 3], ids=["clothes", "hair", "face"])
def test_what_tells_two_apart(people: list[Image], other: int) -> None:
    assert difference(signatures(people[0])[0], signatures(people[other])[0]) > 1
    assert difference(signatures(people[0])[0], signatures(people[0], turn=3, shift=-2)[0]) < 0.8


def test_across_scenes_colours_say_nothing(people: list[Image]) -> None:
    shots = [Shot(n, FrameRange(50 * n, 50 * n + 50)) for n in range(3)]
    film = [track(n, 50 * n, 50 * n + 50, shot=n, signatures=signatures(people[0])) for n in range(3)]
    assert names(film) == ["A", "A", "A"]
    assert names(film, scenes=[Scene((shots[0],)), Scene((shots[1], shots[2]))]) == ["A", "B", "B"]
    assert names(film, scenes=[Scene((shots[0], shots[2])), Scene((shots[1],))]) == ["A", "B", "A"]
    far = [film[0], replace(film[2], frames=FrameRange(400, 450))]
    assert names(far) == ["A", "B"]
    assert names(far, settings=IdentitySettings(reach=400)) == ["A", "A"]


def test_clothes_out_of_the_picture_ask_for_closer_faces(people: list[Image]) -> None:
    close = np.ascontiguousarray(people[0][30:215, 130:320])
    face = moved(people[0])[1]
    near = Face(face.box - _at(130, 30, 130, 30), face.landmarks - _at(130, 30), 0.9)
    whole, cut = signatures(people[0])[0], look_at(close, near, with_signature=True).look.signature
    assert difference(cut, cut) == 0
    for one, same in ((whole, True), (cut, False)):
        paler = one.copy()
        paler[196] += 5  # the skin's lightness, behind 14 x 14 values of the face's light
        assert (difference(one, paler) < 1) is same


def test_a_face_of_which_neither_hair_nor_clothes_are_seen_is_nobody(people: list[Image]) -> None:
    only = np.ascontiguousarray(people[0][62:179, 179:272])
    face = moved(people[0])[1]
    near = Face(face.box - _at(179, 62, 179, 62), face.landmarks - _at(179, 62), 0.9)
    signature = look_at(only, near, with_signature=True).look.signature
    assert difference(signature, signature) == float("inf")


def test_a_face_is_remembered_from_its_clear_looks(people: list[Image]) -> None:
    seen, face = moved(people[0])
    hand = look_at(covered(seen, "hand"), face, with_signature=True)
    clear = look_at(seen, face, with_signature=True)
    blurred = look_at(np.asarray(cv2.GaussianBlur(seen, (0, 0), 3), np.uint8), face, with_signature=True)
    flags = np.array([True, False, False])
    (kept,) = some_signatures([hand, blurred, clear], flags)
    assert np.array_equal(kept, clear.look.signature)
    assert some_signatures([hand], np.array([True])).shape == (0, 0)
    vectors = [replace(face, look=FaceLook(embedding=vector(0, n))) for n in range(3)]
    mean = mean_embedding(vectors, flags)
    assert float(np.linalg.norm(mean)) == pytest.approx(1)
    assert float(mean @ (vector(0, 1) + vector(0, 2))) == pytest.approx(
        float(np.linalg.norm(vector(0, 1) + vector(0, 2)))
    )
    assert mean_embedding(vectors[:1], np.array([True])).size == 64
    assert mean_embedding([clear], np.array([False])).size == 0


@pytest.mark.parametrize("wrong", [{"same": 1.5}, {"unlike": -1.0}, {"reach": -1}])
def test_settings_that_mean_nothing(wrong: dict[str, float]) -> None:
    with pytest.raises(RecordError):
        IdentitySettings(**wrong)  # type: ignore[arg-type]
