"""The peers: hyperfine and pyperf, on the same work, in their own order: all of the one, then all of the other."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.bench import need, said
from benchmarks.figures import NotRun
from benchmarks.sweeps import WORK

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.bench import Bench


@dataclass(frozen=True)
class Comparison:
    """What a tool says of two things.

    Attributes:
        speed_up: How many times faster the other is.
        tells_apart: Whether it says that they differ.
    """

    speed_up: float
    tells_apart: bool


def interpreter_with_pyperf(folder: Path, given: Path | None, base: Path) -> tuple[Path, str]:
    """An interpreter that has pyperf, in an environment of the benchmark's own; why there is none, and the base, else.

    Args:
        folder: A temporary folder.
        given: An interpreter that has it, where the user gave one.
        base: The interpreter to make the environment with.
    """
    python = given
    try:
        if python is None:
            said([base, "-m", "venv", folder / "peer"])
            python = folder / "peer" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
            said([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pyperf"])
        said([python, "-c", "import pyperf"])
    except (NotRun, OSError, subprocess.SubprocessError) as fault:
        return given or base, f"there is no pyperf ({fault})"
    return python, ""


def hyperfine(bench: Bench, steps: int, less: int, runs: int) -> Comparison:
    """Hyperfine's comparison of two commands, by its means and, as its summary has it, their standard deviations."""
    program = need("hyperfine", "Debian package hyperfine")
    commands = [f"{bench.python} {_script(bench, count)}" for count in (steps, less)]
    export = bench.folder / "hyperfine.json"
    counts = ["--shell=none", "--warmup", "1", "--runs", str(runs)]
    said([program, *counts, "--export-json", export, *commands], cpus=[bench.last_cpu])
    one, other = (entry["times"] for entry in json.loads(export.read_text(encoding="utf-8"))["results"])
    ratio = statistics.fmean(one) / statistics.fmean(other)
    parts = [statistics.stdev(times) / statistics.fmean(times) for times in (one, other)]
    spread = ratio * (parts[0] ** 2 + parts[1] ** 2) ** 0.5
    return Comparison(ratio, abs(ratio - 1) > spread)


def pyperf(bench: Bench, steps: int, less: int, options: Sequence[str]) -> Comparison:
    """Pyperf's comparison of two statements, by its means and its own rule of what is significant.

    Args:
        bench: The benchmark.
        steps: Of the one.
        less: Of the other.
        options: Of `pyperf timeit`; none for its defaults.

    Raises:
        NotRun: If there is no pyperf.
    """
    if bench.pyperf:
        raise NotRun(bench.pyperf)
    means, files = [], []
    for name, count in (("one", steps), ("other", less)):
        file = bench.folder / f"pyperf-{name}.json"
        file.unlink(missing_ok=True)
        statement = ["--setup", WORK, f"work({count})", "--name", "work", "--output", str(file)]
        pinned = ["--affinity", str(bench.last_cpu)]
        said([bench.python, "-m", "pyperf", "timeit", "--quiet", *options, *pinned, *statement])
        runs = json.loads(file.read_text(encoding="utf-8"))["benchmarks"][0]["runs"]
        means.append(statistics.fmean(value for run in runs for value in run.get("values", ())))
        files.append(file)
    compared = said([bench.python, "-m", "pyperf", "compare_to", *files]).stdout
    return Comparison(means[0] / means[1], "not significant" not in compared.lower())


def _script(bench: Bench, steps: int) -> Path:
    path = bench.folder / f"work-{steps}.py"
    path.write_text(f"{WORK}\nwork({steps})\n", encoding="utf-8")
    return path
