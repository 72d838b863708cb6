"""Pairs in random order, and what they come to: the median of their ratios with a bootstrap interval."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

Value = TypeVar("Value")
RESAMPLES = 4000


@dataclass(frozen=True)
class Spread:
    """A number and its 95 % interval."""

    value: float
    low: float
    high: float


def interleaved(
    measures: Sequence[Callable[[], float]],
    times: int,
    chance: random.Random,
    say: Callable[[int, int], None] = lambda _done, _all: None,
) -> list[tuple[float, ...]]:
    """Take each measure once a round, in random order, and drop the first round.

    Args:
        measures: Each gives its figure.
        times: How many rounds are kept.
        chance: Of the order.
        say: Told before each round how many are done, and how many there will be.
    """
    rounds = []
    for done in range(times + 1):
        say(done, times + 1)
        found = [0.0] * len(measures)
        for place in chance.sample(range(len(measures)), len(measures)):
            found[place] = measures[place]()
        rounds.append(tuple(found))
    return rounds[1:]


def ratio(pairs: Sequence[tuple[float, ...]], chance: random.Random) -> Spread:
    """The median of the first over the second of each pair."""
    return spread([one / other for one, other, *_ in pairs], statistics.median, chance)


def root_mean_square(values: Sequence[float]) -> float:
    """The root of the mean of the squares."""
    return math.sqrt(statistics.fmean(value * value for value in values))


def spread(values: Sequence[Value], of: Callable[[Sequence[Value]], float], chance: random.Random) -> Spread:
    """A statistic of the values with its bootstrap interval: the 2.5 and 97.5 percentiles over resamples."""
    found = sorted(of(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return Spread(of(values), found[int(0.025 * RESAMPLES)], found[int(0.975 * RESAMPLES) - 1])


def share(hits: int, times: int) -> Spread:
    """A share with its exact 95 % interval (Clopper and Pearson, Biometrika 26, 1934)."""
    low = 0.0 if hits == 0 else _root(lambda p: _at_least(hits, times, p) - 0.025)
    high = 1.0 if hits == times else _root(lambda p: _at_least(hits + 1, times, p) - 0.975)
    return Spread(hits / times, low, high)


def _at_least(hits: int, times: int, p: float) -> float:
    # By logarithms: the number of ways to have k of 2,000 is larger than any float.
    ways = math.lgamma(times + 1)
    return math.fsum(
        math.exp(
            ways - math.lgamma(k + 1) - math.lgamma(times - k + 1) + k * math.log(p) + (times - k) * math.log1p(-p)
        )
        for k in range(hits, times + 1)
    )


def _root(rising: Callable[[float], float]) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2
