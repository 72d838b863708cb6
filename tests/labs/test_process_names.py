"""The lab `process_names`: who its workers are and when they work, and that each claim can hold and can fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.testing import made_up_run, made_up_sweep
from labs import process_names
from tests.interpreters import every_interpreter
from tests.labs.by_hand import by_hand

if TYPE_CHECKING:
    from harness.findings import Run

KNOBS = {"workers": 3, "count": 1_000}


def honest(cores: int = 2) -> Run:
    """Times as on a quiet machine: processes started together use the cores."""
    walls = {"in_turn": 1.2, "parallel": 1.25 / cores}
    return made_up_run(cores=cores, walls=walls, cpus={"in_turn": 1.2, "parallel": 1.2}, knobs=KNOBS)


def one_at_a_time(cores: int = 2) -> Run:
    """Times where each process waits for the end of the one before."""
    walls = {"in_turn": 1.2, "parallel": 1.2}
    return made_up_run(cores=cores, walls=walls, knobs=KNOBS)


def answered(**answers: Any) -> Run:
    """A run in which every sample of a variant gave the same answer."""
    return made_up_run(answers={name: [answer] for name, answer in answers.items()}, knobs=KNOBS)


@every_interpreter
def test_the_workers_have_their_names_and_pids_of_their_own(python: str) -> None:
    code = "result = [lab.named(workers=3), lab.numbered(workers=3)]"
    assert by_hand(python, "process_names", code) == [["worker 0", "worker 1", "worker 2"], 4]


@every_interpreter
def test_only_under_forkserver_the_kernel_knows_another_parent(python: str) -> None:
    code = "result = [lab.parent_under_fork(workers=2), lab.parent_under_forkserver(workers=2)]"
    assert by_hand(python, "process_names", code) == [[[True, True]] * 2, [[False, True]] * 2]


@every_interpreter
def test_busy_workers_end_well(python: str) -> None:
    code = "result = [lab.in_turn(workers=3, count=1_000), lab.parallel(workers=3, count=1_000)]"
    assert by_hand(python, "process_names", code) == [[0, 0, 0]] * 2


@pytest.mark.parametrize(
    ("variant", "order"),
    [
        (process_names.in_turn, ["start", "join"] * 3),
        (process_names.parallel, ["start"] * 3 + ["join"] * 3),
    ],
)
def test_only_in_turn_waits_for_the_end_before_the_next_start(
    variant: Any, order: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    class Worker:
        exitcode = 0

        def start(self) -> None:
            done.append("start")

        def join(self) -> None:
            done.append("join")

    monkeypatch.setattr(process_names, "busy", lambda workers, _: [Worker() for _ in range(workers)])
    assert variant(workers=3) == [0, 0, 0]
    assert done == order


def test_names_travel_along_holds_for_the_names_given() -> None:
    run = answered(named=["worker 0", "worker 1", "worker 2"])
    assert process_names.names_travel_along(run).value == "holds"


def test_names_travel_along_is_refuted_when_none_is_given() -> None:
    run = answered(named=["Process-1", "Process-2", "Process-3"])
    assert process_names.names_travel_along(run).value == "refuted"


def test_every_process_has_its_own_pid_holds_for_a_pid_each() -> None:
    assert process_names.every_process_has_its_own_pid(answered(numbered=4)).value == "holds"


@pytest.mark.parametrize("pids", [1, 3])
def test_every_process_has_its_own_pid_is_refuted_when_they_are_threads_or_two_share_one(pids: int) -> None:
    assert process_names.every_process_has_its_own_pid(answered(numbered=pids)).value == "refuted"


def test_a_fork_is_our_child_holds_where_all_agree() -> None:
    run = answered(parent_under_fork=[[True, True]] * 3)
    assert process_names.a_fork_is_our_child(run).value == "holds"


def test_a_fork_is_our_child_is_refuted_when_a_server_stands_between() -> None:
    run = answered(parent_under_fork=[[False, True]] * 3)
    assert process_names.a_fork_is_our_child(run).value == "refuted"


def test_the_forkserver_stands_between_holds_where_only_multiprocessing_names_us() -> None:
    run = answered(parent_under_forkserver=[[False, True]] * 3)
    assert process_names.the_forkserver_stands_between(run).value == "holds"


@pytest.mark.parametrize("told", [[[True, True]] * 3, [[False, False]] * 3])
def test_the_forkserver_stands_between_is_refuted_when_there_is_none_or_it_does_not_tell(told: object) -> None:
    run = answered(parent_under_forkserver=told)
    assert process_names.the_forkserver_stands_between(run).value == "refuted"


@pytest.mark.parametrize("cores", [2, 4])
def test_parallel_uses_the_cores_holds_when_all_are_started_first(cores: int) -> None:
    assert process_names.parallel_uses_the_cores(honest(cores)).value == "holds"


def test_parallel_uses_the_cores_is_refuted_when_each_is_joined_before_the_next() -> None:
    assert process_names.parallel_uses_the_cores(one_at_a_time()).value == "refuted"


@pytest.mark.parametrize("cores", [1, 2, 4])
def test_nothing_is_more_parallel_than_the_cores_holds_on_any_number_of_them(cores: int) -> None:
    assert process_names.nothing_is_more_parallel_than_the_cores(honest(cores)).value == "holds"


def test_nothing_is_more_parallel_than_the_cores_is_refuted_when_the_pin_leaks() -> None:
    run = made_up_run(cores=1, walls={"in_turn": 1.2, "parallel": 0.62}, knobs=KNOBS)
    assert process_names.nothing_is_more_parallel_than_the_cores(run).value == "refuted"


@pytest.mark.parametrize("cores", [1, 2, 4])
def test_no_more_cores_are_busy_than_there_are_holds_on_any_number_of_them(cores: int) -> None:
    assert process_names.no_more_cores_are_busy_than_there_are(honest(cores)).value == "holds"


def test_no_more_cores_are_busy_than_there_are_is_refuted_when_the_pin_leaks() -> None:
    run = made_up_run(cores=1, walls={"parallel": 0.62}, cpus={"parallel": 1.2}, knobs=KNOBS)
    assert process_names.no_more_cores_are_busy_than_there_are(run).value == "refuted"


def test_more_cores_make_it_parallel_holds_over_one_two_and_four() -> None:
    sweep = made_up_sweep(honest(1), honest(2), honest(4))
    assert process_names.more_cores_make_it_parallel(sweep).value == "holds"


def test_more_cores_make_it_parallel_is_refuted_when_each_is_joined_before_the_next() -> None:
    sweep = made_up_sweep(one_at_a_time(1), one_at_a_time(2))
    assert process_names.more_cores_make_it_parallel(sweep).value == "refuted"


def test_more_cores_make_it_parallel_is_refuted_when_those_in_turn_are_faster_too() -> None:
    both = made_up_run(walls={"in_turn": 0.62, "parallel": 0.62}, knobs=KNOBS)
    assert process_names.more_cores_make_it_parallel(made_up_sweep(honest(1), both)).value == "refuted"
