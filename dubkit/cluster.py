"""The composer of clusters: lips are drawn and languages finished wherever Ray finds a machine for them."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from dubkit.cluster_run import ClusterRun, ClusterSettings, Wanted
from dubkit.errors import InputError, MissingDependencyError
from dubkit.language_report import LanguageProgress, LanguageResult
from dubkit.readiness import DubSettings

__all__ = ["ClusterSettings", "Wanted", "dub_on_cluster"]

_AUTO = "auto"
_PATIENCE = 10.0  # seconds


def dub_on_cluster(
    wanted: Sequence[Wanted],
    settings: DubSettings,
    address: str = _AUTO,
    progress: LanguageProgress | None = None,
    finished: Callable[[LanguageResult], None] | None = None,
    sharing: ClusterSettings | None = None,
) -> tuple[LanguageResult, ...]:
    """Dub into several languages, or one, on a Ray cluster.

    Args:
        wanted: The languages; all of one film.
        settings: Settings of every stage.
        address: ``auto`` for the cluster this machine belongs to, or else one of this machine alone; or where a cluster
            answers, as Ray has it.
        progress: Told how far the work is.
        finished: Told of each language as it is done or has failed.
        sharing: How work is shared out.

    Raises:
        MissingDependencyError: if Ray is not installed.
        InputError: if no cluster answers, or what is kept lies where not all machines find it.
    """
    with _connected(address) as ray:
        run = ClusterRun(ray, wanted, settings, progress or _say_nothing, finished, sharing or ClusterSettings())
        try:
            return run.results()
        finally:
            run.stop()


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """Ray, connected to a cluster as long as the block lasts."""
    try:
        import ray
    except ImportError as error:
        raise MissingDependencyError("ray", extra="ray", purpose="work on a cluster") from error
    if ray.is_initialized():  # by the program that called us, which will end it
        yield ray
        return
    try:
        _check_answers(address)
        ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
    except (OSError, ValueError, RuntimeError) as error:
        if address != _AUTO:
            raise InputError(
                f"no Ray cluster answers at {address}", remedy="start one with `ray start --head`, or give auto"
            ) from error
        ray.init(logging_level=logging.ERROR, log_to_driver=False, include_dashboard=False)
    try:
        yield ray
    finally:
        ray.shutdown()


def _check_answers(address: str) -> None:
    """Make sure that somebody listens at ``address``: Ray itself would try for minutes.

    Raises:
        OSError: if nobody does.
        ValueError: if it is no address.
    """
    if address != _AUTO:
        place = urlsplit(address if "://" in address else f"ray://{address}")
        socket.create_connection((place.hostname or "", place.port or 0), _PATIENCE).close()


def _say_nothing(language: str, stage: str, done: int, total: int) -> None:
    """Progress for a caller who wants none."""
