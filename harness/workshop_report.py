"""What is shown of a workshop: each lab's claims after its turn, at the end all labs side by side and a summary."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.text import Text

from harness import compare, outcome
from harness.comparability import unfit
from harness.report import MARKS, clean, show_runs, show_table
from harness.workshop_plan import in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.console import Console

    from harness.workshop_run import Held, Turn

HEADER = ("lab", *MARKS, "took")


def show_turn(turn: Turn, console: Console) -> None:
    """Show a lab's claims right after its turn; its figures come at the end, with those of all labs."""
    if turn.records:
        show_runs(turn.records, console, brief=True)
    else:
        console.print(Text(clean(f"{turn.entry.lab}: not run: {turn.fault}"), style="red"))
    console.print()


def show_end(held: Held, console: Console) -> None:
    """Show the labs of a workshop side by side, over cores and interpreters, and what their claims came to."""
    for turn in held.turns:
        if any(unfit(record) is None for record in turn.records):
            compare.show_comparison(compare.compare(turn.records), console)
        elif turn.records:
            why = " and ".join(dict.fromkeys(str(unfit(record)) for record in turn.records))
            console.print(Text(clean(f"{turn.entry.lab}: {why}, so nothing is compared")))
            console.print()
    console.print(Text(clean(held.workshop.title), style="bold"))
    show_table(HEADER, summary(held.turns), console)
    for turn in held.turns:
        if turn.fault:
            console.print(Text(clean(f"{turn.entry.lab}: not run: {turn.fault}"), style="red"))
        if turn.skipped:
            console.print(Text(clean(f"{turn.entry.lab}: skipped cores {turn.skipped}"), style="dim"))


def summary(turns: Iterable[Turn]) -> list[tuple[str, ...]]:
    """A row of HEADER for each lab, and one for all of them."""
    rows, every, seconds = [], Counter[str](), 0.0
    for turn in turns:
        counts = counted(turn)
        every += counts
        seconds += turn.seconds
        took = in_words(turn.seconds) if turn.records else {"broken": "not run"}.get(turn.state, turn.state)
        rows.append((turn.entry.lab, *_figures(counts), took))
    return [*rows, ("all", *_figures(every), in_words(seconds))]


def counted(turn: Turn) -> Counter[str]:
    """How many of a lab's claims hold, are refuted, inconclusive and skipped, over all its runs."""
    return Counter(verdict["verdict"] for verdict in outcome.verdicts_of(turn.records))


def document(held: Held) -> dict[str, Any]:
    """The one document that --json prints: that of `invoke lab` over all labs, and what the workshop was."""
    records = [record for turn in held.turns for record in turn.records]
    workshop = held.workshop
    return {
        **outcome.document(records, held.exit_code),
        "workshop": {
            "name": workshop.given,
            "title": workshop.title,
            "labs": [_turn_to_json(turn) for turn in held.turns],
        },
    }


def _turn_to_json(turn: Turn) -> dict[str, Any]:
    counts = counted(turn)
    return {
        "lab": turn.entry.lab,
        "state": turn.state,
        "runs": [record["run_id"] for record in turn.records],
        "verdicts": {verdict: counts[verdict] for verdict in MARKS},
        "budget_seconds": turn.budget_seconds,
        "seconds": turn.seconds,
        "resumed": turn.resumed,
        "skipped": turn.skipped,
        "fault": turn.fault,
    }


def _figures(counts: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(str(counts.get(verdict, 0)) for verdict in MARKS)
