"""What became of a film's languages."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace

from dubkit.errors import Cancelled, DubkitError
from dubkit.schema import DubReport

__all__ = ["LanguageProgress", "LanguageResult", "LanguagesReport", "attempt", "failed_language"]

LanguageProgress = Callable[[str, str, int, int], None]
"""Called with (language, stage, steps done, steps in all); may raise :class:`dubkit.errors.Cancelled`."""

_TRACE = 12  # lines


@dataclass(frozen=True)
class LanguageResult:
    """What became of one language.

    Attributes:
        language: Its tag.
        report: What was done; None where it failed.
        error: Why it failed; empty where it did not.
        notes: Where a defect lies, for those who mend it; what to know of the cluster.
        seconds: Wall time it took.
    """

    language: str
    report: DubReport | None
    error: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class LanguagesReport:
    """What became of all languages.

    Attributes:
        languages: One entry each, in the order in which they were asked for.
        seconds: Wall time of all.
    """

    languages: tuple[LanguageResult, ...]
    seconds: float = 0.0

    @property
    def failed(self) -> tuple[LanguageResult, ...]:
        """The languages that failed as a whole."""
        return tuple(result for result in self.languages if result.report is None)

    @property
    def flawed(self) -> tuple[LanguageResult, ...]:
        """The languages that were done, but for a line."""
        return tuple(result for result in self.languages if result.report is not None and result.report.failed)


def attempt(language: str, work: Callable[[], DubReport], began: float) -> LanguageResult:
    """What comes of ``work``: its report, or why there is none; one language's mishap must not cost the others.

    Args:
        language: Its tag.
        work: Makes the report.
        began: When work on the language began, as ``time.perf_counter`` has it.

    Raises:
        Cancelled: if the user asked to stop.
    """
    try:
        result = LanguageResult(language, work())
    except Cancelled:
        raise
    except Exception as error:  # noqa: BLE001 - as said above
        return failed_language(language, error, began)
    return replace(result, seconds=round(time.perf_counter() - began, 3))


def failed_language(language: str, error: Exception, began: float) -> LanguageResult:
    """What is said of a language that failed with ``error``; the other arguments are those of :func:`attempt`."""
    seconds = round(time.perf_counter() - began, 3)
    if isinstance(error, DubkitError):
        return LanguageResult(language, None, str(error), seconds=seconds)
    reason = f"dubkit has a defect ({type(error).__name__}: {error}); please report it"
    lines = "".join(traceback.format_exception(error)).splitlines()
    return LanguageResult(language, None, reason, tuple(lines[-_TRACE:]), seconds)
