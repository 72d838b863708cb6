"""Goal 6: how soon the command line answers, over invoke with a file of tasks that is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.bench import ROOT, invoke, seconds_of
from benchmarks.figures import Figure, Limit
from benchmarks.pairing import interleaved, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.bench import Bench

TITLE = "how soon the command line answers"


def run(bench: Bench) -> Iterator[Figure]:
    """The two listings and bare invoke, in rounds."""
    bare = bare_tasks(bench)
    rounds = interleaved(
        [
            lambda: seconds_of(invoke("--list"), cwd=ROOT),
            lambda: seconds_of(invoke("labs"), cwd=ROOT),
            lambda: seconds_of(invoke("--list", search_root=bare), cwd=bare),
        ],
        bench.times(25, 5),
        bench.chance,
        bench.progress("listings"),
    )
    for place, what in enumerate(("`invoke --list`", "`invoke labs`")):
        pairs = [(found[place], found[2]) for found in rounds]
        found = ratio(pairs, bench.chance)
        ours, theirs = (sorted(column)[len(pairs) // 2] for column in zip(*pairs, strict=True))
        yield Figure(
            what,
            f"{ours * 1000:.0f} ms",
            "`invoke --list` of an empty tasks.py",
            f"{theirs * 1000:.0f} ms",
            found.value,
            found.low,
            found.high,
            Limit("<=", 1.2),
            len(pairs),
        )


def bare_tasks(bench: Bench) -> Path:
    """A folder with a tasks.py that has nothing in it but one task that does nothing."""
    folder = bench.folder / "bare"
    folder.mkdir(exist_ok=True)
    text = "from invoke import task\n\n\n@task\ndef nothing(c):\n    pass\n"
    (folder / "tasks.py").write_text(text, encoding="utf-8")
    return folder
