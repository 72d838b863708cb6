"""Goal 4: what it takes to launch a command in a pinned container, over bare invoke and a bare container."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from benchmarks.bench import ROOT, invoke, need, said, seconds_of
from benchmarks.figures import Figure, Limit, NotRun
from benchmarks.leavings import containers, results_removed
from benchmarks.listing import bare_tasks
from benchmarks.pairing import interleaved, ratio
from harness.image import NAME, image_tag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.bench import Bench

TITLE = "launch in a container"


def run(bench: Bench) -> Iterator[Figure | NotRun]:
    """`invoke exec` of a command that does nothing, beside bare invoke plus a bare container of the same image."""
    docker = need("docker", "Docker's command")
    said([docker, "version"])
    said(invoke("build"), cwd=ROOT)
    image = f"{NAME}:{image_tag(ROOT)}"
    bare = bare_tasks(bench)
    container = [docker, "run", "--rm", "--network", "none", "--entrypoint", "python3.14", image, "-c", "pass"]
    sweeps: list[str] = []
    rounds = interleaved(
        [lambda: _launched(sweeps), lambda: seconds_of(invoke("--list", search_root=bare)) + seconds_of(container)],
        bench.times(15, 3),
        bench.chance,
        bench.progress("launches"),
    )
    left = [container for sweep_id in sweeps for container in containers(sweep_id)]
    found = ratio(rounds, bench.chance)
    ours, theirs = (sorted(column)[len(rounds) // 2] for column in zip(*rounds, strict=True))
    yield Figure(
        "`invoke exec --cores 1 -- python -c pass`, docker",
        f"{ours * 1000:.0f} ms",
        "bare invoke + `docker run`",
        f"{theirs * 1000:.0f} ms",
        found.value,
        found.low,
        found.high,
        Limit("<=", 1.25),
        len(rounds),
        f"{len(left)} containers left behind",
    )
    yield Figure(
        "containers left behind", str(len(left)), "a limit", "", len(left), len(left), len(left), Limit("<=", 0), 1
    )


def _launched(sweeps: list[str]) -> float:
    words = ["exec", "--cores", "1", "--runner", "docker", "--no-wait", "--json", "--", "python", "-c", "pass"]
    start = time.perf_counter()
    done = said(invoke(*words), cwd=ROOT)
    seconds = time.perf_counter() - start
    [record] = json.loads(done.stdout)["runs"]
    sweeps.append(record["sweep_id"])
    with results_removed(record["run_id"]):
        return seconds
