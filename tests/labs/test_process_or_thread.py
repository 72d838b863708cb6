"""The lab `process_or_thread`: what its workers share, need and take along; each claim can hold and can fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.testing import made_up_run
from labs import process_or_thread
from tests.interpreters import every_interpreter
from tests.labs.by_hand import ROOT, by_hand

if TYPE_CHECKING:
    from harness.findings import Run

KNOBS = {"starts": 10, "workers": 3}
WALLS = {"threads": 0.0005, "fork": 0.01, "forkserver": 0.075, "first_forkserver": 0.055, "spawn": 0.3}
SHARED = [[0, 1, 2]] * 4
OWN = [[], [0], [1], [2]]
SIGSEGV = -11


def honest(**changed: float) -> Run:
    """Times as on a quiet machine, but for those given."""
    return made_up_run(walls=WALLS | changed, knobs=KNOBS)


def answered(**answers: Any) -> Run:
    """A run in which every sample of a variant gave the same answer."""
    return made_up_run(answers={name: [answer] for name, answer in answers.items()}, knobs=KNOBS)


def test_workers_are_started_one_by_one() -> None:
    done: list[str] = []

    class Worker:
        def __init__(self, target: object) -> None:
            self.number = done.count("start") + 1

        def start(self) -> None:
            done.append("start")

        def join(self) -> None:
            done.append(f"join {self.number}")

    process_or_thread.one_by_one(Worker, 3)  # type: ignore[arg-type] # stands for a kind of worker
    assert done == ["start", "join 1", "start", "join 2", "start", "join 3"]


@every_interpreter
def test_each_variant_starts_its_kind_of_worker(python: str) -> None:
    code = """
kinds = []
lab.one_by_one = lambda kind, starts: kinds.append([kind.__name__, starts])
for way in (lab.threads, lab.fork, lab.forkserver, lab.spawn):
    way(starts=7)
lab.first_forkserver()
result = kinds
"""
    named = [["Thread", 7], ["ForkProcess", 7], ["ForkServerProcess", 7], ["SpawnProcess", 7], ["ForkServerProcess", 1]]
    assert by_hand(python, "process_or_thread", code) == named


@every_interpreter
def test_every_kind_of_worker_can_be_started(python: str) -> None:
    code = """
import multiprocessing
for way in (lab.threads, lab.fork, lab.forkserver, lab.spawn):
    way(starts=2)
lab.first_forkserver()
result = len(multiprocessing.active_children())
"""
    assert by_hand(python, "process_or_thread", code) == 0


@every_interpreter
def test_threads_see_all_writes_and_processes_only_their_own(python: str) -> None:
    code = "result = [lab.own_stack_shared_heap(workers=3), lab.memory_is_copied(workers=3)]"
    assert by_hand(python, "process_or_thread", code) == [SHARED, OWN]


@every_interpreter
def test_a_number_that_is_not_local_is_overwritten_by_the_last_thread(python: str) -> None:
    """What the lab would show, were the workers' numbers not each on a stack of its own."""
    code = """
def write(own, all_here, reports):
    lab.number = own
    all_here.wait()
    lab.written.append(lab.number)
    all_here.wait()
    reports.put(sorted(lab.written))

lab.write = write
result = lab.own_stack_shared_heap(workers=3)
"""
    found = by_hand(python, "process_or_thread", code)
    assert len({number for seen in found for number in seen}) == 1
    assert process_or_thread.threads_share_all_but_locals(answered(own_stack_shared_heap=found)).value == "refuted"


@every_interpreter
def test_a_process_needs_more_memory_than_a_thread(python: str) -> None:
    code = "result = [lab.memory_of_threads(workers=2), lab.memory_of_processes(workers=2)]"
    thread, process = by_hand(python, "process_or_thread", code)
    assert 5 * thread <= process


@every_interpreter
def test_the_memory_of_all_workers_is_looked_at_while_they_are_there(python: str) -> None:
    code = """
import os
from multiprocessing import active_children
looked_at = []
lab.kib_of = lambda pid: looked_at.append(pid) or 100
grown = lab.memory_of_processes(workers=3)
result = [grown, looked_at.count(os.getpid()), len(set(looked_at)), len(active_children())]
"""
    assert by_hand(python, "process_or_thread", code) == [100, 2, 4, 0]


def test_where_the_kernel_does_not_tell_the_memory_there_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathlib.Path.exists", lambda _: False)
    assert process_or_thread.memory_of_threads() is None


@every_interpreter
def test_a_fault_in_a_thread_ends_its_process_and_one_in_a_process_does_not_end_its_parent(python: str) -> None:
    before = set(ROOT.glob("core*"))
    code = """
import resource
hardest = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (hardest, hardest))
lone = lab.Process(target=lab.fault)
lone.start()
lone.join()
result = [lone.exitcode, lab.thread_crash(), lab.process_crash()]
"""
    assert by_hand(python, "process_or_thread", code) == [SIGSEGV, SIGSEGV, 0]
    assert set(ROOT.glob("core*")) == before


def test_a_start_costs_by_how_much_is_new_holds_on_a_quiet_machine() -> None:
    assert process_or_thread.a_start_costs_by_how_much_is_new(honest()).value == "holds"


@pytest.mark.parametrize(
    ("cheap", "as_dear_as"), [("fork", "threads"), ("forkserver", "fork"), ("spawn", "forkserver")]
)
def test_a_start_costs_by_how_much_is_new_is_refuted_when_one_costs_no_more_than_the_next(
    cheap: str, as_dear_as: str
) -> None:
    run = honest(**{cheap: WALLS[as_dear_as]})
    assert process_or_thread.a_start_costs_by_how_much_is_new(run).value == "refuted"


def test_the_first_forkserver_start_is_dear_holds_where_the_server_starts() -> None:
    assert process_or_thread.the_first_forkserver_start_is_dear(honest()).value == "holds"


def test_the_first_forkserver_start_is_dear_is_refuted_when_the_server_is_there_already() -> None:
    run = honest(first_forkserver=0.0075)
    assert process_or_thread.the_first_forkserver_start_is_dear(run).value == "refuted"


def test_threads_share_all_but_locals_holds_for_what_threads_see() -> None:
    run = answered(own_stack_shared_heap=SHARED)
    assert process_or_thread.threads_share_all_but_locals(run).value == "holds"


@pytest.mark.parametrize("seen", [OWN, [[2, 2, 2]] * 4])
def test_threads_share_all_but_locals_is_refuted_when_they_share_nothing_or_their_locals_too(seen: object) -> None:
    run = answered(own_stack_shared_heap=seen)
    assert process_or_thread.threads_share_all_but_locals(run).value == "refuted"


def test_a_process_writes_to_its_own_holds_for_what_processes_see() -> None:
    assert process_or_thread.a_process_writes_to_its_own(answered(memory_is_copied=OWN)).value == "holds"


@pytest.mark.parametrize("seen", [SHARED, [[0, 1, 2], [0], [1], [2]]])
def test_a_process_writes_to_its_own_is_refuted_when_they_are_threads_or_share_the_list(seen: object) -> None:
    assert process_or_thread.a_process_writes_to_its_own(answered(memory_is_copied=seen)).value == "refuted"


@pytest.mark.parametrize(("thread", "process"), [(20, 1_400), (190, 7_800), (-3, 7_800)])
def test_a_process_needs_more_memory_holds_with_each_interpreter(thread: int, process: int) -> None:
    run = answered(memory_of_threads=thread, memory_of_processes=process)
    assert process_or_thread.a_process_needs_more_memory(run).value == "holds"


def test_a_process_needs_more_memory_is_refuted_when_it_is_a_thread() -> None:
    run = answered(memory_of_threads=20, memory_of_processes=25)
    assert process_or_thread.a_process_needs_more_memory(run).value == "refuted"


@pytest.mark.parametrize(("thread", "process"), [(None, 7_800), (20, None), (None, None)])
def test_a_process_needs_more_memory_is_inconclusive_where_the_kernel_does_not_tell(
    thread: int | None, process: int | None
) -> None:
    run = answered(memory_of_threads=thread, memory_of_processes=process)
    assert process_or_thread.a_process_needs_more_memory(run).value == "inconclusive"


def test_a_crash_takes_the_process_along_holds_for_the_signal() -> None:
    assert process_or_thread.a_crash_takes_the_process_along(answered(thread_crash=SIGSEGV)).value == "holds"


@pytest.mark.parametrize("exit_code", [0, 1, -9])
def test_a_crash_takes_the_process_along_is_refuted_when_it_ends_otherwise(exit_code: int) -> None:
    assert process_or_thread.a_crash_takes_the_process_along(answered(thread_crash=exit_code)).value == "refuted"


def test_a_crash_takes_no_other_process_along_holds_for_a_parent_that_goes_on() -> None:
    assert process_or_thread.a_crash_takes_no_other_process_along(answered(process_crash=0)).value == "holds"


def test_a_crash_takes_no_other_process_along_is_refuted_when_the_fault_is_in_a_thread() -> None:
    run = answered(process_crash=SIGSEGV)
    assert process_or_thread.a_crash_takes_no_other_process_along(run).value == "refuted"
