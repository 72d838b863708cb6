"""Goal 7: what the harness adds while a variant is measured: its own switches, and a variant's instructions."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

from benchmarks.bench import ROOT, said
from benchmarks.figures import Figure, Limit, NotRun
from benchmarks.sweeps import LAB, compare, steps_for
from harness import events

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from benchmarks.bench import Bench

TITLE = "what the harness adds to a lab"


def run(bench: Bench) -> Iterator[Figure | NotRun]:
    """Switches of the measuring parent in every sample, and instructions with and without capture."""
    yield _switches(bench)
    try:
        yield _instructions(bench)
    except NotRun as reason:
        yield reason


def _switches(bench: Bench) -> Figure | NotRun:
    rounds = bench.times(20, 4)
    steps = steps_for(0.1, bench)
    record, _ = compare(bench, steps, steps, rounds=rounds)
    switches = [sample["harness_switches"] for entry in record["variants"] for sample in entry["samples"]]
    if any(count is None for count in switches):
        return NotRun("this system does not count a process's switches")
    most = max(switches)
    return Figure(
        "context switches of the measuring parent while a variant runs",
        f"{most:.0f} at most",
        "a limit",
        "",
        most,
        min(switches),
        most,
        Limit("<=", 0),
        len(switches),
    )


def _instructions(bench: Bench) -> Figure:
    source = bench.folder / "counted" / "labs"
    source.mkdir(parents=True, exist_ok=True)
    (source / "bench.py").write_text(LAB, encoding="utf-8")
    count, how = _counter(bench)
    steps = steps_for(0.05 if bench.short else 0.4, bench)
    program = f"from labs.bench import one; one({steps})"
    plain = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    stacks = bench.folder / "stacks"
    stacks.mkdir(exist_ok=True)
    folders = (source.parent, ROOT)
    captured = plain | events.environment(bench.folder / "events.jsonl", stacks, "one.0", python_path=folders)
    without = plain | {"PYTHONPATH": os.pathsep.join(map(str, folders))}
    pairs = [(count(program, captured), count(program, without)) for _ in range(bench.times(3, 2))]
    ratios = sorted(one / other for one, other in pairs)
    return Figure(
        "instructions of a variant with capture, over those without",
        f"{pairs[-1][0] / 1e6:.1f} M",
        f"without capture, by {how}",
        f"{pairs[-1][1] / 1e6:.1f} M",
        ratios[len(ratios) // 2],
        ratios[0],
        ratios[-1],
        Limit("<=", 1.01),
        len(ratios),
        "its interpreter's start and end are counted too",
    )


def _counter(bench: Bench) -> tuple[Callable[[str, dict[str, str]], float], str]:
    """What counts instructions here: the CPU by `perf stat`, else valgrind.

    Raises:
        NotRun: If neither does.
    """
    python = bench.python
    perf = shutil.which("perf")
    if perf is not None and _by_perf(perf, python, "pass", dict(os.environ)) is not None:
        return lambda program, env: _by_perf(perf, python, program, env) or 0.0, "perf stat"
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise NotRun(
            "instructions: perf counts none on this machine, and there is no valgrind (Debian package valgrind)"
        )
    return lambda program, env: _by_valgrind(valgrind, python, program, env), "valgrind"


def _by_perf(perf: str, python: Path, program: str, env: dict[str, str]) -> float | None:
    words = ["stat", "--field-separator", ",", "--event", "instructions:u"]
    done = said([perf, *words, python, "-c", program], env=env, codes=tuple(range(256)))
    counted = re.search(r"^(\d+),", done.stderr, re.MULTILINE)
    return float(counted[1]) if counted else None


def _by_valgrind(valgrind: str, python: Path, program: str, env: dict[str, str]) -> float:
    words = ["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    done = said([valgrind, *words, python, "-c", program], env=env)
    counted = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
    if counted is None:
        raise NotRun("instructions: valgrind did not say how many")
    return float(counted[1].replace(",", ""))
