"""Goal 8: how long until an interval is narrow, over pyperf with its defaults; and how much of it is measured code."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks import peers
from benchmarks.figures import Figure, Limit, NotRun
from benchmarks.pairing import interleaved, ratio, spread
from benchmarks.sweeps import compare, steps_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.bench import Bench
    from harness.sweep import State

TITLE = "time to a verdict"
WIDTH = 0.10
"""The width of the interval that is waited for: one that settles "as fast, to a twentieth"."""


def run(bench: Bench) -> Iterator[Figure | NotRun]:
    """A thing against itself, by us until the claim that they are as fast is settled, by pyperf with its defaults."""
    if bench.pyperf:
        yield NotRun(bench.pyperf)
        return
    work_seconds = 0.1 if bench.short else 0.5
    steps = steps_for(work_seconds, bench)
    options = ["--processes", "3"] if bench.short else []
    shares: list[float] = []
    rounds = interleaved(
        [lambda: _ours(bench, steps, shares), lambda: _pyperf(bench, steps, options)], bench.times(5, 1), bench.chance
    )
    found = ratio(rounds, bench.chance)
    ours, theirs = (sorted(column)[len(rounds) // 2] for column in zip(*rounds, strict=True))
    yield Figure(
        f"time to an interval {WIDTH:.0%} wide, A/A of {work_seconds:g} s",
        f"{ours:.1f} s",
        "pyperf's defaults, both sides",
        f"{theirs:.1f} s",
        found.value,
        found.low,
        found.high,
        Limit("<=", 0.5),
        len(rounds),
        "with three processes only" if bench.short else "",
    )
    measured = spread(shares[1:], lambda values: sorted(values)[len(values) // 2], bench.chance)
    yield Figure(
        "the share of our wall time that is measured code",
        f"{measured.value:.0%}",
        "a limit",
        "",
        measured.value,
        measured.low,
        measured.high,
        Limit(">=", 0.8),
        len(shares) - 1,
        f"variants of {work_seconds:g} s on one core",
    )


def _ours(bench: Bench, steps: int, shares: list[float]) -> float:
    record, seconds = compare(bench, steps, steps, budget_seconds=600.0, enough=_is_narrow)
    shares.append(record["seconds"]["measured"] / seconds)
    return seconds


def _is_narrow(state: State) -> bool:
    found = [verdict["figures"] for verdicts in state.verdicts.values() for verdict in verdicts]
    return bool(found) and all(one is not None and one["high"] - one["low"] <= WIDTH * one["median"] for one in found)


def _pyperf(bench: Bench, steps: int, options: list[str]) -> float:
    start = time.perf_counter()
    peers.pyperf(bench, steps, steps, options)
    return time.perf_counter() - start
