"""Goal 2: false verdicts on a thing against itself beside a neighbour, and a true tenth found where there is none."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from benchmarks import peers
from benchmarks.bench import ROOT
from benchmarks.figures import Figure, Limit, NotRun
from benchmarks.neighbour import bursts
from benchmarks.pairing import share
from benchmarks.sweeps import compare, steps_for
from harness.config import load_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.bench import Bench

TITLE = "false verdicts on A/A; a true 10 % found"
NOTE = "so few sweeps bound no rate of 1 %, which is why it is held on simulated machines"
SWEEPS = 2000
"""On each simulated machine: as many as bound a rate of 1 %."""


def run(bench: Bench) -> Iterator[Figure | NotRun]:
    """Sweeps of simulated machines; and real ones, beside a neighbour with nothing to find, and of a true tenth."""
    yield from _simulated(bench)
    yield from _false(bench)
    yield from _found(bench)


def _simulated(bench: Bench) -> Iterator[Figure]:
    """The judging path as shipped, with its stopping, on machines that are made up, by the simulation of the tests."""
    from tests import simulated_labs, simulation, synthetic_machines

    sweeps = bench.times(SWEEPS, 40)
    for name, machine in synthetic_machines.MACHINES.items():
        bench.say(f"simulated: {name}")
        found = simulation.rates(simulated_labs.SAME, machine, sweeps)
        yield _rate(f"false verdicts on A/A, simulated: {name}", found.false_sweeps, sweeps, Limit("<=", 0.01))
    bench.say("simulated: a true tenth")
    quiet = simulation.rates(simulated_labs.TENTH, synthetic_machines.MACHINES["quiet"], sweeps)
    held = quiet.verdicts[simulated_labs.the_tenth_is_found.__name__]["holds"]
    yield _rate("a true 10 % found within quick.toml's budget, simulated: quiet", held, sweeps, Limit(">=", 0.9))


def _rate(what: str, hits: int, times: int, limit: Limit) -> Figure:
    found = share(hits, times)
    return Figure(what, f"{hits} of {times} sweeps", "a limit", "", found.value, found.low, found.high, limit, times)


def _false(bench: Bench) -> Iterator[Figure | NotRun]:
    counts, missing, times = _experiments(bench, effect=1.0, disturbed=True)
    yield from missing.values()
    ours = counts["pinlab"]
    wrong = share(ours["wrong"], times)
    open_ = f"{ours['open']} of {times} inconclusive"
    theirs = "; ".join(f"{name} {counts[name]['wrong'] / times:.0%}" for name in counts if name != "pinlab")
    figure = f"{ours['wrong']} of {times} sweeps"
    yield Figure(
        "false verdicts on A/A with a bursty neighbour",
        figure,
        "differences told by the peers' rules",
        theirs or "none ran",
        wrong.value,
        wrong.low,
        wrong.high,
        Limit("<=", 0.01),
        times,
        f"{open_}; {NOTE}",
    )


def _found(bench: Bench) -> Iterator[Figure | NotRun]:
    counts, missing, times = _experiments(bench, effect=1.1, disturbed=False)
    yield from missing.values()
    ours = counts["pinlab"]
    right = share(ours["right"], times)
    theirs = "; ".join(f"{name} {counts[name]['right'] / times:.0%}" for name in counts if name != "pinlab")
    yield Figure(
        "a true 10 % found within quick.toml's budget",
        f"{ours['right']} of {times} sweeps",
        "found by the peers' rules",
        theirs or "none ran",
        right.value,
        right.low,
        right.high,
        Limit(">=", 0.9),
        times,
        f"{ours['wrong']} denied; {NOTE}",
    )


def _experiments(
    bench: Bench, effect: float, *, disturbed: bool
) -> tuple[dict[str, dict[str, int]], dict[str, NotRun], int]:
    """How often each tool was right, wrong or left it open, over a number of experiments in random order."""
    times = bench.times(5, 2)
    budget = 15.0 if bench.short else load_config("quick", ROOT, ROOT).budget_seconds
    steps = steps_for(0.1, bench)
    less, runs = round(steps / effect), 15
    options = ["--processes", str(runs), "--values", "1", "--warmups", "0", "--loops", "1"]
    tools: dict[str, Callable[[], str]] = {
        "pinlab": lambda: _ours(compare(bench, steps, less, budget_seconds=budget)[0], effect),
        "hyperfine": lambda: _theirs(peers.hyperfine(bench, steps, less, runs), effect),
        "pyperf": lambda: _theirs(peers.pyperf(bench, steps, less, options), effect),
    }
    counts = {name: dict.fromkeys(("right", "wrong", "open"), 0) for name in tools}
    missing: dict[str, NotRun] = {}
    around = bursts([bench.last_cpu], bench.chance.randrange(1000)) if disturbed else contextlib.nullcontext()
    with around:
        for number in range(times):
            bench.say(f"{'A/A beside a neighbour' if disturbed else 'a true tenth'}: {number + 1} of {times}")
            for name in bench.chance.sample(list(counts), len(counts)):
                try:
                    counts[name][tools[name]()] += 1
                except NotRun as reason:
                    missing[name] = reason
                    del counts[name]
    return counts, missing, times


def _ours(record: dict[str, Any], effect: float) -> str:
    """Whether the verdicts on the two claims are right, wrong or open."""
    found = {verdict["claim"]: verdict["verdict"] for verdict in record["verdicts"]}
    no_slower, as_fast = found["the_other_is_no_slower"], found["they_are_as_fast"]
    if effect == 1.0:
        # The truth lies on the bound of the first claim: whatever settles it was chance.
        wrong = no_slower != "inconclusive" or as_fast == "refuted"
        return "wrong" if wrong else "right" if as_fast == "holds" else "open"
    wrong = no_slower == "refuted" or as_fast == "holds"
    return "wrong" if wrong else "right" if no_slower == "holds" else "open"


def _theirs(found: peers.Comparison, effect: float) -> str:
    if effect == 1.0:
        return "wrong" if found.tells_apart else "right"
    return "open" if not found.tells_apart else "right" if found.speed_up > 1 else "wrong"
