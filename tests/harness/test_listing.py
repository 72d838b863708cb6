"""The catalogue as a course: chapters, marks and the legend that says what they rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.catalogue import read_lab
from harness.here import Here
from harness.listing import course_lines, shows
from harness.notes import Page

if TYPE_CHECKING:
    from pathlib import Path

    from harness.lab_record import Lab

ENGINE = Here("2026-01-02", 2, (1, 2), ("3.14", "3.14t"))
SMALL = Here("", 1, (1,), ("3.11",))


def lab(folder: Path, name: str, *needs: str) -> Lab:
    """A lab with one claim for each need."""
    claims = "".join(
        f'@claim(needs={need})\ndef claim_{number}(run: Run) -> Verdict:\n    """It is so."""\n'
        for number, need in enumerate(needs)
    )
    path = folder / f"{name}.py"
    path.write_text(
        f'"""Is it {name}?"""\nfrom harness.lab import Run, Verdict, claim, cores, free_threading, variant\n'
        f'@variant\ndef one() -> None:\n    """One."""\n{claims}'
    )
    return read_lab(path)


def page(chapter: str, question: str = "") -> Page:
    return Page(chapter, 1, {}, {}, question, {}, {}, "# A page\n")


@pytest.mark.parametrize(
    ("needs", "here", "mark"),
    [
        (("()", "cores(2)", "free_threading"), ENGINE, "all"),
        (("()", "cores(2)"), SMALL, "some"),
        (("cores(2)", "free_threading"), SMALL, "none"),
        (("cores(4)",), ENGINE, "none"),
    ],
)
def test_a_lab_shows_all_some_or_none_of_its_claims(
    tmp_path: Path, needs: tuple[str, ...], here: Here, mark: str
) -> None:
    assert shows(lab(tmp_path, "mine", *needs), here) == mark


def test_labs_stand_under_their_chapters_with_their_marks(tmp_path: Path) -> None:
    course = [lab(tmp_path, "first", "()"), lab(tmp_path, "b", "()", "cores(2)"), lab(tmp_path, "third", "cores(2)")]
    pages = {"first": page("1 One"), "b": page("1 One"), "third": None}
    lines = list(course_lines(course, pages, "en", SMALL, "utf-8"))
    assert lines[:6] == [
        "1 One",
        "  ● first  Is it first?",
        "  ◐ b      Is it b?",
        "Further",
        "  ○ third  Is it third?",
        "",
    ]


def test_the_legend_says_what_the_marks_rest_on(tmp_path: Path) -> None:
    course, pages = [lab(tmp_path, "mine")], {"mine": None}
    assert "by the engine's 2 CPUs, as seen on 2026-01-02, and Python 3.14, 3.14t" in "".join(
        course_lines(course, pages, "en", ENGINE, "utf-8")
    )
    assert "by this machine's 1 CPU, and Python 3.11" in "".join(course_lines(course, pages, "en", SMALL, "utf-8"))


def test_in_korean_the_pages_questions_and_the_legend_are_korean(tmp_path: Path) -> None:
    course = [lab(tmp_path, "mine", "()"), lab(tmp_path, "other", "()")]
    pages = {"mine": page("1 하나", "그러한가?"), "other": None}
    lines = list(course_lines(course, pages, "ko", ENGINE, "utf-8"))
    assert lines[:4] == ["1 하나", "  ● mine   그러한가?", "그 밖", "  ● other  Is it other?"]
    assert "엔진의 CPU 2개(2026-01-02에 본 대로)" in lines[-1]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "no-such-encoding"])
def test_an_encoding_without_the_marks_gets_others(tmp_path: Path, encoding: str) -> None:
    lines = list(course_lines([lab(tmp_path, "mine", "()")], {"mine": None}, "en", ENGINE, encoding))
    assert lines[1].startswith("  * mine")
    assert "+ some, - none" in lines[-2]


def test_a_catalogue_of_nothing_has_a_legend_only() -> None:
    assert len(list(course_lines([], {}, "en", SMALL, "utf-8"))) == 3
