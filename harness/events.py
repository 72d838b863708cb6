"""The logging records of a run: the environment that has them written, and the reader of what was written."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CAPTURE = Path(__file__).resolve().parent / "capture"


@dataclass(frozen=True)
class Event:
    """One logging record: when it was made, by whom, and what it says."""

    time_seconds: float
    """CLOCK_MONOTONIC of the machine the lab ran on: comparable between its processes, never between runs."""
    process: int
    """Process id."""
    process_name: str
    """Name that multiprocessing gives the process."""
    thread: int
    """Native thread id, as the kernel has it."""
    thread_name: str
    logger: str
    level: str
    message: str
    """The formatted message."""
    sample: str
    """Id of the sample the record belongs to."""


@dataclass(frozen=True)
class Events:
    """What an events file holds."""

    records: tuple[Event, ...]
    """In order of time."""
    torn: int
    """Lines that cannot be read: the last one of a process that was killed while writing, or one cut by a full disk."""


def environment(
    events: Path, stacks: Path, sample: str, *, python_path: Sequence[Path] = (), limit_bytes: int | None = None
) -> dict[str, str]:
    """The variables that make every interpreter of a sample write its records and show its stacks on SIGUSR1.

    Args:
        events: File for the records, made at the first one.
        stacks: Existing folder for the stacks, one file per process, named <pid>.txt and empty until SIGUSR1.
        sample: Id that each record of this sample carries.
        python_path: Folders to follow the capture's own on PYTHONPATH.
        limit_bytes: How much one process may write before a last record says that the rest is not kept; 4 MiB if None.
    """
    variables = {
        "PINLAB_EVENTS": str(events.absolute()),
        "PINLAB_STACKS": str(stacks.absolute()),
        "PINLAB_SAMPLE": sample,
        "PYTHONPATH": os.pathsep.join(str(path) for path in (CAPTURE, *python_path)),
    }
    if limit_bytes is not None:
        variables["PINLAB_EVENTS_LIMIT"] = str(limit_bytes)
    return variables


def parse_event(line: bytes) -> Event | None:
    """The event of one line, or None where it is torn."""
    try:
        fields = json.loads(line)
        return Event(
            time_seconds=float(fields["t"]),
            process=int(fields["pid"]),
            process_name=str(fields["process"]),
            thread=int(fields["tid"]),
            thread_name=str(fields["thread"]),
            logger=str(fields["logger"]),
            level=str(fields["level"]),
            message=str(fields["message"]),
            sample=str(fields["sample"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def read_events(path: Path) -> Events:
    """Read an events file, in order of time; a missing one holds nothing, for it is made at the first record."""
    records = []
    torn = 0
    try:
        with path.open("rb") as lines:
            for line in lines:
                event = parse_event(line)
                if event is None:
                    torn += 1
                else:
                    records.append(event)
    except FileNotFoundError:
        pass
    return Events(tuple(sorted(records, key=lambda event: event.time_seconds)), torn)


def by_sample(records: Iterable[Event]) -> dict[str, tuple[Event, ...]]:
    """The events of each sample, their order kept."""
    samples: dict[str, list[Event]] = {}
    for event in records:
        samples.setdefault(event.sample, []).append(event)
    return {sample: tuple(events) for sample, events in samples.items()}
