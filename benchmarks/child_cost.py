"""Goal 5: what one measured child costs on the local runner, over an interpreter that starts and ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.bench import said
from benchmarks.figures import Figure, Limit, NotRun
from benchmarks.pairing import interleaved, ratio
from benchmarks.sweeps import NOOP, session_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.bench import Bench
    from harness.session import LocalSession

TITLE = "the local runner's cost per measured child"
CHILDREN = 6


def run(bench: Bench) -> Iterator[Figure | NotRun]:
    """Rounds of cells that do nothing, beside as many bare starts on the same CPU."""
    session = session_of(NOOP, {"nothing": "finished"}, bench, knobs={}, fixed_rounds=1)
    numbers = iter(range(1_000_000))
    try:
        session.open()
        _until(session, "ready")
        rounds = interleaved(
            [lambda: _cells(session, next(numbers)), lambda: _starts(bench)],
            bench.times(20, 5),
            bench.chance,
            bench.progress("cells and starts"),
        )
        session.send({"do": "close"})
        _until(session, "closed")
    finally:
        session.remove()
    found = ratio(rounds, bench.chance)
    ours, theirs = (sorted(column)[len(rounds) // 2] for column in zip(*rounds, strict=True))
    yield Figure(
        "one cell of a variant that does nothing, local runner",
        f"{ours * 1000:.0f} ms",
        "`python -c pass`",
        f"{theirs * 1000:.0f} ms",
        found.value,
        found.low,
        found.high,
        Limit("<=", 3),
        len(rounds),
    )


def _cells(session: LocalSession, round_: int) -> float:
    """Seconds a cell, from the end of the first to the end of the last of a round."""
    order = [(session.requests[0].run_id, "nothing")] * (CHILDREN + 1)
    session.send({"do": "round", "round": round_, "order": order})
    _until(session, "sample")
    start = time.perf_counter()
    for _ in range(CHILDREN):
        _until(session, "sample")
    seconds = time.perf_counter() - start
    _until(session, "round")
    return seconds / CHILDREN


def _starts(bench: Bench) -> float:
    start = time.perf_counter()
    for _ in range(CHILDREN):
        said([bench.python, "-c", "pass"], cpus=[bench.last_cpu])
    return (time.perf_counter() - start) / CHILDREN


def _until(session: LocalSession, what: str) -> None:
    while (message := session.receive(60.0))["say"] != what:
        if message["say"] in ("failed", "stopped"):
            raise NotRun(f"the local runner: {message['why']}")
