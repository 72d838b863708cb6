"""The lab `thread_start`: the order is the same every time, and each of its claims can hold and can fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.events import Event, environment, read_events
from harness.testing import made_up_run
from labs import thread_start
from labs.thread_start import MAIN, WORKER
from tests.interpreters import every_interpreter
from tests.labs.by_hand import ROOT, by_hand

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.findings import Run

    Recorded = Callable[[str, str], tuple[Any, list[str]]]


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """Calls a variant by hand; gives its answer and what it logged, in the order of time."""
    events = tmp_path / "events.jsonl"
    for name, value in environment(events, tmp_path, "by_hand.0", python_path=[ROOT]).items():
        monkeypatch.setenv(name, value)

    def call(python: str, variant: str) -> tuple[Any, list[str]]:
        answer = by_hand(python, "thread_start", f"result = lab.{variant}()")
        return answer, [record.message for record in read_events(events).records]

    return call


def found(variant: str, answer: Any, *lines: str) -> Run:
    """A run whose samples of this variant returned this and logged these lines, in this order."""
    events = [Event(at, 1, "MainProcess", 1, "MainThread", "root", "INFO", line, "0") for at, line in enumerate(lines)]
    return made_up_run(answers={variant: answer}, events={variant: events})


@every_interpreter
def test_without_join_the_main_thread_says_its_last_line_while_the_worker_lives(
    python: str, recorded: Recorded
) -> None:
    assert recorded(python, "without_join") == (True, [MAIN, WORKER])


@every_interpreter
def test_with_join_the_main_thread_says_its_last_line_when_the_worker_has_ended(
    python: str, recorded: Recorded
) -> None:
    assert recorded(python, "with_join") == (False, [WORKER, MAIN])


@every_interpreter
def test_an_interpreter_whose_main_thread_has_ended_waits_for_the_worker(python: str, recorded: Recorded) -> None:
    assert recorded(python, "left_to_the_interpreter") == (0, [MAIN, WORKER])


def test_main_goes_on_without_join_holds_when_its_line_comes_first() -> None:
    run = found("without_join", True, MAIN, WORKER)
    assert thread_start.main_goes_on_without_join(run).value == "holds"


@pytest.mark.parametrize(("lives_on", "lines"), [(False, (MAIN, WORKER)), (True, (WORKER, MAIN)), (True, (MAIN,))])
def test_main_goes_on_without_join_is_refuted_when_the_worker_is_not_held(
    lives_on: bool, lines: tuple[str, ...]
) -> None:
    run = found("without_join", lives_on, *lines)
    assert thread_start.main_goes_on_without_join(run).value == "refuted"


def test_main_waits_with_join_holds_when_its_line_comes_last() -> None:
    assert thread_start.main_waits_with_join(found("with_join", False, WORKER, MAIN)).value == "holds"


@pytest.mark.parametrize(("lives_on", "lines"), [(False, (MAIN, WORKER)), (True, (WORKER, MAIN))])
def test_main_waits_with_join_is_refuted_when_the_join_is_removed(lives_on: bool, lines: tuple[str, ...]) -> None:
    assert thread_start.main_waits_with_join(found("with_join", lives_on, *lines)).value == "refuted"


def test_the_interpreter_waits_too_holds_when_the_worker_has_the_last_word() -> None:
    run = found("left_to_the_interpreter", 0, MAIN, WORKER)
    assert thread_start.the_interpreter_waits_too(run).value == "holds"


@pytest.mark.parametrize(("exit_code", "lines"), [(0, (MAIN,)), (0, (WORKER, MAIN)), (1, (MAIN, WORKER))])
def test_the_interpreter_waits_too_is_refuted_when_the_worker_is_cut_off_or_comes_first(
    exit_code: int, lines: tuple[str, ...]
) -> None:
    run = found("left_to_the_interpreter", exit_code, *lines)
    assert thread_start.the_interpreter_waits_too(run).value == "refuted"


def test_an_order_of_which_nothing_was_recorded_settles_nothing() -> None:
    assert thread_start.main_waits_with_join(found("with_join", False)).value == "inconclusive"
