"""What is shown on a terminal while a sweep runs, and nowhere else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from harness.verdict import HOLDS, INCONCLUSIVE, REFUTED, SKIPPED

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self, TextIO

    from rich.live import Live

    from harness.sweep import State

MARKS = {REFUTED: "✗", INCONCLUSIVE: "?", HOLDS: "✓"}
"""Of the claims that are shown: what is to be known of a claim that several runs are judged by comes first."""


class Progress:
    """One line that is written over again after each sample: round, time left, last sample, claims by name.

    Nothing of it runs between two samples: it must not take a CPU from what is measured.

    Args:
        name: The lab.
        stream: Where to; where it is no terminal, nothing is shown.
    """

    def __init__(self, name: str, stream: TextIO) -> None:
        self._name = name
        self._stream = stream
        self._live: Live | None = None
        self._rounds_began: float | None = None
        self._rounds = 0

    def __enter__(self) -> Self:
        if self._stream.isatty():
            from rich.live import Live
            from rich.text import Text

            from harness.report import console_for

            starting = Text(f"{self._name}: starting", style="dim")
            console = console_for(self._stream)
            self._live = Live(starting, console=console, auto_refresh=False, transient=True)
            self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, state: State) -> None:
        """Show how far the sweep is."""
        if self._live is not None:
            from rich.text import Text

            text = Text(line(self._name, state, self._since_rounds_began(state)), no_wrap=True, overflow="ellipsis")
            self._live.update(text, refresh=True)

    def _since_rounds_began(self, state: State) -> float:
        """Seconds by now, from what the sweep says at the end of each round; before, from the first sample on."""
        now = time.monotonic()
        if self._rounds_began is None or state.rounds != self._rounds:
            self._rounds_began, self._rounds = now - state.seconds, state.rounds
        return now - self._rounds_began


def line(name: str, state: State, seconds: float) -> str:
    """How far a sweep is, in one line; what matters least comes last, where a narrow terminal cuts it off.

    Args:
        name: The lab.
        state: Of the sweep.
        seconds: Since its first round began.
    """
    parts = [f"{name}: {_stage(state)}", *_left(state, seconds)]
    if state.sample is not None:
        wall = state.sample.get("wall_seconds")
        took = f" {wall:.2f} s" if wall is not None else ""
        parts.append(f"{state.sample['variant']}{took} {state.sample['outcome'].replace('_', ' ')}")
    claims = _claims(state)
    if claims:
        parts.append("  ".join(f"{MARKS[verdict]} {claim}" for claim, verdict in claims.items()))
    return " · ".join(parts)


def _stage(state: State) -> str:
    """The round that is under way, and of how many; after the last, how many there were."""
    if state.stopped_because or state.rounds == state.fixed_rounds:
        return f"{state.rounds} round{'s' if state.rounds != 1 else ''} done"
    return f"round {state.rounds + 1}" + (f" of {state.fixed_rounds}" if state.fixed_rounds else "")


def _left(state: State, seconds: float) -> list[str]:
    """How long it may still take: what is left of the budget, or as long as the rounds that were fixed take so far."""
    if state.stopped_because or state.rounds == state.fixed_rounds:
        return []
    if state.fixed_rounds is None:
        left = state.budget_seconds - seconds
        return [f"at most {left:.0f} s left" if left >= 1 else "the last round"]
    if not state.rounds:
        return []
    return [f"about {max(0.0, state.seconds * state.fixed_rounds / state.rounds - seconds):.0f} s left"]


def _claims(state: State) -> dict[str, str]:
    """What each claim has come to, over all runs, in the lab's order; without those that were skipped everywhere."""
    found: dict[str, list[str]] = {}
    for of_run in state.verdicts.values():
        for verdict in of_run:
            found.setdefault(verdict["claim"], []).append(verdict["verdict"])
    worst = {claim: next((mark for mark in MARKS if mark in values), SKIPPED) for claim, values in found.items()}
    return {claim: verdict for claim, verdict in worst.items() if verdict != SKIPPED}
