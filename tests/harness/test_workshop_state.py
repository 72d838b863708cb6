"""What was done of a workshop stands as long as nothing that it was made from has changed."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest

from harness.workshop import FOLDER, Workshop
from harness.workshop_state import Done, Mark, from_json, match, name_of, to_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

GIL = Mark("gil", "source", "settings", "where")
RACE = dataclasses.replace(GIL, lab="race")


def done(mark: Mark, *runs: str) -> Done:
    return Done(mark, runs or (f"run of {mark.lab}",), 1.5)


def again(marks: Sequence[Mark | None], kept: Sequence[Done]) -> dict[str, str]:
    return match(marks, kept, lambda run: run != "gone").again


def test_what_is_unchanged_stands_whatever_the_order() -> None:
    found = match([RACE, None, GIL], [done(GIL), done(RACE)], lambda _run: True)
    assert found.done == (done(RACE), None, done(GIL))
    assert found.again == {}


def test_a_lab_that_stands_there_twice_is_done_as_often_as_it_was_run() -> None:
    found = match([GIL, GIL], [done(GIL)], lambda _run: True)
    assert found.done == (done(GIL), None)
    assert found.again == {}


@pytest.mark.parametrize(
    ("part", "why"),
    [
        ("source", "the lab changed"),
        ("settings", "what the workshop or a config asks of it changed"),
        ("where", "the runner, the machine or pinlab itself changed"),
    ],
)
def test_what_has_changed_is_run_again_and_it_is_said_why(part: str, why: str) -> None:
    former = dataclasses.replace(GIL, **{part: "other"})
    found = match([GIL, RACE], [done(former), done(RACE)], lambda _run: True)
    assert found.done == (None, done(RACE))
    assert found.again == {"gil": why}


def test_a_lab_whose_runs_are_gone_is_run_again() -> None:
    assert again([GIL, RACE], [done(GIL, "there", "gone"), done(RACE)]) == {"gil": "its results are gone"}


def test_a_lab_that_was_never_done_is_not_run_again() -> None:
    assert again([GIL], [done(RACE)]) == {}


def workshop(path: Path) -> Workshop:
    return Workshop("given", path, "Title", None, ())


def test_what_is_kept_is_read_as_it_was_written(tmp_path: Path) -> None:
    state = to_json(workshop(tmp_path / "x.toml"), [done(GIL), done(RACE, "a", "b")])
    assert from_json(json.loads(json.dumps(state))) == [done(GIL), done(RACE, "a", "b")]


@pytest.mark.parametrize(
    "state",
    [
        None,
        [],
        "x",
        {},
        {"format_version": 2, "done": []},
        {"format_version": 1},
        {"format_version": 1, "done": 1},
        {"format_version": 1, "done": [1]},
        {"format_version": 1, "done": [{"mark": {"lab": "gil"}, "runs": [], "seconds": 1}]},
        {"format_version": 1, "done": [{"mark": dataclasses.asdict(GIL), "runs": [], "seconds": "long"}]},
    ],
)
def test_what_is_of_no_known_format_is_nothing(state: object) -> None:
    assert from_json(state) is None


def test_a_workshop_of_the_repository_is_kept_by_its_word_however_it_was_asked_for(tmp_path: Path) -> None:
    own = tmp_path / FOLDER / "first-hour.toml"
    assert name_of(workshop(own), tmp_path) == "first-hour"
    assert name_of(workshop(tmp_path / "x" / ".." / FOLDER / "first-hour.toml"), tmp_path) == "first-hour"


def test_files_of_one_name_in_other_folders_are_kept_apart_and_inside_the_store(tmp_path: Path) -> None:
    names = {name_of(workshop(tmp_path / folder / "../x y/첫.toml"), tmp_path) for folder in ("a", "a/b")}
    assert len(names) == 2
    assert all(name.isascii() and name.replace("-", "_").isidentifier() for name in names)
