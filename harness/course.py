"""The catalogue as a course: each lab's question and its place, chapter by chapter.

What was read is remembered as long as a lab's file, its page and what reads them stay as they are, so that the listing
need not parse every lab again. A broken lab is never remembered: its fault is found anew each time.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import sys
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from harness.lab_record import LabFault

READERS = ("course.py", "lab_file.py", "lab_record.py", "literal.py", "notes.py")
"""What decides how files are read: a change of these forgets everything."""
SETTLED_NANOSECONDS = 2_000_000_000
"""A file that was changed more recently is not remembered: it could change again and bear the same time."""


class Asked(NamedTuple):
    """What a claim asks of the place where it is judged.

    Attributes:
        over: What it judges: "run" or "sweep".
        needs: What it needs, as the lab writes it.
    """

    over: str
    needs: tuple[str, ...]


class Row(NamedTuple):
    """A lab in the listing: its name, its question, and what each of its claims asks of a machine."""

    name: str
    question: str
    claims: tuple[Asked, ...]


@dataclass(frozen=True)
class Course:
    """The labs of a folder, and apart from them why the others cannot be used.

    Attributes:
        chapters: The labs by chapter, in the course's order.
        faults: One a lab that cannot be used.
    """

    chapters: dict[str, list[Row]]
    faults: list[LabFault]


def read_course(labs: Path, language: str, cache: Path | None) -> Course:
    """Read the course from the labs and their pages.

    Args:
        labs: The labs' folder.
        language: Of the pages.
        cache: The folder to remember in, or None to remember nothing.

    Raises:
        UsageFault: If a page's front matter cannot be used.
    """
    memory = _Memory(labs, language, cache)
    found: list[list[Any]] = []
    faults: list[LabFault] = []
    for name in lab_names(labs):
        files = [labs / f"{name}.py", labs / "notes" / language / f"{name}.md"]
        entry = memory.entry(name, files)
        if entry is None:
            entry = _read(name, labs, language, faults)
            memory.keep(name, entry)
        if entry:
            found.append(entry)
    memory.save()
    chapters: dict[str, list[Row]] = {}
    for _, chapter, name, question, claims in sorted(found):
        asked = tuple(Asked(over, tuple(needs)) for over, *needs in claims)
        chapters.setdefault(chapter, []).append(Row(name, question, asked))
    return Course(chapters, faults)


def lab_names(folder: Path) -> list[str]:
    """Names of the labs of a folder: every Python file in it is one, but for those that begin with _ or a dot."""
    return sorted(path.stem for path in folder.glob("*.py") if path.name[0] not in "_.")


def _read(name: str, labs: Path, language: str, faults: list[LabFault]) -> list[Any]:
    """Order, chapter, name, question and needs of a lab; nothing where it is broken, and then its fault is noted."""
    from harness.lab_file import read_lab  # these parse: they are not needed where everything is remembered
    from harness.lab_record import LabFault
    from harness.notes import FURTHER, LAST, read_page

    try:
        lab = read_lab(labs / f"{name}.py")
    except LabFault as fault:
        faults.append(fault)
        return []
    page = read_page(name, language, labs)
    order, chapter, question = (page.order, page.chapter, page.question) if page else (LAST, FURTHER[language], "")
    return [order, chapter, name, question or lab.question, [[one.over, *one.needs] for one in lab.claims]]


class _Memory:
    """What was read of the labs of one folder before."""

    def __init__(self, labs: Path, language: str, cache: Path | None) -> None:
        place = os.path.abspath(labs)  # noqa: PTH100 - pathlib's resolves links, and a folder is remembered as it is named
        self._file = cache and cache / f"course-{language}-{zlib.crc32(os.fsencode(place)):08x}.json"
        self._key = [place, sys.version, *(_mark(Path(__file__).with_name(name)) for name in READERS)]
        self._before = self._kept()
        self._now: dict[str, Any] = {}
        self._marks: list[list[int]] = []

    def entry(self, name: str, files: list[Path]) -> list[Any] | None:
        """What was read of these files, if they are as they were; else None."""
        self._marks = [_mark(file) for file in files]
        known = self._before.get(name)
        if known is None or known["marks"] != self._marks:
            return None
        self._now[name] = known
        entry: list[Any] = known["entry"]
        return entry

    def keep(self, name: str, entry: list[Any]) -> None:
        """Remember what was just read, unless a file is missing, no plain one, or had been changed a moment before."""
        settled = all(mark and time.time_ns() - max(mark[2:]) > SETTLED_NANOSECONDS for mark in self._marks)
        if entry and settled:
            self._now[name] = {"marks": self._marks, "entry": entry}

    def save(self) -> None:
        """Remember for the next command; where that is not possible, it reads again."""
        if self._file is None or self._now == self._before:
            return
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft = self._file.with_suffix(f".{os.getpid()}.tmp")
            draft.write_text(json.dumps({"key": self._key, "labs": self._now}), "utf-8")
            draft.replace(self._file)

    def _kept(self) -> dict[str, Any]:
        try:
            kept = json.loads(self._file.read_bytes()) if self._file else None
        except (OSError, ValueError, RecursionError):
            return {}
        labs = kept.get("labs") if isinstance(kept, dict) and kept.get("key") == self._key else None
        return labs if isinstance(labs, dict) and all(map(_is_kept, labs.values())) else {}


def _is_kept(known: Any) -> bool:
    """Whether this is what is kept of a lab."""
    entry = known.get("entry") if isinstance(known, dict) and "marks" in known else None
    if not isinstance(entry, list) or list(map(type, entry)) != [int, str, str, str, list]:
        return False
    return all(isinstance(claim, list) and claim and set(map(type, claim)) == {str} for claim in entry[4])


def _mark(path: Path) -> list[int]:
    """What changes when a file does; nothing for what is no plain file."""
    try:
        found = path.lstat()
    except OSError:
        return []
    if not stat.S_ISREG(found.st_mode):
        return []
    return [found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]
