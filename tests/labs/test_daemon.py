"""The lab `daemon`: a daemon is cut off every time, and each of its claims can hold and can fail."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from harness.events import Event, environment, read_events
from harness.testing import made_up_run
from labs import daemon
from tests.interpreters import every_interpreter
from tests.labs.by_hand import ROOT, by_hand

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.findings import Run

    Recorded = Callable[[str, str], tuple[Any, list[str]]]

WAITED_FOR = ["worker begins, daemon: False", "main thread ends", "worker is done", "worker cleans up"]
CUT_OFF = ["worker begins, daemon: True", "main thread ends"]


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """Makes a call by hand; gives its answer and what was logged, in whichever process, in the order of time."""
    events = tmp_path / "events.jsonl"
    for name, value in environment(events, tmp_path, "by_hand.0", python_path=[ROOT]).items():
        monkeypatch.setenv(name, value)

    def call(python: str, call: str) -> tuple[Any, list[str]]:
        answer = by_hand(python, "daemon", f"result = lab.{call}")
        return answer, [record.message for record in read_events(events).records]

    return call


def logged(variant: str, lines: list[str]) -> Run:
    """A run whose samples of this variant logged these lines, in this order."""
    events = [Event(at, 1, "MainProcess", 1, "MainThread", "root", "INFO", line, "0") for at, line in enumerate(lines)]
    return made_up_run(answers={variant: 0}, events={variant: events})


@every_interpreter
def test_a_plain_thread_finishes_after_the_main_thread_has_ended(python: str, recorded: Recorded) -> None:
    assert recorded(python, "non_daemon()") == (0, WAITED_FOR)


@every_interpreter
def test_a_daemon_is_cut_off_without_its_finally_and_nothing_tells(python: str, recorded: Recorded) -> None:
    assert recorded(python, "daemon()") == (0, CUT_OFF)


@every_interpreter
def test_the_process_of_an_endless_daemon_ends_with_every_edit_saved(python: str, recorded: Recorded) -> None:
    assert recorded(python, "autosave(edits=5)") == ([0, "5 edits"], [])


@every_interpreter
def test_the_plain_thread_takes_the_reply_that_is_there(python: str) -> None:
    """It is at work up to then: what it does not take is still in the pipe when its process has ended."""
    code = """
import os, subprocess
reader, writer = os.pipe()
os.write(writer, b"!")
program = "import labs.daemon as lab; lab.end_before_the_worker()"
subprocess.run([sys.executable, "-c", program], stdin=reader, check=True)
os.set_blocking(reader, False)
try:
    result = os.read(reader, 1).decode()
except BlockingIOError:
    result = "taken"
"""
    assert by_hand(python, "daemon", code) == "taken"


def read_without_waiting() -> None:
    """Raise BlockingIOError where the standard input is open and has nothing to read."""
    os.set_blocking(0, False)
    os.read(0, 1)


def test_a_reply_that_does_not_come_is_no_end_of_the_input(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An end of the input would be something to read, and the daemon could get on before its process ends."""
    monkeypatch.chdir(ROOT)
    assert daemon.exit_code_of(read_without_waiting) == 1
    assert "BlockingIOError" in capfd.readouterr().err


def test_an_interpreter_that_fails_is_not_taken_for_one_that_ended_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert daemon.exit_code_of(daemon.edit, file="/nowhere/text", edits="no number") == 1


def test_a_plain_thread_is_waited_for_holds_when_it_finishes_after_the_main_thread() -> None:
    assert daemon.a_plain_thread_is_waited_for(logged("non_daemon", WAITED_FOR)).value == "holds"


@pytest.mark.parametrize("lines", [CUT_OFF, WAITED_FOR[:3], [WAITED_FOR[0], *WAITED_FOR[2:], WAITED_FOR[1]]])
def test_a_plain_thread_is_waited_for_is_refuted_when_it_is_a_daemon_or_is_not_held(lines: list[str]) -> None:
    assert daemon.a_plain_thread_is_waited_for(logged("non_daemon", lines)).value == "refuted"


def test_a_daemon_is_cut_off_holds_when_its_last_lines_are_missing() -> None:
    assert daemon.a_daemon_is_cut_off(logged("daemon", CUT_OFF)).value == "holds"


@pytest.mark.parametrize("lines", [WAITED_FOR, [*CUT_OFF, "worker cleans up"], ["main thread ends"]])
def test_a_daemon_is_cut_off_is_refuted_when_it_is_waited_for_or_never_began(lines: list[str]) -> None:
    assert daemon.a_daemon_is_cut_off(logged("daemon", lines)).value == "refuted"


def test_the_exit_code_does_not_tell_holds_for_two_zeros() -> None:
    run = made_up_run(answers={"non_daemon": 0, "daemon": 0})
    assert daemon.the_exit_code_does_not_tell(run).value == "holds"


@pytest.mark.parametrize("codes", [{"non_daemon": 0, "daemon": 1}, {"non_daemon": -6, "daemon": 0}])
def test_the_exit_code_does_not_tell_is_refuted_when_one_is_not_0(codes: dict[str, int]) -> None:
    assert daemon.the_exit_code_does_not_tell(made_up_run(answers=codes)).value == "refuted"


def test_an_endless_daemon_holds_nothing_up_holds_when_its_process_ends_and_all_is_saved() -> None:
    run = made_up_run(answers={"autosave": [[0, "4 edits"]]}, knobs={"edits": 4})
    assert daemon.an_endless_daemon_holds_nothing_up(run).value == "holds"


def test_an_endless_daemon_holds_nothing_up_is_refuted_when_it_is_no_daemon_and_the_process_never_ends() -> None:
    run = made_up_run(outcomes={"autosave": "timed_out"}, knobs={"edits": 4})
    assert daemon.an_endless_daemon_holds_nothing_up(run).value == "refuted"


@pytest.mark.parametrize("left", [(0, "3 edits"), (1, "4 edits"), (0, "")])
def test_an_endless_daemon_holds_nothing_up_is_refuted_when_an_edit_is_lost_or_its_process_fails(
    left: tuple[int, str],
) -> None:
    run = made_up_run(answers={"autosave": left}, knobs={"edits": 4})
    assert daemon.an_endless_daemon_holds_nothing_up(run).value == "refuted"
