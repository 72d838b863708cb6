"""Made-up evidence for the tests of claims: a run's record as an honest machine would leave it, from given numbers."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from harness.findings import Run, Sweep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.events import Event


def made_up_run(
    *,
    walls: Mapping[str, float] | None = None,
    cpus: Mapping[str, float] | None = None,
    answers: Mapping[str, Any] | None = None,
    outcomes: Mapping[str, str] | None = None,
    exit_codes: Mapping[str, int] | None = None,
    cycles: Mapping[str, int] | None = None,
    events: Mapping[str, Sequence[Event]] | None = None,
    cores: int = 2,
    gil: bool = True,
    version: str = "3.14.0",
    start_method: str = "forkserver",
    capacity: float | None = None,
    rounds: int = 12,
    spread: float = 0.01,
    start_cost: float = 0.001,
    knobs: Mapping[str, Any] | None = None,
    seed: int = 1,
) -> Run:
    """A run whose samples scatter around the given numbers.

    Args:
        walls: Wall seconds by variant; a variant that has only an outcome or an answer takes a second.
        cpus: CPU seconds by variant; by itself equal to the wall seconds.
        answers: The answer of every sample by variant; a list gives one a round.
        outcomes: How the samples ended, by variant; by itself finished.
        exit_codes: The exit code, by variant; by itself 0.
        cycles: The length of the cycle of waits, by variant.
        events: The logging records of every sample, by variant.
        cores: CPUs of the run's set.
        gil: Whether the GIL is on.
        version: The interpreter's version.
        start_method: The interpreter's own start method.
        capacity: C(k); by itself the number of cores.
        rounds: How many rounds were done.
        spread: Standard deviation of the logarithm of each time.
        start_cost: Seconds that starting a pool costs.
        knobs: The lab's knobs.
        seed: Of the scatter.
    """
    scatter = random.Random(seed)  # noqa: S311 - made-up noise, not a secret
    given = (walls, cpus, answers, outcomes, exit_codes, cycles, events)
    names = list(dict.fromkeys(name for mapping in given if mapping for name in mapping))
    around = {
        "capacity": capacity if capacity is not None else float(cores),
        "control_wall_seconds": 0.1,
        "control_cpu_seconds": 0.1,
    }

    def sample(name: str, round_: int) -> dict[str, Any]:
        factor = scatter.lognormvariate(0.0, spread)
        wall = (walls or {}).get(name, 1.0)
        answer = (answers or {}).get(name)
        return {
            "id": f"{name}.{round_}",
            "round": round_,
            "order": names.index(name),
            "outcome": (outcomes or {}).get(name, "finished"),
            "wall_seconds": wall * factor,
            "cpu_seconds": (cpus or {}).get(name, wall) * factor,
            "run_delay_seconds": 0.0,
            "foreign_seconds": 0.0,
            "throttled_seconds": 0.0,
            "peak_memory_bytes": 20_000_000,
            "exit_code": (exit_codes or {}).get(name, 0),
            "answer": answer[round_ % len(answer)] if isinstance(answer, list) else answer,
            "cycle_length": (cycles or {}).get(name),
        }

    record = {
        "cores": cores,
        "knobs": dict(knobs or {}),
        "interpreter": {"version": version, "free_threaded": not gil, "gil_enabled": gil, "start_method": start_method},
        "start_cost_seconds": start_cost,
        "fixed_rounds": None,
        "rounds": [{"round": round_, "before": around, "after": around} for round_ in range(rounds)],
        "variants": [{"name": name, "samples": [sample(name, round_) for round_ in range(rounds)]} for name in names],
    }
    return Run(record, lambda identity: list((events or {}).get(identity.rsplit(".", 1)[0], ())))


def made_up_sweep(*runs: Run) -> Sweep:
    """A sweep of made-up runs."""
    return Sweep(runs)
