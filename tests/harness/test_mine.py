"""A learner's file is read without being run; what cannot take a variant's place is told with its line."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.catalogue import read_lab
from harness.errors import UsageFault
from harness.lab_record import LabFault
from harness.mine import Mine, read_mine

LABS = Path(__file__).parents[2] / "labs"


def read(folder: Path, text: str, name: str = "my_race.py") -> Mine:
    (folder / name).write_text(text, encoding="utf-8")
    return read_mine(name, folder, read_lab(LABS / "race.py"))


def test_plain_functions_with_the_names_of_variants_take_their_places(tmp_path: Path) -> None:
    text = "def helper(a, *b): ...\n\ndef with_lock(count): ...\n\nasync def other(): ...\n\ndef forced(): ...\n"
    mine = read(tmp_path, text)
    assert mine.variants == ("forced", "with_lock")  # in the lab's order
    assert (mine.told, mine.module, mine.travels_as) == ("my_race.py", "mine.my_race", "mine/my_race.py")
    assert not mine.has_claims
    assert mine.to_json()["variants"] == ["forced", "with_lock"]


def test_the_mark_may_be_there_and_a_copy_of_the_whole_lab_may_be_given(tmp_path: Path) -> None:
    lab = read_lab(LABS / "race.py")
    mine = read(tmp_path, lab.path.read_text("utf-8"))
    assert mine.variants == tuple(variant.name for variant in lab.variants)
    assert mine.has_claims


def test_a_learners_file_is_not_run_when_it_is_read(tmp_path: Path) -> None:
    read(tmp_path, "def with_lock(): ...\n\nraise SystemExit(9)\n")
    assert "my_race" not in sys.modules
    assert "mine.my_race" not in sys.modules


COULD_BE = "the variants of race are forced, unguarded, with_lock, own_counter_then_add"
FAULTY = {
    "syntax": ("\ndef (:\n", 2, "syntax error"),
    "compiling": ("def with_lock(): ...\nreturn\n", 2, "syntax error: 'return' outside function"),
    "none": ("def with_lok(): ...\n", 1, f"none of the lab's variants as a plain function: {COULD_BE}"),
    "in a class": ("class A:\n    def with_lock(): ...\n", 1, "none of the lab's variants"),
    "assigned": ("with_lock = print\n", 1, "none of the lab's variants"),
    "marked": ("@variant\ndef with_lok(): ...\n", 2, f"no variant with_lok to take the place of: {COULD_BE}"),
    "twice": ("def with_lock(): ...\ndef with_lock(): ...\n", 2, "with_lock is there twice, first in line 1"),
    "knob": ("def with_lock(\n    cuont,\n): ...\n", 2, "takes cuont, which is no knob: the knobs of race are count"),
    "by name": ("def with_lock(*, cuont=1): ...\n", 1, "takes cuont, which is no knob"),
    "star": ("def with_lock(*a): ...\n", 1, "knobs are passed by name"),
    "positional": ("def with_lock(count, /): ...\n", 1, "knobs are passed by name"),
    "async": ("async def with_lock(): ...\n", 1, "with_lock is async"),
    "decorated": ("import functools\n@functools.cache\ndef with_lock(): ...\n", 2, "no decorator but @variant"),
}


@pytest.mark.parametrize("what", FAULTY)
def test_what_cannot_take_a_variants_place_is_told_in_one_line(what: str, tmp_path: Path) -> None:
    text, line, says = FAULTY[what]
    with pytest.raises(LabFault) as raised:
        read(tmp_path, text)
    told = str(raised.value)
    assert told.startswith(f"my_race.py:{line}: ")
    assert says in told
    assert "\n" not in told


def test_a_lab_without_knobs_says_so(tmp_path: Path) -> None:
    (tmp_path / "my.py").write_text("def join(count): ...\n")
    with pytest.raises(LabFault, match="process_life has no knobs"):
        read_mine("my.py", tmp_path, read_lab(LABS / "process_life.py"))


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("missing.py", "--mine 'missing.py': there is no such file"),
        ("my_race", "a file of your own ends in .py"),
        ("", "a file of your own ends in .py"),
        ("my\0race.py", "a file of your own ends in .py"),
    ],
)
def test_what_is_no_file_is_refused(word: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match=says):
        read_mine(word, tmp_path, read_lab(LABS / "race.py"))


def test_a_file_that_cannot_be_a_module_is_to_be_renamed(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match=r"--mine my-race.py: its name must be one of Python's, such as my_race.py"):
        read(tmp_path, "def with_lock(): ...\n", "my-race.py")
