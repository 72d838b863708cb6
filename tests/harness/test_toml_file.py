"""A TOML file of a person's is found by a word or as a file, and read within limits; test_config.py has its bombs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.errors import UsageFault
from harness.toml_file import Limit, limited, listed, locate, read_tables, shown, unknown

if TYPE_CHECKING:
    from pathlib import Path


def test_a_word_is_a_file_of_the_folder_and_a_path_one_of_the_callers(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "first.toml").touch()
    assert locate("first", tmp_path / "own", tmp_path, "thing") == tmp_path / "own" / "first.toml"
    assert locate("first.toml", tmp_path / "own", tmp_path, "thing") == tmp_path / "first.toml"
    with pytest.raises(UsageFault, match=r"no thing 'fist': did you mean first\? the things are first, or a FILE.toml"):
        locate("fist", tmp_path / "own", tmp_path, "thing")


def test_what_is_no_toml_is_told_with_what_it_was_meant_to_be(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("a = " + "[" * 5_000)
    with pytest.raises(UsageFault, match="nested too deep: a thing has tables of plain values"):
        read_tables(path, "thing")
    with pytest.raises(UsageFault, match=r"no thing .*gone\.toml: there is no such file"):
        read_tables(tmp_path / "gone.toml", "thing")


@pytest.mark.parametrize("value", [0, 11, 1.5, True, "3", None, float("nan"), float("inf"), 10**4_000, [1], {}])
def test_a_number_out_of_its_limit_is_refused(value: object) -> None:
    with pytest.raises(UsageFault, match=r"^file: key: .* is no whole number of things from 1 to 10$"):
        limited(value, Limit(int, 1, 10, "things"), "file: key")


def test_a_whole_number_fits_where_a_fraction_may_stand() -> None:
    found = limited(3, Limit(float, 1, 10, "things"), "file: key")
    assert (type(found), found) == (float, 3.0)


def test_names_are_listed_and_the_nearest_is_guessed() -> None:
    assert unknown("key", "cuont", ["count", "pause"]) == (
        "no key 'cuont': did you mean count? the keys are count, pause"
    )
    assert listed("knob", [], "race") == "race has no knobs"


def test_a_value_is_shown_short() -> None:
    assert shown("x" * 1_000) == repr("x" * 60)
    assert shown(10**5_000) == "a number of thousands of digits"
