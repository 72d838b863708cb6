"""What a lab lacks of what belongs to it: tests, pages, an exercise, and for each claim a test of either verdict."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from harness.notes import read_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.lab_record import Lab

EXERCISE = {"en": "Exercise", "ko": "연습"}
NEVER_REFUTED = {("race", "unguarded_loses_some")}
"""That something was not seen to happen proves nothing: these can only fail to be upheld."""


def missing(lab: Lab, root: Path) -> list[str]:
    """What a lab lacks, each in a line; nothing where it is whole.

    Args:
        lab: The lab.
        root: The repository.
    """
    return [*_missing_pages(lab, root), *_missing_tests(lab, root)]


def _missing_pages(lab: Lab, root: Path) -> Iterator[str]:
    for language, title in EXERCISE.items():
        path = f"labs/notes/{language}/{lab.name}.md"
        page = read_page(lab.name, language, root / "labs")
        if page is None:
            yield f"no page {path}"
        elif not re.search(rf"^#+ {title}\n+[^#\s]", page.text, re.M):
            yield f"no exercise in {path}: a section {title!r} with text"


def _missing_tests(lab: Lab, root: Path) -> Iterator[str]:
    path = root / "tests" / "labs" / f"test_{lab.name}.py"
    if not path.exists():
        yield f"no test tests/labs/{path.name}"
        return
    body = ast.parse(path.read_bytes()).body
    tests = [node for node in body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    if not lab.claims:
        yield "no claim"
    for claim in lab.claims:
        never = (lab.name, claim.name) in NEVER_REFUTED
        wanted = {
            "_holds": "holds",
            **({"_is_not_upheld_when": "inconclusive"} if never else {"_is_refuted_when": "refuted"}),
        }
        for name, verdict in wanted.items():
            of_it = [test for test in tests if test.name.startswith(f"test_{claim.name}{name}")]
            if not any(_expects(test, claim.name, verdict) for test in of_it):
                yield f"no test test_{claim.name}{name}… in {path.name} that asks the claim and expects {verdict!r}"


def _expects(test: ast.FunctionDef, claim: str, verdict: str) -> bool:
    """Whether a test calls the claim, and asserts something about this verdict."""
    calls = any(
        isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == claim
        for node in ast.walk(test)
    )
    asserted = [part for node in ast.walk(test) if isinstance(node, ast.Assert) for part in ast.walk(node.test)]
    return calls and any(isinstance(part, ast.Constant) and part.value == verdict for part in asserted)
