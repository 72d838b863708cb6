"""The lab `process_pool`: what its variants do, and that each of its claims can hold and can fail."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from harness.events import Event
from harness.testing import made_up_run
from labs import process_pool
from tests.interpreters import every_interpreter, new_interpreters, on_each
from tests.labs.by_hand import by_hand

if TYPE_CHECKING:
    from harness.findings import Run

KNOBS = {"workers": 4, "count": 150_000, "fewer": 10_000, "chunk": 2_000, "delay": 0.05, "timeout": 0.1}
IN_ORDER = [[number, f"page {number}"] for number in (1, 2, 3, 4)]
EVENT = Event(0.0, 1, "MainProcess", 1, "MainThread", "root", "INFO", "", "with_timeout.0")


def honest(cores: int = 2, **changed: float) -> Run:
    """Times as on a quiet machine, but for those given: with a message for each a number takes seven times as long."""
    walls = {"one_by_one": 1.0, "map_in_chunks": 1.1 / cores, "map_one_a_message": 0.47} | changed
    return made_up_run(cores=cores, walls=walls, knobs=KNOBS)


def waited(seconds: float) -> Run:
    """A run in which TimeoutError came after so long, each time."""
    records = [
        dataclasses.replace(EVENT, time_seconds=1_000.0, message="waiting"),
        dataclasses.replace(EVENT, time_seconds=1_000.0 + seconds, message="gave up"),
    ]
    return made_up_run(walls={"with_timeout": 0.3}, events={"with_timeout": records}, knobs=KNOBS)


@pytest.mark.parametrize("number", [2, 3, 4, 9, 25, 97, 5_000_011, 5_000_013])
def test_a_prime_has_no_divisor(number: int) -> None:
    divisors = [divisor for divisor in range(2, number) if number % divisor == 0]
    assert process_pool.is_prime(number) == (not divisors)


@every_interpreter
def test_a_pool_finds_as_many_primes_as_no_pool_does(python: str) -> None:
    code = (
        "more = dict(workers=2)\n"
        "result = [lab.one_by_one(count=1_000), lab.map_in_chunks(count=1_000, chunk=30, **more),\n"
        "          lab.map_one_a_message(fewer=1_000, **more)]"
    )
    one_by_one, in_chunks, one_a_message = by_hand(python, "process_pool", code)
    assert one_by_one == in_chunks == one_a_message > 0


@every_interpreter
def test_a_message_carries_a_chunk_of_numbers_or_one_and_goes_to_another_process(python: str) -> None:
    code = (
        "import concurrent.futures.process as pools, multiprocessing, os\n"
        "multiprocessing.set_start_method('fork')\n"  # so that the workers have the is_prime of here
        "parent, messages, submit = os.getpid(), [], pools.ProcessPoolExecutor.submit\n"
        "def watched(pool, work, *given):\n"
        "    messages.append(len(given[0]))\n"
        "    return submit(pool, work, *given)\n"
        "pools.ProcessPoolExecutor.submit = watched\n"
        "lab.is_prime = lambda number: os.getpid() != parent\n"
        "lab.is_prime.__name__ = lab.is_prime.__qualname__ = 'is_prime'\n"
        "lab.is_prime.__module__ = 'labs.process_pool'\n"
        "result = [lab.map_in_chunks(workers=1, count=10, chunk=4), lab.map_one_a_message(workers=1, fewer=3),\n"
        "          messages]\n"
    )
    in_chunks, one_a_message, messages = by_hand(python, "process_pool", code)
    assert (in_chunks, one_a_message) == (10, 3)
    assert messages == [4, 4, 2, 1, 1, 1]


@every_interpreter
def test_pages_come_by_their_delay_though_they_are_asked_for_the_other_way_round(python: str) -> None:
    code = (
        "asked = []\n"
        "class Watched(lab.ProcessPoolExecutor):\n"
        "    def submit(self, work, port, number):\n"
        "        asked.append(number)\n"
        "        return super().submit(work, port, number)\n"
        "lab.ProcessPoolExecutor = Watched\n"
        "result = [lab.submit_as_completed(workers=3, delay=0.001), asked]"
    )
    came, asked = by_hand(python, "process_pool", code)
    assert asked == [3, 2, 1]
    assert came == [[1, "page 1"], [2, "page 2"], [3, "page 3"]]


def test_a_page_comes_after_its_delay_and_not_while_it_is_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []
    monkeypatch.setattr(process_pool, "sleep", lambda seconds: done.append(f"slept {seconds:g}"))
    with process_pool.web_site(0.25, lambda number: done.append(f"held back {number}")) as port:
        done.append(process_pool.fetch(port, 3))
    assert done == ["slept 0.75", "held back 3", "page 3"]


# The page is held back until the caller gave up: that it came is the proof that the worker went on asking for it.
@every_interpreter
def test_who_gives_up_waiting_neither_cancels_the_task_nor_stops_its_worker(python: str) -> None:
    code = (
        "import logging\n"
        "said = []\n"
        "class Keep(logging.Handler):\n"
        "    def emit(self, record):\n"
        "        said.append(record.getMessage())\n"
        "logging.basicConfig(level=logging.INFO, handlers=[Keep()])\n"
        "result = [lab.with_timeout(timeout=0.01, delay=0.001), said]"
    )
    assert by_hand(python, "process_pool", code) == [[False, True, "page 1"], ["waiting", "gave up"]]


@new_interpreters
def test_a_page_whose_worker_was_terminated_never_comes(python: str) -> None:
    assert by_hand(python, "process_pool", "result = lab.terminate_workers(delay=0.001)") == "BrokenProcessPool"


@on_each("this")
def test_before_python_3_14_a_pool_cannot_terminate_its_workers(python: str) -> None:
    code = "sys.version_info = (3, 13)\nresult = lab.terminate_workers()"
    assert by_hand(python, "process_pool", code) is None


def test_a_terminated_worker_brings_no_page_holds_for_a_broken_pool() -> None:
    run = made_up_run(answers={"terminate_workers": "BrokenProcessPool"})
    assert process_pool.a_terminated_worker_brings_no_page(run).value == "holds"


def test_a_terminated_worker_brings_no_page_is_refuted_when_it_is_let_go_on() -> None:
    run = made_up_run(answers={"terminate_workers": ["BrokenProcessPool", "NoneType"]})
    assert process_pool.a_terminated_worker_brings_no_page(run).value == "refuted"


def test_pages_come_when_they_are_ready_holds_for_the_quickest_first() -> None:
    run = made_up_run(answers={"submit_as_completed": [IN_ORDER]}, knobs=KNOBS)
    assert process_pool.pages_come_when_they_are_ready(run).value == "holds"


@pytest.mark.parametrize(
    "came",
    [IN_ORDER[::-1], [[5 - number, f"page {number}"] for number in (1, 2, 3, 4)]],
    ids=["taken in the order of asking", "no dict that tells which is which"],
)
def test_pages_come_when_they_are_ready_is_refuted_when_a_list_stands_for_as_completed(came: list[Any]) -> None:
    run = made_up_run(answers={"submit_as_completed": [IN_ORDER, IN_ORDER, came]}, knobs=KNOBS)
    assert process_pool.pages_come_when_they_are_ready(run).value == "refuted"


@pytest.mark.parametrize("seconds", [0.101, 7.0])
def test_a_timeout_is_never_early_holds_however_late_it_is(seconds: float) -> None:
    assert process_pool.a_timeout_is_never_early(waited(seconds)).value == "holds"


def test_a_timeout_is_never_early_is_refuted_when_it_comes_before_its_time() -> None:
    assert process_pool.a_timeout_is_never_early(waited(0.099)).value == "refuted"


def test_a_timeout_is_never_early_is_settled_by_no_events_neither_way() -> None:
    run = made_up_run(walls={"with_timeout": 0.3}, knobs=KNOBS)
    assert process_pool.a_timeout_is_never_early(run).value == "inconclusive"


def test_the_worker_runs_on_after_a_timeout_holds_where_its_page_came() -> None:
    run = made_up_run(answers={"with_timeout": [[False, True, "page 1"]]})
    assert process_pool.the_worker_runs_on_after_a_timeout(run).value == "holds"


@pytest.mark.parametrize("became", [[True, False, ""], [False, False, "page 1"]], ids=["cancelled", "at its end"])
def test_the_worker_runs_on_after_a_timeout_is_refuted_when_the_task_had_not_begun_or_had_ended(
    became: list[object],
) -> None:
    run = made_up_run(answers={"with_timeout": [[False, True, "page 1"], became]})
    assert process_pool.the_worker_runs_on_after_a_timeout(run).value == "refuted"


@pytest.mark.parametrize("cores", [2, 4])
def test_chunks_use_the_cores_holds_on_a_quiet_machine(cores: int) -> None:
    assert process_pool.chunks_use_the_cores(honest(cores)).value == "holds"


def test_chunks_use_the_cores_is_refuted_when_there_is_one_chunk() -> None:
    assert process_pool.chunks_use_the_cores(honest(map_in_chunks=1.1)).value == "refuted"


def test_a_message_for_each_is_slower_than_no_pool_holds_on_a_quiet_machine() -> None:
    assert process_pool.a_message_for_each_is_slower_than_no_pool(honest()).value == "holds"


def test_a_message_for_each_is_slower_than_no_pool_is_refuted_when_messages_cost_nothing() -> None:
    run = honest(map_one_a_message=0.07)
    assert process_pool.a_message_for_each_is_slower_than_no_pool(run).value == "refuted"
