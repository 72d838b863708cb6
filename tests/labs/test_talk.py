"""The lab `talk`: what its processes say to each other, and that each of its claims can hold and can fail."""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import pytest

from harness.testing import made_up_run
from labs import talk
from tests.interpreters import every_interpreter
from tests.labs.by_hand import by_hand

if TYPE_CHECKING:
    from pathlib import Path

    from harness.findings import Run

KNOBS = {"trips": 1_000}
WALLS = {"within_one_process": 0.001, "over_pipe": 0.4, "over_socket": 0.7, "over_file": 0.3}
COUNTS = {"within_one_process": 0, "over_pipe": 2_003, "over_socket": 2_004, "over_file": 2_000}


def honest(**changed: Any) -> Run:
    """Counts as on any machine, but for those given."""
    answers = {name: [count] for name, count in (COUNTS | changed).items()}
    return made_up_run(answers=answers, walls=WALLS, knobs=KNOBS)


def test_each_question_goes_on_from_the_reply_to_the_last() -> None:
    asked: list[int] = []
    questions: SimpleQueue[int] = SimpleQueue()
    replies: SimpleQueue[int] = SimpleQueue()

    def say(number: int) -> None:
        asked.append(number)
        questions.put(number)

    other = threading.Thread(target=talk.answer, args=(4, questions.get, replies.put, lambda: 0))
    other.start()
    talk.ask(4, replies.get, say, lambda: 0)
    other.join()
    assert asked == [0, 1, 2, 3]


def test_who_asks_adds_what_the_other_counted_to_the_own_count() -> None:
    heard = iter([0, 1, 2, 70])
    counts = iter([100, 130])
    assert talk.ask(2, heard.__next__, lambda _: None, counts.__next__) == 30 + 70


def test_who_answers_counts_from_the_first_question_on() -> None:
    said: list[int] = []
    counts = iter([100, 130])
    assert talk.answer(2, iter([5, 8]).__next__, said.append, counts.__next__) == 30
    assert said == [0, 6, 9, 30]


def test_numbers_are_read_from_one_file_and_appended_to_the_other(tmp_path: Path) -> None:
    heard, said = tmp_path / "heard", tmp_path / "said"
    heard.write_bytes(b"".join(number.to_bytes(8, "big") for number in (4, 300)))
    said.touch()
    assert talk.in_files(talk.answer, 2, heard, said) == 0
    told = said.read_bytes()
    assert [int.from_bytes(told[place : place + 8], "big") for place in range(0, len(told), 8)] == [0, 5, 301, 0]


def test_a_look_at_nothing_new_is_counted_and_offers_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard, said = tmp_path / "heard", tmp_path / "said"
    heard.touch()
    said.touch()
    offers: list[int] = []

    def written_at_the_third_offer() -> None:
        offers.append(1)
        if len(offers) == 3:
            heard.write_bytes((7).to_bytes(8, "big"))

    monkeypatch.setattr("os.sched_yield", written_at_the_third_offer)
    assert talk.in_files(talk.answer, 1, heard, said) == 3
    assert len(offers) == 3


@every_interpreter
def test_processes_switch_at_every_trip_and_a_call_does_not(python: str) -> None:
    code = (
        "ways = (lab.over_pipe, lab.over_socket, lab.over_file, lab.within_one_process)\n"
        "result = [way(trips=500) for way in ways]"
    )
    pipe, socket, file, within = by_hand(python, "talk", code)
    assert min(pipe, socket, file) >= 500
    assert within < 500


@every_interpreter
def test_the_replies_come_from_another_process(python: str) -> None:
    code = """
import multiprocessing, os
multiprocessing.set_start_method("fork")  # so that the other process has the reply of here
parent, heard = os.getpid(), []
lab.reply = lambda number: -1 if os.getpid() == parent else number + 10

def ask(trips, hear, say, count=None):
    hear()
    for _ in range(trips):
        say(1)
        heard.append(hear())
    return hear()

lab.ask = ask
for way in (lab.over_pipe, lab.over_socket, lab.over_file):
    way(trips=2)
result = heard
"""
    assert by_hand(python, "talk", code) == [11] * 6


def test_each_trip_takes_a_context_switch_holds_for_both_sides_of_a_trip() -> None:
    assert talk.each_trip_takes_a_context_switch(honest()).value == "holds"


@pytest.mark.parametrize("variant", ["over_pipe", "over_socket"])
def test_each_trip_takes_a_context_switch_is_refuted_when_nobody_waits_for_the_reply(variant: str) -> None:
    assert talk.each_trip_takes_a_context_switch(honest(**{variant: 40})).value == "refuted"


def test_a_call_takes_none_holds_but_for_a_few_that_others_cause() -> None:
    assert talk.a_call_takes_none(honest(within_one_process=2)).value == "holds"


def test_a_call_takes_none_is_refuted_when_each_call_waits_for_another_thread() -> None:
    assert talk.a_call_takes_none(honest(within_one_process=1_000)).value == "refuted"


def test_a_file_wakes_nobody_holds_for_looks_in_vain_on_both_sides() -> None:
    assert talk.a_file_wakes_nobody(honest()).value == "holds"


def test_a_file_wakes_nobody_is_refuted_when_the_reader_is_told_that_something_is_new() -> None:
    assert talk.a_file_wakes_nobody(honest(over_file=0)).value == "refuted"


def test_a_trip_costs_many_calls_holds_on_a_quiet_machine() -> None:
    assert talk.a_trip_costs_many_calls(honest()).value == "holds"


@pytest.mark.parametrize("variant", ["over_pipe", "over_socket"])
def test_a_trip_costs_many_calls_is_refuted_when_it_stays_within_a_process(variant: str) -> None:
    run = made_up_run(walls=WALLS | {variant: 0.002}, knobs=KNOBS)
    assert talk.a_trip_costs_many_calls(run).value == "refuted"
