"""Each worker counts by itself, and takes the manager's lock once."""

from multiprocessing import Manager
from typing import Any

from labs.shared_state import WORKERS, in_two_processes


def add_total(shared: Any, lock: Any, count: int) -> None:
    """Count, and add the total to what is shared."""
    own = 0
    for _ in range(count):
        own += 1
    with lock:
        shared.value += own


def manager(managed: int) -> int:
    with Manager() as keeper:
        shared = keeper.Value("q", 0)
        in_two_processes(add_total, shared, keeper.Lock(), managed)
        return WORKERS * managed - int(shared.value)
