"""The lab `process_life`: what is left of a process is the same every time, and each claim can hold and can fail."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from harness.events import Event, environment, read_events
from harness.testing import made_up_run
from labs import process_life
from labs.process_life import AT_WORK, CLEANS_UP, GOES_ON
from tests.interpreters import every_interpreter
from tests.labs.by_hand import ROOT, by_hand

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.findings import Run

    Recorded = Callable[[str, str], tuple[Any, list[str]]]

LIFE = [[False, None], [True, None], [False, 0]]
ZOMBIE = ["Z", "gone", 0]
REAPED = ["gone", "gone", 0]

proc = pytest.mark.skipif(sys.platform != "linux", reason="no /proc here")


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """Calls a variant by hand; gives its answer and what was logged, in whichever process, in the order of time."""
    events = tmp_path / "events.jsonl"
    for name, value in environment(events, tmp_path, "by_hand.0", python_path=[ROOT]).items():
        monkeypatch.setenv(name, value)

    def call(python: str, variant: str) -> tuple[Any, list[str]]:
        answer = by_hand(python, "process_life", f"result = lab.{variant}()")
        return answer, [record.message for record in read_events(events).records]

    return call


def found(answers: dict[str, Any], **lines: list[str]) -> Run:
    """A run whose variants returned these answers, and logged these lines in this order."""
    events = {
        variant: [
            Event(at, 1, "MainProcess", 1, "MainThread", "root", "INFO", line, "0") for at, line in enumerate(said)
        ]
        for variant, said in lines.items()
    }
    return made_up_run(answers=answers, events=events)


@every_interpreter
def test_a_child_told_to_end_cleans_up_before_its_parent_goes_on(python: str, recorded: Recorded) -> None:
    assert recorded(python, "join") == (0, [AT_WORK, CLEANS_UP, GOES_ON])


@every_interpreter
def test_a_child_is_alive_between_its_start_and_its_end(python: str, recorded: Recorded) -> None:
    assert recorded(python, "is_alive") == (LIFE, [AT_WORK, CLEANS_UP])


@every_interpreter
@pytest.mark.parametrize(("variant", "exit_code"), [("terminate", -15), ("kill", -9)])
def test_a_child_ended_by_a_signal_never_cleans_up(
    variant: str, exit_code: int, python: str, recorded: Recorded
) -> None:
    assert recorded(python, variant) == (exit_code, [AT_WORK, GOES_ON])


@proc
@every_interpreter
@pytest.mark.parametrize("variant", ["zombie_under_fork", "zombie_under_spawn"])
def test_an_ended_child_of_this_process_is_a_zombie_until_asked(variant: str, python: str, recorded: Recorded) -> None:
    assert recorded(python, variant) == (ZOMBIE, [])


@proc
@every_interpreter
def test_an_ended_child_of_the_server_is_gone_before_it_is_asked(python: str, recorded: Recorded) -> None:
    assert recorded(python, "reaped_by_forkserver") == (REAPED, [])


@proc
@every_interpreter
def test_a_child_that_has_not_ended_is_neither_a_zombie_nor_gone(python: str) -> None:
    code = "child, line = lab.child_at_work()\nresult = lab.state(child)\nline.send('end')\nchild.join()"
    assert by_hand(python, "process_life", code) in ("R", "S", "D")


@every_interpreter
def test_a_child_that_ends_without_a_word_is_an_error_and_no_endless_wait(python: str) -> None:
    """It is forked here, so that it has what is replaced in this interpreter."""
    code = """
lab.FORKSERVER, lab.work = lab.FORK, id
try:
    result = lab.join()
except EOFError:
    result = "EOFError"
"""
    assert by_hand(python, "process_life", code) == "EOFError"


def test_join_waits_for_the_end_holds_when_the_parent_goes_on_last() -> None:
    run = found({"join": 0}, join=[AT_WORK, CLEANS_UP, GOES_ON])
    assert process_life.join_waits_for_the_end(run).value == "holds"


@pytest.mark.parametrize(
    ("exit_code", "lines"),
    [(0, [AT_WORK, GOES_ON, CLEANS_UP]), (None, [AT_WORK, GOES_ON, CLEANS_UP]), (0, [AT_WORK, GOES_ON])],
)
def test_join_waits_for_the_end_is_refuted_when_the_join_is_removed(exit_code: int | None, lines: list[str]) -> None:
    assert process_life.join_waits_for_the_end(found({"join": exit_code}, join=lines)).value == "refuted"


def test_join_waits_for_the_end_is_refuted_when_the_child_fails() -> None:
    run = found({"join": 1}, join=[AT_WORK, CLEANS_UP, GOES_ON])
    assert process_life.join_waits_for_the_end(run).value == "refuted"


def test_alive_from_start_to_end_holds_for_no_yes_no() -> None:
    assert process_life.alive_from_start_to_end(found({"is_alive": [LIFE]})).value == "holds"


@pytest.mark.parametrize(
    "life", [[LIFE[0], [False, 0], LIFE[2]], [LIFE[0], LIFE[1], [True, None]], [LIFE[0], LIFE[1], [False, 1]]]
)
def test_alive_from_start_to_end_is_refuted_when_the_child_is_not_held_or_not_joined_or_fails(life: Any) -> None:
    assert process_life.alive_from_start_to_end(found({"is_alive": [life]})).value == "refuted"


def test_the_exit_code_names_the_signal_holds_for_both_signals() -> None:
    assert process_life.the_exit_code_names_the_signal(found({"terminate": -15, "kill": -9})).value == "holds"


@pytest.mark.parametrize("codes", [(0, -9), (-15, -15), (-9, -9)])
def test_the_exit_code_names_the_signal_is_refuted_when_the_child_ends_otherwise(codes: tuple[int, int]) -> None:
    run = found(dict(zip(("terminate", "kill"), codes, strict=True)))
    assert process_life.the_exit_code_names_the_signal(run).value == "refuted"


def test_a_signal_leaves_no_time_to_clean_up_holds_when_neither_child_does() -> None:
    run = found({"terminate": -15, "kill": -9}, terminate=[AT_WORK, GOES_ON], kill=[AT_WORK, GOES_ON])
    assert process_life.a_signal_leaves_no_time_to_clean_up(run).value == "holds"


@pytest.mark.parametrize("cleaning", ["terminate", "kill"])
def test_a_signal_leaves_no_time_to_clean_up_is_refuted_when_the_signal_is_handled(cleaning: str) -> None:
    lines = {"terminate": [AT_WORK, GOES_ON], "kill": [AT_WORK, GOES_ON]} | {cleaning: [AT_WORK, CLEANS_UP, GOES_ON]}
    run = found({"terminate": -15, "kill": -9}, **lines)
    assert process_life.a_signal_leaves_no_time_to_clean_up(run).value == "refuted"


def test_a_signal_leaves_no_time_to_clean_up_is_refuted_when_the_child_was_never_at_work() -> None:
    run = found({"terminate": -15, "kill": -9}, terminate=[GOES_ON], kill=[AT_WORK, GOES_ON])
    assert process_life.a_signal_leaves_no_time_to_clean_up(run).value == "refuted"


def test_a_zombie_waits_for_its_parent_holds_when_both_are_zombies_until_asked() -> None:
    run = found({"zombie_under_fork": [ZOMBIE], "zombie_under_spawn": [ZOMBIE]})
    assert process_life.a_zombie_waits_for_its_parent(run).value == "holds"


@pytest.mark.parametrize("seen", [REAPED, ["R", "gone", 0], ["Z", "Z", 0], ["Z", "gone", 1]])
@pytest.mark.parametrize("variant", ["zombie_under_fork", "zombie_under_spawn"])
def test_a_zombie_waits_for_its_parent_is_refuted_when_it_was_reaped_before_or_is_not_by_asking(
    variant: str, seen: list[str | int]
) -> None:
    run = found({"zombie_under_fork": [ZOMBIE], "zombie_under_spawn": [ZOMBIE]} | {variant: [seen]})
    assert process_life.a_zombie_waits_for_its_parent(run).value == "refuted"


def test_the_server_reaps_holds_when_the_child_is_gone_unasked() -> None:
    assert process_life.the_server_reaps(found({"reaped_by_forkserver": [REAPED]})).value == "holds"


@pytest.mark.parametrize("seen", [ZOMBIE, ["gone", "gone", 1]])
def test_the_server_reaps_is_refuted_when_the_start_method_is_another_or_the_child_fails(seen: list[str | int]) -> None:
    assert process_life.the_server_reaps(found({"reaped_by_forkserver": [seen]})).value == "refuted"
