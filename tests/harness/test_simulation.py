"""Verdicts on synthetic machines, through the whole judging path with its stopping: right, or inconclusive."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from harness import intervals
from harness import sweep as sweeps
from harness.findings import Run
from tests.simulated_labs import BOUND, EFFECTS, SAME, TENTH, one, same, the_tenth_is_found
from tests.simulation import rates, sweep
from tests.synthetic_machines import MACHINES, STEADY_TROUBLE, MissingCore, Quiet

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY = MACHINES | STEADY_TROUBLE
LONG_BUDGET_SECONDS = 80.0
"""Time for about thirty rounds of what a first verdict's budget allows ten of."""
TROUBLED = [name for name in EVERY if name != "quiet"]


@pytest.mark.parametrize("machine", MACHINES)
def test_of_two_thousand_sweeps_of_a_thing_against_itself_one_in_a_hundred_at_most_gives_a_false_verdict(
    machine: str,
) -> None:
    found = rates(SAME, MACHINES[machine], 2000)
    assert found.false_sweeps <= 20, found


def test_nine_of_ten_true_effects_of_a_tenth_are_found_on_a_quiet_machine_within_the_budget_and_none_denied() -> None:
    found = rates(TENTH, Quiet, 500)
    assert found.of(the_tenth_is_found, "holds") >= 0.9, found
    assert found.of(the_tenth_is_found, "refuted") == 0, found


@pytest.mark.parametrize("machine", EVERY)
def test_verdicts_on_effects_over_one_core_and_two_are_right_or_inconclusive_on_every_machine(machine: str) -> None:
    found = rates(EFFECTS, EVERY[machine], 100, budget_seconds=LONG_BUDGET_SECONDS)
    assert found.false_sweeps <= 1, found


def test_stopping_at_the_first_interval_that_settles_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A 95 % interval after each round, and to stop as soon as it pleases: wrong about one time in five."""

    def naive(
        pairs: list[tuple[int, float]], rounds: int, fixed_rounds: int | None = None
    ) -> intervals.Interval | None:
        return intervals.median_interval([value for _, value in pairs], 0.05)

    monkeypatch.setattr(intervals, "interval_after", naive)
    monkeypatch.setattr(sweeps, "is_due", lambda _rounds: True)
    found = rates(BOUND, Quiet, 100, budget_seconds=40.0)
    assert found.false_sweeps > 10, found


@pytest.mark.parametrize("machine", [machine for machine in TROUBLED if machine not in ("drifting", "swinging")])
def test_the_noise_gate_sees_the_trouble_of_every_machine_but_one_whose_speed_moves(machine: str) -> None:
    _, [session] = sweep(SAME, EVERY[machine](random.Random(1)), seed=1, budget_seconds=120.0)
    estimate = Run(session.record()).efficiency(same, over=one)
    assert sum(estimate.dropped.values()) > 0 or estimate.doubts


def test_a_core_is_missing_for_half_of_the_time() -> None:
    machine, missing = MissingCore(random.Random(1)), 0
    for _ in range(20_000):
        machine.pass_time(0.5)
        missing += machine.missing
    assert 0.45 < missing / 20_000 < 0.55


def test_a_sweep_can_be_had_again_from_its_seed_alone() -> None:
    again = [sweep(EFFECTS, Quiet(random.Random(1)), seed=1, budget_seconds=60.0) for _ in range(2)]
    assert again[0][0] == again[1][0]
    assert [session.journal for session in again[0][1]] == [session.journal for session in again[1][1]]


def test_the_evidence_of_a_synthetic_machine_is_what_a_run_holds(
    hold_to_schema: Callable[[dict[str, Any]], None],
) -> None:
    _, sessions = sweep(EFFECTS, Quiet(random.Random(1)), seed=1, budget_seconds=60.0)
    for session in sessions:
        hold_to_schema(session.record())
