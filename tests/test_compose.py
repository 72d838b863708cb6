"""compose.yaml as Compose itself reads it: the sizes, and the rules of the CIS Docker benchmark 1.6 for containers."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness import compose
from harness.errors import EngineMissing

if TYPE_CHECKING:
    from collections.abc import Callable

REPO = Path(__file__).parents[1]
Service = dict[str, Any]


def configured(**variables: str) -> dict[str, Any]:
    """compose.yaml with these variables in its environment, and no engine to ask."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("LAB_", "COMPOSE_"))}
    environ |= {"DOCKER_HOST": "unix:///nonexistent"} | variables
    try:
        command = compose.compose_command(environ)
    except EngineMissing as fault:
        if os.environ.get("PINLAB_REQUIRE_ENGINE") == "1":
            pytest.fail(str(fault))
        pytest.skip(str(fault))
    finished = subprocess.run(
        [*command, "--project-directory", str(REPO), "config", "--format", "json"],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "variable is not set" not in finished.stderr
    read: dict[str, Any] = json.loads(finished.stdout)
    return read


@pytest.fixture(scope="module")
def services() -> dict[str, Service]:
    found: dict[str, Service] = configured()["services"]
    return found


def test_the_sizes_on_offer_are_composes_services(services: dict[str, Service]) -> None:
    assert [f"cores-{size}" for size in compose.offered_sizes(REPO)] == list(services)


def test_the_services_are_alike_but_for_their_cpus(services: dict[str, Service]) -> None:
    def likeness(service: Service) -> Service:
        rest = {key: value for key, value in service.items() if key != "cpuset"}
        return rest | {"labels": {key: value for key, value in service["labels"].items() if key != "pinlab.cpus"}}

    first, *others = services.values()
    for other in others:
        assert likeness(other) == likeness(first)


@pytest.mark.parametrize("size", compose.offered_sizes(REPO))
@pytest.mark.parametrize("value", [None, "", "1", "2,5-6"])
def test_a_cpu_set_is_the_one_exported_and_never_empty(size: int, value: str | None) -> None:
    exported = {} if value is None else {f"LAB_CPUSET_{size}": value}
    service = configured(**exported)["services"][f"cores-{size}"]
    assert service["cpuset"] == (value or ("0" if size == 1 else f"0-{size - 1}"))
    assert service["labels"]["pinlab.cpus"] == service["cpuset"]


def test_one_volume_is_shared_by_all_services(services: dict[str, Service]) -> None:
    assert configured()["volumes"]["results"]["name"] == "pinlab-results"
    assert configured(LAB_VOLUME="another")["volumes"]["results"]["name"] == "another"
    for service in services.values():
        assert [(mount["type"], mount["source"], mount["target"]) for mount in service["volumes"]] == [
            ("volume", "results", "/results")
        ]


def test_a_run_is_told_by_its_labels_its_image_and_its_folders() -> None:
    service = configured(
        LAB_RUN="a-run",
        LAB_OWNER="me",
        LAB_DEADLINE="17",
        LAB_IMAGE_TAG="0123",
        LAB_COMMAND="/results/a /results/b",
        LAB_MEMORY="1g",
    )["services"]["cores-1"]
    labels = {"pinlab.run": "a-run", "pinlab.owner": "me", "pinlab.deadline": "17", "pinlab.cpus": "0"}
    assert service["labels"] == labels
    assert service["image"] == "pinlab:0123"
    assert service["command"] == ["/results/a", "/results/b"]
    assert service["mem_limit"] == service["memswap_limit"] == str(1024**3)


def test_the_image_is_built_from_this_folder_and_never_pulled(services: dict[str, Service]) -> None:
    for service in services.values():
        assert service["pull_policy"] == "never"
        assert service["build"]["context"] == str(REPO)


def test_the_harness_is_talked_to_over_pipes(services: dict[str, Service]) -> None:
    for service in services.values():
        assert service["stdin_open"] is True
        assert not service.get("tty")
        assert service.get("entrypoint") is None


def default_profiles_stay(service: Service) -> bool:
    return all("unconfined" not in option and "disable" not in option for option in service["security_opt"])


CIS: dict[str, Callable[[Service], bool]] = {
    "5.2, 5.3 and 5.22: the engine's own AppArmor, SELinux and seccomp profiles stay on": default_profiles_stay,
    "5.4: capabilities are all dropped": lambda it: it["cap_drop"] == ["ALL"] and not it.get("cap_add"),
    "5.5: not privileged": lambda it: not it.get("privileged"),
    "5.6 and 5.32: no folder of the host, no engine's socket": lambda it: all(
        mount["type"] == "volume" for mount in it["volumes"]
    ),
    "5.8 and 5.9: no port is opened": lambda it: not it.get("ports") and not it.get("expose"),
    "5.10 and 5.30: no network, so not the host's and not the default bridge": lambda it: it["network_mode"] == "none",
    "5.11: memory is limited, swap included": lambda it: (
        0 < int(it["mem_limit"]) == int(it["memswap_limit"]) and "mem_swappiness" not in it
    ),
    "5.13: the root file system is read-only": lambda it: it["read_only"] is True,
    "5.15: it is never restarted": lambda it: it["restart"] == "no",
    "5.16, 5.17, 5.21 and 5.31: no namespace of the host": lambda it: (
        not {"pid", "ipc", "uts", "userns_mode"} & set(it)
    ),
    "5.18: no device of the host": lambda it: not it.get("devices"),
    "5.19: no core dumps": lambda it: not any(it["ulimits"]["core"].values()),
    "5.25: the cgroup is the engine's own": lambda it: not it.get("cgroup_parent") and not it.get("cgroup"),
    "5.26: no new privileges": lambda it: "no-new-privileges:true" in it["security_opt"],
    "5.28: an image of its own tag, not latest": lambda it: it["image"].split(":")[1] not in ("", "latest"),
    "5.29: processes are limited": lambda it: 0 < it["pids_limit"] <= 4096,
    "4.1: not root": lambda it: it["user"] == "1000:1000",
    "logs are capped": lambda it: set(it["logging"]["options"]) == {"max-size", "max-file"},
    "an init reaps what a lab leaves behind": lambda it: it["init"] is True,
    "no quota, which would be time and not cores": lambda it: (
        not {"cpus", "cpu_quota", "cpu_shares", "deploy"} & set(it)
    ),
    "temporary files and shared memory have a size": lambda it: (
        "size=" in it["tmpfs"][0] and int(it["shm_size"]) >= 2**26
    ),
    "a stop does not keep anyone waiting": lambda it: it["stop_grace_period"] in ("1s", "2s", "3s", "4s", "5s"),
}


@pytest.mark.parametrize("rule", CIS)
def test_every_service_keeps_the_rule(rule: str, services: dict[str, Service]) -> None:
    for name, service in services.items():
        assert CIS[rule](service), f"{name} breaks {rule}"
