"""Made-up evidence for the tests of claims: a run's record as an honest machine would leave it, from given numbers."""

from __future__ import annotations

import hashlib
import json
import random
from typing import TYPE_CHECKING, Any

from harness.findings import Run, Sweep
from harness.machine import format_cpus
from harness.placement import placement
from harness.request import FORMAT_VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.events import Event


def made_up_run(
    *,
    walls: Mapping[str, float] | None = None,
    cpus: Mapping[str, float] | None = None,
    answers: Mapping[str, Any] | None = None,
    outcomes: Mapping[str, str] | None = None,
    exit_codes: Mapping[str, int] | None = None,
    cycles: Mapping[str, int] | None = None,
    events: Mapping[str, Sequence[Event]] | None = None,
    cores: int = 2,
    gil: bool = True,
    version: str = "3.14.0",
    start_method: str = "forkserver",
    capacity: float | None = None,
    rounds: int = 12,
    spread: float = 0.01,
    start_cost: float = 0.001,
    processes: Sequence[str] | None = None,
    knobs: Mapping[str, Any] | None = None,
    prediction: Mapping[str, Any] | None = None,
    seed: int = 1,
) -> Run:
    """A run whose samples scatter around the given numbers.

    Args:
        walls: Wall seconds by variant; a variant that has only an outcome or an answer takes a second.
        cpus: CPU seconds by variant; by itself equal to the wall seconds.
        answers: The answer of every sample by variant; a list gives one a round.
        outcomes: How the samples ended, by variant; by itself finished.
        exit_codes: The exit code, by variant; by itself 0.
        cycles: The length of the cycle of waits, by variant.
        events: The logging records of every sample, by variant.
        cores: CPUs of the run's set.
        gil: Whether the GIL is on.
        version: The interpreter's version.
        start_method: The interpreter's own start method.
        capacity: C(k); by itself the number of cores.
        rounds: How many rounds were done.
        spread: Standard deviation of the logarithm of each time.
        start_cost: Seconds that starting a pool costs.
        processes: The variants that start processes; None where that is not known.
        knobs: The lab's knobs.
        prediction: What the learner predicted.
        seed: Of the scatter.
    """
    scatter = random.Random(seed)  # noqa: S311 - made-up noise, not a secret
    given = (walls, cpus, answers, outcomes, exit_codes, cycles, events)
    names = list(dict.fromkeys(name for mapping in given if mapping for name in mapping))
    around = {
        "capacity": capacity if capacity is not None else float(cores),
        "control_wall_seconds": 0.1,
        "control_cpu_seconds": 0.1,
    }

    def sample(name: str, round_: int) -> dict[str, Any]:
        factor = scatter.lognormvariate(0.0, spread)
        wall = (walls or {}).get(name, 1.0)
        answer = (answers or {}).get(name)
        outcome = (outcomes or {}).get(name, "finished")
        return {
            "id": f"{name}.{round_}",
            "round": round_,
            "order": names.index(name),
            "outcome": outcome,
            "error": None,
            "wall_seconds": wall * factor,
            "cpu_seconds": (cpus or {}).get(name, wall) * factor,
            "main_thread_seconds": 0.0,
            "run_delay_seconds": 0.0,
            "foreign_seconds": 0.0,
            "steal_seconds": 0.0,
            "throttled_seconds": 0.0,
            "throttled_periods": 0.0,
            "pressure_seconds": 0.0,
            "children_seconds": None if processes is None else (0.1 if name in processes else 0.0),
            "written_bytes": 0.0,
            "writes": 0.0,
            "voluntary_switches": 0.0,
            "involuntary_switches": 0.0,
            "harness_switches": 0.0,
            "process_seconds": wall * factor,
            "peak_memory_bytes": 20_000_000,
            "exit_code": (exit_codes or {}).get(name, 0),
            **_answer(answer[round_ % len(answer)] if isinstance(answer, list) else answer),
            **({"cycle_length": cycles[name]} if cycles and name in cycles else {}),
            "gil_enabled": gil,
            "affinity_at_end": list(range(cores)),
            "left_behind": [],
            "log_full": False,
        }

    python = ".".join(version.split(".")[:2]) + ("" if gil else "t")
    record = {
        "format_version": FORMAT_VERSION,
        "run_id": f"20260101-120000-made_up-c{cores}-{python}-0000",
        "sweep_id": "20260101-120000-made_up-0000",
        "lab": "made_up",
        "question": "What would an honest machine have left?",
        "command": [],
        "cores": cores,
        "runner": "docker",
        "python": python,
        "config": "standard",
        "knobs": dict(knobs or {}),
        "prediction": dict(prediction or {}),
        "seed": seed,
        "source_hash": "0" * 16,
        "created": "2026-01-01T12:00:00+00:00",
        "status": "complete",
        "fixed_rounds": None,
        "deadline_seconds": 60.0,
        **_surroundings(cores),
        "interpreter": {
            "version": version,
            "implementation": "CPython",
            "free_threaded": not gil,
            "gil_enabled": gil,
            "build": "main Jan 1 2026 12:00:00",
            "compiler": "Clang",
            "executable": f"/usr/local/bin/python{python}",
            "start_method": start_method,
        },
        "start_cost_seconds": start_cost,
        "capacity_steps": 1_000_000,
        "rounds": [{"round": round_, "before": around, "after": around} for round_ in range(rounds)],
        "variants": [
            {
                "name": name,
                "doc": "A variant.",
                "ends": (outcomes or {}).get(name, "finished"),
                "outcome": (outcomes or {}).get(name, "finished"),
                "samples": [sample(name, round_) for round_ in range(rounds)],
            }
            for name in names
        ],
        "problems": [],
        "verdicts": [],
        "seconds": {"measured": 1.0, "all": 2.0},
    }
    return Run(record, lambda identity: list((events or {}).get(identity.rsplit(".", 1)[0], ())))


def record_of(run: Run) -> dict[str, Any]:
    """The record that a made-up run was made from."""
    return dict(run._record)


def made_up_sweep(*runs: Run) -> Sweep:
    """A sweep of made-up runs."""
    return Sweep(runs)


def _answer(answer: Any) -> dict[str, Any]:
    """An answer as a run keeps it: as JSON gives it back, with its digest."""
    if answer is None:
        return {"answer": None, "answer_digest": None}
    text = json.dumps(answer)
    return {"answer": json.loads(text), "answer_digest": hashlib.sha256(text.encode()).hexdigest()[:16]}


def _surroundings(cores: int) -> dict[str, Any]:
    """The machine, the engine, and the proof of the placement on its first CPUs."""
    cpus = list(range(cores))
    proof = {
        "affinity": cpus,
        "cpus_allowed_list": format_cpus(cpus),
        "cgroup_version": 2,
        "cgroup_cpuset": format_cpus(cpus),
        "quota_cores": None,
        "throttled_seconds": 0.0,
    }
    return {
        "machine": {
            "name": "imaginary",
            "model": "Imaginary CPU",
            "system": "Linux 6.18 x86_64",
            "cpus": 8,
            "max_frequency_mhz": None,
            "governor": None,
            "memory_bytes": 8 << 30,
            "virtual": "",
        },
        "engine": {
            "endpoint": "unix:///var/run/docker.sock",
            "version": "29.0.0",
            "api_version": "1.52",
            "operating_system": "Linux",
            "kernel": "6.18",
            "cgroup_version": "2",
            "cgroup_driver": "systemd",
            "rootless": False,
        },
        "image": {"tag": "0" * 12, "id": "sha256:0", "digest": None},
        "topology": {
            "cpus": cpus,
            "cores": cores,
            "smt_siblings": [],
            "nodes": [0],
            "packages": [0],
            "l3_groups": [cpus],
            "kinds": [],
            "topology_known": True,
        },
        "owner": "imaginary:1:0",
        "harness_hash": "0" * 12,
        "host_shares_the_cpus": False,
        "placement": placement(cpus, proof, proof, in_container=True) | {"narrowed_by": []},
    }
