"""What is shown of a workshop: claims after each lab, at the end every lab side by side and what it all came to."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from harness.testing import made_up_run, record_of
from harness.workshop import Entry, Workshop
from harness.workshop_report import document, show_end, show_turn, summary
from harness.workshop_run import Held, Turn
from tests.made_up import verdict

if TYPE_CHECKING:
    from collections.abc import Callable


def run_of(lab: str, cores: int, *verdicts: str, **changes: Any) -> dict[str, Any]:
    run_id = f"20260101-120000-{lab}-c{cores}-3.14-0000"
    record = record_of(made_up_run(walls={"slow": 1.0, "fast": 0.5}, cores=cores))
    judged = [verdict(value, claim=f"claim_{value}", runs=[run_id]) for value in verdicts]
    return {**record, "run_id": run_id, "lab": lab, "verdicts": judged, **changes}


def turn(lab: str, *records: dict[str, Any], **changes: Any) -> Turn:
    entry = Entry(lab, (1, 2), ("3.14",), "quick", None, {})
    return Turn(entry, 60.0, records, seconds=90.0 if records else 0.0, **changes)


GIL = turn("gil", run_of("gil", 1, "holds", "skipped"), run_of("gil", 2, "holds", "inconclusive"), skipped="4: too few")
BROKEN = turn("race", fault="labs/race.py:3: syntax error", fault_code=2)
SKIPPED = turn("talk", skipped="4: too few")
HELD = Held(Workshop("first", Path("first.toml"), "My [class]", None, ()), "first", (GIL, BROKEN, SKIPPED), 3)


def text_of(show: Callable[[Console], None]) -> str:
    stream = io.StringIO()
    show(Console(file=stream, width=200, markup=False, highlight=False))
    return stream.getvalue()


def test_after_its_turn_a_lab_s_cores_and_claims_are_shown_and_its_figures_kept_for_the_end() -> None:
    text = text_of(lambda console: show_turn(GIL, console))
    assert text.startswith("gil: ")
    assert "1 core: CPUs" in text
    assert text.count("✓ It is faster.") == 2
    assert "wall" not in text


def test_a_broken_lab_is_told_in_its_place() -> None:
    assert text_of(lambda console: show_turn(BROKEN, console)) == "race: not run: labs/race.py:3: syntax error\n\n"


def test_the_summary_counts_the_claims_of_each_lab_and_of_all() -> None:
    assert summary(HELD.turns) == [
        ("gil", "2", "0", "1", "1", "2 min"),
        ("race", "0", "0", "0", "0", "not run"),
        ("talk", "0", "0", "0", "0", "skipped"),
        ("all", "2", "0", "1", "1", "2 min"),
    ]


def test_the_end_is_each_lab_side_by_side_and_then_the_summary() -> None:
    text = text_of(lambda console: show_end(HELD, console))
    tables, _, rest = text.partition("My [class]\n")
    assert "1 core" in tables
    assert "2 cores" in tables
    assert "20260101-120000-gil-c2-3.14-0000" in tables
    assert [line.split()[0] for line in rest.splitlines()] == [
        "lab",
        "gil",
        "race",
        "talk",
        "all",
        "gil:",
        "race:",
        "talk:",
    ]
    assert "race: not run: labs/race.py:3: syntax error" in rest
    assert "gil: skipped cores 4: too few" in rest


def test_runs_that_are_never_compared_say_why_in_place_of_their_table() -> None:
    run = run_of("gil", 1, "holds")
    run["placement"] = {**run["placement"], "pinned": False, "valid": False}
    held = Held(HELD.workshop, "first", (turn("gil", run),), 3)
    assert text_of(lambda console: show_end(held, console)).startswith("gil: unpinned, so nothing is compared\n")


def test_the_document_is_that_of_a_lab_over_all_labs_and_what_became_of_each() -> None:
    told = json.loads(json.dumps(document(HELD)))
    assert set(told) == {"runs", "verdicts", "exit_code", "workshop"}
    assert [run["run_id"] for run in told["runs"]] == [record["run_id"] for record in GIL.records]
    assert told["exit_code"] == 3
    gil, race, talk = told["workshop"]["labs"]
    assert gil["verdicts"] == {"holds": 2, "refuted": 0, "inconclusive": 1, "skipped": 1}
    assert gil["runs"] == [record["run_id"] for record in GIL.records]
    assert (race["state"], race["fault"], race["runs"]) == ("broken", "labs/race.py:3: syntax error", [])
    assert (talk["state"], talk["skipped"]) == ("skipped", "4: too few")
