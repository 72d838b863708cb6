"""A hint is told where it helps: for claims that were refuted, and for the learner's own variants."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.hints import OF_PROBLEMS, Hints

SCHEMA = json.loads((Path(__file__).parents[2] / "harness" / "run.schema.json").read_text("utf-8"))
HINTS = Hints("en", {"it_holds": "look there."}, ("mine",))


def test_a_refuted_claim_has_its_hint_and_no_other_verdict_has_one() -> None:
    assert HINTS.of_claim("it_holds", "refuted") == "hint: look there."
    assert {HINTS.of_claim("it_holds", verdict) for verdict in ("holds", "inconclusive", "skipped")} == {""}
    assert HINTS.of_claim("another", "refuted") == ""


def test_a_learners_own_variant_has_a_hint_where_it_ends_badly_and_the_labs_has_none() -> None:
    assert HINTS.of_problem("crashed", "mine").startswith("hint: ")
    assert HINTS.of_problem("crashed", "the_labs") == ""


@pytest.mark.parametrize("language", OF_PROBLEMS)
def test_every_kind_of_problem_has_a_hint_in_each_language(language: str) -> None:
    kinds = set(SCHEMA["$defs"]["problem"]["properties"]["kind"]["enum"])
    assert set(OF_PROBLEMS[language]) == kinds
