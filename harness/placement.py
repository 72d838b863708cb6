"""Proof of the cores: what the kernel says, inside, of where this process may run, held against what was asked.

Sources: sched_getaffinity(2); Cpus_allowed_list of proc(5); cpuset.cpus.effective of the kernel's cgroup-v2 guide.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from harness import cgroup
from harness.machine import parse_cpus


def effective_cpus() -> list[int] | None:
    """The CPUs that this process may run on, ascending; None where the system has no call for it (macOS)."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    return sorted(os.sched_getaffinity(0))


def pin(cpus: list[int]) -> bool:
    """Pin this process, and so all it starts, to the CPUs; False where the system cannot pin.

    Raises:
        OSError: If the kernel refuses the set.
    """
    if not hasattr(os, "sched_setaffinity"):
        return False
    os.sched_setaffinity(0, cpus)
    return True


def proof() -> dict[str, Any]:
    """What three witnesses say of this process's CPUs, and the quota on their time.

    Returns:
        "affinity": CPU numbers, "cpus_allowed_list": the kernel's text, "cgroup_version" and "cgroup_cpuset",
        "quota_cores", "throttled_seconds"; None for each witness that this system does not have.
    """
    group = cgroup.cpuset()
    return {
        "affinity": effective_cpus(),
        "cpus_allowed_list": _cpus_allowed_list(),
        "cgroup_version": group[0] if group else None,
        "cgroup_cpuset": group[1] if group else None,
        "quota_cores": cgroup.quota_cores(),
        "throttled_seconds": cgroup.throttled_seconds(),
    }


def _cpus_allowed_list() -> str | None:
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    for line in status.splitlines():
        if line.startswith("Cpus_allowed_list:"):
            return line.partition(":")[2].strip()
    return None


def placement(
    requested: list[int], start: dict[str, Any] | None, end: dict[str, Any] | None, in_container: bool
) -> dict[str, Any]:
    """The placement of a run: what was asked, what was there at its start and its end, and whether they agree.

    Args:
        requested: The CPUs asked for.
        start: The proof at the start; None where the run ended before it began.
        end: The proof at the end; None while the run is under way or when its end was not reached.
        in_container: Whether the cgroup is the run's own, so that its set must agree too.

    Returns:
        "pinned" is None where nothing was read back, False where the system cannot pin.
    """
    proofs = [taken for taken in (start, end) if taken is not None]
    pinned = all(taken["affinity"] is not None for taken in proofs) if proofs else None
    witnesses = [taken["affinity"] for taken in proofs]
    witnesses += [_listed(taken["cpus_allowed_list"]) for taken in proofs if taken["cpus_allowed_list"]]
    if in_container:
        witnesses += [_listed(taken["cgroup_cpuset"]) for taken in proofs if taken["cgroup_cpuset"]]
    return {
        "requested": requested,
        "at_start": start and start["affinity"],
        "at_end": end and end["affinity"],
        "pinned": pinned,
        "valid": bool(start and pinned and all(witness == requested for witness in witnesses)),
        "proof": {"start": start, "end": end},
    }


def _listed(text: str) -> list[int]:
    return list(parse_cpus(text))
