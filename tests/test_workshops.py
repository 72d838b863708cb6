"""A workshop as a person holds it: through the command line, with small labs of its own that are measured for real."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.small_labs import LAB

if TYPE_CHECKING:
    from pathlib import Path

    from harness.image import ImageFacts

NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent/engine.sock"}
PARTS = ("harness", "tasks.py", "compose.yaml", "Dockerfile", ".dockerignore", "requirements", "configs/workshops")
GOOD = '''
@variant
def one(count: int = 3) -> int:
    """One."""
    return count


@claim
def it_counts(run: Run) -> Verdict:
    """It counts."""
    return run.answers(one).are_all(3)
'''
REFUTED = GOOD.replace("return count", "return count + 1")
CRASHES = GOOD.replace("return count", "raise ValueError('on purpose')")
ENDLESS = GOOD.replace("return count", "while count:\n        pass\n    return count")
USUAL = """
[run]
deadline_seconds = 20.0
budget_seconds = 10.0
log_bytes = 1_000_000
memory_bytes = 2_147_483_648
"""
FILE = """
title = "Small"
[defaults]
cores = [1]
config = "hard.toml"
"""


@pytest.fixture
def clone(repo: Path, tmp_path: Path) -> Path:
    """A clone with three small labs of its own, and a workshop of them."""
    root = tmp_path / "clone"
    root.mkdir()
    for part in PARTS:
        if (repo / part).is_dir():
            shutil.copytree(repo / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(repo / part, root / part)
    (root / "configs" / "standard.toml").write_text(USUAL, "utf-8")
    (root / "configs" / "quick.toml").write_text(USUAL, "utf-8")
    (root / "hard.toml").write_text("[run]\nrounds = 1\ndeadline_seconds = 20.0\n", "utf-8")
    (root / "labs").mkdir()
    for name in ("first", "second", "third"):
        write_lab(root, name, GOOD)
    (root / "class.toml").write_text(
        FILE + "".join(f'[[lab]]\nname = "{name}"\n' for name in ("first", "second", "third"))
    )
    return root


def write_lab(root: Path, name: str, source: str) -> None:
    (root / "labs" / f"{name}.py").write_text(LAB + source, "utf-8")


def words_for(root: Path, *words: str) -> dict[str, Any]:
    return {
        "args": [sys.executable, "-m", "invoke", "--search-root", str(root), "workshop", *words],
        "cwd": root,
        "env": {**os.environ, "PYTHONPATH": str(root), **NO_ENGINE},
        "stdin": subprocess.DEVNULL,
        "text": True,
        "encoding": "utf-8",
    }


def invoke(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(**words_for(root, *words), capture_output=True, check=False)


def headings(ended: subprocess.CompletedProcess[str]) -> list[str]:
    return re.findall(r"^(\d of \d: \w+) · about .* left$", ended.stderr, re.M)


def test_labs_are_run_in_order_and_end_side_by_side(clone: Path) -> None:
    ended = invoke(clone, "class.toml")
    assert ended.returncode == 0, ended.stderr
    assert headings(ended) == ["1 of 3: first", "2 of 3: second", "3 of 3: third"]
    assert ended.stderr.count("runner: local (no engine") == 1
    turns, _, tables = ended.stdout.rpartition("third: Does the small lab work?")[0].partition("variant")
    assert turns.count("✓ It counts.") == 3
    assert "proven at" in tables
    assert ended.stdout.splitlines()[-1].split()[:5] == ["all", "3", "0", "0", "0"]
    assert list((clone / "results" / ".workshops").iterdir()) == []


def test_json_is_one_document_over_all_labs_and_a_broken_one_does_not_stop_the_others(clone: Path) -> None:
    (clone / "labs" / "second.py").write_text("def (", "utf-8")
    write_lab(clone, "third", REFUTED)
    ended = invoke(clone, "class.toml", "--json")
    told = json.loads(ended.stdout)
    assert ended.returncode == told["exit_code"] == 2
    assert [run["lab"] for run in told["runs"]] == ["first", "third"]
    assert [one["verdict"] for one in told["verdicts"]] == ["holds", "refuted"]
    assert [(one["lab"], one["state"]) for one in told["workshop"]["labs"]] == [
        ("first", "done"),
        ("second", "broken"),
        ("third", "done"),
    ]
    assert "pinlab: labs/second.py:1: syntax error" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_crash_in_the_middle_is_a_result_and_the_workshop_goes_on(clone: Path) -> None:
    write_lab(clone, "second", CRASHES)
    ended = invoke(clone, "class.toml")
    assert ended.returncode == 1
    assert headings(ended)[-1] == "3 of 3: third"
    assert "! one: crashed: ValueError: on purpose" in ended.stdout


def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(clone: Path) -> None:
    write_lab(clone, "second", ENDLESS)
    with subprocess.Popen(
        **words_for(clone, "class.toml"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as running:
        assert running.stderr is not None
        next(line for line in running.stderr if line.startswith("2 of 3: second"))
        running.send_signal(signal.SIGINT)
        rest = running.stderr.read()
    assert running.returncode == 130, rest
    assert "stopped at 2 of 3: second; `./invoke workshop class.toml` goes on from there" in rest
    write_lab(clone, "second", GOOD)
    ended = invoke(clone, "class.toml", "--json")
    assert "resuming: 1 of 3 labs done (`./invoke workshop class.toml --fresh` starts again)" in ended.stderr
    assert headings(ended) == ["2 of 3: second", "3 of 3: third"]
    assert [one["resumed"] for one in json.loads(ended.stdout)["workshop"]["labs"]] == [True, False, False]
    assert headings(invoke(clone, "class.toml"))[0] == "1 of 3: first"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("clas",), "no workshop 'clas': the workshops are first-hour, whole-notes, or a FILE.toml"),
        (("whole-notes",), "lab 1: name: no lab 'process_or_thread': the labs are first, second, third"),
        (("class.toml", "--minutes", "soon"), "--minutes 'soon'"),
        (("class.toml", "--runner", "podman"), "auto, docker, local"),
        ((), "required positional"),
    ],
)
def test_bad_words_get_one_line_and_exit_2_before_anything_is_run(
    words: tuple[str, ...], says: str, clone: Path
) -> None:
    ended = invoke(clone, *words)
    assert ended.returncode == 2, ended.stderr
    assert ended.stdout == ""
    [line] = [line for line in ended.stderr.splitlines() if line.startswith("pinlab: ")]
    assert says in line
    assert not (clone / "results").exists()


def test_help_is_given_behind_the_task_too(clone: Path) -> None:
    ended = invoke(clone, "--help")
    assert ended.returncode == 0
    assert "--minutes" in ended.stdout


@pytest.mark.engine
def test_a_workshop_is_held_in_containers(image: ImageFacts, repo: Path, tmp_path: Path) -> None:
    (tmp_path / "hard.toml").write_text("[run]\nrounds = 1\n", "utf-8")
    (tmp_path / "class.toml").write_text(
        FILE + 'python = ["3.14", "3.14t"]\n[[lab]]\nname = "race"\nknobs = { count = 2000 }\n'
        '[[lab]]\nname = "thread_start"\npython = ["3.14"]\n',
        "utf-8",
    )
    command = ["workshop", str(tmp_path / "class.toml"), "--runner", "docker", "--fresh", "--json"]
    ended = subprocess.run(
        [sys.executable, "-m", "invoke", "--search-root", str(repo), *command],
        cwd=repo,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    told = json.loads(ended.stdout)
    ran = [(run["lab"], run["runner"], run["python"], run["knobs"].get("count")) for run in told["runs"]]
    assert ran == [
        ("race", "docker", "3.14", 2000),
        ("race", "docker", "3.14t", 2000),
        ("thread_start", "docker", "3.14", None),
    ]
    assert all(run["placement"]["valid"] for run in told["runs"])
    assert ended.returncode == told["exit_code"]
