from __future__ import annotations

import random

import pytest

from benchmarks.workshop import figure


def held(*labs: tuple[str, float, list[float]]) -> dict[str, object]:
    """What `invoke workshop --json` says of labs: a name, its seconds, and what was measured in each of its runs."""
    return {
        "runs": [
            {"run_id": f"{name}-{place}", "seconds": {"measured": seconds, "all": 2 * seconds}}
            for name, _, runs in labs
            for place, seconds in enumerate(runs)
        ],
        "workshop": {
            "title": "Made up",
            "labs": [
                {"lab": name, "seconds": seconds, "runs": [f"{name}-{place}" for place in range(len(runs))]}
                for name, seconds, runs in labs
            ],
        },
    }


def test_the_whole_stands_over_the_sum_of_what_was_measured() -> None:
    found = figure(random.Random(1), held(("a", 11.0, [4.0, 6.0]), ("b", 22.0, [20.0])), 36.0)
    assert found.value == pytest.approx(36 / 30)
    assert (found.figure, found.peer_figure, found.pairs) == ("36 s", "30 s", 2)
    assert found.what == "`invoke workshop`: Made up, 2 labs"


def test_time_that_belongs_to_no_lab_counts_and_a_lab_that_was_not_run_does_not() -> None:
    found = figure(random.Random(1), held(("a", 10.0, [10.0]), ("broken", 0.0, [])), 11.0)
    assert found.value == found.low == found.high == pytest.approx(1.1)
    assert found.met
