"""The lab `semaphore`: how many get in is exact, and each of its claims can hold and can fail."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from typing import Any

import pytest

from harness.testing import made_up_run
from labs import semaphore
from tests.interpreters import every_interpreter
from tests.labs.by_hand import by_hand

KNOBS = {"crowd": 12, "places": 3}
WHO_MAY = {
    "lock_released_by_another": "nothing",
    "semaphore_released_by_another": "nothing",
    "rlock_released_by_another": "RuntimeError",
}


class OpenDoor:
    """What stands at the door where nothing does."""

    def acquire(self, blocking: bool = True) -> bool:
        return True

    def release(self) -> None:
        pass


@every_interpreter
def test_who_gets_in_is_the_same_every_time(python: str) -> None:
    code = "result = [[lab.lock(), lab.semaphore_1(), lab.semaphore_k(), lab.bounded()] for _ in range(20)]"
    once = [[1, "RuntimeError", 1], [1, "nothing", 2], [3, "nothing", 4], [3, "ValueError", 3]]
    assert by_hand(python, "semaphore", code) == [once] * 20


@every_interpreter
def test_those_who_wait_all_get_in_in_groups_of_the_number_of_places(python: str) -> None:
    code = (
        "result = [lab.semaphore_k_waiting(crowd=12, places=places) for places in (1, 2, 3, 5, 12) for _ in range(4)]"
    )
    assert by_hand(python, "semaphore", code) == [places for places in (1, 2, 3, 5, 12) for _ in range(4)]


@every_interpreter
def test_only_the_reentrant_lock_refuses_another_thread(python: str) -> None:
    code = f"result = [getattr(lab, variant)() for variant in {list(WHO_MAY)}]"
    assert by_hand(python, "semaphore", code) == list(WHO_MAY.values())


@pytest.mark.parametrize("places", [1, 2, 7])
def test_a_semaphore_has_as_many_places_as_it_was_made_with(places: int) -> None:
    assert semaphore.semaphore_k(crowd=9, places=places) == (places, "nothing", places + 1)
    assert semaphore.bounded(crowd=9, places=places) == (places, "ValueError", places)


def test_without_a_guard_at_the_door_the_whole_crowd_is_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semaphore, "Semaphore", lambda _places: OpenDoor())
    assert semaphore.semaphore_k(crowd=7) == (7, "nothing", 7)


def test_without_a_guard_more_than_the_places_are_seen_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """All six come together before any leaves, as with a guard the three do."""
    barrier = threading.Barrier
    monkeypatch.setattr(semaphore, "Semaphore", lambda _places: nullcontext())
    monkeypatch.setattr(semaphore, "Barrier", lambda _parties: barrier(6))
    assert semaphore.semaphore_k_waiting(crowd=6, places=3) == 6


def test_a_semaphore_has_k_places_holds_for_k_and_then_one_more() -> None:
    run = made_up_run(answers={"semaphore_k": [[3, "nothing", 4]]}, knobs=KNOBS)
    assert semaphore.a_semaphore_has_k_places(run).value == "holds"


@pytest.mark.parametrize("wrong", [[4, "nothing", 5], [2, "nothing", 3], [3, "nothing", 3], [12, "nothing", 12]])
def test_a_semaphore_has_k_places_is_refuted_when_another_number_got_in_once(wrong: list[Any]) -> None:
    run = made_up_run(answers={"semaphore_k": [[3, "nothing", 4], wrong]}, knobs=KNOBS)
    assert semaphore.a_semaphore_has_k_places(run).value == "refuted"


def test_who_waits_gets_a_place_holds_when_k_are_inside() -> None:
    run = made_up_run(answers={"semaphore_k_waiting": 3}, knobs=KNOBS)
    assert semaphore.who_waits_gets_a_place(run).value == "holds"


@pytest.mark.parametrize("inside", [2, 4, 12])
def test_who_waits_gets_a_place_is_refuted_when_the_semaphore_is_removed(inside: int) -> None:
    run = made_up_run(answers={"semaphore_k_waiting": [3, 3, inside]}, knobs=KNOBS)
    assert semaphore.who_waits_gets_a_place(run).value == "refuted"


def test_a_bounded_semaphore_refuses_a_release_too_many_holds_for_a_value_error() -> None:
    run = made_up_run(answers={"bounded": [[3, "ValueError", 3]]}, knobs=KNOBS)
    assert semaphore.a_bounded_semaphore_refuses_a_release_too_many(run).value == "holds"


def test_a_bounded_semaphore_refuses_a_release_too_many_is_refuted_when_it_is_a_plain_one() -> None:
    run = made_up_run(answers={"bounded": [list(semaphore.semaphore_k())]}, knobs=KNOBS)
    assert semaphore.a_bounded_semaphore_refuses_a_release_too_many(run).value == "refuted"


def test_a_semaphore_can_serve_as_a_lock_holds_for_one_and_two_after_a_release_too_many() -> None:
    run = made_up_run(answers={"semaphore_1": [[1, "nothing", 2]]})
    assert semaphore.a_semaphore_can_serve_as_a_lock(run).value == "holds"


@pytest.mark.parametrize("wrong", [[2, "nothing", 3], [1, "RuntimeError", 1]])
def test_a_semaphore_can_serve_as_a_lock_is_refuted_when_it_has_two_places_or_is_a_lock(wrong: list[Any]) -> None:
    run = made_up_run(answers={"semaphore_1": [wrong]})
    assert semaphore.a_semaphore_can_serve_as_a_lock(run).value == "refuted"


def test_a_lock_cannot_serve_as_a_semaphore_holds_for_one_and_one() -> None:
    run = made_up_run(answers={"lock": [[1, "RuntimeError", 1]]})
    assert semaphore.a_lock_cannot_serve_as_a_semaphore(run).value == "holds"


def test_a_lock_cannot_serve_as_a_semaphore_is_refuted_when_the_lock_is_a_semaphore() -> None:
    run = made_up_run(answers={"lock": [list(semaphore.semaphore_1())]})
    assert semaphore.a_lock_cannot_serve_as_a_semaphore(run).value == "refuted"


def test_only_the_reentrant_lock_has_an_owner_holds_when_it_alone_refuses() -> None:
    assert semaphore.only_the_reentrant_lock_has_an_owner(made_up_run(answers=WHO_MAY)).value == "holds"


@pytest.mark.parametrize(
    ("variant", "raised"), list(zip(WHO_MAY, ("RuntimeError", "ValueError", "nothing"), strict=True))
)
def test_only_the_reentrant_lock_has_an_owner_is_refuted_when_the_guards_are_exchanged(
    variant: str, raised: str
) -> None:
    run = made_up_run(answers=WHO_MAY | {variant: raised})
    assert semaphore.only_the_reentrant_lock_has_an_owner(run).value == "refuted"
