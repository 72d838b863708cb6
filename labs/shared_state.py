"""How can processes work on the same data, and what does each way cost?

A process has its own memory: its parent never sees what it writes to a global variable. To add to one counter, workers
need something that all of them reach. A Value lies in memory that they all map; adding is still reading and writing, so
it takes a lock. A Manager keeps the number in a process of its own, and every access is a message to it and one back.
Or nothing is shared: each worker counts by itself and returns its total.

To hand data over, a pipe carries every byte, while of shared memory only the name travels. And a shared Array is not a
list: every access to an element takes the Array's lock, and makes a Python number of bytes or bytes of a number.

All variants but the first return how much is missing in the end: additions, or parcels.

Predict: which ways miss additions, which is the dearest way to add one, and where does size matter?
"""

from collections.abc import Callable, MutableSequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Array, Barrier, Manager, Pipe, Process, Value
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from typing import Any

from harness.lab import Run, Verdict, claim, variant

WORKERS = 2
COUNT = 300_000
MANAGED = 1_000
TIMES = 30
HANDOVERS = 100
SMALL = 1_000
LARGE = 4_000_000
ELEMENTS = 50_000

own_counter = 0


def add_to_global(count: int) -> int:
    """A worker that adds to a global variable, and returns what it finds there then."""
    global own_counter
    for _ in range(count):
        own_counter += 1
    return own_counter


def count_up(count: int) -> int:
    """A worker that adds to a local variable, and returns its total."""
    total = 0
    for _ in range(count):
        total += 1
    return total


def add_once(shared: Any, both_have_read: Any) -> None:
    """A worker that adds one to a Value: it reads, waits until the other worker has read as well, and writes."""
    value = shared.value
    both_have_read.wait()
    shared.value = value + 1


def add_with_lock(shared: Any, lock: Any, count: int) -> None:
    """A worker that adds to what is shared, and holds a lock from reading to writing."""
    for _ in range(count):
        with lock:
            shared.value += 1


def in_two_processes(work: Callable[..., None], *shared: Any) -> None:
    """Run the same work in two processes at the same time, until both have ended."""
    workers = [Process(target=work, args=shared) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


@variant(answer="differs", because="it returns what the worker finds in the variable, and what the parent finds")
def plain_global(count: int = COUNT) -> tuple[int, int]:
    """A worker adds to a global variable: to its own copy of it."""
    with ProcessPoolExecutor(1) as worker:
        return worker.submit(add_to_global, count).result(), own_counter


@variant(answer="differs", because="losing an addition is the point")
def value() -> int:
    """Two workers add one each to a Value without its lock, held in the order read, read, write, write."""
    shared: Any = Value("q")
    in_two_processes(add_once, shared, Barrier(WORKERS))
    return WORKERS - int(shared.value)


@variant
def value_with_lock(count: int = COUNT) -> int:
    """Each worker adds many times to a Value, and holds its lock for each addition."""
    shared: Any = Value("q")
    in_two_processes(add_with_lock, shared, shared.get_lock(), count)
    return WORKERS * count - int(shared.value)


@variant
def value_beside_a_manager(managed: int = MANAGED) -> int:
    """The same, and a manager that nobody uses: compared with `manager`, its start counts on both sides."""
    with Manager():
        return value_with_lock(TIMES * managed)


@variant
def manager(managed: int = MANAGED) -> int:
    """Each worker adds fewer times, to a number in a manager's process, and holds the manager's lock for each."""
    with Manager() as keeper:
        shared = keeper.Value("q", 0)
        in_two_processes(add_with_lock, shared, keeper.Lock(), managed)
        return WORKERS * managed - int(shared.value)


@variant
def return_and_reduce(count: int = COUNT) -> int:
    """Nothing is shared: each worker adds as many times by itself and returns its total; the parent adds those up."""
    with ProcessPoolExecutor(WORKERS) as workers:
        return WORKERS * count - sum(workers.map(count_up, [count] * WORKERS))


def hand_over(parcel: bytes | str, take: Callable[[Connection, int], None], handovers: int) -> int:
    """Send a parcel to another process again and again, each time it has answered; how many did not arrive."""
    here, there = Pipe()
    taker = Process(target=take, args=(there, handovers))
    taker.start()
    missing = handovers
    for _ in range(handovers):
        here.send(parcel)
        missing -= here.recv()
    taker.join()
    return missing


def take_bytes(connection: Connection, handovers: int) -> None:
    """Get all the bytes, and answer with the first, which is 1."""
    for _ in range(handovers):
        connection.send(connection.recv()[0])


def take_name(connection: Connection, handovers: int) -> None:
    """Get the name of a block of shared memory, open the block, and answer with its first byte."""
    for _ in range(handovers):
        block: Any = SharedMemory(connection.recv())
        connection.send(block.buf[0])
        block.close()


def hand_over_by_name(size: int, handovers: int) -> int:
    """Make a parcel in shared memory, send only its name, and leave no shared memory behind."""
    block: Any = SharedMemory(create=True, size=size)
    try:
        block.buf[0] = 1
        return hand_over(block.name, take_name, handovers)
    finally:
        block.close()
        block.unlink()


@variant
def pipe_small(small: int = SMALL, handovers: int = HANDOVERS) -> int:
    """A small parcel goes through a pipe."""
    return hand_over(b"\1" * small, take_bytes, handovers)


@variant
def pipe_large(large: int = LARGE, handovers: int = HANDOVERS) -> int:
    """A large parcel goes through a pipe."""
    return hand_over(b"\1" * large, take_bytes, handovers)


@variant
def shared_memory_small(small: int = SMALL, handovers: int = HANDOVERS) -> int:
    """A small parcel lies in shared memory, and its name goes through a pipe."""
    return hand_over_by_name(small, handovers)


@variant
def shared_memory_large(large: int = LARGE, handovers: int = HANDOVERS) -> int:
    """A large parcel lies in shared memory, and its name goes through a pipe."""
    return hand_over_by_name(large, handovers)


def add_to_each(numbers: MutableSequence[int]) -> None:
    """Add one to every element."""
    for place in range(len(numbers)):
        numbers[place] += 1


@variant
def list_by_element(elements: int = ELEMENTS) -> int:
    """Baseline: add to every element of a list."""
    numbers = [0] * elements
    add_to_each(numbers)
    return elements - sum(numbers)


@variant
def array_by_element(elements: int = ELEMENTS) -> int:
    """Add to every element of a shared Array, where it lies."""
    shared: Any = Array("q", elements)
    add_to_each(shared)
    return elements - int(sum(shared[:]))


@variant
def array_by_slice(elements: int = ELEMENTS) -> int:
    """Copy a shared Array into a list in one go, add to every element there, and copy it back in one go."""
    shared: Any = Array("q", elements)
    numbers = shared[:]
    add_to_each(numbers)
    shared[:] = numbers
    return elements - int(sum(shared[:]))


@claim
def a_global_is_not_shared(run: Run) -> Verdict:
    """What a worker adds to a global variable the worker finds there, and the parent does not."""
    return run.answers(plain_global).are_all((run.knob("count"), 0))


@claim
def a_value_alone_loses_additions(run: Run) -> Verdict:
    """Without its lock, a Value loses one of two additions when both read before either writes."""
    return run.answers(value).are_all(1)


@claim
def guarded_or_returned_nothing_is_lost(run: Run) -> Verdict:
    """With a lock from reading to writing, or totals that are returned, no addition is lost."""
    beside = run.answers(value_beside_a_manager).are_all(0)
    guarded = run.answers(value_with_lock).are_all(0) & beside & run.answers(manager).are_all(0)
    return guarded & run.answers(return_and_reduce).are_all(0)


@claim
def a_manager_is_far_dearer_than_a_value(run: Run) -> Verdict:
    """While workers add once in a manager's process, they could have added to a Value 30 times."""
    return run.ratio(manager, to=value_beside_a_manager).is_at_least(1)


@claim
def returning_is_cheaper_than_sharing(run: Run) -> Verdict:
    """To share every addition takes at least a fifth longer than to count alone and return the total."""
    return run.ratio(value_with_lock, to=return_and_reduce).is_at_least(1.2)


@claim
def size_matters_to_a_pipe(run: Run) -> Verdict:
    """The larger parcel takes a pipe at least half as long again as the smaller one."""
    return run.ratio(pipe_large, to=pipe_small).is_at_least(1.5)


@claim
def size_does_not_matter_to_shared_memory(run: Run) -> Verdict:
    """To hand over the larger parcel by the name of its memory takes at most half as long again as the smaller one."""
    return run.ratio(shared_memory_large, to=shared_memory_small).is_at_most(1.5)


@claim
def every_parcel_arrives(run: Run) -> Verdict:
    """By bytes or by name, every parcel was read by the other process."""
    through_pipe = run.answers(pipe_small).are_all(0) & run.answers(pipe_large).are_all(0)
    return through_pipe & run.answers(shared_memory_small).are_all(0) & run.answers(shared_memory_large).are_all(0)


@claim
def an_element_of_an_array_is_dear(run: Run) -> Verdict:
    """To add to the elements of an Array one by one takes at least 3 times as long as to those of a list."""
    return run.ratio(array_by_element, to=list_by_element).is_at_least(3)


@claim
def a_slice_of_an_array_is_cheaper(run: Run) -> Verdict:
    """To copy an Array, add to each element of the copy and copy it back takes at most half as long."""
    return run.ratio(array_by_slice, to=array_by_element).is_at_most(0.5)
