from __future__ import annotations

from pathlib import Path

import pytest

from dubkit.errors import InputError
from dubkit.lipsync import Reference
from dubkit.schema import dumps, loads
from dubkit.training import TrainSettings, read_settings
from dubkit.training.settings_file import difference

ROOT = Path(__file__).parents[2]


def write(path: Path, text: str) -> Path:
    file = path / "train.toml"
    file.write_text(text, "utf-8")
    return file


def test_without_a_file_the_papers_settings_are_taken() -> None:
    settings = read_settings(None, "generator")
    assert settings == TrainSettings(kind="generator")
    assert settings.optimizer.learning_rate == 1e-4
    assert settings.generator.sync_below == 0.75


@pytest.mark.parametrize("kind", ["expert", "generator"])
def test_the_shipped_settings_are_read(kind: str) -> None:
    for path in sorted((ROOT / "pipelines" / "train").glob("*.toml")):
        assert read_settings(path, kind).kind == kind


def test_tables_of_a_kind_win_over_common_ones_and_changes_over_both(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        [common]
        seed = 3
        [common.run]
        steps = 10
        workers = 2
        [expert.run]
        steps = 20
        [generator.model]
        reference = "same"
        """,
    )
    expert = read_settings(path, "expert", {"run.workers": "5", "model.start": "some file.safetensors"})
    assert (expert.seed, expert.run.steps, expert.run.workers) == (3, 20, 5)
    assert expert.model.start == "some file.safetensors"
    generator = read_settings(path, "generator")
    assert (generator.run.steps, generator.model.reference) == (10, Reference.SAME)
    assert loads(TrainSettings, dumps(generator)) == generator


def test_what_a_file_starts_from_lies_beside_it(tmp_path: Path) -> None:
    path = write(tmp_path, "[expert.model]\nstart = 'before.safetensors'\n[generator]")
    assert read_settings(path, "expert").model.start == str(tmp_path / "before.safetensors")
    assert read_settings(path, "expert", {"model.start": "here.safetensors"}).model.start == "here.safetensors"
    assert read_settings(path, "generator").model.start == ""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[expert", "cannot be read as TOML"),
        ("[generator]", r"has no table \[expert\]; use the tables"),
        ("[expert]\n[experts]", "has 'experts', which nobody reads"),
        ("[expert.run]\nstep = 3", "has no field 'step'"),
        ("[expert.run]\nsteps = 0", "should be at least 1"),
        ("[expert.run]\nsteps = 'many'", r"TrainSettings\.run\.steps"),
        ("[expert.optimizer]\nprecision = 'fp8'", "'fp8' does not exist; use fp32, bf16 or fp16"),
        ("[expert.data]\nwindows = 1", "a batch needs at least"),
        ("[expert]\nmodel = 'compact'", r"TrainSettings\.model"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        read_settings(write(tmp_path, text), "expert")
    assert "\n" not in str(caught.value)


def test_a_tutor_needs_steps_to_draw_in() -> None:
    with pytest.raises(InputError, match=r"none is left to draw in; give more run\.steps"):
        read_settings(None, "tutor", {"run.steps": "1000"})
    assert read_settings(None, "tutor", {"run.steps": "1001"}).tutor.hearing == 1000


def test_only_how_long_a_training_runs_may_change() -> None:
    before = read_settings(None, "expert")
    assert not difference(before, read_settings(None, "expert", {"run.steps": "5"}))
    assert difference(before, read_settings(None, "expert", {"seed": "5"})) == "seed (0, now 5)"
