"""What each lab of a workshop gets of this machine: its sizes, its interpreters, its time."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.compose import offered_sizes
from harness.config import load_config
from harness.errors import UsageFault
from harness.lab_command import interpreters_at
from harness.plan import plan
from harness.toml_file import shown
from harness.workshop import MINUTES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.interpreters import Interpreter
    from harness.place import Place
    from harness.workshop import Entry, Workshop


@dataclass(frozen=True)
class Prepared:
    """A lab that can have its turn.

    Attributes:
        entry: Its place in the workshop.
        sizes: The sizes that the machine gives it; none where it is skipped.
        interpreters: What it is run under.
        config: How hard it is run.
        usual_seconds: The time for its rounds by that config.
        without: Why a size, or all of it, is skipped; empty where nothing is.
    """

    entry: Entry
    sizes: tuple[int, ...]
    interpreters: tuple[Interpreter, ...]
    config: str
    usual_seconds: float
    without: str


def prepare(workshop: Workshop, config: str | None, place: Place, root: Path) -> list[Prepared]:
    """Find for each lab what it gets; sizes that the machine cannot give are left out by name.

    Args:
        workshop: The workshop.
        config: How hard all of it is to be run, in place of what its file says.
        place: Where.
        root: The repository.

    Raises:
        UsageFault: If there is no such config, an interpreter is not there, or nothing is left to be run.
    """

    @functools.cache
    def interpreter(version: str | None) -> Interpreter:
        return interpreters_at(place, (version,))[0]

    prepared = [
        _prepared(entry, f"{workshop.path}: lab {number} ({entry.lab})", config, place, interpreter, root)
        for number, entry in enumerate(workshop.entries, 1)
    ]
    if not any(one.sizes for one in prepared):
        raise UsageFault(f"{workshop.path}: no lab of it can be run here: cores {prepared[0].without}")
    return prepared


def _prepared(
    entry: Entry,
    where: str,
    config: str | None,
    place: Place,
    interpreter: Callable[[str | None], Interpreter],
    root: Path,
) -> Prepared:
    """A lab with what it gets of this machine.

    Raises:
        UsageFault: If an interpreter is not there.
    """
    hard = load_config(config or entry.config, root, Path.cwd())
    try:
        interpreters = tuple(map(interpreter, entry.pythons or (None,)))
    except UsageFault as fault:
        raise UsageFault(f"{where}: python: {str(fault).removeprefix('--python ')}") from None
    try:
        chosen = plan(place.machine, offered_sizes(root), entry.cores)
    except UsageFault as fault:
        return Prepared(entry, (), (), hard.name, 0.0, str(fault).removeprefix("--cores "))
    usual = hard.budget_seconds * len(chosen.sets) * len(interpreters)
    without = "; ".join(f"{size}: {why}" for size, why in chosen.skipped.items())
    return Prepared(entry, tuple(chosen.sets), interpreters, hard.name, usual, without)


def tell_of_sizes(prepared: Sequence[Prepared], say: Callable[[str], None]) -> None:
    """Say once for each reason which labs do without a size."""
    without: dict[str, list[str]] = {}
    for one in prepared:
        if one.without:
            without.setdefault(one.without, []).append(one.entry.lab)
    for why, labs in without.items():
        say(f"{', '.join(labs)}: skipped cores {why}")


def shares(entries: Sequence[Entry], usual_seconds: Sequence[float], minutes: float | None) -> list[float]:
    """The time for the rounds of each lab: its own, or its share of what the others leave.

    Args:
        entries: The labs.
        usual_seconds: What each would take by its config; 0 for one that is not run.
        minutes: The time for all together; None where each takes its own, or what its config says.
    """
    run = [bool(usual) for usual in usual_seconds]
    own = [entry.budget_seconds if is_run else 0.0 for entry, is_run in zip(entries, run, strict=True)]
    sharing = sum(usual for usual, fixed in zip(usual_seconds, own, strict=True) if fixed is None)
    left = sharing if minutes is None else minutes * 60 - sum(fixed or 0.0 for fixed in own)
    return [left * usual / sharing if fixed is None else fixed for usual, fixed in zip(usual_seconds, own, strict=True)]


def fitted(seconds: Sequence[float], minutes: float) -> list[float]:
    """The labs' times made longer or shorter alike, so that together they are so many minutes."""
    whole = sum(seconds)
    return [one * minutes * 60 / whole for one in seconds] if whole else list(seconds)


def seconds_left(budgets: Sequence[float], done: Sequence[tuple[float, float]]) -> float:
    """How long what is left will take, as far as can be told.

    Args:
        budgets: The time that each lab which is left may take for its rounds.
        done: Of each lab that is done what it might have taken, and what it took.
    """
    allowed = sum(budget for budget, _ in done)
    rate = sum(took for _, took in done) / allowed if allowed else 1.0
    return sum(budgets) * rate


def in_words(seconds: float) -> str:
    """A length of time, as one says it."""
    if round(seconds) < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def minutes_of(text: str | None) -> float | None:
    """The time that --minutes gives all labs together; UsageFault where it is none."""
    if text is None:
        return None
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not MINUTES.least <= minutes <= MINUTES.most:
        span = f"from {MINUTES.least:g} to {MINUTES.most:,.0f}"
        raise UsageFault(f"--minutes {shown(text)}: give a number of minutes {span}, such as 20")
    return minutes
