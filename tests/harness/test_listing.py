"""The catalogue as a course: chapters, marks and the legend that says what they rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.catalogue import read_lab
from harness.course import Asked, Row
from harness.here import Here
from harness.listing import course_lines, shows

if TYPE_CHECKING:
    from pathlib import Path

    from harness.lab_record import Lab

ENGINE = Here("2026-01-02", 2, (1, 2), ("3.14", "3.14t"))
EVERYWHERE, ON_TWO_CORES = Asked("run", ()), Asked("run", ("cores(2)",))
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
    assert shows(lab(tmp_path, "mine", *needs).claims, here) == mark


def test_labs_stand_under_their_chapters_with_their_marks() -> None:
    chapters = {
        "1 One": [Row("first", "Is it?", (EVERYWHERE,)), Row("b", "Is it b?", (EVERYWHERE, ON_TWO_CORES))],
        "Further": [Row("c", "Is it c?", (ON_TWO_CORES,))],
    }
    lines = list(course_lines(chapters, SMALL, "en", "utf-8"))
    assert lines[:6] == ["1 One", "  ● first  Is it?", "  ◐ b      Is it b?", "Further", "  ○ c      Is it c?", ""]


@pytest.mark.parametrize(
    ("here", "language", "says"),
    [
        (ENGINE, "en", "by the engine's 2 CPUs, as seen on 2026-01-02, and Python 3.14, 3.14t"),
        (SMALL, "en", "by this machine's 1 CPU, and Python 3.11"),
        (ENGINE, "ko", "엔진의 CPU 2개(2026-01-02에 본 대로), 파이썬 3.14, 3.14t"),
        (SMALL, "ko", "이 컴퓨터의 CPU 1개, 파이썬 3.11"),
    ],
)
def test_the_legend_says_what_the_marks_rest_on(here: Here, language: str, says: str) -> None:
    *_, last = course_lines({}, here, language, "utf-8")
    assert says in last
    assert "./invoke doctor" in last


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "no-such-encoding"])
def test_an_encoding_without_the_marks_gets_others(encoding: str) -> None:
    lines = list(course_lines({"1": [Row("mine", "Is it?", (EVERYWHERE,))]}, ENGINE, "en", encoding))
    assert lines[1] == "  * mine  Is it?"
    assert "+ some, - none" in lines[-2]


def test_a_catalogue_of_nothing_has_a_legend_only() -> None:
    assert len(list(course_lines({}, SMALL, "en", "utf-8"))) == 3
