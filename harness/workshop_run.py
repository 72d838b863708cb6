"""Hold a workshop: one lab after the other, each kept as soon as it is done, on from where an earlier start ended."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import outcome, store, workshop_state
from harness.catalogue import find_lab
from harness.config import load_config
from harness.errors import PinlabError, StoreFault, UsageFault
from harness.image import image_tag
from harness.lab_command import LabWords, run_lab, settle_in, work_of
from harness.place import find_place
from harness.session import EngineLost
from harness.workshop import load_workshop
from harness.workshop_plan import fitted, in_words, minutes_of, prepare, seconds_left, shares, tell_of_sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from harness.place import Place
    from harness.workshop import Entry, Workshop
    from harness.workshop_plan import Prepared
    from harness.workshop_state import Done, Mark

    Record = dict[str, Any]
    Say = Callable[[str], None]

STOPPING = (5, 69, 75)
"""Exit codes of faults that would befall every further lab, too: the store, the engine, the CPUs."""


@dataclass(frozen=True)
class WorkshopWords:
    """The words of `invoke workshop`, as they were given."""

    name: str
    runner: str = "auto"
    config: str | None = None
    minutes: str | None = None
    fresh: bool = False
    inconclusive_ok: bool = False
    wait: bool = True
    json: bool = False


@dataclass(frozen=True)
class Turn:
    """What became of a lab.

    Attributes:
        entry: Its place in the workshop.
        budget_seconds: The time that its rounds had.
        records: Its runs.
        seconds: How long it took.
        resumed: Whether it was done at an earlier start.
        skipped: Why a size, or all of it, was skipped.
        fault: Why it could not be run.
        fault_code: The exit code of that.
    """

    entry: Entry
    budget_seconds: float
    records: tuple[Record, ...] = ()
    seconds: float = 0.0
    resumed: bool = False
    skipped: str = ""
    fault: str = ""
    fault_code: int = 0

    @property
    def state(self) -> str:
        """In a word."""
        return "done" if self.records else "broken" if self.fault else "skipped"


@dataclass(frozen=True)
class Held:
    """A workshop that came to its end.

    Attributes:
        workshop: What it was.
        state_name: The name that its state is kept under.
        turns: What became of its labs, in order.
        exit_code: The one that wins.
    """

    workshop: Workshop
    state_name: str
    turns: tuple[Turn, ...]
    exit_code: int


def hold(
    words: WorkshopWords,
    root: Path,
    say: Say,
    show: Callable[[Turn], None],
    run: Callable[..., list[Record]] = run_lab,
) -> Held:
    """Hold a workshop to its end.

    Args:
        words: Which, and how.
        root: The repository.
        say: Takes lines for people.
        show: Takes each lab that had its turn now.
        run: Runs a lab; made up in tests.

    Raises:
        PinlabError: UsageFault where anything is wrong that can be known before a lab is run; later what would befall
            every further lab, too. What was done until then is kept.
    """
    workshop = load_workshop(words.name, root, Path.cwd())
    minutes = minutes_of(words.minutes)
    if words.config is not None:
        load_config(words.config, root, Path.cwd())
    place = find_place(words.runner, root, say)
    prepared = prepare(workshop, words.config, place, root)
    settle_in(place, list(dict.fromkeys(found for one in prepared for found in one.interpreters)), root, say)
    tell_of_sizes(prepared, say)
    budgets = shares(workshop.entries, [one.usual_seconds for one in prepared], workshop.minutes)
    budgets = budgets if minutes is None else fitted(budgets, minutes)
    name = workshop_state.name_of(workshop, root)
    course = _Course(workshop, name, words, place, root, say)
    turns = course.take(prepared, budgets, show, run)
    records = [record for turn in turns for record in turn.records]
    code = outcome.exit_code(records, inconclusive_ok=words.inconclusive_ok)
    return Held(workshop, name, tuple(turns), outcome.first_of([code, *(turn.fault_code for turn in turns)]))


def finish(held: Held, words: WorkshopWords, root: Path, say: Say) -> None:
    """Forget a workshop that is through; one with broken labs is kept, and goes on with them."""
    broken = [turn.entry.lab for turn in held.turns if turn.state == "broken"]
    if not broken:
        store.drop_state(held.state_name, root / "results")
        return
    say(f"not run: {', '.join(broken)}; `{command_for(words)}` runs what is missing, with --fresh all of it")


def command_for(words: WorkshopWords) -> str:
    """What goes on with this workshop, as a person types it."""
    options = {"--config": words.config, "--minutes": words.minutes}
    runner = [] if words.runner == "auto" else ["--runner", words.runner]
    more = [word for option, value in options.items() if value is not None for word in (option, value)]
    return shlex.join(["./invoke", "workshop", words.name, *runner, *more])


class _Course:
    """The labs of a workshop, one after the other.

    Args:
        workshop: What is held.
        name: The name that its state is kept under.
        words: How.
        place: Where.
        root: The repository.
        say: Takes lines for people.
    """

    def __init__(self, workshop: Workshop, name: str, words: WorkshopWords, place: Place, root: Path, say: Say) -> None:
        self._workshop = workshop
        self._name = name
        self._words = words
        self._place = place
        self._root = root
        self._results = root / "results"
        self._where = (place.runner, place.machine_name, image_tag(root))
        self._say = say

    def take(
        self,
        prepared: Sequence[Prepared],
        budgets: Sequence[float],
        show: Callable[[Turn], None],
        run: Callable[..., list[Record]],
    ) -> list[Turn]:
        """Give each lab its turn, but for those that were done before and still stand."""
        before = self._before(prepared)
        done = [one for one in before if one]
        turns: list[Turn] = []
        for number, (one, budget) in enumerate(zip(prepared, budgets, strict=True)):
            kept = before[number]
            if kept:
                records = tuple(store.read_record(self._results / run_id) for run_id in kept.runs)
                turns.append(Turn(one.entry, budget, records, kept.seconds, resumed=True, skipped=one.without))
                continue
            if not one.sizes:
                turns.append(Turn(one.entry, 0.0, skipped=one.without))
                continue
            left = [budgets[later] for later in range(number, len(prepared)) if not before[later]]
            heading = f"{number + 1} of {len(prepared)}: {one.entry.lab}"
            try:
                self._say(f"{heading} · about {in_words(seconds_left(left, _spent(turns)))} left")
                mark = self._mark(one)
                turn = self._turn(one, budget, run)
            except BaseException:
                self._say(f"stopped at {heading}; `{command_for(self._words)}` goes on from there")
                raise
            turns.append(turn)
            if mark and turn.records:
                runs = tuple(str(record["run_id"]) for record in turn.records)
                done.append(workshop_state.Done(mark, runs, turn.seconds))
                store.write_state(self._name, workshop_state.to_json(self._workshop, done), self._results)
            show(turn)
        return turns

    def _before(self, prepared: Sequence[Prepared]) -> tuple[Done | None, ...]:
        """What was done at earlier starts and still stands, told to the person."""
        store.prepare(self._results)
        if self._words.fresh:
            store.drop_state(self._name, self._results)
        try:
            state = store.read_state(self._name, self._results)
        except StoreFault as fault:
            self._say(f"starts from the beginning: {fault}")
            state = None
        kept = workshop_state.from_json(state)
        if state is not None and kept is None:
            self._say("starts from the beginning: what was kept of an earlier start is of another version")
        matched = workshop_state.match([self._mark(one) for one in prepared], kept or [], self._is_there)
        if count := sum(1 for one in matched.done if one):
            again = f"{command_for(self._words)} --fresh"
            self._say(f"resuming: {count} of {len(prepared)} labs done (`{again}` starts again)")
        if matched.again:
            self._say("runs again: " + ", ".join(f"{lab} ({why})" for lab, why in matched.again.items()))
        return matched.done

    def _turn(self, one: Prepared, budget: float, run: Callable[..., list[Record]]) -> Turn:
        """Run a lab; a fault of its own is its result, and does not end the workshop."""
        began = time.monotonic()
        try:
            lab = find_lab(one.entry.lab, self._root / "labs")
            where = (self._place, one.interpreters)
            records = run(lab, self._words_for(one, budget), self._root, self._say, where)
        except PinlabError as fault:
            if isinstance(fault, EngineLost) or fault.exit_code in STOPPING:
                raise
            self._say(f"pinlab: {fault}")
            took = time.monotonic() - began
            return Turn(one.entry, budget, (), took, skipped=one.without, fault=str(fault), fault_code=fault.exit_code)
        return Turn(one.entry, budget, tuple(records), time.monotonic() - began, skipped=one.without)

    def _words_for(self, one: Prepared, budget: float) -> LabWords:
        """What `invoke lab` would be told."""
        return LabWords(
            name=one.entry.lab,
            cores=",".join(map(str, one.sizes)),
            runner=self._words.runner,
            config=one.config,
            sets=_sets(one.entry),
            budget=f"{budget:.3f}s",
            wait=self._words.wait,
        )

    def _mark(self, one: Prepared) -> Mark | None:
        """What the results of a lab would stand for; None where it is skipped, or cannot be read as it is now."""
        if not one.sizes:
            return None
        try:
            config = load_config(one.config, self._root, Path.cwd())
            lab = find_lab(one.entry.lab, self._root / "labs")
            work = work_of(lab, config, _sets(one.entry))
        except UsageFault:
            return None
        return workshop_state.mark_of(one.entry, work, config, one.sizes, self._where)

    def _is_there(self, run_id: str) -> bool:
        try:
            return bool(store.read_record(store.folder_of(run_id, self._results)))
        except PinlabError:
            return False


def _spent(turns: Sequence[Turn]) -> list[tuple[float, float]]:
    """Of each lab that is done the time it might have taken, and what it took."""
    return [(turn.budget_seconds, turn.seconds) for turn in turns if turn.records]


def _sets(entry: Entry) -> tuple[str, ...]:
    """What `--set` would be told of a lab's knobs."""
    return tuple(f"{knob}={value}" for knob, value in entry.knobs.items())
