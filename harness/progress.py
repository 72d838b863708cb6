"""What is shown on a terminal while a sweep runs, and nowhere else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from harness.verdict import INCONCLUSIVE

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self, TextIO

    from rich.live import Live

    from harness.sweep import State


class Progress:
    """One line that is written over again after each sample: round, last sample, claims settled, time.

    Nothing of it runs between two samples: it must not take a CPU from what is measured.

    Args:
        name: The lab.
        stream: Where to; where it is no terminal, nothing is shown.
    """

    def __init__(self, name: str, stream: TextIO) -> None:
        self._name = name
        self._stream = stream
        self._live: Live | None = None
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        if self._stream.isatty():
            from rich.console import Console
            from rich.live import Live
            from rich.text import Text

            console = Console(file=self._stream, markup=False, highlight=False)
            starting = Text(f"{self._name}: starting", style="dim")
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

            text = Text(line(self._name, state, time.monotonic() - self._began), no_wrap=True, overflow="ellipsis")
            self._live.update(text, refresh=True)


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
