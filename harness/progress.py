"""What is shown on a terminal while a sweep runs, and nowhere else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from harness.verdict import INCONCLUSIVE

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self, TextIO

    from rich.status import Status

    from harness.sweep import State


class Progress:
    """One line that is written over again: round, last sample, claims settled, time.

    Args:
        name: The lab.
        stream: Where to; where it is no terminal, nothing is shown.
    """

    def __init__(self, name: str, stream: TextIO) -> None:
        self._name = name
        self._stream = stream
        self._status: Status | None = None
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        if self._stream.isatty():
            from rich.console import Console

            console = Console(file=self._stream, markup=False, highlight=False)
            self._status = console.status(f"{self._name}: starting", spinner="line")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def show(self, state: State) -> None:
        """Show how far the sweep is."""
        if self._status is not None:
            self._status.update(line(self._name, state, time.monotonic() - self._began))


def line(name: str, state: State, seconds: float) -> str:
    """How far a sweep is, in one line.

    Args:
        name: The lab.
        state: Of the sweep.
        seconds: Since its command began.
    """
    parts = [f"{name}: round {state.rounds + 1}"]
    if state.sample is not None:
        wall = state.sample.get("wall_seconds")
        took = f" {wall:.2f} s" if wall is not None else ""
        parts.append(f"{state.sample['variant']}{took} {state.sample['outcome'].replace('_', ' ')}")
    every = [verdict["verdict"] for of_run in state.verdicts.values() for verdict in of_run]
    if every:
        parts.append(f"{len(every) - every.count(INCONCLUSIVE)} of {len(every)} claims settled")
    parts.append(f"{seconds:.0f} s, at most {state.budget_seconds:.0f} s of rounds")
    return " · ".join(parts)
