"""What every goal is given: a folder, chance, CPUs, interpreters, and ways to run and time a command."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figures import NotRun

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
LONGEST_SECONDS = 1800.0
BEGAN = time.monotonic()


@dataclass(frozen=True)
class Bench:
    """What a goal's benchmark is given.

    Attributes:
        short: Whether to repeat little and work little, to see that everything works.
        repeats: Every number of repetitions is multiplied by this.
        chance: Of all orders and resamples.
        folder: A temporary folder.
        cpus: The CPUs to use, ascending.
        python: The interpreter that is measured; it has pyperf where `pyperf` says so.
        pyperf: Why there is no pyperf, or "".
        workshop: The workshop of goal 9, a name or a file; "" for its own choice.
    """

    short: bool
    repeats: float
    chance: random.Random
    folder: Path
    cpus: tuple[int, ...]
    python: Path
    pyperf: str
    workshop: str = ""

    def times(self, full: int, short: int) -> int:
        """How often to repeat something."""
        return max(2, round((short if self.short else full) * self.repeats))

    @property
    def last_cpu(self) -> int:
        """The CPU for work on a single one."""
        return self.cpus[-1]

    def progress(self, what: str) -> Callable[[int, int], None]:
        """What tells how many rounds are done, each time another tenth of them is."""

        def say(done: int, times: int) -> None:
            if done * 10 // times != (done - 1) * 10 // times:
                self.say(f"{what}: round {done + 1} of {times}")

        return say

    def say(self, line: str) -> None:
        """Tell how far it is."""
        sys.stderr.write(f"    {time.monotonic() - BEGAN:5.0f} s  {line}\n")
        sys.stderr.flush()


def need(program: str, advice: str) -> str:
    """The path of a program.

    Raises:
        NotRun: If there is none.
    """
    found = shutil.which(program)
    if found is None:
        raise NotRun(f"there is no {program} here ({advice})")
    return found


def said(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    codes: tuple[int, ...] = (0,),
    cpus: Sequence[int] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command and give what it says.

    Args:
        command: Program and arguments.
        cwd: Its folder.
        env: Its whole environment; by itself this one.
        codes: The exit codes that are no fault.
        cpus: The CPUs to pin it to.

    Raises:
        NotRun: If it ends otherwise.
    """
    words = " ".join(Path(word).name if "/" in str(word) else str(word) for word in command)
    try:
        with _pinned(cpus):
            done = subprocess.run(
                list(map(str, command)),
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=LONGEST_SECONDS,
                check=False,
            )
    except subprocess.TimeoutExpired:
        raise NotRun(f"`{words[:80]}` had not ended after {LONGEST_SECONDS / 60:.0f} minutes") from None
    if done.returncode not in codes:
        last = ((done.stderr or done.stdout).strip().splitlines() or ["it said nothing"])[-1]
        raise NotRun(f"`{words[:80]}` gave {done.returncode}: {last}")
    return done


def seconds_of(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    codes: tuple[int, ...] = (0,),
) -> float:
    """Wall seconds of a command from its start to its end."""
    start = time.perf_counter()
    said(command, cwd=cwd, env=env, codes=codes)
    return time.perf_counter() - start


def invoke(*words: str, search_root: Path = ROOT) -> list[str]:
    """The command that ./invoke becomes."""
    program = Path(sys.executable).parent / "invoke"
    start = [str(program)] if program.exists() else ["-m", "invoke"]
    return [sys.executable, *start, "--write-pyc", "--search-root", str(search_root), *words]


@contextlib.contextmanager
def _pinned(cpus: Sequence[int] | None) -> Iterator[None]:
    """Pin this process for a while, so that what it starts is."""
    if cpus is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
