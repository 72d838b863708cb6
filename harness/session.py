"""A session: one measuring process on one set of CPUs, spoken to in lines of JSON; both runners are one."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Protocol

from harness import request as requests
from harness.errors import OwnFault, PinlabError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.request import Request

    Message = dict[str, Any]

CLOSING_SECONDS = 15.0
"""How long a measuring process may take to close its runs when it is told to end."""


class EngineLost(PinlabError):
    """The engine or the measuring process went away while a run was under way."""

    exit_code = 70


class Session(Protocol):
    """One measuring process on one set of CPUs.

    Attributes:
        requests: What its runs are asked to do.
    """

    requests: tuple[Request, ...]

    def open(self) -> None:
        """Bring the run folders to where they are measured, and start the measuring process."""

    def send(self, command: Message) -> None:
        """Give it a command."""

    def receive(self, timeout_seconds: float) -> Message:
        """The next thing it says.

        Raises:
            EngineLost: It said nothing in that time, or went away.
        """

    def stop(self) -> None:
        """Have it close its runs now, whatever it is doing."""

    def collect(self) -> list[Path]:
        """Bring the run folders into the store; gives those that came."""

    def remove(self) -> None:
        """Leave nothing behind."""


def write_run_folder(request: Request, folder: Path, files: Mapping[str, bytes]) -> None:
    """Make a run folder: request.json, and the source under source/.

    Args:
        request: What the run is asked to do.
        folder: The folder to make.
        files: Content by path under source/, such as "labs/gil.py".
    """
    for name, content in files.items():
        path = folder / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "source").mkdir(parents=True, exist_ok=True)
    requests.write(request, folder)


class Lines:
    """Whole lines of JSON out of a stream of bytes."""

    def __init__(self) -> None:
        self._rest = b""
        self._ready: list[Message] = []

    def feed(self, data: bytes) -> None:
        """Take more of the stream; what is not one of our messages is dropped."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            try:
                message = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(message, dict) and "say" in message:
                self._ready.append(message)

    def next(self) -> Message | None:
        """The next message, or None where none is whole yet."""
        return self._ready.pop(0) if self._ready else None


class LocalSession:
    """The embedded runner: the same measuring process on this machine, pinned by affinity, in the store's own folder.

    Args:
        run_requests: What its runs are asked to do.
        files: Content by path under source/.
        results: The store.
        root: The repository.
    """

    def __init__(
        self, run_requests: tuple[Request, ...], files: Mapping[str, bytes], results: Path, root: Path
    ) -> None:
        self.requests = run_requests
        self._files = files
        self._folders = [results / request.run_id for request in run_requests]
        self._root = root
        self._lines = Lines()
        self._process: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        """Make the run folders in the store and start the measuring process in a process group of its own."""
        for request, folder in zip(self.requests, self._folders, strict=True):
            write_run_folder(request, folder, self._files)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "harness", *map(str, self._folders)],
            cwd=self._root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )

    def send(self, command: Message) -> None:
        """Give it a command."""
        process = self._running()
        assert process.stdin is not None
        try:
            process.stdin.write((json.dumps(command) + "\n").encode())
        except BrokenPipeError:
            raise EngineLost(f"the measuring process ended by itself, with {process.wait()}") from None

    def receive(self, timeout_seconds: float) -> Message:
        """The next thing it says."""
        process = self._running()
        assert process.stdout is not None
        deadline = time.monotonic() + timeout_seconds
        while (message := self._lines.next()) is None:
            ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise EngineLost(f"the measuring process said nothing for {timeout_seconds:.0f} s")
            data = os.read(process.stdout.fileno(), 1 << 16)
            if not data:
                raise EngineLost(f"the measuring process ended by itself, with {process.wait()}")
            self._lines.feed(data)
        return message

    def stop(self) -> None:
        """Have it close its runs now."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(CLOSING_SECONDS)
        except subprocess.TimeoutExpired:
            _kill_with_all_it_started(self._process)

    def collect(self) -> list[Path]:
        """The run folders, which are in the store already; the bytecode that was made beside the source goes."""
        for folder in self._folders:
            for bytecode in (folder / "source").glob("*/__pycache__"):
                shutil.rmtree(bytecode, ignore_errors=True)
        return [folder for folder in self._folders if folder.exists()]

    def remove(self) -> None:
        """End the process, if it still runs."""
        if self._process is None:
            return
        self.stop()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise OwnFault("the session was not opened")
        return self._process


def _kill_with_all_it_started(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that does not end, and what it started: nobody else would ever end a variant that hangs."""
    import psutil  # here, since it is hardly ever needed

    started = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    for one in started:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
