from __future__ import annotations

import io

from harness import progress
from harness.sweep import State


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


SAMPLE = {"variant": "threads", "wall_seconds": 0.512, "outcome": "finished"}


def verdicts(**by_claim: str) -> list[dict[str, str]]:
    return [{"claim": claim, "verdict": verdict} for claim, verdict in by_claim.items()]


def test_a_line_tells_the_round_the_time_left_the_sample_and_which_claims_are_settled() -> None:
    of_run = verdicts(threads_are_no_faster="holds", processes_help="inconclusive", a_bound="refuted", other="skipped")
    state = State(rounds=7, budget_seconds=40.0, sample=SAMPLE, verdicts={"run": of_run})
    head = "gil: round 8 · at most 28 s left · threads 0.51 s finished"
    assert progress.line("gil", state, 12.4) == f"{head} · ✓ threads_are_no_faster  ? processes_help  ✗ a_bound"


def test_a_claim_of_several_runs_is_settled_when_it_is_in_each_and_shown_once() -> None:
    of_runs = {
        "c1": verdicts(a="holds", b="skipped", c="refuted"),
        "c2": verdicts(a="inconclusive", b="holds", c="holds"),
    }
    line = progress.line("gil", State(budget_seconds=40.0, verdicts=of_runs), 0.0)
    assert line.endswith("? a  ✓ b  ✗ c")


def test_before_the_claims_are_judged_none_is_shown() -> None:
    assert progress.line("gil", State(budget_seconds=40.0), 3.0) == "gil: round 1 · at most 37 s left"


def test_when_the_time_is_up_the_last_round_is_under_way() -> None:
    assert progress.line("gil", State(rounds=9, budget_seconds=40.0), 41.0) == "gil: round 10 · the last round"


def test_rounds_that_were_fixed_are_counted_down_at_the_pace_of_those_that_are_done() -> None:
    assert progress.line("gil", State(fixed_rounds=12), 1.0) == "gil: round 1 of 12"
    state = State(rounds=3, seconds=6.0, fixed_rounds=12)
    assert progress.line("gil", state, 8.0) == "gil: round 4 of 12 · about 16 s left"
    done = State(rounds=12, seconds=24.0, fixed_rounds=12)
    assert progress.line("gil", done, 25.0) == "gil: 12 rounds done"


def test_after_the_last_round_no_time_is_left_to_tell() -> None:
    state = State(rounds=1, budget_seconds=40.0, stopped_because="every claim is settled")
    assert progress.line("gil", state, 9.0) == "gil: 1 round done"


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
        shown.show(State(rounds=2, verdicts={"run": verdicts(**{"a_claim_with_a_name" * 9: "holds"})}))
    assert "gil: round 3" in stream.getvalue()
    assert "a_claim_with_a_name" * 9 not in stream.getvalue(), "it is cut to the terminal's width"
