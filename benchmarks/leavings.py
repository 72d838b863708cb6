"""What a command leaves: its results, which a benchmark takes away again, and what stays on the engine."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

from benchmarks.bench import ROOT, need, said

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def results_removed(run_id: str) -> Iterator[None]:
    """Remove the results of one run at the end."""
    try:
        yield
    finally:
        folder = ROOT / "results" / run_id
        if run_id and folder.parent == ROOT / "results":
            shutil.rmtree(folder, ignore_errors=True)


def containers(sweep_id: str) -> list[str]:
    """The ids of the containers that the engine has of one sweep."""
    docker = need("docker", "Docker's command")
    words = ["ps", "--all", "--quiet", "--filter", f"label=pinlab.run={sweep_id}"]
    return said([docker, *words]).stdout.split()
