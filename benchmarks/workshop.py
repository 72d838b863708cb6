"""Goal 9: a whole workshop, over the sum of its variants' wall times."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from benchmarks.bench import ROOT, invoke, said
from benchmarks.figures import Figure, Limit, NotRun
from benchmarks.leavings import results_removed
from benchmarks.pairing import spread

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from benchmarks.bench import Bench

TITLE = "a whole workshop"
WHOLE = "whole-notes"
"""Every lab, on one core and on two."""
MINUTES = 5
"""For the rounds of all of those."""
SHORT = """title = "Two labs"
minutes = 1

[defaults]
cores = [1]
config = "quick"

[[lab]]
name = "race"

[[lab]]
name = "gil"
"""
VERDICTS = (0, 1, 3, 4)
"""The exit codes of a workshop that was held, whatever its claims came to."""


def run(bench: Bench) -> Iterator[Figure | NotRun]:
    """Once, as people run it: the labs are what varies."""
    if "workshop" not in said(invoke("--list"), cwd=ROOT).stdout.split():
        yield NotRun("there is no `invoke workshop` here")
        return
    asked = bench.workshop or (_short(bench) if bench.short else WHOLE)
    minutes = [] if bench.workshop or bench.short else ["--minutes", str(MINUTES)]
    bench.say(" ".join([str(asked), *minutes]))
    start = time.perf_counter()
    done = said(invoke("workshop", str(asked), *minutes, "--fresh", "--json"), cwd=ROOT, codes=VERDICTS)
    seconds = time.perf_counter() - start
    held = json.loads(done.stdout)
    for record in held["runs"]:
        with results_removed(record["run_id"]):
            pass
    yield figure(bench.chance, held, seconds)


def _short(bench: Bench) -> Path:
    path = bench.folder / "two-labs.toml"
    path.write_text(SHORT, encoding="utf-8")
    return path


def figure(chance: random.Random, held: dict[str, Any], seconds: float) -> Figure:
    """The whole over the sum; its interval is over the labs, and the time that belongs to none of them is in it.

    Args:
        chance: Of the resamples.
        held: What the command said with --json.
        seconds: How long it took.
    """
    measured: dict[str, float] = {record["run_id"]: record["seconds"]["measured"] for record in held["runs"]}
    ran = [one for one in held["workshop"]["labs"] if one["runs"]]
    labs: list[tuple[float, float]] = [(one["seconds"], sum(measured[run_id] for run_id in one["runs"])) for one in ran]
    rest = seconds - sum(taken for taken, _ in labs)

    def over(some: Sequence[tuple[float, float]]) -> float:
        return (sum(taken for taken, _ in some) + rest) / sum(variants for _, variants in some)

    found = spread(labs, over, chance)
    return Figure(
        f"`invoke workshop`: {held['workshop']['title']}, {len(labs)} labs",
        f"{seconds:.0f} s",
        "the wall times of its variants, summed",
        f"{sum(measured.values()):.0f} s",
        found.value,
        found.low,
        found.high,
        Limit("<=", 1.15),
        len(labs),
        "one workshop; the interval is over its labs",
    )
