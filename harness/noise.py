"""The noise gate: which samples and rounds were disturbed, and by what, from the evidence that stands beside them.

Pure functions of records. A disturbed sample is dropped together with its pair and counted; it is never repaired.
"""

from __future__ import annotations

import math

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
"""How far the capacity may move between the start and the end of a round whose efficiencies count.

The speed of one core may move as it likes: the cells of a round stand in random order, so it widens the interval, and
makes no verdict wrong (the simulations in the tests hold it to that). One control of 60 ms scatters by a tenth on a
shared machine.
"""
DROPPED_SHARE = 0.5
"""The share of dropped pairs above which nothing is refuted."""
LEAST_CAPACITY = 1.15
"""Capacity of several cores below which serial work looks as efficient as parallel work: nothing is told by it."""
CAPACITY_RANGE = 1.25
"""Largest over smallest capacity in a run, above which the machine was not the same machine throughout."""


WAITING_SHARE = 0.10
"""The share of its time below which a sample's CPU time is that of work which waits."""

THROTTLED = "throttled by a quota"
WAITED = "waited for a CPU that others had"
OTHERS = "other processes on the pinned CPUs"
STOLEN = "the host took the pinned CPUs away"
CONTROL = "the control waited for a CPU"
CAPACITY = "the capacity changed"


def sample_disturbed_by(sample: Record, cores: int) -> tuple[str, float] | None:
    """What disturbed a sample, in a few words, and by how much: the share of its time, or of its CPUs' time; or None.

    Args:
        sample: A sample of run.json.
        cores: How many CPUs the run's set has.
    """
    wall = sample.get("wall_seconds")
    throttled = sample.get("throttled_seconds") or 0.0
    if throttled or sample.get("throttled_periods"):
        return THROTTLED, throttled / (wall or throttled or 1.0)
    if not wall:
        return None
    waited = max(_waited_alone(sample), _waited_while_idle(sample))
    if waited > RUN_DELAY_SHARE * wall:
        return WAITED, waited / wall
    foreign, stolen = sample.get("foreign_seconds") or 0.0, sample.get("steal_seconds") or 0.0
    if foreign + stolen > max(FOREIGN_SHARE * wall, FOREIGN_FLOOR_SECONDS) * cores:
        return (OTHERS if foreign >= stolen else STOLEN), (foreign + stolen) / (wall * cores)
    return None


def _waited_alone(sample: Record) -> float:
    """For how long a sample whose main thread did all the work wanted a CPU and had none.

    Where other threads or processes of the lab work too, they may be what the main thread waits for.
    """
    delay, main, cpu = (_number(sample, name) for name in ("run_delay_seconds", "main_thread_seconds", "cpu_seconds"))
    if delay is None or main is None or cpu is None:
        return 0.0
    return delay if main > ALONE_SHARE * cpu else 0.0


def _waited_while_idle(sample: Record) -> float:
    """For how long at least some process of the lab wanted a CPU while all of the lab's own had none.

    Pressure is the time in which any of them waited. One that waits for another of the lab waits no longer than the lab
    uses CPUs; what goes beyond is others' doing. So it tells little of work that computes, and much of work that waits.
    """
    pressure, cpu = _number(sample, "pressure_seconds"), _number(sample, "cpu_seconds")
    return 0.0 if pressure is None or cpu is None else max(0.0, pressure - cpu)


def waits(sample: Record) -> bool:
    """Whether a sample's work mostly waits."""
    cpu, wall = _number(sample, "cpu_seconds"), _number(sample, "wall_seconds")
    return cpu is not None and wall is not None and cpu < WAITING_SHARE * wall


def _number(sample: Record, key: str) -> float | None:
    value = sample.get(key)
    return float(value) if isinstance(value, (int, float)) else None


def round_disturbed_by(record: Record) -> tuple[str, float] | None:
    """What disturbed a whole round, in a few words, and by how much, as a share; or None.

    Args:
        record: A round of run.json, with the capacity measured before and after it.
    """
    before, after = record.get("before"), record.get("after")
    sides = [(side["control_wall_seconds"], side["control_cpu_seconds"]) for side in (before, after) if side]
    late = [1 - cpu / wall for wall, cpu in sides if wall > CONTROL_RATIO * cpu]
    if late:
        return CONTROL, max(late)
    return None


def capacity_moved_by(record: Record) -> float | None:
    """How far the capacity moved within a round, as a share, where that is too far for an efficiency; else None.

    Args:
        record: As for `round_disturbed_by`.
    """
    return _moved(record, "capacity")


def speed_moved_by(record: Record) -> float | None:
    """How far the speed of one core moved within a round, as a share, where that is far; else None.

    Args:
        record: As for `round_disturbed_by`.
    """
    return _moved(record, "control_wall_seconds")


def _moved(record: Record, key: str) -> float | None:
    before, after = record.get("before"), record.get("after")
    if not before or not after:
        return None
    low, high = sorted((before[key], after[key]))
    return (high / low - 1 if low else math.inf) if high > (1 + UNSTEADY) * low else None


def disturbances(run: Record) -> dict[int, tuple[str, float]]:
    """What disturbed each disturbed round of a run as a whole, and by how much, by round."""
    found = ((record["round"], round_disturbed_by(record)) for record in run.get("rounds", ()))
    return {round_: disturbed for round_, disturbed in found if disturbed}


def capacity_range(capacities: Sequence[float]) -> float:
    """Largest over smallest of the capacities, each above 0; 1.0 where there are none."""
    return max(capacities) / min(capacities) if capacities else 1.0
