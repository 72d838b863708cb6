"""What a variant leaves in its process when it has returned: threads, worker processes, sockets, shared memory.

Looked at by every measured process after its readings are taken, so it loads next to nothing. Whoever is about to end
by itself gets a moment to. What stays is named, and goes with the process.
"""

from __future__ import annotations

import gc
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from threading import Thread
    from typing import Any

GRACE_SECONDS = 1.0
"""How long threads and processes that are about to end may take."""
SHARED_MEMORY = "/dev/shm"  # noqa: S108 - where Linux keeps named shared memory, not a place for files of ours
MOST_TOLD = 8
CHARACTERS = 120
MOST_MAPPED = 100
LISTEN = "0A"
"""The state of a socket that waits for callers, in /proc/net/tcp."""


class Before:
    """What was there before the variant: its sockets, the named shared memory of the machine, its working folder."""

    __slots__ = ("folder", "shared_memory", "sockets")

    def __init__(self) -> None:
        self.sockets = _sockets()
        self.shared_memory = _names(SHARED_MEMORY)
        self.folder = os.getcwd()


def report(before: Before) -> dict[str, list[str]]:
    """What is left, each thing in a few words; and which new shared memory this process and its children map."""
    gc.collect()
    deadline = time.monotonic() + GRACE_SECONDS
    while (threads := _threads()) or _processes():
        if time.monotonic() > deadline:
            break
        time.sleep(0.005)
    left = [_told_thread(thread, before.folder) for thread in threads.values()]
    left += [f"{'daemon ' if process.daemon else ''}process {process.name}" for process in _processes()]
    gc.collect()  # what those that have ended held
    new = _names(SHARED_MEMORY) - before.shared_memory
    left += _told_sockets(_sockets() - before.sockets)
    left += [f"shared memory {name}" for name in sorted(new & _noted())]
    return {"left_behind": _told(left), "mapped": _mapped(new)[:MOST_MAPPED] if new else []}


def _told(left: list[str]) -> list[str]:
    """What is left, what is alike only once, and no more than fits into a pipe that is read at the end."""
    counts: dict[str, int] = {}
    for name in left:
        counts[name[:CHARACTERS]] = counts.get(name[:CHARACTERS], 0) + 1
    told = [name if count == 1 else f"{name} ×{count}" for name, count in counts.items()]
    return told if len(told) <= MOST_TOLD else [*told[: MOST_TOLD - 1], f"{len(told) - MOST_TOLD + 1} more"]


def holds_up() -> bool:
    """Whether this interpreter would wait at its end for a thread or a process that is left."""
    threads = (thread is not None and not thread.daemon for thread in _threads().values())
    return any(threads) or any(not process.daemon for process in _processes())


def _threads() -> dict[int, Thread | None]:
    """The threads of this process besides the main one, by their kernel's id; None for one that threading has not made.

    Those that threading has made come first, in the order of their starts; where the system lists none, they are all.
    """
    threading = sys.modules.get("threading")
    made = {thread.native_id: thread for thread in threading.enumerate()} if threading else {}
    if threading:
        made.pop(threading.main_thread().native_id, None)
    listed = {int(name) for name in _names("/proc/self/task")} - {os.getpid()}
    if not listed:
        return dict(made)
    in_order = [*(number for number in made if number in listed), *sorted(listed - made.keys())]
    return {number: made.get(number) for number in in_order}


def _told_thread(thread: Thread | None, folder: str) -> str:
    """Its name, and at which line of the lab it is."""
    if thread is None:
        return "thread without a name"
    name = f"{'daemon ' if thread.daemon else ''}thread {thread.name}"
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith(f"{folder}/"):
            return f"{name}, at {file.removeprefix(f'{folder}/')}:{frame.f_lineno}"
        frame = frame.f_back
    return name


def _processes() -> list[Any]:
    """The worker processes of multiprocessing that live; those that have ended are reaped by the question."""
    module = sys.modules.get("multiprocessing.process")
    return [process for process in tuple(module._children) if process.is_alive()] if module else []


def _sockets() -> frozenset[str]:
    """The sockets of this process, as the kernel numbers them."""
    links = (_link(f"/proc/self/fd/{number}") for number in _names("/proc/self/fd"))
    return frozenset(link[8:-1] for link in links if link.startswith("socket:["))


def _told_sockets(sockets: Iterable[str]) -> list[str]:
    """What kind of socket each is, and where it is bound or connected to."""
    wanted = set(sockets)
    told = {}
    for kind in ("tcp", "tcp6") if wanted else ():
        for line in _lines(f"/proc/self/net/{kind}")[1:]:
            fields = line.split()
            port, other = (int(address.rpartition(":")[2], 16) for address in fields[1:3])
            is_listening = fields[3] == LISTEN
            where = f"listening at port {port}" if is_listening else f"connected to port {other}"
            told[fields[9]] = f"socket {where}"
    return sorted(told.get(number, "socket") for number in wanted)


def _noted() -> set[str]:
    """The shared memory that any process of this sample has made (harness/capture)."""
    return set(_lines(f"{os.environ.get('PINLAB_STACKS', '')}/shared_memory"))


def _mapped(names: Iterable[str]) -> list[str]:
    """Which named shared memory this process and its descendants have mapped, whatever its name was then."""
    pending, mapped = [os.getpid()], set()
    while pending:
        process = pending.pop()
        for line in _lines(f"/proc/{process}/maps"):
            fields = line.split(maxsplit=5)
            if len(fields) == 6 and fields[5].startswith(f"{SHARED_MEMORY}/"):
                mapped.add(int(fields[4]))
        for thread in _names(f"/proc/{process}/task"):
            children = " ".join(_lines(f"/proc/{process}/task/{thread}/children"))
            pending += [int(child) for child in children.split()]
    return sorted(name for name in names if _inode(f"{SHARED_MEMORY}/{name}") in mapped)


def _inode(path: str) -> int:
    try:
        return os.stat(path).st_ino
    except OSError:
        return 0


def _names(folder: str) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))
    except OSError:
        return frozenset()


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []
