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
        short: Whether fewer or smaller repetitions were asked for: then it only shows that it works.
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


@dataclass(frozen=True)
class Words:
    """What a table says in one language.

    Attributes:
        header: Its columns.
        to: Between the ends of an interval.
        met: Of a goal.
        not_met: Of a goal.
        not_run: Before the reason.
    """

    header: tuple[str, ...]
    to: str
    met: str
    not_met: str
    not_run: str


ENGLISH = Words(
    ("#", "what", "figure", "peer", "ratio", "95 % interval (n)", "goal", "met"), "to", "met", "**not met**", "not run"
)


def to_json(outcome: Outcome) -> dict[str, Any]:
    """An outcome as JSON has it, with whether each goal is met."""
    document = dataclasses.asdict(outcome)
    for entry, figure in zip(document["figures"], outcome.figures, strict=True):
        entry["met"] = figure.met
    return document


def from_json(document: dict[str, Any]) -> Outcome:
    """The outcome that `to_json` gave."""
    figures = tuple(_figure(entry) for entry in document["figures"])
    return Outcome(**{**document, "figures": figures, "not_run": tuple(document["not_run"])})


def _figure(entry: dict[str, Any]) -> Figure:
    given = {key: value for key, value in entry.items() if key != "met"}
    return Figure(**{**given, "limit": Limit(**entry["limit"])})


def write(outcome: Outcome, folder: Path) -> None:
    """Keep the outcome of a goal in place of an earlier one."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(to_json(outcome), indent=1, ensure_ascii=False)
    (folder / f"goal-{outcome.goal:02}.json").write_text(text + "\n", encoding="utf-8")


def read_all(folder: Path) -> list[Outcome]:
    """The outcomes that are kept, by goal."""
    paths = sorted(folder.glob("goal-*.json"))
    return [from_json(json.loads(path.read_text(encoding="utf-8"))) for path in paths]


def table(outcomes: Iterable[Outcome], words: Words = ENGLISH) -> str:
    """The outcomes as a Markdown table, and what else to know of them."""
    lines = [f"| {' | '.join(words.header)} |", f"|{'---|' * len(words.header)}"]
    notes: list[str] = []
    for outcome in outcomes:
        for figure in outcome.figures:
            lines.append(_row(outcome, figure, words))
            if figure.note:
                notes.append(f"{outcome.goal}, {figure.what}: {figure.note}")
        lines += [
            f"| {outcome.goal} | {outcome.title} | – | – | – | – | – | {words.not_run}: {reason.replace('|', '/')} |"
            for reason in outcome.not_run
        ]
        if outcome.short:
            notes.append(f"{outcome.goal}: a short run, which only shows that it works")
    return "\n".join(lines + [""] + [f"- {note}." for note in notes]).rstrip() + "\n"


def _row(outcome: Outcome, figure: Figure, words: Words) -> str:
    beside = f"{figure.peer}: {figure.peer_figure}" if figure.peer_figure else figure.peer
    cells: Sequence[str] = (
        str(outcome.goal),
        figure.what,
        figure.figure,
        beside,
        f"{figure.value:.3g}",
        f"{figure.low:.3g} {words.to} {figure.high:.3g} ({figure.pairs})",
        str(figure.limit),
        words.met if figure.met else words.not_met,
    )
    return f"| {' | '.join(cells)} |"
