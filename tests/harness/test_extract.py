from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from harness import extract as extracts
from harness.catalogue import Lab, find_lab
from harness.errors import UsageFault
from harness.extract import extract, latest_sweep
from tests.recorded_lab import a_sweep, repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return find_lab("mine", repository(tmp_path) / "labs")


def test_the_latest_sweep_that_is_whole_is_taken(lab: Lab) -> None:
    whole, cut_off = a_sweep("b", 2), a_sweep("c", 3)[:3]
    chosen = latest_sweep([*a_sweep(), *whole, *cut_off], lab)
    assert {record["sweep_id"] for record in chosen} == {whole[0]["sweep_id"]}
    assert [(record["python"], record["cores"]) for record in chosen] == [
        ("3.14", 1),
        ("3.14", 2),
        ("3.14t", 1),
        ("3.14t", 2),
    ]


def interrupted(sweep: list[dict[str, Any]]) -> None:
    sweep[1]["status"] = "interrupted"


def without_free_threading(sweep: list[dict[str, Any]]) -> None:
    del sweep[2:]


def of_another_lab_file(sweep: list[dict[str, Any]]) -> None:
    sweep[0]["variants"][0]["name"] = "slower"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (list.clear, "no run of it"),
        (interrupted, "interrupted"),
        (without_free_threading, "no run on 1 core with 3.14t"),
        (of_another_lab_file, "not those of the lab as it is now"),
    ],
)
def test_without_a_whole_sweep_nothing_is_recorded_and_the_next_command_is_named(
    lab: Lab, spoil: Callable[[list[dict[str, Any]]], None], says: str
) -> None:
    sweep = a_sweep()
    spoil(sweep)
    with pytest.raises(UsageFault, match=f"{says}.*invoke lab mine --cores 1,2 --python 3.14,3.14t"):
        latest_sweep(sweep, lab)


def test_a_record_names_no_host_and_no_path(lab: Lab) -> None:
    text = json.dumps(extract(a_sweep(), lab))
    assert a_sweep()[0]["machine"]["name"] not in text
    assert "/usr" not in text
    assert "docker.sock" not in text


def test_a_kernel_is_recorded_by_its_version_alone(lab: Lab) -> None:
    sweep = a_sweep()
    sweep[0]["machine"]["system"] = "Linux 6.18.44-somebodys-own x86_64"
    assert extract(sweep, lab)["machine"]["system"] == "Linux 6.18 x86_64"


def test_a_config_file_is_recorded_by_its_name_alone(lab: Lab) -> None:
    sweep = [record | {"config": "/home/somebody/mine.toml"} for record in a_sweep()]
    assert extract(sweep, lab)["config"] == "mine.toml"


def test_a_figure_that_was_not_measured_is_none_and_never_made_up(lab: Lab) -> None:
    sweep = a_sweep()
    for sample in sweep[0]["variants"][1]["samples"]:
        sample["throttled_seconds"] = 1.0
    for sample in sweep[1]["variants"][1]["samples"]:
        sample["outcome"] = "timed_out"
    disturbed, hung = (run["variants"][1] for run in extract(sweep, lab)["runs"][:2])
    assert disturbed["wall_seconds"] is None
    assert disturbed["speed_up"] is None
    assert disturbed["disturbed_wall_seconds"]["samples"] == 12
    assert hung["wall_seconds"] is hung["disturbed_wall_seconds"] is hung["speed_up"] is None
    assert hung["outcomes"] == {"timed_out": 12}


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([1, 1], {"every": 1}),
        ([3, 1, 2], {"least": 1, "most": 3}),
        ([[1], [2]], None),
        (["x" * 50] * 2, None),
        ([], None),
    ],
)
def test_answers_are_kept_where_they_are_short(values: list[Any], kept: dict[str, Any] | None) -> None:
    assert extracts._answers(values) == kept
