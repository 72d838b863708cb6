"""`invoke check`: everything that is checked before a change lands, step by step, the later ones in any case."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from harness.commandline import say

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(sys.executable).parent
CODE = ("benchmarks", "harness", "labs", "template", "tests", "tasks.py")


@dataclass(frozen=True)
class Step:
    """One thing that is checked.

    Attributes:
        name: What, in a word or two.
        words: The command; its program is looked for beside this interpreter first.
        needs_docker: Whether it needs the docker command; without that it is skipped, or fails where one is required.
    """

    name: str
    words: tuple[str, ...]
    needs_docker: bool = False


STEPS = (
    Step("format", ("ruff", "format", "--check", "--quiet", *CODE)),
    Step("lint", ("ruff", "check", "--quiet", *CODE)),
    Step("types", ("mypy", "--no-error-summary")),
    Step("Dockerfile", ("hadolint", "Dockerfile")),
    Step("workflow", ("zizmor", "--offline", "--quiet", "--no-progress", ".github/workflows")),
    Step(
        "workflow schema",
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows", ".github/workflows/ci.yml"),
    ),
    Step("compose.yaml", ("docker", "compose", "config", "--quiet"), needs_docker=True),
    Step("interpreters", ("uv", "python", "install", "--quiet", "--no-bin", "3.14", "3.14t")),
    Step("tests", ("python", "-m", "pytest", "--quiet")),
)


def run_all() -> int:
    """Run every step; 1 where any has failed."""
    failed = []
    for step in STEPS:
        began = time.monotonic()
        result = _run(step)
        say(f"check: {step.name} {result} ({time.monotonic() - began:.0f} s)")
        if result == "failed":
            failed.append(step.name)
    say(f"check: failed: {', '.join(failed)}" if failed else "check: all good")
    return int(bool(failed))


def _run(step: Step) -> str:
    program, *words = step.words
    found = shutil.which(program, path=str(TOOLS)) or shutil.which(program)
    if found is None and step.needs_docker and not os.environ.get("PINLAB_REQUIRE_ENGINE"):
        return "skipped, there is no docker command here"
    if found is None:
        say(f"check: there is no {program} here; `./invoke check` brings it, or install it")
        return "failed"
    sys.stdout.flush()
    return "failed" if subprocess.run([found, *words], cwd=ROOT, check=False).returncode else "ok"
