"""The bridge runs in an editor's own Python: no package, and nothing newer than Python 3.9."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

BRIDGE = Path(__file__).parents[3] / "plugins" / "bridge"
MODULES = sorted(BRIDGE.rglob("*.py"))
NEWER_MODULES = {"tomllib", "_typeshed", "annotationlib", "compression", "pathlib.types"}
NEWER_ARGUMENTS = {"strict", "kw_only", "slots", "process_group", "match_args"}
NEWER_NAMES = {"pairwise", "TypeAlias", "ParamSpec", "Self", "StrEnum", "batched", "override", "aclosing"}


def test_there_are_modules() -> None:
    assert {"records", "host", "job", "runner"} <= {path.stem for path in MODULES}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_parses_as_python_3_9(path: Path) -> None:
    text = path.read_text("utf-8")
    tree = ast.parse(text, feature_version=(3, 9))
    assert text.count("\n") <= 300
    if path.stem != "__init__":
        assert "from __future__ import annotations" in text, "annotations are written as newer Pythons take them"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            assert not {word.arg for word in node.keywords} & NEWER_ARGUMENTS, ast.unparse(node)
        if isinstance(node, ast.ImportFrom):
            assert not {alias.name for alias in node.names} & NEWER_NAMES, ast.unparse(node)
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60
        assert type(node).__name__ not in {"Match", "TryStar", "TypeAlias"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_imports_the_standard_library_and_itself_alone(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name.split(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                assert node.level == 1, "the bridge is copied alone, so it knows nothing outside of it"
                continue
            names = [(node.module or "").split(".")[0]]
        else:
            continue
        for name in names:
            assert name in sys.stdlib_module_names, f"{path.name} imports {name}"
            assert name not in NEWER_MODULES


def test_types_are_not_joined_where_they_are_values() -> None:
    """``int | str`` outside of an annotation is Python 3.10's."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("isinstance", "cast", "NewType"):
                assert not any(isinstance(each, ast.BinOp) for argument in node.args for each in ast.walk(argument))
