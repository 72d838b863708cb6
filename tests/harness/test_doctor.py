"""What the doctor says of imaginary machines and engines."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest

from harness.doctor import Check, Diagnosis, EngineFacts, diagnose, doctor_to_json, render
from harness.machine import Cpu, Machine
from harness.showing import what_labs_show

GOOD_ENGINE = EngineFacts(
    answers=True,
    name="unix:///var/run/docker.sock",
    version="28.5.2",
    api="1.51",
    cpus=4,
    cpuset=True,
    cgroup_version="2",
    driver="systemd",
    memory_bytes=8 << 30,
    compose="2.40.3",
    image_present=True,
)
OFFERED = (1, 2, 4)


def machine(count: int, threads: int = 1) -> Machine:
    cpus = []
    for cpu in range(count):
        first = cpu - cpu % threads
        siblings = tuple(range(first, first + threads))
        cpus.append(Cpu(cpu, first, 0, 0, "", siblings, tuple(range(count))))
    return Machine(
        cpus=tuple(cpus),
        model="Imaginary 9000",
        system="Linux 6.18 x86_64",
        can_pin=True,
        max_frequency_mhz=None,
        governor=None,
        memory_bytes=8 << 30,
        smt=threads > 1,
        virtual="",
        online=tuple(range(count)),
    )


@dataclass(frozen=True)
class Claim:
    name: str
    needs: tuple[str, ...] = ()
    over: str = "run"
    doc: str = "A sentence."


@dataclass(frozen=True)
class Lab:
    name: str
    claims: tuple[Claim, ...]


def examine(host: Machine, engine: EngineFacts = GOOD_ENGINE, load: float | None = None) -> Diagnosis:
    return diagnose(host, engine, None, OFFERED, load=load)


def about(diagnosis: Diagnosis, words: str) -> list[Check]:
    return [check for check in diagnosis.checks if words in check.what]


def marks(diagnosis: Diagnosis, words: str) -> list[str]:
    return [check.mark for check in about(diagnosis, words)]


def test_a_good_machine_with_room_passes_everything() -> None:
    diagnosis = examine(machine(8), load=0.1)
    assert {check.mark for check in diagnosis.checks} == {"PASS"}
    assert {size: facts.cpus for size, facts in diagnosis.sets.items()} == {1: (1,), 2: (1, 2), 4: (1, 2, 3, 4)}


def test_whatever_does_not_pass_has_a_remedy_and_what_passes_needs_none() -> None:
    poor = replace(machine(4, threads=2), virtual="QEMU", governor="powersave", online=tuple(range(8)), can_pin=False)
    bad = EngineFacts(answers=True, api="1.24", cpuset=False, rootless=True, memory_bytes=1 << 29)
    checks = examine(poor, bad, load=9.0).checks + examine(machine(1), EngineFacts(answers=False, reason="gone")).checks
    assert len(checks) > 15
    for check in checks:
        assert bool(check.remedy) == (check.mark != "PASS"), check


def test_a_missing_engine_is_a_caution_where_the_local_runner_can_pin() -> None:
    gone = EngineFacts(answers=False, reason="nothing listens at unix:///nonexistent")
    (check,) = about(examine(machine(2), gone), "no engine answers: nothing listens at unix:///nonexistent")
    assert check.mark == "CAUTION"
    assert "--runner local" in check.remedy


def test_a_system_that_cannot_pin_fails_without_an_engine_only() -> None:
    unpinned = replace(machine(2), can_pin=False)
    assert marks(examine(unpinned), "cannot pin on this system") == ["CAUTION"]
    gone = examine(unpinned, EngineFacts(answers=False, reason="gone"))
    assert marks(gone, "cannot pin on this system") == ["FAIL"]
    assert marks(gone, "no engine answers") == ["FAIL"]


@pytest.mark.parametrize(
    ("change", "words", "mark"),
    [
        ({"api": "1.40"}, "API is 1.40; 1.41 is needed", "FAIL"),
        ({"api": ""}, "API is unknown", "FAIL"),
        ({"cpuset": False}, "discards CPU sets", "FAIL"),
        ({"compose": ""}, "docker compose is missing", "FAIL"),
        ({"compose": "v2.39.4"}, "docker compose is v2.39.4", "CAUTION"),
        ({"image_present": False}, "the image is not built yet", "CAUTION"),
        ({"memory_bytes": 1 << 30}, "1.0 GiB of memory", "CAUTION"),
        ({"rootless": True, "remote": True}, "(rootless, remote)", "PASS"),
    ],
)
def test_a_fault_of_the_engine_is_found(change: dict[str, object], words: str, mark: str) -> None:
    engine = replace(GOOD_ENGINE, **change)  # type: ignore[arg-type]
    assert marks(examine(machine(8), engine), words) == [mark]
    assert not about(examine(machine(8)), words)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"virtual": "QEMU"}, "pinned inside a VM (QEMU)"),
        ({"virtual": True}, "pinned inside a VM (unknown hypervisor)"),
        ({"governor": "powersave"}, "frequency governor powersave"),
        ({"online": tuple(range(12))}, "narrowed affinity: CPUs 8-11"),
        ({"topology_known": False}, "does not say which CPUs share a core"),
    ],
)
def test_a_caution_about_the_machine_is_given(change: dict[str, object], words: str) -> None:
    assert set(marks(examine(replace(machine(8), **change)), words)) == {"CAUTION"}  # type: ignore[arg-type]
    assert not about(examine(machine(8)), words)


def test_a_set_on_threads_of_shared_cores_is_a_caution_that_speaks_of_capacity() -> None:
    (check,) = about(examine(machine(4, threads=2)), "cores-4: CPUs 0-3: 2 physical cores, SMT siblings 0-1, 2-3")
    assert check.mark == "CAUTION"
    assert "capacity" in check.remedy
    assert marks(examine(machine(4, threads=2)), "cores-2: CPUs 0,2") == ["PASS"]


def test_a_size_the_machine_cannot_give_is_a_caution_with_the_largest() -> None:
    diagnosis = examine(machine(2))
    (check,) = about(diagnosis, "cores-4 cannot be given: 2 CPUs are available (0-1)")
    assert check.mark == "CAUTION"
    assert "--cores 2 is the largest here" in check.remedy
    assert list(diagnosis.skipped) == [4]


def test_no_size_at_all_is_a_failure() -> None:
    diagnosis = diagnose(machine(1), GOOD_ENGINE, None, (2, 4))
    assert marks(diagnosis, "cannot be given: 1 CPU is available (0)") == ["FAIL", "FAIL"]
    assert diagnosis.sets == {}


def test_a_set_of_every_cpu_shares_them_with_the_harness() -> None:
    assert marks(examine(machine(1)), "cores-1 takes every CPU") == ["CAUTION"]
    assert not about(examine(machine(8)), "takes every CPU")


def test_a_set_across_nodes_or_kinds_is_a_caution() -> None:
    plain = machine(4)
    nodes = replace(plain, cpus=tuple(replace(cpu, node=cpu.id // 2) for cpu in plain.cpus))
    kinds = replace(
        plain, cpus=tuple(replace(cpu, kind="efficient" if cpu.id < 2 else "performance") for cpu in plain.cpus)
    )
    assert marks(examine(nodes), "cores-4: CPUs 0-3: NUMA nodes 0, 1") == ["CAUTION"]
    assert marks(examine(kinds), "cores-4: CPUs 0-3: efficient and performance cores mixed") == ["CAUTION"]


@pytest.mark.parametrize(("load", "count"), [(None, 0), (0.4, 0), (1.9, 1)])
def test_a_busy_host_is_a_caution(load: float | None, count: int) -> None:
    assert len(about(examine(machine(4), load=load), "load 1.9 on 4 CPUs")) == count


def test_the_load_of_this_host_says_nothing_of_a_remote_engine() -> None:
    assert not about(examine(machine(4), replace(GOOD_ENGINE, remote=True), load=9.0), "load")


def test_the_sets_are_those_of_the_engines_machine_not_of_the_host() -> None:
    diagnosis = diagnose(machine(2), GOOD_ENGINE, machine(8), OFFERED)
    assert diagnosis.machine == machine(8)
    assert set(diagnosis.sets) == {1, 2, 4}
    assert about(diagnosis, "--runner local can pin: CPUs 0-1")


SHOWINGS = [
    (Claim("plain"), (1, 2), ("3.14", "3.14t"), "--cores 1 --python 3.14", ""),
    (Claim("two", ("cores(2)",)), (1, 2, 4), ("3.14",), "--cores 2 --python 3.14", ""),
    (Claim("three", ("cores(3)",)), (1, 2, 4), ("3.14",), "--cores 4 --python 3.14", ""),
    (Claim("four", ("cores(4)",)), (1, 2), ("3.14",), "", "needs 4 cores, here are 2"),
    (Claim("locked", ("gil",)), (1,), ("3.14t", "3.14"), "--cores 1 --python 3.14", ""),
    (Claim("free", ("free_threading", "cores(2)")), (2,), ("3.14", "3.14t"), "--cores 2 --python 3.14t", ""),
    (
        Claim("free", ("free_threading",)),
        (2,),
        ("3.14",),
        "",
        "needs a free-threaded interpreter: --python 3.14t",
    ),
    (Claim("locked", ("gil",)), (2,), ("3.14t",), "", "needs an interpreter with the GIL, such as --python 3.14"),
    (Claim("new", ("python(3, 14)",)), (1,), ("3.13", "3.14t"), "--cores 1 --python 3.14t", ""),
    (Claim("newer", ("python(3, 15)",)), (1,), ("3.13", "3.14"), "", "needs Python 3.15 or newer"),
    (Claim("sweep", over="sweep"), (1, 2, 4), ("3.14",), "--cores 1,2,4 --python 3.14", ""),
    (Claim("sweep", ("cores(4)",), "sweep"), (1, 2, 4), ("3.14",), "--cores 1,2,4 --python 3.14", ""),
    (Claim("sweep", over="sweep"), (1,), ("3.14",), "", "compares core counts, here is only --cores 1"),
    (Claim("nowhere"), (), ("3.14",), "", "no size of compose.yaml fits here"),
    (Claim("nothing"), (1,), (), "", "no interpreter is there"),
]


@pytest.mark.parametrize(("claim", "sizes", "interpreters", "options", "why_not"), SHOWINGS)
def test_a_claim_is_shown_with_its_options_or_the_reason_why_not(
    claim: Claim, sizes: tuple[int, ...], interpreters: tuple[str, ...], options: str, why_not: str
) -> None:
    (showing,) = what_labs_show((Lab("gil", (claim,)),), sizes, interpreters)
    assert (showing.lab, showing.claim, showing.sentence) == ("gil", claim.name, "A sentence.")
    assert (showing.options, showing.why_not) == (options, why_not)


@pytest.mark.parametrize("need", ["luck", "cores", "cores(x)", "gil(2)", "python(3)"])
def test_an_unknown_need_is_refused(need: str) -> None:
    with pytest.raises(ValueError, match="not a need"):
        what_labs_show((Lab("gil", (Claim("odd", (need,)),)),), (1,), ("3.14",))


def test_the_diagnosis_is_json_with_the_machine_the_sets_and_the_checks() -> None:
    diagnosis = diagnose(machine(2), GOOD_ENGINE, None, OFFERED, (Lab("gil", (Claim("plain"),)),))
    document = json.loads(json.dumps(doctor_to_json(diagnosis)))
    assert document["sets"]["2"]["cpus"] == [0, 1]
    assert set(document["skipped"]) == {"4"}
    assert document["machine"]["model"] == "Imaginary 9000"
    assert document["checks"][0] == {
        "mark": "PASS",
        "what": "engine 28.5.2 answers at unix:///var/run/docker.sock",
        "remedy": "",
    }
    assert document["labs"][0]["options"] == "--cores 1 --python 3.14"


def test_the_text_has_each_check_its_remedy_and_each_lab_once() -> None:
    labs = (Lab("gil", (Claim("one"), Claim("four", ("cores(4)",)))), Lab("race", (Claim("lost"),)))
    diagnosis = diagnose(machine(2), GOOD_ENGINE, None, OFFERED, labs)
    lines = render(diagnosis)
    assert lines[0] == "Imaginary 9000, Linux 6.18 x86_64, CPUs 0-1"
    for check in diagnosis.checks:
        assert f"{check.mark:<8} {check.what}" in lines
        assert not check.remedy or f"{'':<8} -> {check.remedy}" in lines
    assert lines[-6:] == [
        "gil",
        "  one: --cores 1 --python 3.14",
        "  four: needs 4 cores, here are 2",
        "",
        "race",
        "  lost: --cores 1 --python 3.14",
    ]
