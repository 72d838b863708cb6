"""A lab's own output: drained into lab.log up to a limit, so that a flood costs neither disk nor memory.

The measuring parent is blocked while a variant runs and reads nothing; so the draining is a process of its own, which
sleeps as long as nothing is printed.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import termios
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

COUNT = struct.Struct("q")
CHUNK = 1 << 16
INHERITED = 1024
"""More than the file descriptors that the measuring parent ever has open."""


class LabLog:
    """lab.log of a run, fed through a pipe.

    Args:
        path: The file; it is appended to.
        limit_bytes: How much of the labs' output is kept in all.
    """

    def __init__(self, path: Path, limit_bytes: int) -> None:
        self._path = path
        self._limit = limit_bytes
        self._count = mmap.mmap(-1, COUNT.size)
        read_end, self.write_end = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            self._drain(read_end)
        os.close(read_end)

    def bytes_seen(self) -> int:
        """How many bytes the lab has written so far, kept or not."""
        (count,) = COUNT.unpack(self._count[:])
        return int(count)

    def is_full(self) -> bool:
        """Whether more was written than is kept."""
        return self.bytes_seen() > self._limit

    def note(self, text: str) -> None:
        """Add lines of the harness's own behind what was printed so far, whatever the limit."""
        self.settle()
        with self._path.open("a", encoding="utf-8") as file:
            file.write(text if text.endswith("\n") else text + "\n")

    def settle(self) -> None:
        """Wait until all that was written so far has been read out of the pipe."""
        while struct.unpack("i", fcntl.ioctl(self.write_end, termios.FIONREAD, bytes(4)))[0]:
            time.sleep(0.001)

    def close(self) -> None:
        """End the draining once everything written has been read, and say what was not kept."""
        if self.is_full():
            self.note(f"… {self.bytes_seen() - self._limit} bytes more were written and not kept (limit {self._limit})")
        os.close(self.write_end)
        os.waitpid(self.process, 0)

    def _drain(self, read_end: int) -> None:
        """Be the draining process; never returns."""
        status = 1
        try:
            os.dup2(read_end, 0)
            os.closerange(1, INHERITED)  # other logs' pipes among them, which must not be held open from here
            seen = 0
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            while chunk := os.read(0, CHUNK):
                os.write(file, chunk[: max(0, self._limit - seen)])
                seen += len(chunk)
                self._count[:] = COUNT.pack(seen)
            status = 0
        finally:
            os._exit(status)
