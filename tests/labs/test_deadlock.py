"""The lab `deadlock`: what deadlocks does so every time, and each of its claims can hold and can fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.testing import made_up_run
from labs import deadlock
from tests.interpreters import every_interpreter
from tests.labs.by_hand import by_hand

if TYPE_CHECKING:
    from harness.findings import Run

WORKING = ("global_order", "try_and_back_off", "one_big_lock")
RIGHT = [deadlock.BALANCE, deadlock.BALANCE]


def honest(**changed: str) -> Run:
    """The outcomes as they are on any machine, but for those given."""
    outcomes = {"opposite_order": "deadlocked", **dict.fromkeys(WORKING, "finished")} | changed
    return made_up_run(outcomes=outcomes, cycles={"opposite_order": 2})


# A thread behind the barrier holds its first lock and asks for its second. Once both threads of a run are there,
# neither can go on: each needs what the other lets go of only afterwards. So no time has to pass to know.
TEN_DEADLOCKS = """
import linecache, os, threading

inner = {"save": "with savings_lock:", "spend": "with checking_lock:"}
runs = [threading.Thread(target=lab.opposite_order, args=(1,), daemon=True) for _ in range(10)]
for run in runs:
    run.start()
while True:
    stuck = 0
    for frame in sys._current_frames().values():
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        stuck += line == inner.get(frame.f_code.co_name)
    if stuck == 20 or not all(run.is_alive() for run in runs):
        break
json.dump(stuck // 2, sys.stdout)
sys.stdout.flush()
os._exit(0)
"""


@every_interpreter
def test_opposite_orders_deadlock_ten_times_out_of_ten(python: str) -> None:
    assert by_hand(python, "deadlock", TEN_DEADLOCKS) == 10


@every_interpreter
@pytest.mark.parametrize("variant", WORKING)
def test_what_avoids_the_deadlock_ends_with_the_right_balances(variant: str, python: str) -> None:
    code = f"sys.setswitchinterval(1e-6)\nresult = [lab.{variant}(transfers=500) for _ in range(10)]"
    assert by_hand(python, "deadlock", code) == [RIGHT] * 10


@every_interpreter
def test_who_finds_the_second_lock_taken_lets_go_of_the_first(python: str) -> None:
    """Both threads hold their first lock before either tries the second, as where opposite orders deadlock."""
    code = """
import threading

meet = threading.Barrier(2)
failed = []

class Meeting:
    def __init__(self):
        self.lock = threading.Lock()
    def __enter__(self):
        self.lock.acquire()
        if not failed:
            meet.wait(60)
    def __exit__(self, *_):
        self.lock.release()
    def acquire(self, blocking):
        got = self.lock.acquire(blocking=blocking)
        if not got and not blocking:
            failed.append(1)
        return got
    def release(self):
        self.lock.release()

lab.Lock = Meeting
result = lab.try_and_back_off(transfers=1)
assert failed
"""
    assert by_hand(python, "deadlock", code) == RIGHT


def test_opposite_order_deadlocks_holds_for_a_circle_of_two_in_every_round() -> None:
    assert deadlock.opposite_order_deadlocks(honest()).value == "holds"


@pytest.mark.parametrize("outcome", ["finished", "timed_out", "crashed"])
def test_opposite_order_deadlocks_is_refuted_when_the_barrier_is_removed_and_it_ends_otherwise(outcome: str) -> None:
    run = made_up_run(outcomes={"opposite_order": outcome}, cycles={"opposite_order": 2})
    assert deadlock.opposite_order_deadlocks(run).value == "refuted"


def test_opposite_order_deadlocks_is_refuted_when_no_circle_is_seen() -> None:
    run = made_up_run(outcomes={"opposite_order": "deadlocked"}, cycles={"opposite_order": 0})
    assert deadlock.opposite_order_deadlocks(run).value == "refuted"


def test_one_order_never_deadlocks_holds_when_every_run_ends() -> None:
    assert deadlock.one_order_never_deadlocks(honest()).value == "holds"


def test_one_order_never_deadlocks_is_refuted_when_the_order_is_not_kept() -> None:
    assert deadlock.one_order_never_deadlocks(honest(global_order="deadlocked")).value == "refuted"


def test_backing_off_never_deadlocks_holds_when_every_run_ends() -> None:
    assert deadlock.backing_off_never_deadlocks(honest()).value == "holds"


@pytest.mark.parametrize("outcome", ["deadlocked", "timed_out"])
def test_backing_off_never_deadlocks_is_refuted_when_nobody_lets_go_or_nobody_gets_on(outcome: str) -> None:
    assert deadlock.backing_off_never_deadlocks(honest(try_and_back_off=outcome)).value == "refuted"


def test_one_lock_never_deadlocks_holds_when_every_run_ends() -> None:
    assert deadlock.one_lock_never_deadlocks(honest()).value == "holds"


def test_one_lock_never_deadlocks_is_refuted_when_it_is_taken_twice() -> None:
    assert deadlock.one_lock_never_deadlocks(honest(one_big_lock="deadlocked")).value == "refuted"


def test_no_money_is_lost_holds_for_the_right_balances() -> None:
    run = made_up_run(answers={variant: [RIGHT] for variant in WORKING})
    assert deadlock.no_money_is_lost(run).value == "holds"


@pytest.mark.parametrize("variant", WORKING)
def test_no_money_is_lost_is_refuted_when_a_transfer_is_not_guarded(variant: str) -> None:
    wrong = [RIGHT, [deadlock.BALANCE - 1, deadlock.BALANCE]]
    run = made_up_run(answers={name: wrong if name == variant else [RIGHT] for name in WORKING})
    assert deadlock.no_money_is_lost(run).value == "refuted"
