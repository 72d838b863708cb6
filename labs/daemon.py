"""What becomes of a thread that is still at work when its program ends?

A process ends when the main thread has ended and every thread has that is no daemon. Daemon threads are not waited for:
they are cut off wherever they are, without a word, and what they meant to do at last is not done. Every variant starts
an interpreter of its own and looks at it from outside, for its end is the lesson. In it a worker waits for a reply from
outside, at a time when the main thread has ended already. The plain worker finds its reply there. For the daemon the
reply comes too late: when its process is gone. And an endless worker, such as an autosave, can only be a daemon, or
else be told to stop.

Predict: which of the lines "worker is done" and "worker cleans up" does each interpreter write, and what is its exit
code?
"""

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from subprocess import PIPE, Popen
from tempfile import TemporaryDirectory
from threading import Event, Thread, current_thread, main_thread

from harness.lab import Facts, Run, Verdict, claim, variant

EDITS = 3
STANDARD_INPUT = 0
BEGINS, DONE, CLEANS_UP, MAIN_ENDS = "worker begins", "worker is done", "worker cleans up", "main thread ends"


def exit_code_of(main: Callable[..., None], reply: bytes = b"", **arguments: object) -> int:
    """Call a function in an interpreter of its own, with a reply on its standard input, which stays open to its end."""
    program = f"from {main.__module__} import {main.__name__} as main; main(**{arguments})"
    with Popen([sys.executable, "-c", program], stdin=PIPE, bufsize=0) as interpreter:
        assert interpreter.stdin
        interpreter.stdin.write(reply)
        return interpreter.wait()


def work(has_begun: Event) -> None:
    """What the worker does: outlive the main thread, take its reply, and clean up at last."""
    try:
        logging.info("%s, daemon: %s", BEGINS, current_thread().daemon)
        has_begun.set()
        main_thread().join()
        os.read(STANDARD_INPUT, 1)
        logging.info(DONE)
    finally:
        logging.info(CLEANS_UP)


def end_before_the_worker(daemon: bool | None = None) -> None:
    """Start the worker, by default as Thread does by default, and end once it is at work."""
    has_begun = Event()
    Thread(target=work, args=(has_begun,), daemon=daemon).start()
    has_begun.wait()
    logging.info(MAIN_ENDS)


@variant(answer="differs", because="it returns an exit code")
def non_daemon() -> int:
    """The main thread ends while a plain thread, the default, is at work; its reply is there."""
    return exit_code_of(end_before_the_worker, reply=b"!")


@variant(answer="differs", because="it returns an exit code")
def daemon() -> int:
    """The main thread ends while a daemon thread is at work; its reply comes after the process's end."""
    return exit_code_of(end_before_the_worker, daemon=True)


def save_for_ever(texts: Queue[str], file: str) -> None:
    """What the autosave does, without end: wait for a text, write it down."""
    while True:
        Path(file).write_text(texts.get(), encoding="utf-8")
        texts.task_done()


def edit(file: str, edits: int) -> None:
    """Edit a text so many times, and end when each has been saved."""
    texts: Queue[str] = Queue()
    Thread(target=save_for_ever, args=(texts, file), daemon=True).start()
    for done in range(1, edits + 1):
        texts.put(f"{done} edits")
    texts.join()


@variant(answer="differs", because="it returns an exit code, and the file that is left")
def autosave(edits: int = EDITS) -> tuple[int, str]:
    """An endless daemon thread saves what the main thread edits."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "text")
        exit_code = exit_code_of(edit, file=str(file), edits=edits)
        return exit_code, file.read_text(encoding="utf-8")


def order_in(run: Run, way: Callable[..., object]) -> Facts:
    """The lines of each sample in the order in which they were logged."""
    samples = [[event.message for event in sample] for sample in run.events(way)]
    logged = [lines for lines in samples if lines]
    return Facts(f"order in {way.__name__}", logged, len(samples) - len(logged))


@claim
def a_plain_thread_is_waited_for(run: Run) -> Verdict:
    """By default a thread is no daemon: the process waits until it has finished and cleaned up."""
    return order_in(run, non_daemon).are_all([f"{BEGINS}, daemon: False", MAIN_ENDS, DONE, CLEANS_UP])


@claim
def a_daemon_is_cut_off(run: Run) -> Verdict:
    """A daemon is cut off at the process's end: it does not finish, and its `finally` does not run."""
    return order_in(run, daemon).are_all([f"{BEGINS}, daemon: True", MAIN_ENDS])


@claim
def the_exit_code_does_not_tell(run: Run) -> Verdict:
    """The process ends with 0, whether a worker was cut off or not."""
    return run.answers(non_daemon).are_all(0) & run.answers(daemon).are_all(0)


@claim
def an_endless_daemon_holds_nothing_up(run: Run) -> Verdict:
    """The autosave never ends, yet its process does, with 0; and what was saved is there."""
    saved = run.answers(autosave).are_all((0, f"{run.knob('edits')} edits"))
    return run.outcomes(autosave).are_all("finished") & saved
