"""The lab `my_lab`: what its variants do; each claim can hold and can fail."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from harness.testing import made_up_run
from labs import my_lab as lab
from tests.interpreters import every_interpreter
from tests.labs.by_hand import by_hand

if TYPE_CHECKING:
    import pytest

    from harness.findings import Run

BARRIER_SECONDS = 60
KNOBS = {"waits": 4, "seconds": 0.1}


def answered(*in_threads: int) -> Run:
    """A run of four waits: in turn all are done; in threads so many are, round by round."""
    return made_up_run(answers={"in_turn": 4, "in_threads": list(in_threads)}, knobs=KNOBS)


def taking(in_turn: float, in_threads: float) -> Run:
    """A run in which the variants took so many seconds."""
    return made_up_run(walls={"in_turn": in_turn, "in_threads": in_threads}, knobs=KNOBS)


@every_interpreter
def test_all_variants_wait_as_often(python: str) -> None:
    code = "result = [way(waits=3, seconds=0.001) for way in (lab.in_turn, lab.in_threads)]"
    assert by_hand(python, "my_lab", code) == [3, 3]


def test_in_turn_waits_in_the_calling_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    waited_in: list[int] = []
    monkeypatch.setattr(lab, "sleep", lambda _: waited_in.append(threading.get_ident()))
    lab.in_turn(waits=3)
    assert waited_in == [threading.get_ident()] * 3


def test_in_threads_all_wait_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    everyone = threading.Barrier(4)
    monkeypatch.setattr(lab, "sleep", lambda _: everyone.wait(BARRIER_SECONDS))  # broken, were fewer than four there
    assert lab.in_threads(waits=4) == 4


def test_every_wait_is_done_holds_for_as_many_answers_as_waits() -> None:
    assert lab.every_wait_is_done(answered(4)).value == "holds"


def test_every_wait_is_done_is_refuted_when_once_a_thread_is_not_waited_for() -> None:
    assert lab.every_wait_is_done(answered(4, 4, 3)).value == "refuted"


def test_threads_wait_at_the_same_time_holds_when_they_take_as_long_as_one_wait() -> None:
    assert lab.threads_wait_at_the_same_time(taking(in_turn=0.4, in_threads=0.1)).value == "holds"


def test_threads_wait_at_the_same_time_is_refuted_when_the_pool_has_two_threads() -> None:
    assert lab.threads_wait_at_the_same_time(taking(in_turn=0.4, in_threads=0.2)).value == "refuted"
