"""Every exercise can be done with --mine: its model solution is upheld, and a wrong attempt is refuted with a hint."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from harness.catalogue import lab_names, read_lab
from harness.hints import Hints
from harness.mine import Mine, read_mine
from harness.notes import LANGUAGES, read_page
from harness.session import LocalSession
from tests.small_labs import carry_out, request_for

REPO = Path(__file__).parents[2]
LABS = REPO / "labs"
SOLUTIONS = REPO / "tests" / "exercises"
TINY: dict[str, dict[str, Any]] = {
    "deadlock": {"transfers": 200},
    "gil": {"count": 4000},
    "gil_io": {"pages": 3, "delay": 0.01},
    "gil_released": {"count": 4000, "mebibytes": 4, "compressed": 4},
    "process_names": {"count": 4000},
    "process_or_thread": {"starts": 1},
    "process_pool": {"count": 200, "fewer": 40, "chunk": 30},
    "race": {"count": 2000},
    "shared_state": {"count": 200, "managed": 20, "handovers": 2, "elements": 50, "large": 40_000},
    "sum_messages": {"count": 4000, "chunk": 300, "sent": 20_000},
    "talk": {"trips": 40},
}
UPHELD = {
    "daemon": ["an_endless_daemon_holds_nothing_up"],
    "deadlock": ["one_order_never_deadlocks"],
    "gil_released": ["threads_find_the_same"],
    "process_life": ["join_waits_for_the_end"],
    "process_or_thread": ["threads_share_all_but_locals"],
    "producer_consumer": [
        "every_item_arrives_once",
        "no_item_overtakes_its_elder",
        "the_buffer_fills_up_and_never_over",
    ],
    "race": ["a_lock_loses_nothing"],
    "semaphore": ["a_bounded_semaphore_refuses_a_release_too_many"],
    "shared_state": ["guarded_or_returned_nothing_is_lost"],
    "sum_messages": ["every_way_finds_the_sum"],
    "talk": ["each_trip_takes_a_context_switch"],
    "thread_pool": ["never_more_at_once_than_workers"],
    "thread_start": ["main_waits_with_join"],
}
"""The exact claims that each exercise is about; what is measured needs more work than a test has time for."""
WRONG = {
    "deadlock: one lock is taken twice": (
        ("with first.lock, second.lock:", "with first.lock, first.lock:"),
        ["one_order_never_deadlocks"],
        "deadlocked",
    ),
    "process_life: it goes on before the child has to end": (
        (
            'line.send("end")\n    wait([child.sentinel])\n    logging.info(GOES_ON)',
            'logging.info(GOES_ON)\n    line.send("end")\n    wait([child.sentinel])',
        ),
        ["join_waits_for_the_end"],
        "",
    ),
    "process_or_thread: each process has a list of its own": (
        ("written.append(own)\n    all_here.wait()", "written = [own]\n    all_here.wait()"),
        ["threads_share_all_but_locals"],
        "",
    ),
    "producer_consumer: the last item in is the first out": (
        ("items.popleft()", "items.pop()"),
        ["no_item_overtakes_its_elder"],
        "unequal_answer",
    ),
    "race: the end is said before anything is added": (
        (
            "    in_two_threads(add, add)\n    additions.put(END)",
            "    additions.put(END)\n    in_two_threads(add, add)",
        ),
        ["a_lock_loses_nothing"],
        "unequal_answer",
    ),
    "semaphore: a release too many makes a place": (
        ("if self.free == self.places:", "if False:"),
        ["a_bounded_semaphore_refuses_a_release_too_many"],
        "",
    ),
    "shared_state: the last total overwrites the other": (
        ("shared.value += own", "shared.value = own"),
        ["guarded_or_returned_nothing_is_lost"],
        "unequal_answer",
    ),
    "sum_messages: the last chunk of a share is left out": (
        ("shares(workers, count)", "[numbers[:-1] for numbers in shares(workers, count)]"),
        ["every_way_finds_the_sum"],
        "unequal_answer",
    ),
    "thread_pool: the last number is lost": (
        (
            "return [squares[number] for number in sorted(squares)]",
            "return [squares[number] for number in sorted(squares)][:-1]",
        ),
        ["never_more_at_once_than_workers"],
        "unequal_answer",
    ),
    "thread_start: the main thread speaks before it waits": (
        ("        let_go.set()\n    logging.info(MAIN)", "        logging.info(MAIN)\n        let_go.set()"),
        ["main_waits_with_join"],
        "",
    ),
}


def judged(lab: str, mine: Mine, results: Path) -> dict[str, Any]:
    """The record of one round of a lab in which a learner's variants take the places of its own."""
    found = read_lab(LABS / f"{lab}.py")
    knobs = {name: knob.default for name, knob in found.knobs.items()} | TINY.get(lab, {})
    asked = request_for({one.name: one.ends for one in found.variants}, lab=lab, knobs=knobs, deadline_seconds=10.0)
    asked = dataclasses.replace(asked, mine=mine.to_json())
    files = {f"labs/{lab}.py": found.path.read_bytes(), mine.travels_as: mine.content}
    return carry_out(LocalSession((asked,), files, results, REPO), 1)


def verdicts(record: dict[str, Any]) -> dict[str, str]:
    return {one["claim"]: one["verdict"] for one in record["verdicts"]}


def test_every_lab_has_a_model_solution() -> None:
    assert sorted(path.stem for path in SOLUTIONS.glob("*.py")) == [f"my_{lab}" for lab in lab_names(LABS)]


@pytest.mark.parametrize("lab", lab_names(LABS))
def test_the_model_solution_of_an_exercise_is_upheld(lab: str, tmp_path: Path) -> None:
    mine = read_mine(f"my_{lab}.py", SOLUTIONS, read_lab(LABS / f"{lab}.py"))
    record = judged(lab, mine, tmp_path)
    assert record["problems"] == []
    assert record["mine"] == mine.to_json()
    found = verdicts(record)
    assert {claim: found[claim] for claim in UPHELD.get(lab, [])} == dict.fromkeys(UPHELD.get(lab, []), "holds")


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_attempt_is_refuted_with_its_hint(what: str, tmp_path: Path) -> None:
    lab = what.partition(":")[0]
    (right, wrong), claims, kind = WRONG[what]
    source = (SOLUTIONS / f"my_{lab}.py").read_text("utf-8")
    assert right in source
    (tmp_path / "attempt.py").write_text(source.replace(right, wrong))
    mine = read_mine("attempt.py", tmp_path, read_lab(LABS / f"{lab}.py"))
    record = judged(lab, mine, tmp_path / "results")
    found = verdicts(record)
    for language in LANGUAGES:
        page = read_page(lab, language, LABS)
        assert page is not None
        hints = Hints(language, page.hints, mine.variants)
        for claim in claims:
            assert page.hints[claim] in hints.of_claim(claim, found[claim])
        for problem in record["problems"]:
            assert problem["variant"] in mine.variants
            assert hints.of_problem(problem["kind"], problem["variant"])
    assert {problem["kind"] for problem in record["problems"]} == ({kind} if kind else set())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lab", lab_names(LABS))
def test_an_exercise_names_its_command_and_a_solution_in_which_it_can_be_done(lab: str, language: str) -> None:
    page = read_page(lab, language, LABS)
    assert page is not None
    title = {"en": "## Exercise", "ko": "## 연습"}[language]
    _, found, exercise = page.text.partition(f"\n{title}\n")
    assert found
    assert f"./invoke lab {lab} --mine my_{lab}.py" in exercise
    for variant in read_mine(f"my_{lab}.py", SOLUTIONS, read_lab(LABS / f"{lab}.py")).variants:
        assert f"`{variant}`" in exercise


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lab", lab_names(LABS))
def test_every_claim_has_a_hint_in_each_language(lab: str, language: str) -> None:
    page = read_page(lab, language, LABS)
    assert page is not None
    assert {claim for claim, hint in page.hints.items() if hint.strip()} == {
        claim.name for claim in read_lab(LABS / f"{lab}.py").claims
    }
