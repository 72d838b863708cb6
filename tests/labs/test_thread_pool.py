"""The lab `thread_pool`: what its variants see, and that each of its claims can hold and can fail."""

from __future__ import annotations

import threading
from concurrent import futures
from typing import TYPE_CHECKING, Any, Self

import pytest

from harness.testing import made_up_run
from labs import thread_pool
from tests.interpreters import every_interpreter
from tests.labs.by_hand import by_hand

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.findings import Run

KNOBS = {"workers": 3, "tasks_each": 4, "many": 64}
RIGHT: list[Any] = [[number * number for number in range(12)], 3]
STATES = [["running", "pending", "pending"], [False, True], ["done", "done", "cancelled"]]
WAYS = ("by_hand", "submit", "with_map")


def run_with(**answers: Any) -> Run:
    """A run of the lab in which some variants gave these answers."""
    return made_up_run(answers=answers, knobs=KNOBS)


@every_interpreter
@pytest.mark.parametrize("workers", [1, 3])
def test_every_way_does_all_tasks_and_as_many_at_once_as_there_are_workers(workers: int, python: str) -> None:
    code = f"result = [way(workers={workers}, tasks_each=5) for way in (lab.by_hand, lab.submit, lab.with_map)]"
    squares = [number * number for number in range(5 * workers)]
    assert by_hand(python, "thread_pool", code) == [[squares, workers]] * 3


@pytest.mark.parametrize("way", [thread_pool.submit, thread_pool.with_map])
def test_the_room_sees_a_pool_that_lets_in_more_than_it_should(
    way: Callable[..., tuple[list[int], int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    class FullRoom(thread_pool.Room):
        """A room that keeps its guests until more are in than there should be workers."""

        def __init__(self, workers: int) -> None:
            super().__init__(workers + 1)

    pool = futures.ThreadPoolExecutor
    monkeypatch.setattr(thread_pool, "Room", FullRoom)
    monkeypatch.setattr(futures, "ThreadPoolExecutor", lambda workers: pool(workers + 1))
    assert way(workers=2, tasks_each=3) == ([0, 1, 4, 9, 16, 25], 3)


def test_by_hand_works_in_threads_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[int] = set()

    class Watching(thread_pool.Room):
        def square(self, number: int) -> int:
            seen.add(threading.get_ident())
            return super().square(number)

    monkeypatch.setattr(thread_pool, "Room", Watching)
    thread_pool.by_hand(workers=3, tasks_each=2)
    assert len(seen) == 3
    assert threading.get_ident() not in seen


@every_interpreter
def test_futures_come_in_the_order_in_which_their_tasks_end(python: str) -> None:
    code = "result = [lab.as_completed(workers=5) for _ in range(20)]"
    assert by_hand(python, "thread_pool", code) == [[4, 3, 2, 1, 0]] * 20


@every_interpreter
def test_a_future_goes_from_pending_to_running_to_done_or_is_cancelled_while_pending(python: str) -> None:
    assert by_hand(python, "thread_pool", "result = [lab.future_states() for _ in range(20)]") == [STATES] * 20


@every_interpreter
def test_an_exception_is_noticed_at_the_result(python: str) -> None:
    assert by_hand(python, "thread_pool", "result = lab.task_that_raises()") == "result()"


def test_an_exception_is_noticed_earlier_where_a_task_is_only_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    class Loop:
        """What stands for a pool, and calls each task at once."""

        def __init__(self, workers: int) -> None: ...
        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None: ...
        def submit(self, work: Callable[..., Any], *given: Any) -> Any:
            return work(*given)

    monkeypatch.setattr(futures, "ThreadPoolExecutor", Loop)
    assert thread_pool.task_that_raises() == "submit"


@every_interpreter
def test_after_with_no_worker_lives_and_no_task_is_taken(python: str) -> None:
    code = "result = [lab.after_with(workers=4), lab.active_count()]"
    assert by_hand(python, "thread_pool", code) == [[4, 0, "refused"], 1]


@every_interpreter
def test_the_default_size_is_four_more_than_the_cpus_that_python_counts(python: str) -> None:
    code = (
        "import os\n"
        "cpus = getattr(os, 'process_cpu_count', os.cpu_count)()\n"
        "result = [lab.default_size(), min(32, cpus + 4), lab.default_size(many=2)]"
    )
    started, expected, for_two = by_hand(python, "thread_pool", code)
    assert started == expected
    assert for_two == 2


def test_never_more_at_once_than_workers_holds_for_every_square_and_as_many_as_workers() -> None:
    run = run_with(**{way: [RIGHT] for way in WAYS})
    assert thread_pool.never_more_at_once_than_workers(run).value == "holds"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wrong", [[RIGHT[0], 4], [RIGHT[0][:-1], 3]], ids=["a thread for each task", "a task lost"])
def test_never_more_at_once_than_workers_is_refuted_when_the_pool_is_taken_away(way: str, wrong: Any) -> None:
    answers = {each: [RIGHT] for each in WAYS} | {way: [RIGHT, RIGHT, wrong]}
    assert thread_pool.never_more_at_once_than_workers(run_with(**answers)).value == "refuted"


def test_results_come_as_they_are_done_holds_for_the_last_one_first() -> None:
    assert thread_pool.results_come_as_they_are_done(run_with(as_completed=[[2, 1, 0]])).value == "holds"


def test_results_come_as_they_are_done_is_refuted_when_they_are_taken_in_the_order_of_asking() -> None:
    run = run_with(as_completed=[[2, 1, 0], [0, 1, 2]])
    assert thread_pool.results_come_as_they_are_done(run).value == "refuted"


def test_only_a_pending_future_can_be_cancelled_holds_for_one_in_line() -> None:
    assert thread_pool.only_a_pending_future_can_be_cancelled(run_with(future_states=[STATES])).value == "holds"


def test_only_a_pending_future_can_be_cancelled_is_refuted_when_there_is_a_worker_for_each() -> None:
    started = [["running"] * 3, [False, False], ["done"] * 3]
    run = run_with(future_states=[STATES, started])
    assert thread_pool.only_a_pending_future_can_be_cancelled(run).value == "refuted"


def test_an_exception_waits_for_result_holds_where_it_came_there() -> None:
    assert thread_pool.an_exception_waits_for_result(run_with(task_that_raises="result()")).value == "holds"


@pytest.mark.parametrize("line", ["submit", "end of with", "nowhere"])
def test_an_exception_waits_for_result_is_refuted_when_the_pool_is_a_loop(line: str) -> None:
    run = run_with(task_that_raises=["result()", line])
    assert thread_pool.an_exception_waits_for_result(run).value == "refuted"


def test_the_pool_is_gone_after_with_holds_where_no_worker_lives() -> None:
    assert thread_pool.the_pool_is_gone_after_with(run_with(after_with=[[3, 0, "refused"]])).value == "holds"


@pytest.mark.parametrize("left", [[3, 3, "accepted"], [3, 1, "refused"]])
def test_the_pool_is_gone_after_with_is_refuted_when_there_is_no_with(left: list[object]) -> None:
    run = run_with(after_with=[[3, 0, "refused"], left])
    assert thread_pool.the_pool_is_gone_after_with(run).value == "refuted"


@pytest.mark.parametrize(("cores", "threads"), [(1, 5), (2, 6), (64, 32)])
def test_the_default_size_follows_the_cores_holds_for_four_threads_more(cores: int, threads: int) -> None:
    run = made_up_run(cores=cores, answers={"default_size": threads}, knobs=KNOBS)
    assert thread_pool.the_default_size_follows_the_cores(run).value == "holds"


def test_the_default_size_follows_the_cores_is_refuted_when_all_of_the_machine_are_counted() -> None:
    run = made_up_run(cores=1, answers={"default_size": 12}, knobs=KNOBS)
    assert thread_pool.the_default_size_follows_the_cores(run).value == "refuted"
