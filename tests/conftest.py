"""What many tests need: the sample film, and the folders of real clips and models where there are some."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from samples.make import SampleFiles, make_sample


@pytest.fixture(scope="session", autouse=True)
def _nothing_kept() -> Iterator[None]:
    """No test finds what another one kept, or what the user did."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DUBKIT_CACHE", "off")
        yield


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleFiles:
    """The sample film, made once a run."""
    pytest.importorskip("skimage", reason="the sample's portrait comes with scikit-image")
    pytest.importorskip("espeakng_loader", reason="the sample's voice is espeak-ng's")
    return make_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="session")
def real_clips() -> Path:
    """The folder of real clips; tests that ask for it skip where there is none."""
    folder = os.environ.get("DUBKIT_TEST_MEDIA", "")
    if not folder:
        pytest.skip("set DUBKIT_TEST_MEDIA to a folder of real clips to run this test")
    return Path(folder)
