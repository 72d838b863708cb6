"""What do a thread and a process cost, and what do they share with the one that started them?

A process is a program at work: it has memory of its own, and at least one thread that runs in it. The threads of a
process have a stack each, with their local variables, and share all other memory. So a thread is soon started, it sees
what the others write, and a fault in one ends them all. A process is dearer, writes to its own memory only, and falls
alone. What it begins with is its start method: fork copies the parent, spawn starts a new interpreter, forkserver
copies a small server that was itself started anew. Since Python 3.14 forkserver is what Linux gets by default.

Predict: order threads, fork, forkserver and spawn by what a start costs. Who outlives a worker that crashes?
"""

import ctypes
import os
import resource
import signal
import threading
from collections.abc import Callable
from multiprocessing import Barrier, Process, SimpleQueue, active_children, get_context, queues
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread

from harness.lab import Run, Verdict, claim, variant

STARTS = 10
WORKERS = 4
IT_SHOWS = "what is shared, what a worker needs and who falls are questions of their own"

Worker = Thread | BaseProcess
Kind = Callable[..., Worker]
written: list[int] = []


def started(crew: list[Worker]) -> list[Worker]:
    """Start every worker."""
    for worker in crew:
        worker.start()
    return crew


def join(crew: list[Worker]) -> None:
    """Wait until every worker has ended."""
    for worker in crew:
        worker.join()


def one_by_one(kind: Kind, starts: int, work: Callable[[], object] = list) -> None:
    """Start workers of a kind, each after the end of the one before; by itself their work is next to nothing."""
    for _ in range(starts):
        join(started([kind(target=work)]))


@variant
def threads(starts: int = STARTS) -> None:
    """Start threads and join them, one by one."""
    one_by_one(Thread, starts)


@variant
def fork(starts: int = STARTS) -> None:
    """Start and join processes, each a copy of this one."""
    one_by_one(get_context("fork").Process, starts)


@variant
def forkserver(starts: int = STARTS) -> None:
    """Start and join processes, each a copy of a server, which the first of them has to start."""
    one_by_one(get_context("forkserver").Process, starts)


@variant
def first_forkserver() -> None:
    """Start and join only that first one."""
    one_by_one(get_context("forkserver").Process, 1)


@variant
def spawn(starts: int = STARTS) -> None:
    """Start and join processes, each a new interpreter."""
    one_by_one(get_context("spawn").Process, starts)


def write(own: int, all_here: threading.Barrier, reports: "queues.SimpleQueue[list[int]]") -> None:
    """Have a number of one's own; once all have theirs, write it to the global list, and report what that holds."""
    all_here.wait()
    written.append(own)
    all_here.wait()
    reports.put(sorted(written))


def what_is_seen(kind: Kind, workers: int) -> list[list[int]]:
    """What the global list holds in the end for the one that started the workers, and for each of them."""
    written.clear()
    all_here = Barrier(workers)
    reports: queues.SimpleQueue[list[int]] = SimpleQueue()
    crew = started([kind(target=write, args=(own, all_here, reports)) for own in range(workers)])
    seen = sorted(reports.get() for _ in crew)
    join(crew)
    return [sorted(written), *seen]


@variant(answer="differs", because=IT_SHOWS)
def own_stack_shared_heap(workers: int = WORKERS) -> list[list[int]]:
    """Threads with a local number each write it to a global list, and look at the list."""
    return what_is_seen(Thread, workers)


@variant(answer="differs", because=IT_SHOWS)
def memory_is_copied(workers: int = WORKERS) -> list[list[int]]:
    """Processes do the same."""
    return what_is_seen(Process, workers)


def stay(all_here: threading.Barrier) -> None:
    """Be there until all have been looked at."""
    all_here.wait()
    all_here.wait()


def kib_of(pid: int) -> int:
    """The memory of a process but for files; a page that several share counts in part for each (PSS of proc(5))."""
    path = Path(f"/proc/{pid}/smaps_rollup")
    lines = path.read_text().splitlines() if path.exists() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss_Anon:"))


def kib_each(kind: Kind, workers: int) -> int | None:
    """By how much the memory of all processes together grows with each worker; None where the kernel does not tell."""
    all_here, before = Barrier(workers + 1), kib_of(os.getpid())
    if not before:
        return None
    crew = started([kind(target=stay, args=(all_here,)) for _ in range(workers)])
    all_here.wait()
    after = kib_of(os.getpid()) + sum(kib_of(child.pid) for child in active_children() if child.pid)
    all_here.wait()
    join(crew)
    return (after - before) // workers


@variant(answer="differs", because=IT_SHOWS)
def memory_of_threads(workers: int = WORKERS) -> int | None:
    """How many KiB a waiting thread needs."""
    return kib_each(Thread, workers)


@variant(answer="differs", because=IT_SHOWS)
def memory_of_processes(workers: int = WORKERS) -> int | None:
    """How many KiB a waiting process needs."""
    return kib_each(Process, workers)


def fault() -> None:
    """Read at address 0, where no memory is, as broken C code does: the kernel sends SIGSEGV."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.string_at(0)


def exit_code_above(kind: Kind) -> int | None:
    """How a process ends whose worker faults."""
    above = Process(target=one_by_one, args=(kind, 1, fault))
    join(started([above]))
    return above.exitcode


@variant(answer="differs", because=IT_SHOWS)
def thread_crash() -> int | None:
    """A process starts a thread that faults, and joins it."""
    return exit_code_above(Thread)


@variant(answer="differs", because=IT_SHOWS)
def process_crash() -> int | None:
    """A process starts a process that faults, and joins it."""
    return exit_code_above(Process)


@claim
def a_start_costs_by_how_much_is_new(run: Run) -> Verdict:
    """A start costs least for a thread, then a forked process, then one of the forkserver, and most for a new one."""
    thread_fork, fork_server = run.ratio(fork, to=threads), run.ratio(forkserver, to=fork)
    server_spawn = run.ratio(spawn, to=forkserver)
    return thread_fork.is_at_least(1.2) & fork_server.is_at_least(1.2) & server_spawn.is_at_least(1.2)


@claim
def the_first_forkserver_start_is_dear(run: Run) -> Verdict:
    """The first start from a forkserver costs at least twice the average of many: the server itself has to start."""
    return run.ratio(first_forkserver, to=forkserver).is_at_least(2 / int(run.knob("starts")))


@claim
def threads_share_all_but_locals(run: Run) -> Verdict:
    """What a thread writes to a global is seen by all the others, while each keeps its own local variables."""
    workers = int(run.knob("workers"))
    return run.answers(own_stack_shared_heap).are_all([list(range(workers))] * (workers + 1))


@claim
def a_process_writes_to_its_own(run: Run) -> Verdict:
    """What a process writes to a global is seen neither by its parent nor by its siblings."""
    return run.answers(memory_is_copied).are_all([[], *([own] for own in range(int(run.knob("workers"))))])


@claim
def a_process_needs_more_memory(run: Run) -> Verdict:
    """A process that only waits needs at least five times the memory of a thread that does."""
    thread = run.answers(memory_of_threads)
    most = max(thread.values, default=0)
    return thread.are_all_at_most(most) & run.answers(memory_of_processes).are_all_at_least(5 * most)


@claim
def a_crash_takes_the_process_along(run: Run) -> Verdict:
    """A fault in a thread ends the process it runs in, and everything there."""
    return run.answers(thread_crash).are_all(-signal.SIGSEGV)


@claim
def a_crash_takes_no_other_process_along(run: Run) -> Verdict:
    """A fault in a process ends that process; the one that started it goes on."""
    return run.answers(process_crash).are_all(0)
