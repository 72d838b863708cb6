"""A neighbour that disturbs: a CPU hog on each of some CPUs that switches itself on and off at random."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HOG = """
import os, random, sys, time
seed, cpu, on, off, parent = int(sys.argv[1]), int(sys.argv[2]), *map(float, sys.argv[3:5]), int(sys.argv[5])
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {cpu})
chance = random.Random(seed)
while os.getppid() == parent:
    end = time.monotonic() + chance.expovariate(1 / on)
    while time.monotonic() < end and os.getppid() == parent:
        sum(range(10_000))
    end = time.monotonic() + chance.expovariate(1 / off)
    while time.monotonic() < end and os.getppid() == parent:
        time.sleep(min(0.2, max(0.0, end - time.monotonic())))
"""


@contextlib.contextmanager
def bursts(cpus: Sequence[int], seed: int, *, on_seconds: float = 2.0, off_seconds: float = 3.0) -> Iterator[None]:
    """Have a hog come and go on each of the CPUs; each is ended by its id at the end, and ends itself without us.

    Args:
        cpus: One hog on each.
        seed: Of when they come and go.
        on_seconds: How long one stays, on average.
        off_seconds: How long it is away, on average.
    """
    hogs: list[subprocess.Popen[bytes]] = []
    try:
        for cpu in cpus:
            words = map(str, (seed + cpu, cpu, on_seconds, off_seconds, os.getpid()))
            hogs.append(subprocess.Popen([sys.executable, "-c", HOG, *words], stdin=subprocess.DEVNULL))
        yield
    finally:
        for hog in hogs:
            hog.kill()
        for hog in hogs:
            hog.wait()
