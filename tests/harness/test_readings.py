"""What is read beside a sample: of this process and all it starts, and None where the system does not tell."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness import readings

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

needs_io = pytest.mark.skipif(
    not Path("/proc/self/io").exists(), reason="this system does not tell what a process writes"
)
MESSAGES, SIZE = 200, 1000
CPUS = [0, 1]


def send(end: Connection) -> None:
    for _ in range(MESSAGES):
        end.send_bytes(b"x" * SIZE)
    end.close()


@needs_io
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_what_a_started_process_writes_is_counted_with_every_start_method(method: str) -> None:
    context: Any = multiprocessing.get_context(method)
    before = readings.take(CPUS, own_cgroup=False)
    out, into = context.Pipe(duplex=False)
    process = context.Process(target=send, args=(into,))
    process.start()
    into.close()
    received = sum(len(out.recv_bytes()) for _ in range(MESSAGES))
    process.join()
    found = readings.difference(before, readings.take(CPUS, own_cgroup=False))
    assert received == MESSAGES * SIZE
    assert found["written_bytes"] is not None
    assert found["writes"] is not None
    assert found["children_seconds"] is not None
    assert received <= found["written_bytes"] < 1.2 * received
    assert MESSAGES <= found["writes"] < 1.2 * MESSAGES
    assert found["children_seconds"] > 0


@needs_io
def test_what_this_process_writes_is_counted(tmp_path: Path) -> None:
    before = readings.take(CPUS, own_cgroup=False)
    with (tmp_path / "file").open("wb", buffering=0) as file:
        for _ in range(3):
            file.write(b"12345")
    found = readings.difference(before, readings.take(CPUS, own_cgroup=False))
    assert (found["written_bytes"], found["writes"]) == (15, 3)


def test_busy_and_stolen_time_are_of_the_sets_own_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["cpu  9 9 9 9 9 9 9 9 0 0", "cpu0 10 1 2 500 60 3 4 30 0 0", "cpu1 100 0 0 0 0 0 0 7 0 0", "intr 1"]
    monkeypatch.setattr(readings, "_content", {"/proc/stat": "\n".join(lines)}.get)
    assert readings._busy_and_stolen_seconds([0]) == (20 / readings.TICK, 30 / readings.TICK)
    assert readings._busy_and_stolen_seconds([0, 1]) == (120 / readings.TICK, 37 / readings.TICK)


def test_what_the_system_does_not_tell_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "_content", lambda _path: None)
    found = readings.take(CPUS, own_cgroup=False)
    unknown = ("busy_seconds", "steal_seconds", "written_bytes", "writes", "throttled_periods", "pressure_seconds")
    assert {name: found[name] for name in unknown} == dict.fromkeys(unknown)


def test_what_one_of_the_processes_does_not_tell_makes_the_whole_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"/proc/self/io": "wchar: 5\nsyscw: 1", "/proc/7/io": "wchar: 10\nsyscw: 2", "/proc/8/stat": "8 (python) S"}
    monkeypatch.setattr(readings, "_content", told.get)
    assert readings._written([7]) == (15, 3)
    assert readings._written([7, 8]) is None
    assert readings._written([7, 9]) == (15, 3), "process 9 is gone, and what it wrote is its parent's"


def test_the_difference_of_two_readings_has_the_others_use_without_what_was_stolen() -> None:
    before: readings.Readings = {
        "busy_seconds": 1.0,
        "cpu_seconds": 0.5,
        "steal_seconds": 0.25,
        "pressure_seconds": None,
    }
    after: readings.Readings = {"busy_seconds": 4.0, "cpu_seconds": 2.5, "steal_seconds": 0.75, "pressure_seconds": 1.0}
    assert readings.difference(before, after) == {
        "cpu_seconds": 2.0,
        "steal_seconds": 0.5,
        "pressure_seconds": None,
        "foreign_seconds": 1.0,
    }


def test_reading_loads_no_module_that_costs(repo: Path) -> None:
    program = "import sys; from harness import readings; print({'typing', 're', 'json'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-S", "-c", program], cwd=repo, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "set()"
