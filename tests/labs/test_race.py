"""The lab `race`: what is broken in it stays broken, and each of its claims can hold and can fail."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import pytest

from harness.testing import made_up_run
from labs import race
from tests.interpreters import every_interpreter
from tests.labs.by_hand import by_hand

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_TRIES = 1_000
EVENT_SECONDS = 60


@pytest.fixture
def switching_often() -> Iterator[None]:
    """Threads take turns as often as the interpreter lets them."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@every_interpreter
def test_forced_loses_exactly_one_every_time(python: str) -> None:
    assert by_hand(python, "race", "result = [lab.forced() for _ in range(200)]") == [1] * 200


def test_unguarded_loses_what_the_other_thread_adds_between_reading_and_writing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one_at_a_time = threading.Lock()
    other_has_added = threading.Event()
    callers: list[int] = []

    def one_more(value: int) -> int:
        with one_at_a_time:
            callers.append(threading.get_ident())
            first = len(callers) == 1
        if first:
            assert other_has_added.wait(EVENT_SECONDS)  # this one has read, and not yet written
        elif callers.count(threading.get_ident()) == 2:
            other_has_added.set()  # its first addition is written
        return value + 1

    monkeypatch.setattr(race, "one_more", one_more)
    assert race.unguarded(count=3) >= 1


def test_unguarded_loses_additions_by_itself(switching_often: None) -> None:
    assert any(race.unguarded(count=20_000) > 0 for _ in range(MOST_TRIES))


@every_interpreter
def test_with_a_lock_or_counters_of_their_own_nothing_is_lost(python: str) -> None:
    code = (
        "sys.setswitchinterval(1e-6)\n"
        "result = [way(count=2_000) for way in (lab.with_lock, lab.own_counter_then_add) for _ in range(10)]"
    )
    assert by_hand(python, "race", code) == [0] * 20


def test_the_lock_is_held_from_reading_to_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    lock = threading.Lock()
    held: list[bool] = []

    def one_more(value: int) -> int:
        held.append(lock.locked())
        return value + 1

    monkeypatch.setattr(race, "Lock", lambda: lock)
    monkeypatch.setattr(race, "one_more", one_more)
    race.with_lock(count=5)
    assert held == [True] * 10


def test_forced_loses_exactly_one_holds_for_one_in_every_round() -> None:
    assert race.forced_loses_exactly_one(made_up_run(answers={"forced": 1})).value == "holds"


@pytest.mark.parametrize("lost", [0, 2])
def test_forced_loses_exactly_one_is_refuted_when_once_it_was_another_number(lost: int) -> None:
    run = made_up_run(answers={"forced": [1, 1, 1, lost]})
    assert race.forced_loses_exactly_one(run).value == "refuted"


def test_unguarded_loses_some_holds_when_some_were_lost_in_any_round() -> None:
    assert race.unguarded_loses_some(made_up_run(answers={"unguarded": [0, 0, 7]})).value == "holds"


def test_unguarded_loses_some_is_not_upheld_when_nothing_was_lost() -> None:
    """That nothing was seen to be lost proves nothing, so it does not refute it either."""
    assert race.unguarded_loses_some(made_up_run(answers={"unguarded": 0})).value == "inconclusive"


def test_a_lock_loses_nothing_holds_for_none_in_every_round() -> None:
    assert race.a_lock_loses_nothing(made_up_run(answers={"with_lock": 0})).value == "holds"


def test_a_lock_loses_nothing_is_refuted_when_the_lock_is_removed() -> None:
    run = made_up_run(answers={"with_lock": [0, 0, 0, 12]})
    assert race.a_lock_loses_nothing(run).value == "refuted"


def test_own_counters_lose_nothing_holds_for_none_in_every_round() -> None:
    assert race.own_counters_lose_nothing(made_up_run(answers={"own_counter_then_add": 0})).value == "holds"


def test_own_counters_lose_nothing_is_refuted_when_the_counters_are_one() -> None:
    run = made_up_run(answers={"own_counter_then_add": [0, 3]})
    assert race.own_counters_lose_nothing(run).value == "refuted"


def test_the_lock_has_its_price_holds_when_it_takes_twice_as_long() -> None:
    run = made_up_run(walls={"with_lock": 0.4, "own_counter_then_add": 0.2})
    assert race.the_lock_has_its_price(run).value == "holds"


def test_the_lock_has_its_price_is_refuted_when_the_lock_is_removed() -> None:
    run = made_up_run(walls={"with_lock": 0.21, "own_counter_then_add": 0.2})
    assert race.the_lock_has_its_price(run).value == "refuted"
