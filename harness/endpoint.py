"""Which engine is meant: the address that the docker command would use, found the way it finds it.

An engine that is asked for by name is that engine or none: a context that nobody knows never becomes the default one.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UsageFault

if TYPE_CHECKING:
    from collections.abc import Mapping

SYSTEM_SOCKET = Path("/var/run/docker.sock")
WINDOWS_PIPE = "npipe:////./pipe/docker_engine"
SCHEMES = ("unix", "npipe", "tcp", "http", "https", "ssh")
ADDRESSING = ("DOCKER_HOST", "DOCKER_CONTEXT")


@dataclass(frozen=True)
class Tls:
    """How an engine's TLS is spoken.

    Attributes:
        folder: Where ca.pem, cert.pem and key.pem are; each may be missing.
        verify: Whether the engine's certificate is checked.
    """

    folder: Path
    verify: bool

    def file(self, name: str) -> str | None:
        """The path of one of the three files, or None where it is missing."""
        path = self.folder / f"{name}.pem"
        return str(path) if path.is_file() else None


@dataclass(frozen=True)
class Endpoint:
    """The address of an engine.

    Attributes:
        name: What people call it: its context's name, else its address.
        host: Its address, such as unix:///var/run/docker.sock.
        source: What named it: "DOCKER_HOST", "DOCKER_CONTEXT", the configuration's "currentContext" or "default".
        variables: What the docker command's environment needs in order to mean the same engine.
        tls: Its TLS, or None.
    """

    name: str
    host: str
    source: str
    variables: tuple[tuple[str, str], ...] = ()
    tls: Tls | None = None

    @property
    def scheme(self) -> str:
        """The part of the address that says how to get there."""
        return self.host.partition("://")[0]

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The environment in which the docker command talks to this engine and to no other."""
        return {name: value for name, value in environ.items() if name not in ADDRESSING} | dict(self.variables)


def resolve_endpoint(environ: Mapping[str, str]) -> Endpoint:
    """Find the engine that is meant: DOCKER_HOST, then DOCKER_CONTEXT, then the configuration, then the usual sockets.

    Raises:
        UsageFault: The address or the context cannot be used, or nobody knows the context.
    """
    if host := environ.get("DOCKER_HOST"):
        return Endpoint(
            host, _usable(host, "DOCKER_HOST"), "DOCKER_HOST", (("DOCKER_HOST", host),), _tls_of_variables(environ)
        )
    if name := environ.get("DOCKER_CONTEXT"):
        return _of_context(name, "DOCKER_CONTEXT", environ)
    if name := _current_context(environ):
        return _of_context(name, "currentContext", environ)
    return _default("default", environ)


def configuration_folder(environ: Mapping[str, str]) -> Path:
    """The docker command's own folder of settings, contexts and plug-ins."""
    return Path(environ["DOCKER_CONFIG"]) if environ.get("DOCKER_CONFIG") else _home(environ) / ".docker"


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or environ.get("USERPROFILE") or "/")


def _usable(host: str, source: str) -> str:
    scheme, mark, rest = host.partition("://")
    if scheme not in SCHEMES or not mark or not rest:
        raise UsageFault(f"{source} is {host!r}, which is no address of an engine: it begins with unix:// or tcp://")
    return host


def _tls_of_variables(environ: Mapping[str, str]) -> Tls | None:
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    if not verify and not environ.get("DOCKER_TLS"):
        return None
    return Tls(Path(environ.get("DOCKER_CERT_PATH") or configuration_folder(environ)), verify)


def _current_context(environ: Mapping[str, str]) -> str | None:
    path = configuration_folder(environ) / "config.json"
    name = _read_json(path).get("currentContext")
    if name is not None and not isinstance(name, str):
        raise UsageFault(
            f"{path}: currentContext is {name!r}, but must be the name of a context; see `docker context ls`"
        )
    return name or None


def _of_context(name: str, source: str, environ: Mapping[str, str]) -> Endpoint:
    if name == "default":
        return _default(source, environ)
    folder = configuration_folder(environ) / "contexts"
    identity = hashlib.sha256(name.encode()).hexdigest()
    meta = folder / "meta" / identity / "meta.json"
    described = _read_json(meta).get("Endpoints", {}).get("docker", {})
    host = described.get("Host")
    if not host:
        raise UsageFault(
            f"{source} is {name!r}, but there is no such context; `docker context ls` shows those there are"
        )
    certificates = folder / "tls" / identity / "docker"
    tls = Tls(certificates, not described.get("SkipTLSVerify", False)) if certificates.is_dir() else None
    return Endpoint(name, _usable(host, f"context {name!r}"), source, (("DOCKER_CONTEXT", name),), tls)


def _read_json(path: Path) -> dict[str, Any]:
    """Read one of docker's own files; one that is not there, or is somebody else's, says nothing."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return {}
    except (OSError, ValueError, RecursionError) as fault:
        raise UsageFault(f"{path} cannot be read ({fault}), so which engine is meant is unknown; mend it") from None
    if not isinstance(content, dict):
        raise UsageFault(f"{path} is no JSON object, so which engine is meant is unknown; mend it")
    return content


def _default(source: str, environ: Mapping[str, str]) -> Endpoint:
    host = WINDOWS_PIPE if sys.platform == "win32" else f"unix://{_first_socket(environ)}"
    return Endpoint(host, host, source, (("DOCKER_HOST", host),))


def _first_socket(environ: Mapping[str, str]) -> Path:
    """The socket of the system's engine, else of a rootless one or Docker Desktop's."""
    candidates = [SYSTEM_SOCKET, _home(environ) / ".docker" / "run" / "docker.sock"]
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        candidates.insert(1, Path(runtime) / "docker.sock")
    return next((path for path in candidates if _there(path)), SYSTEM_SOCKET)


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError:
        return False
