"""Runs of a lab side by side, as a table for people, for a web page and for programs.

It reads records and nothing else: what measured them need not be there any more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from harness import comparability
from harness.comparison import Column, Comparison, Row, comparison_of
from harness.errors import UsageFault
from harness.report import MARKS, clean, show_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rich.console import Console

    Record = dict[str, Any]

TO_ESCAPE = re.compile(r"([\\`*_\[\]{}|~$])")
TO_ESCAPE_AT_THE_START = re.compile(r"^(\d*)([-+#=.)])(?!\d)")
PROOF_HEADER = ("cores", "CPUs", "proven at", "rounds", "run")
LEGEND = "✓ holds, ✗ refuted, ? inconclusive, – skipped"


@dataclass(frozen=True)
class Section:
    """What is shown of the runs under one interpreter.

    Attributes:
        title: The interpreter.
        header: Names of the columns of figures.
        rows: One a variant.
        labels: Names of the runs.
        claims: For each claim the verdicts in the order of the runs ("" where one has none), and its sentence.
        remarks: Outcomes and reasons that do not fit into the tables.
        proofs: A row of PROOF_HEADER for each run.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    labels: tuple[str, ...]
    claims: tuple[tuple[tuple[str, ...], str], ...]
    remarks: tuple[str, ...]
    proofs: tuple[tuple[str, ...], ...]


def compare(
    records: Sequence[Record],
    asked: tuple[str, ...] = (),
    *,
    anyway: bool = False,
    whole: Callable[[Mapping[str, Any]], Record] | None = None,
) -> Comparison:
    """Put runs of a lab side by side.

    Args:
        records: The records there are, of one lab, or what `comparability.head` keeps of each.
        asked: The ids of the runs to compare; none takes the latest that can be compared.
        anyway: Whether to compare runs that were asked for and differ.
        whole: Gives the record of a head, for the runs that are chosen; by itself the records are whole.

    Raises:
        UsageFault: If there is nothing to compare, or runs that were asked for cannot be compared.
    """
    choice = comparability.named(records, asked, anyway=anyway) if asked else comparability.latest(records)
    if not choice.records:
        lab = records[0]["lab"] if records else "NAME"
        why = f" ({'; '.join(choice.left_out)})" if choice.left_out else ""
        raise UsageFault(f"no run to compare{why}: `invoke lab {lab} --cores 1,2` makes some")
    if whole is not None:
        choice = replace(choice, records=tuple(map(whole, choice.records)))
    return comparison_of(choice)


def compare_each(
    records: Sequence[Record],
    asked: tuple[str, ...] = (),
    *,
    anyway: bool = False,
    whole: Callable[[Mapping[str, Any]], Record] | None = None,
) -> tuple[Comparison, ...]:
    """The comparison asked for, or the latest one of each lab that has runs to compare.

    Args:
        records: The records there are.
        asked: As in `compare`.
        anyway: As in `compare`.
        whole: As in `compare`.

    Raises:
        UsageFault: As in `compare`.
    """
    if asked:
        return (compare(records, asked, anyway=anyway, whole=whole),)
    by_lab: dict[str, list[Record]] = {}
    for record in records:
        by_lab.setdefault(record["lab"], []).append(record)
    every = [of_lab for _, of_lab in sorted(by_lab.items())]
    with_runs = [of_lab for of_lab in every if not all(map(comparability.unfit, of_lab))]
    return tuple(compare(of_lab, whole=whole) for of_lab in with_runs or every[:1] or [[]])


def comparison_to_json(comparison: Comparison) -> dict[str, Any]:
    """A comparison as JSON has it: the rows of its table, with the numbers in full."""
    return {
        "lab": comparison.lab,
        "question": comparison.question,
        "unlike": list(comparison.unlike),
        "left_out": list(comparison.left_out),
        "rows": [_row_to_json(column, row) for column in comparison.columns for row in column.rows],
        "verdicts": [
            {"run_id": column.run_id, "cores": column.cores, "python": column.python, **verdict}
            for column in comparison.columns
            for verdict in column.verdicts
        ],
    }


def show_comparison(comparison: Comparison, console: Console) -> None:
    """Show a comparison: for each interpreter a column of times for each core count, the claims, and the proof."""
    console.print(Text(clean(f"{comparison.lab}: {comparison.question}"), style="bold"))
    if comparison.whose:
        console.print(Text(clean(comparison.whose)))
    for line in _banner(comparison):
        console.print(Text(clean(line), style="bold red"))
    for section in _sections(comparison):
        console.print()
        console.print(Text(clean(section.title), style="bold"))
        show_table(section.header, section.rows, console)
        _show_claims(section, console)
        for line in section.remarks:
            console.print(Text(clean(line)))
        show_table(PROOF_HEADER, section.proofs, console)
    if any(section.claims for section in _sections(comparison)):
        console.print(Text(LEGEND, style="dim"))
    for line in comparison.left_out:
        console.print(Text(clean(line), style="dim"))
    console.print()


def comparison_to_markdown(comparison: Comparison) -> str:
    """A comparison as GitHub's Markdown, such as a job's summary; whatever a lab or a machine says stays text."""
    lines = [f"### {_escaped(f'{comparison.lab}: {comparison.question}')}", ""]
    if comparison.whose:
        lines += [_escaped(comparison.whose), ""]
    for line in _banner(comparison):
        lines += [f"> **{_escaped(line)}**", ""]
    for section in _sections(comparison):
        lines += [f"**{_escaped(section.title)}**", ""]
        lines += _markdown_table(section.header, "l" + "r" * (len(section.header) - 1), section.rows)
        if section.claims:
            marked = [(*(_mark(value) for value in values), sentence) for values, sentence in section.claims]
            lines += _markdown_table((*section.labels, "claim"), "c" * len(section.labels) + "l", marked)
        lines += [*(f"- {_escaped(line)}" for line in section.remarks), ""] if section.remarks else []
        lines += _markdown_table(PROOF_HEADER, "lllrl", section.proofs)
    if any(section.claims for section in _sections(comparison)):
        lines += [_escaped(LEGEND), ""]
    lines += [f"- {_escaped(line)}" for line in comparison.left_out]
    return "\n".join(lines).rstrip() + "\n"


def _row_to_json(column: Column, row: Row) -> dict[str, Any]:
    figures = row.figures
    return {
        "run_id": column.run_id,
        "cores": column.cores,
        "python": column.python,
        "interpreter": column.interpreter,
        "cpus": column.cpus,
        "proof": column.proof,
        "rounds": column.rounds,
        "variant": figures.name,
        "outcome": figures.outcome,
        "wall_seconds": figures.wall.value,
        "speed_up": figures.speed_up.value,
        "efficiency": figures.efficiency.value,
        "cores_busy": figures.cores_busy.value,
        "fewest_cores": column.fewest_cores,
        "speed_up_over_fewest_cores": row.over_fewest.value,
        "samples_kept": figures.kept,
        "samples_dropped": figures.dropped,
    }


def _banner(comparison: Comparison) -> list[str]:
    if not comparison.unlike:
        return []
    return ["NOT ALIKE: more than cores and interpreter differs between these runs", *comparison.unlike]


def _sections(comparison: Comparison) -> list[Section]:
    by_python: dict[str, list[Column]] = {}
    for column in comparison.columns:
        by_python.setdefault(column.python, []).append(column)
    return [_section(columns) for columns in by_python.values()]


def _section(columns: Sequence[Column]) -> Section:
    labels = _labels(columns)
    over = f"over {_cores(columns[0].fewest_cores)}"
    header = ["variant", labels[0]]
    for label in labels[1:]:
        header += [label, over]
    variants = dict.fromkeys(row.figures.name for column in columns for row in column.rows)
    return Section(
        title=columns[0].interpreter,
        header=tuple(header),
        rows=tuple(_figures_of(variant, columns) for variant in variants),
        labels=labels,
        claims=_claims(columns),
        remarks=tuple(_remarks(columns, labels)),
        proofs=tuple(
            (label, column.cpus, "start and end", str(column.rounds), column.run_id)
            for label, column in zip(labels, columns, strict=True)
        ),
    )


def _figures_of(variant: str, columns: Sequence[Column]) -> tuple[str, ...]:
    """The cells of a variant: in the first column its time, in each other one that and how many times faster it is."""
    cells = [variant]
    for column in columns:
        row = next((row for row in column.rows if row.figures.name == variant), None)
        if row is None:
            cells += ["", ""]
        else:
            cells += [row.figures.outcome if row.figures.wall.value is None else row.figures.wall.text]
            cells += [row.over_fewest.text]
    return (*cells[:2], *cells[3:])


def _labels(columns: Sequence[Column]) -> tuple[str, ...]:
    """A name for each run: its cores, and where that does not tell them apart the end of its id."""
    counts = [column.cores for column in columns]
    return tuple(
        _cores(column.cores) + (f" {column.run_id[-4:]}" if counts.count(column.cores) > 1 else "")
        for column in columns
    )


def _cores(count: int) -> str:
    return f"{count} core{'s' if count != 1 else ''}"


def _claims(columns: Sequence[Column]) -> tuple[tuple[tuple[str, ...], str], ...]:
    sentences = dict.fromkeys(verdict["sentence"] for column in columns for verdict in column.verdicts)
    by_column = [{verdict["sentence"]: verdict["verdict"] for verdict in column.verdicts} for column in columns]
    return tuple((tuple(found.get(sentence, "") for found in by_column), sentence) for sentence in sentences)


def _remarks(columns: Sequence[Column], labels: Sequence[str]) -> Iterable[str]:
    """Samples that did not all finish, and why a claim is refuted or open; alike runs together."""
    where: dict[tuple[str, str, str], list[str]] = {}
    for column, label in zip(columns, labels, strict=True):
        for row in column.rows:
            if row.figures.wall.value is not None and "," in row.figures.outcome:
                yield f"{row.figures.name} on {label}: {row.figures.outcome}"
        for verdict in column.verdicts:
            if verdict["verdict"] in ("refuted", "inconclusive"):
                reasons = ", because ".join([verdict["reason"], *verdict["why"]])
                where.setdefault((verdict["claim"], verdict["verdict"], reasons), []).append(label)
    for (claim, value, reasons), on in where.items():
        yield f"{_mark(value)} {claim} on {' and '.join(on)}, {value}: {reasons}"


def _show_claims(section: Section, console: Console) -> None:
    if not section.claims:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for label in section.labels:
        table.add_column(Text(label), justify="center", no_wrap=True)
    table.add_column("claim", overflow="fold")
    for values, sentence in section.claims:
        marks = [Text(_mark(value), style=MARKS[value][1] if value else "") for value in values]
        table.add_row(*marks, Text(clean(sentence)))
    console.print(table)


def _mark(verdict: str) -> str:
    return MARKS[verdict][0] if verdict else ""


def _markdown_table(header: Sequence[str], alignment: str, rows: Iterable[Sequence[str]]) -> list[str]:
    rules = {"l": ":--", "c": ":-:", "r": "--:"}
    head, *body = (" | ".join(map(_escaped, row)) for row in (header, *rows))
    rule = " | ".join(rules[one] for one in alignment)
    return [*(f"| {line} |" for line in (head, rule, *body)), ""]


def _escaped(text: str) -> str:
    """Text that Markdown and HTML show as it is."""
    shown = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return TO_ESCAPE_AT_THE_START.sub(r"\1\\\2", TO_ESCAPE.sub(r"\\\1", shown.strip()))
