"""What the claims of a lab ask of its variants, read from the lab's syntax tree: which figures tell the most of it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from harness.findings import EFFICIENCY, SPEED_UP

if TYPE_CHECKING:
    from collections.abc import Iterator

ANSWERS = "answers"


def speed_ups_asked(source: bytes) -> dict[str, str]:
    """For each variant whose speed-up or efficiency within a run a claim asks for by name, the variant it is over."""
    found: dict[str, str] = {}
    for _, call, method in _questions(source):
        over = next((word.value for word in call.keywords if word.arg == "over"), None)
        if method in (SPEED_UP, EFFICIENCY) and isinstance(call.args[0], ast.Name) and isinstance(over, ast.Name):
            found.setdefault(call.args[0].id, over.id)
    return found


def answers_asked(source: bytes) -> frozenset[str]:
    """The names whose answers claims ask for: each by its name, or several in one comprehension over their names."""
    found = set()
    for function, call, method in _questions(source):
        if method == ANSWERS and isinstance(call.args[0], ast.Name):
            asked = call.args[0].id
            found |= {asked, *_names_behind(asked, function)}
    return frozenset(found)


def _questions(source: bytes) -> Iterator[tuple[ast.FunctionDef, ast.Call, str]]:
    """Each call of a method with an argument, and the function that it stands in."""
    for function in ast.parse(source).body:
        if isinstance(function, ast.FunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                    yield function, node, node.func.attr


def _names_behind(name: str, function: ast.FunctionDef) -> Iterator[str]:
    """The names that a comprehension in a function gives one after the other to a name."""
    for node in (each for each in ast.walk(function) if isinstance(each, ast.comprehension)):
        names = node.iter.elts if isinstance(node.iter, (ast.Tuple, ast.List)) else []
        if isinstance(node.target, ast.Name) and node.target.id == name:
            yield from (each.id for each in names if isinstance(each, ast.Name))
