"""An interactive shell that is pinned: in a container of the service for its cores, or here by affinity."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from harness import compose, owners, placement
from harness.lease import Holder, lease
from harness.machine import format_cpus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from harness.interpreters import Interpreter
    from harness.place import Place

LIFETIME_SECONDS = 12 * 3600
NEVER_STARTED = (1, 125)
"""What Compose and Docker exit with where they could not start the container, as a shell may do, too."""


def run(
    place: Place,
    size: int,
    cpus: Sequence[int],
    interpreter: Interpreter,
    root: Path,
    *,
    wait: bool,
    say: Callable[[str], None],
) -> int:
    """Run a shell until it is left; gives its exit code.

    Args:
        place: Where.
        size: How many cores.
        cpus: Which ones.
        interpreter: What `python` is in it, where that can be chosen.
        root: The repository.
        wait: Whether to wait for CPUs that another run holds.
        say: Takes lines for people.
    """
    name = f"shell-{secrets.token_hex(4)}"
    with lease(place.machine_name, cpus, Holder(name, owners.user(), "shell", os.getpid()), wait=wait, say=say):
        say(f"pinned to CPUs {format_cpus(cpus)}; leave with exit or Ctrl-D")
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the shell's
        try:
            if place.engine is None:
                return _local(cpus, interpreter)
            return _in_container(place, size, cpus, name, root, say)
        finally:
            signal.signal(signal.SIGINT, before)


def _local(cpus: Sequence[int], interpreter: Interpreter) -> int:
    program = os.environ.get("SHELL") or "/bin/sh"
    path = os.pathsep.join([str(interpreter.path.parent), os.environ.get("PATH", "")])

    def pinned() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        placement.pin(list(cpus))

    return subprocess.run([program], env={**os.environ, "PATH": path}, preexec_fn=pinned, check=False).returncode


def _in_container(
    place: Place, size: int, cpus: Sequence[int], name: str, root: Path, say: Callable[[str], None]
) -> int:
    assert place.engine is not None
    assert place.image is not None
    environ: Mapping[str, str] = place.engine.endpoint.environment(os.environ) | {
        f"LAB_CPUSET_{size}": format_cpus(cpus),
        "LAB_IMAGE_TAG": place.image.tag,
        "LAB_OWNER": owners.this_process(),
        "LAB_DEADLINE": str(int(time.time()) + LIFETIME_SECONDS),
        "LAB_RUN": name,
        "LAB_VOLUME": owners.volume_of(root),
    }
    is_terminal = sys.stdin.isatty()
    ended = subprocess.run(
        [
            *compose.compose_command(environ),
            *(
                "--project-directory",
                str(root),
                "--file",
                str(root / "compose.yaml"),
                "--project-name",
                f"pinlab-{name}",
            ),
            *("run", "--rm", *([] if is_terminal else ["-T"]), "--entrypoint", "/bin/bash", f"cores-{size}"),
        ],
        env=dict(environ),
        stderr=subprocess.PIPE
        if is_terminal
        else None,  # all that the shell writes goes to the terminal: this is Compose
        text=True,
        check=False,
    )
    if ended.returncode in NEVER_STARTED and ended.stderr:
        say(ended.stderr.strip().splitlines()[-1])
    return ended.returncode
