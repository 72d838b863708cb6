"""Goal 8: how long until an interval is narrow, over pyperf with its defaults; and how much of it is measured code."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

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
PAIRED_SECONDS = 0.1
"""Of the work that both tools measure: what pyperf's defaults measure in half a minute."""
LAB_SECONDS = 0.5
"""Of the work whose share is told: half as long as the labs' own."""
MOST_SECONDS = 60.0
"""As quick.toml allows."""


def run(bench: Bench) -> Iterator[Figure | NotRun]:
    """A thing against itself, by us until the claim that they are as fast is settled, by pyperf with its defaults."""
    if bench.pyperf:
        yield NotRun(bench.pyperf)
    else:
        yield _time(bench)
    yield _share(bench)


def _time(bench: Bench) -> Figure:
    steps = steps_for(PAIRED_SECONDS, bench)
    options = ["--processes", "3"] if bench.short else []
    rounds = interleaved(
        [lambda: _swept(bench, steps)[1], lambda: _pyperf(bench, steps, options)],
        bench.times(15, 2),
        bench.chance,
        bench.progress(f"to an interval {WIDTH:.0%} wide, and pyperf"),
    )
    found = ratio(rounds, bench.chance)
    ours, theirs = (sorted(column)[len(rounds) // 2] for column in zip(*rounds, strict=True))
    return Figure(
        f"time to an interval {WIDTH:.0%} wide, A/A of {PAIRED_SECONDS:g} s",
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


def _share(bench: Bench) -> Figure:
    """The share of sweeps that are held as they are shipped, from the start of the session to the last verdict."""
    seconds = 0.1 if bench.short else LAB_SECONDS
    steps = steps_for(seconds, bench)
    shares = []
    for number in range(bench.times(10, 2) + 1):
        bench.say(f"the share of measured code: sweep {number + 1}")
        record, whole = _swept(bench, steps)
        shares.append(record["seconds"]["measured"] / whole)
    found = spread(shares[1:], statistics.median, bench.chance)
    return Figure(
        f"the share of our wall time that is measured code, variants of {seconds:g} s on one core",
        f"{found.value:.0%}",
        "a limit",
        "",
        found.value,
        found.low,
        found.high,
        Limit(">=", 0.8),
        len(shares) - 1,
    )


def _swept(bench: Bench, steps: int) -> tuple[dict[str, Any], float]:
    return compare(bench, steps, steps, budget_seconds=MOST_SECONDS, enough=_is_narrow)


def _is_narrow(state: State) -> bool:
    found = [verdict["figures"] for verdicts in state.verdicts.values() for verdict in verdicts]
    return bool(found) and all(one is not None and one["high"] - one["low"] <= WIDTH * one["median"] for one in found)


def _pyperf(bench: Bench, steps: int, options: list[str]) -> float:
    start = time.perf_counter()
    peers.pyperf(bench, steps, steps, options)
    return time.perf_counter() - start
