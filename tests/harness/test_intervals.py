"""The intervals of a median: exact, valid when looked at again, and settled once they have settled."""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction

import pytest

from harness import intervals
from harness.intervals import ERROR, MOST_PAIRS, interval_after, looks, median_interval
from harness.verdict import INCONCLUSIVE, Estimate


def misses(n: int, rank: int) -> Fraction:
    """How often the order statistics of this rank from both ends miss the median: sums of binomial terms."""
    return Fraction(2 * sum(math.comb(n, k) for k in range(rank)), 2**n)


def rank_of(n: int, error: float) -> int:
    found = median_interval(list(range(1, n + 1)), error)
    return 0 if found is None else round(found.low)


@pytest.mark.parametrize("error", [0.05, 0.01, 0.0079, 2 / 256])
def test_no_narrower_interval_would_miss_as_rarely_as_asked(error: float) -> None:
    for n in range(1, 80):
        rank = rank_of(n, error)
        assert rank == 0 or misses(n, rank) <= Fraction(error)
        assert rank == n // 2 or misses(n, rank + 1) > Fraction(error)


def test_the_interval_misses_the_median_as_often_as_it_says() -> None:
    """Every way in which n values can lie below and above the median, each as likely as any other."""
    for n in (8, 11, 12):
        missed, spent = 0, 0.0
        for signs in itertools.product((-1.0, 1.0), repeat=n):
            found = median_interval([sign * (1 + index) for index, sign in enumerate(signs)], 0.05)
            assert found is not None
            missed += not found.low <= 0 <= found.high
            spent = found.spent
        assert Fraction(missed, 2**n) == misses(n, rank_of(n, 0.05))
        assert spent == float(Fraction(missed, 2**n))


def test_the_interval_lies_alike_from_both_ends() -> None:
    found = median_interval([9, 1, 8, 2, 7, 3, 6, 4, 5, 10, 11, 12], 0.05)
    assert found is not None
    assert (found.low, found.median, found.high, found.pairs) == (3, 6.5, 10, 12)


@pytest.mark.parametrize("count", range(8))
def test_fewer_than_eight_values_are_too_few(count: int) -> None:
    assert median_interval([1.0] * count, ERROR) is None


def test_the_fewest_pairs_are_exactly_those_that_suffice() -> None:
    for error in (0.05, 0.01, 0.0079, 2**-7):
        fewest = intervals.fewest_pairs(error)
        assert median_interval([1.0] * fewest, error) is not None
        assert median_interval([1.0] * (fewest - 1), error) is None


def test_more_than_a_thousand_values_have_an_interval_too() -> None:
    found = median_interval(list(range(1, 3001)), 0.05)
    assert found is not None
    assert misses(3000, round(found.low)) <= Fraction(0.05) < misses(3000, round(found.low) + 1)


def test_all_looks_together_miss_as_often_as_they_say_and_never_more_than_the_error() -> None:
    """Every way in which the first values can lie below and above the median, followed from look to look."""
    by_count = {n: (rank, spent) for n, rank, spent in looks()}
    for until in (8, 9, 14, 16):
        missed = sum(
            any(
                not by_count[n][0] <= sum(signs[:n]) <= n - by_count[n][0] for n in range(1, until + 1) if n in by_count
            )
            for signs in itertools.product((0, 1), repeat=until)
        )
        assert float(Fraction(missed, 2**until)) == by_count[until][1]
    assert looks()[-1][2] <= ERROR


def test_there_is_a_look_at_each_pair_from_the_eighth_on_and_it_can_use_what_the_one_before_could_not() -> None:
    assert [n for n, _, _ in looks()] == list(range(8, MOST_PAIRS + 1))
    for (_, rank, spent), (_, next_rank, next_spent) in itertools.pairwise(looks()):
        assert rank <= next_rank <= rank + 1
        assert spent <= next_spent


def test_no_look_could_be_narrower_with_the_error_that_is_allowed_by_then() -> None:
    """The first look is the interval of eight values alone; what all looks spend is nearly the whole error."""
    assert looks()[0] == (8, 1, float(misses(8, 1)))
    assert looks()[-1][2] > 0.99 * ERROR


def test_a_look_is_taken_at_the_first_pairs_in_the_order_of_their_rounds() -> None:
    pairs = [(round_, float(round_)) for round_ in range(8)]
    later = [(round_, 3.5) for round_ in range(8, 40)]
    for shown in (pairs + later, later[::-1] + pairs[::-1]):
        found = interval_after(shown, 40)
        assert found is not None
        assert (found.low, found.high, found.pairs) == (3.5, 3.5, 40)
    assert repr(interval_after(pairs[::-1], 8)) == "Interval(0.0, 3.5, 7.0, pairs=8)"


def test_a_pair_that_was_dropped_puts_the_look_off_and_costs_nothing_else() -> None:
    values = [1.0 + index / 100 for index in range(20)]
    without = interval_after(list(enumerate(values)), 20)
    between = interval_after([(2 * round_, value) for round_, value in enumerate(values)], 40)
    assert repr(without) == repr(between)


def test_how_many_rounds_are_done_does_not_matter_while_no_number_is_fixed() -> None:
    pairs = [(round_, 1.0 + round_ / 100) for round_ in range(18)]
    assert repr(interval_after(pairs, 18)) == repr(interval_after(pairs, 60))


def test_a_number_of_rounds_fixed_beforehand_is_one_look_with_all_of_the_error() -> None:
    pairs = [(round_, float(round_)) for round_ in range(20)]
    assert interval_after(pairs, 19, fixed_rounds=20) is None
    found, alone = interval_after(pairs, 20, fixed_rounds=20), median_interval([value for _, value in pairs], ERROR)
    assert found is not None
    assert alone is not None
    assert (found.low, found.high) == (alone.low, alone.high)


def test_a_later_look_never_widens_the_interval() -> None:
    chance = random.Random(7)
    for _ in range(50):
        pairs = [(round_, chance.lognormvariate(0, 0.1)) for round_ in range(90)]
        taken = [interval_after(pairs[:n], n) for n, _, _ in looks()]
        found = [each for each in taken if each is not None and not each.contradicts]
        assert len(found) == len(looks())
        for earlier, later in itertools.pairwise(found):
            assert earlier.low <= later.low <= later.median <= later.high <= earlier.high


def test_looks_that_have_nothing_in_common_are_told_and_the_last_one_counts() -> None:
    pairs = [(round_, 1.0 + round_ / 1000) for round_ in range(8)]
    pairs += [(round_, 2.0 + round_ / 1000) for round_ in range(8, 90)]
    found = interval_after(pairs, 90)
    assert found is not None
    assert found.contradicts
    assert 2.0 < found.low < found.high


def test_with_a_look_after_every_pair_hardly_any_claim_on_equal_things_is_settled_wrongly() -> None:
    """A against itself, stopped at the first look that settles, 2,000 times; seeded, so that it comes out alike."""
    chance = random.Random(20260101)
    wrong = 0
    for _ in range(2000):
        pairs = [(round_, chance.lognormvariate(0, 0.05)) for round_ in range(90)]
        for until, _, _ in looks():
            if Estimate(pairs[:until], until).is_at_least(1.0).value != INCONCLUSIVE:
                wrong += 1
                break
    assert wrong <= 0.01 * 2000


def test_a_settled_claim_stays_settled() -> None:
    chance = random.Random(3)
    settled = 0
    for _ in range(200):
        pairs = [(round_, chance.lognormvariate(0, 0.05)) for round_ in range(90)]
        seen = [Estimate(pairs[:until], until).is_at_least(0.93).value for until, _, _ in looks()]
        decided = [value for value in seen if value != INCONCLUSIVE]
        settled += bool(decided)
        assert seen[len(seen) - len(decided) :] == decided
        assert len(set(decided)) <= 1
    assert settled > 150


def test_a_true_tenth_is_found_within_the_looks_nearly_always() -> None:
    chance = random.Random(5)
    found = sum(
        Estimate([(round_, chance.lognormvariate(math.log(1.1), 0.03)) for round_ in range(90)], 90)
        .is_at_most(1.0)
        .value
        == "refuted"
        for _ in range(200)
    )
    assert found >= 180


@pytest.mark.parametrize(
    ("low", "high", "written"),
    [
        (0.9812, 1.0134, ("0.981", "1.013")),
        (0.8, 1.2, ("0.80", "1.20")),
        (95.0, 130.0, ("95", "130")),
        (1.0, 1.0, ("1.000", "1.000")),
        (float("-inf"), 1.0, ("-inf", "1.0")),
        (float("nan"), 1.0, ("nan", "1.0")),
    ],
)
def test_numbers_have_only_the_digits_that_their_spread_supports(
    low: float, high: float, written: tuple[str, ...]
) -> None:
    assert intervals.rounded(low, high) == written


def test_no_values_have_no_median() -> None:
    with pytest.raises(ValueError, match="no values"):
        intervals.median([])
