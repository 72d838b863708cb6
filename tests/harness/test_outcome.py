"""What a command's runs come to: one document, and the exit code that wins."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness import outcome
from harness.testing import made_up_run, record_of
from tests.made_up import verdict


def record(*verdicts: str, problems: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    of = record_of(made_up_run(walls={"a": 1.0})) | more
    of["verdicts"] = [
        verdict(value, claim=f"claim_{index}", runs=[of["run_id"]]) for index, value in enumerate(verdicts)
    ]
    of["problems"] = [{"kind": kind, "variant": "a", "sample": "a.0", "detail": ""} for kind in problems]
    return of


@pytest.mark.parametrize(
    ("records", "code"),
    [
        ([], 0),
        ([record()], 0),
        ([record("holds", "skipped")], 0),
        ([record("holds", "inconclusive")], 3),
        ([record("refuted", "inconclusive")], 1),
        ([record("holds"), record("refuted", run_id="other")], 1),
        ([record("holds", problems=("crashed",))], 1),
        ([record("holds", problems=("deadlocked",))], 1),
        ([record("holds", problems=("killed",))], 1),
        ([record("holds", problems=("finished",))], 1),
        ([record("holds", problems=("unequal_answer",))], 1),
        ([record("holds", problems=("left_behind",))], 0),
        ([record("refuted", problems=("out_of_memory",))], 4),
        ([record("holds", problems=("too_many_processes",))], 4),
        ([record("holds", problems=("timed_out",))], 4),
        ([record("holds", problems=("too_much_output",))], 4),
        ([record("holds", problems=("crashed", "timed_out"))], 4),
        ([record("refuted", problems=("not_comparable", "timed_out"))], 2),
    ],
)
def test_the_first_exit_code_that_applies_wins(records: list[dict[str, Any]], code: int) -> None:
    assert outcome.exit_code(records) == code


def test_inconclusive_counts_as_good_where_that_is_asked_for_and_refuted_never_does() -> None:
    assert outcome.exit_code([record("inconclusive")], inconclusive_ok=True) == 0
    assert outcome.exit_code([record("inconclusive", "refuted")], inconclusive_ok=True) == 1


def test_a_run_on_other_cpus_is_inconclusive_and_one_that_cannot_be_pinned_is_not() -> None:
    misplaced, unpinned, unproven = record("holds"), record("holds"), record("holds")
    misplaced["placement"]["valid"] = False
    unpinned["placement"] |= {"pinned": False, "valid": False}
    unproven["placement"] |= {"pinned": None, "valid": False}
    assert outcome.exit_code([misplaced]) == 3
    assert outcome.exit_code([misplaced], inconclusive_ok=True) == 3
    assert outcome.exit_code([unpinned]) == 0
    assert outcome.exit_code([unproven]) == 0


def test_a_verdict_over_a_sweep_comes_once_and_those_of_single_runs_each() -> None:
    one, other = record("holds"), record("holds", run_id="other")
    spanning = [verdict(claim="over", runs=runs) for runs in ([one["run_id"], "other"], ["other", one["run_id"]])]
    one["verdicts"].append(spanning[0])
    other["verdicts"].append(spanning[1])
    found = outcome.verdicts_of([one, other])
    assert [(each["lab"], each["claim"], len(each["runs"])) for each in found] == [
        ("made_up", "claim_0", 1),
        ("made_up", "over", 2),
        ("made_up", "claim_0", 1),
    ]


def test_the_document_is_json_with_the_runs_the_verdicts_and_the_exit_code() -> None:
    document = json.loads(json.dumps(outcome.document([record("refuted")], 1)))
    assert list(document) == ["runs", "verdicts", "exit_code"]
    assert (document["runs"][0]["lab"], document["verdicts"][0]["verdict"], document["exit_code"]) == (
        "made_up",
        "refuted",
        1,
    )


@pytest.mark.parametrize(
    ("codes", "wins"),
    [((), 0), ((0, 3), 3), ((3, 1, 0), 1), ((1, 4), 4), ((4, 2), 2), ((2, 70), 70), ((5, 75, 69), 69), ((0, 99), 70)],
)
def test_of_several_exit_codes_the_first_in_order_wins(codes: tuple[int, ...], wins: int) -> None:
    assert outcome.first_of(codes) == wins
