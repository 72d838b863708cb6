"""Can two threads that add to one counter lose what they added?

Adding is three steps: read the counter, work out the new value, write it back. When another thread writes in between,
its addition is overwritten and lost: a race condition. A lock turns the three steps into one that nobody can interrupt,
a critical section. Every variant returns how many additions were lost.

Written as plain `counter += 1`, today's interpreters with a GIL lose nothing, because they happen not to switch threads
there: luck, not a promise. So the steps are spelt out here, with a call between reading and writing, where they do.

Predict: how many additions does each variant lose, and is it the same number every time?
"""

from collections.abc import Callable
from threading import Event, Lock, Thread

from harness.lab import Run, Verdict, claim, variant

COUNT = 1_500_000


class Counter:
    """What both threads add to."""

    value = 0


def one_more(value: int) -> int:
    """Work out the new value; at a call the interpreter may switch to the other thread."""
    return value + 1


def in_two_threads(first: Callable[[], None], second: Callable[[], None]) -> None:
    """Run both at the same time, until both are done."""
    workers = [Thread(target=first), Thread(target=second)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


@variant(answer="differs", because="losing an addition is the point")
def forced() -> int:
    """Two additions, held in the order read, read, write, write."""
    counter = Counter()
    second_has_read, first_has_written = Event(), Event()

    def first() -> None:
        value = counter.value
        second_has_read.wait()
        counter.value = one_more(value)
        first_has_written.set()

    def second() -> None:
        value = counter.value
        second_has_read.set()
        first_has_written.wait()
        counter.value = one_more(value)

    in_two_threads(first, second)
    return 2 - counter.value


@variant(answer="differs", because="how many are lost depends on when the threads switch")
def unguarded(count: int = COUNT) -> int:
    """Each thread adds many times, and nothing guards the counter."""
    counter = Counter()

    def add() -> None:
        for _ in range(count):
            value = counter.value
            counter.value = one_more(value)

    in_two_threads(add, add)
    return 2 * count - counter.value


@variant
def with_lock(count: int = COUNT) -> int:
    """The same, and each addition holds a lock from reading to writing."""
    counter, lock = Counter(), Lock()

    def add() -> None:
        for _ in range(count):
            with lock:
                value = counter.value
                counter.value = one_more(value)

    in_two_threads(add, add)
    return 2 * count - counter.value


@variant
def own_counter_then_add(count: int = COUNT) -> int:
    """Each thread counts by itself, and takes the lock once, to add its total."""
    counter, lock = Counter(), Lock()

    def add() -> None:
        own = Counter()
        for _ in range(count):
            value = own.value
            own.value = one_more(value)
        with lock:
            counter.value += own.value

    in_two_threads(add, add)
    return 2 * count - counter.value


@claim
def forced_loses_exactly_one(run: Run) -> Verdict:
    """Read, read, write, write loses one of two additions, every time."""
    return run.answers(forced).are_all(1)


@claim
def unguarded_loses_some(run: Run) -> Verdict:
    """Without a lock, additions get lost."""
    return run.answers(unguarded).reach(1)


@claim
def a_lock_loses_nothing(run: Run) -> Verdict:
    """With a lock around reading and writing, no addition is ever lost."""
    return run.answers(with_lock).are_all(0)


@claim
def own_counters_lose_nothing(run: Run) -> Verdict:
    """Where each thread counts by itself and adds once, no addition is ever lost."""
    return run.answers(own_counter_then_add).are_all(0)


@claim
def the_lock_has_its_price(run: Run) -> Verdict:
    """Taking the lock for every addition takes over half as long again as counting by oneself."""
    return run.ratio(with_lock, to=own_counter_then_add).is_at_least(1.5)
