"""What is read of the kernel just before and after a variant: CPU time, waiting, switches, what was written, others.

Imported by every measured process, so it loads next to nothing. What a system does not tell is None, never 0.
"""

from __future__ import annotations

import os
import resource
import time

from harness import cgroup

TYPE_CHECKING = False
if TYPE_CHECKING:
    Readings = dict[str, float | None]

TICK = os.sysconf("SC_CLK_TCK")


def take(cpus: list[int], own_cgroup: bool) -> Readings:
    """Everything that is counted, read in one go, outside the time that is measured.

    Args:
        cpus: The CPUs of the run's set.
        own_cgroup: Whether this process's control group holds the run and nothing else, so that it can count for it.
    """
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    living = _living_descendants()
    children_seconds = children.ru_utime + children.ru_stime + sum(map(_seconds_of, living))
    written = _written(living)
    busy, stolen = _busy_and_stolen_seconds(cpus)
    return {
        "cpu_seconds": cgroup.cpu_seconds() if own_cgroup else own.ru_utime + own.ru_stime + children_seconds,
        "children_seconds": children_seconds,
        "throttled_seconds": cgroup.throttled_seconds() if own_cgroup else None,
        "throttled_periods": cgroup.throttled_periods() if own_cgroup else None,
        "pressure_seconds": cgroup.pressure_seconds() if own_cgroup else None,
        "busy_seconds": busy,
        "steal_seconds": stolen,
        "main_thread_seconds": time.thread_time(),
        "run_delay_seconds": _run_delay_seconds(),
        "written_bytes": None if written is None else written[0],
        "writes": None if written is None else written[1],
        "voluntary_switches": float(own.ru_nvcsw + children.ru_nvcsw),
        "involuntary_switches": float(own.ru_nivcsw + children.ru_nivcsw),
        "harness_switches": _switches_of(os.getppid()),
    }


def wait_until_asleep(process: int) -> None:
    """Wait until a process sleeps, at most a tenth of a second: the measuring parent, which may still be about to."""
    for _ in range(100):
        stat = _content(f"/proc/{process}/stat")
        if stat is None or stat.rpartition(")")[2].split()[0] == "S":
            return
        time.sleep(0.001)


def difference(before: Readings, after: Readings) -> Readings:
    """What came to be between two readings; "foreign_seconds" is the others' share of the CPUs' busy time."""
    found: Readings = {}
    for key, start in before.items():
        end = after[key]
        found[key] = None if start is None or end is None else max(0.0, end - start)
    busy, own = found.pop("busy_seconds"), found["cpu_seconds"]
    found["foreign_seconds"] = None if busy is None or own is None else max(0.0, busy - own)
    return found


def _content(path: str) -> str | None:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return None


def _run_delay_seconds() -> float | None:
    """For how long the living threads of this process wanted a CPU and had none: field 2 of schedstat (proc(5))."""
    try:
        threads = os.listdir("/proc/self/task")
    except OSError:
        return None
    total = 0
    for thread in threads:
        text = _content(f"/proc/self/task/{thread}/schedstat")
        if text is not None:
            total += int(text.split()[1])
    return total / 1e9


def _busy_and_stolen_seconds(cpus: list[int]) -> tuple[float | None, float | None]:
    """How long the CPUs have been busy with anything of this system, and how long the host had them, by /proc/stat.

    Busy is all but idle and iowait; stolen is what a virtual machine's host gave to others while work was waiting.
    """
    text = _content("/proc/stat")
    if text is None:
        return None, None
    wanted = {f"cpu{cpu}" for cpu in cpus}
    ticks = stolen = 0
    for line in text.splitlines():
        name, *fields = line.split()
        if name in wanted:
            user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields[:8])
            ticks += user + nice + system + irq + softirq
            stolen += steal
    return ticks / TICK, stolen / TICK


def _switches_of(process: int) -> float | None:
    """How often a process has been switched to and from; the measuring parent's must not change while it waits."""
    text = _content(f"/proc/{process}/status")
    if text is None:
        return None
    return float(sum(int(line.split()[1]) for line in text.splitlines() if "voluntary_ctxt_switches" in line))


def _living_descendants() -> list[int]:
    """The processes started from here that still live, such as a fork server."""
    found: list[int] = []
    pending = _children_of(os.getpid())
    while pending:
        child = pending.pop()
        found.append(child)
        pending += _children_of(child)
    return found


def _seconds_of(process: int) -> float:
    """CPU seconds of a process, with those of the processes that it has waited for (proc(5))."""
    stat = _content(f"/proc/{process}/stat")
    return 0.0 if stat is None else sum(map(int, stat.rpartition(")")[2].split()[11:15])) / TICK


def _written(living: list[int]) -> tuple[float, float] | None:
    """Bytes and calls of write(2) by this process, the descendants that live, and all that each of them has waited for.

    The kernel adds what a process has written to the one that waits for it. sendto(2) and shared memory do not count.
    """
    found = [_written_by("self"), *(_written_by(str(process)) for process in living)]
    told = [each for each in found if each is not None]
    if len(told) < len(found):
        return None
    return float(sum(size for size, _ in told)), float(sum(calls for _, calls in told))


def _written_by(process: str) -> tuple[int, int] | None:
    """Bytes and calls of one process; nothing of one that is gone, whose parent has it now."""
    text = _content(f"/proc/{process}/io")
    if text is None:
        return (0, 0) if _content(f"/proc/{process}/stat") is None and process != "self" else None
    fields = dict(line.split(": ") for line in text.splitlines())
    return int(fields["wchar"]), int(fields["syscw"])


def _children_of(process: int) -> list[int]:
    try:
        threads = os.listdir(f"/proc/{process}/task")
    except OSError:
        return []
    texts = (_content(f"/proc/{process}/task/{thread}/children") for thread in threads)
    return [int(child) for text in texts if text for child in text.split()]
