"""Causes of a deviation: each is told when the evidence shows it, and only then."""

from __future__ import annotations

from typing import Any

import pytest

from harness import why
from harness.testing import made_up_run, record_of


def record(**numbers: Any) -> dict[str, Any]:
    return record_of(made_up_run(walls={"a": 1.0}, **numbers))


def test_an_honest_run_shows_no_cause() -> None:
    assert why.causes(record()) == ()
    assert why.causes(record(gil=False)) == ()


def test_hardware_threads_of_one_core_are_named() -> None:
    of = record()
    of["topology"]["smt_siblings"] = [[0, 4], [1, 5]]
    [cause] = why.causes(of)
    assert "0-4, 1-5" in cause


def test_an_import_that_turned_the_gil_on_is_named() -> None:
    of = record(gil=False)
    of["interpreter"]["gil_enabled"] = True
    [cause] = why.causes(of)
    assert "turned the GIL on" in cause


@pytest.mark.parametrize(("quota", "told"), [(1.5, True), (2.0, False), (None, False)])
def test_a_quota_below_the_cores_is_named(quota: float | None, told: bool) -> None:
    of = record(cores=2)
    of["placement"]["proof"]["start"]["quota_cores"] = quota
    assert bool(why.causes(of)) is told


def test_a_run_that_has_hardly_begun_shows_none() -> None:
    assert why.causes({"cores": 2, "topology": {}, "interpreter": {}, "placement": {"proof": {"start": None}}}) == ()
