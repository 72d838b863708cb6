from __future__ import annotations

import itertools
from typing import Any

from benchmarks.stored import copy_of
from harness import comparability
from harness.store import RUN_ID
from harness.testing import made_up_run, record_of


def copies(count: int) -> list[dict[str, Any]]:
    record = record_of(made_up_run(walls={"one": 1.0, "other": 1.0}, rounds=2))
    return [copy_of(record, number) for number in range(count)]


def test_each_copy_is_a_run_of_its_own_later_than_the_one_before() -> None:
    found = copies(100_000 // 24)
    assert len({record["run_id"] for record in found}) == len(found)
    assert all(RUN_ID.fullmatch(record["run_id"]) for record in found)
    assert all(one["created"] < other["created"] for one, other in itertools.pairwise(found))


def test_the_copies_can_be_compared_over_cores_and_interpreters() -> None:
    choice = comparability.latest(copies(8))
    assert [(record["python"], record["cores"]) for record in choice.records] == [
        ("3.14", 1),
        ("3.14", 2),
        ("3.14t", 1),
        ("3.14t", 2),
    ]
    assert choice.left_out == ()
