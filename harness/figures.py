"""The figures of a run that tables show, each with only the digits that its spread supports."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from harness import intervals
from harness.findings import EFFICIENCY, SPEED_UP, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.verdict import Estimate

DISPLAY_ERROR = 0.05
"""Tables show the digits of a 95 % interval; what claims are judged by is stricter."""
NONE = "–"


class Figure(NamedTuple):
    """A number, and what a table shows of it."""

    value: float | None
    text: str


@dataclass(frozen=True)
class Figures:
    """What a table shows of one variant in one run.

    Attributes:
        name: The variant.
        wall: Median wall seconds of the undisturbed samples; without any, of the disturbed ones, marked with ~.
        speed_up: Over the variant that claims hold others against, or the first.
        efficiency: That over the measured capacity.
        cores_busy: CPU over wall time.
        outcome: How the samples ended, and how many.
        kept: Samples that finished undisturbed.
        dropped: Samples that did not.
    """

    name: str
    wall: Figure
    speed_up: Figure
    efficiency: Figure
    cores_busy: Figure
    outcome: str
    kept: int
    dropped: int


def figures_of(record: Mapping[str, Any], run: Run | None = None) -> list[Figures]:
    """The figures of every variant of a run.

    Args:
        record: The run.
        run: The same as claims see it, where that was made already.
    """
    run = run or Run(record)
    baseline = asked_baseline(record) or record["variants"][0]["name"]
    return [_figures(run, entry, baseline) for entry in record["variants"]]


def asked_baseline(record: Mapping[str, Any]) -> str | None:
    """The variant that the lab's claims hold others' speed against, or None where no claim asks for a speed-up."""
    asked = [asked for verdict in record["verdicts"] for asked in verdict.get("asks", ())]
    return next((words.partition(" over ")[2] for words in asked if words.startswith((SPEED_UP, EFFICIENCY))), None)


def over_fewer_cores(variant: str, fewer: Run, more: Run, *, paired: bool) -> Figure:
    """How many times faster a variant was in one run than in another on fewer cores.

    Args:
        variant: The variant's name.
        fewer: The run on fewer cores.
        more: The other.
        paired: Whether their rounds alternated, so that a round of the one belongs to the same round of the other.
    """
    before, after = fewer.walls(named(variant)), more.walls(named(variant))
    if not before or not after:
        return Figure(None, NONE)
    if paired:
        return _figure([before[round_] / after[round_] for round_ in sorted(before.keys() & after.keys())])
    old, new = spread(list(before.values())), spread(list(after.values()))
    value = intervals.median(before.values()) / intervals.median(after.values())
    return Figure(value, written(old[0] / new[1], old[1] / new[0], value))


def named(name: str) -> Callable[..., Any]:
    """A stand-in for a lab's function, which is not loaded here: findings know variants by their names alone."""

    def variant() -> None: ...

    variant.__name__ = name
    return variant


def seconds(values: Sequence[float]) -> str:
    """A median time with its unit, and only the digits that the spread of the values supports."""
    if not values:
        return NONE
    return time_text(*spread(values), intervals.median(values))


def time_text(low: float, high: float, middle: float) -> str:
    """A median time in seconds with its unit, and only the digits that its interval supports."""
    factor, unit = (1.0, "s") if middle >= 1 else (1e3, "ms") if middle >= 1e-3 else (1e6, "µs")
    return f"{written(low * factor, high * factor, middle * factor)} {unit}"


def spread(values: Sequence[float]) -> tuple[float, float]:
    """The interval of the median; of fewer than six values the whole range."""
    found = intervals.median_interval(values, DISPLAY_ERROR)
    return (found.low, found.high) if found else (min(values), max(values))


def written(low: float, high: float, middle: float) -> str:
    """A median with two digits of its interval at most; where that is a single number, as if it were known to 1 %."""
    if low == high:
        low, high = middle * 0.99, middle * 1.01
    return intervals.rounded(low, high, middle)[2]


def _figures(run: Run, entry: Mapping[str, Any], baseline: str) -> Figures:
    variant, base = named(entry["name"]), named(baseline)
    walls = list(run.walls(variant).values())
    is_baseline = entry["name"] == baseline
    outcomes = Counter(sample["outcome"] for sample in entry["samples"])
    counted = ", ".join(f"{outcome.replace('_', ' ')} ×{count}" for outcome, count in outcomes.items())
    return Figures(
        name=entry["name"],
        wall=_wall(walls, run.disturbed_walls(variant)),
        speed_up=Figure(1.0, "1") if is_baseline and walls else _estimated(run.speed_up(variant, over=base)),
        efficiency=Figure(None, NONE) if is_baseline else _estimated(run.efficiency(variant, over=base)),
        cores_busy=_estimated(run.cores_busy(variant)),
        outcome=counted or "not run",
        kept=len(walls),
        dropped=len(entry["samples"]) - len(walls),
    )


def _wall(undisturbed: Sequence[float], disturbed: Sequence[float]) -> Figure:
    if undisturbed or not disturbed:
        return Figure(intervals.median(undisturbed) if undisturbed else None, seconds(undisturbed))
    return Figure(None, f"~{seconds(disturbed)}")


def _estimated(estimate: Estimate) -> Figure:
    return _figure([value for _, value in estimate.pairs])


def _figure(values: Sequence[float]) -> Figure:
    return Figure(intervals.median(values), _rounded(values)) if values else Figure(None, NONE)


def _rounded(values: Sequence[float]) -> str:
    """The median with two digits of the spread at most."""
    return written(*spread(values), intervals.median(values))
