from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from harness import lab_file
from harness.course import Asked, Course, Row, read_course
from harness.errors import UsageFault

if TYPE_CHECKING:
    from pathlib import Path

    from harness.lab_record import Lab

LAB = '''"""{question}"""

from harness.lab import variant


@variant
def one() -> int:
    """It."""
    return 1
'''
PAGE = '+++\nchapter = "{chapter}"\norder = {order}\nexamples = []\nconcepts = []\n+++\n\n# Page\n'
LONG_AGO = 1_600_000_000


@pytest.fixture
def labs(tmp_path: Path) -> Path:
    folder = tmp_path / "labs"
    (folder / "notes" / "en").mkdir(parents=True)
    write_lab(folder, "late", "Late?", "1 First", 20)
    write_lab(folder, "early", "Early?", "1 First", 10)
    write_lab(folder, "other", "Other?", "2 Second", 30)
    return folder


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the labs that are parsed from now on; all files count as changed long ago."""
    names: list[str] = []
    read = lab_file.read_lab

    def noted(path: Path) -> Lab:
        names.append(path.stem)
        return read(path)

    monkeypatch.setattr(lab_file, "read_lab", noted)
    monkeypatch.setattr("harness.course.SETTLED_NANOSECONDS", -1)
    return names


def write_lab(labs: Path, name: str, question: str, chapter: str, order: int) -> None:
    (labs / f"{name}.py").write_text(LAB.format(question=question), encoding="utf-8")
    (labs / "notes" / "en" / f"{name}.md").write_text(PAGE.format(chapter=chapter, order=order), encoding="utf-8")


def questions(course: Course) -> list[str]:
    return [question for entries in course.chapters.values() for _, question, _ in entries]


def test_the_course_goes_chapter_by_chapter_in_the_order_of_the_pages(labs: Path) -> None:
    course = read_course(labs, "en", None)
    first = [Row("early", "Early?", ()), Row("late", "Late?", ())]
    assert course == Course({"1 First": first, "2 Second": [Row("other", "Other?", ())]}, [])


def test_a_lab_without_a_page_stands_last_under_further(labs: Path) -> None:
    (labs / "a_new_one.py").write_text(LAB.format(question="New?"), encoding="utf-8")
    assert list(read_course(labs, "en", None).chapters.items())[-1] == ("Further", [Row("a_new_one", "New?", ())])


def test_a_row_says_what_each_claim_asks_of_a_machine_the_first_time_and_from_memory(
    labs: Path, tmp_path: Path, parsed: list[str]
) -> None:
    claims = (
        '@claim(needs=(gil, cores(2)))\ndef it_is(run: Run) -> Verdict:\n    """It is."""\n\n\n'
        '@claim\ndef it_grows(sweep: Sweep) -> Verdict:\n    """It grows."""\n'
    )
    source = LAB.format(question="Early?").replace(
        "import variant", "import Run, Sweep, Verdict, claim, cores, gil, variant"
    )
    (labs / "early.py").write_text(source + claims, encoding="utf-8")
    for _ in range(2):
        [row, _] = read_course(labs, "en", tmp_path / "cache").chapters["1 First"]
        assert row.claims == (Asked("run", ("gil", "cores(2)")), Asked("sweep", ()))
    assert parsed.count("early") == 1


def test_a_page_in_another_language_gives_its_chapter_and_question(labs: Path, tmp_path: Path) -> None:
    (labs / "notes" / "ko").mkdir()
    page = PAGE.format(chapter="1 처음", order=1).replace("examples", 'question = "늦은가?"\nexamples')
    (labs / "notes" / "ko" / "late.md").write_text(page, encoding="utf-8")
    assert read_course(labs, "en", tmp_path / "cache").chapters.keys() == {"1 First", "2 Second"}
    course = read_course(labs, "ko", tmp_path / "cache")
    assert course.chapters["1 처음"] == [Row("late", "늦은가?", ())]
    assert [row.name for row in course.chapters["그 밖"]] == ["early", "other"]


def test_what_has_not_changed_is_not_parsed_again(labs: Path, tmp_path: Path, parsed: list[str]) -> None:
    first = read_course(labs, "en", tmp_path / "cache")
    assert sorted(parsed) == ["early", "late", "other"]
    parsed.clear()
    assert read_course(labs, "en", tmp_path / "cache") == first
    assert parsed == []


def test_a_changed_lab_and_a_changed_page_are_read_anew(labs: Path, tmp_path: Path, parsed: list[str]) -> None:
    read_course(labs, "en", tmp_path / "cache")
    parsed.clear()
    write_lab(labs, "late", "How late?", "1 First", 5)
    assert questions(read_course(labs, "en", tmp_path / "cache")) == ["How late?", "Early?", "Other?"]
    assert parsed == ["late"]


def test_a_file_that_was_changed_a_moment_ago_is_not_remembered(
    labs: Path, tmp_path: Path, parsed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.course.SETTLED_NANOSECONDS", 10**18)
    read_course(labs, "en", tmp_path / "cache")
    parsed.clear()
    read_course(labs, "en", tmp_path / "cache")
    assert sorted(parsed) == ["early", "late", "other"]


def test_an_older_time_that_was_set_by_hand_hides_no_change(labs: Path, tmp_path: Path, parsed: list[str]) -> None:
    path = labs / "late.py"
    os.utime(path, (LONG_AGO, LONG_AGO))
    read_course(labs, "en", tmp_path / "cache")
    path.write_text(path.read_text(encoding="utf-8").replace("Late?", "Lame?"), encoding="utf-8")
    os.utime(path, (LONG_AGO, LONG_AGO))
    assert "Lame?" in questions(read_course(labs, "en", tmp_path / "cache"))


def test_a_broken_lab_is_told_each_time_with_file_and_line_and_hides_no_other(
    labs: Path, tmp_path: Path, parsed: list[str]
) -> None:
    (labs / "late.py").write_text("def (:\n", encoding="utf-8")
    for _ in range(2):
        course = read_course(labs, "en", tmp_path / "cache")
        assert questions(course) == ["Early?", "Other?"]
        assert [str(fault).startswith("labs/late.py:1: syntax error") for fault in course.faults] == [True]


def test_a_page_that_cannot_be_used_ends_the_listing_each_time(labs: Path, tmp_path: Path, parsed: list[str]) -> None:
    (labs / "notes" / "en" / "late.md").write_text("no front matter\n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(UsageFault, match=r"late\.md:1: no front matter"):
            read_course(labs, "en", tmp_path / "cache")


def test_a_lab_that_is_gone_is_forgotten(labs: Path, tmp_path: Path, parsed: list[str]) -> None:
    read_course(labs, "en", tmp_path / "cache")
    (labs / "late.py").unlink()
    assert questions(read_course(labs, "en", tmp_path / "cache")) == ["Early?", "Other?"]
    [file] = (tmp_path / "cache").iterdir()
    assert sorted(json.loads(file.read_text())["labs"]) == ["early", "other"]


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"key": 1, "labs": {}}', "KEY [1]", 'KEY {"late": {"marks": [], "entry": [1]}}']
)
def test_a_memory_that_is_damaged_or_of_another_version_counts_as_none(
    labs: Path, tmp_path: Path, parsed: list[str], content: str
) -> None:
    first = read_course(labs, "en", tmp_path / "cache")
    [file] = (tmp_path / "cache").iterdir()
    key = json.dumps(json.loads(file.read_text())["key"])
    file.write_text(content.replace("KEY", f'{{"key": {key}, "labs":') + ("}" if "KEY" in content else ""))
    assert read_course(labs, "en", tmp_path / "cache") == first


def test_where_nothing_can_be_remembered_the_labs_are_read(labs: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    assert questions(read_course(labs, "en", tmp_path / "cache")) == ["Early?", "Late?", "Other?"]


def test_a_link_is_not_remembered(labs: Path, tmp_path: Path, parsed: list[str]) -> None:
    (labs / "late.py").rename(labs / "_late_itself.py")
    (labs / "late.py").symlink_to("_late_itself.py")
    read_course(labs, "en", tmp_path / "cache")
    parsed.clear()
    read_course(labs, "en", tmp_path / "cache")
    assert parsed == ["late"]
