"""``dubkit doctor``: what is installed, what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dubkit.schema import to_json
from dubkit_cli.choices import json_option
from dubkit_cli.reporter import EXIT_ERROR, EXIT_OK, Reporter

if TYPE_CHECKING:
    from dubkit.doctor import Check, Diagnosis

__all__ = ["doctor_command"]

_SIGNS = {"ok": "ok", "limited": "!", "missing": "-"}


@click.command("doctor")
@click.option("--deep", is_flag=True, help="Also load PyTorch, the generator and the face detector.")
@json_option
def doctor_command(deep: bool, as_json: bool) -> int:
    """Say what of dubkit is installed here, what is missing, and how to get it. Exit code 0 where dubbing works."""
    reporter = Reporter(as_json)

    def work() -> int:
        from dubkit.doctor import diagnose

        found = diagnose(deep=deep)
        return reporter.facts(to_json(found), _words(found), EXIT_OK if found.works else EXIT_ERROR)

    return reporter.guard(work)


def _words(found: Diagnosis) -> list[str]:
    verdict = "dubbing works here" if found.works else "dubbing does not work here"
    lines = [f"dubkit {found.dubkit}: {verdict}; networks run on {found.device}"]
    for check in sorted(found.checks, key=lambda check: not check.needed):
        lines += _line(check)
    return lines


def _line(check: Check) -> list[str]:
    sign = "MISSING" if check.needed and check.state == "missing" else _SIGNS[check.state]
    line = f"{sign:7} {check.name}: {check.found}"
    return [line, f"        {check.remedy}"] if check.remedy else [line]
