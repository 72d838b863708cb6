"""What is left of a process when it has ended, and who sees to it?

A process is started, is alive, and ends: by itself or by a signal. What stays of it is an exit code, kept by the kernel
until somebody asks; up to then the ended process is a zombie (Z): no memory, no code, only its entry in the process
table. The one to ask is its parent, and the start method says who that is. Under fork and spawn it is the process that
started it; under forkserver, today's default, it is the server, which asks at once. The start method is therefore named
here wherever a process is started, and /proc is looked at first, for to ask a child anything is to reap it.

Predict: which exit code does each way to end leave, when does the child clean up, and where do you see a zombie?
"""

import logging
import os
from collections.abc import Callable
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from harness.lab import Facts, Run, Verdict, claim, variant

FORK, SPAWN, FORKSERVER = get_context("fork"), get_context("spawn"), get_context("forkserver")
AT_WORK, CLEANS_UP, GOES_ON = "child is at work", "child cleans up", "parent goes on"


def work(parent: Connection) -> None:
    """What the child does: tell its parent that it is at work, wait to be told to end, and clean up at last."""
    try:
        logging.info(AT_WORK)
        parent.send(AT_WORK)
        parent.recv()
    finally:
        logging.info(CLEANS_UP)


def new_child() -> tuple[BaseProcess, Connection]:
    """A child that will work until told to end, and the line to it."""
    ours, theirs = Pipe()
    return FORKSERVER.Process(target=work, args=(theirs,)), ours


def child_at_work() -> tuple[BaseProcess, Connection]:
    """Such a child, started and at work."""
    child, line = new_child()
    child.start()
    line.recv()
    return child, line


@variant(answer="differs", because="it returns an exit code")
def join() -> int | None:
    """The child is told to end, and the parent waits for that."""
    child, line = child_at_work()
    line.send("end")
    child.join()
    logging.info(GOES_ON)
    return child.exitcode


@variant(answer="differs", because="it returns what was said at each stage of a life")
def is_alive() -> list[tuple[bool, int | None]]:
    """Alive or not, and the exit code: before the child starts, while it is at work, and after its end."""
    child, line = new_child()
    before = child.is_alive(), child.exitcode
    child.start()
    line.recv()
    meanwhile = child.is_alive(), child.exitcode
    line.send("end")
    child.join()
    return [before, meanwhile, (child.is_alive(), child.exitcode)]


@variant(answer="differs", because="it returns an exit code")
def terminate() -> int | None:
    """The child is ended at its work by SIGTERM, a request that it could handle."""
    child, _ = child_at_work()
    child.terminate()
    child.join()
    logging.info(GOES_ON)
    return child.exitcode


@variant(answer="differs", because="it returns an exit code")
def kill() -> int | None:
    """The child is ended at its work by SIGKILL, which nobody can handle."""
    child, _ = child_at_work()
    child.kill()
    child.join()
    logging.info(GOES_ON)
    return child.exitcode


def state(child: BaseProcess) -> str:
    """As the kernel's table of processes has it: a letter, Z for a zombie; or gone, where it has none of this id."""
    try:
        _, _, fields = Path(f"/proc/{child.pid}/stat").read_text(encoding="ascii").rpartition(")")
    except (FileNotFoundError, ProcessLookupError):
        return "gone"
    return fields.split()[0]


def around_a_question(child: BaseProcess) -> tuple[str, str, int | None]:
    """The state of an ended child before its parent asks whether it is alive, and after; and its exit code."""
    unasked = state(child)
    child.is_alive()
    return unasked, state(child), child.exitcode


def wait_without_asking(child: BaseProcess) -> None:
    """Wait until a child of this process has ended, and leave its exit code where it is (WNOWAIT)."""
    assert child.pid
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)


@variant(answer="differs", because="it returns what the kernel knows of a child that has ended")
def zombie_under_fork() -> tuple[str, str, int | None]:
    """The ended child of fork, before and after its parent asks."""
    child = FORK.Process()
    child.start()
    wait_without_asking(child)
    return around_a_question(child)


@variant(answer="differs", because="it returns what the kernel knows of a child that has ended")
def zombie_under_spawn() -> tuple[str, str, int | None]:
    """The ended child of spawn, before and after its parent asks."""
    child = SPAWN.Process()
    child.start()
    wait_without_asking(child)
    return around_a_question(child)


@variant(answer="differs", because="it returns what the kernel knows of a child that has ended")
def reaped_by_forkserver() -> tuple[str, str, int | None]:
    """The ended child of the server, which tells of the end, before and after the starting process asks."""
    child = FORKSERVER.Process()
    child.start()
    wait([child.sentinel])
    return around_a_question(child)


def order_in(run: Run, way: Callable[..., object]) -> Facts:
    """The lines of each sample in the order in which they were logged, by whichever process."""
    samples = [[event.message for event in sample] for sample in run.events(way)]
    logged = [lines for lines in samples if lines]
    return Facts(f"order in {way.__name__}", logged, len(samples) - len(logged))


@claim
def join_waits_for_the_end(run: Run) -> Verdict:
    """A child that ends by itself cleans up first; who joins it goes on after that, and finds exit code 0."""
    return order_in(run, join).are_all([AT_WORK, CLEANS_UP, GOES_ON]) & run.answers(join).are_all(0)


@claim
def alive_from_start_to_end(run: Run) -> Verdict:
    """A process is alive between its start and its end, and has an exit code only after it."""
    return run.answers(is_alive).are_all([(False, None), (True, None), (False, 0)])


@claim
def the_exit_code_names_the_signal(run: Run) -> Verdict:
    """Ended by a signal, a process has its number as exit code, less than 0: -15 for SIGTERM, -9 for SIGKILL."""
    return run.answers(terminate).are_all(-15) & run.answers(kill).are_all(-9)


@claim
def a_signal_leaves_no_time_to_clean_up(run: Run) -> Verdict:
    """Ended by either signal, a child does not run its `finally`."""
    return order_in(run, terminate).are_all([AT_WORK, GOES_ON]) & order_in(run, kill).are_all([AT_WORK, GOES_ON])


@claim
def a_zombie_waits_for_its_parent(run: Run) -> Verdict:
    """Under fork and spawn an ended child is a zombie until its parent asks; to ask is to reap it."""
    forked, spawned = run.answers(zombie_under_fork), run.answers(zombie_under_spawn)
    return forked.are_all(("Z", "gone", 0)) & spawned.are_all(("Z", "gone", 0))


@claim
def the_server_reaps(run: Run) -> Verdict:
    """Under forkserver an ended child is gone before the process that started it has asked."""
    return run.answers(reaped_by_forkserver).are_all(("gone", "gone", 0))
