"""Exact intervals for a median, valid although they are looked at again after each batch of rounds.

The interval of a median of n values is a pair of order statistics: it misses the median with a probability that is a
sum of binomial terms, whatever the values' distribution (David and Nagaraja, Order Statistics, 3rd ed., section 7.1).
Looking again and stopping when the answer pleases would add up those errors; so there are a few fixed looks, and one
error is spent over all of them (Lan and DeMets, Biometrika 70, 1983). What a look could not use, the next one may.

So the intervals of all looks hold the median at once, but for that one error, and then it lies in what they have in
common. That is what is judged by: it only ever narrows, and what a look has settled stays settled.
"""

from __future__ import annotations

import functools
import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ERROR = 0.01
"""The probability that any of the looks at a claim gives an interval that misses the median, both sides together."""

LOOKS: tuple[tuple[int, float], ...] = (
    (8, 0.0079),
    (12, 0.0085),
    (18, 0.0092),
    (27, 0.0095),
    (40, 0.0097),
    (60, 0.0099),
    (90, ERROR),
)
"""After how many rounds the claims are looked at, and how much of the error may be spent by then."""


class Interval:
    """An interval of a median.

    Args:
        low: Its lower end.
        median: The median of the values.
        high: Its upper end.
        pairs: How many values there were.
        spent: The probability that it misses.
        contradicts: Whether an earlier look at the same quantity gave an interval that has nothing in common with this
            one: the quantity changed on the way, or one of the two misses.
    """

    __slots__ = ("contradicts", "high", "low", "median", "pairs", "spent")

    def __init__(
        self, low: float, median: float, high: float, pairs: int, spent: float, *, contradicts: bool = False
    ) -> None:
        self.low = low
        self.median = median
        self.high = high
        self.pairs = pairs
        self.spent = spent
        self.contradicts = contradicts

    def __repr__(self) -> str:
        return f"Interval({self.low!r}, {self.median!r}, {self.high!r}, pairs={self.pairs})"


def median(values: Iterable[float]) -> float:
    """The middle value, or the mean of the two in the middle; ValueError where there is none."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no median of no values")
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def median_interval(values: Sequence[float], error: float) -> Interval | None:
    """The narrowest pair of order statistics, alike from both ends, that misses the median at most `error` of the time.

    Args:
        values: One value a pair, in any order.
        error: The probability of a miss that is allowed, both sides together.

    Returns:
        The interval, or None where there are too few values for that error.
    """
    n = len(values)
    rank, missed = _rank(n, error)
    if rank == 0:
        return None
    ordered = sorted(values)
    return Interval(ordered[rank - 1], median(ordered), ordered[n - rank], n, missed)


@functools.lru_cache(maxsize=256)
def _rank(n: int, error: float) -> tuple[int, float]:
    """The rank from both ends that the interval of n values may begin at, and how often it misses then; 0 for none.

    In whole numbers, so that neither a bound met exactly nor a thousand values and more are a matter of rounding.
    """
    numerator, denominator = error.as_integer_ratio()
    limit = (numerator << n) // (2 * denominator)
    below, term, rank = 0, 1, 0
    while rank < n // 2 and below + term <= limit:
        below += term
        term = term * (n - rank) // (rank + 1)
        rank += 1
    return rank, 2 * below / (1 << n)


def looks_within(rounds: int, fixed_rounds: int | None) -> tuple[tuple[int, float], ...]:
    """The looks taken by the time that so many rounds are done.

    Args:
        rounds: How many rounds are done.
        fixed_rounds: The number of rounds, where it was fixed beforehand: then there is one look, at the end.
    """
    if fixed_rounds is not None:
        return ((fixed_rounds, ERROR),) if rounds >= fixed_rounds else ()
    return tuple(look for look in LOOKS if look[0] <= rounds)


def interval_after(pairs: Sequence[tuple[int, float]], rounds: int, fixed_rounds: int | None = None) -> Interval | None:
    """What the intervals of all looks taken have in common, each with what the looks before it left of the error.

    Args:
        pairs: (round, value) of each pair that was not dropped.
        rounds: How many rounds are done.
        fixed_rounds: As in `looks_within`.

    Returns:
        The interval, with the median of the last look; the last look's alone, marked as contradicting, where they have
        nothing in common; None where no look was due yet or the pairs are too few for one.
    """
    spent, low, high = 0.0, -math.inf, math.inf
    latest: Interval | None = None
    for until, allowed in looks_within(rounds, fixed_rounds):
        found = median_interval([value for round_, value in pairs if round_ < until], allowed - spent)
        if found is not None:
            latest = found
            spent += found.spent
            low, high = max(low, found.low), min(high, found.high)
    if latest is None:
        return None
    if low > high:
        return Interval(latest.low, latest.median, latest.high, latest.pairs, spent, contradicts=True)
    return Interval(low, min(max(latest.median, low), high), high, latest.pairs, spent)


def fewest_pairs(error: float = ERROR) -> int:
    """How many pairs an interval with this error needs at least."""
    return 1 + math.ceil(math.log2(1 / error))


def rounded(low: float, high: float, *more: float) -> tuple[str, ...]:
    """The numbers with only the digits that their spread supports: two of the spread's, at most three behind the point.

    Args:
        low: The lower end of the interval.
        high: The upper end.
        more: Further numbers to write alike, such as the median.
    """
    spread = abs(high - low)
    if not all(map(math.isfinite, (low, high))):
        return tuple(str(number) for number in (low, high, *more))
    decimals = 3 if spread == 0 else max(0, min(3, 1 - math.floor(math.log10(spread))))
    return tuple(f"{number:.{decimals}f}" for number in (low, high, *more))
