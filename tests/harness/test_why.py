"""Causes of a deviation: each is told when the evidence shows it, with its numbers, and only then."""

from __future__ import annotations

from typing import Any

import pytest

from harness import why
from harness.testing import made_up_run, record_of

BOTH = ("threads", "processes")
SENT = {"children_seconds": 0.5, "written_bytes": 40e6, "writes": 200_000.0}


def record(of_processes: dict[str, Any] | None = None, **numbers: Any) -> dict[str, Any]:
    """An honest run, whose variant of processes has some figures more in each sample."""
    of = record_of(made_up_run(**{"walls": {"threads": 1.0, "processes": 0.5}, "spread": 0, **numbers}))
    for sample in of["variants"][1]["samples"]:
        sample |= of_processes or {}
    return of


def told(of: dict[str, Any], *about: str) -> list[str]:
    return list(why.causes(of, about or BOTH).values())


def test_an_honest_run_shows_no_cause() -> None:
    assert told(record()) == []
    assert told(record(gil=False)) == []
    assert told(record({"children_seconds": 0.5, "written_bytes": 5e6, "writes": 5000.0})) == []


def test_hardware_threads_of_one_core_are_named_where_both_were_used() -> None:
    of = record(cpus={"threads": 1.0, "processes": 0.9})
    of["topology"]["smt_siblings"] = [[0, 4], [1, 5]]
    [cause] = told(of)
    assert "0-4, 1-5" in cause
    assert told(of, "threads") == []


def test_an_import_that_turned_the_gil_on_is_named() -> None:
    of = record(gil=False)
    of["interpreter"]["gil_enabled"] = True
    [cause] = told(of)
    assert "turned the GIL on" in cause


@pytest.mark.parametrize(("quota", "named"), [(1.5, True), (2.0, False), (None, False)])
def test_a_quota_below_the_cores_is_named(quota: float | None, named: bool) -> None:
    of = record(cores=2)
    of["placement"]["proof"]["start"]["quota_cores"] = quota
    assert bool(told(of)) is named


def test_a_start_that_is_a_good_part_of_the_work_is_told_with_its_method_and_its_share() -> None:
    of = record({"children_seconds": 0.4}, start_cost=0.06)
    assert told(of) == [
        "processes starts processes: a pool's start alone takes 60 ms under forkserver, 12 % of its 500 ms"
    ]


@pytest.mark.parametrize(
    ("figures", "numbers"),
    [
        ({"children_seconds": 0.4}, {"start_cost": 0.04}),
        ({"children_seconds": 0.0}, {"start_cost": 0.06}),
        ({"children_seconds": None}, {"start_cost": 0.06}),
    ],
)
def test_a_start_that_is_little_or_that_no_process_had_is_no_cause(
    figures: dict[str, Any], numbers: dict[str, Any]
) -> None:
    assert told(record(figures, **numbers)) == []


def test_many_small_writes_are_told_with_how_many_and_how_small() -> None:
    [cause] = told(record(SENT))
    assert cause.startswith("the processes of processes wrote 40 MB in 200,000 calls of 200 bytes each")
    assert "larger chunks" in cause


def test_many_bytes_are_told_with_how_many_a_second() -> None:
    [cause] = told(record({**SENT, "writes": 1000.0}))
    assert cause.startswith("the processes of processes wrote 40 MB, 80 MB a second")
    assert "pickled" in cause


@pytest.mark.parametrize(
    "change",
    [
        {"children_seconds": 0.0},
        {"written_bytes": None, "writes": None},
        {"written_bytes": 9e6, "writes": 9000.0},
        {"written_bytes": 0.0, "writes": 0.0},
    ],
)
def test_what_was_not_sent_to_a_process_or_is_little_is_no_cause(change: dict[str, Any]) -> None:
    assert told(record({**SENT, **change})) == []


def test_a_cause_belongs_to_the_variants_that_were_asked_about() -> None:
    of = record(SENT, start_cost=0.06)
    assert len(told(of, "processes")) == 2
    assert told(of, "threads") == []


def test_samples_that_did_not_finish_show_nothing() -> None:
    of = record({**SENT, "outcome": "crashed"})
    assert told(of) == []


def test_a_run_that_has_hardly_begun_shows_none() -> None:
    of = {"cores": 2, "topology": {}, "interpreter": {}, "placement": {"proof": {"start": None}}}
    assert why.causes(of, BOTH) == {}
