from __future__ import annotations

import os
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import psutil
import pytest

from harness import compose
from harness.compose import ContainerRefused, CpusRefused, compose_command, create
from harness.endpoint import Endpoint
from harness.errors import EngineMissing, UsageFault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.engine import Engine
    from harness.image import ImageFacts

NOWHERE = Endpoint("nowhere", "unix:///nonexistent", "DOCKER_HOST", (("DOCKER_HOST", "unix:///nonexistent"),))


def test_compose_is_called_as_the_plug_in_it_is_where_that_is_found(tmp_path: Path) -> None:
    plugin = tmp_path / "cli-plugins" / "docker-compose"
    plugin.parent.mkdir()
    plugin.touch(mode=0o755)
    assert compose_command({"DOCKER_CONFIG": str(tmp_path)}) == [str(plugin)]


def test_compose_is_called_through_docker_where_only_docker_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compose, "SYSTEM_PLUGINS", ())
    docker = tmp_path / "docker"
    docker.touch(mode=0o755)
    assert compose_command({"HOME": str(tmp_path), "PATH": str(tmp_path)}) == [str(docker), "compose"]
    with pytest.raises(EngineMissing, match="no docker command"):
        compose_command({"HOME": str(tmp_path), "PATH": ""})


@pytest.mark.parametrize(
    ("talk", "kind", "line"),
    [
        (
            "warning\nError response: Requested CPUs are not available - requested 0-3, available: 0-1",
            CpusRefused,
            "CPUs 0-3 are not available: this engine has 0-1",
        ),
        (
            "unable to get image: Cannot connect to the Docker daemon at unix:///x. Is it running?",
            EngineMissing,
            "gone",
        ),
        ("failed to connect to the docker API at unix:///x; check the path", EngineMissing, "is gone"),
        ("note\nError response from daemon: No such image: pinlab:x\n\n", ContainerRefused, "No such image: pinlab:x"),
        ("", ContainerRefused, "without a word"),
    ],
)
def test_what_compose_says_becomes_one_line_with_an_exit_code(
    talk: str, kind: type[EngineMissing | UsageFault], line: str
) -> None:
    fault = compose._refusal(talk, NOWHERE)
    assert type(fault) is kind
    assert line in str(fault)
    assert "\n" not in str(fault)


def test_a_container_whose_cpu_set_was_dropped_is_removed_and_never_used() -> None:
    removed: list[str] = []
    facts = {
        "Id": "c0ffee",
        "Config": {"Labels": {"pinlab.cpus": "0-3"}},
        "HostConfig": {"CpusetCpus": ""},
    }
    api = SimpleNamespace(
        inspect_container=lambda _name: facts,
        remove_container=lambda container, **_options: removed.append(container),
    )
    engine = cast("Engine", SimpleNamespace(client=SimpleNamespace(api=api), endpoint=NOWHERE))
    with pytest.raises(ContainerRefused, match="cannot pin: it made CPUs 0-3 into no set at all"):
        compose._created(engine, "x-cores-4-1")
    assert removed == ["c0ffee"]


@pytest.fixture
def environment(engine: Engine, image: ImageFacts) -> Iterator[dict[str, str]]:
    """What compose.yaml takes from its environment, with a volume of the tests' own."""
    volume = f"pinlab-test-{os.getpid()}"
    yield {"LAB_IMAGE_TAG": image.tag, "LAB_VOLUME": volume, "LAB_RUN": "a-run"}
    for left in engine.client.volumes.list(filters={"name": volume}):
        left.remove()


@pytest.mark.engine
def test_a_container_is_created_as_compose_yaml_describes_it(
    engine: Engine, repo: Path, environment: dict[str, str]
) -> None:
    identity = create(engine, repo, "cores-1", environment | {"LAB_CPUSET_1": "1"}, "pinlab-test-created")
    container = engine.client.containers.get(identity)
    try:
        assert container.status == "created"
        assert container.labels["pinlab.run"] == "a-run"
        host: dict[str, Any] = container.attrs["HostConfig"]
        assert host["CpusetCpus"] == "1"
        assert host["NanoCpus"] == host["CpuQuota"] == 0
        assert host["Memory"] == host["MemorySwap"] > 0
        assert host["ReadonlyRootfs"]
        assert host["CapDrop"] == ["ALL"]
        assert host["NetworkMode"] == "none"
        assert host["Init"] is True
        assert {"Name": "core", "Soft": 0, "Hard": 0} in host["Ulimits"]
    finally:
        container.remove()


@pytest.mark.engine
def test_two_containers_share_the_volume_without_a_question(
    engine: Engine, repo: Path, environment: dict[str, str]
) -> None:
    made = [create(engine, repo, "cores-1", environment, f"pinlab-test-share-{number}") for number in range(2)]
    containers = [engine.client.containers.get(identity) for identity in made]
    try:
        assert len(set(made)) == 2
        assert {mount["Name"] for container in containers for mount in container.attrs["Mounts"]} == {
            environment["LAB_VOLUME"]
        }
    finally:
        for container in containers:
            container.remove()


@pytest.mark.engine
def test_a_set_that_is_too_large_is_refused_by_the_engine(
    engine: Engine, repo: Path, environment: dict[str, str]
) -> None:
    beyond = f"0-{engine.cpus}"
    with pytest.raises(CpusRefused, match=f"CPUs {beyond} are not available"):
        create(engine, repo, "cores-4", environment | {"LAB_CPUSET_4": beyond}, "pinlab-test-refused")
    assert not engine.client.containers.list(all=True, filters={"name": "pinlab-test-refused"})


@pytest.mark.engine
def test_an_image_that_is_missing_is_neither_pulled_nor_built_by_create(
    engine: Engine, repo: Path, environment: dict[str, str]
) -> None:
    with pytest.raises(ContainerRefused, match="No such image: pinlab:never"):
        create(engine, repo, "cores-1", environment | {"LAB_IMAGE_TAG": "never"}, "pinlab-test-missing")


@pytest.mark.engine
def test_an_engine_that_went_away_is_said_to_be_gone(engine: Engine, repo: Path, environment: dict[str, str]) -> None:
    with pytest.raises(EngineMissing, match="the engine at nowhere is gone"):
        create(replace(engine, endpoint=NOWHERE), repo, "cores-1", environment, "pinlab-test-gone")


@pytest.mark.engine
def test_ctrl_c_during_a_build_ends_all_that_the_build_started(engine: Engine, tmp_path: Path, repo: Path) -> None:
    (tmp_path / "compose.yaml").write_bytes((repo / "compose.yaml").read_bytes())
    (tmp_path / "Dockerfile").write_text("FROM debian:trixie-slim\nRUN echo it has begun && sleep 3600\n")
    before = set(psutil.Process().children(recursive=True))

    def press_ctrl_c(line: str) -> None:
        if line.endswith(" it has begun"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compose.build(engine.endpoint, tmp_path, "test-interrupted", press_ctrl_c)
    assert set(psutil.Process().children(recursive=True)) <= before
    assert not engine.client.images.list("pinlab:test-interrupted")
