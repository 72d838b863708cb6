"""Who are the processes that a program starts, and when do they really work at the same time?

The kernel knows a process by a number, its PID, and by the PID of its parent. The name is for people, and travels with
the process. Its parent is who made it: under fork that is the program itself, under forkserver the server, though
multiprocessing still tells the worker who asked for it. Processes that are started together run concurrently. That they
run in parallel, at the same moment, takes a core for each: on one core they take turns.

Predict: whose PID does a worker see as its parent's, and how many cores do four busy workers keep busy?
"""

import os
from collections.abc import Callable
from multiprocessing import Process, current_process, get_context, parent_process, queues
from typing import Literal, TypeVar

from harness.lab import Run, Sweep, Verdict, claim, cores, variant

WORKERS = 4
COUNT = 60_000_000
IT_ASKS = "it asks the workers who they are, and gives them nothing else to do"

Method = Literal["fork", "forkserver"] | None
Told = TypeVar("Told")


def tell(question: Callable[[], Told], replies: "queues.SimpleQueue[Told]") -> None:
    """A worker that answers a question about itself."""
    replies.put(question())


def asked(question: Callable[[], Told], workers: int, method: Method = None) -> list[Told]:
    """Start so many workers, each with a name, and collect what each of them answers, in no order."""
    context = get_context(method)
    replies = context.SimpleQueue()
    crew = [context.Process(target=tell, args=(question, replies), name=f"worker {n}") for n in range(workers)]
    for worker in crew:
        worker.start()
    told = [replies.get() for _ in crew]
    for worker in crew:
        worker.join()
    return told


def own_name() -> str:
    """The name of this process."""
    return current_process().name


def parents() -> tuple[int, int]:
    """The parent of this process, as the kernel knows it and as multiprocessing does."""
    asked_for_by = parent_process()
    return os.getppid(), asked_for_by.pid if asked_for_by and asked_for_by.pid else 0


@variant(answer="differs", because=IT_ASKS)
def named(workers: int = WORKERS) -> list[str]:
    """Each worker tells its name."""
    return sorted(asked(own_name, workers))


@variant(answer="differs", because=IT_ASKS)
def numbered(workers: int = WORKERS) -> int:
    """Each worker tells its PID; gives how many PIDs there are, this process's included."""
    return len({os.getpid(), *asked(os.getpid, workers)})


@variant(answer="differs", because=IT_ASKS)
def parent_under_fork(workers: int = WORKERS) -> list[tuple[bool, bool]]:
    """Each worker tells who its parent is: whether it is this process, for the kernel and for multiprocessing."""
    return [(kernel == os.getpid(), python == os.getpid()) for kernel, python in asked(parents, workers, "fork")]


@variant(answer="differs", because=IT_ASKS)
def parent_under_forkserver(workers: int = WORKERS) -> list[tuple[bool, bool]]:
    """The same, with the server between."""
    return [(kernel == os.getpid(), python == os.getpid()) for kernel, python in asked(parents, workers, "forkserver")]


def count_up(steps: int) -> None:
    """Count to a number of steps, one by one."""
    counted = 0
    while counted < steps:
        counted += 1


def busy(workers: int, count: int) -> list[Process]:
    """Processes that share the counting out among themselves."""
    return [Process(target=count_up, args=(count // workers,)) for _ in range(workers)]


@variant
def in_turn(workers: int = WORKERS, count: int = COUNT) -> list[int | None]:
    """Baseline: busy processes, each started after the end of the one before. Gives their exit codes."""
    crew = busy(workers, count)
    for worker in crew:
        worker.start()
        worker.join()
    return [worker.exitcode for worker in crew]


@variant
def parallel(workers: int = WORKERS, count: int = COUNT) -> list[int | None]:
    """The same processes, all started before the first is waited for."""
    crew = busy(workers, count)
    for worker in crew:
        worker.start()
    for worker in crew:
        worker.join()
    return [worker.exitcode for worker in crew]


@claim
def names_travel_along(run: Run) -> Verdict:
    """Each worker knows the name that it was given."""
    return run.answers(named).are_all(sorted(f"worker {number}" for number in range(int(run.knob("workers")))))


@claim
def every_process_has_its_own_pid(run: Run) -> Verdict:
    """The PIDs of the workers differ from one another, and from that of the process that started them."""
    return run.answers(numbered).are_all(int(run.knob("workers")) + 1)


@claim
def a_fork_is_our_child(run: Run) -> Verdict:
    """Under fork, the parent that the kernel knows is the process that asked for the worker."""
    return run.answers(parent_under_fork).are_all([(True, True)] * int(run.knob("workers")))


@claim
def the_forkserver_stands_between(run: Run) -> Verdict:
    """Under forkserver the kernel knows another parent, the server; multiprocessing still names who asked."""
    return run.answers(parent_under_forkserver).are_all([(False, True)] * int(run.knob("workers")))


@claim(needs=cores(2))
def parallel_uses_the_cores(run: Run) -> Verdict:
    """Started together, processes reach most of what this machine's cores can give."""
    return run.efficiency(parallel, over=in_turn).is_at_least(0.7)


@claim
def nothing_is_more_parallel_than_the_cores(run: Run) -> Verdict:
    """Started together, processes gain no more than the cores can give; on one core, that is nothing."""
    return run.efficiency(parallel, over=in_turn).is_at_most(1.15)


@claim
def no_more_cores_are_busy_than_there_are(run: Run) -> Verdict:
    """Of many busy processes only as many run at the same moment as there are cores; the others wait."""
    return run.cores_busy(parallel).is_at_most(1.1 * run.cores)


@claim(needs=cores(2))
def more_cores_make_it_parallel(sweep: Sweep) -> Verdict:
    """More cores make processes that were started together faster, and leave those in turn as they were."""
    return sweep.efficiency(parallel).is_at_least(0.7) & sweep.speed_up(in_turn).is_between(0.8, 1.2)
