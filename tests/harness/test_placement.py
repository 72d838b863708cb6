"""The proof of the cores: what is read of this process, and how it is held against what was asked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness import placement
from harness.machine import format_cpus

LINUX = pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="needs a system that can pin")


def proof(cpus: list[int] | None, **changes: Any) -> dict[str, Any]:
    listed = None if cpus is None else format_cpus(cpus)
    return {"affinity": cpus, "cpus_allowed_list": listed, "cgroup_cpuset": listed, "cgroup_version": 2} | changes


def test_witnesses_that_all_agree_make_a_placement_valid() -> None:
    found = placement.placement([0, 2], proof([0, 2]), proof([0, 2]), in_container=True)
    assert (found["pinned"], found["valid"]) == (True, True)
    assert (found["requested"], found["at_start"], found["at_end"]) == ([0, 2], [0, 2], [0, 2])
    assert found["proof"]["start"]["cpus_allowed_list"] == "0,2"


@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize(
    "change",
    [
        {"affinity": [0]},
        {"affinity": None},
        {"cpus_allowed_list": "0-3"},
        {"cgroup_cpuset": "0"},
    ],
)
def test_one_witness_that_differs_makes_it_invalid(change: dict[str, Any], at_end: bool) -> None:
    start, end = proof([0, 2]), proof([0, 2])
    (end if at_end else start).update(change)
    assert not placement.placement([0, 2], start, end, in_container=True)["valid"]


def test_a_witness_that_the_system_does_not_have_is_not_held_against_it() -> None:
    taken = proof([0], cpus_allowed_list=None, cgroup_cpuset=None, cgroup_version=None)
    assert placement.placement([0], taken, taken, in_container=True)["valid"]


def test_outside_a_container_the_control_group_is_not_the_runs_own() -> None:
    taken = proof([0], cgroup_cpuset="0-7")
    assert placement.placement([0], taken, taken, in_container=False)["valid"]
    assert not placement.placement([0], taken, taken, in_container=True)["valid"]


@pytest.mark.parametrize(
    ("start", "end", "pinned", "valid"),
    [
        (None, None, None, False),
        (proof([0]), None, True, True),
        (None, proof([0]), True, False),
        (proof(None), proof(None), False, False),
        (proof(None), None, False, False),
    ],
)
def test_what_was_not_read_back_is_not_proven(
    start: dict[str, Any] | None, end: dict[str, Any] | None, pinned: bool | None, valid: bool
) -> None:
    found = placement.placement([0], start, end, in_container=True)
    assert (found["pinned"], found["valid"]) == (pinned, valid)


@LINUX
def test_a_process_that_pins_itself_finds_itself_pinned() -> None:
    code = (
        "import json; from harness import placement; [first, *_] = placement.effective_cpus();"
        "assert placement.pin([first]); found = placement.proof(); assert found['affinity'] == [first], found;"
        "assert found['cpus_allowed_list'] == str(first), found"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2], timeout=60)


def test_a_system_without_affinity_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    assert placement.effective_cpus() is None
    assert placement.pin([0]) is False
    found = placement.proof()
    assert found["affinity"] is None
    assert placement.placement([0], found, found, in_container=False)["pinned"] is False
