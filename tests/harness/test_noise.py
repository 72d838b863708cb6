"""What disturbs a sample and a round: each signal on both sides of its limit."""

from __future__ import annotations

from typing import Any

import pytest

from harness import noise
from harness.testing import made_up_run, record_of


def side(capacity: float = 2.0, wall: float = 0.1, cpu: float = 0.1) -> dict[str, float]:
    return {"capacity": capacity, "control_wall_seconds": wall, "control_cpu_seconds": cpu}


@pytest.mark.parametrize(
    ("sample", "cores", "disturbed"),
    [
        ({"wall_seconds": 1.0, "foreign_seconds": 0.19}, 2, False),
        ({"wall_seconds": 1.0, "foreign_seconds": 0.21}, 2, True),
        ({"wall_seconds": 1.0, "foreign_seconds": 0.19}, 1, True),
        ({"wall_seconds": 0.01, "foreign_seconds": 0.02}, 1, False),
        ({"wall_seconds": 1.0, "foreign_seconds": None}, 1, False),
        ({"foreign_seconds": 9.0}, 1, False),
        ({"wall_seconds": 1.0, "foreign_seconds": 0.0, "throttled_seconds": 0.001}, 1, True),
        ({"wall_seconds": 1.0, "foreign_seconds": 0.0, "throttled_seconds": None}, 1, False),
        ({"wall_seconds": 1.0, "throttled_seconds": 0.0, "throttled_periods": 1}, 1, True),
        ({"wall_seconds": 1.0, "throttled_seconds": 0.0, "throttled_periods": 0}, 1, False),
        ({"wall_seconds": 1.0, "steal_seconds": 0.11}, 1, True),
        ({"wall_seconds": 1.0, "steal_seconds": 0.09}, 1, False),
        ({"wall_seconds": 1.0, "steal_seconds": 0.06, "foreign_seconds": 0.06}, 1, True),
        ({"wall_seconds": 1.0, "steal_seconds": None, "foreign_seconds": None}, 1, False),
        ({}, 1, False),
    ],
)
def test_others_on_the_cpus_a_quota_and_the_host_disturb_a_sample(
    sample: dict[str, Any], cores: int, disturbed: bool
) -> None:
    assert bool(noise.sample_disturbed_by(sample, cores)) is disturbed


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (side(), side(), None),
        (side(wall=0.114), side(wall=0.114), None),
        (side(wall=0.116), side(), "the control waited for a CPU"),
        (side(), side(wall=0.116), "the control waited for a CPU"),
        (side(wall=0.1, cpu=0.1), side(wall=0.5, cpu=0.5), None),
        (side(capacity=2.0), side(capacity=1.0), None),
        (side(), None, None),
        (None, None, None),
        (None, side(wall=0.2), "the control waited for a CPU"),
        (side(wall=0.0, cpu=0.0), side(wall=0.0, cpu=0.0), None),
    ],
)
def test_a_round_is_disturbed_by_a_control_that_waits_and_not_by_a_machine_that_changes(
    before: dict[str, float] | None, after: dict[str, float] | None, reason: str | None
) -> None:
    disturbed = noise.round_disturbed_by({"round": 0, "before": before, "after": after})
    assert (disturbed and disturbed[0]) == reason


def test_the_disturbed_rounds_of_a_run_are_told_with_their_reason() -> None:
    record = record_of(made_up_run(walls={"a": 1.0}, rounds=3))
    record["rounds"][1] = {"round": 1, "before": side(wall=0.2), "after": side()}
    assert noise.disturbances(record) == {1: ("the control waited for a CPU", 0.5)}


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        (side(wall=0.125, cpu=0.1), side(wall=0.2, cpu=0.1), 0.5),
    ],
)
def test_a_disturbed_round_says_by_how_much(before: dict[str, float], after: dict[str, float], share: float) -> None:
    disturbed = noise.round_disturbed_by({"round": 0, "before": before, "after": after})
    assert disturbed is not None
    assert disturbed[1] == pytest.approx(share)


@pytest.mark.parametrize(
    ("sample", "cores", "disturbed"),
    [
        ({"wall_seconds": 2.0, "throttled_seconds": 0.5}, 1, (noise.THROTTLED, 0.25)),
        ({"wall_seconds": 2.0, "foreign_seconds": 1.0, "steal_seconds": 0.2}, 2, (noise.OTHERS, 0.3)),
        ({"wall_seconds": 2.0, "foreign_seconds": 0.2, "steal_seconds": 1.0}, 2, (noise.STOLEN, 0.3)),
        ({"wall_seconds": 2.0, "cpu_seconds": 0.1, "pressure_seconds": 0.6}, 2, (noise.WAITED, 0.25)),
    ],
)
def test_a_disturbed_sample_says_by_how_much(sample: dict[str, Any], cores: int, disturbed: tuple[str, float]) -> None:
    found = noise.sample_disturbed_by(sample, cores)
    assert found is not None
    assert found[0] == disturbed[0]
    assert found[1] == pytest.approx(disturbed[1])


def test_work_that_waits_is_disturbed_when_it_wants_a_cpu_beyond_what_it_uses_itself() -> None:
    asleep = {"wall_seconds": 1.0, "cpu_seconds": 0.02, "pressure_seconds": 0.15}
    assert noise.sample_disturbed_by(asleep, 2) is not None
    assert noise.sample_disturbed_by({**asleep, "pressure_seconds": 0.11}, 2) is None
    assert noise.sample_disturbed_by({**asleep, "pressure_seconds": None}, 2) is None


def test_more_threads_than_cpus_are_no_disturbance_however_long_they_wait_for_each_other() -> None:
    crowded = {"wall_seconds": 1.0, "cpu_seconds": 1.0, "pressure_seconds": 1.0}
    assert noise.sample_disturbed_by(crowded, 1) is None


@pytest.mark.parametrize(
    ("before", "after", "speed", "capacity"),
    [
        (side(), side(), None, None),
        (side(wall=0.1), side(wall=0.124), None, None),
        (side(wall=0.14), side(wall=0.1), 0.4, None),
        (side(capacity=2.0), side(capacity=1.61), None, None),
        (side(capacity=1.5), side(capacity=2.0), None, 1 / 3),
        (side(capacity=0.0), side(capacity=2.0), None, float("inf")),
        (side(wall=0.0, capacity=0.0), side(wall=0.0, capacity=0.0), None, None),
        (side(), None, None, None),
    ],
)
def test_how_far_the_speed_and_the_capacity_moved_is_told_where_it_was_over_a_quarter(
    before: dict[str, float] | None, after: dict[str, float] | None, speed: float | None, capacity: float | None
) -> None:
    round_ = {"round": 0, "before": before, "after": after}
    assert noise.speed_moved_by(round_) == (speed if speed is None else pytest.approx(speed))
    assert noise.capacity_moved_by(round_) == (capacity if capacity is None else pytest.approx(capacity))


def test_no_capacities_have_not_moved() -> None:
    assert noise.capacity_range([]) == 1.0
    assert noise.capacity_range([1.5, 2.0, 1.8]) == pytest.approx(4 / 3)


def test_a_thread_that_works_alone_and_waits_for_a_cpu_is_disturbed() -> None:
    alone = {"wall_seconds": 1.0, "cpu_seconds": 0.8, "main_thread_seconds": 0.8, "run_delay_seconds": 0.2}
    assert noise.sample_disturbed_by(alone, 1) == ("waited for a CPU that others had", 0.2)
    assert noise.sample_disturbed_by({**alone, "run_delay_seconds": 0.05}, 1) is None


def test_a_thread_that_waits_for_the_labs_own_others_is_not_disturbed() -> None:
    beside_others = {"wall_seconds": 1.0, "cpu_seconds": 1.0, "main_thread_seconds": 0.5, "run_delay_seconds": 0.5}
    assert noise.sample_disturbed_by(beside_others, 1) is None


def test_a_sample_that_sleeps_is_not_disturbed_by_waiting() -> None:
    asleep = {"wall_seconds": 1.0, "cpu_seconds": 0.01, "main_thread_seconds": 0.01, "run_delay_seconds": 0.0}
    assert noise.sample_disturbed_by(asleep, 1) is None
