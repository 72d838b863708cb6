"""Every lab is whole: it has its tests, its pages, an exercise, and for each claim a test that refutes it."""

from __future__ import annotations

import ast
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.catalogue import Lab, read_catalogue, read_lab
from harness.new_lab import TEMPLATE, make_lab
from tests.completeness import missing

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
LABS = ROOT / "labs"
CATALOGUE = read_catalogue(LABS).labs
PAGES = ("labs/notes/en/mine.md", "labs/notes/ko/mine.md")
TEST = "tests/labs/test_mine.py"


def test_every_lab_can_be_read() -> None:
    assert read_catalogue(LABS).faults == ()


@pytest.mark.parametrize("lab", CATALOGUE, ids=lambda lab: lab.name)
def test_every_lab_has_tests_pages_an_exercise_and_for_each_claim_a_test_that_refutes_it(lab: Lab) -> None:
    assert missing(lab, ROOT) == []


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a single lab, which is whole."""
    shutil.copytree(ROOT / TEMPLATE, tmp_path / TEMPLATE)
    for name in ("labs/notes/en", "labs/notes/ko", "tests/exercises", "tests/labs"):
        (tmp_path / name).mkdir(parents=True)
    make_lab("mine", tmp_path)
    return tmp_path


def lacks(repository: Path) -> list[str]:
    return missing(read_lab(repository / "labs" / "mine.py"), repository)


def test_a_lab_that_is_whole_lacks_nothing(repository: Path) -> None:
    assert lacks(repository) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_lab_without_a_page_in_one_of_the_languages_is_caught(repository: Path, path: str) -> None:
    (repository / path).unlink()
    assert lacks(repository) == [f"no page {path}"]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(
    "without",
    [
        lambda text: re.sub(r"\n## (Exercise|연습)\n.*", "\n", text, flags=re.S),
        lambda text: re.sub(r"(\n## (?:Exercise|연습)\n).*", r"\1", text, flags=re.S),
        lambda text: re.sub(r"(\n## (?:Exercise|연습)\n).*", r"\1\n## More\n\ntext\n", text, flags=re.S),
    ],
    ids=["no section", "an empty section", "an empty section before another"],
)
def test_a_page_without_an_exercise_is_caught(repository: Path, path: str, without: Callable[[str], str]) -> None:
    text = (repository / path).read_text("utf-8")
    (repository / path).write_text(without(text), encoding="utf-8")
    [line] = lacks(repository)
    assert line.startswith(f"no exercise in {path}")


def test_a_lab_without_tests_is_caught(repository: Path) -> None:
    (repository / TEST).unlink()
    assert lacks(repository) == [f"no test {TEST}"]


def test_a_lab_without_claims_is_caught(repository: Path) -> None:
    path = repository / "labs" / "mine.py"
    path.write_text(path.read_text("utf-8").replace("@claim\n", ""), encoding="utf-8")
    assert lacks(repository) == ["no claim"]


@pytest.mark.parametrize("verdict", ["holds", "refuted"])
@pytest.mark.parametrize("claim", ["every_wait_is_done", "threads_wait_at_the_same_time"])
def test_a_claim_without_a_test_of_either_verdict_is_caught(repository: Path, claim: str, verdict: str) -> None:
    path = repository / TEST
    text, count = re.subn(rf"def test_{claim}_(is_)?{verdict}", rf"def test_of_{claim}", path.read_text("utf-8"))
    assert count == 1
    path.write_text(text, encoding="utf-8")
    [line] = lacks(repository)
    assert claim in line
    assert verdict in line


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        (r"assert lab.every_wait_is_done\(answered\(4, 4, 3\)\).value == .refuted.", "pass"),
        (r"assert lab.every_wait_is_done\(answered\(4, 4, 3\)\).value == .refuted.", 'assert "refuted"'),
        (r"lab.every_wait_is_done\(answered\(4, 4, 3\)\).value == .refuted.", "lab.every_wait_is_done(answered(4))"),
    ],
    ids=["it checks nothing", "it does not ask the claim", "it expects no verdict"],
)
def test_a_test_that_is_one_by_its_name_only_is_caught(repository: Path, found: str, instead: str) -> None:
    path = repository / TEST
    text, count = re.subn(found, instead, path.read_text("utf-8"))
    assert count == 1
    path.write_text(text, encoding="utf-8")
    [line] = lacks(repository)
    assert "expects 'refuted'" in line


@pytest.mark.parametrize("lab", CATALOGUE, ids=lambda lab: lab.name)
def test_a_lab_imports_the_standard_library_and_its_marks_only(lab: Lab) -> None:
    for node in ast.walk(ast.parse(lab.path.read_bytes())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [each.name for each in node.names] if isinstance(node, ast.Import) else [str(node.module)]
            for module in modules:
                assert module == "harness.lab" or module.partition(".")[0] in sys.stdlib_module_names, module
