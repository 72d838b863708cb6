"""Which interpreters there are: the image's are fixed, the host's are found, and each is asked what it really is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import UsageFault
from harness.offer import IMAGE_PYTHONS as IMAGE_PYTHONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT = IMAGE_PYTHONS[:1]
"""What runs in the image where --python says nothing."""
OLDEST = (3, 11)
ANSWER_SECONDS = 30
"""How long an interpreter, or uv, may take to answer."""
QUESTION = """
import json, sys, sysconfig
free = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
print(json.dumps([sys.implementation.name, *sys.version_info[:2], free]))
"""


@dataclass(frozen=True)
class Interpreter:
    """An interpreter of a known version.

    Attributes:
        version: As --python says it, such as "3.14t".
        path: Its program.
    """

    version: str
    path: Path


def parse_pythons(text: str) -> tuple[str, ...]:
    """The versions in a list such as "3.14,3.14t".

    Raises:
        UsageFault: If it is empty, or one of them is twice there, no version, or too old.
    """
    versions: list[str] = []
    for part in text.split(","):
        version = part.strip()
        numbers = _numbers(version)
        if numbers is None:
            given = f"--python {text[:60]!r}: {version[:20]!r} is no version"
            raise UsageFault(f"{given}: write 3.14, 3.14t (without the GIL), or a list of them")
        if numbers < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            raise UsageFault(f"--python {text[:60]!r}: {version} is too old: {oldest} is the oldest")
        if version.endswith("t") and numbers < (3, 13):
            raise UsageFault(f"--python {text[:60]!r}: there is no {version}: free-threaded Python begins with 3.13t")
        if version in versions:
            raise UsageFault(f"--python {text[:60]!r}: {version} is there twice")
        versions.append(version)
    return tuple(versions)


def image_interpreter(version: str) -> Interpreter:
    """The image's interpreter of this version.

    Raises:
        UsageFault: If the image has none.
    """
    if version not in IMAGE_PYTHONS:
        there = ", ".join(IMAGE_PYTHONS)
        raise UsageFault(f"--python {version}: the image has {there}; others run with --runner local")
    return Interpreter(version, Path(f"python{version}"))


def find_interpreter(version: str | None, environ: Mapping[str, str] | None = None) -> Interpreter:
    """An interpreter of this host.

    Args:
        version: Which, such as "3.14t"; None for the image's own where that is found, else the one that runs this.
        environ: The environment, for PATH.

    Raises:
        UsageFault: If there is none, with the line that gets it.
    """
    environ = os.environ if environ is None else environ
    wanted = version or DEFAULT[0]
    for path in _candidates(wanted, environ):
        if _asked(path) == wanted:
            return Interpreter(wanted, path)
    if version is None:
        return Interpreter(_own_version(), Path(sys.executable))
    raise UsageFault(f"--python {version}: not found on this machine: {_advice(version, environ)}")


def _numbers(version: str) -> tuple[int, int] | None:
    """Major and minor of a version such as "3.14" or "3.14t"."""
    parts = version.removesuffix("t").split(".")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) <= 3 for part in parts):
        return None
    numbers = int(parts[0]), int(parts[1])
    return numbers if version.removesuffix("t") == f"{numbers[0]}.{numbers[1]}" else None


def _own_version() -> str:
    free = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    return f"{sys.version_info.major}.{sys.version_info.minor}{free}"


def _candidates(version: str, environ: Mapping[str, str]) -> Iterator[Path]:
    """Programs that may be the interpreter, the nearest first; uv is asked only where the others were not it."""
    if _own_version() == version:
        yield Path(sys.executable)
    on_path = shutil.which(f"python{version}", path=environ.get("PATH", ""))
    if on_path:
        yield Path(on_path).absolute()
    uv = _uv(environ)
    if uv:
        # What a project, a virtual environment or a config in the caller's folder asks for was not asked for here.
        found = _said(
            [uv, "python", "find", "--system", "--no-project", "--no-config", "--no-python-downloads", version]
        )
        if found:
            yield Path(found)


def _uv(environ: Mapping[str, str]) -> str | None:
    """The uv on PATH, or the one beside the interpreter that runs this."""
    beside = str(Path(sys.executable).parent)
    return shutil.which("uv", path=os.pathsep.join(filter(None, (environ.get("PATH", ""), beside))))


def _advice(version: str, environ: Mapping[str, str]) -> str:
    on_path = shutil.which("uv", path=environ.get("PATH", ""))
    uv = "uv" if on_path else _uv(environ)
    if uv:
        return f"get it with `{uv} python install {version}`"
    return f"install uv (https://docs.astral.sh/uv/), then get it with `uv python install {version}`"


def _asked(path: Path) -> str:
    """The version that an interpreter says it is; nothing for what is no CPython or does not answer."""
    try:
        name, major, minor, free = json.loads(_said([str(path), "-I", "-c", QUESTION]))
    except (ValueError, TypeError):
        return ""
    return f"{major}.{minor}{'t' if free else ''}" if name == "cpython" else ""


def _said(command: list[str]) -> str:
    """What a command prints; nothing where it fails or does not end."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=ANSWER_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace").strip()
