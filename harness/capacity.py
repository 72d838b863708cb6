"""Capacity C(k): how many times one pinned worker's speed k pinned workers reach on this machine, now.

One worker counts alone (the control), then one on each CPU of the set, all released at once, then the control again on
the next CPU, and so on, in slices so short that a core whose speed moves has the same speed in neighbouring ones. Each
worker's speed is taken from the common start, so that workers that did not really run side by side do not count as if
they had: C of a slice = sum over the workers of (seconds of the controls around it / seconds from the start to its
end), and C the median of the slices. On two cores whose speed moved, nine of ten were within a tenth of each other; of
one long slice, within a fifth.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import struct
import time
from typing import TYPE_CHECKING

from harness import placement
from harness.intervals import median

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TARGET_SECONDS = 0.06
"""How long the control should count: long against a scheduler's tick, short against a lab."""
SLICES = 5
"""Into how many parts that is cut where several CPUs are measured."""
FIRST_STEPS = 200_000
AT_ONCE_SECONDS = 0.02
"""How soon after the end of a round the next one begins that follows at once: a third of what the control takes."""
REPORT = struct.Struct("dd")


def burn(steps: int) -> int:
    """Count in pure Python: the same kind of work as the labs'."""
    total = 0
    for step in range(steps):
        total += step & 1
    return total


def calibrate() -> int:
    """How many steps one worker counts in about TARGET_SECONDS here; the fastest of three trials."""
    fastest = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        burn(FIRST_STEPS)
        fastest = min(fastest, time.perf_counter() - start)
    return max(FIRST_STEPS, round(FIRST_STEPS * TARGET_SECONDS / fastest))


def measure(cpus: list[int], steps: int, turn: int) -> dict[str, float]:
    """Measure the control and the capacity of a set.

    Args:
        cpus: The CPUs of the set.
        steps: How many steps each worker counts.
        turn: Which CPU the control uses, in turn.

    Returns:
        "capacity" C(k), 1.0 for one CPU; "control_wall_seconds" and "control_cpu_seconds" of the control.
    """
    if len(cpus) == 1:
        [(wall, cpu)] = _burn_on(cpus, steps)
        return {"capacity": 1.0, "control_wall_seconds": wall, "control_cpu_seconds": cpu}
    part = max(1, steps // SLICES)

    def control(number: int) -> tuple[float, float]:
        [alone] = _burn_on([cpus[(turn + number) % len(cpus)]], part)
        return alone

    controls = [control(0)]
    together = []
    for number in range(SLICES):
        together.append([wall for wall, _ in _burn_on(cpus, part)])
        controls.append(control(number + 1))
    walls, cpu_seconds = zip(*controls, strict=True)
    return {
        "capacity": capacity_of(walls, together),
        "control_wall_seconds": SLICES * sum(walls) / len(walls),
        "control_cpu_seconds": SLICES * sum(cpu_seconds) / len(cpu_seconds),
    }


def capacity_of(controls: Sequence[float], together: Sequence[Sequence[float]]) -> float:
    """The median over the slices of how many controls the workers of a slice were worth.

    Args:
        controls: Wall seconds of the controls: one before each slice, and one after the last.
        together: Wall seconds of each worker, of each slice.
    """
    around = [(before + after) / 2 for before, after in itertools.pairwise(controls)]
    return median(sum(one / wall for wall in walls) for one, walls in zip(around, together, strict=True))


class Sides:
    """What is measured on both sides of each round.

    On one CPU, where it is the control alone, what stands after a round also stands before the next one if that follows
    at once: nothing ran in between. On more CPUs each side is measured anew, since an interval over rounds takes the
    capacities of two rounds to err independently.

    Args:
        cpus: The CPUs of the set.
        steps: How many steps each worker counts.
        measured: Measures a set, as `measure` does.
        clock: Tells what follows at once.
    """

    def __init__(
        self,
        cpus: list[int],
        steps: int,
        measured: Callable[[list[int], int, int], dict[str, float]] = measure,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cpus = cpus
        self._steps = steps
        self._measured = measured
        self._clock = clock
        self._last: dict[str, float] = {}
        self._last_at = -float("inf")

    def before(self, turn: int) -> dict[str, float]:
        """The side before a round.

        Args:
            turn: As in `measure`.
        """
        if len(self._cpus) == 1 and self._clock() - self._last_at <= AT_ONCE_SECONDS:
            return self._last
        return self._measured(self._cpus, self._steps, turn)

    def after(self, turn: int) -> dict[str, float]:
        """The side after a round.

        Args:
            turn: As in `measure`.
        """
        self._last = self._measured(self._cpus, self._steps, turn)
        self._last_at = self._clock()
        return self._last


def _burn_on(cpus: list[int], steps: int) -> list[tuple[float, float]]:
    """Wall seconds from the common start, and CPU seconds, of one worker on each of the CPUs."""
    ready_out, ready_in = os.pipe()
    gate_out, gate_in = os.pipe()
    report_out, report_in = os.pipe()
    workers: list[int] = []
    try:
        for cpu in cpus:
            worker = os.fork()
            if worker == 0:
                _work(cpu, steps, ready_in, (gate_out, gate_in), report_in)
            workers.append(worker)
        _read_exactly(ready_out, len(cpus))
        start = time.monotonic()
        os.close(gate_in)
        gate_in = -1
        os.close(report_in)
        report_in = -1
        reports = [REPORT.unpack(_read_exactly(report_out, REPORT.size)) for _ in cpus]
    finally:
        for end in (ready_out, ready_in, gate_out, gate_in, report_out, report_in):
            if end >= 0:
                os.close(end)
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
            os.waitpid(worker, 0)
    return [(end - start, cpu_seconds) for end, cpu_seconds in reports]


def _work(cpu: int, steps: int, ready: int, gate: tuple[int, int], report: int) -> None:
    """Be one worker; never returns."""
    status = 1
    try:
        placement.pin([cpu])
        os.close(gate[1])
        os.write(ready, b".")
        os.read(gate[0], 1)
        before = time.process_time()
        burn(steps)
        os.write(report, REPORT.pack(time.monotonic(), time.process_time() - before))
        status = 0
    finally:
        os._exit(status)


def _read_exactly(end: int, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = os.read(end, size - len(data))
        if not more:
            raise ChildProcessError("a capacity worker ended before it reported")
        data += more
    return data
