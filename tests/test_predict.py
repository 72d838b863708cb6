"""`invoke lab --predict` as it is typed: questions at a terminal, or one option, and what is told after the run."""

from __future__ import annotations

import fcntl
import json
import os
import select
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

PROMPT = b"    > "
PATIENCE_SECONDS = 600.0
"""A test that waits longer than this for a question fails; none that passes waits for it."""
RACE = ("lab", "race", "--runner", "local", "--cores", "1", "--rounds", "1", "--set", "count=2000")
CTRL_C, CTRL_D = b"\x03", b"\x04"


def take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Session:
    """invoke at a terminal of its own; what it prints as data goes into a pipe."""

    def __init__(self, words: tuple[str, ...], repo: Path) -> None:
        self._terminal, its_end = os.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "invoke", "--search-root", str(repo), *words],
            cwd=repo,
            stdin=its_end,
            stderr=its_end,
            stdout=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=take_terminal,
        )
        os.close(its_end)
        assert self._process.stdout
        self._pipe = self._process.stdout
        self._open = [self._terminal, self._pipe.fileno()]
        self.said, self._data = b"", b""

    def answer(self, text: bytes) -> None:
        """Wait for the next question, and type this."""
        before = self.said.count(PROMPT)
        while self.said.count(PROMPT) == before and self._read():
            pass
        os.write(self._terminal, text)

    def ended(self) -> tuple[int, str]:
        """Its exit code and its data, when it has ended."""
        while self._read():
            pass
        os.close(self._terminal)
        self._pipe.close()
        return self._process.wait(PATIENCE_SECONDS), self._data.decode()

    def _read(self) -> bool:
        """Take in what it says or prints next; False at the end of both."""
        ready, _, _ = select.select(self._open, [], [], PATIENCE_SECONDS)
        assert ready or not self._open, self.said
        for end in ready:
            try:
                found = os.read(end, 65536)
            except OSError:  # the terminal's other end is closed
                found = b""
            if not found:
                self._open.remove(end)
            elif end == self._pipe.fileno():
                self._data += found
            else:
                self.said += found
        return bool(self._open)


def invoke(*words: str, repo: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "invoke", "--search-root", str(repo), *words],
        cwd=repo,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_at_a_terminal_each_variant_is_asked_for_before_anything_runs(repo: Path) -> None:
    session = Session((*RACE, "--predict"), repo)
    for answer in (b"1\n", b"\n", b"some\n", b"3\n", b"0\n"):
        session.answer(answer)
    code, data = session.ended()
    said = session.said.decode()
    assert code in (0, 3), said
    assert (
        said.index("Predict: how many additions") < said.index("4/4 own_counter_then_add") < said.index("runner: local")
    )
    assert "'some' is no answer to it: a whole number" in said
    told = data[data.index("What you predicted, and what was measured") :]
    assert "with_lock: 3 predicted, 0 ×1 measured" in told
    assert "✓ With a lock around reading and writing, no addition is ever lost." in told
    assert "unguarded: its answer" not in told
    assert told.count("as predicted") == 2


def test_ctrl_c_at_a_question_is_130_and_runs_nothing(repo: Path) -> None:
    session = Session((*RACE, "--predict"), repo)
    session.answer(b"1\n")
    session.answer(CTRL_C)
    code, data = session.ended()
    assert (code, data) == (130, "")
    assert b"runner:" not in session.said
    assert b"Traceback" not in session.said


def test_it_asks_in_korean_where_that_is_asked_for_and_says_for_which_runs_an_answer_stands(repo: Path) -> None:
    session = Session(("lab", "race", "--cores", "1,2", "--python", "3.14,3.14t", "--predict", "--lang", "ko"), repo)
    session.answer("많이\n".encode())
    session.answer(CTRL_C)
    code, _ = session.ended()
    said = session.said.decode()
    assert code == 130, said
    assert said.startswith("race: 두 스레드가 한 카운터에 더하면, 더한 것이 사라질 수 있는가?"), said
    assert "답 하나가 다음 실행마다 쓰입니다: 코어 1, 2개, Python 3.14, 3.14t." in said
    assert "'많이' 은(는) 답이 될 수 없습니다. 정수, 예: 7" in said


def test_ctrl_d_skips_what_is_left_and_runs(repo: Path) -> None:
    session = Session((*RACE, "--predict", "--json"), repo)
    session.answer(b"1\n")
    session.answer(CTRL_D)
    code, data = session.ended()
    assert code in (0, 3), session.said
    [run] = json.loads(data)["runs"]
    assert {name: entry["expected"] for name, entry in run["prediction"].items()} == {"forced": 1}


def test_without_a_terminal_the_option_says_how_to_do_without_questions(repo: Path) -> None:
    ended = invoke(*RACE, "--predict", repo=repo)
    assert (ended.returncode, ended.stdout) == (2, "")
    [line] = ended.stderr.splitlines()
    assert line.startswith(
        "pinlab: --predict asks at a terminal, and here is none: give NAME=ANSWER, such as --predict"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("race", "--predict"),
        ("--predict", "race"),
        ("race", "--predict", "--json"),
        ("--cores", "1", "--predict", "--json", "race"),
        ("race", "--predict", "--cores=1"),
    ],
)
def test_the_option_may_stand_without_a_value_wherever_it_stands(words: tuple[str, ...], repo: Path) -> None:
    ended = invoke("lab", *words, repo=repo)
    assert ended.returncode == 2
    assert "asks at a terminal, and here is none" in ended.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("race", "--predict", "forced=x"),
        ("race", "--predict=forced=x"),
        ("--predict", "forced=x", "race"),
        ("--predict=forced=x", "race"),
        ("race", "--predict", "forced=x", "--json"),
    ],
)
def test_the_option_takes_its_value_wherever_it_stands(words: tuple[str, ...], repo: Path) -> None:
    ended = invoke("lab", *words, repo=repo)
    assert ended.returncode == 2
    [line] = ended.stderr.splitlines()
    assert line == "pinlab: --predict 'forced': 'x' is no answer to it: a whole number, such as 7"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--runner", "podman"), "--runner 'podman'"),
        (("--python", "abc"), "--python 'abc'"),
        (("--set", "cuont=3"), "--set 'cuont=3'"),
        (("--cores", "abc"), "--cores 'abc'"),
    ],
)
def test_other_words_are_held_to_be_good_before_anything_is_asked(
    words: tuple[str, ...], says: str, repo: Path
) -> None:
    session = Session(("lab", "race", *words, "--predict"), repo)
    code, _ = session.ended()
    assert code == 2
    assert says in session.said.decode()
    assert PROMPT not in session.said


def test_predictions_are_kept_in_the_run_and_stand_beside_it_in_json(repo: Path) -> None:
    words = "forced=0,with_lock=0,a_lock_loses_nothing=yes"
    ended = invoke(*RACE, "--json", "--predict", words, repo=repo)
    [run] = json.loads(ended.stdout)["runs"]
    assert [(one["name"], one["mark"]) for one in run["reveals"]] == [
        ("forced", "different"),
        ("with_lock", "right"),
        ("a_lock_loses_nothing", "right"),
    ]
    stored = json.loads((repo / "results" / run["run_id"] / "run.json").read_text(encoding="utf-8"))
    assert stored["prediction"] == run["prediction"]
    assert stored["prediction"]["forced"] == {
        "kind": "answer",
        "expected": 0,
        "over": None,
        "claims": ["forced_loses_exactly_one"],
    }
    assert "reveals" not in stored


def test_a_run_without_the_option_holds_no_prediction_and_reveals_nothing(repo: Path) -> None:
    ended = invoke(*RACE, repo=repo)
    assert "predicted" not in ended.stdout
