"""What does it take for two processes to talk to each other?

Within a process a function is called, and its argument is there. Two processes have no memory in common: what one tells
the other goes through the kernel, over a pipe, a socket or a file. One asks and waits for the reply, the other waits
for the next question. Who waits at a pipe or a socket needs no CPU, so the kernel gives it to others until there is
something to read: a context switch, which it counts for each process. A file wakes nobody: its reader looks again and
again, and here it offers its CPU to others after each look in vain.

Predict: how many context switches do a question and its reply take, and does a second core change that?
"""

import os
from collections.abc import Callable
from multiprocessing import Pipe, Process
from multiprocessing.connection import Client, Listener
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from tempfile import TemporaryDirectory

from harness.lab import Run, Verdict, claim, variant

TRIPS = 20_000
COUNTED = "it counts what the talk took"

Hear = Callable[[], int]
Say = Callable[[int], None]
Count = Callable[[], int]


def reply(number: int) -> int:
    """What is asked for: the next number."""
    return number + 1


def switches() -> int:
    """How often the CPU has been taken from this process: because it waited, or because another was to have it."""
    usage = getrusage(RUSAGE_SELF)
    return usage.ru_nvcsw + usage.ru_nivcsw


def ask(trips: int, hear: Hear, say: Say, count: Count = switches) -> int:
    """Once the other is there: ask, wait for the reply, ask on from it; gives what both have counted."""
    number, before = hear(), count()
    for _ in range(trips):
        say(number)
        number = hear()
    return count() - before + hear()


def answer(trips: int, hear: Hear, say: Say, count: Count = switches) -> int:
    """Say that one is there, answer every question, and tell at last what one has counted."""
    say(0)
    before = count()
    for _ in range(trips):
        say(reply(hear()))
    counted = count() - before
    say(counted)
    return counted


@variant(answer="differs", because=COUNTED)
def within_one_process(trips: int = TRIPS) -> int:
    """Baseline: a question is a call, and the reply what it returns. Counts context switches."""
    number, before = 0, switches()
    for _ in range(trips):
        number = reply(number)
    return switches() - before


@variant(answer="differs", because=COUNTED)
def over_pipe(trips: int = TRIPS) -> int:
    """Two processes, a pipe for the questions and one for the replies. Counts context switches."""
    questions, asking = Pipe(duplex=False)
    replies, answering = Pipe(duplex=False)
    other = Process(target=answer, args=(trips, questions.recv, answering.send))
    other.start()
    counted = ask(trips, replies.recv, asking.send)
    other.join()
    return counted


def answer_at(trips: int, address: tuple[str, int]) -> None:
    """Connect to an address, and answer there."""
    with Client(address) as line:
        answer(trips, line.recv, line.send)


@variant(answer="differs", because=COUNTED)
def over_socket(trips: int = TRIPS) -> int:
    """Two processes, a network connection for both. Counts context switches."""
    with Listener(("127.0.0.1", 0)) as listener:
        other = Process(target=answer_at, args=(trips, listener.address))
        other.start()
        with listener.accept() as line:
            counted = ask(trips, line.recv, line.send)
        other.join()
    return counted


def in_files(talk: Callable[..., int], trips: int, heard: Path, said: Path) -> int:
    """Ask or answer by reading the numbers of one file and appending to another, and count the looks in vain."""
    vain = 0
    with heard.open("rb", buffering=0) as reader, said.open("ab", buffering=0) as writer:

        def hear() -> int:
            nonlocal vain
            while not (found := reader.read(8)):
                vain += 1
                os.sched_yield()
            return int.from_bytes(found, "big")

        def say(number: int) -> None:
            writer.write(number.to_bytes(8, "big"))

        return talk(trips, hear, say, lambda: vain)


@variant(answer="differs", because=COUNTED)
def over_file(trips: int = TRIPS) -> int:
    """Two processes, a file for the questions and one for the replies. Counts the looks at nothing new."""
    with TemporaryDirectory() as folder:
        questions, replies = Path(folder, "questions"), Path(folder, "replies")
        questions.touch()
        replies.touch()
        other = Process(target=in_files, args=(answer, trips, questions, replies))
        other.start()
        counted = in_files(ask, trips, replies, questions)
        other.join()
    return counted


@claim
def each_trip_takes_a_context_switch(run: Run) -> Verdict:
    """A question and its reply take at least one context switch, over a pipe as over a socket."""
    trips = int(run.knob("trips"))
    return run.answers(over_pipe).are_all_at_least(trips) & run.answers(over_socket).are_all_at_least(trips)


@claim
def a_call_takes_none(run: Run) -> Verdict:
    """Calls within a process take next to none: fewer than one for a hundred."""
    return run.answers(within_one_process).are_all_at_most(int(run.knob("trips")) / 100)


@claim
def a_file_wakes_nobody(run: Run) -> Verdict:
    """A question and its reply in files take at least one look at which nothing new is there."""
    return run.answers(over_file).are_all_at_least(int(run.knob("trips")))


@claim
def a_trip_costs_many_calls(run: Run) -> Verdict:
    """A question and its reply between processes take as long as a hundred calls, over a pipe as over a socket."""
    pipe, socket = run.ratio(over_pipe, to=within_one_process), run.ratio(over_socket, to=within_one_process)
    return pipe.is_at_least(100) & socket.is_at_least(100)
