"""What is read after a run that was predicted."""

from __future__ import annotations

import io
from typing import Any

from harness.report import console_for
from harness.revealing import show_reveals
from harness.testing import made_up_run, record_of
from tests.made_up import verdict

SPEED_UP = {"kind": "speed_up", "expected": 4, "over": "slow", "claims": ["it_is_faster"]}
BUSY = {"kind": "cores_busy", "expected": 1, "over": None, "claims": []}


def shown(*records: dict[str, Any]) -> str:
    stream = io.StringIO()
    show_reveals(records, console_for(stream))
    return stream.getvalue()


def record(prediction: dict[str, Any], *verdicts: dict[str, Any], cores: int = 2) -> dict[str, Any]:
    found = record_of(made_up_run(walls={"slow": 1.0, "fast": 0.5}, prediction=prediction, cores=cores))
    return {**found, "verdicts": list(verdicts)}


def test_a_difference_is_shown_with_the_claim_that_explains_it() -> None:
    text = shown(record({"fast": SPEED_UP, "slow": BUSY}, verdict(), verdict(claim="another", sentence="Another.")))
    lines = [line.rstrip() for line in text.splitlines()]
    assert "fast: times as fast as slow" in text
    [at] = [place for place, line in enumerate(lines) if line.startswith("fast: 4 predicted, 2.0")]
    assert lines[at + 1] == "✓ It is faster.  (holds: 1.98 to 2.02)"
    assert "Another." not in text
    assert [line.split()[-1] for line in lines if line.startswith("slow: cores busy")] == ["predicted"]


def test_what_is_as_predicted_needs_no_explanation() -> None:
    text = shown(record({"fast": SPEED_UP | {"expected": 2}}, verdict()))
    assert "as predicted" in text
    assert "It is faster." not in text
    assert "invoke show" not in text


def test_what_is_not_clear_says_why_once_for_all_of_one_reason() -> None:
    both = {"fast": SPEED_UP, "slow": SPEED_UP | {"over": "fast"}}
    text = shown(record(both, verdict("inconclusive", reason="too few (3 dropped: no usable time)")))
    assert "fast, slow: not measured clearly enough to tell: too few\n" in text
    assert "different" not in text


def test_a_claim_that_was_skipped_is_told_apart_from_one_that_is_not_clear() -> None:
    entry = {"kind": "claim", "expected": True, "over": None, "claims": ["it_is_faster"]}
    text = shown(record({"it_is_faster": entry}, verdict("skipped", reason="needs 2 cores")))
    assert "it_is_faster: not judged here: needs 2 cores" in text


def test_of_several_runs_each_is_shown_under_its_cores_and_one_without_predictions_not() -> None:
    text = shown(record({"fast": SPEED_UP}, cores=1), record({"fast": SPEED_UP}, cores=2), record({}, cores=4))
    assert "(1 core, Python 3.14.0, GIL on)" in text
    assert "(2 cores, Python 3.14.0, GIL on)" in text
    assert "4 cores" not in text


def test_without_predictions_nothing_is_shown() -> None:
    assert shown(record({})) == ""
