"""Give an ONNX file's input a fixed shape, so that OpenCV's importer takes it, or free it from one.

Exports with a dynamic input shape are common, and OpenCV refuses them; so are exports whose input is fixed though all
that follows would take any size. Only the sizes in the graph's inputs and outputs have to be changed, which needs no
ONNX package: the file is a protocol buffer, in which a message is a row of fields, each a key (field number and kind),
and for the kinds met here a number or a length and that many bytes
(https://protobuf.dev/programming-guides/encoding/, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from dubkit.errors import ModelError

__all__ = ["with_any_size", "with_input_shape"]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

# Numbers of the fields on the way from the file to the sizes of an input.
_GRAPH, _INPUT, _OUTPUT, _TYPE, _TENSOR, _SHAPE, _DIM = 7, 11, 12, 2, 1, 2, 1
_DIM_VALUE = 1
_BEFORE_HEIGHT = 2  # sizes: images and channels


def with_input_shape(model: bytes, shape: Sequence[int]) -> bytes:
    """The same network with the sizes of its first input set.

    Args:
        model: The ONNX file.
        shape: The sizes, such as (1, 3, 640, 640).

    Returns:
        The ONNX file with a fixed input shape.

    Raises:
        ModelError: It is no ONNX file, or its first input has another number of sizes.
    """
    sizes = iter(shape)
    seen = [0, 0]  # inputs, sizes of the first of them

    def one_input(value: bytes) -> bytes:
        seen[0] += 1
        if seen[0] > 1:
            return value
        return _rewrite(value, (_TYPE, _TENSOR, _SHAPE, _DIM), one_size)

    def one_size(value: bytes) -> bytes:
        seen[1] += 1
        size = next(sizes, None)
        return value if size is None else bytes([_DIM_VALUE << 3 | _VARINT]) + _varint(size)

    fixed = _rewrite(model, (_GRAPH, _INPUT), one_input)
    if seen[1] != len(shape):
        raise ModelError(f"the network's first input has {seen[1]} sizes, not {len(shape)}")
    return fixed


def with_any_size(model: bytes) -> bytes:
    """The same network with an input of any height and width, and outputs of whatever size that gives.

    Whether what lies between takes any size only a trial tells.

    Args:
        model: The ONNX file, of a network that takes (images, channels, height, width).

    Raises:
        ModelError: It is no ONNX file.
    """

    def one_input(value: bytes) -> bytes:
        seen = [0]

        def one_size(size: bytes) -> bytes:
            seen[0] += 1
            return size if seen[0] <= _BEFORE_HEIGHT else b""

        return _rewrite(value, (_TYPE, _TENSOR, _SHAPE, _DIM), one_size)

    freed = _rewrite(model, (_GRAPH, _INPUT), one_input)
    return _rewrite(freed, (_GRAPH, _OUTPUT, _TYPE, _TENSOR, _SHAPE, _DIM), lambda _: b"")


def _rewrite(message: bytes, path: tuple[int, ...], change: Callable[[bytes], bytes]) -> bytes:
    """The message with ``change`` applied to the bytes of every field at ``path``."""
    parts = []
    for number, kind, start, value_start, stop in _fields(message):
        if kind == _BYTES and number == path[0]:
            value = message[value_start:stop]
            value = change(value) if len(path) == 1 else _rewrite(value, path[1:], change)
            parts += [_varint(number << 3 | _BYTES), _varint(len(value)), value]
        else:
            parts.append(message[start:stop])
    return b"".join(parts)


def _fields(message: bytes) -> Iterator[tuple[int, int, int, int, int]]:
    """Number, kind, start, start of the value and end of every field."""
    at = 0
    while at < len(message):
        start = at
        key, at = _read_varint(message, at)
        kind, value = key & 7, at
        if kind == _VARINT:
            at = _read_varint(message, at)[1]
        elif kind == _BYTES:
            length, value = _read_varint(message, at)
            at = value + length
        elif kind in (_FIXED32, _FIXED64):
            at += 4 if kind == _FIXED32 else 8
        else:
            raise ModelError("is not an ONNX file")
        if at > len(message):
            raise ModelError("is not an ONNX file, or is cut off")
        yield key >> 3, kind, start, value, at


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 64:
        value |= (message[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if message[at - 1] < 0x80:
            return value, at
    raise ModelError("is not an ONNX file, or is cut off")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
