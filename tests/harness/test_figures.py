"""Figures: medians of what was undisturbed, with only the digits that their spread supports."""

from __future__ import annotations

import math
from typing import Any

import pytest

from harness import figures
from harness.findings import Run
from harness.testing import made_up_run, record_of


def record(**numbers: Any) -> dict[str, Any]:
    return record_of(made_up_run(**{"walls": {"slow": 1.0, "fast": 0.5}, "cpus": {"fast": 1.0}, **numbers}))


def test_the_figures_of_a_variant_are_medians_over_the_first_one_and_the_capacity() -> None:
    slow, fast = figures.figures_of(record(spread=0, capacity=2.5))
    assert (slow.name, slow.wall.value, slow.speed_up.text, slow.efficiency.text) == ("slow", 1.0, "1", "–")
    assert fast.wall == figures.Figure(0.5, "500 ms")
    assert fast.speed_up.value == pytest.approx(2.0)
    assert fast.efficiency.value == pytest.approx(0.8)
    assert fast.cores_busy.value == pytest.approx(2.0)
    assert (fast.outcome, fast.kept, fast.dropped) == ("finished ×12", 12, 0)


def test_what_did_not_finish_has_an_outcome_and_no_numbers() -> None:
    [found] = figures.figures_of(record(walls={}, cpus={}, outcomes={"slow": "out_of_memory"}))
    assert (found.wall, found.speed_up, found.cores_busy) == (figures.Figure(None, "–"),) * 3
    assert (found.outcome, found.kept, found.dropped) == ("out of memory ×12", 0, 12)


def test_a_variant_that_never_ran_says_so() -> None:
    assert [found.outcome for found in figures.figures_of(record(rounds=0))] == ["not run", "not run"]


def test_outcomes_are_counted_and_disturbed_samples_are_not_in_the_median() -> None:
    of = record(spread=0)
    of["variants"][1]["samples"][0] |= {"wall_seconds": 99.0, "throttled_seconds": 1.0}
    of["variants"][1]["samples"][1]["outcome"] = "crashed"
    _, fast = figures.figures_of(of)
    assert (fast.wall.value, fast.outcome, fast.kept, fast.dropped) == (0.5, "finished ×11, crashed ×1", 10, 2)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([], "–"),
        ([1.0], "1.000 s"),
        ([0.0], "0.000 µs"),
        ([2.0, 2.0, 2.0], "2.000 s"),
        ([1.23456, 1.26], "1.247 s"),
        ([1.0, 3.0], "2.0 s"),
        ([0.1234, 0.1244], "123.9 ms"),
        ([0.0000123, 0.0000135], "12.9 µs"),
        ([100.0, 250.0], "175 s"),
    ],
)
def test_a_time_has_its_unit_and_the_digits_that_its_spread_supports(values: list[float], text: str) -> None:
    assert figures.seconds(values) == text


@pytest.mark.parametrize("value", [math.nan, math.inf, None, "x", 0.0])
def test_times_that_are_none_leave_no_number(value: object) -> None:
    of = record()
    for sample in of["variants"][1]["samples"]:
        sample["wall_seconds"] = value
    _, fast = figures.figures_of(of)
    assert (fast.wall.value, fast.speed_up.value, fast.efficiency.value, fast.dropped) == (None, None, None, 12)


def test_thousands_of_samples_have_figures() -> None:
    slow, _ = figures.figures_of(record(rounds=2500))
    assert slow.kept == 2500


def test_over_fewer_cores_is_paired_by_round_within_a_sweep_and_of_medians_without() -> None:
    walls = [1.0, 4.0, 9.0]
    few, many = record(rounds=3, cores=1, spread=0), record(rounds=3, cores=2, spread=0)
    for of, scale in ((few, 1.0), (many, 2.0)):
        for sample, wall in zip(of["variants"][1]["samples"], walls, strict=True):
            sample["wall_seconds"] = wall / scale
    many["variants"][1]["samples"][0]["wall_seconds"] = 1.0
    paired = figures.over_fewer_cores("fast", Run(few), Run(many), paired=True)
    apart = figures.over_fewer_cores("fast", Run(few), Run(many), paired=False)
    assert paired.value == 2.0
    assert apart.value == 4.0 / 2.0
    many["variants"][1]["samples"][0]["wall_seconds"] = 100.0
    assert figures.over_fewer_cores("fast", Run(few), Run(many), paired=True).value == 2.0
    assert figures.over_fewer_cores("fast", Run(few), Run(many), paired=False).value == pytest.approx(4.0 / 4.5)


def test_a_variant_that_one_of_the_runs_does_not_have_is_not_compared() -> None:
    run = Run(record())
    assert figures.over_fewer_cores("other", run, run, paired=True) == figures.Figure(None, "–")
    lost = record()
    for sample in lost["variants"][1]["samples"]:
        sample["outcome"] = "crashed"
    assert figures.over_fewer_cores("fast", run, Run(lost), paired=False).value is None
