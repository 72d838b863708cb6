"""What is asked of each lab, and what an answer means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.askable import read_askable
from harness.catalogue import read_catalogue, read_lab
from harness.question import BadAnswer, Question, claim_questions, questions_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

KINDS = {
    "gil": {"threads": "speed_up", "processes": "speed_up"},
    "race": {"forced": "answer", "unguarded": "amount", "with_lock": "answer", "own_counter_then_add": "answer"},
    "deadlock": dict.fromkeys(("opposite_order", "global_order", "try_and_back_off", "one_big_lock"), "outcome"),
    "daemon": {
        "non_daemon": "answer",
        "daemon": "answer",
        "autosave": "outcome",
        "a_plain_thread_is_waited_for": "claim",
        "a_daemon_is_cut_off": "claim",
    },
    "gil_io": {"in_turn": "cores_busy", "threads": "ratio", "asyncio_tasks": "ratio"},
    "producer_consumer": {
        **dict.fromkeys(("busy_wait", "condition", "bounded_queue"), "cores_busy"),
        **dict.fromkeys(("no_item_is_begun_after_the_flag", "a_flag_holds_back_until_it_is_set"), "claim"),
    },
}


def questions(name: str, repo: Path, cores: Sequence[int] = ()) -> list[Question]:
    lab = read_lab(repo / "labs" / f"{name}.py")
    return questions_of(lab, read_askable(lab), cores)


@pytest.mark.parametrize("name", KINDS)
def test_a_lab_is_asked_what_tells_most_of_each_variant(name: str, repo: Path) -> None:
    assert {one.key: one.kind for one in questions(name, repo)} == KINDS[name]


def test_every_lab_has_questions_few_of_them_and_each_is_judged_by_a_claim(repo: Path) -> None:
    for lab in read_catalogue(repo / "labs").labs:
        found = questions_of(lab, read_askable(lab))
        claims = {claim.name for claim in lab.claims}
        of_variants = [one.name for one in found if one.kind != "claim"]
        assert found, lab.name
        assert len(of_variants) == len(set(of_variants)) <= len(lab.variants)
        assert len(found) <= len(lab.variants) + 3, lab.name
        assert all(one.claims and set(one.claims) <= claims for one in found), lab.name
        assert set(of_variants) <= {variant.name for variant in lab.variants}


def test_every_example_is_an_answer(repo: Path) -> None:
    for lab in read_catalogue(repo / "labs").labs:
        for one in [*questions_of(lab, read_askable(lab), (1, 2)), *claim_questions(lab)]:
            assert one.entry(one.example)["kind"] == one.kind


def test_a_figure_is_asked_for_over_the_variant_that_claims_hold_it_against(repo: Path) -> None:
    threads, processes = questions("gil", repo)
    assert threads.over == processes.over == "one_thread"
    assert threads.claims == ("threads_are_no_faster", "free_threads_use_the_cores", "nothing_beats_the_cores")


def test_on_several_numbers_of_cores_a_speed_up_is_asked_for_on_each(repo: Path) -> None:
    asked = questions("gil", repo, (1, 4))
    assert [one.key for one in asked] == ["threads@1", "threads@4", "processes@1", "processes@4"]
    assert asked[0].text.startswith("on 1 core, ")
    assert asked[1].text.startswith("on 4 cores, ")


def test_a_text_is_chosen_from_those_that_claims_name(repo: Path) -> None:
    [question] = [one for one in questions("semaphore", repo) if one.name == "rlock_released_by_another"]
    assert question.choices == ("RuntimeError", "nothing")
    assert question.entry("runtime")["expected"] == "RuntimeError"


def test_a_text_that_claims_name_alone_would_be_given_away_and_is_not_asked_for(repo: Path) -> None:
    asked = {one.name for one in questions("thread_pool", repo)}
    assert "task_that_raises" not in asked
    assert "an_exception_waits_for_result" in asked


def test_no_question_gives_away_an_answer_that_its_variant_s_mark_tells(repo: Path) -> None:
    [without, joined] = [one for one in questions("thread_start", repo) if one.name in ("without_join", "with_join")]
    assert without.text == joined.text


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("speed_up", "2", 2),
        ("speed_up", " 0.5x ", 0.5),
        ("speed_up", "4×", 4),
        ("ratio", "1e3", 1000),
        ("cores_busy", "0", 0),
        ("answer", "−15", -15),
        ("exit_code", "-9", -9),
        ("amount", "12.5", 12.5),
    ],
)
def test_a_number_may_be_written_as_people_write_it(kind: str, text: str, value: float) -> None:
    expected = Question("threads", kind, "?", "a number", "2", ()).entry(text)["expected"]
    assert expected == value
    assert isinstance(expected, int) == isinstance(value, int)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("speed_up", "0"),
        ("speed_up", "-1"),
        ("speed_up", "fast"),
        ("speed_up", "nan"),
        ("speed_up", "inf"),
        ("speed_up", "1e400"),
        ("ratio", ""),
        ("cores_busy", "-0.5"),
        ("answer", "1.5"),
        ("exit_code", "SIGKILL"),
    ],
)
def test_what_is_no_answer_is_told_with_what_is_allowed(kind: str, text: str) -> None:
    with pytest.raises(BadAnswer, match="is no answer to it: a number of that kind"):
        Question("threads", kind, "?", "a number of that kind", "2", ()).entry(text)


@pytest.mark.parametrize(
    ("text", "value"), [("y", True), ("Yes", True), ("true", True), ("N", False), ("no", False), ("FALSE", False)]
)
def test_true_and_false_have_many_words(text: str, value: bool, repo: Path) -> None:
    question = claim_questions(read_lab(repo / "labs" / "gil.py"))[0]
    assert question.entry(text)["expected"] is value


def test_a_choice_may_be_cut_short_where_it_is_the_only_one(repo: Path) -> None:
    [question, *_] = questions("deadlock", repo)
    assert question.entry("dead")["expected"] == "deadlocked"
    assert question.entry("timed out")["expected"] == "timed_out"
    for unclear in ("", "x", "k!"):
        with pytest.raises(BadAnswer):
            question.entry(unclear)
