"""Messages out of a stream of bytes, however it is cut; and a measuring process that does not end."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import psutil
import pytest

from harness.session import Lines, _kill_with_all_it_started

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


def test_what_a_process_that_does_not_end_has_started_is_killed_with_it() -> None:
    hang = (
        "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'input()'], stdin=-1).pid, flush=True)"
    )
    process = subprocess.Popen([sys.executable, "-c", f"{hang}; input()"], stdin=-1, stdout=-1)
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        started = psutil.Process(int(process.stdout.readline()))
        _kill_with_all_it_started(process)
    assert process.returncode == -9
    started.wait(60)  # where nobody reaps it, it may stay as a zombie
    assert not started.is_running() or started.status() == psutil.STATUS_ZOMBIE
