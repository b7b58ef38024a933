"""Records to JSON and back, by their type annotations alone.

What passes between stages is plain frozen dataclasses; this module is the one place that knows how a field is
written: fractions as ``"num/den"``, arrays as dtype, shape and base64, paths and enums as text. NaN survives,
because arrays travel as bytes. Unknown and missing fields are refused by name.
"""

from __future__ import annotations

import base64
import dataclasses
import enum
import json
import types
import typing
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, Union

import numpy as np

from dubkit.errors import RecordError

__all__ = ["dumps", "from_json", "loads", "to_json"]

R = TypeVar("R")


def to_json(value: Any) -> Any:
    """``value`` (a record or anything a record may hold) as JSON-ready data."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, np.ndarray):
        data = np.ascontiguousarray(value)
        return {
            "dtype": data.dtype.str,
            "shape": list(value.shape),
            "base64": base64.b64encode(data.tobytes()).decode("ascii"),
        }
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"a record cannot hold {type(value).__name__}")


def from_json(kind: type[R], data: Any) -> R:
    """The record of type ``kind`` written as ``data``.

    Raises:
        RecordError: naming the field that is missing, unknown, or of the wrong type.
    """
    return typing.cast("R", _read(kind, data, kind.__name__))


def dumps(record: Any, indent: int | None = 2) -> str:
    """``record`` as JSON text."""
    return json.dumps(to_json(record), indent=indent, ensure_ascii=False, allow_nan=False)


def loads(kind: type[R], text: str) -> R:
    """The record of type ``kind`` in the JSON ``text``.

    Raises:
        RecordError: if the text is not JSON or not that record.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise RecordError(f"not JSON ({error})") from error
    return from_json(kind, data)


@cache
def _field_types(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _read_record(kind: Any, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise RecordError(f"{where} should be an object")
    hints = _field_types(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    unknown = sorted(set(data) - set(fields))
    if unknown:
        raise RecordError(f"{where} has no field {unknown[0]!r}")
    values = {}
    for name, field in fields.items():
        if name in data:
            values[name] = _read(hints[name], data[name], f"{where}.{name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise RecordError(f"{where} lacks the field {name!r}")
    return kind(**values)


def _read_array(data: Any, where: str) -> np.ndarray[Any, Any]:
    try:
        flat = np.frombuffer(base64.b64decode(data["base64"], validate=True), dtype=np.dtype(data["dtype"]))
        return flat.reshape(data["shape"]).copy()
    except (TypeError, KeyError, ValueError) as error:
        raise RecordError(f"{where} is not an array ({error})") from error


def _read_tuple(kind: Any, data: Any, where: str) -> tuple[Any, ...]:
    args = typing.get_args(kind)
    if not isinstance(data, list):
        raise RecordError(f"{where} should be a list")
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_read(args[0], item, f"{where}[{i}]") for i, item in enumerate(data))
    if len(args) != len(data):
        raise RecordError(f"{where} should hold {len(args)} values")
    return tuple(_read(arg, item, f"{where}[{i}]") for i, (arg, item) in enumerate(zip(args, data, strict=True)))


def _read_union(kind: Any, data: Any, where: str) -> Any:
    problems = []
    for option in typing.get_args(kind):
        try:
            return _read(option, data, where)
        except RecordError as error:
            problems.append(str(error))
    raise RecordError(problems[0])


def _read_scalar(kind: Any, data: Any, where: str) -> Any:
    if kind is Any:
        return data
    if kind is type(None):
        if data is None:
            return None
    elif kind is Fraction:
        if isinstance(data, str):
            try:
                return Fraction(data)
            except (ValueError, ZeroDivisionError):
                pass
    elif kind is Path:
        if isinstance(data, str):
            return Path(data)
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        try:
            return kind(data)
        except ValueError:
            options = ", ".join(repr(item.value) for item in kind)
            raise RecordError(f"{where} is {data!r}", remedy=f"use one of {options}") from None
    elif kind is float and isinstance(data, int | float) and not isinstance(data, bool):
        return float(data)
    elif isinstance(kind, type) and isinstance(data, kind) and not (kind is int and isinstance(data, bool)):
        return data
    raise RecordError(f"{where} should be {getattr(kind, '__name__', kind)}, not {data!r}"[:300])


def _read_key(kind: Any, key: str, where: str) -> Any:
    if kind is not int:
        return key
    try:
        return int(key)
    except ValueError:
        raise RecordError(f"{where} should have numbers for names, not {key!r}") from None


def _read(kind: Any, data: Any, where: str) -> Any:
    origin = typing.get_origin(kind)
    if dataclasses.is_dataclass(kind):
        return _read_record(kind, data, where)
    if kind is np.ndarray or origin is np.ndarray:
        return _read_array(data, where)
    if origin is tuple:
        return _read_tuple(kind, data, where)
    if origin in (Union, types.UnionType):
        return _read_union(kind, data, where)
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(data, dict):
            raise RecordError(f"{where} should be an object")
        name, item = typing.get_args(kind)
        return {_read_key(name, key, where): _read(item, value, f"{where}.{key}") for key, value in data.items()}
    return _read_scalar(kind, data, where)
