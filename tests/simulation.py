"""Synthetic machines, and sweeps on them through the whole judging path: no clock, nothing measured, all of it seeded.

A machine is a made-up clock with cores whose speed changes as time goes by; work takes as long as the cores need. What
it shows of that (CPU time, others' use of the CPUs, the capacity beside the samples) is what a kernel would show, so
that the noise gate sees no more than it would. ``python -m tests.simulation`` prints the rates at any budget.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
import types
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import capacity, evidence, judge
from harness.config import load_config
from harness.lab import Run, Sweep, Verdict, claim, variant
from harness.sweep import Policy, State, conduct
from harness.testing import made_up_run, record_of
from tests.made_up import made_up_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.request import Request

    Message = dict[str, Any]

START_SECONDS = 0.06
"""What an interpreter's start and end add to a cell, outside of what is measured."""
TICK_SECONDS = 0.01
ROOT = Path(__file__).parents[1]


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
    "bursty": Bursty,
    "missing core": MissingCore,
    "SMT pair": SmtPair,
}
STEADY_TROUBLE: dict[str, type[Machine]] = {"crowded": Crowded}
"""What spoils no comparison of a thing with itself, as it is always the same."""


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
    works={one: Work(1.0), same: Work(1.0)},
    cores=(2,),
    truths={they_are_as_fast: _holds, one_is_faster: lambda _capacity: None},
)
BOUND = Lab(works=SAME.works, cores=(2,), truths={one_is_faster: lambda _capacity: None})
TENTH = Lab(
    works={one: Work(1.0), faster: Work(1.0 / 1.1)},
    cores=(2,),
    truths={the_tenth_is_found: _holds},
)
EFFECTS = Lab(
    works={one: Work(1.0), faster: Work(1.0 / 1.1), processes: Work(1.0, 0.95), threads: Work(1.0)},
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
SAMPLE: Message = {
    "kind": "sample",
    "outcome": "finished",
    "error": None,
    "throttled_seconds": 0.0,
    "voluntary_switches": 0.0,
    "involuntary_switches": 0.0,
    "harness_switches": 0.0,
    "answer": None,
    "answer_digest": None,
    "gil_enabled": True,
    "exit_code": 0,
    "peak_memory_bytes": 20_000_000,
    "left_behind": [],
    "log_full": False,
}
"""What is alike in every sample, as the measuring side writes it."""


class SimulatedSession:
    """A session on a synthetic machine: it writes the journal that the measuring side would write.

    Args:
        request: Its one run.
        lab: What is run.
        machine: On what.
        beside: The sessions of the sweep, by run, this one to be among them.
    """

    def __init__(self, request: Request, lab: Lab, machine: Machine, beside: dict[str, SimulatedSession]) -> None:
        self.requests: tuple[Request, ...] = (request,)
        self.journal = _start(request.cores)
        self._module = lab.module()
        self._works = {function.__name__: work for function, work in lab.works.items()}
        self._machine = machine
        self._beside = beside
        self._said: deque[Message] = deque([{"say": "ready"}])
        self._do = {"round": self._round, "judge": self._judge, "close": self._close}
        beside[request.run_id] = self

    def open(self) -> None: ...
    def stop(self) -> None: ...
    def remove(self) -> None: ...

    def collect(self) -> list[Path]:
        return []

    def send(self, command: Message) -> None:
        self._do[command["do"]](command)

    def receive(self, timeout_seconds: float) -> Message:
        return self._said.popleft()

    def record(self) -> Message:
        """The record of the run as far as it is."""
        return evidence.fold(self.requests[0], self.journal)

    def _round(self, command: Message) -> None:
        cpus, round_ = self.requests[0].cpus, command["round"]
        before = self._capacity(2 * round_)
        for place, (run_id, name) in enumerate(command["order"]):
            sample = {**SAMPLE, **self._times(self._works[name]), "affinity_at_end": list(cpus)}
            sample |= {"id": f"{name}.{round_}", "variant": name, "round": round_, "order": place}
            self.journal.append(sample)
            self._said.append({"say": "sample", "run": run_id, "sample": sample})
        after = self._capacity(2 * round_ + 1)
        self.journal.append({"kind": "round", "round": round_, "before": before, "after": after})
        self._said.append({"say": "round", "round": round_})

    def _judge(self, command: Message) -> None:
        records = [self._beside[run_id].record() for run_id in command["peers"]]
        own = self.requests[0].run_id
        [record] = [each for each in records if each["run_id"] == own]
        verdicts = [judge._as_json(*each) for each in judge.judged(self._module, record, records)]
        self.journal.append({"kind": "judged", "verdicts": verdicts, "unequal_answers": []})
        self._said.append({"say": "judged", "verdicts": {own: verdicts}})

    def _close(self, _command: Message) -> None:
        proof = self.journal[0]["proof"]
        self.journal.append({"kind": "end", "proof": proof, "status": "complete", "seconds": self._machine.now})
        self._said.append({"say": "closed"})

    def _times(self, work: Work) -> Message:
        machine, cpus = self._machine, self.requests[0].cpus
        machine.pass_time(START_SECONDS)
        if work.efficiency is None or len(cpus) == 1:
            use = machine.work(work.amount, (machine.chance.choice(cpus),), cpus)
        else:
            use = machine.work(work.amount / work.efficiency, cpus, cpus)
        rounding = TICK_SECONDS * len(cpus) * (2 * machine.chance.random() - 1)
        alone = work.efficiency is None
        return {
            "wall_seconds": use.wall_seconds,
            "cpu_seconds": use.cpu_seconds,
            "main_thread_seconds": use.cpu_seconds if alone else 0.0,
            "run_delay_seconds": max(0.0, use.wall_seconds - use.cpu_seconds) if alone else 0.0,
            "foreign_seconds": max(0.0, use.foreign_seconds + rounding),
            "process_seconds": use.wall_seconds + START_SECONDS,
        }

    def _capacity(self, turn: int) -> Message:
        """As capacity.measure has it: a control, all together, and for several CPUs a control on another CPU."""
        machine, cpus = self._machine, self.requests[0].cpus
        first = machine.work(capacity.TARGET_SECONDS, (cpus[turn % len(cpus)],), cpus)
        if len(cpus) == 1:
            return _side(1.0, first, first)
        together = machine.work(capacity.TARGET_SECONDS * len(cpus), cpus, cpus)
        second = machine.work(capacity.TARGET_SECONDS, (cpus[(turn + 1) % len(cpus)],), cpus)
        control = (first.wall_seconds + second.wall_seconds) / 2
        return _side(len(cpus) * control / together.wall_seconds, first, second)


def _side(c: float, first: Use, second: Use) -> Message:
    return {
        "capacity": c,
        "control_wall_seconds": (first.wall_seconds + second.wall_seconds) / 2,
        "control_cpu_seconds": (first.cpu_seconds + second.cpu_seconds) / 2,
    }


_HONEST = {cores: record_of(made_up_run(walls={"one": 1.0}, cores=cores, rounds=1)) for cores in (1, 2)}
_FACTS = _HONEST[1].keys() - evidence.fold(made_up_request(facts={}), []).keys()
"""What the host knows: all of a record that folding does not make."""


def _start(cores: int) -> list[Message]:
    """The journal's first line."""
    honest = _HONEST[cores]
    return [
        {
            "kind": "start",
            "proof": honest["placement"]["proof"]["start"],
            "interpreter": honest["interpreter"],
            "start_cost_seconds": 0.02,
            "capacity_steps": 1_000_000,
        }
    ]


def requests_of(lab: Lab) -> list[Request]:
    """What the runs of a sweep of a lab are asked to do, one a core count."""
    names = [function.__name__ for function in lab.works]
    return [
        made_up_request(
            run_id=f"20260101-120000-made_up-c{cores}-3.14-0000",
            variants=dict.fromkeys(names, "finished"),
            documents=dict.fromkeys(names, "A variant."),
            cores=cores,
            cpus=tuple(range(cores)),
            knobs={},
            facts={name: _HONEST[cores][name] for name in _FACTS},
        )
        for cores in lab.cores
    ]


def sweep(lab: Lab, machine: Machine, seed: int, budget_seconds: float) -> tuple[State, list[SimulatedSession]]:
    """One sweep of a lab on a machine, judged and stopped as shipped."""
    beside: dict[str, SimulatedSession] = {}
    sessions = [SimulatedSession(request, lab, machine, beside) for request in requests_of(lab)]
    policy = Policy(fixed_rounds=None, budget_seconds=budget_seconds, seed=seed)
    return conduct(sessions, policy, lambda _state: None, clock=lambda: machine.now), sessions


@dataclass
class Rates:
    """What came of many sweeps.

    Attributes:
        sweeps: How many.
        false_sweeps: Those with at least one false verdict.
        rounds: Of all of them.
        verdicts: How often each claim came to what.
    """

    sweeps: int = 0
    false_sweeps: int = 0
    rounds: int = 0
    verdicts: dict[str, Counter[str]] = field(default_factory=dict)

    def of(self, claim: Callable[..., Verdict], verdict: str) -> float:
        """The share of the sweeps in which a claim came to this."""
        return self.verdicts[claim.__name__][verdict] / self.sweeps


def rates(
    lab: Lab, kind: type[Machine], sweeps: int, *, budget_seconds: float | None = None, jitter: float = 0.02
) -> Rates:
    """Sweep a lab many times on new machines of a kind, and hold the last verdicts against the truth."""
    found = Rates(verdicts={claim.__name__: Counter() for claim in lab.truths})
    budget = budget_seconds or load_config("quick", ROOT, ROOT).budget_seconds * len(lab.cores)
    for seed in range(sweeps):
        machine = kind(random.Random(f"{kind.__name__} {seed}"), jitter=jitter)
        state, sessions = sweep(lab, machine, seed, budget)
        # The widest run: on one core the claims about cores say other things.
        last = state.verdicts[sessions[-1].requests[0].run_id]
        values = {verdict["claim"]: verdict["verdict"] for verdict in last}
        wrong = False
        for claim_, truth in lab.truths.items():
            value, right = values[claim_.__name__], truth(machine.ceiling)
            found.verdicts[claim_.__name__][value] += 1
            wrong |= value in ("holds", "refuted") and value != right
        found.sweeps += 1
        found.false_sweeps += wrong
        found.rounds += state.rounds
    return found


def main() -> None:
    """Print the rates of every lab on every machine."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=main.__doc__)
    parser.add_argument("--sweeps", type=int, default=2000)
    parser.add_argument("--budget", type=float, help="seconds, as --budget; by itself 40 a run")
    parser.add_argument("--jitter", type=float, default=0.02, help="standard deviation of the logarithm of a time")
    parser.add_argument("--lab", choices=("same", "tenth", "effects"), action="append")
    words = parser.parse_args()
    labs = {"same": SAME, "tenth": TENTH, "effects": EFFECTS}
    for name, lab in labs.items():
        for kind in (*MACHINES.values(), *STEADY_TROUBLE.values(), LongMissingCore):
            if words.lab and name not in words.lab:
                continue
            began = time.monotonic()
            found = rates(lab, kind, words.sweeps, budget_seconds=words.budget, jitter=words.jitter)
            took = time.monotonic() - began
            false = found.false_sweeps / found.sweeps
            print(
                f"{name} on {kind.__name__}: {found.sweeps} sweeps of {found.rounds / found.sweeps:.1f} rounds, "
                f"false in {false:.2%} ({took:.1f} s)"
            )
            for claim_, counts in found.verdicts.items():
                shares = ", ".join(f"{verdict} {count / found.sweeps:.1%}" for verdict, count in counts.most_common())
                print(f"    {claim_}: {shares}")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
