"""The commands behind the tasks: each from its words to its output and exit code."""

from __future__ import annotations

import dataclasses
import itertools
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

    from harness.hints import Hints
    from harness.lab_command import LabWords
    from harness.notes import Page

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


def labs(json: bool) -> int:
    """The catalogue, as a course: chapter by chapter."""
    from harness.catalogue import read_catalogue
    from harness.notes import LAST, read_page

    catalogue = read_catalogue(LABS)
    pages = {one.name: read_page(one.name, "en", LABS) for one in catalogue.labs}
    course = sorted(catalogue.labs, key=lambda one: page.order if (page := pages[one.name]) else LAST)
    if json:
        _print_json([_lab_as_json(one, pages[one.name]) for one in course])
    else:
        width = max((len(one.name) for one in course), default=0)
        for chapter, of_chapter in itertools.groupby(course, key=lambda one: _chapter(pages[one.name]) or "Further"):
            _print(chapter)
            for one in of_chapter:
                _print(f"  {one.name.ljust(width)}  {one.question}")
    for fault in catalogue.faults:
        say(f"pinlab: {fault}")
    return UsageFault.exit_code if catalogue.faults else 0


def show(name: str, language: str | None) -> int:
    """A lab's page and its code, before anything is run."""
    from harness.catalogue import find_lab
    from harness.notes import language_of, read_page
    from harness.report import console_for, show_page

    found = find_lab(name, LABS)
    page = read_page(found.name, language_of(language), LABS)
    show_page(found.question, page, found.path.read_text(encoding="utf-8"), console_for(sys.stdout))
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

    wanted = lab_named(words.name, Path.cwd(), LABS)
    language = language_of(words.language)
    mine = read_mine(words.mine, Path.cwd(), wanted) if words.mine is not None else None
    if mine and mine.has_claims:
        say(f"{mine.told}: its claims are not judged, those of {wanted.name} are")
    records = run_lab(wanted, mine, words, ROOT, say)
    code = outcome.exit_code(records, inconclusive_ok=words.inconclusive_ok)
    page = None if wanted.origin else read_page(wanted.name, language, LABS)
    _report(records, code, words.json, Hints(language, page.hints if page else {}, mine.variants) if mine else None)
    return code


def execute(command: Sequence[str], words: ExecWords) -> int:
    """Run a command of the user's own, pinned and measured, and report it."""
    from harness import carried, outcome
    from harness.compose import offered_sizes
    from harness.config import load_config
    from harness.lab_command import MOST_ROUNDS, MOST_SECONDS, find_where, whole
    from harness.launch import Options, Work, launch
    from harness.plan import parse_cores

    if not command:
        raise UsageFault("no command: put it behind --, such as `invoke exec --cores 2 -- python my_script.py`")
    config = load_config("quick", ROOT, Path.cwd())
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
    from harness import compare as comparing
    from harness import store
    from harness.outside import name_to_compare
    from harness.report import console_for

    asked = tuple(run for run in runs.split(",") if run)
    lab_name = name_to_compare(name, LABS, ROOT / "results") if name else None
    stored = store.read_all(ROOT / "results", lab_name)
    found = comparing.compare_each(stored.records, asked, anyway=anyway)
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
        _print_json(outcome.document(records, code))
        return
    show_runs(records, console_for(sys.stdout), hints)
    say("results: " + ", ".join(f"results/{record['run_id']}" for record in records))


def _chapter(page: Page | None) -> str | None:
    return page.chapter if page else None


def _lab_as_json(one: Any, page: Page | None) -> dict[str, Any]:
    return {
        "name": one.name,
        "question": one.question,
        "variants": [{"name": variant.name, "doc": variant.doc} for variant in one.variants],
        "claims": [{"name": claim.name, "doc": claim.doc, "needs": list(claim.needs)} for claim in one.claims],
        "knobs": {name: dataclasses.asdict(knob) for name, knob in one.knobs.items()},
        "chapter": _chapter(page),
    }


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")


def _print_json(value: Any) -> None:
    _print(jsons.dumps(value, ensure_ascii=not (sys.stdout.encoding or "").lower().startswith("utf"), indent=1))
