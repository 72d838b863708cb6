"""The text that shows predictions beside results, and for each difference the claim that explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from harness.prediction import CLOSE, DIFFERENT, RIGHT, UNCLEAR, reveals_of
from harness.report import clean, interpreter_line, show_table, show_verdicts
from harness.verdict import SKIPPED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from harness.prediction import Reveal

    Record = Mapping[str, Any]

MARKS = {RIGHT: "as predicted", CLOSE: "close", DIFFERENT: "different", UNCLEAR: "not clear"}


def show_reveals(records: Sequence[Record], console: Console) -> None:
    """Show for each run that has predictions how they stand to what was measured.

    Args:
        records: The runs, of one lab.
        console: Where to.
    """
    shown = [(record, reveals) for record in records if (reveals := reveals_of(record))]
    for record, reveals in shown:
        console.print()
        cores = f"{record['cores']} core{'s' if record['cores'] > 1 else ''}"
        which = f" ({cores}, {interpreter_line(record)})" if len(shown) > 1 else ""
        console.print(Text(clean(f"What you predicted, and what was measured{which}"), style="bold"))
        rows = [(one.what, one.predicted, one.measured, MARKS[one.mark]) for one in reveals]
        show_table(("prediction", "predicted", "measured", ""), rows, console)
        _show_explanations(reveals, record, console)
    if any(one.mark in (CLOSE, DIFFERENT) for _, reveals in shown for one in reveals):
        console.print(Text(clean(f"`./invoke show {records[0]['lab']}` tells the whole of it."), style="dim"))


def _show_explanations(reveals: Sequence[Reveal], record: Record, console: Console) -> None:
    """Show the claims that explain each difference, and why what was not clear was not."""
    for one in reveals:
        if one.mark in (CLOSE, DIFFERENT):
            console.print(Text(clean(f"{one.name}: {one.predicted} predicted, {one.measured} measured")))
            show_verdicts((verdict for verdict in record["verdicts"] if verdict["claim"] in one.claims), console)
    # how many pairs were dropped, and why, stands with the claims already
    unclear: dict[tuple[str, str], list[str]] = {}
    for one in reveals:
        if one.mark == UNCLEAR:
            what = "not judged here" if one.measured == SKIPPED else "not measured clearly enough to tell"
            short = one.reason.partition(" (")[0] if "dropped: " in one.reason else one.reason
            unclear.setdefault((what, short), []).append(one.name)
    for (what, reason), names in unclear.items():
        console.print(Text(clean(f"{', '.join(names)}: {what}: {reason}")))
