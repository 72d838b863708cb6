"""Imaginary machines as data, and the CPUs that a run gets on them."""

import json
from collections.abc import Container, Iterable, Mapping

import pytest

from harness.errors import UsageFault
from harness.machine import Cpu, Machine
from harness.plan import choose_cpus, cpu_set_to_json, describe, parse_cores, plan


def imagine(
    cores: Iterable[tuple[int, ...]],
    *,
    nodes: Mapping[int, range] | None = None,
    packages: Mapping[int, range] | None = None,
    caches: Iterable[range] = (),
    kinds: Mapping[str, Container[int]] | None = None,
    allowed: Iterable[int] | None = None,
) -> Machine:
    """A machine from the threads of its cores; a core is put in its place by its lowest thread.

    `allowed` narrows the machine, as a parent's affinity does.
    """
    threads = {cpu: core for core in cores for cpu in core}
    usable = sorted(threads if allowed is None else allowed)
    shared = list(caches)

    def place(cpu: int, where: Mapping[int, range] | None) -> int:
        return next((number for number, cores in (where or {}).items() if min(threads[cpu]) in cores), 0)

    def kind(cpu: int) -> str:
        return next((name for name, cores in (kinds or {}).items() if min(threads[cpu]) in cores), "")

    def cache(cpu: int) -> tuple[int, ...]:
        cores = next((cores for cores in shared if min(threads[cpu]) in cores), ())
        return tuple(sorted(thread for core in cores if core in threads for thread in threads[core]))

    cpus = tuple(
        Cpu(cpu, min(threads[cpu]), place(cpu, packages), place(cpu, nodes), kind(cpu), threads[cpu], cache(cpu))
        for cpu in usable
    )
    return Machine(
        cpus=cpus,
        model="imaginary",
        system="Linux 6.18 x86_64",
        can_pin=True,
        max_frequency_mhz=None,
        governor=None,
        memory_bytes=8 << 30,
        smt=any(len(core) > 1 for core in threads.values()),
        virtual="",
        online=tuple(sorted(threads)),
    )


def single(count: int, first: int = 0) -> list[tuple[int, ...]]:
    return [(cpu,) for cpu in range(first, first + count)]


def adjacent(cores: int) -> list[tuple[int, ...]]:
    return [(2 * core, 2 * core + 1) for core in range(cores)]


def split(cores: int) -> list[tuple[int, ...]]:
    return [(core, core + cores) for core in range(cores)]


MACHINES = {
    "one CPU": imagine(single(1)),
    "two CPUs": imagine(single(2)),
    "four CPUs": imagine(single(4)),
    "eight CPUs": imagine(single(8)),
    "two cores, threads 0-1": imagine(adjacent(2)),
    "four cores, threads 0-1": imagine(adjacent(4)),
    "four cores, threads 0 and 4": imagine(split(4)),
    "two sockets": imagine(
        single(8),
        packages={0: range(4), 1: range(4, 8)},
        nodes={0: range(4), 1: range(4, 8)},
        caches=[range(4), range(4, 8)],
    ),
    "two sockets, one node said": imagine(single(8), packages={0: range(4), 1: range(4, 8)}),
    "two nodes in a socket": imagine(single(8), nodes={0: range(4), 1: range(4, 8)}, caches=[range(8)]),
    "96 CPUs, two sockets with threads": imagine(
        [(core, core + 48) for core in range(48)],
        packages={0: range(24), 1: range(24, 48)},
        nodes={0: range(24), 1: range(24, 48)},
        caches=[range(first, first + 8) for first in range(0, 48, 8)],
    ),
    "four P with threads, eight E": imagine(
        [*adjacent(4), *single(8, first=8)], kinds={"performance": range(8), "efficient": range(8, 16)}
    ),
    "E cores first": imagine(single(8), kinds={"efficient": range(4), "performance": range(4, 8)}),
    "two caches": imagine(single(8), caches=[range(4), range(4, 8)]),
    "a cache to each core": imagine(single(4), caches=[range(cpu, cpu + 1) for cpu in range(4)]),
    "unequal nodes": imagine(single(10), nodes={0: range(2), 1: range(2, 4), 2: range(4, 10)}),
    "unequal caches": imagine(single(12), caches=[range(2), range(2, 4), range(4, 6), range(6, 12)]),
    "a node of small caches": imagine(
        single(10), nodes={0: range(4), 1: range(4, 10)}, caches=[range(4), range(4, 7), range(7, 10)]
    ),
    "both kinds in each node": imagine(
        single(8), nodes={0: range(4), 1: range(4, 8)}, kinds={"performance": {0, 1, 4, 5}, "efficient": {2, 3, 6, 7}}
    ),
    "ids from 4 on": imagine(single(4, first=4)),
    "scattered ids": imagine([(3,), (17,), (40,), (41,)]),
    "narrowed to two of eight": imagine(single(8), allowed=(2, 5)),
    "narrowed to CPU 0": imagine(single(2), allowed=(0,)),
    "narrowed to core 0's other thread and more": imagine(split(4), allowed=(4, 5, 6)),
    "narrowed across sockets": imagine(single(8), packages={0: range(4), 1: range(4, 8)}, allowed=(2, 3, 4, 6)),
}

CHOICES = [
    ("one CPU", 1, (0,)),
    ("two CPUs", 1, (1,)),
    ("two CPUs", 2, (0, 1)),
    ("four CPUs", 1, (1,)),
    ("four CPUs", 2, (1, 2)),
    ("four CPUs", 4, (0, 1, 2, 3)),
    ("eight CPUs", 4, (1, 2, 3, 4)),
    ("two cores, threads 0-1", 1, (2,)),
    ("two cores, threads 0-1", 2, (0, 2)),
    ("two cores, threads 0-1", 3, (0, 2, 3)),
    ("two cores, threads 0-1", 4, (0, 1, 2, 3)),
    ("four cores, threads 0-1", 2, (2, 4)),
    ("four cores, threads 0-1", 4, (0, 2, 4, 6)),
    ("four cores, threads 0-1", 6, (0, 2, 3, 4, 5, 6)),
    ("four cores, threads 0 and 4", 2, (1, 2)),
    ("four cores, threads 0 and 4", 4, (0, 1, 2, 3)),
    ("four cores, threads 0 and 4", 5, (0, 1, 2, 3, 5)),
    ("two sockets", 2, (1, 2)),
    ("two sockets", 4, (4, 5, 6, 7)),
    ("two sockets", 6, (1, 2, 4, 5, 6, 7)),
    ("two sockets, one node said", 4, (4, 5, 6, 7)),
    ("two nodes in a socket", 4, (4, 5, 6, 7)),
    ("96 CPUs, two sockets with threads", 1, (1,)),
    ("96 CPUs, two sockets with threads", 8, tuple(range(8, 16))),
    ("96 CPUs, two sockets with threads", 24, tuple(range(24, 48))),
    ("96 CPUs, two sockets with threads", 48, tuple(range(48))),
    ("96 CPUs, two sockets with threads", 96, tuple(range(96))),
    ("four P with threads, eight E", 2, (2, 4)),
    ("four P with threads, eight E", 4, (0, 2, 4, 6)),
    ("four P with threads, eight E", 6, (8, 9, 10, 11, 12, 13)),
    ("four P with threads, eight E", 10, (0, 2, 4, 6, 8, 9, 10, 11, 12, 13)),
    ("E cores first", 2, (4, 5)),
    ("two caches", 3, (1, 2, 3)),
    ("two caches", 4, (4, 5, 6, 7)),
    ("a cache to each core", 2, (1, 2)),
    ("unequal nodes", 7, (2, 4, 5, 6, 7, 8, 9)),
    ("unequal caches", 8, (2, 3, 6, 7, 8, 9, 10, 11)),
    ("a node of small caches", 4, (0, 1, 2, 3)),
    ("both kinds in each node", 4, (4, 5, 6, 7)),
    ("ids from 4 on", 2, (4, 5)),
    ("scattered ids", 3, (3, 17, 40)),
    ("narrowed to two of eight", 1, (2,)),
    ("narrowed to two of eight", 2, (2, 5)),
    ("narrowed to CPU 0", 1, (0,)),
    ("narrowed to core 0's other thread and more", 2, (5, 6)),
    ("narrowed across sockets", 2, (2, 3)),
]


@pytest.mark.parametrize(("name", "count", "cpus"), CHOICES, ids=[f"{count} of {name}" for name, count, _ in CHOICES])
def test_the_chosen_cpus_are_the_ones_expected(name: str, count: int, cpus: tuple[int, ...]) -> None:
    assert choose_cpus(MACHINES[name], count) == cpus


@pytest.mark.parametrize("name", MACHINES)
def test_every_count_up_to_all_gives_that_many_usable_cpus(name: str) -> None:
    machine = MACHINES[name]
    usable = {cpu.id for cpu in machine.cpus}
    for count in range(1, len(usable) + 1):
        chosen = choose_cpus(machine, count)
        assert len(set(chosen)) == count
        assert set(chosen) <= usable


@pytest.mark.parametrize("name", MACHINES)
def test_siblings_share_a_set_only_when_the_cores_run_out(name: str) -> None:
    machine = MACHINES[name]
    cores = len({cpu.core for cpu in machine.cpus})
    for count in range(1, len(machine.cpus) + 1):
        assert describe(machine, choose_cpus(machine, count)).cores == min(count, cores)


@pytest.mark.parametrize("name", MACHINES)
def test_the_choice_does_not_depend_on_the_order_of_the_cpus(name: str) -> None:
    machine = MACHINES[name]
    backwards = Machine(**{**vars(machine), "cpus": machine.cpus[::-1]})
    for count in range(1, len(machine.cpus) + 1):
        assert choose_cpus(backwards, count) == choose_cpus(machine, count)


def test_more_cpus_than_there_are_name_asked_available_and_largest() -> None:
    with pytest.raises(UsageFault, match=r"^--cores 4: 2 CPUs are available \(0-1\); the largest usable size is 2$"):
        choose_cpus(MACHINES["two CPUs"], 4)


def test_an_empty_set_is_never_chosen() -> None:
    with pytest.raises(ValueError, match="at least one CPU"):
        choose_cpus(MACHINES["two CPUs"], 0)


def test_without_a_size_the_largest_offered_that_fits_is_planned() -> None:
    assert plan(MACHINES["two CPUs"], (4, 1, 2), None).sets == {2: (0, 1)}


def test_without_a_size_nothing_fitting_is_a_fault() -> None:
    with pytest.raises(UsageFault, match=r"1 CPU is available \(0\), compose.yaml offers 2, 4"):
        plan(MACHINES["one CPU"], (2, 4), None)


def test_a_single_size_over_the_machine_is_a_fault_with_all_numbers() -> None:
    with pytest.raises(UsageFault) as fault:
        plan(MACHINES["two CPUs"], (1, 2, 4), (64,))
    assert str(fault.value) == (
        "--cores 64: 2 CPUs are available (0-1), compose.yaml offers 1, 2, 4; the largest usable size is 2"
    )


def test_in_a_list_a_size_over_the_machine_is_skipped_by_name() -> None:
    planned = plan(MACHINES["two CPUs"], (1, 2, 4), (1, 64, 2, 4))
    assert list(planned.sets) == [1, 2]
    assert list(planned.skipped) == [64, 4]
    assert "2 CPUs are available" in planned.skipped[4]
    assert "the largest usable size is 2" in planned.skipped[64]


def test_a_list_of_which_nothing_is_left_is_a_fault() -> None:
    with pytest.raises(UsageFault, match="--cores 4,64: 2 CPUs"):
        plan(MACHINES["two CPUs"], (1, 2, 4), (4, 64))


def test_a_size_that_no_service_offers_is_a_fault_even_in_a_list() -> None:
    with pytest.raises(UsageFault, match=r"--cores 3: compose\.yaml offers 1, 2, 4; the largest usable size is 4"):
        plan(MACHINES["eight CPUs"], (1, 2, 4), (1, 3))


@pytest.mark.parametrize(
    ("text", "sizes"), [("1", (1,)), ("1,2,4", (1, 2, 4)), ("4, 1", (4, 1)), ("64", (64,)), ("8192", (8192,))]
)
def test_sizes_are_read_in_the_order_given(text: str, sizes: tuple[int, ...]) -> None:
    assert parse_cores(text) == sizes


@pytest.mark.parametrize(
    "text",
    [
        *("0", "-1", "abc", "1.5", "", " ", "1,,2", ",1", "1,", "1,1", "1,01", "+1", "1_0", "1-2", "1;2", "1\n2"),
        *("1000000000", "9" * 5000, "8193", "٣", "²", "\x1b[31m"),
    ],
)
def test_what_is_no_number_of_cores_is_told_in_one_short_line(text: str) -> None:
    with pytest.raises(UsageFault) as fault:
        parse_cores(text)
    message = str(fault.value)
    assert message.startswith("--cores ")
    assert message.isprintable()
    assert len(message) < 250


def test_a_set_on_threads_of_one_core_says_so() -> None:
    facts = describe(MACHINES["four cores, threads 0 and 4"], (5, 1, 2))
    assert facts.cpus == (1, 2, 5)
    assert facts.cores == 2
    assert facts.smt_siblings == ((1, 5),)


def test_a_set_over_sockets_and_caches_says_so() -> None:
    facts = describe(MACHINES["two sockets"], (3, 4, 5))
    assert (facts.nodes, facts.packages, facts.l3_groups) == ((0, 1), (0, 1), ((3,), (4, 5)))


def test_a_set_of_both_kinds_says_so() -> None:
    assert describe(MACHINES["E cores first"], (3, 4)).kinds == ("efficient", "performance")


def test_a_cpu_that_may_not_be_used_cannot_be_described() -> None:
    with pytest.raises(ValueError, match=r"CPUs 3,7 are not usable; 2 CPUs are available \(2,5\)"):
        describe(MACHINES["narrowed to two of eight"], (2, 3, 7))


def test_the_facts_of_a_set_are_json() -> None:
    facts = json.loads(json.dumps(cpu_set_to_json(describe(MACHINES["two cores, threads 0-1"], (0, 1)))))
    assert facts == {
        "cpus": [0, 1],
        "cores": 1,
        "smt_siblings": [[0, 1]],
        "nodes": [0],
        "packages": [0],
        "l3_groups": [],
        "kinds": [],
        "topology_known": True,
    }
