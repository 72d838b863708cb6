"""Compose: compose.yaml is the one description of a lab's container, and Compose the one that reads it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.endpoint import configuration_folder
from harness.errors import EngineMissing, UsageFault
from harness.offer import offered_sizes as offered_sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.endpoint import Endpoint
    from harness.engine import Engine

PATIENCE_SECONDS = 60
STOP_SECONDS = 10
SYSTEM_PLUGINS = tuple(
    Path(prefix) / "docker" / "cli-plugins"
    for prefix in ("/usr/local/lib", "/usr/local/libexec", "/usr/lib", "/usr/libexec")
)
UNREACHABLE = re.compile(
    r"cannot connect to the docker daemon|failed to connect to the docker API|during connect", re.I
)
CPUS_REFUSED = re.compile(r"Requested CPUs are not available - requested (\S+), available: (\S+)")


class CpusRefused(UsageFault):
    """The engine does not have the CPUs that were asked for."""


class ContainerRefused(EngineMissing):
    """The engine answers, but does not make the container as compose.yaml describes it."""


def compose_command(environ: Mapping[str, str]) -> list[str]:
    """How Compose is called: its plug-in itself, where it is found, which saves the docker command's own start.

    Raises:
        EngineMissing: There is neither.
    """
    name = "docker-compose.exe" if sys.platform == "win32" else "docker-compose"
    for folder in (configuration_folder(environ) / "cli-plugins", *SYSTEM_PLUGINS):
        if os.access(folder / name, os.X_OK):
            return [str(folder / name)]
    if docker := shutil.which("docker", path=environ.get("PATH")):
        return [docker, "compose"]
    raise EngineMissing("there is no docker command with Compose here; install Docker with its Compose plug-in")


def version(environ: Mapping[str, str]) -> str:
    """Compose's version, such as 2.40.3.

    Raises:
        EngineMissing: There is no Compose.
    """
    finished = _run([*compose_command(environ), "version", "--short"], environ)
    if finished.returncode:
        raise EngineMissing("the docker command has no Compose; install Docker's Compose plug-in")
    return finished.stdout.strip().removeprefix("v")


def create(engine: Engine, repo: Path, service: str, environment: Mapping[str, str], project: str) -> str:
    """Create, but do not start, the container of a service.

    Args:
        engine: The engine to create it on.
        repo: The folder of compose.yaml.
        service: Its service, such as cores-2.
        environment: The values that compose.yaml takes from its environment, such as LAB_CPUSET_2.
        project: The Compose project; one of its own for each container, or Compose would reuse it.

    Returns:
        The container's id.

    Raises:
        CpusRefused: The engine does not have those CPUs.
        ContainerRefused: The engine would not make it, or not heed its CPU set.
        EngineMissing: The engine is gone.
    """
    environ = engine.endpoint.environment(os.environ) | dict(environment)
    finished = _run([*_in_project(environ, repo, project), "create", "--no-build", service], environ)
    if finished.returncode:
        raise _refusal(finished.stderr, engine.endpoint)
    return _created(engine, f"{project}-{service}-1")


def build(endpoint: Endpoint, repo: Path, tag: str, tell: Callable[[str], None]) -> int:
    """Build the image with a tag.

    Args:
        endpoint: The engine to build it on.
        repo: The folder of compose.yaml and the Dockerfile.
        tag: The image's tag.
        tell: Is given each line that the build prints.

    Returns:
        The build's exit code.
    """
    environ = endpoint.environment(os.environ) | {
        "LAB_IMAGE_TAG": tag,
        "DOCKER_BUILDKIT": "1",
        "BUILDKIT_PROGRESS": "plain",
        "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
        "COMPOSE_ANSI": "never",
    }
    service = f"cores-{offered_sizes(repo)[0]}"
    process = subprocess.Popen(
        [*_in_project(environ, repo, "pinlab"), "build", service],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # Ctrl-C comes to us alone, and we end the build
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            tell(line.rstrip())
        return process.wait()
    finally:
        _end(process)


def _in_project(environ: Mapping[str, str], repo: Path, project: str) -> list[str]:
    file = str(repo / "compose.yaml")
    return [*compose_command(environ), "--project-directory", str(repo), "--file", file, "--project-name", project]


def _run(arguments: list[str], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            arguments,
            env=dict(environ),
            stdin=subprocess.DEVNULL,  # a question that Compose might ask is answered with its default, no
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise EngineMissing(f"Compose gave no answer in {PATIENCE_SECONDS} s; restart Docker") from None


def _refusal(talk: str, endpoint: Endpoint) -> EngineMissing | UsageFault:
    """What Compose's failure means."""
    if found := CPUS_REFUSED.search(talk):
        return CpusRefused(
            f"CPUs {found[1]} are not available: this engine has {found[2]}; `invoke doctor` shows what it can give"
        )
    said = ([line.strip() for line in talk.splitlines() if line.strip()] or ["Compose failed without a word"])[-1]
    if UNREACHABLE.search(talk):
        return EngineMissing(f"the engine at {endpoint.name} is gone: {said}")
    return ContainerRefused(f"the engine at {endpoint.name} refused the container: {said}")


def _created(engine: Engine, name: str) -> str:
    """The id of a container just created, once it is sure that its CPU set was heeded."""
    facts = engine.client.api.inspect_container(name)
    asked, given = facts["Config"]["Labels"].get("pinlab.cpus"), facts["HostConfig"].get("CpusetCpus")
    if asked and asked != given:
        engine.client.api.remove_container(facts["Id"], force=True)
        raise ContainerRefused(
            f"the engine at {engine.endpoint.name} cannot pin: it made CPUs {asked} into {given or 'no set at all'}; "
            "use --runner local, or an engine with cpuset support"
        )
    return str(facts["Id"])


def _end(process: subprocess.Popen[str]) -> None:
    """End a build that was interrupted, and whatever it started."""
    if process.poll() is None:
        if sys.platform == "win32":
            process.terminate()
        else:
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()
