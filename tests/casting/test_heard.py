from __future__ import annotations

import numpy as np

from dubkit.casting.heard import heard_chunks
from tests.casting.made import heard


def frames(levels: np.ndarray[tuple[int], np.dtype[np.float32]]) -> list[int]:
    """The frames at 25 a second in which somebody is heard."""
    found, _ = heard_chunks(levels, 100)
    return np.flatnonzero(found[2::4]).tolist()


def test_who_speaks_is_heard_with_the_pauses_within_a_phrase() -> None:
    assert frames(heard((20, 60), (120, 150))) == [*range(20, 60), *range(120, 150)]


def test_the_room_may_change() -> None:
    """A quiet scene, then one in traffic 30 dB louder, in which a voice is 15 dB above it."""
    levels = np.maximum(heard((20, 60)), -60)
    noisy = np.full(400, -32, np.float32)
    noisy[80:200] = np.where(np.arange(120) % 24 < 18, -15, -26)
    found = frames(np.concatenate([levels[:400], noisy]))
    assert set(range(20, 60)) <= set(found)
    assert set(range(121, 149)) <= set(found)
    # For two seconds from where the room changes it is not known what is room.
    assert not set(found) & {*range(15), *range(65, 100), *range(155, 200)}


def test_nothing_and_a_steady_hum_are_no_voice() -> None:
    assert frames(np.full(400, -80, np.float32)) == []
    rng = np.random.default_rng(1)
    assert frames(rng.normal(-30, 1, 800).astype(np.float32)) == []
    assert heard_chunks(np.zeros(0, np.float32), 100)[0].size == 0
