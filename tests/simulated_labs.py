"""Made-up labs for the simulation, of which it is known what is true of them."""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.lab import Run, Sweep, Verdict, claim, variant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


ALONE_SECONDS = 0.3
"""How long the work of a variant takes one core: of a first verdict's labs, hardly more than a pool's start allows."""


@dataclass(frozen=True)
class Work:
    """What a variant does, as a machine sees it.

    Attributes:
        amount: Seconds of one core.
        efficiency: The part of all its cores' capacity that it uses; None for a single thread.
    """

    amount: float
    efficiency: float | None = None


@variant
def one() -> None:
    """Baseline."""


@variant
def same() -> None:
    """The same again."""


@variant
def faster() -> None:
    """A tenth faster."""


@variant
def processes() -> None:
    """In parallel, nearly as well as the cores allow."""


@variant
def threads() -> None:
    """In parallel by name only."""


@claim
def they_are_as_fast(run: Run) -> Verdict:
    """The same takes the same time."""
    return run.speed_up(same, over=one).is_between(0.95, 1.05)


@claim
def one_is_faster(run: Run) -> Verdict:
    """The truth lies on this bound: only chance settles it."""
    return run.speed_up(same, over=one).is_at_least(1.0)


@claim
def the_tenth_is_found(run: Run) -> Verdict:
    """What is a tenth faster is not slower."""
    return run.speed_up(faster, over=one).is_at_least(1.0)


@claim
def the_tenth_is_nothing(run: Run) -> Verdict:
    """What is a tenth faster is as fast."""
    return run.speed_up(faster, over=one).is_between(0.95, 1.05)


@claim
def one_core_is_busy(run: Run) -> Verdict:
    """A single thread keeps one core busy."""
    return run.cores_busy(one).is_between(0.8, 1.2)


@claim
def processes_use_the_cores(run: Run) -> Verdict:
    """Processes reach most of the capacity."""
    return run.efficiency(processes, over=one).is_at_least(0.85)


@claim
def threads_use_the_cores(run: Run) -> Verdict:
    """Threads reach most of the capacity."""
    return run.efficiency(threads, over=one).is_at_least(0.7)


@claim
def more_cores_help_processes(sweep: Sweep) -> Verdict:
    """Two cores give processes most of what they have more than one."""
    return sweep.efficiency(processes).is_at_least(0.85)


@claim
def more_cores_help_threads(sweep: Sweep) -> Verdict:
    """Two cores make threads faster."""
    return sweep.speed_up(threads).is_at_least(1.2)


@dataclass(frozen=True)
class Lab:
    """A made-up lab, with what is true of it.

    Attributes:
        works: What its variants do.
        cores: The core counts of its sweep.
        truths: By claim, a function of the machine's capacity that gives the only right verdict; none where only chance
            settles it.
    """

    works: Mapping[Callable[[], None], Work]
    cores: tuple[int, ...]
    truths: Mapping[Callable[..., Verdict], Callable[[float], str | None]]

    def module(self) -> types.ModuleType:
        """The lab as its measuring side would import it."""
        module = types.ModuleType("made_up")
        for function in (*self.works, *self.truths):
            setattr(module, function.__name__, function)
        return module


def _holds(_capacity: float) -> str:
    return "holds"


def _refuted(_capacity: float) -> str:
    return "refuted"


SAME = Lab(
    works={one: Work(ALONE_SECONDS), same: Work(ALONE_SECONDS)},
    cores=(2,),
    truths={they_are_as_fast: _holds, one_is_faster: lambda _capacity: None},
)
BOUND = Lab(works=SAME.works, cores=(2,), truths={one_is_faster: lambda _capacity: None})
TENTH = Lab(
    works={one: Work(ALONE_SECONDS), faster: Work(ALONE_SECONDS / 1.1)},
    cores=(2,),
    truths={the_tenth_is_found: _holds},
)
EFFECTS = Lab(
    works={
        one: Work(ALONE_SECONDS),
        faster: Work(ALONE_SECONDS / 1.1),
        processes: Work(ALONE_SECONDS, 0.95),
        threads: Work(ALONE_SECONDS),
    },
    cores=(1, 2),
    truths={
        the_tenth_is_found: _holds,
        the_tenth_is_nothing: _refuted,
        one_core_is_busy: _holds,
        processes_use_the_cores: _holds,
        threads_use_the_cores: lambda capacity: "holds" if 1 / capacity > 0.7 else "refuted",
        more_cores_help_processes: _holds,
        more_cores_help_threads: _refuted,
    },
)
