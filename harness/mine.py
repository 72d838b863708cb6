"""A learner's own file for a lab: functions with the names of its variants take their places; the lab's claims judge.

The file is read here from its syntax tree, and travels beside the lab, as mine/NAME.py.
"""

from __future__ import annotations

import ast
import hashlib
import keyword
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import UsageFault
from harness.lab_file import MARKS_MODULE, parsed
from harness.lab_record import LabFault
from harness.outside import own_file

if TYPE_CHECKING:
    from pathlib import Path

    from harness.lab_record import Lab

FOLDER = "mine"
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Mine:
    """A learner's file.

    Attributes:
        told: How the learner named it.
        path: Where it is.
        module: The name of its module where it runs.
        variants: The variants that it defines, in the lab's order.
        has_claims: Whether it has claims, which are not judged.
        content: Its source.
    """

    told: str
    path: Path
    module: str
    variants: tuple[str, ...]
    has_claims: bool
    content: bytes

    @property
    def travels_as(self) -> str:
        """Its place under source/."""
        return self.module.replace(".", "/") + ".py"

    def to_json(self) -> dict[str, Any]:
        """As requests and records have it."""
        digest = hashlib.sha256(self.content).hexdigest()[:16]
        return {"file": self.told, "module": self.module, "hash": digest, "variants": list(self.variants)}


def read_mine(word: str, here: Path, lab: Lab) -> Mine:
    """Read what a learner's file defines for a lab.

    Args:
        word: The file, as it was given.
        here: The caller's folder.
        lab: The lab that it is for.

    Raises:
        UsageFault: If there is no such file; LabFault in one line with file and line if it cannot be used.
    """
    file = own_file(word, here, "--mine")
    if not file.path.stem.isidentifier() or keyword.iskeyword(file.path.stem):
        raise UsageFault(f"--mine {file.told}: its name must be one of Python's, such as my_{lab.name}.py: rename it")
    tree = parsed(file.path, file.told)
    functions = [node for node in tree.body if isinstance(node, Function)]
    own = [node for node in functions if node.name in {variant.name for variant in lab.variants}]
    could_be = f"the variants of {lab.name} are {', '.join(variant.name for variant in lab.variants)}"
    for node in functions:
        if node not in own and "variant" in map(_mark, node.decorator_list):
            raise LabFault(f"{file.told}:{node.lineno}: no variant {node.name} to take the place of: {could_be}")
    if not own:
        raise LabFault(f"{file.told}:1: it defines none of the lab's variants as a plain function: {could_be}")
    first: dict[str, int] = {}
    for node in own:
        if node.name in first:
            raise LabFault(f"{file.told}:{node.lineno}: {node.name} is there twice, first in line {first[node.name]}")
        first[node.name] = node.lineno
        _hold_to(node, lab, file.told)
    return Mine(
        told=file.told,
        path=file.path,
        module=f"{FOLDER}.{file.path.stem}",
        variants=tuple(variant.name for variant in lab.variants if variant.name in first),
        has_claims=any("claim" in map(_mark, node.decorator_list) for node in functions),
        content=file.path.read_bytes(),
    )


def _hold_to(node: Function, lab: Lab, told: str) -> None:
    """Hold a function to what can be called in a variant's place.

    Raises:
        LabFault: If it cannot.
    """
    given = node.args
    if isinstance(node, ast.AsyncFunctionDef):
        raise LabFault(f"{told}:{node.lineno}: {node.name} is async: call asyncio.run inside it")
    others = [each for each in node.decorator_list if _mark(each) != "variant"]
    if others:
        raise LabFault(f"{told}:{others[0].lineno}: {node.name} may have no decorator but @variant of {MARKS_MODULE}")
    if given.posonlyargs or given.vararg or given.kwarg:
        raise LabFault(f"{told}:{node.lineno}: {node.name}: knobs are passed by name, so no /, * or ** before a name")
    knobs = f"the knobs of {lab.name} are {', '.join(lab.knobs)}" if lab.knobs else f"{lab.name} has no knobs"
    for parameter in [*given.args, *given.kwonlyargs]:
        if parameter.arg not in lab.knobs:
            raise LabFault(f"{told}:{parameter.lineno}: {node.name} takes {parameter.arg}, which is no knob: {knobs}")


def _mark(decorator: ast.expr) -> str:
    """The name of a decorator, with or without brackets."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return called.id if isinstance(called, ast.Name) else ""
