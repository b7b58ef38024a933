from __future__ import annotations

import dataclasses
import enum
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dubkit import schema
from dubkit.errors import RecordError
from dubkit.schema import dumps, from_json, loads, to_json
from dubkit.timing import FrameRange, FrameRate, FrameTimes, Timecode, TimeRange
from tests.schema.strategies import RECORDS


def same(a: Any, b: Any) -> bool:
    """Equality that looks into arrays, and takes NaN as equal to NaN."""
    if dataclasses.is_dataclass(a) and not isinstance(a, type):
        names = [field.name for field in dataclasses.fields(a)]
        return type(a) is type(b) and all(same(getattr(a, name), getattr(b, name)) for name in names)
    if isinstance(a, np.ndarray):
        return (
            isinstance(b, np.ndarray)
            and (a.dtype, a.shape) == (b.dtype, b.shape)
            and bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))
        )
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and bool(a == b)


def test_every_record_of_the_schema_is_tried() -> None:
    public = {getattr(schema, name) for name in schema.__all__}
    assert {kind for kind in public if dataclasses.is_dataclass(kind)} == set(RECORDS)


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_written_is_read_back(kind: type, data: st.DataObject) -> None:
    record = data.draw(RECORDS[kind])
    again: Any = loads(kind, dumps(record))
    assert same(again, record), (again, record)
    assert dumps(again) == dumps(record)


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_unknown_and_missing_fields_are_refused_by_name(kind: type, data: st.DataObject) -> None:
    written = to_json(data.draw(RECORDS[kind]))
    with pytest.raises(RecordError, match=f"{kind.__name__} has no field 'colour_of_hair'"):
        from_json(kind, {**written, "colour_of_hair": "red"})
    for field in dataclasses.fields(kind):
        rest = {name: value for name, value in written.items() if name != field.name}
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            with pytest.raises(RecordError, match=f"{kind.__name__} lacks the field '{field.name}'"):
                from_json(kind, rest)


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_field_takes_what_it_is_not(kind: type, data: st.DataObject) -> None:
    written = to_json(data.draw(RECORDS[kind]))
    for name in written:
        for wrong in ({"a": [1j.real, None]}, [["deep"]]):
            if isinstance(wrong, list) and isinstance(written[name], dict) and "base64" not in written[name]:
                continue
            with pytest.raises(RecordError, match=rf"{kind.__name__}\.{name}"):
                from_json(kind, {**written, name: wrong})


class Flavour(enum.Enum):
    SWEET = "sweet"
    SOUR = "sour"


@dataclass(frozen=True)
class Everything:
    count: int = 0
    share: float = 0.0
    sure: bool = False
    text: str = ""
    time: Fraction = Fraction(0)
    path: Path = Path()
    flavour: Flavour = Flavour.SWEET
    maybe: int | None = None
    pair: tuple[int, str] = (0, "")
    many: tuple[Fraction, ...] = ()
    named: Mapping[str, Fraction] = dataclasses.field(default_factory=dict)
    numbers: npt.NDArray[np.float32] = dataclasses.field(default_factory=lambda: np.zeros(0, np.float32))
    free: Any = None


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("count", 1.5, "count should be int, not 1.5"),
        ("count", True, "count should be int, not True"),
        ("count", "1", "count should be int, not '1'"),
        ("count", None, "count should be int, not None"),
        ("share", "much", "share should be float, not 'much'"),
        ("share", False, "share should be float, not False"),
        ("sure", 1, "sure should be bool, not 1"),
        ("text", 5, "text should be str, not 5"),
        ("time", "1/0", "time should be Fraction, not '1/0'"),
        ("time", 0.5, "time should be Fraction, not 0.5"),
        ("time", "soon", "time should be Fraction, not 'soon'"),
        ("path", 3, "path should be Path, not 3"),
        ("flavour", "salty", "flavour is 'salty'; use one of 'sweet', 'sour'"),
        ("flavour", ["sweet"], "flavour is"),
        ("maybe", "x", "maybe should be int, not 'x'"),
        ("pair", [1], "pair should hold 2 values"),
        ("pair", "ab", "pair should be a list"),
        ("pair", ["a", "b"], r"pair\[0\] should be int, not 'a'"),
        ("many", ["1", "x"], r"many\[1\] should be Fraction, not 'x'"),
        ("named", ["1"], "named should be an object"),
        ("named", {"a": 1}, r"named\.a should be Fraction, not 1"),
        ("numbers", [1, 2], "numbers is not an array"),
        ("numbers", {"dtype": "<f4", "shape": [2], "base64": "AAAA"}, "numbers is not an array"),
        ("numbers", {"dtype": "<f4", "shape": [1], "base64": "????"}, "numbers is not an array"),
        ("numbers", {"dtype": "nonsense", "shape": [1], "base64": "AAAAAA=="}, "numbers is not an array"),
        ("numbers", {"dtype": "O", "shape": [1], "base64": "AAAAAAAAAAA="}, "numbers is not an array"),
        ("numbers", {"shape": [1], "base64": "AAAAAA=="}, "numbers is not an array"),
    ],
)
def test_wrong_values_are_refused_with_field_and_value(field: str, value: Any, words: str) -> None:
    with pytest.raises(RecordError, match=rf"Everything\.{words}"):
        from_json(Everything, {field: value})


def test_defaults_may_be_left_out_and_whole_numbers_are_floats_too() -> None:
    assert same(from_json(Everything, {}), Everything())
    found = from_json(Everything, {"share": 3})
    assert type(found.share) is float
    assert found.share == 3.0


def test_every_kind_of_value_survives() -> None:
    record = Everything(
        count=-3,
        share=math.pi,
        sure=True,
        text='ü "quoted"\n',
        time=Fraction(-1001, 30_000),
        path=Path("a b/ü.mp4"),
        flavour=Flavour.SOUR,
        maybe=0,
        pair=(4, "x"),
        many=(Fraction(1, 3), Fraction(5)),
        named={"a": Fraction(2, 7)},
        numbers=np.array([[np.nan, -0.0], [np.inf, 1e-40]], np.float32),
        free={"deep": [1, {"x": None}]},
    )
    assert same(loads(Everything, dumps(record)), record)
    assert np.signbit(loads(Everything, dumps(record)).numbers[0, 1])


def test_arrays_of_other_layouts_and_no_size_survive() -> None:
    for array in (np.arange(12.0)[::2], np.arange(6).reshape(2, 3).T, np.zeros((0, 4), np.float32), np.array(3.5)):
        again = from_json(Everything, {"numbers": to_json(array)}).numbers
        assert same(again, array)
        assert again.flags.writeable


def test_read_arrays_do_not_share_memory() -> None:
    written = to_json(np.zeros(2, np.float32))
    one, two = (from_json(Everything, {"numbers": written}).numbers for _ in range(2))
    one[:] = 7
    assert np.all(two == 0)


@pytest.mark.parametrize("text", ["", "{", "[1, 2", "{'a': 1}"])
def test_text_that_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(RecordError, match="not JSON"):
        loads(schema.Shot, text)


@pytest.mark.parametrize("data", [None, 3, [], "shot"])
def test_json_that_is_no_object_is_refused(data: Any) -> None:
    with pytest.raises(RecordError, match="Shot should be an object"):
        loads(schema.Shot, json.dumps(data))


def test_numbers_outside_arrays_must_be_numbers() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        dumps(Everything(share=float("nan")))


def test_what_no_record_may_hold_is_a_defect_of_the_caller() -> None:
    with pytest.raises(TypeError, match="cannot hold set"):
        to_json({"a": {1, 2}})


def test_records_check_themselves_when_read() -> None:
    written = to_json(schema.Shot(3, FrameRange(5, 9)))
    written["frames"]["stop"] = 5
    with pytest.raises(RecordError, match="shot 3 has no frames"):
        from_json(schema.Shot, written)


@pytest.mark.parametrize(
    "record",
    [
        FrameRate.of("24000/1001"),
        FrameTimes(np.array([0, 3, 9], np.int64), Fraction(1, 90), 4),
        Timecode(1800, FrameRate.of(29.97), drop=True),
        TimeRange(Fraction(1, 3), Fraction(2)),
    ],
    ids=lambda record: type(record).__name__,
)
def test_times_are_records_too(record: Any) -> None:
    assert loads(type(record), dumps(record)) == record
