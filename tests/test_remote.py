"""The engines of PINLAB_TEST_ENGINES: on other machines, of other shapes, reached over the network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from harness.machine import machine_from_json
from harness.plan import choose_cpus, describe
from harness.probe import engine_machine

if TYPE_CHECKING:
    from pathlib import Path

    from harness.engine import Engine
    from harness.image import ImageFacts
    from harness.machine import Machine

pytestmark = pytest.mark.remote

SMALL = ("--config", "ci", "--rounds", "1", "--set", "count=2000")  # an emulated machine needs its longer limits


@pytest.fixture
def machine(remote_engine: Engine, remote_image: ImageFacts) -> Machine:
    return machine_from_json(engine_machine(remote_engine, remote_image.name, None))


def lab(engine: Engine, repo: Path, *words: str) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(
        [sys.executable, "-m", "invoke", "lab", "race", "--runner", "docker", *SMALL, *words, "--json"],
        cwd=repo,
        env=engine.endpoint.environment(os.environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stdout, ended.stderr
    return ended


def test_a_lab_runs_on_every_size_that_the_engine_has(remote_engine: Engine, machine: Machine, repo: Path) -> None:
    sizes = [size for size in (1, 2, 4) if size <= len(machine.cpus)]
    ended = lab(remote_engine, repo, "--cores", ",".join(map(str, sizes)))
    document = json.loads(ended.stdout)
    assert [run["cores"] for run in document["runs"]] == sizes
    for run in document["runs"]:
        chosen = list(choose_cpus(machine, run["cores"]))
        placement = run["placement"]
        assert placement["requested"] == placement["at_start"] == placement["at_end"] == chosen
        assert placement["valid"]
        assert placement["proof"]["end"]["cgroup_version"] == int(remote_engine.cgroup_version)
        assert not run["host_shares_the_cpus"]
        assert all(sample["outcome"] == "finished" for entry in run["variants"] for sample in entry["samples"])
    exact = {verdict["claim"]: verdict["verdict"] for verdict in document["verdicts"] if verdict["figures"] is None}
    assert exact["forced_loses_exactly_one"] == "holds"
    assert exact["a_lock_loses_nothing"] == "holds"


def test_two_cores_are_two_physical_cores_where_there_are_two(machine: Machine) -> None:
    if len({(cpu.package, cpu.core) for cpu in machine.cpus}) < 2:
        pytest.skip("this engine has one core")
    assert describe(machine, choose_cpus(machine, 2)).smt_siblings == ()


def test_a_set_of_all_hardware_threads_says_that_siblings_are_in_it(
    remote_engine: Engine, machine: Machine, repo: Path
) -> None:
    size = len(machine.cpus)
    if not machine.smt or size not in (1, 2, 4):
        pytest.skip("this engine has no hardware threads, or no service of its size")
    [run] = json.loads(lab(remote_engine, repo, "--cores", str(size)).stdout)["runs"]
    assert run["topology"]["smt_siblings"] == [
        list(pair) for pair in describe(machine, run["topology"]["cpus"]).smt_siblings
    ]
    assert run["topology"]["smt_siblings"]


def test_a_size_over_the_engine_s_is_skipped_by_name_in_a_list(
    remote_engine: Engine, machine: Machine, repo: Path
) -> None:
    ended = lab(remote_engine, repo, "--cores", "1,64")
    assert [run["cores"] for run in json.loads(ended.stdout)["runs"]] == [1]
    assert f"skipped --cores 64: {len(machine.cpus)} CPUs are available" in ended.stderr


def test_nothing_is_left_on_the_engine(remote_engine: Engine, remote_image: ImageFacts, repo: Path) -> None:
    lab(remote_engine, repo, "--cores", "1")
    assert remote_engine.client.containers.list(all=True, filters={"label": "pinlab.run"}) == []
