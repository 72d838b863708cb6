from __future__ import annotations

import io

from harness import progress
from harness.sweep import State


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_tells_round_sample_claims_and_time() -> None:
    sample = {"variant": "threads", "wall_seconds": 0.512, "outcome": "finished"}
    verdicts = {"run": [{"verdict": "holds"}, {"verdict": "inconclusive"}, {"verdict": "skipped"}]}
    state = State(rounds=7, budget_seconds=40.0, sample=sample, verdicts=verdicts)
    assert progress.line("gil", state, 12.4) == (
        "gil: round 8 · threads 0.51 s finished · 2 of 3 claims settled · 12 s, at most 40 s of rounds"
    )


def test_a_sample_without_a_time_is_told_by_its_outcome() -> None:
    state = State(sample={"variant": "spin", "outcome": "timed_out"})
    assert "spin timed out" in progress.line("lab", state, 0.0)


def test_nothing_is_shown_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    with progress.Progress("gil", stream) as shown:
        shown.show(State())
    assert stream.getvalue() == ""


def test_a_terminal_is_written_to_only_when_there_is_something_new() -> None:
    stream = Terminal()
    with progress.Progress("gil", stream) as shown:
        assert shown._live is not None
        assert not shown._live.auto_refresh
        shown.show(State(rounds=2))
    assert "gil: round 3" in stream.getvalue()
