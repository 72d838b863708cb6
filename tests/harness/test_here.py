"""What there is to run labs on, without asking anybody: the engine's machine as last seen, or this one."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from harness.here import known_here

if TYPE_CHECKING:
    from pathlib import Path

SIZES = "services:\n  cores-1:\n  cores-2:\n  cores-4:\n  cores-64:\n"
DAY, LATER = 1_790_000_000, 1_790_200_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "compose.yaml").write_text(SIZES)
    return tmp_path


def seen(root: Path, name: str, when: int, machine: object) -> None:
    """An engine's machine that was looked at, as probe.py keeps it."""
    path = root / "pinlab" / f"machine-{name}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"key": name, "machine": machine}))
    os.utime(path, (when, when))


def test_the_engine_s_machine_is_as_it_was_when_it_was_last_looked_at(root: Path) -> None:
    seen(root, "old", DAY, {"cpus": [{}]})
    seen(root, "new", LATER, {"cpus": [{}] * 4})
    here = known_here(root, {"XDG_CACHE_HOME": str(root)})
    assert (here.cpus, here.sizes, here.interpreters) == (4, (1, 2, 4), ("3.14", "3.14t"))
    assert here.looked_at.startswith("2026-09-2")


@pytest.mark.parametrize("machine", [None, 3, {}, {"cpus": 3}, {"cpus": []}])
def test_a_look_that_cannot_be_read_is_none(root: Path, machine: object) -> None:
    seen(root, "broken", DAY, machine)
    assert known_here(root, {"XDG_CACHE_HOME": str(root)}).looked_at == ""


def test_where_no_engine_was_looked_at_it_is_this_machine_within_what_this_process_may_use(root: Path) -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        here = known_here(root, {"XDG_CACHE_HOME": str(root)})
    finally:
        os.sched_setaffinity(0, before)
    assert (here.looked_at, here.cpus, here.sizes) == ("", 1, (1,))


def test_an_engine_whose_socket_is_not_there_does_not_count(root: Path) -> None:
    seen(root, "gone", DAY, {"cpus": [{}] * 64})
    environ = {"XDG_CACHE_HOME": str(root), "DOCKER_HOST": f"unix://{root}/no.sock"}
    assert known_here(root, environ).cpus == len(os.sched_getaffinity(0))


def test_an_engine_elsewhere_counts_though_nobody_asks_it(root: Path) -> None:
    seen(root, "far", DAY, {"cpus": [{}] * 64})
    environ = {"XDG_CACHE_HOME": str(root), "DOCKER_HOST": "tcp://nowhere.invalid:2375"}
    assert known_here(root, environ).sizes == (1, 2, 4, 64)


def test_this_machine_s_interpreters_are_the_one_that_runs_this_and_those_on_the_path(root: Path) -> None:
    for name in ("python3.14t", "python3.14", "python3.9"):
        (root / name).touch(mode=0o755)
    alone, more = (known_here(root, {"PATH": path}).interpreters for path in ("", str(root)))
    assert len(alone) == 1
    assert set(more) == {*alone, "3.14", "3.14t"}


def test_without_a_home_there_is_nothing_that_was_seen(root: Path) -> None:
    assert known_here(root, {}).looked_at == ""
