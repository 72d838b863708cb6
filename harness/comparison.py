"""A comparison as data: one column a run, one row a variant, made from records alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.figures import Figure, Figures, figures_of, over_fewer_cores
from harness.findings import Run
from harness.machine import format_cpus
from harness.report import interpreter_line, placement_line, whose_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.comparability import Choice

    Record = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One variant in one run.

    Attributes:
        figures: What it took, within its run.
        over_fewest: How many times faster than on the fewest cores under the same interpreter; no value on those.
    """

    figures: Figures
    over_fewest: Figure


@dataclass(frozen=True)
class Column:
    """One run of a comparison.

    Attributes:
        run_id: The run.
        cores: How many CPUs it had.
        python: The interpreter that was asked for.
        interpreter: What that is.
        cpus: The CPUs, as the kernel writes them.
        proof: The proof that it ran on those.
        rounds: How many rounds were done.
        fewest_cores: The least number of cores under this interpreter in the comparison.
        rows: One a variant, in the lab's order.
        verdicts: What came of the lab's claims.
    """

    run_id: str
    cores: int
    python: str
    interpreter: str
    cpus: str
    proof: str
    rounds: int
    fewest_cores: int
    rows: tuple[Row, ...]
    verdicts: tuple[Record, ...]


@dataclass(frozen=True)
class Comparison:
    """Runs of one lab, side by side.

    Attributes:
        lab: The lab.
        question: Its question.
        columns: The runs, by interpreter and cores.
        left_out: What was left out and why, a line each.
        unlike: Where runs that differ were asked for all the same: in what, a line each.
        whose: Whose lab and variants they are, where they are not the repository's alone.
    """

    lab: str
    question: str
    columns: tuple[Column, ...]
    left_out: tuple[str, ...]
    unlike: tuple[str, ...]
    whose: str = ""


def comparison_of(choice: Choice) -> Comparison:
    """Lay out the runs that were chosen, at least one."""
    fewest: dict[str, tuple[Record, Run]] = {}
    columns = []
    for record in choice.records:
        run = Run(record)
        columns.append(_column(record, run, *fewest.setdefault(record["python"], (record, run))))
    return Comparison(
        lab=choice.records[0]["lab"],
        question=choice.records[0]["question"],
        columns=tuple(columns),
        left_out=choice.left_out,
        unlike=choice.unlike,
        whose=whose_line(choice.records[0]),
    )


def _column(record: Record, run: Run, fewest: Record, fewest_run: Run) -> Column:
    paired = record["sweep_id"] == fewest["sweep_id"]
    rows = []
    for figures in figures_of(record, run):
        over = over_fewer_cores(figures.name, fewest_run, run, paired=paired)
        rows.append(Row(figures, Figure(None, "") if run is fewest_run else over))
    return Column(
        run_id=record["run_id"],
        cores=record["cores"],
        python=record["python"],
        interpreter=interpreter_line(record),
        cpus=format_cpus(record["placement"]["requested"]),
        proof=placement_line(record),
        rounds=len(record["rounds"]),
        fewest_cores=fewest["cores"],
        rows=tuple(rows),
        verdicts=tuple(record["verdicts"]),
    )
