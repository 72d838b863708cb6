from __future__ import annotations

import os

import pytest

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


def test_several_workers_are_held_against_the_controls_around_their_slice() -> None:
    assert capacity.capacity_of([1.0, 1.0], [[1.0, 1.0]]) == 2.0
    assert capacity.capacity_of([1.0, 3.0], [[2.0, 4.0]]) == 1.5


def test_a_core_whose_speed_moves_has_its_capacity_all_the_same_and_one_slice_that_was_halted_does_not_count() -> None:
    steadily_slower = [1.0, 1.2, 1.4, 1.6]
    assert capacity.capacity_of(steadily_slower, [[1.1, 1.1], [1.3, 1.3], [50.0, 50.0]]) == pytest.approx(2.0)


def test_several_cpus_are_measured_together_and_one_at_a_time_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    burnt: list[list[int]] = []

    def burn_on(cpus: list[int], steps: int) -> list[tuple[float, float]]:
        assert steps == 1000 // capacity.SLICES
        burnt.append(cpus)
        return [(0.02 if len(cpus) == 1 else 0.025, 0.01) for _ in cpus]

    monkeypatch.setattr(capacity, "_burn_on", burn_on)
    found = capacity.measure([4, 7], 1000, 1)
    assert burnt == [[7], *([4, 7], [4], [4, 7], [7]) * 2, [4, 7], [4]]
    assert found["capacity"] == pytest.approx(1.6)
    assert found["control_wall_seconds"] == pytest.approx(0.02 * capacity.SLICES)
    assert found["control_cpu_seconds"] == pytest.approx(0.01 * capacity.SLICES)
