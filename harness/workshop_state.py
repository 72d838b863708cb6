"""How far a workshop is: what is kept of each lab that is done, and whether it still stands when it is run again."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from harness.workshop import FOLDER

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from harness.config import Config
    from harness.launch import Work
    from harness.workshop import Entry, Workshop

FORMAT_VERSION = 1
CHANGES = {
    "source": "the lab changed",
    "settings": "what the workshop or a config asks of it changed",
    "where": "the runner, the machine or pinlab itself changed",
}


@dataclass(frozen=True)
class Mark:
    """What a lab's results stand for: they are good as long as nothing of it has changed.

    Attributes:
        lab: The lab's name.
        source: Hash of the lab's file.
        settings: Hash of the cores, interpreters, knobs and limits.
        where: Hash of the runner, the machine, the sizes it can give and the harness.
    """

    lab: str
    source: str
    settings: str
    where: str


@dataclass(frozen=True)
class Done:
    """A lab that came to its end.

    Attributes:
        mark: What its results stand for.
        runs: The ids of its runs.
        seconds: How long it took.
    """

    mark: Mark
    runs: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Matched:
    """What of an earlier start still stands.

    Attributes:
        done: For each lab of the workshop its results, or None.
        again: Why labs that were done are run again, by name.
    """

    done: tuple[Done | None, ...]
    again: dict[str, str]


def name_of(workshop: Workshop, repo: Path) -> str:
    """The name that a workshop's state is kept under: its word, or for a file elsewhere one that no other file has."""
    path = workshop.path.resolve()
    stem = re.sub(r"[^A-Za-z0-9_-]", "_", path.stem)[:60]
    if path.parent == (repo / FOLDER).resolve():
        return stem
    return f"{stem}-{_hash(str(path))}"


def mark_of(entry: Entry, work: Work, config: Config, sizes: Sequence[int], where: Sequence[str]) -> Mark:
    """What the results of a lab stand for.

    Args:
        entry: The lab's place in the workshop.
        work: What is run of it.
        config: How hard.
        sizes: The sizes that the machine can give.
        where: Names the runner, the machine and the harness.
    """
    limits = [config.deadline_seconds, config.budget_seconds, config.rounds, config.log_bytes, config.memory_bytes]
    return Mark(
        lab=entry.lab,
        source=_hash(sorted((name, hashlib.sha256(data).hexdigest()) for name, data in work.files.items())),
        settings=_hash([entry.cores, entry.pythons, entry.budget_seconds, work.config, work.knobs, limits]),
        where=_hash([list(sizes), *where]),
    )


def match(marks: Sequence[Mark | None], kept: Sequence[Done], is_there: Callable[[str], bool]) -> Matched:
    """Find for each lab the results that still stand.

    Args:
        marks: Of the labs of the workshop; None for one that cannot be run.
        kept: What was done before.
        is_there: Asked whether the run of an id is still in the store.
    """
    left = list(kept)
    done: list[Done | None] = []
    for mark in marks:
        found = next((one for one in left if one.mark == mark), None)
        if found:
            left.remove(found)
        done.append(found)
    again: dict[str, str] = {}
    for number, (mark, found) in enumerate(zip(marks, done, strict=True)):
        if found and not all(map(is_there, found.runs)):
            again[found.mark.lab] = "its results are gone"
            done[number] = None
        elif mark and not found and (former := next((one for one in left if one.mark.lab == mark.lab), None)):
            left.remove(former)
            again[mark.lab] = next(why for part, why in CHANGES.items() if _differ(part, mark, former.mark))
    return Matched(tuple(done), again)


def to_json(workshop: Workshop, done: Sequence[Done]) -> dict[str, Any]:
    """What is kept of a workshop."""
    return {"format_version": FORMAT_VERSION, "file": str(workshop.path), "done": [asdict(one) for one in done]}


def from_json(state: object) -> list[Done] | None:
    """What was kept of a workshop, or None where it is nothing of this format."""
    if not isinstance(state, dict) or state.get("format_version") != FORMAT_VERSION:
        return None
    try:
        return [_done(one) for one in state["done"]]
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _done(kept: dict[str, Any]) -> Done:
    mark = Mark(**{name: str(kept["mark"][name]) for name in ("lab", "source", "settings", "where")})
    return Done(mark, tuple(map(str, kept["runs"])), float(kept["seconds"]))


def _differ(part: str, one: Mark, other: Mark) -> bool:
    return bool(getattr(one, part) != getattr(other, part))


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
