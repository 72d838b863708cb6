"""The engine: whether it answers, and what kind of machine it has. Its SDK is imported only once there is an engine."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from harness.errors import EngineMissing

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.tls import TLSConfig

    from harness.endpoint import Endpoint

PATIENCE_SECONDS = 5
WORKING_TIMEOUT_SECONDS = 60


class EngineUnreachable(EngineMissing):
    """No usable engine answers where one was looked for.

    Attributes:
        endpoint: Where it was looked for.
        reason: Why it cannot be used, as a part of a sentence.
        advice: What to do about it.
    """

    def __init__(self, endpoint: Endpoint, reason: str, advice: str) -> None:
        super().__init__(f"no engine at {endpoint.name}: {reason}; {advice}")
        self.endpoint = endpoint
        self.reason = reason
        self.advice = advice


@dataclass(frozen=True)
class Engine:
    """An engine that answers.

    Attributes:
        client: The SDK's client, ready for use.
        endpoint: How it was found.
        engine_id: What tells it from every other engine; its name, where it has no id.
        version: Its version, such as 28.5.2.
        api_version: The version of its API that is spoken with it.
        cpus: How many CPUs its machine has.
        kernel: The release of its machine's kernel.
        cgroup_version: "1" or "2".
        cgroup_driver: "cgroupfs", "systemd", or "none" where it cannot limit anything.
        memory_bytes: The memory of its machine.
        name: The host name of its machine.
        operating_system: What its machine runs, such as Docker Desktop.
        rootless: Whether it runs as an ordinary user.
        can_pin: Whether it heeds a container's CPU set; where not, it drops the set with no more than a warning.
    """

    client: DockerClient
    endpoint: Endpoint
    engine_id: str
    version: str
    api_version: str
    cpus: int
    kernel: str
    cgroup_version: str
    cgroup_driver: str
    memory_bytes: int
    name: str
    operating_system: str
    rootless: bool
    can_pin: bool


def connect(endpoint: Endpoint, timeout: int = PATIENCE_SECONDS) -> Engine:
    """Greet the engine and ask what it is.

    Args:
        endpoint: Where it is.
        timeout: How many seconds it may be silent.

    Raises:
        EngineUnreachable: It is not there, does not answer, or cannot be used.
    """
    knock(endpoint, timeout)
    client = _greet(endpoint, timeout)
    try:
        engine = _describe(client, endpoint)
    except BaseException:
        client.close()
        raise
    client.api.timeout = WORKING_TIMEOUT_SECONDS
    return engine


def knock(endpoint: Endpoint, timeout: float) -> None:
    """See whether anybody listens there, before the SDK's slow import.

    Raises:
        EngineUnreachable: Nobody does, or there is no way to get there.
    """
    if endpoint.scheme == "ssh":
        target = endpoint.host.partition("://")[2]
        raise EngineUnreachable(
            endpoint,
            "the Docker SDK does not go through ssh:// by itself",
            f"forward its socket with `ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock {target}` "
            "and set DOCKER_HOST=unix:///tmp/engine.sock",
        )
    try:
        if endpoint.scheme == "unix":
            with socket.socket(socket.AF_UNIX) as listener:
                listener.settimeout(timeout)
                listener.connect(endpoint.host.removeprefix("unix://"))
        elif endpoint.scheme != "npipe":
            parts = urlsplit(endpoint.host)
            port = parts.port or (2376 if endpoint.tls else 2375)
            socket.create_connection((parts.hostname or "127.0.0.1", port), timeout).close()
    except (OSError, ValueError) as fault:
        raise EngineUnreachable(endpoint, *_why_silent(fault, timeout)) from None


def _why_silent(fault: OSError | ValueError, timeout: float) -> tuple[str, str]:
    """The reason why nobody answers, and the advice."""
    if isinstance(fault, PermissionError):
        return (
            "permission denied",
            "add yourself to the docker group with `sudo usermod -aG docker $USER` and log in again",
        )
    if isinstance(fault, FileNotFoundError):
        return "there is no such socket", "start Docker, or install it: https://docs.docker.com/get-started/get-docker/"
    if isinstance(fault, ConnectionRefusedError):
        return "nothing listens there", "start Docker"
    if isinstance(fault, TimeoutError):
        return f"no answer in {timeout:g} s", "restart Docker"
    return str(fault), "check the address with `docker info`"


def _greet(endpoint: Endpoint, timeout: int) -> DockerClient:
    import docker
    from docker.errors import DockerException, InvalidVersion

    try:
        return docker.DockerClient(base_url=endpoint.host, timeout=timeout, tls=_tls(endpoint) or False)
    except InvalidVersion:
        raise _too_old(endpoint, timeout) from None
    except DockerException as fault:
        raise EngineUnreachable(endpoint, *_why_unusable(fault, timeout)) from None


def _tls(endpoint: Endpoint) -> TLSConfig | None:
    from docker.tls import TLSConfig

    if (tls := endpoint.tls) is None or endpoint.scheme not in ("tcp", "https"):
        return None
    certificate, key = tls.file("cert"), tls.file("key")
    return TLSConfig((certificate, key) if certificate and key else None, tls.file("ca"), tls.verify)


def _too_old(endpoint: Endpoint, timeout: int) -> EngineUnreachable:
    """Ask the engine once more how old it is, now in words that it understands."""
    import docker
    from docker.constants import MINIMUM_DOCKER_API_VERSION as OLDEST

    api = docker.APIClient(endpoint.host, version=OLDEST, timeout=timeout, tls=_tls(endpoint) or False)
    try:
        spoken = api.version(api_version=False).get("ApiVersion")
    finally:
        api.close()
    return EngineUnreachable(
        endpoint, f"its API is version {spoken}, and {OLDEST} is the oldest that the Docker SDK speaks", "update Docker"
    )


def _why_unusable(fault: BaseException, timeout: float) -> tuple[str, str]:
    """The reason why an engine that listens cannot be used, and the advice."""
    from requests import Timeout

    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, Timeout):
            return _why_silent(TimeoutError(), timeout)
        cause = cause.__cause__
    return " ".join(str(fault).split()), "check it with `docker info`"


def _describe(client: DockerClient, endpoint: Endpoint) -> Engine:
    from docker.errors import APIError, DockerException
    from requests import RequestException

    try:
        about, versions = client.info(), client.version()
    except APIError as fault:
        said = " ".join(str(fault.explanation or fault).split())
        reason = f"it refuses version {client.api.api_version} of its API, which the Docker SDK speaks: {said}"
        raise EngineUnreachable(endpoint, reason, "use a release of pinlab that knows this engine") from None
    except (DockerException, RequestException) as fault:
        raise EngineUnreachable(endpoint, *_why_unusable(fault, client.api.timeout)) from None
    if about.get("OSType", "linux") != "linux":
        raise EngineUnreachable(endpoint, f"it runs {about['OSType']} containers", "switch it to Linux containers")
    return _engine(client, endpoint, about, versions)


def _engine(client: DockerClient, endpoint: Endpoint, about: dict[str, Any], versions: dict[str, Any]) -> Engine:
    return Engine(
        client=client,
        endpoint=endpoint,
        engine_id=about.get("ID") or about.get("Name") or endpoint.host,
        version=versions.get("Version", ""),
        api_version=client.api.api_version,
        cpus=about.get("NCPU", 0),
        kernel=about.get("KernelVersion", ""),
        cgroup_version=str(about.get("CgroupVersion", "")),
        cgroup_driver=about.get("CgroupDriver", ""),
        memory_bytes=about.get("MemTotal", 0),
        name=about.get("Name", ""),
        operating_system=about.get("OperatingSystem", ""),
        rootless=any("rootless" in option for option in about.get("SecurityOptions") or ()),
        can_pin=bool(about.get("CPUSet", True)),
    )
