"""Run a lab as the words of a command ask for it: from the words to the records of its runs."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UsageFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from harness.config import Config
    from harness.interpreters import Interpreter
    from harness.lab_record import Lab
    from harness.launch import Options, Work
    from harness.mine import Mine
    from harness.place import Place

MOST_ROUNDS = 10_000
MOST_SECONDS = 7 * 24 * 3600.0


@dataclass(frozen=True)
class LabWords:
    """The words of `invoke lab`, as they were given."""

    name: str
    cores: str | None = None
    python: str | None = None
    runner: str = "auto"
    config: str = "standard"
    sets: tuple[str, ...] = ()
    rounds: str | None = None
    budget: str | None = None
    seed: str | None = None
    inconclusive_ok: bool = False
    wait: bool = True
    json: bool = False
    predict: str | bool | None = None
    mine: str | None = None
    watch: bool = False
    language: str | None = None


def run_lab(
    wanted: Lab,
    words: LabWords,
    root: Path,
    say: Callable[[str], None],
    *,
    mine: Mine | None = None,
    where: tuple[Place, Sequence[Interpreter]] | None = None,
) -> list[dict[str, Any]]:
    """Run a lab, with progress on a terminal; the records of its runs.

    Args:
        wanted: The lab.
        mine: A learner's file, whose variants take the places of the lab's.
        words: How it is to be run.
        root: The repository.
        say: Takes lines for people.
        where: The place and the interpreters, where they are found already; else as the words ask.

    Raises:
        PinlabError: As `launch` does; UsageFault where a word is wrong, before anything is started.
    """
    from harness.config import load_config
    from harness.launch import launch
    from harness.progress import Progress

    config = load_config(words.config, root, Path.cwd(), wanted if wanted.origin else None)
    work = work_of(wanted, config, words.sets, mine)
    options = options_of(words, config, root)
    if words.predict is not None:
        work = dataclasses.replace(work, prediction=prediction_of(wanted, words, words.predict, work, options))
    place, interpreters = where or find_where(words.runner, words.python, root, say)
    with Progress(work.name, sys.stderr) as progress:
        return launch(work, options, place, interpreters, root, say, progress.show)


def prediction_of(
    wanted: Lab, words: LabWords, predict: str | bool, work: Work, options: Options
) -> dict[str, dict[str, Any]]:
    """What the learner predicts of a lab; asked for only when the other words of the command are known to be good."""
    from harness.interpreters import parse_pythons
    from harness.interview import predicted
    from harness.notes import language_of, read_page
    from harness.place import known_runner

    known_runner(words.runner)
    pythons = parse_pythons(words.python) if words.python is not None else ()
    language = language_of(words.language)
    page = None if wanted.origin else read_page(wanted.name, language, wanted.path.parent)
    return predicted(wanted, predict, work.knobs, options.cores or (), pythons, language, page)


def work_of(wanted: Lab, config: Config, sets: tuple[str, ...], mine: Mine | None = None) -> Work:
    """What is to be run of a lab under a config."""
    from harness.config import knobs_for
    from harness.launch import Work

    return Work(
        name=wanted.name,
        question=wanted.question,
        variants={variant.name: variant.ends for variant in wanted.variants},
        documents={variant.name: variant.doc for variant in wanted.variants},
        knobs=knobs_for(config, wanted, sets),
        files={
            f"labs/{wanted.name}.py": wanted.path.read_bytes(),
            **({mine.travels_as: mine.content} if mine else {}),
        },
        command=(),
        config=config.name,
        deadline_seconds=config.deadline_seconds,
        log_bytes=config.log_bytes,
        memory_bytes=config.memory_bytes,
        origin=wanted.origin,
        mine=mine.to_json() if mine else None,
    )


def options_of(words: LabWords, config: Config, root: Path) -> Options:
    """How it is to be run, from the words and, where they are silent, the config."""
    from harness.compose import offered_sizes
    from harness.launch import Options
    from harness.plan import parse_cores

    return Options(
        cores=parse_cores(words.cores) if words.cores is not None else None,
        offered=offered_sizes(root),
        fixed_rounds=whole("--rounds", words.rounds, MOST_ROUNDS) if words.rounds is not None else config.rounds,
        budget_seconds=seconds("--budget", words.budget) if words.budget is not None else None,
        run_budget_seconds=config.budget_seconds,
        wait=words.wait,
        seed=whole("--seed", words.seed, 2**31, least=0) if words.seed is not None else None,
    )


def find_where(
    runner: str, python: str | None, root: Path, say: Callable[[str], None]
) -> tuple[Place, list[Interpreter]]:
    """The place and the interpreters, said in one line; runs that were left behind are fetched first."""
    from harness.interpreters import parse_pythons
    from harness.place import find_place

    versions = parse_pythons(python) if python is not None else (None,)
    place = find_place(runner, root, say)
    found = interpreters_at(place, versions)
    settle_in(place, found, root, say)
    return place, found


def interpreters_at(place: Place, versions: Iterable[str | None]) -> list[Interpreter]:
    """The interpreters of these versions at a place; None is the usual one. UsageFault where there is none."""
    from harness import interpreters

    if place.runner == "docker":
        return [interpreters.image_interpreter(version or interpreters.DEFAULT[0]) for version in versions]
    return [interpreters.find_interpreter(version) for version in versions]


def settle_in(place: Place, found: Sequence[Interpreter], root: Path, say: Callable[[str], None]) -> None:
    """Say in one line where labs run and under what, and fetch the runs that were left behind there."""
    from harness import leftovers

    say(f"runner: {place.runner} ({place.because}); Python {', '.join(one.version for one in found)}")
    leftovers.bring_home(place, root, say)


def whole(option: str, text: str, most: int, least: int = 1) -> int:
    """A whole number that an option was given; UsageFault where it is none, or out of range."""
    if not (text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most):
        raise UsageFault(f"{option} {text[:40]!r}: give a whole number from {least} to {most}")
    return int(text)


def seconds(option: str, text: str) -> float:
    """A time in seconds that an option was given, with or without its unit; UsageFault where it is none."""
    number = text.removesuffix("s")
    try:
        found = float(number)
    except ValueError:
        found = 0.0
    if not 0 < found <= MOST_SECONDS:
        raise UsageFault(f"{option} {text[:40]!r}: give a time in seconds, such as 60s")
    return found
