"""``dubkit doctor``: what is there, what is missing, and whether a film can be dubbed."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from dubkit.doctor import Check, diagnose
from dubkit_cli.main import run
from plugins.bridge.runner import Runner
from tests.plugins.bridge.processes import PATHS, dubkit, outcome_of


def found(checks: tuple[Check, ...], name: str) -> Check:
    return next(check for check in checks if check.name == name)


def without(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    def find(name: str) -> ModuleSpec | None:
        return None if name in missing else find_spec(name)

    monkeypatch.setattr("dubkit.doctor.find_spec", find)


def test_here_dubbing_works() -> None:
    diagnosis = diagnose()
    assert diagnosis.works, [check for check in diagnosis.checks if check.state != "ok"]
    assert diagnosis.python == sys.executable
    assert found(diagnosis.checks, "torch").state == "ok"
    assert "compact" in found(diagnosis.checks, "lip generator").found
    assert "ffv1" in found(diagnosis.checks, "encoders").found
    assert all(check.remedy for check in diagnosis.checks if check.state == "missing")
    assert len({check.name for check in diagnosis.checks}) == len(diagnosis.checks)


@pytest.mark.parametrize("module", ["torch", "av", "cv2", "pysubs2"])
def test_without_a_package_that_is_needed_it_does_not(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    without(monkeypatch, module)
    diagnosis = diagnose()
    assert not diagnosis.works
    (lacking,) = [check for check in diagnosis.checks if check.needed and check.state == "missing"]
    assert lacking.remedy.startswith("pip install")


def test_without_what_is_only_useful_it_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without(monkeypatch, "espeakng_loader", "insightface", "opentimelineio", "tensorboard", "piper")
    monkeypatch.setenv("DUBKIT_MODELS", str(tmp_path / "none"))
    diagnosis = diagnose()
    assert diagnosis.works
    espeak = found(diagnosis.checks, "espeak (text to speech)")
    assert (espeak.state, espeak.remedy) == ("missing", "pip install 'dubkit[tts]'")
    assert "not made yet" in found(diagnosis.checks, "model files").found


def test_model_files_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "yunet_n.onnx").write_bytes(b"")
    (tmp_path / "lipsync_expert.pth").write_bytes(b"")
    monkeypatch.setenv("DUBKIT_MODELS", str(tmp_path))
    checks = diagnose().checks
    assert str(tmp_path / "yunet_n.onnx") in found(checks, "YuNet face detector").found
    assert str(tmp_path / "lipsync_expert.pth") in found(checks, "lip-sync expert").found


def test_a_folder_that_cannot_be_written_to_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DUBKIT_CACHE", str(tmp_path / "file" / "cache"))
    check = found(diagnose().checks, "kept results")
    assert check.state == "missing"
    assert "cannot be written to" in check.found


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        free = 5_000_000

    monkeypatch.setattr("dubkit.doctor.shutil.disk_usage", lambda path: Full)
    diagnosis = diagnose()
    assert found(diagnosis.checks, "temporary files").state == "limited"
    assert diagnosis.works


def test_looking_deep_loads_what_a_dub_loads() -> None:
    diagnosis = diagnose(deep=True)
    assert diagnosis.works
    assert diagnosis.deep
    assert found(diagnosis.checks, "generator loaded").state == "ok"
    assert diagnosis.device.split(":")[0] in ("cpu", "cuda", "mps")


def test_a_broken_installation_is_found_by_looking_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise OSError("libcudart.so: cannot open shared object file")

    monkeypatch.setattr("dubkit.lipsync.load_model", broken)
    diagnosis = diagnose(deep=True)
    assert not diagnosis.works
    assert "libcudart" in found(diagnosis.checks, "generator loaded").found


def test_it_is_quick_because_nothing_heavy_is_loaded() -> None:
    code = f"""
import sys; sys.path[:0] = {PATHS!r}
from dubkit.doctor import diagnose
diagnose()
print([name for name in ("torch", "insightface", "onnxruntime", "librosa", "scenedetect") if name in sys.modules])
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_plugin_reads_it(tmp_path: Path) -> None:
    outcome = outcome_of(Runner(dubkit("doctor", "--json"), folder=str(tmp_path)))
    assert outcome.exit_code == 0
    assert outcome.data["works"] is True
    assert outcome.data["dubkit"]
    assert {"name", "state", "needed", "found", "remedy"} == set(outcome.data["checks"][0])


def test_people_read_it(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(["doctor"]) == 0
    assert "dubbing works here" in capsys.readouterr().out
    without(monkeypatch, "torch")
    assert run(["doctor"]) == 1
    text = capsys.readouterr().out
    assert "dubbing does not work here" in text
    assert "MISSING torch: not installed\n        pip install torch" in text
    assert run(["doctor", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["works"] is False
