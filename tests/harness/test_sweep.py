"""A sweep: rounds in seeded random order until all claims are settled or the time is up; no machine and no clock."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from harness import intervals, sweep
from harness.errors import PinlabError
from harness.sweep import Policy, State, conduct, is_due, is_settled
from tests.made_up import made_up_request

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.request import Request

    Message = dict[str, Any]

FOREVER = Policy(fixed_rounds=None, budget_seconds=1e9, seed=1)


class MadeUpSession:
    """A session that answers at once, and keeps what it is told.

    Args:
        requests: Its runs.
        outcome: How a cell ends, by run, variant and round.
        verdict: What its one claim comes to, by the round of the look.
        said: What to say in place of the answer to a command, by what it asks for.
    """

    def __init__(
        self,
        *requests: Request,
        outcome: Callable[[str, str, int], str] = lambda _run, _variant, _round: "finished",
        verdict: Callable[[int], str] = lambda _round: "inconclusive",
        said: dict[str, Message] | None = None,
    ) -> None:
        self.requests = requests
        self.commands: list[Message] = []
        self.log: list[str] = []
        self._outcome = outcome
        self._verdict = verdict
        self._instead = said or {}
        self._round = 0
        self._said: list[Message] = [self._instead.get("ready", {"say": "ready"})]

    def open(self) -> None: ...
    def stop(self) -> None: ...
    def remove(self) -> None: ...

    def collect(self) -> list[Path]:
        return []

    def send(self, command: Message) -> None:
        self.commands.append(command)
        self._said += [self._instead[command["do"]]] if command["do"] in self._instead else self._answers(command)

    def receive(self, timeout_seconds: float) -> Message:
        assert timeout_seconds > 0
        return self._said.pop(0)

    def _answers(self, command: Message) -> list[Message]:
        if command["do"] == "round":
            self._round = command["round"]
            samples = [
                {
                    "say": "sample",
                    "run": run,
                    "sample": {"variant": variant, "outcome": self._outcome(run, variant, self._round)},
                }
                for run, variant in command["order"]
            ]
            return [*samples, {"say": "something new"}, {"say": "round"}]
        if command["do"] == "judge":
            verdicts = {
                each.run_id: [{"claim": "it", "verdict": self._verdict(self._round + 1)}] for each in self.requests
            }
            return [{"say": "judged", "verdicts": verdicts}]
        return [{"say": "closed"}]

    def rounds(self) -> list[list[tuple[str, str]]]:
        return [command["order"] for command in self.commands if command["do"] == "round"]

    def looks(self) -> list[int]:
        """After how many rounds the claims were judged."""
        done, found = 0, []
        for command in self.commands:
            done += command["do"] == "round"
            found += [done] * (command["do"] == "judge")
        return found


def run_named(run_id: str, **changes: Any) -> Request:
    return made_up_request(run_id=run_id, **changes)


def swept(*sessions: MadeUpSession, policy: Policy = FOREVER, clock: Callable[[], float] = lambda: 0.0) -> State:
    return conduct(sessions, policy, lambda _state: None, clock)


def test_every_round_runs_every_cell_of_every_session_once() -> None:
    sessions = [MadeUpSession(run_named("a"), run_named("at")), MadeUpSession(run_named("b"))]
    swept(*sessions, policy=Policy(5, 1e9, 1))
    for session, runs in zip(sessions, (("a", "at"), ("b",)), strict=True):
        assert len(session.rounds()) == 5
        for order in session.rounds():
            assert sorted(order) == sorted((run, variant) for run in runs for variant in ("slow", "fast"))


def test_the_order_is_random_and_can_be_had_again_by_its_seed() -> None:
    def order(seed: int) -> list[list[tuple[str, str]]]:
        session = MadeUpSession(run_named("a"), run_named("at"))
        swept(session, policy=Policy(30, 1e9, seed))
        return session.rounds()

    assert order(1) == order(1)
    assert order(1) != order(2)
    firsts = Counter(cells[0] for cells in order(1))
    assert len(firsts) == 4


def test_the_sessions_of_a_round_come_in_random_order_and_one_after_the_other() -> None:
    turns: list[str] = []
    sessions = []
    for name in "ab":
        session = MadeUpSession(run_named(name), outcome=lambda run, _variant, _round: turns.append(run) or "finished")  # type: ignore[func-returns-value]
        sessions.append(session)
    swept(*sessions, policy=Policy(30, 1e9, 1))
    rounds = ["".join(turns[start : start + 4]) for start in range(0, len(turns), 4)]
    assert set(rounds) == {"aabb", "bbaa"}


def test_it_stops_at_the_first_look_at_which_every_claim_is_settled() -> None:
    sessions = [
        MadeUpSession(run_named("a"), verdict=lambda rounds: "holds" if rounds >= 12 else "inconclusive"),
        MadeUpSession(run_named("b"), verdict=lambda rounds: "refuted" if rounds >= 15 else "skipped"),
    ]
    state = swept(*sessions)
    assert state.rounds == 12
    assert state.stopped_because == "every claim is settled"
    assert {run: verdict["verdict"] for run, [verdict] in state.verdicts.items()} == {"a": "holds", "b": "skipped"}


def test_claims_are_judged_when_that_is_due_and_once_at_the_end() -> None:
    session = MadeUpSession(run_named("a"))
    state = swept(session)
    assert session.looks() == list(sweep.JUDGED_AFTER)
    assert state.stopped_because == "90 rounds are as many as claims are judged by"
    assert state.rounds == intervals.MOST_PAIRS


def test_a_lab_whose_claims_need_no_pairs_is_done_after_three_rounds() -> None:
    session = MadeUpSession(run_named("a"), verdict=lambda _rounds: "holds")
    assert swept(session).rounds == 3
    assert session.looks() == [3]


def test_a_number_of_rounds_that_was_fixed_is_kept_to_and_judged_once() -> None:
    session = MadeUpSession(run_named("a"), verdict=lambda _rounds: "holds")
    state = swept(session, policy=Policy(10, 0.0, 1), clock=iter(range(100)).__next__)
    assert (state.rounds, session.looks()) == (10, [10])
    assert state.stopped_because == "10 rounds were asked for"


def test_no_round_begins_after_the_time_is_up_and_what_there_is_is_judged() -> None:
    session = MadeUpSession(run_named("a"))
    state = swept(session, policy=Policy(None, 25.0, 1), clock=iter(range(0, 1000, 10)).__next__)
    assert state.rounds == 3
    assert session.looks() == [3]
    assert state.stopped_because == "the time of 25 s is up"


def test_rounds_after_the_last_judging_are_judged_too_when_the_time_is_up() -> None:
    session = MadeUpSession(run_named("a"))
    swept(session, policy=Policy(None, 85.0, 1), clock=iter(range(0, 1000, 10)).__next__)
    assert session.looks() == [3, 8, 9]


def test_a_lab_without_claims_runs_until_its_time_is_up() -> None:
    assert not is_settled({})
    assert not is_settled({"a": []})
    assert is_settled({"a": [], "b": [{"verdict": "skipped"}]})
    assert not is_settled({"a": [{"verdict": "holds"}], "b": [{"verdict": "inconclusive"}]})


def test_judging_is_due_before_the_first_measured_claim_can_be_settled_and_as_soon_as_it_can() -> None:
    fewest = intervals.fewest_pairs()
    assert [rounds for rounds in range(fewest + 1) if is_due(rounds)] == [3, fewest]


def test_a_variant_that_did_not_end_as_it_is_meant_to_is_not_run_again_in_that_run() -> None:
    session = MadeUpSession(
        run_named("a"),
        run_named("at"),
        outcome=lambda run, variant, round_: "crashed" if (run, variant, round_) == ("a", "fast", 2) else "finished",
    )
    state = swept(session, policy=Policy(5, 1e9, 1))
    counts = Counter(cell for order in session.rounds() for cell in order)
    assert counts == {("a", "slow"): 5, ("a", "fast"): 3, ("at", "slow"): 5, ("at", "fast"): 5}
    assert state.dropped == {("a", "fast"): "crashed"}


def test_a_variant_that_is_meant_to_hang_is_run_again_when_it_hangs_and_not_when_it_ends() -> None:
    asked = run_named("a", variants={"slow": "deadlocked", "fast": "deadlocked"})
    session = MadeUpSession(
        asked, outcome=lambda _run, variant, _round: "deadlocked" if variant == "slow" else "finished"
    )
    swept(session, policy=Policy(4, 1e9, 1))
    assert Counter(variant for order in session.rounds() for _, variant in order) == {"slow": 4, "fast": 1}


@pytest.mark.parametrize("policy", [FOREVER, Policy(1000, 1e9, 1)])
def test_it_stops_when_no_variant_is_left(policy: Policy) -> None:
    session = MadeUpSession(run_named("a"), outcome=lambda _run, _variant, _round: "crashed")
    state = swept(session, policy=policy)
    assert (state.rounds, state.stopped_because) == (1, "no variant is left to run")
    assert session.looks() == [1]


@pytest.mark.parametrize("when", ["ready", "round", "judge", "close"])
def test_a_session_that_failed_ends_the_sweep_with_its_own_words_and_code(when: str) -> None:
    session = MadeUpSession(run_named("a"), said={when: {"say": "failed", "why": "no such lab", "exit_code": 2}})
    with pytest.raises(PinlabError, match="no such lab") as told:
        swept(session, policy=Policy(1, 1e9, 1))
    assert told.value.exit_code == 2


def test_a_session_that_was_stopped_is_a_fault_of_ours() -> None:
    session = MadeUpSession(run_named("a"), said={"round": {"say": "stopped", "why": "the lifetime is over"}})
    with pytest.raises(PinlabError, match="the lifetime is over") as told:
        swept(session)
    assert told.value.exit_code == 70


def test_every_session_is_closed_and_judged_with_all_runs_of_the_sweep() -> None:
    sessions = [MadeUpSession(run_named("a"), run_named("at")), MadeUpSession(run_named("b"))]
    swept(*sessions, policy=Policy(1, 1e9, 1))
    for session in sessions:
        assert session.commands[-2:] == [{"do": "judge", "peers": ["a", "at", "b"]}, {"do": "close"}]


def test_what_is_shown_grows_sample_by_sample() -> None:
    seen: list[tuple[int, Any]] = []
    session = MadeUpSession(run_named("a"))
    conduct([session], Policy(2, 60.0, 1), lambda state: seen.append((state.rounds, state.sample)), lambda: 0.0)
    assert [rounds for rounds, _ in seen] == [0, 0, 1, 1, 2]
