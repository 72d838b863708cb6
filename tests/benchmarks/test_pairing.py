from __future__ import annotations

import random
import statistics

import pytest

from benchmarks.pairing import interleaved, ratio, root_mean_square, share, spread


def test_each_round_takes_each_measure_once_in_random_order_and_the_first_is_dropped() -> None:
    taken: list[str] = []

    def measure(name: str, value: float) -> float:
        taken.append(name)
        return value + len(taken) / 1000

    rounds = interleaved([lambda: measure("a", 1), lambda: measure("b", 2)], 40, random.Random(1))
    assert len(rounds) == 40
    assert len(taken) == 82
    orders = {(taken[place], taken[place + 1]) for place in range(0, 82, 2)}
    assert orders == {("a", "b"), ("b", "a")}
    assert all(1 < one < 2 < other for one, other in rounds)
    assert min(min(of) % 1 for of in rounds) > 0.002


def test_progress_is_told_before_each_round() -> None:
    told: list[tuple[int, int]] = []
    interleaved([lambda: 1.0], 2, random.Random(1), lambda done, times: told.append((done, times)))
    assert told == [(0, 3), (1, 3), (2, 3)]


def test_a_ratio_is_the_median_of_the_pairs_ratios_not_the_ratio_of_medians() -> None:
    found = ratio([(1.0, 1.0), (2.0, 1.0), (30.0, 10.0)], random.Random(1))
    assert (found.value, found.low, found.high) == (2.0, 1.0, 3.0)


def test_a_bootstrap_interval_holds_the_value_and_narrows_with_more_of_the_same() -> None:
    chance = random.Random(1)
    few = spread([chance.gauss(1, 0.1) for _ in range(15)], statistics.fmean, chance)
    many = spread([chance.gauss(1, 0.1) for _ in range(300)], statistics.fmean, chance)
    assert few.low < few.value < few.high
    assert many.high - many.low < few.high - few.low


def test_equal_values_have_an_interval_of_no_width() -> None:
    found = spread([3.0] * 15, statistics.median, random.Random(1))
    assert (found.value, found.low, found.high) == (3.0, 3.0, 3.0)


@pytest.mark.parametrize(
    ("hits", "times", "low", "high"),
    [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (5, 10, 0.1871, 0.8129), (0, 2000, 0.0, 0.00184)],
)
def test_a_share_has_its_exact_interval(hits: int, times: int, low: float, high: float) -> None:
    found = share(hits, times)
    assert found.value == hits / times
    assert found.low == pytest.approx(low, abs=1e-4)
    assert found.high == pytest.approx(high, abs=1e-4)


def test_the_root_of_the_mean_of_the_squares_counts_both_signs() -> None:
    assert root_mean_square([3.0, -4.0]) == pytest.approx(12.5**0.5)
