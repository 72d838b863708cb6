"""The README leads from each example and concept of the notes to its lab and variant, as the pages say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.course_table import READMES, course_table, with_table, write_tables
from harness.errors import UsageFault

if TYPE_CHECKING:
    from pathlib import Path

MARKED = "# A\n\n<!-- course -->\nold\n<!-- /course -->\n\nrest\n"


def page(labs: Path, language: str, name: str, chapter: str, order: int, tables: str = "") -> None:
    path = labs / "notes" / language / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'+++\nchapter = "{chapter}"\norder = {order}\n{tables}+++\n\n# A page\n', encoding="utf-8")
    (labs / f"{name}.py").touch()


@pytest.mark.parametrize("language", READMES)
def test_the_readme_has_the_table_that_the_pages_give(language: str, repo: Path) -> None:
    readme = (repo / READMES[language]).read_text("utf-8")
    assert readme == with_table(readme, course_table(language, repo / "labs")), "run `python -m harness.course_table`"


def test_a_row_has_a_lab_with_its_examples_and_concepts_and_their_variants(tmp_path: Path) -> None:
    page(tmp_path, "en", "locks", "2 Threads", 2, '[concepts]\nlock = "with_lock"\n"race condition" = ["one", "two"]\n')
    page(tmp_path, "en", "first", "1 Processes", 1, '[examples]\n01 = "plain"\n')
    assert course_table("en", tmp_path).splitlines()[2:] == [
        "| [first](labs/notes/en/first.md) | 01 `plain` |  |",
        "| [locks](labs/notes/en/locks.md) |  | lock `with_lock` · race condition `one`, `two` |",
    ]


def test_a_lab_that_is_not_from_the_notes_is_not_in_the_table(tmp_path: Path) -> None:
    page(tmp_path, "ko", "mine", "그 밖", 1)
    assert "mine" not in course_table("ko", tmp_path)


def test_what_stands_around_the_table_stays(tmp_path: Path) -> None:
    assert with_table(MARKED, "new\n") == MARKED.replace("old", "new")


def test_a_readme_without_the_marks_is_told_in_one_line() -> None:
    with pytest.raises(UsageFault, match="no place for the table"):
        with_table(MARKED.replace("/course", "course"), "new\n")


def test_the_tables_of_both_readmes_are_written(tmp_path: Path) -> None:
    for language, name in READMES.items():
        (tmp_path / name).write_text(MARKED, encoding="utf-8")
        page(tmp_path / "labs", language, "first", "1", 1, '[concepts]\nlock = "with_lock"\n')
    write_tables(tmp_path)
    for language, name in READMES.items():
        assert f"| [first](labs/notes/{language}/first.md) |  | lock `with_lock` |" in (tmp_path / name).read_text(
            "utf-8"
        )
