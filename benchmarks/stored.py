"""Goal 10: compare and report over a store of many samples, over reading the same files with the standard json."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

from benchmarks.bench import ROOT, said
from benchmarks.figures import Figure, Limit, NotRun
from benchmarks.pairing import interleaved, ratio
from benchmarks.sweeps import compare, steps_for
from harness import evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from benchmarks.bench import Bench

    Rounds = Sequence[tuple[float, ...]]

TITLE = "compare and report over a store of many samples"
FEW, MANY = 10_000, 100_000
"""A class makes the more of the two."""
SHORT_OF = 10
"""A short run has so many times fewer of both."""
ROUNDS = 16
"""Of the one run that is measured, and of which all others of the store are copies."""
MEASURED = """
import os, resource, sys, time
from pathlib import Path
results = Path(sys.argv[1])
{imports}
start = time.perf_counter()
{work}
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(seconds, peak * (1 if sys.platform == "darwin" else 1024), file=sys.stderr)
"""
OURS = MEASURED.format(
    imports="import rich.table, json\nfrom harness import commands, compare, report",
    work="commands.compare_stored(results, None, '', anyway=False, markdown=False, json=False)",
)
JSON = MEASURED.format(
    imports="import json",
    work="for path in results.glob('*/run.json'):\n    json.loads(path.read_text(encoding='utf-8'))",
)


def run(bench: Bench) -> Iterator[Figure | NotRun]:
    """Both sizes of the store in rounds, each task in a process of its own that tells its seconds and its memory."""
    sizes = [count // SHORT_OF if bench.short else count for count in (FEW, MANY)]
    bench.say(f"making stores of {sizes[0]:,} and {sizes[1]:,} samples")
    few, many = (_store(bench, count) for count in sizes)
    memory: dict[Path, list[float]] = {few: [], many: []}
    rounds = interleaved(
        [
            lambda: _ours(many, memory),
            lambda: _told(JSON, many)[0],
            lambda: _ours(few, memory),
            lambda: _told(JSON, few)[0],
        ],
        bench.times(15, 3),
        bench.chance,
        bench.progress("compare, and json, over both stores"),
    )
    yield _over_json(bench, [(ours, theirs) for ours, theirs, _, _ in rounds], sizes[1])
    yield _over_json(bench, [(ours, theirs) for _, _, ours, theirs in rounds], sizes[0])
    yield _growth(
        bench,
        f"`compare` over {sizes[1]:,} samples",
        sizes[0],
        [(r[0], r[2]) for r in rounds],
        Limit("<=", 11),
        1e3,
        "ms",
    )
    peaks = list(zip(memory[many], memory[few], strict=True))[1:]
    yield _growth(
        bench, f"its memory at most, over {sizes[1]:,} samples", sizes[0], peaks, Limit("<=", 1.1), 1e-6, "MB"
    )


def _over_json(bench: Bench, pairs: Rounds, samples: int) -> Figure:
    found = ratio(pairs, bench.chance)
    ours, theirs = _middle(pairs)
    return Figure(
        f"`compare` over {samples:,} stored samples, its imports aside",
        f"{ours * 1000:.0f} ms",
        "reading the same files with the standard json",
        f"{theirs * 1000:.0f} ms",
        found.value,
        found.low,
        found.high,
        Limit("<=", 1.2),
        len(pairs),
    )


def _growth(bench: Bench, what: str, few: int, pairs: Rounds, limit: Limit, factor: float, unit: str) -> Figure:
    found = ratio(pairs, bench.chance)
    ours, theirs = _middle(pairs)
    return Figure(
        what,
        f"{ours * factor:.0f} {unit}",
        f"the same over {few:,}",
        f"{theirs * factor:.0f} {unit}",
        found.value,
        found.low,
        found.high,
        limit,
        len(pairs),
    )


def _middle(pairs: Rounds) -> tuple[float, float]:
    one, other = (sorted(column)[len(pairs) // 2] for column in zip(*pairs, strict=True))
    return one, other


def _store(bench: Bench, samples: int) -> Path:
    """A store of copies of one run that was measured, on other cores and under other interpreters, one each second."""
    steps = steps_for(0.01, bench)
    record, _ = compare(bench, steps, steps, rounds=ROUNDS)
    own = sum(len(variant["samples"]) for variant in record["variants"])
    results = bench.folder / f"store-{samples}"
    for number in range(samples // own):
        copy = copy_of(record, number)
        folder = results / copy["run_id"]
        folder.mkdir(parents=True)
        (folder / evidence.RECORD).write_text(json.dumps(copy), encoding="utf-8")
    return results


def copy_of(record: dict[str, Any], number: int) -> dict[str, Any]:
    """The record as it would be of another run: runs of 1 and 2 cores, under two interpreters, by turns."""
    cores, python = 1 + number % 2, ("3.14", "3.14t")[number // 2 % 2]
    seconds = 10**6 + number
    clock = f"{seconds // 3600 % 24:02}{seconds // 60 % 60:02}{seconds % 60:02}"
    day = f"202601{1 + seconds // 86400 % 28:02}"
    created = re.sub(r"(....)(..)(..)-(..)(..)(..)", r"\1-\2-\3T\4:\5:\6+00:00", f"{day}-{clock}")
    run_id = f"{day}-{clock}-bench-c{cores}-{python}-{number % 65536:04x}"
    return {**record, "run_id": run_id, "created": created, "cores": cores, "python": python, "lab": "bench"}


def _ours(results: Path, memory: dict[Path, list[float]]) -> float:
    seconds, peak = _told(OURS, results)
    memory[results].append(peak)
    return seconds


def _told(program: str, results: Path) -> tuple[float, float]:
    """The seconds and the peak memory that a program tells of itself."""
    done = said([sys.executable, "-c", program, results], cwd=ROOT, env={**os.environ, "COLUMNS": "120"})
    seconds, peak = map(float, done.stderr.splitlines()[-1].split())
    return seconds, peak
