"""Messages out of a stream of bytes, however it is cut, and whatever else is in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.session import Lines

MESSAGES = [{"say": "ready"}, {"say": "sample", "text": "한국어 \u2028 [red]"}, {"say": "closed", "status": "complete"}]
STREAM = "".join(json.dumps(message, ensure_ascii=False) + "\n" for message in MESSAGES).encode()


def taken(lines: Lines) -> list[dict[str, Any]]:
    found = []
    while (message := lines.next()) is not None:
        found.append(message)
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_messages_come_whole_and_in_order_however_the_stream_is_cut(size: int) -> None:
    lines = Lines()
    found = []
    for start in range(0, len(STREAM), size):
        lines.feed(STREAM[start : start + size])
        found += taken(lines)
    assert found == MESSAGES


def test_a_line_that_is_not_whole_yet_waits() -> None:
    lines = Lines()
    lines.feed(STREAM[:10])
    assert lines.next() is None
    lines.feed(STREAM[10:])
    assert taken(lines) == MESSAGES
    lines.feed(b"")
    assert lines.next() is None


@pytest.mark.parametrize(
    "noise",
    [b"", b"hello", b"\xff\xfe\x00", b"{", b"5", b"null", b'["say"]', b'{"do": "round"}', b"[" * 100_000, b"9" * 5_000],
)
def test_what_is_no_message_is_dropped(noise: bytes) -> None:
    lines = Lines()
    lines.feed(noise + b"\n" + STREAM + noise + b"\n")
    assert taken(lines) == MESSAGES
