"""The intervals of a median: exact, valid when looked at again, and settled once they have settled."""

from __future__ import annotations

import itertools
import math
import random
from fractions import Fraction

import pytest

from harness import intervals
from harness.intervals import ERROR, LOOKS, interval_after, median_interval
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


def test_all_looks_together_spend_no_more_than_the_error() -> None:
    for dropped in (0, 1, 3):
        spent = Fraction(0)
        for until, allowed in LOOKS:
            n = until - dropped
            rank = rank_of(n, allowed - float(spent))
            spent += misses(n, rank)
            assert spent <= Fraction(allowed)
        assert spent <= Fraction(ERROR)


def test_a_look_takes_no_later_round_into_account() -> None:
    pairs = [(round_, 1.0) for round_ in range(8)] + [(round_, 9.0) for round_ in range(8, 12)]
    found = interval_after(pairs, rounds=11)
    assert found is not None
    assert (found.low, found.high, found.pairs) == (1.0, 1.0, 8)


def test_between_two_looks_nothing_changes() -> None:
    pairs = [(round_, 1.0 + round_ / 100) for round_ in range(18)]
    assert repr(interval_after(pairs[:12], 12)) == repr(interval_after(pairs[:17], 17))
    assert repr(interval_after(pairs[:12], 12)) != repr(interval_after(pairs, 18))


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
        looks = [found for until, _ in LOOKS if (found := interval_after(pairs, until)) and not found.contradicts]
        assert len(looks) == len(LOOKS)
        for earlier, later in itertools.pairwise(looks):
            assert earlier.low <= later.low <= later.median <= later.high <= earlier.high


def test_looks_that_have_nothing_in_common_are_told_and_the_last_one_counts() -> None:
    pairs = [(round_, 1.0 + round_ / 1000) for round_ in range(8)]
    pairs += [(round_, 2.0 + round_ / 1000) for round_ in range(8, 90)]
    found = interval_after(pairs, 90)
    assert found is not None
    assert found.contradicts
    assert 2.0 < found.low < found.high


def test_with_a_look_after_every_batch_hardly_any_claim_on_equal_things_is_settled_wrongly() -> None:
    """A against itself, stopped at the first look that settles, 2,000 times; seeded, so that it comes out alike."""
    chance = random.Random(20260101)
    wrong = 0
    for _ in range(2000):
        pairs = [(round_, chance.lognormvariate(0, 0.05)) for round_ in range(90)]
        for until, _ in LOOKS:
            if Estimate(pairs[:until], until).is_at_least(1.0).value != INCONCLUSIVE:
                wrong += 1
                break
    assert wrong <= 0.01 * 2000


def test_a_settled_claim_stays_settled() -> None:
    chance = random.Random(3)
    settled = 0
    for _ in range(200):
        pairs = [(round_, chance.lognormvariate(0, 0.05)) for round_ in range(90)]
        seen = [Estimate(pairs[:until], until).is_at_least(0.93).value for until, _ in LOOKS]
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
