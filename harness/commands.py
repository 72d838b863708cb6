"""The commands behind the tasks: each from its words to its output and exit code."""

from __future__ import annotations

import dataclasses
import json as jsons
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.commandline import say
from harness.errors import UsageFault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.errors import PinlabError
    from harness.hints import Hints
    from harness.lab_command import LabWords
    from harness.notes import Page
    from harness.workshop_run import WorkshopWords

ROOT = Path(__file__).resolve().parent.parent
LABS = ROOT / "labs"


@dataclass(frozen=True)
class ExecWords:
    """The words of `invoke exec`, as they were given."""

    cores: str | None
    python: str | None
    runner: str
    rounds: str
    carry: str
    wait: bool
    json: bool


def labs(language: str | None, *, json: bool) -> int:
    """The catalogue, as a course: chapter by chapter, with a mark for what this machine can show of each lab."""
    if json:
        return _labs_in_full(language or "en")  # a program reads the same everywhere
    from harness.course import read_course
    from harness.here import known_here
    from harness.language import language_of
    from harness.listing import course_lines
    from harness.probe import cache_folder

    spoken = language_of(language)
    course = read_course(LABS, spoken, cache_folder(os.environ))
    encoding = sys.stdout.encoding or "utf-8"
    for line in course_lines(course.chapters, known_here(ROOT, os.environ), spoken, encoding):
        _print(line.encode(encoding, "backslashreplace").decode(encoding))
    return _say_faults(course.faults)


def _labs_in_full(language: str) -> int:
    from harness.catalogue import read_catalogue
    from harness.here import known_here
    from harness.language import language_of
    from harness.listing import shows
    from harness.notes import LAST, read_page

    catalogue = read_catalogue(LABS)
    pages = {one.name: read_page(one.name, language_of(language), LABS) for one in catalogue.labs}
    course = sorted(catalogue.labs, key=lambda one: page.order if (page := pages[one.name]) else LAST)
    here = known_here(ROOT, os.environ)
    _print_json([_lab_as_json(one, pages[one.name]) | {"shows": shows(one.claims, here)} for one in course])
    return _say_faults(catalogue.faults)


def _say_faults(faults: Sequence[PinlabError]) -> int:
    for fault in faults:
        say(f"pinlab: {fault}")
    return UsageFault.exit_code if faults else 0


def show(name: str, language: str | None, diff: str | None) -> int:
    """A lab's page and its code, or what differs between two of its variants, before anything is run."""
    from harness.notes import language_of, read_page
    from harness.outside import lab_named
    from harness.report import console_for, show_page

    found, spoken = lab_named(name, Path.cwd(), LABS), language_of(language)
    page = None if found.origin else read_page(found.name, spoken, LABS)
    if diff is not None:
        from harness import difference

        difference.show_two(diff, found, page, console_for(sys.stdout))
        return 0
    show_page(found.question, page, found.path.read_text(encoding="utf-8"), console_for(sys.stdout))
    return 0


def new(name: str) -> int:
    """A new lab with its test and its pages."""
    from harness.new_lab import make_lab

    for path in make_lab(name, ROOT):
        _print(path)
    say(f"It runs as it is; put in your own question, variants, claims, tests and pages. {name}'s next commands:")
    for words in (f"./invoke show {name}", f"./invoke lab {name}", "./invoke check"):
        say(f"  {words}")
    return 0


def lab(words: LabWords) -> int:
    """Run a lab and report it, once or whenever its file is saved."""
    from harness import watch

    if not words.watch:
        return _run_and_report(words)
    if words.json:
        raise UsageFault("--watch --json: a watch has no single document; leave one of the two out")
    file = watch.watched_file(words.name, words.mine, Path.cwd(), LABS)
    return watch.watch(file, lambda: _run_and_report(words), say, time.sleep)


def _run_and_report(words: LabWords) -> int:
    from harness import outcome
    from harness.hints import Hints
    from harness.lab_command import run_lab
    from harness.mine import read_mine
    from harness.notes import language_of, read_page
    from harness.outside import lab_named
    from harness.prediction import with_reveals

    wanted = lab_named(words.name, Path.cwd(), LABS)
    language = language_of(words.language)
    mine = read_mine(words.mine, Path.cwd(), wanted) if words.mine is not None else None
    if mine and mine.has_claims:
        say(f"{mine.told}: its claims are not judged, those of {wanted.name} are")
    records = run_lab(wanted, words, ROOT, say, mine=mine)
    code = outcome.exit_code(records, inconclusive_ok=words.inconclusive_ok)
    page = None if wanted.origin else read_page(wanted.name, language, LABS)
    hints = Hints(language, page.hints if page else {}, mine.variants) if mine else None
    _report(with_reveals(records), code, words.json, hints)
    if not words.json and words.predict is not None:
        from harness.report import console_for
        from harness.revealing import show_reveals

        show_reveals(records, console_for(sys.stdout))
    return code


def workshop(words: WorkshopWords) -> int:
    """Hold a workshop, and show what it came to."""
    from harness import workshop_run
    from harness.report import console_for
    from harness.workshop_report import document, show_end, show_turn

    console = console_for(sys.stdout)
    held = workshop_run.hold(words, ROOT, say, lambda turn: None if words.json else show_turn(turn, console))
    if words.json:
        _print_json(document(held))
    else:
        show_end(held, console)
    workshop_run.finish(held, words, ROOT, say)
    return held.exit_code


def execute(command: Sequence[str], words: ExecWords) -> int:
    """Run a command of the user's own, pinned and measured, and report it."""
    from harness import carried, outcome
    from harness.compose import offered_sizes
    from harness.config import USUAL, load_config
    from harness.lab_command import MOST_ROUNDS, MOST_SECONDS, find_where, whole
    from harness.launch import Options, Work, launch
    from harness.plan import parse_cores

    if not command:
        raise UsageFault("no command: put it behind --, such as `invoke exec --cores 2 -- python my_script.py`")
    config = load_config(USUAL, ROOT, Path.cwd())
    files = carried.files_of(command, words.carry, Path.cwd())
    work = Work(
        name="exec",
        question=" ".join(command),
        variants={"command": "finished"},
        documents={"command": " ".join(command)},
        knobs={},
        files=files,
        command=tuple(command),
        config=config.name,
        deadline_seconds=MOST_SECONDS,
        log_bytes=config.log_bytes,
        memory_bytes=0,
    )
    rounds = whole("--rounds", words.rounds, MOST_ROUNDS)
    options = Options(
        cores=parse_cores(words.cores) if words.cores is not None else None,
        offered=offered_sizes(ROOT),
        fixed_rounds=rounds,
        budget_seconds=None,
        run_budget_seconds=config.budget_seconds,
        wait=words.wait,
        seed=None,
    )
    place, interpreters = find_where(words.runner, words.python, ROOT, say)
    records = launch(work, options, place, interpreters, ROOT, say, lambda _state: None)
    code = outcome.exit_code(records)
    if not words.json:
        for record in records:
            sys.stdout.flush()
            sys.stdout.buffer.write((ROOT / "results" / record["run_id"] / "lab.log").read_bytes())
    _report(records, code, words.json)
    return code


def compare(name: str, runs: str, *, anyway: bool, markdown: bool, json: bool) -> int:
    """The latest runs of a lab, or of each lab, side by side."""
    from harness.outside import name_to_compare

    lab_name = name_to_compare(name, LABS, ROOT / "results") if name else None
    return compare_stored(ROOT / "results", lab_name, runs, anyway=anyway, markdown=markdown, json=json)


def compare_stored(results: Path, lab: str | None, runs: str, *, anyway: bool, markdown: bool, json: bool) -> int:
    """The latest runs in a store, of one lab or of each, side by side."""
    from harness import comparability, store
    from harness import compare as comparing
    from harness.report import console_for

    asked = tuple(run for run in runs.split(",") if run)
    stored = store.read_all(results, lab, comparability.head)
    folders = {head["run_id"]: folder for head, folder in zip(stored.records, stored.folders, strict=True)}
    found = comparing.compare_each(
        stored.records, asked, anyway=anyway, whole=lambda head: store.read_record(folders[head["run_id"]])
    )
    if json:
        _print_json([comparing.comparison_to_json(one) for one in found])
    elif markdown:
        _print("\n\n".join(comparing.comparison_to_markdown(one) for one in found))
    else:
        console = console_for(sys.stdout)
        for one in found:
            comparing.show_comparison(one, console)
    for reason in stored.skipped:
        say(f"pinlab: skipped {reason}")
    return 0


def doctor(json: bool) -> int:
    """What this machine can show; 1 where something fails."""
    from harness import checkup
    from harness.doctor import doctor_to_json, render

    diagnosis = checkup.examine(ROOT)
    if json:
        _print_json(doctor_to_json(diagnosis))
    else:
        from harness.report import clean

        for line in render(diagnosis):
            _print(clean(line))
    return int(any(check.mark == "FAIL" for check in diagnosis.checks))


def build() -> int:
    """Build the image, or say that it is there."""
    from harness.endpoint import resolve_endpoint
    from harness.engine import connect
    from harness.image import ensure_image

    engine = connect(resolve_endpoint(os.environ))
    image = ensure_image(engine, ROOT, say)
    _print(f"pinlab:{image.tag} is on the engine at {engine.endpoint.name}")
    return 0


def shell(cores: str | None, python: str | None, runner: str, *, wait: bool) -> int:
    """An interactive shell, pinned; its exit code."""
    from harness import pinned_shell
    from harness.compose import offered_sizes
    from harness.lab_command import find_where
    from harness.plan import parse_cores, plan

    asked = parse_cores(cores) if cores is not None else None
    if asked is not None and len(asked) > 1:
        raise UsageFault(f"--cores {cores}: a shell runs on one set of cores; give one number")
    place, interpreters = find_where(runner, python, ROOT, say)
    chosen = plan(place.machine, offered_sizes(ROOT), asked)
    ((size, cpus),) = chosen.sets.items()
    return pinned_shell.run(place, size, cpus, interpreters[0], ROOT, wait=wait, say=say)


def clean(*, results: bool, images: bool) -> int:
    """Remove what this clone left on the engine, and what else was asked for."""
    from harness import cleaning

    return cleaning.clean(ROOT, results=results, images=images, say=say)


def _report(records: list[dict[str, Any]], code: int, json: bool, hints: Hints | None = None) -> None:
    from harness import outcome
    from harness.report import console_for, show_runs

    if json:
        _print_json(outcome.document([hints.beside(record) for record in records] if hints else records, code))
        return
    show_runs(records, console_for(sys.stdout), hints=hints)
    say("results: " + ", ".join(f"results/{record['run_id']}" for record in records))


def _lab_as_json(one: Any, page: Page | None) -> dict[str, Any]:
    return {
        "name": one.name,
        "question": (page and page.question) or one.question,
        "variants": [{"name": variant.name, "doc": variant.doc} for variant in one.variants],
        "claims": [{"name": claim.name, "doc": claim.doc, "needs": list(claim.needs)} for claim in one.claims],
        "knobs": {name: dataclasses.asdict(knob) for name, knob in one.knobs.items()},
        "chapter": page.chapter if page else None,
    }


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


def _print_json(value: Any) -> None:
    _print(jsons.dumps(value, ensure_ascii=not (sys.stdout.encoding or "").lower().startswith("utf"), indent=1))
