"""A list that processes share: a manager's process keeps it."""

from multiprocessing import Barrier, Manager, Process
from typing import Any


def write(own: int, all_here: Any, written: Any, seen: Any) -> None:
    """Write one's number to the list that all share, and note what it holds when all have."""
    all_here.wait()
    written.append(own)
    all_here.wait()
    seen.append(sorted(written))


def own_stack_shared_heap(workers: int) -> list[list[int]]:
    with Manager() as keeper:
        written, seen, all_here = keeper.list(), keeper.list(), Barrier(workers)
        crew = [Process(target=write, args=(own, all_here, written, seen)) for own in range(workers)]
        for worker in crew:
            worker.start()
        for worker in crew:
            worker.join()
        return [sorted(written), *seen]
