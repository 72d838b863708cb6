"""What there is to choose from: the numbers of cores that compose.yaml offers, and the image's interpreters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.errors import UsageFault

if TYPE_CHECKING:
    from pathlib import Path

IMAGE_PYTHONS = ("3.14", "3.14t")


def offered_sizes(repo: Path) -> tuple[int, ...]:
    """The numbers of cores that compose.yaml has a service for, smallest first.

    Its lines are read without a YAML parser, since this is on the way of every command.

    Args:
        repo: The folder of compose.yaml.

    Raises:
        UsageFault: There is no such file, or no such service in it.
    """
    path = repo / "compose.yaml"
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as fault:
        raise UsageFault(f"{path} cannot be read: {fault.strerror}; its services are the sizes on offer") from None
    inside, sizes = False, set()
    for line in lines:
        if re.match(r"[^\s#]", line):
            inside = re.match(r"services\s*:\s*(#.*)?$", line) is not None
        elif inside and (found := re.match(r"  cores-([1-9][0-9]*)\s*:\s*(#.*)?$", line)):
            sizes.add(int(found[1]))
    if not sizes:
        raise UsageFault(f"{path} has no service cores-1, cores-2, …: its services are the sizes on offer")
    return tuple(sorted(sizes))
