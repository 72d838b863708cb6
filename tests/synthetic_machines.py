"""Synthetic machines: a made-up clock, and two cores whose speed changes as time goes by; all of it seeded.

Work takes as long as the cores need. What a machine shows of that (CPU time, others' use of the CPUs) is what a kernel
would show, so that the noise gate sees no more than it would.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence


@dataclass
class Use:
    """What a piece of work used.

    Attributes:
        wall_seconds: From its start to its end.
        cpu_seconds: Of its own.
        foreign_seconds: What others used of the set meanwhile.
    """

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    foreign_seconds: float = 0.0


@dataclass
class Machine:
    """Two cores, alike and undisturbed; the kinds of trouble are its subclasses.

    Attributes:
        chance: Where all that is random comes from.
        jitter: Standard deviation of the logarithm of every time.
        now: The made-up clock, in seconds.
        until: When the state changes next.
        ceiling: The capacity of both cores while nobody disturbs them.
        outliers: The share of all work that takes up to a third longer for no reason that is seen.
    """

    chance: random.Random
    jitter: float = 0.02
    now: float = 0.0
    until: float = math.inf
    ceiling: float = field(default=2.0, init=False)
    outliers: float = field(default=0.005, init=False)

    def __post_init__(self) -> None:
        """Come into the first state."""

    def speed(self, used: Sequence[int]) -> float:
        """How much work the cores that are used do in a second, together; 1.0 is one core alone."""
        return float(len(used))

    def share(self, used: Sequence[int]) -> float:
        """The share of the time for which the kernel gives the work its CPUs."""
        return 1.0

    def foreign(self, used: Sequence[int], cpus: Sequence[int]) -> float:
        """How many of the set's CPUs others keep busy."""
        return 0.0

    def change(self) -> None:
        """Come into the next state, and say until when."""

    def work(self, amount: float, used: Sequence[int], cpus: Sequence[int]) -> Use:
        """Do an amount of work on some of the CPUs of a set, as the clock goes on."""
        left = amount * math.exp(self.chance.gauss(0.0, self.jitter))
        if self.chance.random() < self.outliers:
            left *= 1 + 0.3 * self.chance.random()
        use = Use()
        while True:
            speed = self.speed(used)
            seconds = min(left / speed, self.until - self.now)
            use.wall_seconds += seconds
            use.cpu_seconds += seconds * self.share(used) * len(used)
            use.foreign_seconds += seconds * self.foreign(used, cpus)
            left -= seconds * speed
            self.pass_time(seconds)
            if left <= 1e-9:
                return use

    def pass_time(self, seconds: float) -> None:
        """Let time go by."""
        self.now += seconds
        while self.now >= self.until - 1e-9:
            self.change()


class Quiet(Machine):
    """Nobody else is there."""


class Drifting(Machine):
    """All cores become slower and faster together, by a third up or down within a minute."""

    level = 0.0

    def __post_init__(self) -> None:
        self.change()

    def speed(self, used: Sequence[int]) -> float:
        return len(used) * math.exp(self.level)

    def change(self) -> None:
        self.level = 0.985 * self.level + self.chance.gauss(0.0, 0.04)
        self.until = self.now + 0.5


class Swinging(Drifting):
    """All cores swing together, by a third up or down within the seconds of a round."""

    def change(self) -> None:
        self.level = 0.9 * self.level + self.chance.gauss(0.0, 0.13)
        self.until = self.now + 0.5


class Bursty(Machine):
    """A neighbour in the same kernel comes and goes: while there it takes half of one of the cores, or of both."""

    hogs: tuple[int, ...] = ()
    present = False

    def __post_init__(self) -> None:
        self.until = self.chance.expovariate(1 / 3)

    def speed(self, used: Sequence[int]) -> float:
        return sum(0.5 if core in self.hogs else 1.0 for core in used)

    def share(self, used: Sequence[int]) -> float:
        return self.speed(used) / len(used)

    def foreign(self, used: Sequence[int], cpus: Sequence[int]) -> float:
        return sum(0.5 if core in used else 1.0 for core in self.hogs if core in cpus)

    def change(self) -> None:
        self.present = not self.present
        self.hogs = self.chance.choice(((0,), (1,), (0, 1))) if self.present else ()
        self.until = self.now + self.chance.expovariate(1 / 2 if self.present else 1 / 3)


class Crowded(Bursty):
    """A neighbour that does not go away: it takes half of both cores all the time."""

    def __post_init__(self) -> None:
        self.hogs = (0, 1)


class MissingCore(Machine):
    """A virtual machine whose host gives its two CPUs the time of one, half of the time, and tells nobody."""

    missing = False
    mean_seconds = 5.0

    def __post_init__(self) -> None:
        self.missing = self.chance.random() < 0.5
        self.until = self.chance.expovariate(1 / self.mean_seconds)

    def speed(self, used: Sequence[int]) -> float:
        return 1.05 if self.missing and len(used) > 1 else float(len(used))

    def change(self) -> None:
        self.missing = not self.missing
        self.until = self.now + self.chance.expovariate(1 / self.mean_seconds)


class LongMissingCore(MissingCore):
    """As MissingCore, but it lasts: a sweep sees one or two changes, or none."""

    mean_seconds = 40.0


class SmtPair(Machine):
    """Two hardware threads of one core, which the system's own work shares for a moment now and then."""

    guest: int | None = None
    paired = 1.24

    def __post_init__(self) -> None:
        self.ceiling = 1.24
        self.until = self.chance.expovariate(1.0)

    def speed(self, used: Sequence[int]) -> float:
        if self.guest is None:
            return self.paired if len(used) > 1 else 1.0
        return self.paired * 0.75 if len(used) > 1 else self.paired / 2

    def share(self, used: Sequence[int]) -> float:
        return 1.0 if self.guest is None or len(used) == 1 else 0.75

    def foreign(self, used: Sequence[int], cpus: Sequence[int]) -> float:
        return 0.0 if self.guest is None or len(cpus) == 1 else 0.5 if len(used) > 1 else 1.0

    def change(self) -> None:
        self.guest = None if self.guest is not None else 1
        self.paired = 1.24 * math.exp(self.chance.gauss(0.0, 0.02))
        self.until = self.now + self.chance.expovariate(1 / 0.05 if self.guest is not None else 1.0)


MACHINES: dict[str, type[Machine]] = {
    "quiet": Quiet,
    "drifting": Drifting,
    "swinging": Swinging,
    "bursty": Bursty,
    "missing core": MissingCore,
    "SMT pair": SmtPair,
}
STEADY_TROUBLE: dict[str, type[Machine]] = {"crowded": Crowded}
"""What spoils no comparison of a thing with itself, as it is always the same."""
