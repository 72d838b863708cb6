"""Why a lab did not end: from the stacks of its threads and its source, which of them wait for each other.

A cycle is reported only where the names in the source prove one. Two threads in one function call different locks by
the same names; harness/objects.py tells them apart or leaves it open, and what is left open is part of no cycle.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Literal

from harness.hang.held import held_at
from harness.hang.objects import Objects
from harness.hang.stacks import MOST_THREADS, StackThread, catches_stack_signal, parse_stacks
from harness.hang.starts import Start, starts_of
from harness.hang.syntax import Scope, Source, parse_source, terminal
from harness.hang.things import Place, Thing
from harness.hang.waits import Wait, is_nameable, wait_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["Explanation", "StackThread", "catches_stack_signal", "explain", "is_idle", "parse_stacks"]

MOST_LINES = 20
"""How many threads an explanation speaks of."""
MOST_CHOICES = 4096
"""How many ways to match threads with the calls that may have started them are tried."""

LOCK_KINDS = ("lock", "semaphore", "condition", "mutex")

Cycle = tuple[Thing, ...]


@dataclass(frozen=True)
class Explanation:
    """What is known of a hang."""

    outcome: Literal["deadlocked", "timed_out"]
    cycle: tuple[str, ...]
    """The locks of the cycle, or the threads joined in it, by their names in the source: whoever holds the first waits
    for the second, and so on; whoever holds the last waits for the first. Empty if none is visible."""
    lines: tuple[str, ...]
    """What to tell a reader, a sentence each."""


@dataclass(frozen=True)
class Stand:
    """One thread that runs the lab's code, as it stands there."""

    label: str
    where: str
    wait: Wait
    held: tuple[tuple[ast.expr, Place], ...]
    starts: tuple[Start | None, ...]
    """The calls that may have started the thread; None where that is open, or of no matter."""


@dataclass(frozen=True)
class Knot:
    """What one thread holds and wants, if it was started by a certain call."""

    start: Start | None
    held: tuple[Thing, ...]
    wanted: Thing | None


@dataclass
class Hung:
    """All threads of a hung run with their sources."""

    processes: Mapping[int, Sequence[StackThread]]
    source_of: Callable[[str], str | None]
    parsed: dict[str, Source | None] = field(default_factory=dict)
    started: dict[Scope, list[Start]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.objects = Objects(self.processes, self.source_at)

    def source_at(self, file: str) -> Source | None:
        """The syntax tree of a file, parsed once."""
        if file not in self.parsed:
            text = self.source_of(file)
            self.parsed[file] = None if text is None else parse_source(file, text)
        return self.parsed[file]

    def stands(self) -> list[Stand]:
        """The threads that run the lab's own code; the rest are helpers of the library."""
        found = []
        for process, threads in self.processes.items():
            for index, thread in reversed(list(enumerate(threads))):
                wait = wait_of(Place(process, index, 0), self.objects) if thread.frames else None
                if wait:
                    found.append(self.stand(process, index, wait))
        return found

    def stand(self, process: int, index: int, wait: Wait) -> Stand:
        """One thread with what it holds."""
        frame = self.objects.frame(wait.place)
        function = "the module" if frame.function == "<module>" else frame.function
        return Stand(
            label=self.label(process, index),
            where=f"{function}, line {frame.line}",
            wait=wait,
            held=tuple(self.held(process, index, wait)),
            starts=self.starts(process, index),
        )

    def label(self, process: int, index: int) -> str:
        """What a reader may call the thread; without names, its number in the order of their starts."""
        threads = self.processes[process]
        thread = threads[index]
        others = [each for each in reversed(threads) if not each.is_main]
        given = "" if thread.name.startswith("Thread-") else thread.name  # cut off after 15 bytes, the number says more
        own = "main thread" if thread.is_main else f"thread {given or others.index(thread) + 1}"
        return f"process {process}, {own}" if len(self.processes) > 1 else own

    def held(self, process: int, index: int, wait: Wait) -> Iterator[tuple[ast.expr, Place]]:
        """What the functions of a thread hold, the outermost first; a condition is let go while it is waited for."""
        for depth in reversed(range(len(self.processes[process][index].own_frames))):
            place = Place(process, index, depth)
            view = self.objects.view(place)
            if view is None:
                continue
            for expression in held_at(view.scope, self.objects.frame(place).line):
                waited = f"`{ast.unparse(expression)}.wait" in wait.words and place == wait.place
                if is_nameable(expression) and not waited and self.may_be_lock(expression, place):
                    yield expression, place

    def may_be_lock(self, expression: ast.expr, place: Place) -> bool:
        """Whether nothing in the source says that this is no lock: ``with`` enters pools and files as well."""
        thing = self.thing(expression, place, None)
        made_by = terminal(thing.maker.func).lower() if thing and isinstance(thing.maker, ast.Call) else "lock"
        return any(kind in made_by for kind in LOCK_KINDS)

    def starts(self, process: int, index: int) -> tuple[Start | None, ...]:
        """The calls in the source that may have started a thread."""
        frames = self.processes[process][index].own_frames
        depth = max(depth for depth, frame in enumerate(frames) if not frame.is_library)
        view = self.objects.view(Place(process, index, depth))
        if view is None or depth == len(frames) - 1 or isinstance(view.scope, ast.Module):
            return (None,)
        name = self.processes[process][index].name
        if view.scope not in self.started:
            self.started[view.scope] = starts_of(view.source, view.scope) or []
        found = self.started[view.scope]
        return tuple(each for each in found if not (each.name and name) or each.name[: len(name)] == name) or (None,)

    def knot(self, stand: Stand, start: Start | None) -> Knot:
        """What a thread holds and wants, if this call started it."""
        held = [self.thing(expression, place, start) for expression, place in stand.held]
        if start and start.alone:
            held.append(end_of(start.call))
        wanted = self.thing(stand.wait.wanted, stand.wait.place, start) if stand.wait.wanted else None
        if wanted and stand.wait.kind != "lock":
            wanted = end_of(wanted.maker, wanted.text) if isinstance(wanted.maker, ast.Call) else None
        exclusive = tuple(thing for thing in held if thing and thing.is_exclusive)
        return Knot(start, exclusive, wanted if wanted and wanted.is_exclusive else None)

    def thing(self, expression: ast.expr, place: Place, start: Start | None) -> Thing | None:
        """The object of an expression in a frame."""
        view = self.objects.view(place, start)
        return self.objects.thing(expression, view) if view else None


def end_of(call: ast.Call, text: str = "") -> Thing:
    """The end of the thread or process that this call starts: the thread holds it, who joins it wants it."""
    return Thing(("end", call), text)


def is_possible(knots: Sequence[Knot]) -> bool:
    """Whether all threads can stand so at once: one start starts one thread, and one lock is held by one."""
    once = [id(knot.start) for knot in knots if knot.start and knot.start.once]
    keys = [key for knot in knots for key in {thing.key for thing in knot.held}]
    return len(once) == len(set(once)) and len(keys) == len(set(keys))


def cycles_of(knots: Sequence[Knot]) -> dict[tuple[object, ...], tuple[Cycle, tuple[int, ...]]]:
    """Every cycle among the threads, by its keys: what is wanted in it, and the indexes of its threads."""
    holders = {thing.key: index for index, knot in enumerate(knots) for thing in knot.held}
    found: dict[tuple[object, ...], tuple[Cycle, tuple[int, ...]]] = {}
    for first in range(len(knots)):
        path: list[int] = []
        wanted: list[Thing] = []
        index: int | None = first
        while index is not None and index not in path:
            path.append(index)
            want = knots[index].wanted
            index = holders.get(want.key) if want else None
            wanted += [want] if want else []
        if index == first:
            names = [thing.text for thing in wanted]
            turn = names.index(min(names))
            cycle = tuple(wanted[turn:] + wanted[:turn])
            after = (turn + 1) % len(path)  # whoever holds the first is the thread behind the one that wants it
            found[tuple(thing.key for thing in cycle)] = cycle, tuple(path[after:] + path[:after])
    return found


def sure_cycle(hung: Hung, stands: Sequence[Stand]) -> tuple[Cycle, tuple[int, ...]] | None:
    """A cycle that is there whichever of the possible calls started which thread."""
    if prod(len(stand.starts) for stand in stands) > MOST_CHOICES:
        return None
    options = [[hung.knot(stand, start) for start in stand.starts] for stand in stands]
    found = [cycles_of(knots) for knots in product(*options) if is_possible(knots)]
    sure = [key for key in found[0] if all(key in other for other in found)] if found else []
    return found[0][min(sure, key=len)] if sure else None


def explain(
    processes: Mapping[int, Sequence[StackThread]],
    source_of: Callable[[str], str | None],
    *,
    idle: bool,
    unseen: int = 0,
) -> Explanation:
    """Say why a lab did not end.

    Args:
        processes: The threads of each process, by process id.
        source_of: The text of a source file, or None where it cannot be read.
        idle: Whether no thread used any CPU in the last interval.
        unseen: How many processes of the lab gave no stacks; what they do may end the wait of the others.
    """
    hung = Hung(processes, source_of)
    stands = sorted(hung.stands(), key=lambda stand: stand.wait.wanted is None)
    wanting = [stand for stand in stands if stand.wait.wanted is not None]
    all_shown = all(len(threads) < MOST_THREADS for threads in processes.values())
    found = sure_cycle(hung, wanting) if idle and all_shown else None
    cycle, members = found or ((), ())
    all_blocked = bool(stands) and all(stand.wait.kind in ("lock", "other") for stand in stands)
    waits_for_others = all_blocked and all_shown and not unseen
    is_deadlock = idle and (found is not None or waits_for_others)
    order = [*members, *(index for index in range(len(stands)) if index not in members)]
    lines = [sentence(stands[index], idle) for index in order]
    if len(lines) > MOST_LINES:
        lines[MOST_LINES:] = [f"and {len(lines) - MOST_LINES} threads more"]
    lines += full_pipes(hung)
    if cycle:
        names = [thing.text for thing in cycle]
        lines.append("cycle: " + " → ".join(f"`{name}`" for name in (*names, names[0])))
    elif is_deadlock:
        lines.append("no cycle visible, but all threads wait for one another")
    if not stands:
        lines.append("no thread shows a line of the lab")
    outcome: Literal["deadlocked", "timed_out"] = "deadlocked" if is_deadlock else "timed_out"
    return Explanation(outcome, tuple(thing.text for thing in cycle), tuple(lines))


def sentence(stand: Stand, idle: bool) -> str:
    """What one thread holds and does."""
    names = list(dict.fromkeys(f"`{ast.unparse(expression)}`" for expression, _ in stand.held))
    words = stand.wait.words or ("stands still" if idle else "runs")
    does = f"holds {' and '.join(names)} and {words}" if names else words
    return f"{stand.label} ({stand.where}) {does}"


def full_pipes(hung: Hung) -> list[str]:
    """A sentence for each queue of multiprocessing whose feeder thread cannot get rid of its items."""
    return [
        f"process {process}, a queue's feeder thread waits for room in the pipe: nobody takes the items out"
        for process, threads in hung.processes.items()
        for thread in threads
        if any(frame.base == "multiprocessing/queues.py" and frame.function == "_feed" for frame in thread.frames)
        and thread.frames[0].base == "multiprocessing/connection.py"
    ]


def is_idle(before: Mapping[int, float], after: Mapping[int, float]) -> bool:
    """Whether the same threads were there at both looks, and none has used CPU between them.

    Args:
        before: CPU seconds by thread id.
        after: The same, later.
    """
    return bool(after) and before.keys() == after.keys() and all(after[thread] <= before[thread] for thread in after)
