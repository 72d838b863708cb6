from __future__ import annotations

import os

from harness import capacity


class Made:
    """A clock that is set by hand, and measurements that are numbered."""

    def __init__(self) -> None:
        self.now = 0.0
        self.turns: list[int] = []

    def clock(self) -> float:
        return self.now

    def measure(self, cpus: list[int], steps: int, turn: int) -> dict[str, float]:
        self.turns.append(turn)
        return {"capacity": float(len(cpus)), "control_wall_seconds": turn / 100, "control_cpu_seconds": turn / 100}

    def sides(self, cpus: list[int]) -> capacity.Sides:
        return capacity.Sides(cpus, 1, self.measure, self.clock)


def test_the_first_round_has_both_sides_measured() -> None:
    made = Made()
    sides = made.sides([3])
    assert sides.before(0) != sides.after(1)
    assert made.turns == [0, 1]


def test_on_one_cpu_the_side_between_two_rounds_is_measured_once() -> None:
    made = Made()
    sides = made.sides([3])
    sides.before(0)
    between = sides.after(1)
    made.now += capacity.AT_ONCE_SECONDS
    assert sides.before(2) is between
    assert made.turns == [0, 1]


def test_a_round_that_does_not_follow_at_once_has_its_own_side_before() -> None:
    made = Made()
    sides = made.sides([3])
    sides.before(0)
    sides.after(1)
    made.now += 2 * capacity.AT_ONCE_SECONDS
    sides.before(2)
    assert made.turns == [0, 1, 2]


def test_on_more_cpus_no_two_rounds_share_a_capacity() -> None:
    made = Made()
    sides = made.sides([2, 3])
    sides.before(0)
    sides.after(1)
    sides.before(2)
    assert made.turns == [0, 1, 2]


def test_one_cpu_has_the_capacity_of_one() -> None:
    found = capacity.measure([max(os.sched_getaffinity(0))], 1000, 0)
    assert found["capacity"] == 1.0
    assert found["control_wall_seconds"] > 0
