"""Where a source file starts a function in a thread, a process or a pool, and with what arguments."""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.hang.syntax import FUNCTIONS, LOOPS, Scope, Source, all_parameters, terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_STARTS = 64
"""A loop that starts more than this is not followed, number by number."""


@dataclass(frozen=True)
class Start:
    """One start of a function; a loop over values that stand in the source is one start for each of them."""

    call: ast.Call
    """The call that starts it, such as ``Thread(target=…)``."""
    source: Source
    scope: Scope
    arguments: tuple[ast.expr, ...]
    keywords: Mapping[str, ast.expr] = field(default_factory=dict)
    receiver: ast.expr | None = None
    """The x, where ``x.method`` is started."""
    once: bool = True
    """Whether it happens only once while its scope runs."""
    alone: bool = True
    """Whether its call makes no other start."""
    name: str = ""
    """The thread's name, where it stands there as a text."""


class Replaced(ast.NodeTransformer):
    """Puts expressions in the place of names."""

    def __init__(self, values: Mapping[str, ast.expr]) -> None:
        self.values = values

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Replace one name, where it has a value."""
        return self.values.get(node.id, node)


def replaced(expression: ast.expr, values: Mapping[str, ast.expr]) -> ast.expr:
    """The expression with the names of a loop replaced by their values in one turn of it."""
    if not values:
        return expression
    result = Replaced(values).visit(copy.deepcopy(expression))
    assert isinstance(result, ast.expr)
    return result


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The value of one keyword argument."""
    return next((each.value for each in call.keywords if each.arg == name), None)


def elements(source: Source, scope: Scope, values: ast.expr) -> list[ast.expr] | None:
    """What a loop over this expression gives, where that stands in the source; else None."""
    if isinstance(values, ast.Name):
        for place in (scope, source.tree):
            bindings = source.bindings(place).get(values.id, [])
            if bindings:
                binding = bindings[0]
                known = len(bindings) == 1 and not binding.repeated and isinstance(binding.value, (ast.Tuple, ast.List))
                return elements(source, scope, binding.value) if known and binding.value else None
        return None
    if isinstance(values, (ast.Tuple, ast.List)) and not any(isinstance(each, ast.Starred) for each in values.elts):
        return list(values.elts)
    if isinstance(values, ast.Call) and terminal(values.func) == "range" and len(values.args) == 1:
        last = number(source, scope, values.args[0])
        if last is not None and last <= MOST_STARTS:
            return [ast.Constant(each) for each in range(last)]
    return None


def number(source: Source, scope: Scope, expression: ast.expr) -> int | None:
    """The whole number an expression stands for, where the source says it."""
    if isinstance(expression, ast.Constant) and isinstance(expression.value, int):
        return expression.value
    if isinstance(expression, ast.Name):
        for place in (scope, source.tree):
            bindings = source.bindings(place).get(expression.id, [])
            if bindings:
                alone = len(bindings) == 1 and not bindings[0].repeated and bindings[0].value is not None
                value = bindings[0].value
                return value.value if alone and isinstance(value, ast.Constant) and type(value.value) is int else None
    return None


def matched(target: ast.expr, value: ast.expr) -> dict[str, ast.expr] | None:
    """The names a loop's target gets from one value, or None where the source does not say."""
    if isinstance(target, ast.Name):
        return {target.id: value}
    if isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
        if len(target.elts) != len(value.elts):
            return None
        names: dict[str, ast.expr] = {}
        for part, element in zip(target.elts, value.elts, strict=True):
            inner = matched(part, element)
            if inner is None:
                return None
            names |= inner
        return names
    return None


def turns(source: Source, scope: Scope, call: ast.Call) -> tuple[list[dict[str, ast.expr]], bool]:
    """The values of the loop's names in each of its turns, and whether each turn is known to come only once."""
    loops: list[tuple[ast.expr, ast.expr] | None] = []
    for around in source.ancestors(call):
        if around is scope:
            break
        if isinstance(around, LOOPS):
            loops.append(None if isinstance(around, ast.While) else (around.target, around.iter))
        elif isinstance(around, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
            loops += [(generator.target, generator.iter) for generator in around.generators]
    if not loops:
        return [{}], True
    values = elements(source, scope, loops[0][1]) if loops[0] else None
    if len(loops) > 1 or values is None or loops[0] is None:
        return [{}], False
    found = [matched(loops[0][0], value) for value in values]
    return ([each for each in found if each is not None], True) if None not in found else ([{}], False)


def parts_of(expression: ast.expr | None) -> tuple[ast.expr, ...] | None:
    """The arguments in a tuple or list that stands in the source, or None."""
    if expression is None:
        return ()
    if isinstance(expression, (ast.Tuple, ast.List)):
        return tuple(expression.elts)
    return None


def target_of(call: ast.Call) -> ast.expr | None:
    """The function a call starts elsewhere, or None where it starts none."""
    called = terminal(call.func)
    if called in ("Thread", "Process"):
        return keyword(call, "target") or (call.args[1] if len(call.args) > 1 else None)
    if called in ("submit", "to_thread", "start_new_thread", "apply_async", "apply", "map", "starmap"):
        return call.args[0] if call.args else None
    return None


def argument_lists(call: ast.Call, values: Mapping[str, ast.expr]) -> list[tuple[ast.expr, ...]] | None:
    """The arguments of each start that this call makes, or None where the source does not say."""
    called = terminal(call.func)
    given = tuple(replaced(each, values) for each in call.args)
    if called in ("Thread", "Process"):
        passed = keyword(call, "args") or (given[3] if len(given) > 3 else None)
        lists = [parts_of(replaced(passed, values) if passed else None)]
    elif called in ("start_new_thread", "apply_async", "apply"):
        lists = [parts_of(given[1] if len(given) > 1 else None)]
    elif called in ("submit", "to_thread"):
        lists = [given[1:]]
    else:
        columns = [parts_of(each) for each in given[1:]]
        if not columns or None in columns:
            return None
        rows = [tuple(row) for row in zip(*(column for column in columns if column is not None), strict=False)]
        lists = [parts_of(row[0]) for row in rows] if called == "starmap" else list(rows)
    known = [each for each in lists if each is not None and not any(isinstance(part, ast.Starred) for part in each)]
    return known if len(known) == len(lists) else None


def starts_of(source: Source, function: ast.AST) -> list[Start] | None:
    """Every start of a function in its file; None where the file uses it in some way that is not understood."""
    starts: list[Start] = []
    understood: set[ast.AST] = set()
    for call in (node for node in ast.walk(source.tree) if isinstance(node, ast.Call)):
        understood.add(call.func)
        target = target_of(call)
        if target is None:
            continue
        scope = source.scope_of(call)
        turn_values, once = turns(source, scope, call)
        for values in turn_values:
            if is_mention(replaced(target, values), function, source, scope):
                found = list(starts_by(call, source, scope, values, once=once, alone=once and len(turn_values) == 1))
                if not found:
                    return None
                starts += found
        understood |= {target, *mentions_in_loops(source, scope, call)}
    loose = [
        node
        for node in ast.walk(source.tree)
        if isinstance(node, ast.expr)
        and node not in understood
        and isinstance(getattr(node, "ctx", None), ast.Load)
        and is_mention(node, function, source, source.scope_of(node))
    ]
    return None if loose else starts


def is_mention(expression: ast.expr, function: ast.AST, source: Source, scope: Scope) -> bool:
    """Whether an expression read in this scope means the function: by its name, or a method by any ``x.name``."""
    name = getattr(function, "name", "")
    if isinstance(source.parents.get(function), ast.ClassDef):
        return isinstance(expression, ast.Attribute) and expression.attr == name
    if not isinstance(expression, ast.Name) or expression.id != name:
        return False
    for around in (scope, *source.ancestors(scope)):
        if isinstance(around, (ast.Module, *FUNCTIONS)) and (
            name in source.bindings(around) or name in all_parameters(around)
        ):
            return around is source.scope_of(function)
    return False


def mentions_in_loops(source: Source, scope: Scope, call: ast.Call) -> Iterator[ast.AST]:
    """What stands in the values of the loop around a call, where its turns are understood."""
    if turns(source, scope, call)[1]:
        for around in source.ancestors(call):
            if around is scope:
                return
            for iterated in (
                [around.iter]
                if isinstance(around, (ast.For, ast.AsyncFor))
                else [generator.iter for generator in getattr(around, "generators", [])]
            ):
                yield from ast.walk(iterated)


def starts_by(
    call: ast.Call, source: Source, scope: Scope, values: Mapping[str, ast.expr], *, once: bool, alone: bool
) -> Iterator[Start]:
    """The starts that one call makes in one turn of its loop; none where its arguments cannot be told."""
    target = target_of(call)
    lists = argument_lists(call, values)
    if target is None or lists is None:
        return
    named = keyword(call, "name")
    text = named.value if isinstance(named, ast.Constant) and isinstance(named.value, str) else ""
    direct = terminal(call.func) in ("submit", "to_thread")
    keywords = {each.arg: replaced(each.value, values) for each in call.keywords if each.arg} if direct else {}
    passed = keyword(call, "kwargs")
    if isinstance(passed, ast.Dict):
        keywords |= {
            key.value: replaced(value, values)
            for key, value in zip(passed.keys, passed.values, strict=True)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
        }
    started = replaced(target, values)
    receiver = started.value if isinstance(started, ast.Attribute) else None
    for arguments in lists:
        yield Start(call, source, scope, arguments, keywords, receiver, once, alone and len(lists) == 1, text)
