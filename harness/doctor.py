"""What this machine and its engine can show: checks, each with its remedy, and what each lab can be judged on.

Everything here is decided from facts that others gathered; nothing on the host is asked or changed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from harness.machine import format_cpus, machine_to_json
from harness.plan import available, describe, plan
from harness.showing import version_of, what_labs_show

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.machine import Machine
    from harness.plan import CpuSet
    from harness.showing import LabFacts, Showing

Mark = Literal["PASS", "CAUTION", "FAIL"]

LEAST_API = (1, 41)  # Docker 20.10, the first that speaks cgroup v2
LEAST_COMPOSE = (2, 40)  # the oldest that compose.yaml is tried with
LEAST_MEMORY_BYTES = 2 << 30  # labs with dozens of processes need more than that on the free-threaded build
BUSY_SHARE = 0.25  # of the CPUs at work for others: from there on many samples are contended


@dataclass(frozen=True)
class EngineFacts:
    """What is known of the engine; where it does not answer, only why.

    Attributes:
        answers: Whether it could be asked at all.
        reason: Why not, in one sentence.
        name: How it is reached: a context's name or an address.
        version: The engine's version.
        api: The version of its API, such as "1.51".
        cpus: How many CPUs it reports.
        cpuset: Whether it can pin a container.
        cgroup_version: "1" or "2".
        driver: Its cgroup driver, such as "systemd".
        rootless: Whether it runs without root.
        remote: Whether it is on another machine.
        memory_bytes: The memory it can give, in bytes; 0 if unknown.
        compose: The version of docker compose, "" if there is none.
        image_present: Whether the image of this version of the harness is built.
    """

    answers: bool
    reason: str = ""
    name: str = ""
    version: str = ""
    api: str = ""
    cpus: int = 0
    cpuset: bool = True
    cgroup_version: str = ""
    driver: str = ""
    rootless: bool = False
    remote: bool = False
    memory_bytes: int = 0
    compose: str = ""
    image_present: bool = False


@dataclass(frozen=True)
class Check:
    """One thing looked at: how it stands, and what to do about it (empty for a PASS)."""

    mark: Mark
    what: str
    remedy: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """All that the doctor says.

    Attributes:
        machine: The machine that labs would run on.
        engine: The engine.
        sets: The CPU set of each offered size that can be given.
        skipped: Why each other size cannot be given.
        checks: What was looked at.
        labs: What each claim of each lab needs, lab by lab.
    """

    machine: Machine
    engine: EngineFacts
    sets: dict[int, CpuSet]
    skipped: dict[int, str]
    checks: tuple[Check, ...]
    labs: tuple[Showing, ...]


def diagnose(
    host: Machine,
    engine: EngineFacts,
    engine_machine: Machine | None,
    offered: Sequence[int],
    labs: Sequence[LabFacts] = (),
    interpreters: Sequence[str] = ("3.14", "3.14t"),
    load: float | None = None,
) -> Diagnosis:
    """Judge a machine and its engine.

    Args:
        host: The machine this command runs on.
        engine: What is known of the engine.
        engine_machine: The engine's machine, seen from inside one of its containers; None if it could not be asked.
        offered: The sizes that compose.yaml has a service for.
        labs: The labs of the catalogue.
        interpreters: The interpreters there are, such as "3.14t".
        load: The host's load average over one minute, in CPUs; None if unknown.
    """
    machine = engine_machine or host
    sets: dict[int, CpuSet] = {}
    skipped = {size: available(machine) for size in sorted(offered)}
    if any(size <= len(machine.cpus) for size in offered):
        chosen = plan(machine, offered, tuple(sorted(offered)))
        sets = {size: describe(machine, cpus) for size, cpus in chosen.sets.items()}
        skipped = chosen.skipped
    checks = (
        *_engine_checks(host, engine),
        *_local_checks(host, engine),
        *_size_checks(machine, sets, skipped),
        *_machine_checks(machine),
        *(() if engine.remote else _load_checks(host, load)),
    )
    return Diagnosis(machine, engine, sets, skipped, checks, what_labs_show(labs, tuple(sets), interpreters))


def doctor_to_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """The diagnosis as a JSON object."""
    return {
        "machine": machine_to_json(diagnosis.machine),
        "engine": asdict(diagnosis.engine),
        "sets": {str(size): asdict(cpu_set) for size, cpu_set in diagnosis.sets.items()},
        "skipped": {str(size): why for size, why in diagnosis.skipped.items()},
        "checks": [asdict(check) for check in diagnosis.checks],
        "labs": [asdict(showing) for showing in diagnosis.labs],
    }


def render(diagnosis: Diagnosis) -> list[str]:
    """The diagnosis as plain lines."""
    machine = diagnosis.machine
    lines = [f"{machine.model}, {machine.system}, CPUs {format_cpus(cpu.id for cpu in machine.cpus)}", ""]
    for check in diagnosis.checks:
        lines.append(f"{check.mark:<8} {check.what}")
        if check.remedy:
            lines.append(f"{'':<8} -> {check.remedy}")
    for lab, showings in groupby(diagnosis.labs, key=lambda showing: showing.lab):
        lines += ["", lab]
        lines += [f"  {showing.claim}: {showing.options or showing.why_not}" for showing in showings]
    return lines


def _engine_checks(host: Machine, engine: EngineFacts) -> Iterator[Check]:
    if not engine.answers:
        yield Check(
            "CAUTION" if host.can_pin else "FAIL",
            f"no engine answers: {engine.reason}",
            "start Docker, or go on without it: --runner local" + ("" if host.can_pin else " runs unpinned here"),
        )
        return
    kind = ", ".join(word for word, is_so in (("rootless", engine.rootless), ("remote", engine.remote)) if is_so)
    yield Check("PASS", f"engine {engine.version} answers at {engine.name}" + (f" ({kind})" if kind else ""))
    if version_of(engine.api) < LEAST_API:
        least = ".".join(map(str, LEAST_API))
        yield Check("FAIL", f"the engine's API is {engine.api or 'unknown'}; {least} is needed", "update the engine")
    if not engine.cpuset:
        yield Check(
            "FAIL",
            f"the engine cannot pin: it discards CPU sets (cgroup v{engine.cgroup_version or '?'})",
            "delegate the cpuset controller to the rootless engine, or pin without it: --runner local"
            if engine.rootless
            else "give the engine the cpuset controller, or pin without it: --runner local",
        )
    if not engine.compose:
        yield Check("FAIL", "docker compose is missing", "install the Compose plugin of Docker")
    elif version_of(engine.compose) < LEAST_COMPOSE:
        least = ".".join(map(str, LEAST_COMPOSE))
        yield Check("CAUTION", f"docker compose is {engine.compose}; {least} is the oldest tried", "update Compose")
    if not engine.image_present:
        yield Check("CAUTION", "the image is not built yet", "the first lab builds it; ./invoke build does so now")
    if 0 < engine.memory_bytes < LEAST_MEMORY_BYTES:
        yield Check(
            "CAUTION",
            f"the engine has {engine.memory_bytes / 2**30:.1f} GiB of memory: labs with many processes may run out",
            f"give it {LEAST_MEMORY_BYTES >> 30} GiB or more, or use smaller numbers: --set",
        )


def _local_checks(host: Machine, engine: EngineFacts) -> Iterator[Check]:
    if host.can_pin:
        yield Check("PASS", f"--runner local can pin: CPUs {format_cpus(cpu.id for cpu in host.cpus)}")
        return
    yield Check(
        "CAUTION" if engine.answers else "FAIL",
        "--runner local cannot pin on this system: its runs are marked unpinned",
        "use --runner docker",
    )


def _size_checks(machine: Machine, sets: Mapping[int, CpuSet], skipped: Mapping[int, str]) -> Iterator[Check]:
    for size, cpu_set in sets.items():
        yield _set_check(size, cpu_set)
    largest = f"--cores {max(sets)} is the largest here" if sets else "add a smaller service to compose.yaml"
    for size in skipped:
        yield Check(
            "CAUTION" if sets else "FAIL",
            f"cores-{size} cannot be given: {available(machine)}",
            f"{largest}; for more, give the engine or this shell more CPUs",
        )
    for size in sets:
        if size == len(machine.cpus):
            yield Check(
                "CAUTION",
                f"cores-{size} takes every CPU: the harness and all else share them with the lab",
                "expect wider intervals" + (f", or use --cores {min(sets)}" if min(sets) < size else ""),
            )


def _set_check(size: int, cpu_set: CpuSet) -> Check:
    name = f"cores-{size}: CPUs {format_cpus(cpu_set.cpus)}"
    oddities = []
    if cpu_set.smt_siblings:
        pairs = ", ".join(format_cpus(group) for group in cpu_set.smt_siblings)
        oddities.append(f"{cpu_set.cores} physical core{'s' * (cpu_set.cores > 1)}, SMT siblings {pairs} share one")
    if len(cpu_set.nodes) > 1:
        oddities.append(f"NUMA nodes {', '.join(map(str, cpu_set.nodes))}")
    if len(cpu_set.kinds) > 1:
        oddities.append(f"{' and '.join(cpu_set.kinds)} cores mixed")
    if not cpu_set.topology_known:
        oddities.append("the kernel does not say which CPUs share a core")
    if not oddities:
        return Check("PASS", f"{name}, {cpu_set.cores} physical core{'s' * (cpu_set.cores > 1)}")
    return Check(
        "CAUTION",
        f"{name}: {'; '.join(oddities)}",
        f"{size} times one core is out of reach: claims are judged against the capacity measured here",
    )


def _machine_checks(machine: Machine) -> Iterator[Check]:
    hidden = set(machine.online) - {cpu.id for cpu in machine.cpus}
    if hidden:
        yield Check(
            "CAUTION",
            f"narrowed affinity: CPUs {format_cpus(hidden)} are switched on, but not for us",
            "start from a shell without taskset or a CPU set of its own, to use them too",
        )
    if machine.virtual:
        name = machine.virtual if isinstance(machine.virtual, str) else "unknown hypervisor"
        yield Check(
            "CAUTION",
            f"pinned inside a VM ({name}): its CPUs float over the real cores",
            "compare only within one command; for firm figures use a machine without a hypervisor",
        )
    if machine.governor and "powersave" in machine.governor.split(","):
        yield Check(
            "CAUTION",
            f"frequency governor {machine.governor}: the speed follows the load",
            "plug in, and choose the performance mode in the system's settings; pinlab never changes them",
        )


def _load_checks(host: Machine, load: float | None) -> Iterator[Check]:
    if load is not None and load > BUSY_SHARE * len(host.cpus):
        yield Check(
            "CAUTION",
            f"load {load:.1f} on {len(host.cpus)} CPUs: samples that others disturb are dropped",
            "close other programs, or wait a minute after the last run",
        )
