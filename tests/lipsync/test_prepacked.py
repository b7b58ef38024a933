"""Convolutions laid out once: the same function, whatever else is in the batch."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from dubkit.lipsync import Checkpoint, Generator, LipModel, ready
from dubkit.lipsync.blocks import fold_batch_norm
from dubkit.lipsync.prepacked import can_prepack, prepack

pytestmark = pytest.mark.skipif(not can_prepack(torch.float32), reason="PyTorch has no oneDNN here")


@pytest.mark.parametrize("batch", [1, 5])
def test_it_is_the_same_function(tiny: Checkpoint, batch: int) -> None:
    plain = Generator(tiny.config.width).eval()
    plain.load_state_dict({key: torch.tensor(value) for key, value in tiny.state.items()})
    fold_batch_norm(plain)
    packed = copy.deepcopy(plain)
    prepack(packed)
    random = torch.Generator().manual_seed(0)
    windows, faces = torch.rand((batch, 1, 80, 16), generator=random), torch.rand((batch, 6, 96, 96), generator=random)
    with torch.inference_mode():
        wanted = plain(windows, faces)
        for given in (faces, faces.to(memory_format=torch.channels_last)):
            torch.testing.assert_close(packed(windows, given), wanted, atol=1e-5, rtol=0)
        torch.testing.assert_close(packed(windows[:1], faces[:1]), wanted[:1], atol=1e-5, rtol=0)


def test_a_face_does_not_depend_on_the_others_in_its_batch(compact: LipModel) -> None:
    """To the last bit, as long as batches are of one size: what is kept of one run is what another would make."""
    random = np.random.default_rng(0)
    windows, faces = random.random((16, 80, 16), np.float32), random.random((16, 6, 96, 96), np.float32)
    made = compact.run(windows, faces)
    order = random.permutation(16)
    np.testing.assert_array_equal(compact.run(windows[order], faces[order]), made[order])
    others = np.repeat(windows[:1], 16, axis=0), np.repeat(faces[:1], 16, axis=0)
    others[0][3], others[1][3] = windows[9], faces[9]
    found = compact.run(*others)
    np.testing.assert_array_equal(found[3], made[9])
    np.testing.assert_array_equal(found[4], made[0])


def test_without_it_the_result_is_the_same(monkeypatch: pytest.MonkeyPatch, tiny: Checkpoint) -> None:
    random = np.random.default_rng(0)
    arrays = random.random((3, 80, 16), np.float32), random.random((3, 6, 96, 96), np.float32)
    packed = LipModel(tiny, "cpu").run(*arrays)
    monkeypatch.setattr(ready, "can_prepack", lambda _: False)
    np.testing.assert_allclose(LipModel(tiny, "cpu").run(*arrays), packed, atol=1e-5, rtol=0)


def test_processors_of_other_kinds_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert not can_prepack(torch.float32)
