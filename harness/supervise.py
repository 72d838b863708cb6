"""Start a measured process, wait for its end within a deadline, and clear away whatever it leaves.

While it runs this side is blocked in one system call. Only a process that is meant to hang is looked at meanwhile.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from harness import hang as hangs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PR_SET_CHILD_SUBREAPER = 36
RESOURCE_TRACKER = "multiprocessing.resource_tracker"
GRACE_SECONDS = 1.0
"""How long the helpers of a finished process (forkserver, resource tracker) may take to end by themselves."""
IDLE_SECONDS = 0.3
"""For how long no thread may use any CPU before a process counts as idle."""
STACK_SIGNAL = signal.SIGUSR1
"""What every measured interpreter answers with its stacks (harness/capture)."""
STACKS_SECONDS = 2.0
"""How long to wait for the stacks that a signal asks for."""


@dataclass(frozen=True)
class Hang:
    """A process that was stopped because it did not end.

    Attributes:
        idle: Whether none of its threads used any CPU in the last IDLE_SECONDS.
        stacks: What faulthandler wrote, by process id.
        unseen: How many of its processes wrote none.
    """

    idle: bool
    stacks: Mapping[int, str]
    unseen: int


@dataclass(frozen=True)
class Ended:
    """How a measured process ended.

    Attributes:
        exit_code: Of the process; negative is the number of the signal that ended it.
        wall_seconds: From its start to its end, the interpreter's own start and end included.
        cpu_seconds: User and system time of the process and all it started.
        peak_memory_bytes: Largest resident set of any single one of them.
        report: What it wrote to the result pipe.
        hang: Set where it had to be stopped.
        left_behind: The command lines of the processes that outlived it and were ended.
    """

    exit_code: int
    wall_seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    report: str
    hang: Hang | None
    left_behind: tuple[str, ...]


def become_subreaper() -> bool:
    """Inherit the orphans of all processes started from here, so that none escapes; False where the system cannot."""
    if sys.platform != "linux":
        return False
    return bool(ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    folder: Path,
    output: int,
    deadline_seconds: float,
    stacks: Path,
    spare: frozenset[int],
    is_stuck: Callable[[Hang], bool] | None = None,
    reports: bool = True,
) -> Ended:
    """Run a command to its end, or to the deadline.

    Args:
        command: Program and arguments.
        environment: Its whole environment.
        folder: Its working folder.
        output: Where its standard output and error go.
        deadline_seconds: When it is stopped.
        stacks: The folder that faulthandler writes to.
        spare: Processes of the harness, never touched.
        reports: Whether to append, as the last argument, the number of a pipe's end that it writes its report to.
        is_stuck: For a process that is meant to hang: asked with its stacks whenever it is idle, whether to stop.
    """
    result_out, result_in = os.pipe()
    start = time.monotonic()
    process = subprocess.Popen(
        [*command, *([str(result_in)] if reports else [])],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd=folder,
        env=dict(environment),
        pass_fds=(result_in,),
        start_new_session=True,
    )
    os.close(result_in)
    bill = _Bill()
    hang: Hang | None = None
    left_behind: tuple[str, ...] = ()
    try:
        hang = _wait(process.pid, start + deadline_seconds, stacks, spare, is_stuck)
        wall = time.monotonic() - start
    finally:
        if hang is not None or not _has_ended(process.pid):
            _kill_all_but_cleaners(process.pid)
        process.returncode = bill.settle(process.pid)
        left_behind = _clear_away(bill, spare, GRACE_SECONDS)
        report = _drained(result_out)
    return Ended(
        exit_code=process.returncode,
        wall_seconds=wall,
        cpu_seconds=bill.cpu_seconds,
        peak_memory_bytes=bill.peak_memory_bytes,
        report=report,
        hang=hang,
        left_behind=() if hang else left_behind,
    )


class _Bill:
    """What the processes that were waited for have used."""

    def __init__(self) -> None:
        self.cpu_seconds = 0.0
        self.peak_memory_bytes = 0

    def settle(self, process: int) -> int:
        """Wait for a child, add its use, and give its exit code."""
        _, status, usage = os.wait4(process, 0)
        self.cpu_seconds += usage.ru_utime + usage.ru_stime
        unit = 1 if sys.platform == "darwin" else 1024
        self.peak_memory_bytes = max(self.peak_memory_bytes, usage.ru_maxrss * unit)
        return os.waitstatus_to_exitcode(status)


def _wait(
    process: int, deadline: float, stacks: Path, spare: frozenset[int], is_stuck: Callable[[Hang], bool] | None
) -> Hang | None:
    """Wait for the end of a child without reaping it; what is known of the hang, where it had to be given up."""
    try:
        end = os.pidfd_open(process)
    except (AttributeError, OSError):
        return _wait_by_asking(process, deadline, stacks, spare, is_stuck)
    with os.fdopen(end, "rb"):
        poll = select.poll()
        poll.register(end, select.POLLIN)
        while True:
            left = deadline - time.monotonic()
            slice_seconds = left if is_stuck is None else min(left, IDLE_SECONDS)
            if poll.poll(max(0, slice_seconds * 1000)):
                return None
            found = _give_up_or_go_on(process, deadline, stacks, spare, is_stuck)
            if found is not None:
                return found


def _wait_by_asking(
    process: int, deadline: float, stacks: Path, spare: frozenset[int], is_stuck: Callable[[Hang], bool] | None
) -> Hang | None:
    """Wait where there are no process file descriptors (macOS): ask again and again."""
    while not _has_ended(process):
        if time.monotonic() > deadline or is_stuck is not None:
            found = _give_up_or_go_on(process, deadline, stacks, spare, is_stuck)
            if found is not None:
                return found
        time.sleep(0.01)
    return None


def _give_up_or_go_on(
    process: int, deadline: float, stacks: Path, spare: frozenset[int], is_stuck: Callable[[Hang], bool] | None
) -> Hang | None:
    over = time.monotonic() >= deadline
    if over or _is_idle(process):
        idle, processes = _is_idle(process), len(_tree(process))
        written = _ask_for_stacks(process, stacks, spare)
        hang = Hang(idle, written, processes - len(written))
        if over or (is_stuck is not None and is_stuck(hang)):
            return hang
    return None


def _has_ended(process: int) -> bool:
    """Whether a child has ended, without reaping it."""
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _tree(process: int) -> list[psutil.Process]:
    """A process and all it has started that still live."""
    try:
        root = psutil.Process(process)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _cpu_seconds_by_thread(process: int) -> dict[int, float]:
    found: dict[int, float] = {}
    for member in _tree(process):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            found |= {thread.id: thread.user_time + thread.system_time for thread in member.threads()}
    return found


def _is_idle(process: int) -> bool:
    """Whether no thread of the tree uses any CPU over IDLE_SECONDS."""
    before = _cpu_seconds_by_thread(process)
    time.sleep(IDLE_SECONDS)
    return hangs.is_idle(before, _cpu_seconds_by_thread(process))


def _kill_all_but_cleaners(process: int) -> None:
    """Kill a process and what it has started, but for multiprocessing's resource tracker.

    That one ends by itself when the others have, and takes their named semaphores and shared memory along.
    """
    for member in _tree(process):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if member.pid == process or RESOURCE_TRACKER not in " ".join(member.cmdline()):
                member.kill()


def _ask_for_stacks(process: int, stacks: Path, spare: frozenset[int]) -> dict[int, str]:
    """Have each interpreter of the tree write its threads' stacks, and read them.

    Only those that have made their file and have a handler for the signal are asked: it would end the others. A child
    between fork and exec still shows its parent's handler, but has no file of its own.
    """
    asked = {}
    for member in _tree(process):
        path = stacks / f"{member.pid}.txt"
        if member.pid not in spare and path.exists() and _catches_stack_signal(member.pid):
            asked[path] = path.stat().st_size
            with contextlib.suppress(psutil.NoSuchProcess):
                member.send_signal(STACK_SIGNAL)
    deadline = time.monotonic() + STACKS_SECONDS
    found = {int(path.stem): _appended(path, size, deadline) for path, size in asked.items()}
    return {member: text for member, text in found.items() if text}


def _appended(path: Path, size: int, deadline: float) -> str:
    """What has been written to a file behind its former size, once it stops growing."""
    last = -1
    while time.monotonic() < deadline:
        now = path.stat().st_size if path.exists() else 0
        if now > size and now == last:
            break
        last = now
        time.sleep(0.02)
    return path.read_bytes()[size:].decode(errors="replace") if path.exists() else ""


def _catches_stack_signal(process: int) -> bool:
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return hangs.catches_stack_signal(status)


def _clear_away(bill: _Bill, spare: frozenset[int], grace_seconds: float) -> tuple[str, ...]:
    """End and reap every process that is left; the names of those that did not go by themselves."""
    deadline = time.monotonic() + grace_seconds
    named: dict[int, str] = {}
    while left := _left(bill, spare):
        if time.monotonic() < deadline:
            time.sleep(0.005)
            continue
        for member in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                named.setdefault(member.pid, " ".join(member.cmdline())[:200] or member.name())
                member.kill()
        time.sleep(0.002)
    return tuple(named.values())


def _left(bill: _Bill, spare: frozenset[int]) -> list[psutil.Process]:
    """The descendants that still live, once those that have ended are reaped."""
    children = [child for child in _children() if child not in spare]
    for child in children:
        if _has_ended(child):
            bill.settle(child)
    if not children:  # orphans become children of this process, so nothing lives below it either
        return []
    return [child for child in psutil.Process().children(recursive=True) if child.pid not in spare]


def _children() -> list[int]:
    """The children of this process, ended ones included: from the kernel's own list, where psutil reads all of /proc.

    That list may skip one where another is being reaped meanwhile; only this process reaps these.
    """
    try:
        lists = [(task / "children").read_text(encoding="ascii") for task in Path("/proc/self/task").iterdir()]
    except OSError:  # macOS, or a kernel without CONFIG_PROC_CHILDREN
        return [child.pid for child in psutil.Process().children()]
    return [int(child) for line in lists for child in line.split()]


def _drained(pipe: int) -> str:
    """What is in a pipe, without waiting for more."""
    os.set_blocking(pipe, False)
    data = b""
    with os.fdopen(pipe, "rb", buffering=0) as file:
        while chunk := file.read(1 << 16):
            data += chunk
    return data.decode(errors="replace")
