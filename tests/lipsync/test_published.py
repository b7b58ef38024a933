from __future__ import annotations

import dataclasses
import hashlib
import os
import re
from pathlib import Path

import pytest

from dubkit.errors import ModelError
from dubkit.lipsync import PUBLISHED, FileState, check_published, find_published, identify_published

CONTENT = b"weights, so to speak" * 1000


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> str:
    """A published file that fits into a test; its name."""
    entry = dataclasses.replace(
        PUBLISHED["yunet_n"],
        name="small",
        file="small.onnx",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        size=len(CONTENT),
    )
    monkeypatch.setitem(PUBLISHED, "small", entry)
    return "small"


def test_every_entry_is_whole() -> None:
    assert len({entry.sha256 for entry in PUBLISHED.values()}) == len(PUBLISHED)
    for name, entry in PUBLISHED.items():
        assert entry.name == name
        assert re.fullmatch("[0-9a-f]{64}", entry.sha256), name
        assert entry.size >= 0
        assert all(url.startswith("https://") and url.endswith(f"/{entry.file}") for url in entry.urls), name
        assert entry.about
        assert entry.licence
        assert entry.page
        assert entry.non_commercial == ("non-commercial" in entry.licence), name


def test_releases_that_never_were_are_not_named() -> None:
    assert not any("Rudrabha/Wav2Lip/releases" in url for entry in PUBLISHED.values() for url in entry.urls)


def test_a_file_is_found_by_either_name() -> None:
    assert find_published("wav2lip_gan") is find_published("wav2lip_gan.pth") is PUBLISHED["wav2lip_gan"]
    with pytest.raises(ModelError, match="'wav2lip_hd' is not a published model dubkit knows; use one of: wav2lip,"):
        find_published("wav2lip_hd")


def test_files_are_told_by_their_hash(tmp_path: Path, small: str) -> None:
    entry = find_published(small)
    assert check_published(entry, tmp_path) is FileState.ABSENT
    (tmp_path / "small.onnx").write_bytes(CONTENT)
    assert check_published(entry, tmp_path) is FileState.PRESENT
    (tmp_path / "renamed").write_bytes(CONTENT)
    assert identify_published(tmp_path / "renamed") is entry
    (tmp_path / "small.onnx").write_bytes(CONTENT[:-1] + b"?")
    assert check_published(entry, tmp_path) is FileState.DIFFERENT
    with pytest.raises(ModelError, match=r"small\.onnx: is none of the published files .* SHA-256 is [0-9a-f]{64}"):
        identify_published(tmp_path / "small.onnx")
    with pytest.raises(ModelError, match="cannot be read"):
        identify_published(tmp_path)


def test_the_files_at_hand_are_the_published_ones() -> None:
    folder = os.environ.get("DUBKIT_MODELS", "")
    if not folder:
        pytest.skip("set DUBKIT_MODELS to a folder of model files to run this test")
    here = [entry for entry in PUBLISHED.values() if (Path(folder) / entry.file).is_file()]
    if not here:
        pytest.skip("the folder DUBKIT_MODELS holds no published file")
    for entry in here:
        assert check_published(entry, folder) is FileState.PRESENT, entry.name
        assert entry.size in (0, (Path(folder) / entry.file).stat().st_size), entry.name
