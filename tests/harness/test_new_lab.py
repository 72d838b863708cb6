"""`invoke new`: what it makes is a whole lab that passes as it is; what it cannot make is told in one line."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import UsageFault
from harness.new_lab import MOST_CHARACTERS, TEMPLATE, check_name, make_lab

ROOT = Path(__file__).parents[2]
LABS = ROOT / "labs"
TOOLS = Path(sys.executable).parent
PYTEST = ("python", "-m", "pytest", "-q", "-p", "no:cacheprovider")
SHORT, LONG = "q", "l" * MOST_CHARACTERS


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this repository in which three labs were made: with a name as others, the shortest, the longest."""
    folder = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in os.fsdecode(listed.stdout).split("\0"):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    for name in ("my_lab", SHORT, LONG):
        make_lab(name, folder)
    return folder


def run(clone: Path, *words: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which(words[0], path=str(TOOLS)) or words[0]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [program, *words[1:]], cwd=clone, env=environment, capture_output=True, text=True, check=False
    )


def assert_good(ended: subprocess.CompletedProcess[str]) -> None:
    assert ended.returncode == 0, ended.stdout + ended.stderr


def files_of(name: str) -> list[str]:
    return [
        f"labs/{name}.py",
        f"labs/notes/en/{name}.md",
        f"labs/notes/ko/{name}.md",
        f"tests/exercises/my_{name}.py",
        f"tests/labs/test_{name}.py",
    ]


def test_a_new_lab_is_a_lab_a_test_and_a_page_in_each_language(clone: Path) -> None:
    for name in ("my_lab", SHORT, LONG):
        assert all((clone / path).is_file() for path in files_of(name))
    assert (clone / "template").is_dir()


def test_only_its_own_name_and_place_are_left_in_it(clone: Path) -> None:
    for path in files_of(LONG):
        text = (clone / path).read_text("utf-8")
        assert "my_lab" not in text
        assert "order = 0" not in text


def test_each_lab_comes_after_the_last_in_the_course(clone: Path) -> None:
    places = [
        [
            int(re.findall(r"^order = (\d+)$", (clone / path).read_text("utf-8"), re.M)[0])
            for path in files_of(name)[1:3]
        ]
        for name in ("my_lab", SHORT, LONG)
    ]
    first = len(list(LABS.glob("*.py"))) + 1
    assert places == [[first] * 2, [first + 1] * 2, [first + 2] * 2]


@pytest.mark.parametrize("words", [("ruff", "format", "--check"), ("ruff", "check"), ("mypy",)])
def test_what_is_made_is_formatted_and_clean_and_has_strict_types(clone: Path, words: tuple[str, ...]) -> None:
    files = [path for name in ("my_lab", SHORT, LONG) for path in files_of(name) if path.endswith(".py")]
    assert_good(run(clone, *words, *files))


def test_what_is_made_passes_its_own_tests_and_those_of_every_lab(clone: Path) -> None:
    every = (
        *(f"tests/labs/test_every_{name}.py" for name in ("lab", "page")),
        *(f"tests/harness/test_{name}.py" for name in ("notes", "catalogue", "course_table")),
    )
    own = [f"tests/labs/test_{name}.py" for name in ("my_lab", LONG)]
    assert_good(run(clone, *PYTEST, *own, *every))


def test_what_is_made_has_an_exercise_whose_solution_is_upheld(clone: Path) -> None:
    assert_good(run(clone, *PYTEST, "tests/labs/test_exercises.py", "-k", "my_lab or has_a_model_solution"))


def test_what_is_made_runs(clone: Path) -> None:
    options = ("--runner", "local", "--cores", "1", "--rounds", "2", "--json")
    ended = run(clone, "python", "-m", "invoke", "lab", "my_lab", *options)
    [record] = json.loads(ended.stdout)["runs"]
    assert [entry["outcome"] for entry in record["variants"]] == ["finished", "finished"]
    assert record["problems"] == []
    verdicts = {one["claim"]: (one["verdict"], one["reason"]) for one in record["verdicts"]}
    assert verdicts["every_wait_is_done"][0] == "holds"
    verdict, reason = verdicts["threads_wait_at_the_same_time"]
    assert verdict == "inconclusive"
    assert reason.startswith("too few")


def test_the_command_says_what_it_has_made_and_what_comes_next(clone: Path) -> None:
    ended = run(clone, "python", "-m", "invoke", "new", "by_command")
    assert_good(ended)
    assert ended.stdout.splitlines() == files_of("by_command")
    assert [line.strip() for line in ended.stderr.splitlines()[1:]] == [
        "./invoke show by_command",
        "./invoke lab by_command",
        "./invoke check",
    ]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "lower case"),
        ("Mine", "lower case"),
        ("3d", "lower case"),
        ("my-lab", "lower case"),
        ("my lab", "lower case"),
        ("_mine", "lower case"),
        ("실험", "lower case"),
        ("mine\n", "lower case"),
        ("l" * (MOST_CHARACTERS + 1), "at most 40"),
        ("x" * 10_000, "at most 40"),
        ("mine.py", "not by a path"),
        ("../mine", "not by a path"),
        ("a\\b", "not by a path"),
        ("mine\0", "not by a path"),
        ("class", "keyword of Python; take another, such as class_lab"),
        ("queue", "the standard library has that module; such as queue_lab"),
        ("run", "pinlab uses that word itself; such as run_lab"),
        ("gil", "there is a lab gil already, and near it gil_io; see `invoke show gil`"),
    ],
)
def test_a_name_that_no_lab_can_have_is_refused_in_one_line(name: str, says: str) -> None:
    with pytest.raises(UsageFault) as fault:
        check_name(name, LABS)
    line = str(fault.value)
    assert says in line
    assert "\n" not in line
    assert len(line) < 300


def small_repository(folder: Path) -> Path:
    shutil.copytree(ROOT / TEMPLATE, folder / TEMPLATE)
    for name in ("labs/notes/en", "labs/notes/ko", "tests/exercises", "tests/labs"):
        (folder / name).mkdir(parents=True)
    return folder


@pytest.mark.parametrize("there", files_of("mine")[1:])
def test_a_file_that_is_there_is_named_and_kept_and_nothing_is_written(tmp_path: Path, there: str) -> None:
    root = small_repository(tmp_path)
    (root / there).write_text("mine", encoding="utf-8")
    with pytest.raises(UsageFault, match=f"^{re.escape(there)} is there already"):
        make_lab("mine", root)
    assert [path for path in files_of("mine") if (root / path).exists()] == [there]
    assert (root / there).read_text("utf-8") == "mine"


def test_a_link_that_leads_nowhere_is_not_followed(tmp_path: Path) -> None:
    root = small_repository(tmp_path / "repository")
    (root / "tests/labs/test_mine.py").symlink_to(tmp_path / "outside.py")
    with pytest.raises(UsageFault, match="is there already"):
        make_lab("mine", root)
    assert not (tmp_path / "outside.py").exists()


def test_where_one_file_cannot_be_written_none_is_left(tmp_path: Path) -> None:
    root = small_repository(tmp_path)
    (root / "tests/labs").rmdir()
    with pytest.raises(UsageFault, match=r"tests/labs/test_mine\.py cannot be written: .*; nothing was made"):
        make_lab("mine", root)
    assert not any((root / path).exists() for path in files_of("mine"))


def test_the_first_lab_is_the_first_of_the_course(tmp_path: Path) -> None:
    root = small_repository(tmp_path)
    make_lab("mine", root)
    assert "\norder = 1\n" in (root / "labs/notes/en/mine.md").read_text("utf-8")


def test_a_clone_without_its_template_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match=r"no template in .*is the clone whole"):
        make_lab("mine", tmp_path)
