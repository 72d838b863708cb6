"""Which CPUs a run gets: a pure choice from the machine, the sizes offered and the sizes asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.errors import UsageFault
from harness.machine import format_cpus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from harness.machine import Cpu, Machine

MOST_CORES = 8192  # the largest number of CPUs that Linux is built for
KIND_RANK = {"performance": 0, "": 0, "efficient": 1}


@dataclass(frozen=True)
class Plan:
    """The CPU sets of one command.

    Attributes:
        sets: The CPUs of each size that is given, in the order asked.
        skipped: Why each other size is not given, as one sentence.
    """

    sets: dict[int, tuple[int, ...]]
    skipped: dict[int, str]


@dataclass(frozen=True)
class CpuSet:
    """How the CPUs of one set hang together: the evidence that stands in run.json.

    Attributes:
        cpus: The set, ascending.
        cores: How many physical cores it lies on.
        smt_siblings: The groups of CPUs in it that share a core.
        nodes: Its NUMA nodes.
        packages: Its sockets.
        l3_groups: Its CPUs, grouped by the last-level cache they share; empty if unknown.
        kinds: "performance" and "efficient", where the machine has both.
        topology_known: False if the kernel did not say which CPUs share a core.
    """

    cpus: tuple[int, ...]
    cores: int
    smt_siblings: tuple[tuple[int, ...], ...]
    nodes: tuple[int, ...]
    packages: tuple[int, ...]
    l3_groups: tuple[tuple[int, ...], ...]
    kinds: tuple[str, ...]
    topology_known: bool


class Core(NamedTuple):
    """One physical core, as far as its CPUs may be used."""

    cpus: tuple[Cpu, ...]

    @property
    def first(self) -> Cpu:
        """The CPU that stands for the core."""
        return self.cpus[0]

    @property
    def holds_cpu_0(self) -> bool:
        """Whether CPU 0, where most interrupts land, is a thread of this core."""
        return self.first.id == 0 or 0 in self.first.siblings


def parse_cores(text: str) -> tuple[int, ...]:
    """Read the sizes of ``--cores``, such as "1,2,4", in the order given.

    Raises:
        UsageFault: A size is no whole number of at least 1, or stands there twice.
    """
    sizes: list[int] = []
    for part in text.split(","):
        word = part.strip()
        digits = word.isascii() and word.isdigit() and len(word) <= len(str(MOST_CORES))
        if not digits or not 1 <= int(word) <= MOST_CORES:
            raise UsageFault(
                f"--cores {_shown(text)}: {_shown(word)} is no number of cores; "
                f"give whole numbers from 1 to {MOST_CORES}, such as --cores 2 or --cores 1,2,4"
            )
        if int(word) in sizes:
            raise UsageFault(f"--cores {_shown(text)}: {int(word)} stands there twice; give each size once")
        sizes.append(int(word))
    return tuple(sizes)


def choose_cpus(machine: Machine, count: int) -> tuple[int, ...]:
    """Choose the CPUs of a set; the same machine and count always give the same set.

    Distinct physical cores come first, then one NUMA node, one socket, one kind of core (performance before efficient),
    one last-level cache, and leaving the core of CPU 0 alone. Hardware threads of one core are used only when the cores
    run out; then one core is filled up after the other.

    Raises:
        UsageFault: The machine has fewer usable CPUs.
        ValueError: The count is below 1.
    """
    if count < 1:
        raise ValueError(f"a set has at least one CPU, not {count}")
    if count > len(machine.cpus):
        raise UsageFault(f"--cores {count}: {available(machine)}; the largest usable size is {len(machine.cpus)}")
    cores = _cores(machine)
    chosen = min(_candidates(cores, min(count, len(cores))), key=_preference)
    spare = [cpu.id for core in chosen for cpu in core.cpus[1:]]
    return tuple(sorted([core.first.id for core in chosen] + spare[: count - len(chosen)]))


def plan(machine: Machine, sizes_offered: Sequence[int], asked: tuple[int, ...] | None) -> Plan:
    """Choose a CPU set for each size that is asked for.

    A size too large for the machine is skipped if another size of the list can be given.

    Args:
        machine: The machine the labs run on.
        sizes_offered: The sizes that compose.yaml has a service for.
        asked: The sizes asked for; None stands for the largest offered one that fits.

    Raises:
        UsageFault: No size is left, or a size that fits is not offered.
    """
    fitting = tuple(sorted(size for size in sizes_offered if size <= len(machine.cpus)))
    offers = f"compose.yaml offers {_listed(sizes_offered)}"
    largest = f"the largest usable size is {fitting[-1]}" if fitting else "no size of it is usable here"
    if asked is None:
        if not fitting:
            raise UsageFault(f"no size fits: {available(machine)}, {offers}; add a smaller service to compose.yaml")
        asked = fitting[-1:]
    sets: dict[int, tuple[int, ...]] = {}
    skipped: dict[int, str] = {}
    for size in asked:
        if size > len(machine.cpus):
            skipped[size] = f"{available(machine)}, {offers}; {largest}"
        elif size not in sizes_offered:
            raise UsageFault(f"--cores {size}: {offers}; {largest}")
        else:
            sets[size] = choose_cpus(machine, size)
    if not sets:
        raise UsageFault(f"--cores {','.join(map(str, asked))}: {available(machine)}, {offers}; {largest}")
    return Plan(sets, skipped)


def describe(machine: Machine, cpus: Iterable[int]) -> CpuSet:
    """Say how the CPUs of a set hang together.

    Raises:
        ValueError: A CPU of the set may not be used, or the machine has none such.
    """
    by_id = {cpu.id: cpu for cpu in machine.cpus}
    wanted = sorted(set(cpus))
    if unknown := [cpu for cpu in wanted if cpu not in by_id]:
        raise ValueError(f"CPUs {format_cpus(unknown)} are not usable; {available(machine)}")
    members = [by_id[cpu] for cpu in wanted]
    by_core: dict[tuple[int, int], list[int]] = {}
    by_cache: dict[tuple[int, ...], list[int]] = {}
    for cpu in members:
        by_core.setdefault(_core_key(cpu), []).append(cpu.id)
        if cpu.l3:
            by_cache.setdefault(cpu.l3, []).append(cpu.id)
    return CpuSet(
        cpus=tuple(wanted),
        cores=len(by_core),
        smt_siblings=tuple(tuple(group) for group in by_core.values() if len(group) > 1),
        nodes=tuple(sorted({cpu.node for cpu in members})),
        packages=tuple(sorted({cpu.package for cpu in members})),
        l3_groups=tuple(tuple(group) for group in by_cache.values()),
        kinds=tuple(sorted({cpu.kind for cpu in members} - {""})),
        topology_known=machine.topology_known,
    )


def cpu_set_to_json(cpu_set: CpuSet) -> dict[str, Any]:
    """The facts of a set as a JSON object."""
    return asdict(cpu_set)


def available(machine: Machine) -> str:
    """How many CPUs may be used, and which, in words."""
    count = len(machine.cpus)
    return f"{count} CPU{'s are' if count != 1 else ' is'} available ({format_cpus(cpu.id for cpu in machine.cpus)})"


def _core_key(cpu: Cpu) -> tuple[int, int]:
    return cpu.package, cpu.core


def _cores(machine: Machine) -> list[Core]:
    groups: dict[tuple[int, int], list[Cpu]] = {}
    for cpu in sorted(machine.cpus, key=lambda cpu: cpu.id):
        groups.setdefault(_core_key(cpu), []).append(cpu)
    return [Core(tuple(group)) for group in groups.values()]


def _candidates(cores: list[Core], count: int) -> list[list[Core]]:
    """A set of cores from each part of the machine that has enough: a cache, node, socket or all; of a kind or any."""
    parts = [
        [core for core in cores if part(core.first) == place]
        for part in (lambda cpu: cpu.l3, lambda cpu: cpu.node, lambda cpu: cpu.package, lambda _: 0)
        for place in sorted({part(core.first) for core in cores})
    ]
    pools = [
        [core for core in part if kind in ("any", core.first.kind)]
        for part in parts
        for kind in sorted({"any", *(core.first.kind for core in part)})
    ]
    return [_filled(pool)[:count] for pool in pools if len(pool) >= count]


def _filled(pool: list[Core]) -> list[Core]:
    """A pool in the order of use: the fullest node and cache first, so that a set spans few; CPU 0's place last."""
    in_node = Counter(core.first.node for core in pool)
    in_cache = Counter(core.first.l3 for core in pool)
    zero = [core.first for core in pool if core.holds_cpu_0]
    nodes_with_zero = {cpu.node for cpu in zero}
    caches_with_zero = {cpu.l3 for cpu in zero}

    def order(core: Core) -> tuple[Any, ...]:
        cpu = core.first
        return (
            -in_node[cpu.node],
            cpu.node in nodes_with_zero,
            cpu.node,
            KIND_RANK[cpu.kind],
            -in_cache[cpu.l3],
            cpu.l3 in caches_with_zero,
            cpu.l3,
            core.holds_cpu_0,
            cpu.id,
        )

    return sorted(pool, key=order)


def _preference(cores: list[Core]) -> tuple[Any, ...]:
    """The smaller, the better the set."""
    firsts = [core.first for core in cores]
    return (
        len({cpu.node for cpu in firsts}),
        len({cpu.package for cpu in firsts}),
        len({cpu.kind for cpu in firsts}),
        sum(KIND_RANK[cpu.kind] for cpu in firsts),
        len({cpu.l3 for cpu in firsts}),
        any(core.holds_cpu_0 for core in cores),
    )


def _listed(sizes: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(sizes)))


def _shown(text: str) -> str:
    """Foreign text, short and without control characters."""
    return repr(text if len(text) <= 40 else text[:40] + "…")
