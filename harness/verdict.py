"""Verdicts, and the two kinds of evidence that give one: measured estimates and exact facts.

A measured claim holds when the whole interval lies inside its bound and is refuted when the whole interval lies outside
and the noise gate has no objection; anything else is inconclusive. Of an exact claim one counter-example is enough.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    Pairs = Sequence[tuple[int, float]]

VERDICTS = HOLDS, REFUTED, INCONCLUSIVE, SKIPPED = "holds", "refuted", "inconclusive", "skipped"
TOO_FEW = "too few"
"""How the reason of a measured claim begins that has no interval yet."""


class Verdict:
    """What came of a claim: holds, refuted, inconclusive or skipped, with the reason.

    Args:
        value: One of the four.
        reason: Why, in a few words.
        why: What the evidence shows as the cause of a deviation, each in a sentence.
        figures: The estimate behind it, where there is one: "low", "median", "high", "pairs", "dropped".
        about: What the reason is said of, such as "answer of one_thread"; the reason then begins with it.
    """

    __slots__ = ("_parts", "asks", "figures", "value", "why")

    def __init__(
        self,
        value: str,
        reason: str,
        why: tuple[str, ...] = (),
        figures: dict[str, float] | None = None,
        about: str = "",
    ) -> None:
        self.asks: tuple[str, ...] = ()  # which quantities the claim asked for, such as "speed_up over one_thread"
        self.value = value
        self.why = why
        self.figures = figures
        self._parts: tuple[tuple[str, str], ...] = ((about, reason),)

    @property
    def reason(self) -> str:
        """Why, in a few words; what is so of several is said once, of all of them."""
        said: dict[str, dict[str, None]] = {}
        for about, reason in self._parts:
            said.setdefault(reason, {})[about] = None
        return "; ".join(": ".join(filter(None, (_listed(about), reason))) for reason, about in said.items())

    @classmethod
    def holds(cls, reason: str, about: str = "") -> Verdict:
        """A claim that the evidence upholds."""
        return cls(HOLDS, reason, about=about)

    @classmethod
    def refuted(cls, reason: str, about: str = "") -> Verdict:
        """A claim that the evidence contradicts."""
        return cls(REFUTED, reason, about=about)

    @classmethod
    def inconclusive(cls, reason: str, about: str = "") -> Verdict:
        """A claim that this evidence cannot settle."""
        return cls(INCONCLUSIVE, reason, about=about)

    def because(self, why: str) -> Verdict:
        """The same verdict with one more sentence of why."""
        return self._made_of((self,), self.value, (*self.why, why), self.figures)

    def __and__(self, other: Verdict) -> Verdict:
        """Both: refuted if either is, holds if both do, else inconclusive."""
        order = (REFUTED, INCONCLUSIVE, SKIPPED, HOLDS)
        value = min(self.value, other.value, key=order.index)
        parts = [part for part in (self, other) if part.value == value] if value == REFUTED else [self, other]
        return self._made_of(parts, value, (*self.why, *other.why), self.figures or other.figures)

    @classmethod
    def _made_of(
        cls, verdicts: Sequence[Verdict], value: str, why: tuple[str, ...], figures: dict[str, float] | None
    ) -> Verdict:
        made = cls(value, "", why, figures)
        made._parts = tuple(part for verdict in verdicts for part in verdict._parts)
        return made

    def __repr__(self) -> str:
        return f"Verdict({self.value!r}, {self.reason!r})"


class Estimate:
    """The median of a quantity that was measured once a round, to be held against a bound.

    Args:
        pairs: (round, value) of what was kept.
        rounds: How many rounds are done.
        fixed_rounds: The number of rounds where it was fixed beforehand.
        dropped: How many were dropped, by reason.
        objections: Why nothing may be refuted by it, each in a few words.
        doubts: Why nothing may be upheld by it either, each in a few words.
    """

    __slots__ = ("doubts", "dropped", "fixed_rounds", "objections", "pairs", "rounds")

    def __init__(
        self,
        pairs: Pairs,
        rounds: int,
        fixed_rounds: int | None = None,
        dropped: dict[str, int] | None = None,
        objections: tuple[str, ...] = (),
        doubts: tuple[str, ...] = (),
    ) -> None:
        self.pairs = pairs
        self.rounds = rounds
        self.fixed_rounds = fixed_rounds
        self.dropped = dropped or {}
        self.objections = objections
        self.doubts = doubts

    def is_between(self, low: float, high: float) -> Verdict:
        """The median lies within the two bounds."""
        return self._judge(low, high)

    def is_at_least(self, bound: float) -> Verdict:
        """The median is not below the bound."""
        return self._judge(bound, float("inf"))

    def is_at_most(self, bound: float) -> Verdict:
        """The median is not above the bound."""
        return self._judge(float("-inf"), bound)

    def _judge(self, low: float, high: float) -> Verdict:
        from harness import intervals, noise

        found = intervals.interval_after(self.pairs, self.rounds, self.fixed_rounds)
        lost = sum(self.dropped.values())
        losses = ", ".join(f"{count} dropped: {reason}" for reason, count in sorted(self.dropped.items()))
        if found is None:
            reason = self._too_few()
            return Verdict(INCONCLUSIVE, f"{reason} ({losses})" if losses else reason)
        figures = {"low": found.low, "median": found.median, "high": found.high, "pairs": found.pairs, "dropped": lost}
        below, above = intervals.rounded(found.low, found.high)
        span = f"{below} to {above}"
        objections = [*self.objections, *self.doubts]
        if lost > noise.DROPPED_SHARE * (lost + len(self.pairs)):
            objections.append(f"too noisy: {losses}")
        if found.contradicts:
            objections.append("it was elsewhere at an earlier look: it moved during the run")
        if low <= found.low and found.high <= high:
            if self.doubts:
                return Verdict(INCONCLUSIVE, f"{span}, but {'; '.join(self.doubts)}", (), figures)
            return Verdict(HOLDS, span, (), figures)
        if found.high < low or found.low > high:
            if objections:
                return Verdict(INCONCLUSIVE, f"{span}, but {'; '.join(objections)}", (), figures)
            return Verdict(REFUTED, f"{span}, not {_bounds(low, high)}", (), figures)
        reason = f"{span} lies on both sides of {_straddled(found.low, found.high, low, high)}"
        return Verdict(INCONCLUSIVE, "; ".join([reason, *objections]), (), figures)

    def _too_few(self) -> str:
        """Why there is no interval yet."""
        from harness import intervals

        needed = intervals.fewest_pairs()
        if len(self.pairs) < needed:
            return f"{TOO_FEW}: {len(self.pairs)} pairs, at least {needed} are needed"
        return f"{TOO_FEW} rounds: {self.rounds} of the {self.fixed_rounds} that were fixed beforehand"


def _bounds(low: float, high: float) -> str:
    if high == float("inf"):
        return f"at least {low:g}"
    if low == float("-inf"):
        return f"at most {high:g}"
    return f"between {low:g} and {high:g}"


def _straddled(found_low: float, found_high: float, low: float, high: float) -> str:
    crossed = [
        f"{bound:g}" for bound in (low, high) if found_low < bound <= found_high or found_low <= bound < found_high
    ]
    return " and ".join(crossed)


class Facts:
    """Values that are exact, one a sample: a single counter-example refutes, and noise is no excuse.

    Args:
        name: What the values are, as a reason says it.
        values: One a sample that has such a value.
        missing: How many samples have none.
    """

    __slots__ = ("missing", "name", "values")

    def __init__(self, name: str, values: Sequence[Any], missing: int = 0) -> None:
        self.name = name
        self.values = values
        self.missing = missing

    def are_all(self, value: object) -> Verdict:
        """Every value equals this one."""
        plain = _plain(value)
        return self._all(lambda found: bool(found == plain), f"{_shown(plain)}")

    def are_all_at_least(self, bound: float) -> Verdict:
        """No value is below the bound."""
        return self._all(lambda found: bool(found >= bound), f"at least {_shown(bound)}")

    def are_all_at_most(self, bound: float) -> Verdict:
        """No value is above the bound."""
        return self._all(lambda found: bool(found <= bound), f"at most {_shown(bound)}")

    def reach(self, bound: float) -> Verdict:
        """Some value is at or above the bound; that none was proves nothing."""
        reached = [value for value in self.values if value >= bound]
        if reached:
            return Verdict.holds(f"{_shown(max(reached))} seen, in {len(reached)} of {len(self.values)}", self.name)
        return Verdict.inconclusive(f"nothing of {_shown(bound)} or more in {len(self.values)} samples", self.name)

    def _all(self, fits: Callable[[Any], bool], wanted: str) -> Verdict:
        wrong = [value for value in self.values if not fits(value)]
        if wrong:
            times = f"{len(wrong)} of {len(self.values)}"
            return Verdict.refuted(f"{_shown(wrong[0])} in {times}, not {wanted}", self.name)
        if not self.values or self.missing:
            return Verdict.inconclusive(f"{self.missing} samples without a value, {len(self.values)} with", self.name)
        return Verdict.holds(f"{wanted} in {len(self.values)} of {len(self.values)}", self.name)


def _listed(about: Iterable[str]) -> str:
    """What a reason is said of, with what it is of each only once: "answer of one_thread, threads"."""
    by_kind: dict[str, list[str]] = {}
    for each in filter(None, about):
        kind, _, whose = each.rpartition(" of ")
        by_kind.setdefault(kind, []).append(whose)
    return ", ".join(f"{kind} of {', '.join(whose)}" if kind else ", ".join(whose) for kind, whose in by_kind.items())


def _plain(value: object) -> object:
    """A value as it comes back from where answers are kept: tuples are lists, keys are strings."""
    import json

    return json.loads(json.dumps(value))


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
