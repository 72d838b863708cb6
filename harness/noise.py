"""The noise gate: which samples and rounds were disturbed, and by what, from the evidence that stands beside them.

Pure functions of records. A disturbed sample is dropped together with its pair and counted; it is never repaired.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    Record = Mapping[str, Any]

FOREIGN_SHARE = 0.10
"""The share of the set's CPU time that others may take during a sample."""
FOREIGN_FLOOR_SECONDS = 0.03
"""Busy time is counted in ticks of 10 ms on each CPU: less than this, per CPU, is not told apart from rounding."""
RUN_DELAY_SHARE = 0.10
"""The share of its time that a thread which works alone may have wanted a CPU and had none."""
ALONE_SHARE = 0.95
"""The share of a sample's CPU time above which its main thread worked alone."""
CONTROL_RATIO = 1.15
"""Wall over CPU time of the single-threaded control, above which it wanted a CPU and had none."""
UNSTEADY = 0.25
"""How far speed or capacity may move between the start and the end of a round.

One control of 60 ms scatters by a tenth on a shared machine, and a drift of less than a quarter only widens the
interval, since the cells of a round stand in random order: dropping such rounds cost pairs, and kept no verdict from
being wrong (the simulations in the tests hold it to that).
"""
DROPPED_SHARE = 0.5
"""The share of dropped pairs above which nothing is refuted."""
LEAST_CAPACITY = 1.15
"""Capacity of several cores below which serial work looks as efficient as parallel work: nothing is told by it."""
CAPACITY_RANGE = 1.25
"""Largest over smallest capacity in a run, above which the machine was not the same machine throughout."""


def sample_disturbed_by(sample: Record, cores: int) -> str | None:
    """What disturbed a sample, in a few words, or None.

    Args:
        sample: A sample of run.json.
        cores: How many CPUs the run's set has.
    """
    if sample.get("throttled_seconds"):
        return "throttled by a quota"
    if _waited_for_a_cpu(sample):
        return "waited for a CPU that others had"
    foreign, wall = sample.get("foreign_seconds"), sample.get("wall_seconds")
    if foreign is None or wall is None:
        return None
    allowed = max(FOREIGN_SHARE * wall, FOREIGN_FLOOR_SECONDS) * cores
    return "other processes on the pinned CPUs" if foreign > allowed else None


def _waited_for_a_cpu(sample: Record) -> bool:
    """Whether a sample whose main thread did all the work wanted a CPU for long and had none.

    Where other threads or processes of the lab work too, they may be what the main thread waits for.
    """
    needed = ("run_delay_seconds", "main_thread_seconds", "cpu_seconds", "wall_seconds")
    delay, main, cpu, wall = (sample.get(name) for name in needed)
    if delay is None or main is None or cpu is None or not wall:
        return False
    return bool(delay > RUN_DELAY_SHARE * wall and main > ALONE_SHARE * cpu)


def round_disturbed_by(record: Record) -> str | None:
    """What disturbed a whole round, in a few words, or None.

    Args:
        record: A round of run.json, with the capacity measured before and after it.
    """
    before, after = record.get("before"), record.get("after")
    for capacity in (before, after):
        if capacity and capacity["control_wall_seconds"] > CONTROL_RATIO * capacity["control_cpu_seconds"]:
            return "the control waited for a CPU"
    if not before or not after:
        return None
    if _moved(before["control_wall_seconds"], after["control_wall_seconds"]):
        return "the speed of one core changed"
    if _moved(before["capacity"], after["capacity"]):
        return "the capacity changed"
    return None


def _moved(one: float, other: float) -> bool:
    return max(one, other) > (1 + UNSTEADY) * min(one, other)


def disturbances(run: Record) -> dict[int, str]:
    """What disturbed each disturbed round of a run as a whole, by round."""
    found = ((record["round"], round_disturbed_by(record)) for record in run.get("rounds", ()))
    return {round_: reason for round_, reason in found if reason}


def capacity_range(capacities: Sequence[float]) -> float:
    """Largest over smallest of the capacities, each above 0; 1.0 where there are none."""
    return max(capacities) / min(capacities) if capacities else 1.0
