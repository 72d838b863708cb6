"""Goal 1: the error of a thing against itself, beside a neighbour that comes and goes, at equal runs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from benchmarks import peers
from benchmarks.figures import Figure, Limit, NotRun
from benchmarks.neighbour import bursts
from benchmarks.pairing import root_mean_square, spread
from benchmarks.sweeps import compare, steps_for
from harness import intervals
from harness.figures import named
from harness.findings import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.bench import Bench

TITLE = "A/A error with a bursty neighbour"
OURS = "pinlab"


def run(bench: Bench) -> Iterator[Figure | NotRun]:
    """Experiments, the tools in random order: each gives the ratio of a thing to itself; its logarithm is the error."""
    runs, experiments = bench.times(15, 5), bench.times(15, 3)
    steps = steps_for(0.1, bench)
    once = ["--processes", str(runs), "--values", "1", "--warmups", "0", "--loops", "1"]
    tools: dict[str, Callable[[], float]] = {
        OURS: lambda: _pairs(bench, steps, runs, kept),
        "hyperfine": lambda: peers.hyperfine(bench, steps, steps, runs).speed_up,
        "pyperf": lambda: peers.pyperf(bench, steps, steps, once).speed_up,
    }
    kept: list[float | None] = []
    errors: list[dict[str, float]] = []
    missing: dict[str, NotRun] = {}
    with bursts([bench.last_cpu], bench.chance.randrange(1000)):
        for number in range(experiments + 1):
            bench.say(f"experiment {number} of {experiments}")
            row: dict[str, float] = {}
            for name in bench.chance.sample(sorted(tools.keys() - missing.keys()), len(tools) - len(missing)):
                try:
                    row[name] = math.log(tools[name]())
                except NotRun as reason:
                    missing[name] = reason
            if number:
                errors.append(row)
    yield from missing.values()
    yield from _figures(bench, errors, kept[1:], runs)


def _pairs(bench: Bench, steps: int, runs: int, kept: list[float | None]) -> float:
    """The median ratio of all pairs; that of those which the noise gate kept is noted, None where it kept none."""
    record, _ = compare(bench, steps, steps, rounds=runs)
    pairs = Run(record).speed_up(named("other"), over=named("one")).pairs
    kept.append(intervals.median(value for _, value in pairs) if pairs else None)
    walls = {entry["name"]: [sample["wall_seconds"] for sample in entry["samples"]] for entry in record["variants"]}
    return intervals.median(one / other for one, other in zip(walls["one"], walls["other"], strict=True))


def _figures(
    bench: Bench, errors: Sequence[dict[str, float]], kept: Sequence[float | None], runs: int
) -> Iterator[Figure | NotRun]:
    yield _absolute(bench, [row[OURS] for row in errors], "A/A error, RMS, of all pairs", f"{runs} runs of each")
    of_kept = [math.log(ratio) for ratio in kept if ratio is not None]
    none = f"in {len(kept) - len(of_kept)} of {len(kept)} experiments the noise gate kept no pair: no figure is shown"
    if of_kept:
        yield _absolute(bench, of_kept, "the same, of the pairs that the noise gate kept", none)
    else:
        yield NotRun(none)
    for peer in ("hyperfine", "pyperf"):
        rows = [(row[OURS], row[peer]) for row in errors if peer in row]
        if rows:
            yield _beside(bench, peer, rows)


def _absolute(bench: Bench, errors: Sequence[float], what: str, note: str) -> Figure:
    found = spread(errors, root_mean_square, bench.chance)
    limit = Limit("<=", 0.025)
    return Figure(
        what, f"{found.value:.1%}", "a limit", "", found.value, found.low, found.high, limit, len(errors), note
    )


def _beside(bench: Bench, peer: str, rows: Sequence[tuple[float, float]]) -> Figure:
    ratio = spread(rows, _ratio, bench.chance)
    return Figure(
        f"A/A error, RMS, over {peer}'s",
        f"{root_mean_square([error for error, _ in rows]):.1%}",
        f"{peer}, all of A, then all of B",
        f"{root_mean_square([error for _, error in rows]):.1%}",
        ratio.value,
        ratio.low,
        ratio.high,
        Limit("<=", 0.10),
        len(rows),
    )


def _ratio(rows: Sequence[tuple[float, float]]) -> float:
    return root_mean_square([one for one, _ in rows]) / root_mean_square([other for _, other in rows])
