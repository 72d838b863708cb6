"""An object of a stopped lab, as its source tells it apart from others, and the place an expression is read at."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from harness.hang.starts import Start, number
from harness.hang.syntax import FUNCTIONS, Binding, Scope, Source, parameters, terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class Place(NamedTuple):
    """One frame of one thread."""

    process: int
    thread: int
    """Its index in the process's dump."""
    frame: int
    """Its index from the innermost."""


@dataclass(frozen=True)
class Thing:
    """An object: two are the same if their keys are."""

    key: tuple[object, ...]
    text: str = field(compare=False)
    """What the source calls it, where it is made."""
    maker: ast.expr | None = field(default=None, compare=False)
    """The expression that makes it."""
    number: int | None = field(default=None, compare=False)
    """Its value, where it is a whole number."""

    @property
    def is_exclusive(self) -> bool:
        """Whether only one can hold it, as far as the source tells: all but a semaphore for several."""
        if not isinstance(self.maker, ast.Call) or not terminal(self.maker.func).endswith("Semaphore"):
            return True
        given = [*self.maker.args, *(each.value for each in self.maker.keywords)]
        return not given or (isinstance(given[0], ast.Constant) and given[0].value == 1)


@dataclass(frozen=True)
class View:
    """Where an expression is read: the scope it stands in, and the frame, where that scope still runs."""

    source: Source
    scope: Scope
    process: int
    place: Place | None = None
    start: Start | None = None
    """How the thread of this view was started, where that matters."""
    thread: tuple[int, int] | None = None
    """The process and index of that thread."""
    depth: int = 0


def argument(
    view: View, name: str, receiver: ast.expr | None, given: Sequence[ast.expr], keywords: Mapping[str, ast.expr]
) -> ast.expr | None:
    """The expression that fills a parameter of the function in view, or None."""
    names = parameters(view.scope)
    if isinstance(view.source.parents.get(view.scope), ast.ClassDef):
        if getattr(view.scope, "decorator_list", []):
            return None
        if names and name == names[0]:
            return receiver
        names = names[1:]
    if name in names and names.index(name) < len(given):
        return given[names.index(name)]
    return keywords.get(name)


def scopes_around(source: Source, scope: Scope) -> Iterator[Scope]:
    """The scopes a name is looked up in, the innermost first: classes are left out, as Python does."""
    yield scope
    for around in source.ancestors(scope):
        if isinstance(around, (ast.Module, *FUNCTIONS)):
            yield around


def wrapped_lock(value: ast.expr | None) -> ast.expr | None:
    """The lock that a condition is made with: holding one is holding the other."""
    if isinstance(value, ast.Call) and terminal(value.func) == "Condition" and value.args:
        return value.args[0]
    return None


def value_of(binding: Binding, view: View) -> int | None:
    """The whole number that a name is set to."""
    return number(view.source, view.scope, binding.value) if binding.value else None


def shared_by(thing: Thing | None, one: int, other: int) -> Thing | None:
    """The object as another process knows it: the same one if it is made for that, else a copy, and so unknown."""
    return thing if one == other or (thing and thing.key[0] == "shared") else None


def is_for_processes(maker: ast.expr | None, source: Source, scope: Scope) -> bool:
    """Whether an object is made by multiprocessing, so that processes can share it."""
    if not isinstance(maker, ast.Call):
        return False
    root = terminal(maker.func.value if isinstance(maker.func, ast.Attribute) else maker.func)
    for around in scopes_around(source, scope):
        for bound in source.bindings(around).get(root, []):
            made_by = terminal(bound.value.func) if isinstance(bound.value, ast.Call) else ""
            return bound.module.partition(".")[0] == "multiprocessing" or made_by in ("get_context", "Manager")
    return False
