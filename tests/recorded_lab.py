"""A lab with pages, and made-up sweeps of it, to be recorded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.testing import made_up_run, record_of
from tests.made_up import verdict

if TYPE_CHECKING:
    from pathlib import Path

LAB = '''"""Which is faster?"""

from harness.lab import Run, Verdict, claim, variant


@variant
def slow() -> int:
    """Baseline."""
    return 1


@variant
def fast() -> int:
    """The other."""
    return 1


@claim
def it_is_faster(run: Run) -> Verdict:
    """It is faster."""
    return run.speed_up(fast, over=slow).is_at_least(1.5) & run.answers(slow).are_all(1)
'''
FRONT = '+++\nchapter = "2 Threads"\norder = 1\n[examples]\n[concepts]\n+++\n\n'
PAGES = {
    "en": f"{FRONT}## What to see\n\nIt is.\n\n## What surprises\n\nNothing.\n",
    "ko": f"{FRONT}## 뜻밖의 것\n\n없습니다.\n",
}


def a_sweep(sweep: str = "a", day: int = 1, **changes: Any) -> list[dict[str, Any]]:
    """Four honest runs of the lab, on 1 and 2 cores, with and without the GIL."""
    found = []
    for gil in (True, False):
        for cores in (1, 2):
            run = made_up_run(walls={"slow": 1.0, "fast": 0.5}, answers={"slow": 1}, cores=cores, gil=gil, **changes)
            record = record_of(run)
            record["lab"] = "mine"
            record["sweep_id"] = f"2026010{day}-120000-mine-{sweep}"
            record["run_id"] = f"2026010{day}-120000-mine-c{cores}-{record['python']}-000{sweep}"
            record["created"] = f"2026-01-0{day}T12:00:00+00:00"
            found.append(record | {"verdicts": [verdict(runs=[record["run_id"]])]})
    return found


def repository(root: Path) -> Path:
    """A repository with one lab and its pages, and the results of one sweep of it."""
    (root / "labs").mkdir()
    (root / "labs" / "mine.py").write_text(LAB)
    for language, text in PAGES.items():
        path = root / "labs" / "notes" / language / "mine.md"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    store(root, a_sweep())
    return root


def store(root: Path, records: list[dict[str, Any]]) -> None:
    for record in records:
        folder = root / "results" / record["run_id"]
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps(record))
