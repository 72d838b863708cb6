"""The lab `gil_io`: who waits for what in its variants, and that each of its claims can hold and can fail."""

from __future__ import annotations

import threading
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from harness.testing import made_up_run, made_up_sweep
from labs import gil_io
from tests.interpreters import every_interpreter
from tests.labs.by_hand import by_hand

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.findings import Run

BARRIER_SECONDS = 60
CPUS = {"in_turn": 0.03, "threads": 0.02, "asyncio_tasks": 0.02}


def honest(cores: int = 2, **changed: float) -> Run:
    """Times as on any machine, but for those given: eight waits in turn, or all at once."""
    walls = {"in_turn": 1.62, "threads": 0.22, "asyncio_tasks": 0.22} | changed
    return made_up_run(cores=cores, walls=walls, cpus=CPUS, knobs={"pages": 8, "delay": 0.2})


def busy(**cpus: float) -> Run:
    """A run whose variants used so many CPU seconds, in a second each."""
    return made_up_run(walls=dict.fromkeys(CPUS, 1.0), cpus=CPUS | cpus)


@every_interpreter
def test_every_variant_fetches_every_page(python: str) -> None:
    code = "result = [way(pages=3, delay=0.001) for way in (lab.in_turn, lab.threads, lab.asyncio_tasks)]"
    assert by_hand(python, "gil_io", code) == [["a page"] * 3] * 3


def test_the_site_waits_as_long_as_the_address_says_and_is_gone_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(gil_io, "sleep", waits.append)
    before = threading.active_count()
    with gil_io.web_site() as port:
        assert gil_io.fetch(port, 0.25) == "a page"
    assert waits == [0.25]
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        HTTPConnection(gil_io.HOST, port).request("GET", "/0")


def test_in_turn_waits_for_one_page_at_a_time_in_the_calling_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting: list[str] = []
    at_once: list[int] = []
    fetched_in: set[int] = set()
    fetch = gil_io.fetch

    def wait(_: float) -> None:
        waiting.append("a caller")
        at_once.append(len(waiting))
        waiting.pop()

    def watched(port: int, delay: float) -> str:
        fetched_in.add(threading.get_ident())
        return fetch(port, delay)

    monkeypatch.setattr(gil_io, "sleep", wait)
    monkeypatch.setattr(gil_io, "fetch", watched)
    gil_io.in_turn(pages=4)
    assert at_once == [1] * 4
    assert fetched_in == {threading.get_ident()}


@pytest.mark.parametrize("way", [gil_io.threads, gil_io.asyncio_tasks])
def test_all_pages_are_waited_for_at_the_same_time(
    way: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone = threading.Barrier(20)
    monkeypatch.setattr(gil_io, "sleep", lambda _: everyone.wait(BARRIER_SECONDS))  # broken, were fewer there at once
    assert way(pages=20) == ["a page"] * 20


def test_threads_wait_in_threads_and_tasks_all_in_the_calling_one(monkeypatch: pytest.MonkeyPatch) -> None:
    everyone = threading.Barrier(3)
    in_threads: set[int] = set()
    in_tasks: set[int] = set()
    fetch_async = gil_io.fetch_async

    def fetch(port: int, delay: float) -> str:
        everyone.wait(BARRIER_SECONDS)
        in_threads.add(threading.get_ident())
        return "a page"

    async def watched(port: int, delay: float) -> str:
        in_tasks.add(threading.get_ident())
        return await fetch_async(port, delay)

    monkeypatch.setattr(gil_io, "fetch", fetch)
    monkeypatch.setattr(gil_io, "fetch_async", watched)
    gil_io.threads(pages=3, delay=0)
    gil_io.asyncio_tasks(pages=3, delay=0)
    assert len(in_threads) == 3
    assert threading.get_ident() not in in_threads
    assert in_tasks == {threading.get_ident()}


@pytest.mark.parametrize("cores", [1, 2, 4])
def test_threads_wait_at_the_same_time_holds_on_any_number_of_cores(cores: int) -> None:
    assert gil_io.threads_wait_at_the_same_time(honest(cores)).value == "holds"


def test_threads_wait_at_the_same_time_is_refuted_when_a_loop_stands_for_them() -> None:
    assert gil_io.threads_wait_at_the_same_time(honest(threads=1.62)).value == "refuted"


def test_threads_wait_at_the_same_time_is_refuted_when_there_are_too_few_of_them() -> None:
    assert gil_io.threads_wait_at_the_same_time(honest(threads=0.62)).value == "refuted"


@pytest.mark.parametrize("cores", [1, 2, 4])
def test_tasks_wait_at_the_same_time_holds_on_any_number_of_cores(cores: int) -> None:
    assert gil_io.tasks_wait_at_the_same_time(honest(cores)).value == "holds"


def test_tasks_wait_at_the_same_time_is_refuted_when_each_blocks_their_thread() -> None:
    assert gil_io.tasks_wait_at_the_same_time(honest(asyncio_tasks=1.62)).value == "refuted"


def test_no_core_is_busy_holds_where_all_wait() -> None:
    assert gil_io.no_core_is_busy(busy()).value == "holds"


@pytest.mark.parametrize("variant", CPUS)
def test_no_core_is_busy_is_refuted_when_one_waits_in_a_loop_that_asks_again_and_again(variant: str) -> None:
    assert gil_io.no_core_is_busy(busy(**{variant: 0.98})).value == "refuted"


def test_more_cores_do_not_shorten_the_wait_holds_where_there_is_nothing_to_share_out() -> None:
    sweep = made_up_sweep(honest(1), honest(2), honest(4))
    assert gil_io.more_cores_do_not_shorten_the_wait(sweep).value == "holds"


@pytest.mark.parametrize("run", [honest(2, in_turn=0.81), honest(2, threads=0.11)])
def test_more_cores_do_not_shorten_the_wait_is_refuted_when_they_compute_instead_of_waiting(run: Run) -> None:
    sweep = made_up_sweep(honest(1), run)
    assert gil_io.more_cores_do_not_shorten_the_wait(sweep).value == "refuted"
