"""Runs scripts that hang, as children under the capture, and takes their stacks once they stand where they should.

A line of the script that ends in ``# here`` is one where a thread is to stand; ``# here 2`` waits for two of them.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
from collections import Counter
from pathlib import Path
from textwrap import dedent

from harness.events import environment
from harness.hang import Explanation, StackThread, catches_stack_signal, explain, is_idle, parse_stacks

LOOKS = 1500
LOOK_MILLISECONDS = 20


def tree(process: int) -> list[int]:
    """A process and all that descend from it."""
    found = [process]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += [int(child) for child in task.read_text().split()]
    return found


def shows_stacks(process: int, folder: Path) -> bool:
    """Whether the signal for the stacks does not end the process: its own start must be over, and the handler there."""
    if not (folder / f"{process}.txt").exists():
        return False
    with contextlib.suppress(OSError):
        return catches_stack_signal(Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace"))
    return False


def used(process: int) -> dict[int, float]:
    """CPU seconds of each thread of a process, as fine as the kernel counts them."""
    found = {}
    for thread in Path(f"/proc/{process}/task").glob("*"):
        with contextlib.suppress(OSError):
            found[int(thread.name)] = int((thread / "schedstat").read_text().split()[0]) / 1e9
    return found


def may_be_asked(process: int, before: dict[int, float]) -> bool:
    """Whether its stacks can be taken: faulthandler may crash on the frames of other threads that go on running."""
    now = used(process)
    return len(now) == 1 or is_idle(before, now)


def stacks_of(process: int, folder: Path) -> dict[int, tuple[StackThread, ...]]:
    """The last dump of every process that has written one."""
    files = {each: folder / f"{each}.txt" for each in tree(process)}
    return {each: parse_stacks(file.read_text()) for each, file in files.items() if file.exists()}


def standing(processes: dict[int, tuple[StackThread, ...]], file: Path) -> Counter[int]:
    """How many threads stand at each line of a file, by their innermost frame in it."""
    lines: Counter[int] = Counter()
    for threads in processes.values():
        for thread in threads:
            lines.update([frame.line for frame in thread.own_frames if frame.file == str(file)][:1])
    return lines


def expected(script: str) -> Counter[int]:
    """The lines at which threads are to stand."""
    marks = [(number, re.search(r"# here ?(\d*)$", line)) for number, line in enumerate(script.splitlines(), 1)]
    return Counter({number: int(mark[1] or 1) for number, mark in marks if mark})


def source_of(file: str) -> str | None:
    """The text of a source file."""
    try:
        return Path(file).read_text(encoding="utf-8")
    except OSError:
        return None


def hang(
    python: str, folder: Path, script: str, *, idle: bool = True, feeder: bool = False, strangers: int = 0
) -> Explanation:
    """Run a script until its threads stand at the marked lines, end it, and explain its stacks.

    Args:
        python: The interpreter.
        folder: An empty folder.
        script: The lab; it must hang.
        idle: What the explanation is told of the use of CPU.
        feeder: Whether a queue's feeder thread is to stand in a write as well.
        strangers: How many processes are to be there that show no stacks, since they are no Python.
    """
    file = folder / "lab.py"
    script = dedent(script)
    file.write_text(script, encoding="utf-8")
    stacks = folder / "stacks"
    stacks.mkdir()
    with (folder / "output").open("wb") as output:
        child = subprocess.Popen(
            [python, str(file)],
            env={**os.environ, **environment(folder / "events.jsonl", stacks, "lab.0")},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    members = [child.pid]
    try:
        ended = select.poll()
        ended.register(os.pidfd_open(child.pid), select.POLLIN)
        last: dict[int, tuple[StackThread, ...]] = {}
        for _ in range(LOOKS):
            members = tree(child.pid)
            before = {each: used(each) for each in members}
            ended.poll(LOOK_MILLISECONDS)
            asked = [each for each in members if shows_stacks(each, stacks) and may_be_asked(each, before[each])]
            for each in asked:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each, signal.SIGUSR1)
            if ended.poll(LOOK_MILLISECONDS):
                raise AssertionError(f"the script ended with {child.wait()}: {(folder / 'output').read_text()}")
            now = stacks_of(child.pid, stacks)
            feeds = not feeder or any("_send" in {frame.function for frame in thread.frames[:2]}
                                      for threads in now.values() for thread in threads)  # fmt: skip
            all_up = len(members) - len(asked) == strangers
            if now == last and all_up and feeds and expected(script) <= standing(now, file):
                return explain(now, source_of, idle=idle, unseen=strangers)
            last = now
        raise AssertionError(f"not all threads came to stand: {standing(last, file)}, not {expected(script)}")
    finally:
        for each in reversed(members[1:]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        child.kill()  # which knows whether it was reaped
        child.wait()
