"""What labs can have on this machine, by what is known at once: no engine is asked and no interpreter is run."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from harness.offer import IMAGE_PYTHONS, offered_sizes
from harness.probe import cache_folder

if TYPE_CHECKING:
    from collections.abc import Mapping


class Here(NamedTuple):
    """What is known of the place where labs would run; a tuple, since a listing has no time to make a dataclass.

    Attributes:
        looked_at: The day on which the engine's machine was last looked at; empty where this machine itself is meant.
        cpus: How many CPUs there are to use.
        sizes: The core counts on offer that fit in.
        interpreters: The interpreters there are, such as "3.14t".
    """

    looked_at: str
    cpus: int
    sizes: tuple[int, ...]
    interpreters: tuple[str, ...]


def known_here(root: Path, environ: Mapping[str, str]) -> Here:
    """What is known of the engine's machine, if it was ever looked at and may still be there; else of this one.

    Args:
        root: The repository.
        environ: The environment.

    Raises:
        UsageFault: If compose.yaml offers no sizes.
    """
    offered = offered_sizes(root)
    looked_at, cpus = ("", 0) if _has_no_engine(environ) else _as_last_seen(environ)
    if cpus:
        return Here(looked_at, cpus, tuple(size for size in offered if size <= cpus), IMAGE_PYTHONS)
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Here("", cpus, tuple(size for size in offered if size <= cpus), _pythons_at_hand(environ))


def _has_no_engine(environ: Mapping[str, str]) -> bool:
    """Whether the engine is asked for by the address of a socket that is not there."""
    scheme, _, path = environ.get("DOCKER_HOST", "").partition("://")
    return scheme == "unix" and not Path(path).exists()


def _as_last_seen(environ: Mapping[str, str]) -> tuple[str, int]:
    """The day of the latest look at an engine's machine, and how many CPUs it had; nothing where there was none."""
    folder = cache_folder(environ)
    try:
        kept = [(path.stat().st_mtime, path) for path in folder.glob("machine-*.json")] if folder else []
        when, path = max(kept)
        machine = json.loads(path.read_text("utf-8"))["machine"]
        return time.strftime("%Y-%m-%d", time.localtime(when)), len(machine["cpus"])
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return "", 0


def _pythons_at_hand(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The interpreter that runs this, and those of the image's versions that PATH leads to."""
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    on_path = (name for name in IMAGE_PYTHONS if shutil.which(f"python{name}", path=environ.get("PATH", "")))
    return tuple(dict.fromkeys((own, *on_path)))
