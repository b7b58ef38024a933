"""Options that several commands take alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = [
    "cuts_option",
    "detector_options",
    "device_option",
    "json_option",
    "recognition_option",
    "with_options",
    "work_dir_option",
]

F = TypeVar("F", bound=Callable[..., Any])
Option = Callable[[Any], Any]


def with_options(*options: Option) -> Option:
    """All of ``options`` as one decorator, in the order in which help lists them."""

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


detector_options = with_options(
    click.option(
        "--detector",
        type=click.Choice(["auto", "insightface", "yunet", "cascade"]),
        default="auto",
        help="What finds faces; auto takes the best that is installed.",
    ),
    click.option(
        "--detector-model", default="", help="The detector's file, or an insightface package such as buffalo_l."
    ),
)
device_option = click.option("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps.")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line on standard output.")
cuts_option = click.option(
    "--cuts",
    type=click.Path(path_type=Path),
    default=None,
    help="List of cuts (CSV, EDL, OTIO) instead of looking for them.",
)
recognition_option = click.option(
    "--recognition-model",
    default="",
    help="What knows people again: a file such as w600k_mbf.onnx of insightface; else one in the model folders.",
)
work_dir_option = click.option(
    "--work-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder for what is kept for the next run, such as the analysis; else DUBKIT_CACHE, else the user's cache.",
)
