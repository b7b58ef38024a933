"""Filling in an ONNX file's input shape, or freeing it from one, on files written here byte by byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.errors import ModelError
from dubkit.faces.detectors.onnx_shape import with_any_size, with_input_shape


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def message(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def tensor(number: int, name: bytes, *sizes: int | str | None) -> bytes:
    """Input or output of sizes that are known, have a name, or neither."""
    dims = [
        b"" if size is None else b"\x08" + varint(size) if isinstance(size, int) else message(2, size.encode())
        for size in sizes
    ]
    shape = b"".join(message(1, dim) for dim in dims)
    return message(number, message(1, name) + message(2, message(1, b"\x08\x01" + message(2, shape))))


def network(*sizes: int | str | None, inputs: int = 1) -> bytes:
    one = tensor(11, b"input", *sizes)
    node = message(1, message(1, b"input") + message(4, b"Conv"))
    # An unknown field of each other kind must come through as it is.
    rest = bytes([20 << 3 & 0x7F | 1 | 0x80, 1]) + bytes(8) + bytes([21 << 3 & 0x7F | 5 | 0x80, 1]) + bytes(4)
    return b"\x08\x06" + message(7, node + one * inputs + rest) + message(8, b"\x10\x0b")


def test_names_become_numbers_and_the_rest_stays() -> None:
    assert with_input_shape(network("batch", 3, "height", "width"), (1, 3, 640, 640)) == network(1, 3, 640, 640)


def test_only_the_first_input() -> None:
    two = network("batch", 3, "height", "width", inputs=2)
    fixed = with_input_shape(two, (1, 3, 640, 640))
    assert fixed.count(b"height") == 1


@given(st.lists(st.integers(1, 2**31), min_size=1, max_size=6))
def test_any_sizes(sizes: list[int]) -> None:
    assert with_input_shape(network(*["n"] * len(sizes)), sizes) == network(*sizes)


def test_other_number_of_sizes() -> None:
    with pytest.raises(ModelError, match="has 2 sizes, not 4"):
        with_input_shape(network(1, 3), (1, 3, 640, 640))


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_clearly(content: bytes) -> None:
    with pytest.raises(ModelError):
        with_input_shape(content, (1, 3, 640, 640))


def test_height_width_and_what_comes_out_are_freed_and_the_rest_stays() -> None:
    fixed = network(1, 3, 640, 640)[:-4] + message(7, tensor(12, b"scores", 1, 12800, 1)) + message(8, b"\x10\x0b")
    freed = network(1, 3, None, None)[:-4] + message(7, tensor(12, b"scores", None, None, None))
    assert with_any_size(fixed) == freed + message(8, b"\x10\x0b")
    assert with_any_size(freed) == freed
    with pytest.raises(ModelError):
        with_any_size(b"no network")


@given(st.integers(0, 80))
def test_cut_off_file(kept: int) -> None:
    whole = network("batch", 3, "height", "width")
    with pytest.raises(ModelError):
        with_input_shape(whole[: min(kept, len(whole) - 20)], (1, 3, 640, 640))
