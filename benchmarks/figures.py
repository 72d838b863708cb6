"""What a benchmark found: figures beside their peers, as a table, as JSON."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


class NotRun(Exception):
    """A goal cannot be measured here, and why, in a few words."""


@dataclass(frozen=True)
class Limit:
    """What a goal asks of a number.

    Attributes:
        kind: Whether the number may be at most or must be at least the bound.
        bound: The bound.
    """

    kind: Literal["<=", ">="]
    bound: float

    def met_by(self, low: float, high: float) -> bool:
        """Whether the whole interval is inside."""
        return high <= self.bound if self.kind == "<=" else low >= self.bound

    def __str__(self) -> str:
        return f"{'≤' if self.kind == '<=' else '≥'} {self.bound:g}"


@dataclass(frozen=True)
class Figure:
    """One number held against a goal.

    Attributes:
        what: What was measured.
        figure: It, with its unit.
        peer: What it stands beside.
        peer_figure: That, with its unit; "" where the peer is a limit.
        value: The number that the goal is about: the ratio of the two, or the figure itself.
        low: The lower end of its 95 % interval.
        high: The upper end.
        limit: What the goal asks of it.
        pairs: How many pairs or experiments it comes from.
        note: What else to know.
    """

    what: str
    figure: str
    peer: str
    peer_figure: str
    value: float
    low: float
    high: float
    limit: Limit
    pairs: int
    note: str = ""

    @property
    def met(self) -> bool:
        """Whether the interval's far end is inside the limit."""
        return self.limit.met_by(self.low, self.high)


@dataclass(frozen=True)
class Outcome:
    """What came of a goal.

    Attributes:
        goal: Its number.
        title: What it is about.
        figures: What was found.
        not_run: Why nothing, or not everything, was found.
        seconds: How long it took.
        short: Whether fewer and smaller repetitions were asked for: then it only shows that it works.
        when: The time in UTC, as ISO 8601.
        machine: On what.
    """

    goal: int
    title: str
    figures: tuple[Figure, ...]
    not_run: tuple[str, ...]
    seconds: float
    short: bool
    when: str
    machine: dict[str, Any] = field(default_factory=dict)


def write(outcome: Outcome, folder: Path) -> None:
    """Keep the outcome of a goal in place of an earlier one."""
    folder.mkdir(parents=True, exist_ok=True)
    document = dataclasses.asdict(outcome)
    for entry, figure in zip(document["figures"], outcome.figures, strict=True):
        entry["met"] = figure.met
    path = folder / f"goal-{outcome.goal:02}.json"
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_all(folder: Path) -> list[Outcome]:
    """The outcomes that are kept, by goal."""
    found = []
    for path in sorted(folder.glob("goal-*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        figures = tuple(_figure(entry) for entry in document.pop("figures"))
        not_run = tuple(document.pop("not_run"))
        found.append(Outcome(figures=figures, not_run=not_run, **document))
    return found


def _figure(entry: dict[str, Any]) -> Figure:
    del entry["met"]
    return Figure(**{**entry, "limit": Limit(**entry["limit"])})


def table(outcomes: Iterable[Outcome]) -> str:
    """The outcomes as a Markdown table."""
    lines = [
        "| # | what | figure | peer | value | 95 % interval | goal | met |",
        "|---|---|---|---|---|---|---|---|",
    ]
    notes: list[str] = []
    for outcome in outcomes:
        for figure in outcome.figures:
            lines.append(_row(outcome, figure))
            if figure.note:
                notes.append(f"{outcome.goal}, {figure.what}: {figure.note}")
        lines += [
            f"| {outcome.goal} | {outcome.title} | – | – | – | – | – | not run: {reason} |"
            for reason in outcome.not_run
        ]
        if outcome.short:
            notes.append(f"{outcome.goal}: a short run, which only shows that it works")
    return "\n".join(lines + [""] + [f"- {note}." for note in notes]).rstrip() + "\n"


def _row(outcome: Outcome, figure: Figure) -> str:
    beside = f"{figure.peer}: {figure.peer_figure}" if figure.peer_figure else figure.peer
    cells: Sequence[str] = (
        str(outcome.goal),
        figure.what,
        figure.figure,
        beside,
        f"{figure.value:.3g}",
        f"{figure.low:.3g} to {figure.high:.3g} ({figure.pairs})",
        str(figure.limit),
        "met" if figure.met else "**not met**",
    )
    return f"| {' | '.join(cells)} |"
