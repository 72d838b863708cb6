"""``python -m benchmarks``: run the goals that can be run here, each beside its peer, and keep what they found."""

from __future__ import annotations

import argparse
import datetime
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from benchmarks import (
    aa_error,
    child_cost,
    efficiency,
    false_verdicts,
    footprint,
    image_size,
    launching,
    listing,
    stored,
    time_to_verdict,
    workshop,
)
from benchmarks.bench import ROOT, Bench
from benchmarks.figures import Figure, NotRun, Outcome, read_all, table, write
from benchmarks.peers import interpreter_with_pyperf
from benchmarks.publishing import PAGES, PUBLISHED, publish
from harness.errors import PinlabError, UsageFault
from harness.interpreters import find_interpreter
from harness.machine import read_machine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RESULTS = Path(__file__).resolve().parent / "results"


class Goal(Protocol):
    """A module that measures one goal."""

    TITLE: str

    def run(self, bench: Bench) -> Iterator[Figure | NotRun]:
        """Measure; what cannot be measured comes as the reason."""


GOALS: dict[int, Goal] = {
    1: aa_error,
    2: false_verdicts,
    3: efficiency,
    4: launching,
    5: child_cost,
    6: listing,
    7: footprint,
    8: time_to_verdict,
    9: workshop,
    10: stored,
    11: image_size,
}
WITH_PYPERF = {1, 2, 8}
MINUTES = {1: 6, 2: 9, 3: 7, 4: 2, 5: 1, 6: 1, 7: 2, 8: 10, 9: 6, 10: 3, 11: 1}
"""About how long each takes, on two CPUs that nobody else uses."""


def main(words: Sequence[str] | None = None) -> int:
    """Run the goals asked for, print the table and keep it; or publish what was kept."""
    asked = _parsed(words)
    try:
        if asked.publish:
            publish(read_all(asked.output), ROOT)
            sys.stdout.write(f"{PUBLISHED} and the tables of {' and '.join(PAGES)} are written: commit them\n")
            return 0
        _measure(_chosen(asked.goals), asked)
    except PinlabError as fault:
        sys.stderr.write(f"benchmarks: {fault}\n")
        return fault.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("benchmarks: interrupted; the goals that were done are kept\n")
        return 130
    text = table(read_all(asked.output))
    (asked.output / "table.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


def _chosen(text: str) -> list[int]:
    """The numbers of the goals asked for, ascending."""
    known = ", ".join(map(str, GOALS))
    given = [word.strip() for word in text.split(",")] if text else list(map(str, GOALS))
    for word in given:
        if not word.isdecimal() or int(word) not in GOALS:
            raise UsageFault(f"--goals {text}: there is no goal {word!r} here; choose of {known}")
    return sorted(set(map(int, given)))


def _measure(goals: Sequence[int], asked: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="pinlab-bench-") as name:
        bench = _bench(asked, Path(name), with_pyperf=bool(WITH_PYPERF & set(goals)))
        for place, number in enumerate(goals):
            left = sum(MINUTES[each] for each in goals[place:]) * bench.repeats
            time_left = "" if bench.short else f"; all that is left takes about {left:.0f} minutes"
            sys.stderr.write(f"goal {number}, {place + 1} of {len(goals)}: {GOALS[number].TITLE}{time_left}\n")
            write(_outcome(number, bench), asked.output)


def _parsed(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--goals", default="", help="numbers separated by commas; by itself all")
    parser.add_argument("--short", action="store_true", help="few and small repetitions, to see that everything works")
    parser.add_argument("--repeats", type=float, default=1.0, help="multiplies every number of repetitions")
    parser.add_argument("--publish", action="store_true", help="measure nothing; commit to what full runs have found")
    parser.add_argument("--workshop", default="", help="of goal 9, a name or a file; by itself every lab")
    parser.add_argument("--seed", type=int, default=None, help="of the orders and resamples")
    parser.add_argument("--peer-python", type=Path, default=None, help="an interpreter that has pyperf")
    parser.add_argument("--output", type=Path, default=RESULTS, help="the folder for JSON and table")
    return parser.parse_args(words)


def _bench(asked: argparse.Namespace, folder: Path, *, with_pyperf: bool) -> Bench:
    cpus = tuple(cpu.id for cpu in read_machine().cpus)
    base = find_interpreter(None).path
    python, why = base, "not asked for"
    if with_pyperf:
        python, why = interpreter_with_pyperf(folder, asked.peer_python, base)
    return Bench(
        short=asked.short,
        repeats=asked.repeats,
        chance=random.Random(asked.seed),  # noqa: S311 - orders and resamples, not secrets
        folder=folder,
        cpus=cpus,
        python=python,
        pyperf=why,
        workshop=asked.workshop,
    )


def _outcome(number: int, bench: Bench) -> Outcome:
    began, load = time.monotonic(), os.getloadavg()[0]
    figures: list[Figure] = []
    reasons: list[str] = []
    try:
        for found in GOALS[number].run(bench):
            if isinstance(found, Figure):
                figures.append(found)
            else:
                reasons.append(str(found))
    except (NotRun, PinlabError) as fault:
        reasons.append(str(fault))
    machine = read_machine()
    return Outcome(
        goal=number,
        title=GOALS[number].TITLE,
        figures=tuple(figures),
        not_run=tuple(reasons),
        seconds=round(time.monotonic() - began, 1),
        short=bench.short or bench.repeats < 1,
        when=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        machine={
            "model": machine.model,
            "system": machine.system,
            "cpus": len(machine.cpus),
            "load": round(load, 1),
        },
    )


if __name__ == "__main__":
    sys.exit(main())
