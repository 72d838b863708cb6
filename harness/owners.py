"""Who a run belongs to: names for this process and this clone, and how interrupts wait while things are put away."""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import os
import platform
import signal
import threading
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def this_process() -> str:
    """Names this process: its host, its number and when it began."""
    return f"{platform.node()}:{os.getpid()}:{psutil.Process().create_time():.0f}"


def is_alive(owner: str) -> bool:
    """Whether the process that a run belongs to still lives; one on another host counts as living."""
    try:
        host, number, began = owner.rsplit(":", 2)
        if host != platform.node():
            return True
        return abs(psutil.Process(int(number)).create_time() - int(began)) <= 1
    except (ValueError, psutil.NoSuchProcess):
        return False


def clone_of(root: Path) -> str:
    """Names this clone and its user: 10 hex digits."""
    user = str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    return hashlib.sha256(f"{platform.node()}\0{user}\0{root.resolve()}".encode()).hexdigest()[:10]


def volume_of(root: Path) -> str:
    """The name of the volume that this clone's containers share."""
    return f"pinlab-results-{clone_of(root)}"


def user() -> str:
    """The name of the user, or the number where there is no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid()) if hasattr(os, "getuid") else "somebody"


@contextlib.contextmanager
def one_more_interrupt_ends_at_once() -> Iterator[None]:
    """While things are put away, hold back the first interrupt until it is done; a second one ends at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    seen: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def hold_back(number: int, _frame: object) -> None:
        seen.append(number)
        if len(seen) > 1:
            os._exit(128 + number)

    for number in before:
        signal.signal(number, hold_back)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
