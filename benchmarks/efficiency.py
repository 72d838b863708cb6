"""Goal 3: labs at the machine's limit: parallel work over the capacity that was measured in the same rounds."""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING

from benchmarks.bench import ROOT, invoke, said
from benchmarks.figures import Figure, Limit, NotRun
from benchmarks.leavings import results_removed
from benchmarks.pairing import spread
from harness.figures import named
from harness.findings import Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.bench import Bench

TITLE = "labs at the machine's limit, over measured capacity"
CASES = (
    ("gil", "3.14", "processes", "one_thread", 0.95),
    ("sum_messages", "3.14", "chunks_over_pipe", "brute_force", 0.90),
    ("gil", "3.14t", "threads", "one_thread", 0.93),
)


def run(bench: Bench) -> Iterator[Figure | NotRun]:
    """Each case by `invoke lab`, as people run it."""
    if len(bench.cpus) < 2:
        yield NotRun("it needs two CPUs")
        return
    for case in CASES:
        try:
            yield _case(bench, *case)
        except NotRun as reason:
            yield reason


def _case(bench: Bench, lab: str, python: str, variant: str, baseline: str, least: float) -> Figure:
    rounds = bench.times(16, 2)
    config = "quick" if bench.short else "classroom"
    bench.say(f"{lab} under {python}, {rounds} rounds under {config}.toml")
    words = ["--cores", "2", "--python", python, "--rounds", str(rounds), "--config", config, "--json"]
    done = said(invoke("lab", lab, *words), cwd=ROOT, codes=(0, 1, 3))
    [record] = json.loads(done.stdout)["runs"]
    with results_removed(record["run_id"]):
        found = Run(record)
    pairs = [value for _, value in found.efficiency(named(variant), over=named(baseline)).pairs][1:]
    if len(pairs) < 2:
        raise NotRun(f"{lab} under {python}: the noise gate kept {len(pairs)} rounds of {rounds}")
    capacities = list(found.capacities().values())
    efficiency = spread(pairs, statistics.median, bench.chance)
    speed_up = statistics.median(value for _, value in found.speed_up(named(variant), over=named(baseline)).pairs)
    return Figure(
        f"{lab} {variant}, {python}: speed-up over capacity",
        f"{speed_up:.2f}",
        "C(2) of the same rounds",
        f"{statistics.median(capacities):.2f}",
        efficiency.value,
        efficiency.low,
        efficiency.high,
        Limit(">=", least),
        len(pairs),
        f"{config}.toml, {record['runner']} runner",
    )
