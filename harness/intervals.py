"""Exact intervals for a median, valid although they are looked at again after each pair.

The interval of a median of n values is a pair of order statistics: it misses the median with a probability that is a
sum of binomial terms, whatever the values' distribution (David and Nagaraja, Order Statistics, 3rd ed., section 7.1).
Looking again and stopping when the answer pleases would add up those errors; so one error is spent over all looks (Lan
and DeMets, Biometrika 70, 1983), and a look counts *pairs that were kept*, not rounds: the n-th look is at the first n.

How many of the first n values lie below the median is a walk of fair steps, and a look misses when the walk is too near
to one of its ends. So the probability that any look misses by the n-th pair is counted exactly, over all ways that the
walk can go; with what a look cannot use, the next may. Whoever looks after each pair hardly pays for it: a walk that
is at the edge after 15 pairs mostly was there after 14.

So the intervals of all looks hold the median at once, but for that one error, and then it lies in what they have in
common. That is what is judged by: it only ever narrows, and what a look has settled stays settled. And as it holds for
all looks at once, it matters neither when somebody reads it nor why the measuring stopped: after any round, when the
time was up, or because the answer pleased. What it rests on is that a pair is not dropped for its value: the noise gate
sees what stood beside a sample (others' use of the CPUs, a quota, the control's own times), never the sample's time
against another's.
"""

from __future__ import annotations

import bisect
import functools
import itertools
import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ERROR = 0.01
"""The probability that any of the looks at a claim gives an interval that misses the median, both sides together."""

SPENT: tuple[tuple[int, int], ...] = ((8, 79), (14, 88), (18, 92), (24, 96), (40, 98), (90, 100))
"""How many ten-thousandths of error may be spent by how many pairs, evenly in between; the first look is at 8 pairs."""
MOST_PAIRS = SPENT[-1][0]
"""The last look."""


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


@functools.cache
def looks() -> tuple[tuple[int, int, float], ...]:
    """Every look: at how many pairs, the rank from both ends of its interval, and the error spent by then.

    Counted in whole numbers: of all the ways that n values can lie below and above the median, those in which a look
    at the n-th or before has missed.
    """
    found = []
    ways, missed = {0: 1}, 0
    for n in range(1, MOST_PAIRS + 1):
        ways, missed = _one_more(ways), 2 * missed
        numerator, denominator = _allowed(n)
        rank = 0
        while rank < n // 2:
            more = ways.get(rank, 0) + ways.get(n - rank, 0)
            if (missed + more) * denominator > numerator << n:
                break
            missed += more
            ways = {below: count for below, count in ways.items() if rank < below < n - rank}
            rank += 1
        if rank:
            found.append((n, rank, missed / (1 << n)))
    return tuple(found)


def _allowed(n: int) -> tuple[int, int]:
    """The error that may be spent by the n-th pair, as a fraction in whole numbers."""
    for (fewer, least), (more, most) in itertools.pairwise(SPENT):
        if fewer <= n <= more:
            return least * (more - fewer) + (most - least) * (n - fewer), 10_000 * (more - fewer)
    return 0, 1


def _one_more(ways: dict[int, int]) -> dict[int, int]:
    """In how many ways so many values lie below the median, with one value more, on either side of it."""
    return {below: ways.get(below, 0) + ways.get(below - 1, 0) for below in {*ways, *(before + 1 for before in ways)}}


def interval_after(pairs: Sequence[tuple[int, float]], rounds: int, fixed_rounds: int | None = None) -> Interval | None:
    """What the intervals of all looks have in common, each at the pairs that there were by then.

    Args:
        pairs: (round, value) of each pair that was not dropped.
        rounds: How many rounds are done.
        fixed_rounds: The number of rounds, where it was fixed beforehand: then there is one look, at the end, at all
            pairs of those rounds.

    Returns:
        The interval, with the median of the last look; the last look's alone, marked as contradicting, where they have
        nothing in common; None where no look was due yet or the pairs are too few for one.
    """
    values = [value for _, value in sorted(pairs)]
    if fixed_rounds is not None:
        within = [value for round_, value in pairs if round_ < fixed_rounds]
        return median_interval(within, ERROR) if rounds >= fixed_rounds else None
    low, high = -math.inf, math.inf
    ordered: list[float] = []
    latest: Interval | None = None
    for n, rank, spent in looks():
        if n > len(values):
            break
        for value in values[len(ordered) : n]:
            bisect.insort(ordered, value)
        latest = Interval(ordered[rank - 1], median(ordered), ordered[n - rank], n, spent)
        low, high = max(low, latest.low), min(high, latest.high)
    if latest is None:
        return None
    if low > high:
        return Interval(latest.low, latest.median, latest.high, latest.pairs, latest.spent, contradicts=True)
    return Interval(low, min(max(latest.median, low), high), high, latest.pairs, latest.spent)


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
