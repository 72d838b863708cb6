"""Conduct a sweep: rounds over all its sessions in seeded random order, until the claims are settled or time is up.

When the claims are judged is a matter of time alone: judging starts an interpreter for each run. It is no matter of
error, as a measured claim's interval is valid after each pair that was kept, and at all of them at once (see
`intervals`): a claim that is judged often, or once more because the time is up, or because another claim is still
open, comes to nothing that it would not come to otherwise. So no pair that was kept is wasted at the end.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from harness import intervals
from harness.errors import PinlabError
from harness.request import JUDGE_SECONDS
from harness.verdict import INCONCLUSIVE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.request import Request
    from harness.session import Session

SLACK_SECONDS = 30.0
"""How much longer than a cell's deadline a session may be silent."""
JUDGED_AFTER = (3, 8, 10, 12, 14, 16, 18, 21, 24, 27, 33, 40, 50, 60, 75, intervals.MOST_PAIRS)
"""After how many rounds the claims are judged, where their number is not fixed; then the sweep ends.

Exact claims need no eight pairs: a lab that has no others is done after the first of these. At that one a measured
claim has too few pairs, whatever they are.
"""


@dataclass(frozen=True)
class Policy:
    """When to stop.

    Attributes:
        fixed_rounds: That many rounds, where the user fixed the number; else as the claims need.
        budget_seconds: After that much time no further round begins.
        seed: Of the order of the cells.
    """

    fixed_rounds: int | None
    budget_seconds: float
    seed: int


@dataclass
class State:
    """How far a sweep is.

    Attributes:
        rounds: Rounds done.
        seconds: Since the first round began.
        budget_seconds: The time that the rounds may take.
        fixed_rounds: Their number, where it was fixed; then the time is not limited.
        sample: The cell that ended last, as its session told it.
        verdicts: What the claims came to at the last look, by run.
        judged_after: The rounds that were done at that look.
        dropped: Variants that are not run any more, by run, with how they ended.
        stopped_because: Why the rounds ended.
    """

    rounds: int = 0
    seconds: float = 0.0
    budget_seconds: float = 0.0
    fixed_rounds: int | None = None
    sample: dict[str, Any] | None = None
    verdicts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    judged_after: int | None = None
    dropped: dict[tuple[str, str], str] = field(default_factory=dict)
    stopped_because: str = ""


class Clock(Protocol):
    """Tells the time, in seconds; made up in tests."""

    def __call__(self) -> float:
        """Now."""


def conduct(
    sessions: Sequence[Session],
    policy: Policy,
    show: Callable[[State], None],
    clock: Clock = time.monotonic,
) -> State:
    """Measure until the claims are settled, the rounds are done or the time is up, and have the claims judged last.

    Args:
        sessions: One for each set of CPUs, opened; their rounds alternate and never overlap.
        policy: When to stop.
        show: Called after every sample and every look.
        clock: For the budget.
    """
    state = State(budget_seconds=policy.budget_seconds, fixed_rounds=policy.fixed_rounds)
    chance = random.Random(policy.seed)  # noqa: S311 - an order that can be had again, not a secret
    for session in sessions:
        _expect(session, "ready", state, show, _patience(session, len(session.requests)))
    began = clock()
    while not state.stopped_because:
        for session in chance.sample(sessions, len(sessions)):
            _round(session, state, chance, show)
        state.rounds += 1
        state.seconds = clock() - began
        state.stopped_because = _reason_to_stop(sessions, policy, state, show)
    if state.judged_after != state.rounds:
        _judge(sessions, state, show)
    for session in sessions:
        session.send({"do": "close"})
        _expect(session, "closed", state, show, _patience(session, 1))
    return state


def is_due(rounds: int) -> bool:
    """Whether the claims are to be judged after this many rounds, where their number is not fixed."""
    return rounds in JUDGED_AFTER


def is_settled(verdicts: dict[str, list[dict[str, Any]]]) -> bool:
    """Whether no claim of any run is open; a run without claims never is."""
    every = [verdict["verdict"] for of_run in verdicts.values() for verdict in of_run]
    return bool(every) and INCONCLUSIVE not in every


def _reason_to_stop(sessions: Sequence[Session], policy: Policy, state: State, show: Callable[[State], None]) -> str:
    if not any(_cells(session, state) for session in sessions):
        return "no variant is left to run"
    if policy.fixed_rounds is not None:
        return f"{policy.fixed_rounds} rounds were asked for" if state.rounds >= policy.fixed_rounds else ""
    if is_due(state.rounds):
        _judge(sessions, state, show)
        if is_settled(state.verdicts):
            return "every claim is settled"
    if state.rounds >= JUDGED_AFTER[-1]:
        return f"{state.rounds} rounds are as many as claims are judged by"
    return f"the time of {policy.budget_seconds:g} s is up" if state.seconds >= policy.budget_seconds else ""


def _round(session: Session, state: State, chance: random.Random, show: Callable[[State], None]) -> None:
    cells = _cells(session, state)
    order = chance.sample(cells, len(cells))
    session.send({"do": "round", "round": state.rounds, "order": order})
    _expect(session, "round", state, show, _patience(session, 1))


def _cells(session: Session, state: State) -> list[tuple[str, str]]:
    return [
        (request.run_id, variant)
        for request in session.requests
        for variant in request.variants
        if (request.run_id, variant) not in state.dropped
    ]


def _judge(sessions: Sequence[Session], state: State, show: Callable[[State], None]) -> None:
    every = [request.run_id for session in sessions for request in session.requests]
    for session in sessions:
        own = {request.run_id for request in session.requests}
        session.send({"do": "judge", "peers": every})
        judged = _expect(session, "judged", state, show, SLACK_SECONDS + len(own) * JUDGE_SECONDS)
        state.verdicts |= judged["verdicts"]
    state.judged_after = state.rounds
    show(state)


def _expect(
    session: Session, what: str, state: State, show: Callable[[State], None], patience_seconds: float
) -> dict[str, Any]:
    """Listen until the session says this; samples that come meanwhile are taken in.

    Raises:
        PinlabError: If it says that it failed or stopped instead.
    """
    while True:
        message = session.receive(patience_seconds)
        if message["say"] == what:
            return message
        if message["say"] == "sample":
            _take(message, session, state)
            show(state)
        elif message["say"] in ("failed", "stopped"):
            fault = PinlabError(message["why"])
            fault.exit_code = message.get("exit_code", 70)
            raise fault


def _take(message: dict[str, Any], session: Session, state: State) -> None:
    """Note a sample; a variant that did not end as it is meant to is not run again."""
    sample = message["sample"]
    state.sample = sample
    expected: dict[str, Request] = {request.run_id: request for request in session.requests}
    if sample["outcome"] != expected[message["run"]].variants[sample["variant"]]:
        state.dropped[message["run"], sample["variant"]] = sample["outcome"]


def _patience(session: Session, times: int) -> float:
    return SLACK_SECONDS + times * max(request.deadline_seconds for request in session.requests)
