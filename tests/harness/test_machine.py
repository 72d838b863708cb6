"""Machines read from made-up /sys and /proc folders."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.machine import (
    format_cpus,
    machine_from_json,
    machine_to_json,
    parse_cpus,
    read_machine,
    usable_cpus,
)

CPUS = "sys/devices/system/cpu"

NARROWED_PROBE = """
import os, runpy, sys
os.sched_setaffinity(0, [int(sys.argv[1])])
runpy.run_module("harness.machine", run_name="__main__")
"""


def plant(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")


def topology(cpu: int, siblings: str, package: int = 0, core: int = 0) -> dict[str, str]:
    folder = f"{CPUS}/cpu{cpu}/topology"
    return {
        f"{folder}/thread_siblings_list": siblings,
        f"{folder}/physical_package_id": str(package),
        f"{folder}/core_id": str(core),
    }


def cache(cpu: int, shared_by_level: Mapping[int, str]) -> dict[str, str]:
    folder = f"{CPUS}/cpu{cpu}/cache"
    return {
        f"{folder}/index{level}/{name}": text
        for level, shared in shared_by_level.items()
        for name, text in (("level", str(level)), ("shared_cpu_list", shared))
    }


def test_siblings_packages_and_cores_are_read_from_the_topology(tmp_path: Path) -> None:
    for cpu, siblings, package in ((0, "0,2", 0), (2, "0,2", 0), (1, "1,3", 1), (3, "1,3", 1)):
        plant(tmp_path, topology(cpu, siblings, package))  # core_id is 0 in both sockets, as kernels say it
    machine = read_machine(tmp_path, allowed=(0, 1, 2, 3))
    assert [(cpu.core, cpu.package, cpu.siblings) for cpu in machine.cpus] == [
        (0, 0, (0, 2)),
        (1, 1, (1, 3)),
        (0, 0, (0, 2)),
        (1, 1, (1, 3)),
    ]
    assert machine.smt
    assert machine.topology_known


def test_the_highest_cache_level_says_who_shares_it(tmp_path: Path) -> None:
    for cpu in range(4):
        plant(tmp_path, cache(cpu, {1: str(cpu), 2: str(cpu), 3: "0-1" if cpu < 2 else "2-3"}))
    machine = read_machine(tmp_path, allowed=range(4))
    assert [cpu.l3 for cpu in machine.cpus] == [(0, 1), (0, 1), (2, 3), (2, 3)]


def test_numa_nodes_are_read_and_nodes_without_cpus_do_no_harm(tmp_path: Path) -> None:
    nodes = "sys/devices/system/node"
    plant(tmp_path, {f"{nodes}/node0/cpulist": "0-1", f"{nodes}/node1/cpulist": "2-3", f"{nodes}/node2/cpulist": ""})
    assert [cpu.node for cpu in read_machine(tmp_path, allowed=range(4)).cpus] == [0, 0, 1, 1]


def test_intel_names_its_two_kinds_of_core(tmp_path: Path) -> None:
    plant(tmp_path, {"sys/devices/cpu_core/cpus": "0-1", "sys/devices/cpu_atom/cpus": "2-3"})
    kinds = [cpu.kind for cpu in read_machine(tmp_path, allowed=range(4)).cpus]
    assert kinds == ["performance", "performance", "efficient", "efficient"]


def test_capacities_that_differ_much_make_two_kinds_of_core(tmp_path: Path) -> None:
    plant(tmp_path, {f"{CPUS}/cpu{cpu}/cpu_capacity": text for cpu, text in enumerate(("446", "446", "1024", "990"))})
    kinds = [cpu.kind for cpu in read_machine(tmp_path, allowed=range(4)).cpus]
    assert kinds == ["efficient", "efficient", "performance", "performance"]


def test_equal_capacities_make_no_kinds(tmp_path: Path) -> None:
    plant(tmp_path, {f"{CPUS}/cpu{cpu}/cpu_capacity": "1024" for cpu in range(2)})
    assert {cpu.kind for cpu in read_machine(tmp_path, allowed=range(2)).cpus} == {""}


def test_frequency_governor_model_memory_and_hypervisor_are_read(tmp_path: Path) -> None:
    frequency = f"{CPUS}/cpu1/cpufreq"
    plant(
        tmp_path,
        {
            f"{frequency}/cpuinfo_max_freq": "4500000",
            f"{frequency}/scaling_governor": "powersave",
            f"{CPUS}/cpu0/cpufreq/scaling_governor": "performance",
            "proc/cpuinfo": "processor : 0\nmodel name : Imaginary 9000\nflags : fpu hypervisor sse\n\nprocessor : 1",
            "proc/meminfo": "MemTotal:        2048 kB\nMemFree: 1 kB",
            "sys/class/dmi/id/sys_vendor": "QEMU",
        },
    )
    machine = read_machine(tmp_path, allowed=(0, 1))
    assert machine.max_frequency_mhz == 4500.0
    assert machine.governor == "performance,powersave"
    assert machine.model == "Imaginary 9000"
    assert machine.memory_bytes == 2048 * 1024
    assert machine.virtual == "QEMU"


def test_bare_metal_is_not_taken_for_virtual(tmp_path: Path) -> None:
    plant(tmp_path, {"proc/cpuinfo": "flags : fpu sse", "sys/class/dmi/id/sys_vendor": "Dell Inc."})
    assert read_machine(tmp_path, allowed=(0,)).virtual == ""


def test_an_arm_processor_is_named_by_its_numbers(tmp_path: Path) -> None:
    plant(tmp_path, {"proc/cpuinfo": "processor : 0\nCPU implementer : 0x41\nCPU part : 0xd0c"})
    assert read_machine(tmp_path, allowed=(0,)).model == "implementer 0x41 part 0xd0c"


def test_without_topology_each_cpu_is_a_core_and_that_is_said(tmp_path: Path) -> None:
    machine = read_machine(tmp_path, allowed=(3, 5))
    assert [(cpu.id, cpu.core, cpu.siblings, cpu.l3) for cpu in machine.cpus] == [(3, 3, (3,), ()), (5, 5, (5,), ())]
    assert not machine.topology_known
    assert not machine.smt
    assert machine.model == "unknown"
    assert machine.max_frequency_mhz is None
    assert machine.governor is None


def test_without_a_list_of_siblings_the_core_numbers_tell_them(tmp_path: Path) -> None:
    for cpu, core in ((0, 0), (1, 1), (2, 0), (3, 1)):
        plant(tmp_path, {f"{CPUS}/cpu{cpu}/topology/core_id": str(core)})
    machine = read_machine(tmp_path, allowed=range(4))
    assert [cpu.siblings for cpu in machine.cpus] == [(0, 2), (1, 3), (0, 2), (1, 3)]
    assert machine.topology_known


def test_garbled_files_count_as_missing(tmp_path: Path) -> None:
    plant(tmp_path, topology(0, "9-3", core=0) | cache(0, {3: "0-99999999999"}) | {f"{CPUS}/online": "\x00"})
    machine = read_machine(tmp_path, allowed=(0,))
    assert machine.cpus[0].siblings == (0,)
    assert machine.cpus[0].l3 == ()
    assert machine.online == (0,)


def test_only_allowed_cpus_are_the_machines_but_the_online_ones_are_told(tmp_path: Path) -> None:
    plant(tmp_path, {f"{CPUS}/online": "0-7"} | topology(5, "4-5"))
    machine = read_machine(tmp_path, allowed=(5,))
    assert [cpu.id for cpu in machine.cpus] == [5]
    assert machine.cpus[0].siblings == (4, 5)
    assert machine.online == tuple(range(8))


def test_a_system_without_the_affinity_call_cannot_pin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    machine = read_machine(tmp_path)
    assert not machine.can_pin
    assert [cpu.id for cpu in machine.cpus] == [0, 1, 2]


def test_a_machine_survives_its_json(tmp_path: Path) -> None:
    for cpu in (0, 1):
        plant(tmp_path, topology(cpu, "0-1") | cache(cpu, {3: "0-1"}))
    machine = read_machine(tmp_path, allowed=(0, 1))
    assert machine_from_json(json.loads(json.dumps(machine_to_json(machine)))) == machine


@pytest.mark.parametrize("document", [{}, {"cpus": 3}, {"cpus": [{"siblings": [], "l3": []}]}])
def test_another_document_is_no_machine(document: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a machine"):
        machine_from_json(document)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system has no affinity")
def test_the_probe_prints_this_machine_as_one_line() -> None:
    output = subprocess.run(
        [sys.executable, "-m", "harness.machine"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert output.count("\n") == 1
    machine = machine_from_json(json.loads(output))
    assert frozenset(cpu.id for cpu in machine.cpus) == usable_cpus()
    assert machine.can_pin
    assert machine.memory_bytes > 0


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_a_probe_narrowed_by_its_parent_sees_only_what_it_may_use() -> None:
    narrow = max(os.sched_getaffinity(0))
    output = subprocess.run(
        [sys.executable, "-c", NARROWED_PROBE, str(narrow)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert [cpu.id for cpu in machine_from_json(json.loads(output)).cpus] == [narrow]


@pytest.mark.parametrize(
    ("cpus", "text"),
    [((), ""), ((0,), "0"), ((0, 1, 2, 5), "0-2,5"), ((3, 7, 8), "3,7-8"), (tuple(range(96)), "0-95")],
)
def test_lists_of_cpus_are_written_and_read_in_the_kernels_spelling(cpus: tuple[int, ...], text: str) -> None:
    assert format_cpus(cpus) == text
    assert parse_cpus(text) == cpus


@pytest.mark.parametrize("text", ["9-3", "a", "0,,1", "0-", "-1", "0-99999999999", "70000", "1.5", "٣", "0-1-2"])
def test_what_is_no_list_of_cpus_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a list of CPUs"):
        parse_cpus(text)
