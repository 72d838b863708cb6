"""What a reader is told of disturbed samples: what, by how much, what it means and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from harness import disturbances, noise
from harness.testing import made_up_run, record_of
from tests.made_up import verdict

MORE_TIME = "or give it more time with --budget"


def record(*verdicts: dict[str, Any], **numbers: Any) -> dict[str, Any]:
    return record_of(made_up_run(**{"walls": {"slow": 1.0, "fast": 0.5}, **numbers})) | {"verdicts": list(verdicts)}


def disturbed(of: dict[str, Any], round_: int, **change: float) -> dict[str, Any]:
    for entry in of["variants"]:
        entry["samples"][round_] |= change
    return of


def unsteady(of: dict[str, Any], *rounds: int) -> dict[str, Any]:
    slower = {**of["rounds"][0]["before"], "control_wall_seconds": 0.141, "control_cpu_seconds": 0.141}
    for round_ in rounds:
        of["rounds"][round_] = {**of["rounds"][round_], "after": slower}
    return of


def late(of: dict[str, Any], *rounds: int) -> dict[str, Any]:
    """The control waited for its CPU after these rounds."""
    waited = {**of["rounds"][0]["before"], "control_wall_seconds": 0.2}
    for round_ in rounds:
        of["rounds"][round_] = {**of["rounds"][round_], "after": waited}
    return of


def test_nothing_is_said_where_nothing_was_disturbed() -> None:
    assert disturbances.lines(record(verdict())) == ()


def test_two_lines_say_what_by_how_much_what_it_means_and_what_to_do() -> None:
    of = late(record(verdict("inconclusive"), verdict("holds"), verdict("skipped", figures=None)), 1, 2, 3)
    assert disturbances.lines(of) == (
        "6 of 24 samples disturbed and dropped: the control waited for a CPU (6, up to 50 % of its time)",
        f"1 of 2 measured claims stay open on what was kept: {disturbances.ADVICE[noise.CONTROL]}; {MORE_TIME}",
    )


def test_where_every_claim_is_settled_there_is_nothing_to_do() -> None:
    of = late(record(verdict("holds"), verdict("refuted")), 1)
    assert disturbances.lines(of)[1] == "the samples that were kept settle every claim"


def test_a_claim_with_too_few_pairs_is_measured_and_an_exact_one_that_is_open_is_not() -> None:
    few = verdict("inconclusive", figures=None, reason="too few: 6 pairs, at least 8 are needed")
    exact = verdict("inconclusive", figures=None, reason="answer of fast: nothing of 1 or more in 24 samples")
    assert disturbances.lines(late(record(few, exact), 1))[1].startswith("1 of 1 measured claims stay open")


def test_where_no_claim_rests_on_times_it_is_the_times_alone_that_suffer() -> None:
    of = late(record(verdict("holds", figures=None), verdict("skipped", figures=None)), 1)
    assert (
        disturbances.lines(of)[1]
        == f"no claim here rests on times; for steadier ones, {disturbances.ADVICE[noise.CONTROL]}"
    )


def test_without_claims_there_is_only_something_to_do() -> None:
    of = disturbed(record(), 0, throttled_seconds=0.1)
    assert disturbances.lines(of)[1] == "lift the quota on the container's CPU time; or give it more time with --budget"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"foreign_seconds": 0.8}, "other processes on the pinned CPUs (2, up to 40 % of the CPUs' time)"),
        ({"steal_seconds": 0.8}, "the host took the pinned CPUs away (2, up to 40 % of the CPUs' time)"),
        ({"throttled_seconds": 0.3}, "throttled by a quota (2, up to 30 % of a sample's time)"),
        (
            {"run_delay_seconds": 0.3, "main_thread_seconds": 1.0},
            "waited for a CPU that others had (2, up to 30 % of a sample's time)",
        ),
    ],
)
def test_each_cause_says_how_far_the_worst_sample_was_off(change: dict[str, float], told: str) -> None:
    of = disturbed(record(walls={"slow": 1.0, "fast": 1.0}, spread=0), 0, **change)
    assert disturbances.lines(of)[0] == f"2 of 24 samples disturbed and dropped: {told}"


def test_the_most_frequent_cause_comes_first_and_is_what_the_advice_is_about() -> None:
    of = disturbed(late(record(), 1), 0, steal_seconds=1.9)
    disturbed(of, 2, steal_seconds=1.9)
    first, second = disturbances.lines(of)
    assert first.index("the host took") < first.index("the control waited")
    assert second.startswith("try again when the machine's host is less busy")


def test_times_that_stand_on_disturbed_samples_alone_are_explained() -> None:
    of = record(rounds=2)
    for round_ in range(2):
        disturbed(of, round_, throttled_seconds=0.1)
    assert disturbances.lines(of)[0].endswith("; ~ marks times that stand on such samples alone")


def test_every_disturbance_has_its_extent_and_its_advice() -> None:
    reasons = {noise.THROTTLED, noise.WAITED, noise.OTHERS, noise.STOLEN, noise.CONTROL}
    assert set(disturbances.EXTENTS) == set(disturbances.ADVICE) == reasons


def test_a_speed_that_kept_moving_drops_nothing_and_is_told_where_a_claim_is_open_for_it() -> None:
    half = unsteady(record(verdict("inconclusive")), *range(6))
    moved = "the speed of one core moved in 6 of 12 rounds, by up to 41 %"
    assert disturbances.lines(half) == (f"{moved}, which widens every interval: {disturbances.STEADY}",)
    assert disturbances.lines(unsteady(record(verdict("inconclusive")), *range(5))) == ()
    assert disturbances.lines(unsteady(record(verdict("holds")), *range(12))) == ()
    assert disturbances.lines(unsteady(record(verdict("inconclusive", figures=None)), *range(12))) == ()
