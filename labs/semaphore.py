"""How many threads does a lock let in at once, and how many a semaphore?

A semaphore is a number of places: to acquire takes one, to release gives one back, and where none is left one has to
wait. A lock has a single place. So a semaphore of 1 can serve as a lock (a mutex), but a lock cannot serve as a
semaphore of 3. Here a crowd comes to a room with one of them at the door. Everyone tries to get in without waiting, and
nobody leaves before all have tried, so who is inside can be counted, and no luck is in it. Then all leave, and one
gives a place back that nobody has taken: a release too many. Then the crowd comes again. Every variant returns how many
got in, what the wrong release raised, and how many got in after it.

Any thread may release Python's Lock and its semaphores. Only its re-entrant lock, RLock, has an owner.

Predict: for each guard at the door, how many are inside before and after the release too many?
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BoundedSemaphore, Lock, RLock, Semaphore

from harness.lab import Run, Verdict, claim, variant

CROWD = 12
PLACES = 3
WHO_GOT_IN = "what is at the door decides who gets in"
WHO_MAY = "whether a guard has an owner is the point"


def inside_at_once(guard: Lock | Semaphore, crowd: int) -> int:
    """How many of a crowd are inside once all have tried to get in."""
    all_have_tried = Barrier(crowd)

    def visit(_: int) -> bool:
        is_inside = guard.acquire(blocking=False)
        all_have_tried.wait()
        if is_inside:
            guard.release()
        return is_inside

    with ThreadPoolExecutor(crowd) as threads:
        return sum(threads.map(visit, range(crowd)))


def raised_by_release(guard: Lock | RLock | Semaphore) -> str:
    """Release a guard; what that raises, or nothing."""
    try:
        guard.release()
    except (RuntimeError, ValueError) as fault:
        return type(fault).__name__
    return "nothing"


def at_the_door(guard: Lock | Semaphore, crowd: int) -> tuple[int, str, int]:
    """How many get in, what a release too many raises, and how many get in after it."""
    return inside_at_once(guard, crowd), raised_by_release(guard), inside_at_once(guard, crowd)


def raised_in_another_thread(guard: Lock | RLock | Semaphore) -> str:
    """Acquire a guard here and release it in another thread; what that raises, or nothing."""
    guard.acquire()
    with ThreadPoolExecutor(1) as another_thread:
        return another_thread.submit(raised_by_release, guard).result()


@variant(answer="differs", because=WHO_GOT_IN)
def lock(crowd: int = CROWD) -> tuple[int, str, int]:
    """A lock at the door."""
    return at_the_door(Lock(), crowd)


@variant(answer="differs", because=WHO_GOT_IN)
def semaphore_1(crowd: int = CROWD) -> tuple[int, str, int]:
    """A semaphore with one place at the door, to serve as a lock."""
    return at_the_door(Semaphore(1), crowd)


@variant(answer="differs", because=WHO_GOT_IN)
def semaphore_k(crowd: int = CROWD, places: int = PLACES) -> tuple[int, str, int]:
    """A semaphore with several places at the door."""
    return at_the_door(Semaphore(places), crowd)


@variant(answer="differs", because=WHO_GOT_IN)
def bounded(crowd: int = CROWD, places: int = PLACES) -> tuple[int, str, int]:
    """A bounded semaphore with several places at the door: it knows how many there were at first."""
    return at_the_door(BoundedSemaphore(places), crowd)


@variant(answer="differs", because="it returns only how many were inside at once")
def semaphore_k_waiting(crowd: int = CROWD, places: int = PLACES) -> int:
    """A semaphore with several places, and everyone waits for one; who is inside stays until the places are taken."""
    guard, counting = Semaphore(places), Lock()
    every_place_is_taken = Barrier(places)
    inside: set[int] = set()

    def visit(visitor: int) -> int:
        with guard:
            with counting:
                inside.add(visitor)
                seen = len(inside)
            every_place_is_taken.wait()
            with counting:
                inside.remove(visitor)
        return seen

    with ThreadPoolExecutor(crowd) as threads:
        return max(threads.map(visit, range(crowd - crowd % places)))


@variant(answer="differs", because=WHO_MAY)
def lock_released_by_another() -> str:
    """One thread acquires a lock, another one releases it."""
    return raised_in_another_thread(Lock())


@variant(answer="differs", because=WHO_MAY)
def semaphore_released_by_another() -> str:
    """One thread acquires a semaphore, another one releases it."""
    return raised_in_another_thread(Semaphore(1))


@variant(answer="differs", because=WHO_MAY)
def rlock_released_by_another() -> str:
    """One thread acquires a re-entrant lock, another one releases it."""
    return raised_in_another_thread(RLock())


@claim
def a_semaphore_has_k_places(run: Run) -> Verdict:
    """A semaphore of k lets exactly k in, and k+1 after a release too many."""
    places = int(run.knob("places"))
    return run.answers(semaphore_k).are_all((places, "nothing", places + 1))


@claim
def who_waits_gets_a_place(run: Run) -> Verdict:
    """Where everyone waits for a place, all get in, and k are inside at most."""
    return run.answers(semaphore_k_waiting).are_all(run.knob("places"))


@claim
def a_bounded_semaphore_refuses_a_release_too_many(run: Run) -> Verdict:
    """A bounded semaphore raises ValueError at a release too many, and lets no more in after it than before."""
    places = int(run.knob("places"))
    return run.answers(bounded).are_all((places, "ValueError", places))


@claim
def a_semaphore_can_serve_as_a_lock(run: Run) -> Verdict:
    """A semaphore of 1 lets one in, as a lock does; but it accepts a release too many, and lets two in after it."""
    return run.answers(semaphore_1).are_all((1, "nothing", 2))


@claim
def a_lock_cannot_serve_as_a_semaphore(run: Run) -> Verdict:
    """A lock lets one in, and no release makes that two: a release too many raises RuntimeError."""
    return run.answers(lock).are_all((1, "RuntimeError", 1))


@claim
def only_the_reentrant_lock_has_an_owner(run: Run) -> Verdict:
    """Any thread may release a lock or a semaphore; a re-entrant lock raises RuntimeError in a thread without it."""
    of_a_lock, of_a_semaphore = (run.answers(way) for way in (lock_released_by_another, semaphore_released_by_another))
    anybody = of_a_lock.are_all("nothing") & of_a_semaphore.are_all("nothing")
    return anybody & run.answers(rlock_released_by_another).are_all("RuntimeError")
