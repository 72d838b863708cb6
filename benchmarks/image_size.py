"""Goal 11: the image's size, over its base and its two interpreters alone; and a rebuild after a lab was changed."""

from __future__ import annotations

import re
import shutil
import statistics
from typing import TYPE_CHECKING

from benchmarks.bench import ROOT, invoke, need, said, seconds_of
from benchmarks.figures import Figure, Limit, NotRun
from benchmarks.pairing import interleaved, spread
from harness.image import NAME, image_tag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.bench import Bench

TITLE = "image: size, and rebuild after a lab changed"
INTERPRETERS = "uv python install"
COPIED = ("harness", "labs", "configs", "requirements", "Dockerfile", ".dockerignore", "compose.yaml", "tasks.py")


def run(bench: Bench) -> Iterator[Figure | NotRun]:
    """Sizes by the image's own layers; builds in a copy of the repository, where a lab can be changed."""
    docker = need("docker", "Docker's command")
    said([docker, "version"])
    said(invoke("build"), cwd=ROOT)
    yield _size(docker)
    yield _rebuild(bench)


def _size(docker: str) -> Figure | NotRun:
    form = "{{.Size}}\t{{.CreatedBy}}"
    image = f"{NAME}:{image_tag(ROOT)}"
    layers = said([docker, "history", "--no-trunc", "--human=false", "--format", form, image]).stdout.splitlines()
    sizes = [(int(size), made_by) for size, made_by in (line.split("\t", 1) for line in layers)]
    base = sizes[-1][0]
    interpreters = sum(size for size, made_by in sizes if INTERPRETERS in made_by)
    if not base or not interpreters:
        return NotRun("size: the layers of the base and of the interpreters are not to be told apart here")
    whole, least = sum(size for size, _ in sizes), base + interpreters
    ratio = whole / least
    return Figure(
        "size of the image",
        f"{whole / 1e6:.0f} MB",
        "its base and two interpreters",
        f"{least / 1e6:.0f} MB",
        ratio,
        ratio,
        ratio,
        Limit("<=", 1.2),
        1,
    )


def _rebuild(bench: Bench) -> Figure:
    copy = bench.folder / "copy"
    copy.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, copy / name)
    build = invoke("build", search_root=copy)
    said(build, cwd=copy)

    def changed() -> float:
        _change(copy / "labs" / "gil.py")
        return seconds_of(build, cwd=copy)

    rounds = interleaved(
        [changed, lambda: seconds_of(build, cwd=copy)], bench.times(15, 3), bench.chance, bench.progress("builds")
    )
    found = spread([one for one, _ in rounds], statistics.median, bench.chance)
    return Figure(
        "`invoke build` after a lab changed",
        f"{found.value:.2f} s",
        "the same with nothing changed",
        f"{statistics.median(other for _, other in rounds):.2f} s",
        found.value,
        found.low,
        found.high,
        Limit("<=", 2),
        len(rounds),
        "labs travel with the run and are not in the image",
    )


def _change(lab: Path) -> None:
    text = lab.read_text(encoding="utf-8")
    number = len(re.findall(r"^# changed", text, re.MULTILINE))
    lab.write_text(f"{text}# changed {number}\n", encoding="utf-8")
