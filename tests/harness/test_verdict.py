"""Verdicts: three values and a reason; by interval and noise gate where measured, by one example where exact."""

from __future__ import annotations

import math

import pytest

from harness.verdict import HOLDS, INCONCLUSIVE, REFUTED, SKIPPED, Estimate, Facts, Verdict


def estimate(value: float, spread: float = 0.01, rounds: int = 12, **more: object) -> Estimate:
    """An estimate whose values lie evenly around a value."""
    step = 2 * spread / (rounds - 1)
    pairs = [(round_, value - spread + step * ((5 * round_) % rounds)) for round_ in range(rounds)]
    return Estimate(pairs, rounds, **more)  # type: ignore[arg-type]


def test_a_measured_claim_holds_when_the_whole_interval_lies_inside() -> None:
    verdict = estimate(1.0).is_between(0.9, 1.1)
    assert verdict.value == HOLDS
    assert verdict.figures is not None
    assert 0.9 < verdict.figures["low"] <= verdict.figures["median"] <= verdict.figures["high"] < 1.1


@pytest.mark.parametrize(
    ("verdict", "wanted"),
    [
        (estimate(1.5).is_between(0.9, 1.1), "not between 0.9 and 1.1"),
        (estimate(0.5).is_between(0.9, 1.1), "not between 0.9 and 1.1"),
        (estimate(0.5).is_at_least(0.85), "not at least 0.85"),
        (estimate(2).is_at_most(1.15), "not at most 1.15"),
    ],
)
def test_it_is_refuted_when_the_whole_interval_lies_outside(verdict: Verdict, wanted: str) -> None:
    assert verdict.value == REFUTED
    assert wanted in verdict.reason


@pytest.mark.parametrize(
    ("verdict", "wanted"),
    [
        (estimate(1.0, 0.3).is_between(0.9, 1.1), "0.9 and 1.1"),
        (estimate(0.9, 0.1).is_between(0.9, 1.1), "both sides of 0.9"),
        (estimate(1.0, 0.1).is_at_least(1.0), "both sides of 1"),
        (estimate(1.0, 0.1).is_at_most(1.0), "both sides of 1"),
    ],
)
def test_an_interval_across_a_bound_is_inconclusive_and_names_the_bound(verdict: Verdict, wanted: str) -> None:
    assert verdict.value == INCONCLUSIVE
    assert wanted in verdict.reason


@pytest.mark.parametrize("count", range(8))
def test_too_few_pairs_are_inconclusive_and_never_a_number(count: int) -> None:
    verdict = Estimate([(round_, 1.0) for round_ in range(count)], count).is_at_least(0.5)
    assert verdict.value == INCONCLUSIVE
    assert verdict.reason == f"too few: {count} pairs, at least 8 are needed"
    assert verdict.figures is None


def test_enough_pairs_before_the_rounds_that_were_fixed_are_done_are_no_look_yet() -> None:
    pairs = [(round_, 1.0) for round_ in range(1, 11)]
    fixed = Estimate(pairs, 11, fixed_rounds=20, dropped={"noise": 1}).is_at_least(0.5)
    assert fixed.reason == "too few rounds: 11 of the 20 that were fixed beforehand (1 dropped: noise)"
    assert Estimate(pairs, 11).is_at_least(0.5).value == HOLDS


def test_identical_values_give_a_verdict() -> None:
    pairs = [(round_, 1.0) for round_ in range(8)]
    assert Estimate(pairs, 8).is_between(0.9, 1.1).value == HOLDS
    assert Estimate(pairs, 8).is_at_least(1.0).value == HOLDS
    assert Estimate(pairs, 8).is_at_least(1.0001).value == REFUTED


def test_an_objection_stands_against_refuting_and_not_against_upholding() -> None:
    objections = ("work too short: it takes 3 ms",)
    refuted = estimate(1.5, objections=objections).is_at_most(1.0)
    assert refuted.value == INCONCLUSIVE
    assert "work too short" in refuted.reason
    assert estimate(0.5, objections=objections).is_at_most(1.0).value == HOLDS


@pytest.mark.parametrize(("dropped", "value"), [(12, REFUTED), (13, INCONCLUSIVE)])
def test_more_dropped_pairs_than_kept_ones_stand_against_refuting(dropped: int, value: str) -> None:
    verdict = estimate(1.5, dropped={"throttled by a quota": dropped}).is_at_most(1.0)
    assert verdict.value == value
    assert verdict.figures is not None
    assert verdict.figures["dropped"] == dropped
    assert ("13 dropped: throttled by a quota" in verdict.reason) == (value == INCONCLUSIVE)


def test_what_moved_between_two_looks_is_not_refuted() -> None:
    pairs = [(round_, 1.0) for round_ in range(8)] + [(round_, 2.0) for round_ in range(8, 40)]
    verdict = Estimate(pairs, 40).is_at_most(1.5)
    assert verdict.value == INCONCLUSIVE
    assert "moved during the run" in verdict.reason


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (HOLDS, HOLDS, HOLDS),
        (HOLDS, REFUTED, REFUTED),
        (INCONCLUSIVE, REFUTED, REFUTED),
        (SKIPPED, REFUTED, REFUTED),
        (HOLDS, INCONCLUSIVE, INCONCLUSIVE),
        (SKIPPED, INCONCLUSIVE, INCONCLUSIVE),
        (HOLDS, SKIPPED, SKIPPED),
    ],
)
def test_two_verdicts_together_are_refuted_if_either_is_and_hold_if_both_do(one: str, other: str, both: str) -> None:
    for first, second in ((one, other), (other, one)):
        assert (Verdict(first, "a") & Verdict(second, "b")).value == both


def test_two_verdicts_together_keep_the_reasons_causes_and_figures() -> None:
    figures = {"low": 1.0, "high": 2.0}
    together = Verdict(HOLDS, "a", ("x",)) & Verdict(INCONCLUSIVE, "b", ("y",), figures)
    assert (together.reason, together.why, together.figures) == ("a; b", ("x", "y"), figures)
    assert (Verdict(HOLDS, "a") & Verdict(REFUTED, "b")).reason == "b"
    assert (Verdict(HOLDS, "a") & Verdict(HOLDS, "a")).reason == "a"


def test_what_is_so_of_several_is_said_once_of_all_of_them() -> None:
    alike = [Facts(f"answer of {name}", [4, 4]).are_all(4) for name in ("serial", "threads")]
    other = Facts("exit code of serial", [0, 0]).are_all(0)
    assert (
        alike[0] & other & alike[1]
    ).reason == "answer of serial, threads: 4 in 2 of 2; exit code of serial: 0 in 2 of 2"
    assert (alike[0] & Facts("exit code of serial", [4, 4]).are_all(4)).reason == (
        "answer of serial, exit code of serial: 4 in 2 of 2"
    )
    refuted = Facts("answer of threads", [4, 3]).are_all(4)
    assert (alike[0] & refuted).reason == "answer of threads: 3 in 1 of 2, not 4"
    assert (alike[0] & alike[1]).because("so").reason == "answer of serial, threads: 4 in 2 of 2"


def test_a_cause_is_added_and_changes_nothing_else() -> None:
    verdict = Verdict.refuted("0.5").because("one").because("two")
    assert (verdict.value, verdict.reason, verdict.why) == (REFUTED, "0.5", ("one", "two"))


def test_one_counter_example_refutes_an_exact_claim() -> None:
    lost = Facts("answer of with_lock", [0] * 99 + [1])
    for verdict in (lost.are_all(0), lost.are_all_at_most(0), Facts("a", [5, 4]).are_all_at_least(5)):
        assert verdict.value == REFUTED
    assert lost.are_all(0).reason == "answer of with_lock: 1 in 1 of 100, not 0"
    assert lost.are_all_at_most(1).value == HOLDS
    assert lost.are_all_at_least(0).value == HOLDS


def test_an_exact_claim_needs_every_sample_and_at_least_one() -> None:
    assert Facts("a", []).are_all(0).value == INCONCLUSIVE
    assert Facts("a", [0], missing=1).are_all(0).value == INCONCLUSIVE
    assert Facts("a", [1], missing=1).are_all(0).value == REFUTED
    assert Facts("a", [0]).are_all(0).value == HOLDS


def test_that_nothing_was_seen_proves_nothing() -> None:
    assert Facts("a", [0, 0]).reach(1).value == INCONCLUSIVE
    assert Facts("a", []).reach(1).value == INCONCLUSIVE
    assert Facts("a", [0, 1]).reach(1).value == HOLDS


def test_exact_values_are_equal_as_they_were_kept() -> None:
    assert Facts("a", [[1, [2, 3]]]).are_all((1, (2, 3))).value == HOLDS
    assert Facts("a", [{"1": [2]}]).are_all({1: (2,)}).value == HOLDS
    assert Facts("a", ["1"]).are_all(1).value == REFUTED
    assert Facts("a", [0.1 + 0.2]).are_all(0.3).value == REFUTED
    assert Facts("a", [math.nan]).are_all(math.nan).value == REFUTED


def test_exact_bounds_are_written_in_full() -> None:
    assert "not 19999999" in Facts("a", [1]).are_all(19_999_999).reason
    assert "at least 19999999" in Facts("a", [1]).are_all_at_least(19_999_999).reason
    assert "nothing of 19999999 or more" in Facts("a", [1]).reach(19_999_999).reason


def test_a_long_value_does_not_flood_the_reason() -> None:
    assert len(Facts("a", ["x" * 5000]).are_all("y").reason) < 150
