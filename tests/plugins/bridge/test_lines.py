from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from plugins.bridge.lines import EventLines, Tail

EVENTS = [{"event": "progress", "done": n, "name": "é映"} for n in range(4)]
NOISE = [
    b"Warning: something\n",
    b"\xff\xfe\x80 no UTF-8 \n",
    b'{"event": 1}\n',
    b'{"done": 1}\n',
    b"[1, 2]\n",
    b"{\n",
    b"\r\n",
    b"\x00\x00\n",
    b'"event"\n',
    b"[" * 3000 + b"\n",
]


def told(event: dict[str, object]) -> bytes:
    return json.dumps(event).encode() + b"\n"


@given(st.data())
def test_events_come_through_whatever_surrounds_them_and_however_they_are_cut(data: st.DataObject) -> None:
    pieces = [told(event) for event in EVENTS]
    for noise in data.draw(st.lists(st.sampled_from(NOISE), max_size=12)):
        pieces.insert(data.draw(st.integers(0, len(pieces))), noise)
    stream = b"".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    lines, found = EventLines(), []
    for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += lines.feed(stream[start:stop])
    assert found + lines.finish() == EVENTS


def test_windows_line_ends_and_a_last_line_without_one_are_read() -> None:
    lines = EventLines()
    found = lines.feed(told(EVENTS[0]).replace(b"\n", b"\r\n") + told(EVENTS[1]).strip())
    assert found + lines.finish() == EVENTS[:2]
    assert lines.noise == 0


def test_a_line_that_never_ends_takes_no_memory_and_costs_no_later_event() -> None:
    lines, found = EventLines(), []
    for _ in range(40):
        found += lines.feed(b"x" * 100_000)
        assert len(lines._begun) <= 1 << 20
    found += lines.feed(b"\n" + told(EVENTS[0]))
    assert found == EVENTS[:1]
    assert lines.noise == 1


def test_a_torn_event_is_noise() -> None:
    lines = EventLines()
    assert lines.feed(b'{"event": "res') == []
    assert lines.finish() == []
    assert lines.noise == 1


@given(st.lists(st.binary(max_size=50), max_size=50))
def test_a_tail_is_the_end(pieces: list[bytes]) -> None:
    tail = Tail(32)
    for piece in pieces:
        tail.feed(piece)
        assert len(tail._kept) <= 64 + 50
    assert tail.text() == b"".join(pieces)[-32:].decode("utf-8", "replace")
