from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from dubkit.errors import Cancelled, InputError
from dubkit.lipsync import LipModel, SynthesisSettings, synthesize

Array = npt.NDArray[np.float32]


def inputs(n: int, seed: int = 0) -> tuple[Array, Array, Array]:
    random = np.random.default_rng(seed)
    faces, references = (random.random((n, 96, 96, 3), np.float32) for _ in range(2))
    windows = random.random((n, 80, 16), np.float32) * np.float32(8) - np.float32(4)
    return faces, references, windows


def test_one_face_per_frame_in_the_range_of_pictures(compact: LipModel) -> None:
    faces, references, windows = inputs(3)
    made = synthesize(compact, faces, references, windows)
    assert made.shape == (3, 96, 96, 3)
    assert made.dtype == np.float32
    assert 0.0 <= made.min() < made.max() <= 1.0


def test_the_lower_half_of_the_face_is_never_seen(compact: LipModel) -> None:
    faces, references, windows = inputs(2)
    other = faces.copy()
    other[:, 48:] = 0.25
    made = synthesize(compact, faces, references, windows)
    np.testing.assert_array_equal(synthesize(compact, other, references, windows), made)
    other[:, 47] = 0.25
    assert np.abs(synthesize(compact, other, references, windows) - made).max() > 1e-3


def test_sound_and_reference_both_matter(compact: LipModel) -> None:
    faces, references, windows = inputs(2)
    made = synthesize(compact, faces, references, windows)
    for changed in (
        synthesize(compact, faces, references, windows[::-1].copy()),
        synthesize(compact, faces, references[::-1].copy(), windows),
    ):
        assert np.abs(changed - made).max() > 1e-3


@pytest.mark.parametrize("batch_size", [1, 2, 5, 64])
def test_batch_size_does_not_matter(compact: LipModel, batch_size: int) -> None:
    faces, references, windows = inputs(7)
    wanted = synthesize(compact, faces, references, windows, SynthesisSettings(batch_size=3))
    found = synthesize(compact, faces, references, windows, SynthesisSettings(batch_size=batch_size))
    np.testing.assert_allclose(found, wanted, atol=1e-5, rtol=0)


def test_one_reference_serves_all(tiny_model: LipModel) -> None:
    faces, references, windows = inputs(3)
    one = references[:1]
    repeated = np.repeat(one, 3, axis=0)
    np.testing.assert_array_equal(
        synthesize(tiny_model, faces, one, windows), synthesize(tiny_model, faces, repeated, windows)
    )


def test_inputs_are_left_alone_and_may_be_read_only(tiny_model: LipModel) -> None:
    arrays = inputs(3)
    copies = [array.copy() for array in arrays]
    for array in arrays:
        array.setflags(write=False)
    made = synthesize(tiny_model, *arrays)
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)
    made[:] = 0


def test_progress_is_told_and_can_stop(tiny_model: LipModel) -> None:
    told: list[tuple[int, int]] = []
    faces, references, windows = inputs(5)
    settings = SynthesisSettings(batch_size=2)
    synthesize(tiny_model, faces, references, windows, settings, lambda done, total: told.append((done, total)))
    assert told == [(2, 5), (4, 5), (5, 5)]

    def stop(done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        synthesize(tiny_model, faces, references, windows, settings, stop)


def test_no_frames_give_no_faces(tiny_model: LipModel) -> None:
    assert synthesize(tiny_model, *inputs(0)).shape == (0, 96, 96, 3)
    faces, _, windows = inputs(0)
    assert synthesize(tiny_model, faces, inputs(1)[1], windows).shape == (0, 96, 96, 3)


class SmallMemory(LipModel):
    """A model on a device that holds ``room`` faces."""

    room = 3

    def __init__(self, model: LipModel) -> None:
        self.__dict__.update(model.__dict__)
        self.asked: list[int] = []

    def run(self, windows: Array, faces: Array) -> Array:
        self.asked.append(len(faces))
        if len(faces) > self.room:
            raise MemoryError
        return super().run(windows, faces)


def test_out_of_memory_halves_the_batch_and_goes_on(tiny_model: LipModel) -> None:
    small = SmallMemory(tiny_model)
    arrays = inputs(10)
    told: list[int] = []
    found = synthesize(small, *arrays, SynthesisSettings(batch_size=8), lambda done, _: told.append(done))
    np.testing.assert_allclose(found, synthesize(tiny_model, *arrays), atol=1e-5, rtol=0)
    assert small.asked == [8, 4, 2, 2, 2, 2, 2]
    assert told == [2, 4, 6, 8, 10]


def test_a_device_too_small_for_one_face_is_an_error_in_words(tiny_model: LipModel) -> None:
    small = SmallMemory(tiny_model)
    small.room = 0
    with pytest.raises(InputError, match="one face does not fit into the memory of the device 'cpu'"):
        synthesize(small, *inputs(4))
    assert small.asked == [4, 2, 1]


def test_a_window_that_repeats_is_listened_to_once(monkeypatch: pytest.MonkeyPatch, tiny_model: LipModel) -> None:
    """At 50 and 60 frames a second neighbours share their window, and in silence all do."""
    heard: list[int] = []
    listen = tiny_model._generator.listen

    def counted(windows: torch.Tensor) -> torch.Tensor:
        heard.append(len(windows))
        return listen(windows)

    monkeypatch.setattr(tiny_model._generator, "listen", counted)
    monkeypatch.setattr(tiny_model, "_cores", None)  # cores that share a batch listen each for its own pictures
    faces, references, windows = inputs(16)
    settings = SynthesisSettings(batch_size=16)
    counts = []
    for window_of in (np.arange(16), np.arange(16) // 2, np.zeros(16, int), np.arange(16) % 2 * 5):
        given = windows[window_of]
        found = synthesize(tiny_model, faces, references, given, settings)
        counts.append(sum(heard))
        heard.clear()
        alone = [synthesize(tiny_model, faces[[i]], references[[i]], given[[i]]) for i in range(16)]
        np.testing.assert_allclose(found, np.concatenate(alone), atol=1e-5, rtol=0)
        heard.clear()
    assert counts == [16, 8, 4, 4]  # four at a time, so that none depends on how many there are


@pytest.mark.parametrize(
    ("position", "value", "words"),
    [
        (0, np.zeros((2, 96, 96, 3), np.uint8), "faces should be float32"),
        (0, np.zeros((2, 3, 96, 96), np.float32), r"faces should be float32 \(2, 96, 96, 3\), not"),
        (0, np.full((2, 96, 96, 3), 200, np.float32), "0..1, not 0..255"),
        (1, np.zeros((3, 96, 96, 3), np.float32), r"references should be float32 \(2, 96, 96, 3\)"),
        (1, np.full((1, 96, 96, 3), np.nan, np.float32), "references hold values that are not numbers"),
        (2, np.zeros((1, 80, 16), np.float32), r"windows should be float32 \(2, 80, 16\)"),
        (2, np.full((2, 80, 16), np.inf, np.float32), "windows hold values that are not numbers"),
    ],
)
def test_arrays_that_do_not_fit_are_named(tiny_model: LipModel, position: int, value: Any, words: str) -> None:
    arrays: list[Any] = list(inputs(2))
    arrays[position] = value
    with pytest.raises(InputError, match=words):
        synthesize(tiny_model, *arrays)


def test_an_empty_batch_is_refused() -> None:
    with pytest.raises(InputError, match="batch of 0"):
        SynthesisSettings(batch_size=0)
