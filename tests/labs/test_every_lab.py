"""Every lab has its tests, and every claim one in which it holds and one in which it is refuted."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from harness.catalogue import Claim, Lab, lab_names, read_catalogue, read_lab

LABS = Path(__file__).parents[2] / "labs"
CATALOGUE = read_catalogue(LABS).labs
CLAIMS = [pytest.param(lab, claim, id=f"{lab.name}-{claim.name}") for lab in CATALOGUE for claim in lab.claims]
NEVER_REFUTED = {("race", "unguarded_loses_some")}
"""That something was not seen to happen proves nothing: these can only fail to be upheld."""


def names_of_tests(lab: str) -> list[str]:
    """Names of the tests of a lab."""
    path = Path(__file__).with_name(f"test_{lab}.py")
    assert path.exists(), f"labs/{lab}.py has no test: write tests/labs/{path.name}"
    body = ast.parse(path.read_bytes()).body
    return [node.name for node in body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


@pytest.mark.parametrize("lab", lab_names(LABS))
def test_every_lab_can_be_read_and_has_tests(lab: str) -> None:
    assert read_lab(LABS / f"{lab}.py").claims
    assert names_of_tests(lab)


@pytest.mark.parametrize(("lab", "claim"), CLAIMS)
def test_every_claim_is_seen_to_hold_and_to_be_refuted(lab: Lab, claim: Claim) -> None:
    tests = names_of_tests(lab.name)
    assert any(test.startswith(f"test_{claim.name}_holds") for test in tests)
    fails = "is_not_upheld" if (lab.name, claim.name) in NEVER_REFUTED else "is_refuted"
    assert any(test.startswith(f"test_{claim.name}_{fails}_when") for test in tests)


@pytest.mark.parametrize("lab", CATALOGUE, ids=lambda lab: lab.name)
def test_a_lab_imports_the_standard_library_and_its_marks_only(lab: Lab) -> None:
    for node in ast.walk(ast.parse(lab.path.read_bytes())):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [each.name for each in node.names] if isinstance(node, ast.Import) else [str(node.module)]
            for module in modules:
                assert module == "harness.lab" or module.partition(".")[0] in sys.stdlib_module_names, module
