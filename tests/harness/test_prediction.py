"""Predictions beside results: right, close, different, or not clear, from the record of a run alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.prediction import Reveal, for_cores, reveals_of, with_reveals
from harness.testing import made_up_run, record_of
from tests.made_up import verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    HoldToSchema = Callable[[dict[str, Any]], None]

WALLS = {"slow": 1.0, "fast": 0.5}


def predicted(kind: str, expected: Any, *claims: str, over: str | None = None) -> dict[str, Any]:
    return {"kind": kind, "expected": expected, "over": over, "claims": list(claims)}


def revealed(name: str, entry: dict[str, Any], *verdicts: dict[str, Any], **made_up: Any) -> Reveal:
    """How one prediction of a made-up run stands."""
    record = record_of(made_up_run(prediction={name: entry}, **{"walls": WALLS, **made_up}))
    record["verdicts"] = list(verdicts)
    [found] = reveals_of(record)
    return found


@pytest.mark.parametrize(
    ("expected", "mark"),
    [(2, "right"), (1.7, "right"), (2.3, "right"), (1.4, "close"), (2.8, "close"), (1, "different"), (4, "different")],
)
def test_a_figure_is_right_within_a_fifth_of_what_was_measured(expected: float, mark: str) -> None:
    found = revealed("fast", predicted("speed_up", expected, "it_is_faster", over="slow"), verdict())
    assert found.mark == mark
    assert found.what == "fast: times as fast as slow"
    assert found.measured.startswith("2.0")
    assert found.reason == ""
    assert found.claims == ("it_is_faster",)


@pytest.mark.parametrize(
    ("kind", "over", "expected"),
    [("ratio", "slow", 0.5), ("cpu_ratio", "slow", 0.25), ("memory", "slow", 1), ("cores_busy", None, 0.5)],
)
def test_each_kind_of_figure_is_held_against_its_own_measure(kind: str, over: str | None, expected: float) -> None:
    entry = predicted(kind, expected, "it_is_faster", over=over)
    cpus = {"slow": 1.0, "fast": 0.25}
    assert revealed("fast", entry, verdict(), cpus=cpus).mark == "right"
    assert revealed("fast", entry | {"expected": expected * 3}, verdict(), cpus=cpus).mark == "different"


def test_a_claim_that_is_inconclusive_leaves_its_prediction_open() -> None:
    entry = predicted("speed_up", 2, "it_is_faster", over="slow")
    found = revealed("fast", entry, verdict("inconclusive", reason="too noisy"))
    assert (found.mark, found.reason) == ("unclear", "too noisy")


def test_one_claim_that_is_settled_is_enough() -> None:
    entry = predicted("speed_up", 2, "it_is_faster", "open", "other", over="slow")
    found = revealed("fast", entry, verdict("inconclusive", claim="open"), verdict("skipped", claim="other"), verdict())
    assert found.mark == "right"
    assert found.claims == ("it_is_faster",)


def test_too_few_rounds_are_never_right_or_wrong() -> None:
    entry = predicted("speed_up", 2, "it_is_faster", over="slow")
    found = revealed("fast", entry, verdict("skipped"), rounds=3)
    assert (found.mark, found.measured) == ("unclear", "–")
    assert "too few: 3 pairs" in found.reason


def test_work_that_is_too_short_is_never_right_or_wrong() -> None:
    entry = predicted("speed_up", 2, over="slow")
    found = revealed("fast", entry, start_cost=1.0)
    assert found.mark == "unclear"
    assert "work too short" in found.reason


@pytest.mark.parametrize(
    ("answers", "expected", "mark", "measured"),
    [
        ([1], 1, "right", "1 ×12"),
        ([1], 0, "different", "1 ×12"),
        ([0, 0, 1], 1, "close", "0 ×8, 1 ×4"),
        ([True], True, "right", "true ×12"),
        (["RuntimeError"], "runtimeerror", "right", "RuntimeError ×12"),
        ([0, 1, 2, 3], 7, "different", "0 ×3, 1 ×3, 2 ×3, …"),
    ],
)
def test_an_answer_is_right_when_it_came_every_time(
    answers: list[Any], expected: Any, mark: str, measured: str
) -> None:
    found = revealed("fast", predicted("answer", expected, "it_is_faster"), verdict(), answers={"fast": answers})
    assert (found.mark, found.measured) == (mark, measured)


@pytest.mark.parametrize(
    ("expected", "mark"),
    [(100, "right"), (85, "right"), (470, "right"), (70, "close"), (0, "different"), (5000, "different")],
)
def test_an_amount_may_be_anywhere_in_the_range_that_was_seen(expected: float, mark: str) -> None:
    entry = predicted("amount", expected, "it_is_faster")
    found = revealed("fast", entry, verdict(), answers={"fast": [100, 400]})
    assert (found.mark, found.measured) == (mark, "100 to 400")


def test_nothing_is_lost_is_no_prediction_of_a_few() -> None:
    entry = predicted("amount", 3, "it_is_faster")
    assert revealed("fast", entry, verdict(), answers={"fast": 0}).mark == "different"


def test_an_outcome_and_an_exit_code_are_held_against_how_it_ended() -> None:
    made_up = {"outcomes": {"fast": "deadlocked"}, "exit_codes": {"fast": -9}}
    assert revealed("fast", predicted("outcome", "deadlocked"), **made_up).mark == "right"
    assert revealed("fast", predicted("outcome", "finished"), **made_up).mark == "different"
    assert revealed("fast", predicted("exit_code", -9), **made_up).mark == "right"
    assert revealed("fast", predicted("exit_code", 0), **made_up).mark == "different"


@pytest.mark.parametrize(
    ("value", "expected", "mark", "measured"),
    [
        ("holds", True, "right", "true"),
        ("holds", False, "different", "true"),
        ("refuted", False, "right", "false"),
        ("refuted", True, "different", "false"),
        ("inconclusive", True, "unclear", "inconclusive"),
        ("skipped", True, "unclear", "skipped"),
    ],
)
def test_a_claim_is_true_when_it_holds(value: str, expected: bool, mark: str, measured: str) -> None:
    found = revealed("it_is_faster", predicted("claim", expected, "it_is_faster"), verdict(value))
    assert (found.mark, found.measured, found.what) == (mark, measured, "It is faster.")


@pytest.mark.parametrize("kind", ["speed_up", "cores_busy", "outcome", "answer", "amount", "exit_code", "claim"])
def test_a_variant_or_a_claim_without_evidence_is_not_clear(kind: str) -> None:
    found = revealed("gone", predicted(kind, 1, "gone", over="slow"))
    assert found.mark == "unclear"
    assert found.reason


def test_a_prediction_for_one_number_of_cores_goes_before_one_for_all() -> None:
    prediction = {
        "a@2": predicted("ratio", 2),
        "a": predicted("ratio", 1),
        "b": predicted("ratio", 5),
        "c@22": predicted("ratio", 9),
    }
    assert {name: entry["expected"] for name, entry in for_cores(prediction, 2).items()} == {"a": 2, "b": 5}
    assert {name: entry["expected"] for name, entry in for_cores(prediction, 1).items()} == {"a": 1, "b": 5}


def test_what_json_prints_is_as_its_schema_says(hold_to_schema: HoldToSchema) -> None:
    prediction = {
        "fast": predicted("speed_up", 2, "it_is_faster", over="slow"),
        "it_is_faster": predicted("claim", True),
    }
    with_predictions = record_of(made_up_run(walls=WALLS, prediction=prediction))
    without = record_of(made_up_run(walls=WALLS))
    one, other = with_reveals([with_predictions, without])
    assert [reveal["name"] for reveal in one["reveals"]] == ["fast", "it_is_faster"]
    assert other == without
    for record in (one, other):
        hold_to_schema(record)


def test_a_record_of_before_there_were_predictions_has_none() -> None:
    record = record_of(made_up_run(walls=WALLS))
    del record["prediction"]
    assert reveals_of(record) == []
