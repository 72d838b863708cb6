"""What does a pool do for you that threads by hand do not?

A few workers share many tasks: that can be built from threads and a queue, and a pool is just that. `submit` puts a
task in line and gives back a future: a place where the result will be, or the exception. `map` does so for a whole
list. A future is pending while its task stands in line, running while a worker is at it, and done after that; out of
the line, and only there, it can be cancelled. The tasks do next to nothing here, but a barrier keeps each at work until
all workers are: so as many as can be at work at once really are, every time, and the room they are in counts them.

Predict: at which line does an exception of a task appear, where not, and how many threads has a pool whose size nobody
gave?
"""

from concurrent import futures
from queue import SimpleQueue
from threading import Barrier, Event, Lock, Thread, active_count, current_thread

from harness.lab import Run, Verdict, claim, cores, python, variant

WORKERS = 3
TASKS_EACH = 4
MANY = 64
OTHER_QUESTION = "it asks something else of the pool, and returns what it saw"
END = None


class Room:
    """Where tasks are at work: it lets them go on together, and counts how many were in at once."""

    def __init__(self, workers: int) -> None:
        self.inside = self.most = 0
        self.counting, self.all_at_work = Lock(), Barrier(workers)

    def square(self, number: int) -> int:
        """Be at work together with the others, and square a number."""
        with self.counting:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.all_at_work.wait()
        with self.counting:
            self.inside -= 1
        return number * number


@variant
def by_hand(workers: int = WORKERS, tasks_each: int = TASKS_EACH) -> tuple[list[int], int]:
    """Threads that take numbers from a queue, until they find its end."""
    room, in_line, squares = Room(workers), SimpleQueue[int | None](), dict[int, int]()

    def work() -> None:
        while (number := in_line.get()) is not END:
            squares[number] = room.square(number)

    crew = [Thread(target=work) for _ in range(workers)]
    for number in [*range(workers * tasks_each), *[END] * workers]:
        in_line.put(number)
    for worker in crew:
        worker.start()
    for worker in crew:
        worker.join()
    return [squares[number] for number in sorted(squares)], room.most


@variant
def submit(workers: int = WORKERS, tasks_each: int = TASKS_EACH) -> tuple[list[int], int]:
    """A pool: a future for each task, then the result of each future."""
    room = Room(workers)
    with futures.ThreadPoolExecutor(workers) as pool:
        squares = [pool.submit(room.square, number) for number in range(workers * tasks_each)]
        return [square.result() for square in squares], room.most


@variant
def with_map(workers: int = WORKERS, tasks_each: int = TASKS_EACH) -> tuple[list[int], int]:
    """A pool: the results of all tasks, in the order of the numbers."""
    room = Room(workers)
    with futures.ThreadPoolExecutor(workers) as pool:
        return list(pool.map(room.square, range(workers * tasks_each))), room.most


@variant(answer="differs", because=OTHER_QUESTION)
def as_completed(workers: int = WORKERS) -> list[int]:
    """Take futures as they are done: the last to be asked for comes first, for each task waits for the next one."""
    taken = [Event() for _ in range(workers)]

    def work(number: int) -> None:
        if number + 1 < workers:
            taken[number + 1].wait()

    order = []
    with futures.ThreadPoolExecutor(workers) as pool:
        asked = {pool.submit(work, number): number for number in range(workers)}
        for done in futures.as_completed(asked):
            order.append(asked[done])
            taken[asked[done]].set()
    return order


def state(future: futures.Future[None]) -> str:
    """What a future is, in a word."""
    done = "cancelled" if future.cancelled() else "done"
    return done if future.done() else "running" if future.running() else "pending"


@variant(answer="differs", because=OTHER_QUESTION)
def future_states() -> tuple[list[str], list[bool], list[str]]:
    """One worker and three tasks: the first is at work, the second in line, the third too, but it is cancelled."""
    at_work, go_on = Event(), Event()

    def work() -> None:
        at_work.set()
        go_on.wait()

    with futures.ThreadPoolExecutor(1) as pool:
        first, second, third = (pool.submit(work) for _ in range(3))
        at_work.wait()
        before = [state(first), state(second), state(third)]
        could_cancel = [first.cancel(), third.cancel()]
        go_on.set()
    return before, could_cancel, [state(first), state(second), state(third)]


@variant(answer="differs", because=OTHER_QUESTION)
def task_that_raises() -> str:
    """A task that raises ValueError: at which line does its caller notice?"""
    try:
        line = "submit"
        with futures.ThreadPoolExecutor(1) as pool:
            future = pool.submit(int, "seven")
            line = "end of with"
        line = "result()"
        future.result()
    except ValueError:
        return line
    return "nowhere"


@variant(answer="differs", because=OTHER_QUESTION)
def after_with(workers: int = WORKERS) -> list[object]:
    """Each worker tells its thread: do they live after `with`, and does the pool take another task?"""
    everyone = Barrier(workers)

    def who(_: int) -> Thread:
        everyone.wait()
        return current_thread()

    with futures.ThreadPoolExecutor(workers) as pool:
        crew = set(pool.map(who, range(workers)))
    try:
        pool.submit(who, 0)
    except RuntimeError:
        return [len(crew), sum(worker.is_alive() for worker in crew), "refused"]
    return [len(crew), sum(worker.is_alive() for worker in crew), "accepted"]


@variant(answer="differs", because=OTHER_QUESTION)
def default_size(many: int = MANY) -> int:
    """A pool whose size nobody gave: how many threads does it start for many tasks that are all held up?"""
    go_on, before = Event(), active_count()
    with futures.ThreadPoolExecutor() as pool:
        for _ in range(many):
            pool.submit(go_on.wait)
        started = active_count() - before
        go_on.set()
    return started


@claim
def never_more_at_once_than_workers(run: Run) -> Verdict:
    """By hand or in a pool: every task is done, and never more are at work at once than there are workers."""
    workers, tasks_each = int(run.knob("workers")), int(run.knob("tasks_each"))
    right = [number * number for number in range(workers * tasks_each)], workers
    made, submitted, mapped = (run.answers(way) for way in (by_hand, submit, with_map))
    return made.are_all(right) & submitted.are_all(right) & mapped.are_all(right)


@claim
def results_come_as_they_are_done(run: Run) -> Verdict:
    """as_completed gives futures in the order in which their tasks end, not in the order of asking."""
    return run.answers(as_completed).are_all(list(reversed(range(int(run.knob("workers"))))))


@claim
def only_a_pending_future_can_be_cancelled(run: Run) -> Verdict:
    """A future is pending, then running, then done; cancelled it can be while it is pending, and not later."""
    before, after = ["running", "pending", "pending"], ["done", "done", "cancelled"]
    return run.answers(future_states).are_all((before, [False, True], after))


@claim
def an_exception_waits_for_result(run: Run) -> Verdict:
    """The exception of a task appears where its result is asked for, and nowhere before."""
    return run.answers(task_that_raises).are_all("result()")


@claim
def the_pool_is_gone_after_with(run: Run) -> Verdict:
    """After `with` no worker lives, and the pool takes no task."""
    return run.answers(after_with).are_all([int(run.knob("workers")), 0, "refused"])


@claim(needs=(python(3, 13), cores(1)))
def the_default_size_follows_the_cores(run: Run) -> Verdict:
    """By itself a pool has four threads more than this run has cores, and 32 at most."""
    return run.answers(default_size).are_all(min(32, run.cores + 4, int(run.knob("many"))))
