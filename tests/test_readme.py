"""The README keeps its word: its commands exist, its example runs, and both languages say the same."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from harness.catalogue import read_lab
from tests.small_labs import measure

if TYPE_CHECKING:
    from pathlib import Path

READMES = ("README.md", "README.ko.md")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)


def blocks(readme: str, kind: str, repo: Path) -> list[str]:
    return [text for found, text in BLOCK.findall((repo / readme).read_text("utf-8")) if found == kind]


def commands(readme: str, repo: Path) -> set[str]:
    """The words of each task's call in the text, without the comment behind it."""
    text = (repo / readme).read_text("utf-8")
    return {words.partition("#")[0].strip() for words in re.findall(r"\./invoke ([a-z][^`\n|]*)", text)}


def test_both_languages_show_the_same_commands_examples_and_output(repo: Path) -> None:
    english, korean = READMES
    assert commands(english, repo) == commands(korean, repo)
    for kind in ("python", "text"):
        assert blocks(english, kind, repo) == blocks(korean, kind, repo)


def test_every_command_names_a_task_and_options_that_exist(repo: Path) -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "invoke", "--list"], cwd=repo, capture_output=True, text=True, check=True
    ).stdout
    wanted: dict[str, set[str]] = {}
    for words in commands("README.md", repo):
        task, *rest = words.split(" -- ")[0].split()
        wanted.setdefault(task, set()).update(word for word in rest if re.fullmatch(r"--[a-z-]+", word))
    assert set(wanted) <= set(re.findall(r"^  ([a-z]+)\s{2,}", listed, re.M))
    for task, options in wanted.items():
        shown = subprocess.run(
            [sys.executable, "-m", "invoke", "--help", task], cwd=repo, capture_output=True, text=True, check=True
        ).stdout
        assert options <= set(re.findall(r"--[a-z-]+", shown)), task


@pytest.mark.parametrize("readme", READMES)
def test_the_example_of_a_lab_is_a_lab(readme: str, repo: Path, tmp_path: Path) -> None:
    [source] = blocks(readme, "python", repo)
    path = tmp_path / "lookup.py"
    path.write_text(source)
    lab = read_lab(path)
    assert [variant.name for variant in lab.variants] == ["in_a_list", "in_a_dict"]
    assert [claim.name for claim in lab.claims] == ["a_dict_is_faster"]


def test_the_example_of_a_lab_runs(repo: Path, tmp_path: Path) -> None:
    [source] = blocks("README.md", "python", repo)
    record = measure(source, tmp_path, repo, knobs={"count": 200})
    assert [entry["outcome"] for entry in record["variants"]] == ["finished", "finished"]
    assert record["problems"] == []


def test_every_file_that_is_linked_is_there(repo: Path) -> None:
    for readme in (*READMES, "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", (repo / readme).read_text("utf-8")):
            assert (repo / target).exists(), f"{readme}: {target}"
