"""Sweeps of a small lab through the harness itself: session, stopping and judging as shipped, on the local runner."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import platform
import sys
import time
from typing import TYPE_CHECKING, Any

from benchmarks.bench import ROOT, said
from harness import store
from harness.machine import read_machine
from harness.request import Request
from harness.session import LocalSession
from harness.sweep import Policy, State, conduct

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.bench import Bench

_NUMBERS = itertools.count()
WORK = """
def work(steps: int) -> int:
    total = 0
    for step in range(steps):
        total += step & 1
    return total
"""
"""The same kind of work as the labs', for us and for the peers."""
LAB = f'''"""Is one of two the faster?"""

from harness.lab import Run, Verdict, claim, variant

STEPS = 1
LESS = 1

{WORK}

@variant
def one(steps: int = STEPS) -> int:
    """Baseline."""
    return work(steps) * 0


@variant
def other(less: int = LESS) -> int:
    """The other."""
    return work(less) * 0


@claim
def the_other_is_no_slower(run: Run) -> Verdict:
    """The other takes no longer than the one."""
    return run.speed_up(other, over=one).is_at_least(1.0)


@claim
def they_are_as_fast(run: Run) -> Verdict:
    """One takes the same time as the other, to a twentieth."""
    return run.speed_up(other, over=one).is_between(0.95, 1.05)
'''
NOOP = '''"""What does nothing cost?"""

from harness.lab import variant


@variant
def nothing() -> None:
    """Nothing."""
'''


def steps_for(seconds: float, bench: Bench) -> int:
    """How many steps of the work the measured interpreter does in that time, roughly."""
    program = f"{WORK}\nimport time\nstart = time.perf_counter(); work(2_000_000); print(time.perf_counter() - start)"
    fastest = min(float(said([bench.python, "-c", program], cpus=[bench.last_cpu]).stdout) for _ in range(3))
    return round(2_000_000 * seconds / fastest)


def session_of(
    source: str, variants: dict[str, str], bench: Bench, *, knobs: dict[str, Any], fixed_rounds: int | None
) -> LocalSession:
    """A session of a small lab on the last CPU, in the benchmark's own folder."""
    files = {"labs/bench.py": source.encode()}
    number = next(_NUMBERS)
    request = Request(
        run_id=f"20260101-000000-bench-c1-{number}",
        sweep_id=f"20260101-000000-bench-{number}",
        lab="bench",
        command=(),
        variants=variants,
        documents=dict.fromkeys(variants, ""),
        question="",
        cores=1,
        cpus=(bench.last_cpu,),
        runner="local",
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        interpreter=str(bench.python),
        config="benchmark",
        knobs=knobs,
        seed=number,
        fixed_rounds=fixed_rounds,
        deadline_seconds=60.0,
        lifetime_seconds=3600.0,
        log_bytes=100_000,
        memory_bytes=0,
        source_hash=hashlib.sha256(source.encode()).hexdigest()[:16],
        created="2026-01-01T00:00:00+00:00",
        facts={
            "machine": dataclasses.asdict(read_machine()),
            "engine": None,
            "image": None,
            "topology": {},
            "owner": platform.node(),
            "host_shares_the_cpus": True,
        },
    )
    results = bench.folder / "results"
    results.mkdir(exist_ok=True)
    return LocalSession((request,), files, results, ROOT)


def compare(
    bench: Bench,
    steps: int,
    less: int,
    *,
    rounds: int | None = None,
    budget_seconds: float = 1e6,
    enough: Callable[[State], bool] | None = None,
) -> tuple[dict[str, Any], float]:
    """Sweep the lab of two variants on one CPU; gives its record and the seconds of the whole sweep.

    Args:
        bench: The benchmark.
        steps: Of the one.
        less: Of the other.
        rounds: How many; by itself as shipped.
        budget_seconds: As --budget.
        enough: Asked after each look, whether to stop; by itself as shipped.
    """
    session = session_of(
        LAB,
        {"one": "finished", "other": "finished"},
        bench,
        knobs={"steps": steps, "less": less},
        fixed_rounds=rounds,
    )
    start = time.perf_counter()

    def clock() -> float:
        return budget_seconds if enough is not None and enough(state) else time.perf_counter() - start

    state = State()

    def keep(latest: State) -> None:
        nonlocal state
        state = latest

    try:
        session.open()
        conduct([session], Policy(rounds, budget_seconds, bench.chance.randrange(1 << 30)), keep, clock)
        seconds = time.perf_counter() - start
        [folder] = session.collect()
        return store.read_record(folder), seconds
    finally:
        session.remove()
