"""The catalogue as a course: chapter by chapter each lab with its question, and a mark for what it can show here."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from harness.notes import FURTHER
from harness.showing import what_labs_show

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.here import Here
    from harness.lab_record import Lab
    from harness.notes import Page

MARKS = {"all": "●", "some": "◐", "none": "○"}
PLAIN_MARKS = {"all": "*", "some": "+", "none": "-"}
"""For an output whose encoding has none of the others."""


def shows(lab: Lab, here: Here) -> str:
    """How many of a lab's claims can be judged here: "all", "some" or "none"."""
    found = [not one.why_not for one in what_labs_show([lab], here.sizes, here.interpreters)]
    return "all" if all(found) else "some" if any(found) else "none"


def course_lines(
    course: Sequence[Lab], pages: Mapping[str, Page | None], language: str, here: Here, encoding: str
) -> Iterator[str]:
    """The lines of the catalogue, and what its marks mean.

    Args:
        course: The labs in the course's order.
        pages: Their pages in the language, by name.
        language: Of the pages.
        here: What there is to run labs on.
        encoding: Of the output.
    """
    marks = MARKS if _can_write("".join(MARKS.values()), encoding) else PLAIN_MARKS
    width = max((len(lab.name) for lab in course), default=0)
    for chapter, labs in itertools.groupby(course, key=lambda lab: _chapter(pages[lab.name], language)):
        yield chapter
        for lab in labs:
            page = pages[lab.name]
            yield f"  {marks[shows(lab, here)]} {lab.name.ljust(width)}  {(page and page.question) or lab.question}"
    yield ""
    yield from (_legend_in_korean if language == "ko" else _legend)(marks, here)


def _chapter(page: Page | None, language: str) -> str:
    return page.chapter if page else FURTHER[language]


def _legend(marks: Mapping[str, str], here: Here) -> Iterator[str]:
    cpus = f"{here.cpus} CPU{'s' if here.cpus > 1 else ''}"
    pythons = ", ".join(here.interpreters)
    where = f"the engine's {cpus}, as seen on {here.looked_at}" if here.looked_at else f"this machine's {cpus}"
    yield f"{marks['all']} all of its claims can be judged here, {marks['some']} some, {marks['none']} none"
    yield f"by {where}, and Python {pythons}; `./invoke doctor` looks anew, and says which"


def _legend_in_korean(marks: Mapping[str, str], here: Here) -> Iterator[str]:
    pythons = ", ".join(here.interpreters)
    where = (
        f"엔진의 CPU {here.cpus}개({here.looked_at}에 본 대로)" if here.looked_at else f"이 컴퓨터의 CPU {here.cpus}개"
    )
    yield f"여기서 판정할 수 있는 주장: {marks['all']} 모두, {marks['some']} 일부, {marks['none']} 없음"
    yield f"근거는 {where}, 파이썬 {pythons}. `./invoke doctor`가 새로 살펴 주장마다 말해 줍니다"


def _can_write(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
