"""Who has the last word: the main thread, or the thread that it started?

`start()` returns as soon as the new thread is under way, and from then on there are two. Nothing but `join()` says that
the main thread is to wait for the other. How long the worker takes would be left to the scheduler, so it is held: it
says its last line only when the main thread is past it, or waits for it. What is likely then happens every time, and
the first two variants differ in the line with `join()` alone. Where nobody joins, not even at the very end, the
interpreter itself does: it does not end before its last thread has. To see that, the last variant runs in an
interpreter of its own, with a worker that is held until the main thread has ended.

Predict: in each variant, whose line comes last, and does the process end before the worker has said its line?
"""

import logging
import subprocess
import sys
from collections.abc import Callable
from threading import Event, Thread, main_thread

from harness.lab import Facts, Run, Verdict, claim, variant

MAIN, WORKER = "main thread: last line", "worker: last line"


def work(until_let_go: Callable[[], object]) -> None:
    """What a worker does: it is at it until it is let go, and says its last line."""
    until_let_go()
    logging.info(WORKER)


class HeldWorker:
    """A worker and its thread. It is at work until it is let go; who joins it lets it go."""

    def __init__(self) -> None:
        self.let_go = Event()
        self.thread = Thread(target=work, args=(self.let_go.wait,))

    def join(self) -> None:
        """Let it go, and wait until its thread has ended."""
        self.let_go.set()
        self.thread.join()


@variant(answer="differs", because="it returns whether the worker lives on after the main thread's line, as it does")
def without_join() -> bool:
    """The main thread starts the worker and goes on."""
    worker = HeldWorker()
    worker.thread.start()
    logging.info(MAIN)
    lives_on = worker.thread.is_alive()
    worker.let_go.set()
    return lives_on


@variant(answer="differs", because="it returns whether the worker lives on after the main thread's line, as it cannot")
def with_join() -> bool:
    """The main thread starts the worker, joins it, and goes on."""
    worker = HeldWorker()
    worker.thread.start()
    worker.join()
    logging.info(MAIN)
    lives_on = worker.thread.is_alive()
    worker.let_go.set()
    return lives_on


@variant(answer="differs", because="it returns the exit code of an interpreter")
def left_to_the_interpreter() -> int:
    """In an interpreter of its own the main thread starts a worker and ends; the worker is let go by that."""
    program = f"import {__name__} as lab; lab.leave_a_worker()"
    return subprocess.run([sys.executable, "-c", program], check=False).returncode


def leave_a_worker() -> None:
    """Start a worker that outlives the main thread, and leave it to itself."""
    Thread(target=work, args=(main_thread().join,)).start()
    logging.info(MAIN)


def order_in(run: Run, way: Callable[..., object]) -> Facts:
    """The lines of each sample in the order in which they were logged."""
    samples = [[event.message for event in sample] for sample in run.events(way)]
    logged = [lines for lines in samples if lines]
    return Facts(f"order in {way.__name__}", logged, len(samples) - len(logged))


@claim
def main_goes_on_without_join(run: Run) -> Verdict:
    """Without join, the main thread's last line comes before the worker's, while the worker is alive."""
    return order_in(run, without_join).are_all([MAIN, WORKER]) & run.answers(without_join).are_all(True)


@claim
def main_waits_with_join(run: Run) -> Verdict:
    """With join, the main thread's last line comes after the worker's, and the worker has ended."""
    return order_in(run, with_join).are_all([WORKER, MAIN]) & run.answers(with_join).are_all(False)


@claim
def the_interpreter_waits_too(run: Run) -> Verdict:
    """Where nobody joins, the main thread ends first, and the process only when the worker has said its line."""
    ended = run.answers(left_to_the_interpreter).are_all(0)
    return order_in(run, left_to_the_interpreter).are_all([MAIN, WORKER]) & ended
