"""Small labs for the tests: a source, measured for real on the local runner, in fixed rounds."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from harness import store
from harness.machine import read_machine
from harness.request import Request
from harness.session import LocalSession
from harness.sweep import Policy, State, conduct

if TYPE_CHECKING:
    from pathlib import Path

    from harness.session import Session

LAB = '''"""Does the small lab work?"""

from harness.lab import Run, Verdict, claim, variant

'''


def request_for(
    variants: dict[str, str],
    *,
    cpus: tuple[int, ...] | None = None,
    runner: str = "local",
    python: str = "",
    interpreter: str = sys.executable,
    fixed_rounds: int | None = 1,
    deadline_seconds: float = 20.0,
    log_bytes: int = 100_000,
    memory_bytes: int = 0,
    run_id: str = "20260101-000000-small-c1-3.14-0000",
    lab: str = "small",
    command: tuple[str, ...] = (),
    knobs: dict[str, Any] | None = None,
    facts: dict[str, Any] | None = None,
) -> Request:
    """A request for a run of a small lab; by itself on the first CPU that this process may use."""
    chosen = cpus or (min(os.sched_getaffinity(0)),)
    return Request(
        run_id=run_id,
        sweep_id="20260101-000000-small-0000",
        lab=lab,
        command=command,
        variants=variants,
        documents=dict.fromkeys(variants, "A variant."),
        question="Does the small lab work?",
        cores=len(chosen),
        cpus=chosen,
        runner=runner,
        python=python or f"{sys.version_info.major}.{sys.version_info.minor}",
        interpreter=interpreter,
        config="test",
        knobs=knobs or {},
        seed=1,
        fixed_rounds=fixed_rounds,
        deadline_seconds=deadline_seconds,
        lifetime_seconds=120.0,
        log_bytes=log_bytes,
        memory_bytes=memory_bytes,
        source_hash="0" * 16,
        created="2026-01-01T00:00:00+00:00",
        facts=facts
        if facts is not None
        else {
            "machine": {"model": read_machine().model},
            "engine": None,
            "image": None,
            "topology": {},
            "owner": "",
            "harness_hash": "0" * 12,
            "host_shares_the_cpus": True,
        },
    )


def measure(
    source: str,
    results: Path,
    root: Path,
    rounds: int = 1,
    **options: Any,
) -> dict[str, Any]:
    """Measure a small lab for real; gives its record.

    Args:
        source: The lab's variants and claims, which follow LAB; each variant's meant end is asked of its mark.
        results: A store.
        root: The repository.
        rounds: How many.
        options: Of `request_for`.
    """
    text = LAB + source
    names: dict[str, Any] = {}
    exec(compile(text, "small.py", "exec"), names)
    ends = {
        name: value.__pinlab_variant__["ends"] for name, value in names.items() if hasattr(value, "__pinlab_variant__")
    }
    request = request_for(ends, fixed_rounds=rounds, **options)
    session = LocalSession((request,), {"labs/small.py": text.encode()}, results, root)
    return carry_out(session, rounds)


def carry_out(session: Session, rounds: int) -> dict[str, Any]:
    """Open a session, conduct it, and give the record of its one run."""
    states: list[State] = []
    try:
        session.open()
        conduct([session], Policy(rounds, 60.0, 1), states.append)
        [folder] = session.collect()
        return store.read_record(folder)
    finally:
        session.remove()


def only_sample(record: dict[str, Any], name: str) -> dict[str, Any]:
    """The one sample of a variant."""
    [entry] = [entry for entry in record["variants"] if entry["name"] == name]
    [sample] = entry["samples"]
    found: dict[str, Any] = sample
    return found
