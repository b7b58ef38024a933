"""What Resolve answers, checked: it says None, False or an empty list for "no", and now and then for nothing at all.

An answer of nothing is asked for once more; what then is not of its kind is a :class:`..bridge.host.HostError`. What a
write answers is never believed: whoever writes reads back.

The variables that hold Resolve's objects are called after their classes everywhere (``timeline``, ``item``, ``pool``
...), so that a test can hold every method against the contract.
"""

from __future__ import annotations

from typing import Any, Callable

from ..bridge.host import HostError

__all__ = ["ask", "listed", "offered", "some", "table", "tell", "text", "true", "whole"]


def ask(call: Callable[..., Any], *arguments: Any) -> Any:
    """What ``call`` answers; asked once more where it is None, False or empty."""
    answer = tell(call, *arguments)
    if answer or type(answer) in (int, float):
        return answer
    return tell(call, *arguments)


def tell(call: Callable[..., Any], *arguments: Any) -> Any:
    """What ``call`` answers, asked once only: for writes that must not happen twice.

    Raises:
        HostError: if there is no such method, or it ends in an error.
    """
    if not callable(call):
        raise HostError("this version of DaVinci Resolve is too old: 18.5 is the first that will do")
    try:
        return call(*arguments)
    except (AttributeError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise HostError(f"DaVinci Resolve answered with an error ({error})") from error


def some(what: str, call: Callable[..., Any], *arguments: Any) -> Any:
    """An object.

    Raises:
        HostError: if there is none; ``what`` names it.
    """
    answer = ask(call, *arguments)
    if not answer:
        raise HostError(f"DaVinci Resolve does not give {what}")
    return answer


def whole(what: str, call: Callable[..., Any], *arguments: Any) -> int:
    """A whole number.

    Raises:
        HostError: if it is none.
    """
    answer = ask(call, *arguments)
    if isinstance(answer, bool) or not isinstance(answer, (int, float)) or answer != int(answer):
        raise HostError(f"DaVinci Resolve does not tell {what}")
    return int(answer)


def text(what: str, call: Callable[..., Any], *arguments: Any) -> str:
    """A text; it may be empty.

    Raises:
        HostError: if it is none.
    """
    answer = ask(call, *arguments)
    if not isinstance(answer, str):
        raise HostError(f"DaVinci Resolve does not tell {what}")
    return answer


def listed(what: str, call: Callable[..., Any], *arguments: Any) -> list[Any]:
    """A list; some versions number it instead.

    Raises:
        HostError: if it is none.
    """
    answer = ask(call, *arguments)
    if isinstance(answer, dict):
        return [answer[key] for key in sorted(answer)]
    if not isinstance(answer, (list, tuple)):
        raise HostError(f"DaVinci Resolve does not list {what}")
    return list(answer)


def table(call: Callable[..., Any], *arguments: Any) -> dict[Any, Any]:
    """A table; empty where there is none."""
    answer = ask(call, *arguments)
    return answer if isinstance(answer, dict) else {}


def true(what: str, call: Callable[..., Any], *arguments: Any) -> bool:
    """Yes or no.

    Raises:
        HostError: if it is neither.
    """
    answer = ask(call, *arguments)
    if not isinstance(answer, bool):
        raise HostError(f"DaVinci Resolve does not tell whether {what}")
    return answer


def offered(owner: Any, method: str) -> Callable[..., Any] | None:
    """A method that only later versions have; None where this one has it not."""
    found = getattr(owner, method, None)
    return found if callable(found) else None
