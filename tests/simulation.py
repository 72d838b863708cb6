"""Sweeps of made-up labs on synthetic machines, through the whole judging path: no clock, nothing measured.

``python -m tests.simulation`` prints the rates of right, wrong and inconclusive verdicts at any budget.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness import capacity, evidence, judge
from harness.sweep import Policy, State, conduct
from harness.testing import made_up_run, record_of
from tests.made_up import made_up_request
from tests.simulated_labs import EFFECTS, SAME, TENTH, Lab, Work
from tests.synthetic_machines import MACHINES, STEADY_TROUBLE, LongMissingCore, Machine, Use

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.request import Request
    from harness.verdict import Verdict

    Message = dict[str, Any]

BUDGET_SECONDS = 12.0
"""For the rounds of a run, as a config for a first verdict has it."""
START_SECONDS = 0.06
"""What an interpreter's start and end add to a cell, outside of what is measured."""
TICK_SECONDS = 0.01


SAMPLE: Message = {
    "kind": "sample",
    "outcome": "finished",
    "error": None,
    "steal_seconds": 0.0,
    "throttled_seconds": 0.0,
    "throttled_periods": 0.0,
    "pressure_seconds": None,
    "children_seconds": 0.0,
    "written_bytes": 0.0,
    "writes": 0.0,
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
        """As capacity.measure has it: a control on one CPU; on several, controls and all together in slices."""
        machine, cpus = self._machine, self.requests[0].cpus
        if len(cpus) == 1:
            return _side(1.0, [machine.work(capacity.TARGET_SECONDS, cpus, cpus)])
        part = capacity.TARGET_SECONDS / capacity.SLICES
        controls = [machine.work(part, (cpus[turn % len(cpus)],), cpus)]
        together = []
        for number in range(1, capacity.SLICES + 1):
            together.append([machine.work(part * len(cpus), cpus, cpus).wall_seconds] * len(cpus))
            controls.append(machine.work(part, (cpus[(turn + number) % len(cpus)],), cpus))
        return _side(capacity.capacity_of([use.wall_seconds for use in controls], together), controls)


def _side(c: float, controls: list[Use]) -> Message:
    return {
        "capacity": c,
        "control_wall_seconds": sum(use.wall_seconds for use in controls) / len(controls),
        "control_cpu_seconds": sum(use.cpu_seconds for use in controls) / len(controls),
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
    budget = budget_seconds or BUDGET_SECONDS * len(lab.cores)
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
    parser.add_argument("--budget", type=float, help=f"seconds, as --budget; by itself {BUDGET_SECONDS:g} a run")
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
