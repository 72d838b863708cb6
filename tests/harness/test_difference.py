"""What differs between two variants is read from the lab's file, with what only one of them uses."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from harness.catalogue import read_lab
from harness.difference import difference, show_two, two_variants
from harness.errors import UsageFault

LABS = Path(__file__).parents[2] / "labs"
LAB = '''"""Is it so?"""

import time

from harness.lab import variant

STEP: int = 1
BIG = STEP + 1


class Counter:
    """Counts."""

    value: "Number" = 0


Number = int


def add(counter: Counter) -> None:
    """Add a step."""
    counter.value += STEP


def add_more(counter: Counter) -> None:
    """Add a big step."""
    counter.value += BIG


@variant
def plain() -> int:
    """Add once."""
    add(counter := Counter())
    return counter.value


@variant
def more() -> int:
    """Add once, but more."""
    add_more(counter := Counter())
    return counter.value


@variant
def own() -> int:
    """Names of its own: add and plain."""
    add = plain = 1
    return add + plain
'''


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(LAB, encoding="utf-8")
    return path


def shown(path: Path, names: str, *, terminal: bool = False) -> str:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=200, color_system="standard" if terminal else None)
    show_two(names, read_lab(path), None, console)
    return stream.getvalue()


def test_the_lines_of_two_variants_are_told_apart_from_those_of_both() -> None:
    source = (LABS / "race.py").read_text("utf-8")
    found = difference(source, "unguarded", "with_lock")
    assert "-    counter = Counter()" in found.lines
    assert "+    counter, lock = Counter(), Lock()" in found.lines
    assert "     in_two_threads(add, add)" in found.lines
    assert found.shared == ("COUNT", "Counter", "one_more", "in_two_threads")


def test_what_only_one_of_them_uses_stands_with_it_and_what_both_use_does_not() -> None:
    found = difference(LAB, "plain", "more")
    assert {"-def add(counter: Counter) -> None:", "+def add_more(counter: Counter) -> None:"} <= set(found.lines)
    assert "+BIG = STEP + 1" in found.lines
    assert "class Counter" not in "\n".join(found.lines)
    assert found.shared == ("STEP", "Counter")


def test_a_name_that_a_variant_gives_to_something_of_its_own_is_no_use_of_another() -> None:
    found = difference(LAB, "own", "more")
    assert not any("def add(" in line or "def plain" in line for line in found.lines)


@pytest.mark.parametrize("name", ["race", "semaphore", "shared_state", "process_or_thread"])
def test_both_sides_can_be_had_back_from_the_difference(name: str) -> None:
    path = LABS / f"{name}.py"
    source = path.read_text("utf-8")
    first, second, *_ = (variant.name for variant in read_lab(path).variants)
    there, back = difference(source, first, second), difference(source, second, first)
    for sign in "-+":
        other = "+" if sign == "-" else "-"
        side = [line[1:] for line in there.lines if line[0] in (sign, " ")]
        assert side == [line[1:] for line in back.lines if line[0] in (other, " ")]
        assert all(line in source.split("\n") for line in side)


def test_a_lab_is_not_run_for_it(lab: Path) -> None:
    lab.write_text(LAB + "\nraise SystemExit(9)\n", encoding="utf-8")
    assert "+++ more: Add once, but more." in shown(lab, "plain,more")
    assert "mine" not in sys.modules


def test_it_has_colours_on_a_terminal_and_is_plain_elsewhere(lab: Path) -> None:
    assert "\x1b[32m+BIG = STEP + 1" in shown(lab, "plain,more", terminal=True)
    plain = shown(lab, "plain,more")
    assert "\n+BIG = STEP + 1\n" in plain
    assert "\x1b" not in plain


def test_control_characters_are_made_visible(lab: Path) -> None:
    lab.write_text(LAB.replace("Add once, but more.", "Add \x1b[2J\x0c\u202eonce."), encoding="utf-8")
    text = shown(lab, "plain,more", terminal=True)
    assert "\x1b[2J" not in text
    assert "\x0c" not in text
    assert r"Add \x1b[2J\x0c\u202eonce." in text


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ("plain", "two variants are compared, not 1"),
        ("plain,more,own", "two variants are compared, not 3"),
        ("plain,plain", "twice the same"),
        ("plain,mroe", "no variant 'mroe': did you mean more?"),
        ("Counter,more", "no variant 'Counter'"),
        ("", "no variant ''"),
        ("x" * 500 + ",more", "no variant"),
    ],
)
def test_names_that_are_not_two_variants_are_told_in_one_line_with_those_there_are(
    lab: Path, names: str, says: str
) -> None:
    with pytest.raises(UsageFault) as fault:
        two_variants(names, read_lab(lab))
    line = str(fault.value)
    assert says in line
    assert "the variants of mine are plain, more, own" in line
    assert len(line) < 300


def test_spaces_around_the_comma_do_not_matter(lab: Path) -> None:
    assert two_variants("plain, more", read_lab(lab)) == ("plain", "more")
