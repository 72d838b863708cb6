"""The engine's machine, seen from inside: Docker Desktop's, Colima's and a remote engine's is not this one."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import EngineMissing, OwnFault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docker.models.containers import Container

    from harness.engine import Engine

PATIENCE_SECONDS = 60
COMMAND = ["python3.14", "-m", "harness.machine"]


def cache_folder(environ: Mapping[str, str]) -> Path | None:
    """Where the user keeps what can be found out again, or None where there is no such place."""
    if chosen := environ.get("XDG_CACHE_HOME"):
        return Path(chosen) / "pinlab"
    return Path(environ["HOME"]) / ".cache" / "pinlab" if environ.get("HOME") else None


def engine_machine(engine: Engine, image: str, cache: Path | None) -> dict[str, Any]:
    """What `python -m harness.machine` prints on the engine's machine, where nothing narrows the CPUs it may use.

    Args:
        engine: The engine.
        image: The image to look with, such as pinlab:0123456789ab.
        cache: The folder in which the answer is kept as long as engine, kernel, CPUs and image are the same, or None.

    Raises:
        EngineMissing: The engine does not run the container.
        OwnFault: The container ran, but did not say what it should.
    """
    import hashlib  # loads OpenSSL, and others want the cache's folder alone

    key = f"{engine.engine_id} {engine.kernel} {engine.cpus} {image}"
    file = cache and cache / f"machine-{hashlib.sha256(engine.engine_id.encode()).hexdigest()[:16]}.json"
    if file and (known := _remembered(file, key)):
        return known
    machine = _look(engine, image)
    if file:
        _remember(file, key, machine)
    return machine


def _remembered(file: Path, key: str) -> dict[str, Any] | None:
    try:
        kept = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(kept, dict) or kept.get("key") != key or not isinstance(kept.get("machine"), dict):
        return None
    machine: dict[str, Any] = kept["machine"]
    return machine


def _remember(file: Path, key: str, machine: dict[str, Any]) -> None:
    """Keep an answer for the next command; where that is not possible, the next command looks again."""
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}.tmp")
        draft.write_text(json.dumps({"key": key, "machine": machine}), "utf-8")
        draft.replace(file)


def _look(engine: Engine, image: str) -> dict[str, Any]:
    from docker.errors import DockerException
    from requests import RequestException

    try:
        container = _probe(engine, image)
        try:
            container.start()
            code = container.wait(timeout=PATIENCE_SECONDS)["StatusCode"]
            said, complaint = container.logs(stderr=False), container.logs(stdout=False)
        finally:
            container.remove(force=True)
    except (DockerException, RequestException) as fault:
        said_why = " ".join(str(fault).split())
        raise EngineMissing(f"the engine at {engine.endpoint.name} does not show its machine: {said_why}") from None
    return _understood(code, said, complaint)


def _probe(engine: Engine, image: str) -> Container:
    """A container that may do nothing but look; it goes away by itself, and by its label if its starter dies."""
    from docker.types import LogConfig

    return engine.client.containers.create(
        image,
        COMMAND[1:],
        entrypoint=COMMAND[:1],
        labels={"pinlab.probe": "machine"},
        user="1000:1000",
        read_only=True,
        tmpfs={"/tmp": "size=16m"},  # noqa: S108 - inside the container
        cap_drop=["ALL"],
        security_opt=["no-new-privileges:true"],
        network_mode="none",
        pids_limit=64,
        mem_limit="256m",
        memswap_limit="256m",
        init=True,
        log_config=LogConfig(type=LogConfig.types.JSON),
    )


def _understood(code: int, said: bytes, complaint: bytes) -> dict[str, Any]:
    try:
        machine = json.loads(said) if code == 0 else None
    except ValueError:
        machine = None
    if not isinstance(machine, dict):
        last = (complaint or said).decode("utf-8", "replace").strip().splitlines()[-1:] or ["nothing"]
        raise OwnFault(f"`{' '.join(COMMAND)}` in the container ended with {code} and said {last[0]!r}")
    return machine
