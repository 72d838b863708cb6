"""Made-up outcomes of goals."""

from __future__ import annotations

import dataclasses
from typing import Any

from benchmarks.figures import Figure, Limit, Outcome

FIGURE = Figure(
    what="`invoke labs`",
    figure="90 ms",
    peer="bare invoke",
    peer_figure="84 ms",
    value=1.07,
    low=1.05,
    high=1.1,
    limit=Limit("<=", 1.2),
    pairs=25,
)


def figure(**changes: Any) -> Figure:
    """A figure that meets its goal, unless it is changed."""
    return dataclasses.replace(FIGURE, **changes)


def outcome(*figures: Figure, **changes: Any) -> Outcome:
    """An outcome of these figures."""
    found = Outcome(
        goal=6,
        title="how soon the command line answers",
        figures=figures,
        not_run=(),
        seconds=40.0,
        short=False,
        when="2026-01-01T00:00:00+00:00",
        machine={"model": "A CPU", "system": "Linux 6.1", "cpus": 2, "load": 0.1},
    )
    return dataclasses.replace(found, **changes)
