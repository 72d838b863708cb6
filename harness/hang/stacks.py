"""The stacks of a hung process, as faulthandler writes them on a signal (Python 3.11 to 3.14 and 3.14t)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

OWN_FOLDER = Path(__file__).resolve().parent
SIGUSR1_BIT = 1 << (10 - 1)

HEADER = re.compile(
    r"(?P<kind>Current thread|Thread|Stack)(?: 0x(?P<id>[0-9a-f]+))?(?: \[(?P<name>.*)\])? \(most recent call first\):"
)
FRAME = re.compile(r'  File (?:"(?P<file>.*)"|\?\?\?), line (?P<line>\d+|\?\?\?) in (?P<function>.*)')
ESCAPED = re.compile(r"\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|\\U([0-9a-f]{8})")
LIBRARY = re.compile(r"/lib(?:64)?/python3\.\d+t?/(?!site-packages/|dist-packages/)|^<frozen ")

MOST_THREADS = 100
"""faulthandler shows no more threads of a process, the newest ones."""
FIRST_FRAMES = {("multiprocessing/process.py", "_bootstrap"), ("multiprocessing/popen_fork.py", "_launch")}
"""Where a child of multiprocessing begins, and where a forked one ends (since 3.12)."""


@dataclass(frozen=True)
class Frame:
    """One call that has not returned."""

    file: str
    line: int
    """Line number, 0 where the interpreter could not tell."""
    function: str

    @property
    def base(self) -> str:
        """The file's path inside the standard library, such as "multiprocessing/queues.py"; another's whole path."""
        return LIBRARY.split(self.file)[-1]

    @property
    def is_library(self) -> bool:
        """Whether this is code of the standard library or of the harness, or unreadable, and so not of the lab."""
        return not self.line or bool(LIBRARY.search(self.file)) or Path(self.file).parent == OWN_FOLDER


@dataclass(frozen=True)
class StackThread:
    """One thread of a process."""

    id: int
    """The thread's pthread id (threading.get_ident()), 0 where the dump names none; no native id."""
    name: str
    """Its name where the dump has it (3.14 on, the first 15 bytes), else ""."""
    frames: tuple[Frame, ...]
    """Its frames, the innermost first; empty where it runs no Python code."""

    @property
    def is_main(self) -> bool:
        """Whether no threading.Thread started it."""
        return not self.frames or self.frames[-1].function != "_bootstrap"

    @property
    def own_frames(self) -> tuple[Frame, ...]:
        """The frames of this process alone: a forked child's stack goes on with its parent's, as it was at the fork."""
        for index, frame in enumerate(self.frames):
            if (frame.base, frame.function) in FIRST_FRAMES:
                return self.frames[: index + 1]
        return self.frames


def parse_frame(line: str) -> Frame | None:
    """The frame of one line, or None where the line is none."""
    found = FRAME.fullmatch(line)
    if not found:
        return None
    number = found["line"]
    return Frame(unescape(found["file"] or "???"), 0 if number == "???" else int(number), unescape(found["function"]))


def unescape(text: str) -> str:
    """Characters outside ASCII as themselves; faulthandler escapes them."""
    return ESCAPED.sub(lambda match: chr(int(match[1] or match[2] or match[3], 16)), text)


def parse_stacks(text: str) -> tuple[StackThread, ...]:
    """The threads of the last dump in a process's stacks file, the newest thread first; the main one comes last."""
    dumps: list[dict[int, StackThread]] = [{}]
    frames: list[Frame] | None = None
    head: re.Match[str] | None = None

    def close() -> None:
        if head is not None and frames is not None:
            thread = StackThread(int(head["id"] or "0", 16), head["name"] or "", tuple(frames))
            dumps[-1][thread.id] = thread

    before = ""
    for line in text.splitlines():
        found = HEADER.fullmatch(line)
        frame = parse_frame(line)
        if found:
            close()
            if before:  # an empty line stands between the threads of one dump, none between two dumps
                dumps.append({})
            head, frames = found, []
        elif frame and frames is not None:
            frames.append(frame)
        elif not line.startswith("  "):
            close()
            head, frames = None, None
        before = line
    close()
    return tuple(dumps[-1].values())


def catches_stack_signal(status: str) -> bool:
    """Whether the process of this /proc/<pid>/status text handles SIGUSR1; any other is killed by the signal.

    A process between fork and exec still has its parent's handler: ask only one whose stacks file exists as well.
    """
    caught = re.search(r"^SigCgt:\s*([0-9a-f]+)", status, re.MULTILINE)
    return bool(caught and int(caught[1], 16) & SIGUSR1_BIT)
