"""The catalogue as a course: chapter by chapter each lab with its question, and a mark for what it can show here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.showing import options_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from harness.course import Row
    from harness.here import Here
    from harness.showing import Asking

MARKS = {"all": "●", "some": "◐", "none": "○"}
PLAIN_MARKS = {"all": "*", "some": "+", "none": "-"}
"""For an output whose encoding has none of the others."""


def shows(claims: Iterable[Asking], here: Here) -> str:
    """How many of a lab's claims can be judged here: "all", "some" or "none"."""
    found = [bool(options_of(claim, here.sizes, here.interpreters)[0]) for claim in claims]
    return "all" if all(found) else "some" if any(found) else "none"


def course_lines(chapters: Mapping[str, Sequence[Row]], here: Here, language: str, encoding: str) -> Iterator[str]:
    """The lines of the catalogue, and what its marks mean.

    Args:
        chapters: The rows of each chapter, in the course's order.
        here: What there is to run labs on.
        language: Of the legend.
        encoding: Of the output.
    """
    marks = MARKS if _can_write("".join(MARKS.values()), encoding) else PLAIN_MARKS
    width = max((len(name) for rows in chapters.values() for name, _, _ in rows), default=0)
    for chapter, rows in chapters.items():
        yield chapter
        for name, question, claims in rows:
            yield f"  {marks[shows(claims, here)]} {name.ljust(width)}  {question}"
    yield ""
    yield from (_legend_in_korean if language == "ko" else _legend)(marks, here)


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
