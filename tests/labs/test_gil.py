"""The lab `gil`: what its variants do, and that each of its claims can hold and can fail."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from harness.testing import made_up_run, made_up_sweep
from labs import gil
from tests.interpreters import every_interpreter
from tests.labs.by_hand import by_hand

if TYPE_CHECKING:
    from harness.findings import Run

BARRIER_SECONDS = 60


def with_the_gil(cores: int = 2) -> Run:
    """Honest evidence: only processes use the cores."""
    return made_up_run(
        cores=cores,
        walls={"one_thread": 1.0, "threads": 1.0, "processes": 1.05 / cores},
        cpus={"one_thread": 1.0, "threads": 1.0, "processes": 1.05},
    )


def without_the_gil(cores: int = 2) -> Run:
    """Honest evidence: threads and processes use the cores."""
    return made_up_run(
        cores=cores,
        gil=False,
        walls={"one_thread": 1.0, "threads": 1.03 / cores, "processes": 1.05 / cores},
        cpus={"one_thread": 1.0, "threads": 1.03, "processes": 1.05},
    )


@pytest.mark.parametrize(("workers", "count"), [(4, 100), (3, 100), (1, 7), (5, 3)])
def test_the_shares_add_up_to_the_work(workers: int, count: int) -> None:
    assert len(gil.shares(workers, count)) == workers
    assert sum(gil.shares(workers, count)) == count


def test_one_thread_counts_every_share_in_the_calling_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[tuple[int, int]] = []

    def count_up(steps: int) -> int:
        counted.append((threading.get_ident(), steps))
        return steps

    monkeypatch.setattr(gil, "count_up", count_up)
    assert gil.one_thread(workers=4, count=1_002) == 1_002
    assert counted == [(threading.get_ident(), steps) for steps in (252, 250, 250, 250)]


def test_threads_count_at_the_same_time_each_in_its_own_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    everyone = threading.Barrier(4)
    counted_in: set[int] = set()

    def count_up(steps: int) -> int:
        everyone.wait(BARRIER_SECONDS)  # broken, were fewer than four at work
        counted_in.add(threading.get_ident())
        return steps

    monkeypatch.setattr(gil, "count_up", count_up)
    assert gil.threads(workers=4, count=1_002) == 1_002
    assert len(counted_in) == 4
    assert threading.get_ident() not in counted_in


@every_interpreter
def test_all_variants_count_the_same(python: str) -> None:
    code = "result = [way(workers=3, count=10_001) for way in (lab.one_thread, lab.threads, lab.processes)]"
    assert by_hand(python, "gil", code) == [10_001] * 3


@every_interpreter
def test_processes_count_in_other_processes(python: str) -> None:
    code = (
        "import multiprocessing, os\n"
        "multiprocessing.set_start_method('fork')\n"  # so that the workers have the count_up of here
        "parent = os.getpid()\n"
        "lab.count_up = lambda steps: steps if os.getpid() != parent else 0\n"
        "lab.count_up.__name__ = lab.count_up.__qualname__ = 'count_up'\n"
        "lab.count_up.__module__ = 'labs.gil'\n"
        "result = lab.processes(workers=2, count=100)\n"
    )
    assert by_hand(python, "gil", code) == 100


def test_threads_are_no_faster_holds_under_the_gil() -> None:
    assert gil.threads_are_no_faster(with_the_gil()).value == "holds"


def test_threads_are_no_faster_is_refuted_when_there_is_no_gil() -> None:
    assert gil.threads_are_no_faster(without_the_gil()).value == "refuted"


def test_one_core_is_busy_with_threads_holds_under_the_gil() -> None:
    assert gil.one_core_is_busy_with_threads(with_the_gil()).value == "holds"


def test_one_core_is_busy_with_threads_is_refuted_when_there_is_no_gil() -> None:
    assert gil.one_core_is_busy_with_threads(without_the_gil()).value == "refuted"


@pytest.mark.parametrize("cores", [2, 4])
def test_processes_use_the_cores_holds_with_or_without_the_gil(cores: int) -> None:
    assert gil.processes_use_the_cores(with_the_gil(cores)).value == "holds"
    assert gil.processes_use_the_cores(without_the_gil(cores)).value == "holds"


def test_processes_use_the_cores_holds_where_four_cpus_are_two_cores() -> None:
    run = made_up_run(cores=4, capacity=2.4, walls={"one_thread": 1.0, "processes": 0.45})
    assert gil.processes_use_the_cores(run).value == "holds"


def test_processes_use_the_cores_is_refuted_when_they_share_one_core() -> None:
    run = made_up_run(walls={"one_thread": 1.0, "processes": 1.05})
    assert gil.processes_use_the_cores(run).value == "refuted"


def test_processes_use_the_cores_is_not_refuted_when_the_work_is_too_short() -> None:
    run = made_up_run(walls={"one_thread": 0.1, "processes": 0.1}, start_cost=0.06)
    verdict = gil.processes_use_the_cores(run)
    assert verdict.value == "inconclusive"
    assert "work too short" in verdict.reason


@pytest.mark.parametrize("cores", [2, 4])
def test_free_threads_use_the_cores_holds_without_the_gil(cores: int) -> None:
    assert gil.free_threads_use_the_cores(without_the_gil(cores)).value == "holds"


def test_free_threads_use_the_cores_is_refuted_when_the_gil_is_on() -> None:
    assert gil.free_threads_use_the_cores(with_the_gil()).value == "refuted"


@pytest.mark.parametrize("cores", [1, 2, 4])
def test_nothing_beats_the_cores_holds_on_any_number_of_them(cores: int) -> None:
    assert gil.nothing_beats_the_cores(with_the_gil(cores)).value == "holds"
    assert gil.nothing_beats_the_cores(without_the_gil(cores)).value == "holds"


@pytest.mark.parametrize("faster", ["threads", "processes"])
def test_nothing_beats_the_cores_is_refuted_when_the_pin_leaks(faster: str) -> None:
    walls = {"one_thread": 1.0, "threads": 1.0, "processes": 1.05, faster: 0.5}
    assert gil.nothing_beats_the_cores(made_up_run(cores=1, walls=walls)).value == "refuted"


def test_more_cores_change_processes_not_threads_holds_under_the_gil() -> None:
    sweep = made_up_sweep(with_the_gil(1), with_the_gil(2), with_the_gil(4))
    assert gil.more_cores_change_processes_not_threads(sweep).value == "holds"


def test_more_cores_change_processes_not_threads_is_refuted_when_threads_get_faster_too() -> None:
    sweep = made_up_sweep(without_the_gil(1), without_the_gil(2))
    assert gil.more_cores_change_processes_not_threads(sweep).value == "refuted"


def test_more_cores_change_processes_not_threads_is_refuted_when_processes_stay_as_they_were() -> None:
    walls = {"one_thread": 1.0, "threads": 1.0, "processes": 1.05}
    sweep = made_up_sweep(made_up_run(cores=1, walls=walls), made_up_run(cores=2, walls=walls))
    assert gil.more_cores_change_processes_not_threads(sweep).value == "refuted"
