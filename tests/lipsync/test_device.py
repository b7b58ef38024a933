from __future__ import annotations

import pytest
import torch

from dubkit.errors import InputError
from dubkit.lipsync import choose_device


def test_auto_takes_what_is_there() -> None:
    device = choose_device()
    if torch.cuda.is_available():
        assert device.type == "cuda"
    elif torch.backends.mps.is_available():
        assert device.type == "mps"
    else:
        assert device.type == "cpu"


def test_auto_prefers_cuda_and_then_mps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device().type == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert choose_device().type == "cuda"
    assert choose_device("cuda:0").index == 0
    with pytest.raises(InputError, match="cuda:1"):
        choose_device("cuda:1")


@pytest.mark.parametrize("name", ["cuda:99", "meta", "cpu:1"])
def test_a_device_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(InputError, match=f"'{name}' is not available here; use cpu"):
        choose_device(name)


@pytest.mark.parametrize("name", ["", "gpu", "cuda:x", "cuda 1"])
def test_what_is_no_device_is_named(name: str) -> None:
    with pytest.raises(InputError, match="is not a device; use auto"):
        choose_device(name)
