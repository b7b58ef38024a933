"""In which numbers a generator runs: the fastest that draw the same, and never others."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from dubkit.errors import InputError
from dubkit.lipsync import Checkpoint, LipModel, ModelConfig, find_model, load_checkpoint, load_model, model
from dubkit.lipsync.precision import LEAST_PSNR, fast_precisions, psnr

Array = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def checkpoints(full_state: dict[str, npt.NDArray[Any]]) -> dict[str, Checkpoint]:
    """The model that comes with dubkit, and one of the published size."""
    return {
        "compact": load_checkpoint(find_model("compact")),
        "full": Checkpoint(ModelConfig(), full_state),
    }


def blurred(n: int) -> tuple[Array, Array]:
    """Mel windows and network inputs that look more like pictures than noise does."""
    random = np.random.default_rng(5)
    windows = random.uniform(-4, 4, (n, 80, 16)).astype(np.float32)
    coarse = torch.tensor(random.random((n, 6, 8, 8), np.float32))
    faces = torch.nn.functional.interpolate(coarse, (96, 96), mode="bicubic").clamp(0, 1).numpy()
    faces[:, :3, 48:] = 0
    return windows, faces


@pytest.mark.parametrize(("name", "fast"), [("compact", ("bf16",)), ("compact", ("fp16", "bf16")), ("full", ("bf16",))])
def test_what_auto_takes_draws_the_same(
    monkeypatch: pytest.MonkeyPatch, checkpoints: dict[str, Checkpoint], name: str, fast: tuple[str, ...]
) -> None:
    """Whatever numbers a machine is fast in: more than 45 dB, for the compact width and the published one."""
    arrays = blurred(1)
    exact = LipModel(checkpoints[name], "cpu", precision="fp32").run(*arrays)
    monkeypatch.setattr(model, "fast_precisions", lambda _: fast)
    chosen = LipModel(checkpoints[name], "cpu")
    assert chosen.precision in (*fast, "fp32")
    if name == "compact":
        assert chosen.precision == fast[0]
    found = chosen.run(*arrays)
    assert found.dtype == np.float32
    assert psnr(torch.tensor(found), torch.tensor(exact)) > LEAST_PSNR


def test_a_network_that_would_draw_something_else_stays_exact(
    monkeypatch: pytest.MonkeyPatch, tiny: Checkpoint
) -> None:
    monkeypatch.setattr(model, "fast_precisions", lambda _: ("fp16", "bf16"))
    monkeypatch.setattr(model, "LEAST_PSNR", 1000.0)
    chosen = LipModel(tiny, "cpu")
    assert chosen.precision == "fp32"
    exact = LipModel(tiny, "cpu", precision="fp32")
    np.testing.assert_array_equal(chosen.run(*blurred(2)), exact.run(*blurred(2)))


def test_what_is_asked_for_is_taken(tiny: Checkpoint) -> None:
    for precision in ("fp32", "bf16", "fp16"):
        chosen = LipModel(tiny, "cpu", precision=precision)
        assert chosen.precision == precision
        assert chosen.run(*blurred(1)).dtype == np.float32


def test_an_unknown_precision_is_an_error() -> None:
    with pytest.raises(InputError, match="'int8' is not a precision; use auto, fp32, bf16, fp16"):
        load_model("compact", "cpu", precision="int8")


@pytest.mark.parametrize(
    ("able", "fast"),
    [({}, ()), ({"avx512_f": True}, ()), ({"avx512_bf16": True}, ("bf16",)), ({"amx_bf16": True}, ("bf16",))],
)
def test_a_processor_is_fast_in_what_it_has_instructions_for(
    monkeypatch: pytest.MonkeyPatch, able: dict[str, bool], fast: tuple[str, ...]
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able, raising=False)
    assert tuple(fast_precisions(torch.device("cpu"))) == fast
    assert tuple(fast_precisions(torch.device("mps"))) == ()


def test_the_ratio_of_what_is_no_number_is_the_worst() -> None:
    zero = torch.zeros(4)
    assert psnr(zero, zero) == float("inf")
    assert psnr(zero + 0.1, zero) == pytest.approx(20)
    assert psnr(zero / 0, zero) == float("-inf")
