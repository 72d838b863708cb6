"""A hint is told where it helps: for claims that were refuted, and for the learner's own variants."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.hints import OF_PROBLEMS, Hints

SCHEMA = json.loads((Path(__file__).parents[2] / "harness" / "run.schema.json").read_text("utf-8"))
HINTS = Hints("en", {"it_holds": "look there."}, ("mine",))


def test_a_refuted_claim_has_its_hint_and_no_other_verdict_has_one() -> None:
    assert HINTS.of_claim("it_holds", "refuted") == "look there."
    assert {HINTS.of_claim("it_holds", verdict) for verdict in ("holds", "inconclusive", "skipped")} == {""}
    assert HINTS.of_claim("another", "refuted") == ""


def test_a_learners_own_variant_has_a_hint_where_it_ends_badly_and_the_labs_has_none() -> None:
    assert HINTS.of_problem("crashed", "mine").startswith("the traceback is in lab.log")
    assert HINTS.of_problem("crashed", "the_labs") == ""


def test_a_report_tells_a_hint_as_one_in_its_language() -> None:
    assert HINTS.told("look there.") == "hint: look there."
    assert Hints("ko", {}, ()).told("거기를 보십시오.") == "힌트: 거기를 보십시오."
    assert HINTS.told("") == ""


def test_in_json_a_hint_stands_beside_the_verdict_or_problem_that_it_is_for() -> None:
    verdicts = [{"claim": "it_holds", "verdict": "refuted"}, {"claim": "it_holds", "verdict": "holds"}]
    problems = [{"kind": "crashed", "variant": "mine"}, {"kind": "crashed", "variant": "the_labs"}]
    record = {"run_id": "a", "verdicts": verdicts, "problems": problems}
    found = HINTS.beside(record)
    assert [one.get("hint") for one in found["verdicts"]] == ["look there.", None]
    assert [one.get("hint") for one in found["problems"]] == [OF_PROBLEMS["en"]["crashed"], None]
    assert "hint" not in verdicts[0]


@pytest.mark.parametrize("language", OF_PROBLEMS)
def test_every_kind_of_problem_has_a_hint_in_each_language(language: str) -> None:
    kinds = set(SCHEMA["$defs"]["problem"]["properties"]["kind"]["enum"])
    assert set(OF_PROBLEMS[language]) == kinds
