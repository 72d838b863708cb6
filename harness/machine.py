"""What machine is this: its CPUs and how they hang together, as far as this process may use them.

Read from /sys and /proc and nowhere else, so it tells the same from a host and from inside a container. What the kernel
does not say stays empty: a CPU of unknown topology counts as a core of its own, and `topology_known` is then false.
``python -m harness.machine`` prints the machine as one line of JSON; that is how an engine's machine is asked.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import cgroup

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HIGHEST_CPU = 65_535  # far above any kernel's limit; keeps a garbled "0-99999999999" from filling the memory
PERFORMANCE_SHARE = (
    0.75  # of the largest capacity: favoured cores of a kind differ by a few percent, little ones by half
)


@dataclass(frozen=True)
class Cpu:
    """One logical CPU that may be used.

    Attributes:
        id: The kernel's number; need not start at 0 nor be contiguous.
        core: Its physical core, as the lowest CPU of that core (the kernel's core_id is not unique over packages).
        package: Its socket.
        node: Its NUMA node.
        kind: "performance" or "efficient" on a machine that has both, else "".
        siblings: The hardware threads of its core, itself included, usable or not.
        l3: The CPUs that share its last-level cache, itself included, usable or not; empty if unknown.
    """

    id: int
    core: int
    package: int
    node: int
    kind: str
    siblings: tuple[int, ...]
    l3: tuple[int, ...]


@dataclass(frozen=True)
class Machine:
    """A machine, or the part of it that this process may use.

    Attributes:
        cpus: The CPUs that may be used, ascending.
        model: The CPU's model name.
        system: Kernel name, release and architecture.
        can_pin: Whether this system lets a process choose its CPUs.
        max_frequency_mhz: Highest frequency of the usable CPUs, in MHz.
        governor: Their frequency governors, by name, comma-separated if they differ.
        memory_bytes: Physical memory, in bytes; 0 if unknown.
        smt: Whether a core of the usable CPUs has more than one hardware thread.
        virtual: The hypervisor's name, "unknown hypervisor" where it has none to tell, "" on bare metal.
        topology_known: False if the kernel did not say which CPUs share a core.
        online: Every CPU that is switched on, usable or not.
        cgroup_cpus: The effective CPU set of this process's control group, where it can be read.
    """

    cpus: tuple[Cpu, ...]
    model: str
    system: str
    can_pin: bool
    max_frequency_mhz: float | None
    governor: str | None
    memory_bytes: int
    smt: bool
    virtual: bool | str
    topology_known: bool = True
    online: tuple[int, ...] = ()
    cgroup_cpus: tuple[int, ...] | None = None


def parse_cpus(text: str) -> tuple[int, ...]:
    """Read a list of CPUs in the kernel's spelling, such as "0-2,5".

    Raises:
        ValueError: It is not such a list.
    """
    found: set[int] = set()
    for part in text.split(",") if text.strip() else ():
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        bounds = (first, last) if dash else (first, first)
        if not all(piece.isascii() and piece.isdigit() and len(piece) <= len(str(HIGHEST_CPU)) for piece in bounds):
            raise ValueError(f"not a list of CPUs: {text[:80]!r}; write it like 0-2,5")
        low, high = (int(piece) for piece in bounds)
        if low > high or high > HIGHEST_CPU:
            raise ValueError(f"not a list of CPUs: {text[:80]!r}; a range goes up, to at most {HIGHEST_CPU}")
        found.update(range(low, high + 1))
    return tuple(sorted(found))


def format_cpus(cpus: Iterable[int]) -> str:
    """Write CPUs in the kernel's spelling: (0, 1, 2, 5) is "0-2,5"."""
    spans: list[list[int]] = []
    for cpu in sorted(set(cpus)):
        if spans and cpu == spans[-1][-1] + 1:
            spans[-1][1:] = [cpu]
        else:
            spans.append([cpu])
    return ",".join("-".join(map(str, span)) for span in spans)


def usable_cpus() -> frozenset[int] | None:
    """The CPUs this process may run on; None where the system has no such call (macOS, Windows)."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    return frozenset(os.sched_getaffinity(0))


def read_machine(root: Path = Path("/"), allowed: Iterable[int] | None = None) -> Machine:
    """Read the machine under `root`.

    Args:
        root: Where /sys and /proc are.
        allowed: The CPUs that may be used; None asks for this process's affinity.
    """
    given = usable_cpus() if allowed is None else frozenset(allowed)
    ids = tuple(sorted(range(os.cpu_count() or 1) if given is None else given))
    folder = root / "sys/devices/system/cpu"
    cores = _cores(folder, ids)
    caches = _caches(folder, ids)
    nodes = _nodes(root / "sys/devices/system/node")
    kinds = _kinds(root, folder, ids)
    cpus = []
    for cpu in ids:
        siblings, package = cores.get(cpu, ((cpu,), 0))
        cpus.append(
            Cpu(cpu, siblings[0], package, nodes.get(cpu, 0), kinds.get(cpu, ""), siblings, caches.get(cpu, ()))
        )
    cpuinfo = _cpuinfo(root)
    return Machine(
        cpus=tuple(cpus),
        model=_model(cpuinfo),
        system=_system(),
        can_pin=given is not None,
        max_frequency_mhz=_max_frequency(folder, ids),
        governor=_governor(folder, ids),
        memory_bytes=_memory(root),
        smt=any(len(cpu.siblings) > 1 for cpu in cpus),
        virtual=_hypervisor(root, cpuinfo),
        topology_known=all(cpu in cores for cpu in ids),
        online=_cpu_list(folder / "online") or ids,
        cgroup_cpus=_cgroup_cpus() if root == Path("/") else None,
    )


def machine_to_json(machine: Machine) -> dict[str, Any]:
    """The machine as a JSON object."""
    return asdict(machine)


def machine_from_json(document: Mapping[str, Any]) -> Machine:
    """The machine from what machine_to_json made of it.

    Raises:
        ValueError: It is another kind of document.
    """
    try:
        cpus = tuple(
            Cpu(**{**cpu, "siblings": tuple(cpu["siblings"]), "l3": tuple(cpu["l3"])}) for cpu in document["cpus"]
        )
        cgroup = document["cgroup_cpus"]
        changed = {
            "cpus": cpus,
            "online": tuple(document["online"]),
            "cgroup_cpus": None if cgroup is None else tuple(cgroup),
        }
        return Machine(**{**document, **changed})
    except (KeyError, TypeError) as fault:
        raise ValueError(f"not a machine: {type(fault).__name__} {fault}") from fault


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    try:
        return int(_text(path))
    except ValueError:
        return None


def _cpu_list(path: Path) -> tuple[int, ...]:
    try:
        return parse_cpus(_text(path))
    except ValueError:
        return ()


def _cores(folder: Path, ids: tuple[int, ...]) -> dict[int, tuple[tuple[int, ...], int]]:
    """The siblings and package of each CPU whose topology is known."""
    cores: dict[int, tuple[tuple[int, ...], int]] = {}
    by_number: dict[tuple[int, int, int], list[int]] = {}
    for cpu in ids:
        topology = folder / f"cpu{cpu}" / "topology"
        package = max(0, _number(topology / "physical_package_id") or 0)  # -1 where the firmware does not say
        siblings = _cpu_list(topology / "thread_siblings_list")
        core = _number(topology / "core_id")
        if siblings:
            cores[cpu] = siblings, package
        elif core is not None:
            by_number.setdefault((package, _number(topology / "die_id") or 0, core), []).append(cpu)
    for (package, _, _), members in by_number.items():
        cores.update((cpu, (tuple(members), package)) for cpu in members)
    return cores


def _caches(folder: Path, ids: tuple[int, ...]) -> dict[int, tuple[int, ...]]:
    """The CPUs that share the last-level cache of each CPU; one look for all that share it."""
    caches: dict[int, tuple[int, ...]] = {}
    for cpu in ids:
        if cpu in caches:
            continue
        levels = [
            (_number(index / "level") or 0, index) for index in (folder / f"cpu{cpu}" / "cache").glob("index[0-9]*")
        ]
        shared = _cpu_list(max(levels)[1] / "shared_cpu_list") if levels else ()
        caches.update(dict.fromkeys(shared, shared))
    return caches


def _nodes(folder: Path) -> dict[int, int]:
    nodes: dict[int, int] = {}
    for path in folder.glob("node[0-9]*"):
        nodes.update(dict.fromkeys(_cpu_list(path / "cpulist"), int(path.name.removeprefix("node"))))
    return nodes


def _kinds(root: Path, folder: Path, ids: tuple[int, ...]) -> dict[int, str]:
    """Performance or efficient, on a machine with both: as Intel lists them, else by the capacities that differ."""
    performance = _cpu_list(root / "sys/devices/cpu_core/cpus")
    efficient = _cpu_list(root / "sys/devices/cpu_atom/cpus") + _cpu_list(root / "sys/devices/cpu_lowpower/cpus")
    if performance and efficient:
        return dict.fromkeys(performance, "performance") | dict.fromkeys(efficient, "efficient")
    capacities = {cpu: _number(folder / f"cpu{cpu}" / "cpu_capacity") or 0 for cpu in ids}
    bound = PERFORMANCE_SHARE * max(capacities.values(), default=0)
    if all(capacity >= bound for capacity in capacities.values()):
        return {}
    return {cpu: "performance" if capacity >= bound else "efficient" for cpu, capacity in capacities.items()}


def _max_frequency(folder: Path, ids: tuple[int, ...]) -> float | None:
    known = [_number(folder / f"cpu{cpu}" / "cpufreq/cpuinfo_max_freq") for cpu in ids]
    return max((kilohertz / 1000 for kilohertz in known if kilohertz), default=None)


def _governor(folder: Path, ids: tuple[int, ...]) -> str | None:
    names = {_text(folder / f"cpu{cpu}" / "cpufreq/scaling_governor") for cpu in ids}
    return ",".join(sorted(names - {""})) or None


def _cpuinfo(root: Path) -> dict[str, str]:
    """The fields of the first processor in /proc/cpuinfo."""
    first = _text(root / "proc/cpuinfo").split("\n\n", maxsplit=1)[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def _model(cpuinfo: Mapping[str, str]) -> str:
    if name := cpuinfo.get("model name"):
        return name
    if part := cpuinfo.get("CPU part"):  # Arm kernels give numbers only
        return f"implementer {cpuinfo.get('CPU implementer', '?')} part {part}"
    return "unknown"


def _hypervisor(root: Path, cpuinfo: Mapping[str, str]) -> str:
    """The hypervisor's name; Arm has no flag for it, there only a telling product name gives it away."""
    board = root / "sys/class/dmi/id"
    name = " ".join(filter(None, (_text(board / "sys_vendor"), _text(board / "product_name"))))
    xen = _text(root / "sys/hypervisor/type")
    if "hypervisor" in cpuinfo.get("flags", "").split() or xen:
        return xen or name or "unknown hypervisor"
    return name if any(word in name for word in ("Virtual", "QEMU", "KVM", "Amazon EC2", "Google Compute")) else ""


def _memory(root: Path) -> int:
    for line in _text(root / "proc/meminfo").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" in names:  # macOS has no /proc
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 0


def _system() -> str:
    if hasattr(os, "uname"):
        facts = os.uname()
        return f"{facts.sysname} {facts.release} {facts.machine}"
    return sys.platform


def _cgroup_cpus() -> tuple[int, ...] | None:
    found = cgroup.cpuset()
    return parse_cpus(found[1]) if found else None


if __name__ == "__main__":
    sys.stdout.write(json.dumps(machine_to_json(read_machine())) + "\n")
