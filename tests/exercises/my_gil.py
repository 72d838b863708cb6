"""Each thread hands its share to a process, and waits for it without the GIL."""

from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

from labs.gil import count_up, shares


def count_and_send(steps: int, line: Any) -> None:
    """A process that counts, and tells what it counted."""
    line.send(count_up(steps))


def count_elsewhere(steps: int) -> int:
    """A thread that has a process count for it."""
    context = get_context("forkserver")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=count_and_send, args=(steps, there))
    process.start()
    counted: int = here.recv()
    process.join()
    return counted


def threads(workers: int, count: int) -> int:
    with ThreadPoolExecutor(workers) as pool:
        return sum(pool.map(count_elsewhere, shares(workers, count)))
