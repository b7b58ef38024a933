from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pytest
import torch

from dubkit.evaluation import SyncNetJudge
from tests.lipsync.golden_rule import golden_layout, golden_state

SYNCNET_GAIN = 1.0


@pytest.fixture(scope="session")
def syncnet_state() -> dict[str, npt.NDArray[Any]]:
    """The state of the published SyncNet, filled by the golden rule."""
    return golden_state(golden_layout("syncnet_original"), SYNCNET_GAIN)


@pytest.fixture(scope="session")
def judge(syncnet_state: dict[str, npt.NDArray[Any]], tmp_path_factory: pytest.TempPathFactory) -> SyncNetJudge:
    """A judge whose file was written as PyTorch wrote in 2017: the older format, without counts of batches."""
    path = tmp_path_factory.mktemp("syncnet") / "syncnet_v2.model"
    state = {name: torch.tensor(v) for name, v in syncnet_state.items() if not name.endswith("num_batches_tracked")}
    torch.save(state, path, _use_new_zipfile_serialization=False)
    judge = SyncNetJudge(path, "cpu", batch=4)
    path.unlink()
    return judge


@pytest.fixture(scope="session")
def landmark_file() -> Path:
    """A real landmark network; tests that ask for it skip where there is none."""
    path = Path(os.environ.get("DUBKIT_MODELS", ""), "pfld_68.onnx")
    if not path.is_file():
        pytest.skip("set DUBKIT_MODELS to a folder with pfld_68.onnx to run this test")
    return path
