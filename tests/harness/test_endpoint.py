from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from harness import endpoint
from harness.endpoint import resolve_endpoint
from harness.errors import UsageFault

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without any of docker's files, on a machine without the system's socket."""
    monkeypatch.setattr(endpoint, "SYSTEM_SOCKET", tmp_path / "system.sock")
    (tmp_path / "home" / ".docker").mkdir(parents=True)
    return tmp_path / "home"


def environ_of(home: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(home), **more}


def configure(home: Path, **settings: Any) -> None:
    (home / ".docker" / "config.json").write_text(json.dumps(settings))


def add_context(home: Path, name: str, host: str, *, certificates: bool = False, skip_verify: bool = False) -> None:
    identity = hashlib.sha256(name.encode()).hexdigest()
    meta = home / ".docker" / "contexts" / "meta" / identity / "meta.json"
    meta.parent.mkdir(parents=True)
    described = {"Host": host, "SkipTLSVerify": skip_verify}
    meta.write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": described}}))
    if certificates:
        folder = home / ".docker" / "contexts" / "tls" / identity / "docker"
        folder.mkdir(parents=True)
        (folder / "ca.pem").write_text("")


def test_docker_host_wins_over_every_context(home: Path) -> None:
    configure(home, currentContext="nobody-knows-it")
    found = resolve_endpoint(environ_of(home, DOCKER_HOST="tcp://there:2375", DOCKER_CONTEXT="nor-this"))
    assert (found.host, found.source) == ("tcp://there:2375", "DOCKER_HOST")


def test_docker_context_wins_over_the_configuration(home: Path) -> None:
    configure(home, currentContext="nobody-knows-it")
    add_context(home, "class", "tcp://class:2376")
    found = resolve_endpoint(environ_of(home, DOCKER_CONTEXT="class"))
    assert (found.name, found.host, found.source) == ("class", "tcp://class:2376", "DOCKER_CONTEXT")


def test_the_configuration_names_the_context_where_the_environment_does_not(home: Path) -> None:
    configure(home, currentContext="desktop")
    add_context(home, "desktop", "unix:///desktop.sock")
    found = resolve_endpoint(environ_of(home, DOCKER_HOST="", DOCKER_CONTEXT=""))
    assert (found.host, found.source) == ("unix:///desktop.sock", "currentContext")


@pytest.mark.parametrize("place", ["environment", "configuration"])
def test_an_unknown_context_is_bad_usage_and_never_another_engine(home: Path, place: str) -> None:
    if place == "configuration":
        configure(home, currentContext="gone")
    with pytest.raises(UsageFault, match=r"'gone'.*no such context.*docker context ls") as caught:
        resolve_endpoint(environ_of(home, **({"DOCKER_CONTEXT": "gone"} if place == "environment" else {})))
    assert caught.value.exit_code == 2


def test_the_default_context_is_the_default_socket_whatever_the_configuration_says(home: Path) -> None:
    configure(home, currentContext="desktop")
    found = resolve_endpoint(environ_of(home, DOCKER_CONTEXT="default"))
    assert found.host == f"unix://{endpoint.SYSTEM_SOCKET}"


def test_another_folder_of_settings_is_heeded(home: Path, tmp_path: Path) -> None:
    configure(home, currentContext="not-asked-for")
    add_context(tmp_path, "elsewhere", "tcp://elsewhere:1")
    (tmp_path / ".docker" / "config.json").write_text('{"currentContext": "elsewhere"}')
    found = resolve_endpoint(environ_of(home, DOCKER_CONFIG=str(tmp_path / ".docker")))
    assert found.host == "tcp://elsewhere:1"


def test_the_sockets_are_tried_in_the_order_system_rootless_desktop(home: Path, tmp_path: Path) -> None:
    environ = environ_of(home, XDG_RUNTIME_DIR=str(tmp_path / "run"))
    desktop, rootless = home / ".docker" / "run" / "docker.sock", tmp_path / "run" / "docker.sock"
    for socket in (desktop, rootless, endpoint.SYSTEM_SOCKET):
        socket.parent.mkdir(exist_ok=True)
        socket.touch()
        assert resolve_endpoint(environ).host == f"unix://{socket}"


def test_where_there_is_no_socket_at_all_the_systems_is_named(home: Path) -> None:
    assert resolve_endpoint(environ_of(home)).host == f"unix://{endpoint.SYSTEM_SOCKET}"


@pytest.mark.parametrize("host", ["garbage", "ftp://there", "unix://", "://there"])
def test_an_address_of_no_known_kind_is_bad_usage(home: Path, host: str) -> None:
    with pytest.raises(UsageFault, match="no address of an engine"):
        resolve_endpoint(environ_of(home, DOCKER_HOST=host))


@pytest.mark.parametrize("content", ["{", "[]", "[" * 100_000, '{"currentContext": 3}'])
def test_a_broken_configuration_is_bad_usage_and_named(home: Path, content: str) -> None:
    (home / ".docker" / "config.json").write_text(content)
    with pytest.raises(UsageFault, match=r"config\.json"):
        resolve_endpoint(environ_of(home))


def test_tls_follows_the_variables_of_the_docker_command(home: Path, tmp_path: Path) -> None:
    host = "tcp://there:2376"
    assert resolve_endpoint(environ_of(home, DOCKER_HOST=host, DOCKER_CERT_PATH="/unused")).tls is None
    found = resolve_endpoint(
        environ_of(home, DOCKER_HOST=host, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(tmp_path))
    ).tls
    assert found is not None
    assert (found.folder, found.verify) == (tmp_path, True)


def test_tls_of_a_context_comes_from_its_own_folder(home: Path) -> None:
    add_context(home, "class", "tcp://class:2376", certificates=True, skip_verify=True)
    found = resolve_endpoint(environ_of(home, DOCKER_CONTEXT="class")).tls
    assert found is not None
    assert not found.verify
    assert found.file("ca") is not None
    assert found.file("key") is None


def test_the_docker_command_is_sent_to_the_same_engine(home: Path) -> None:
    add_context(home, "class", "tcp://class:2376")
    environ = environ_of(home, DOCKER_CONTEXT="class", PATH="/bin")
    assert resolve_endpoint(environ).environment(environ) == environ
    other = resolve_endpoint(environ_of(home, DOCKER_HOST="tcp://other:1"))
    assert other.environment(environ) == environ_of(home, PATH="/bin", DOCKER_HOST="tcp://other:1")
