"""What a source file says about a line of it: its scope, the calls on it, the locks that are held there."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = {
    "<listcomp>": ast.ListComp,
    "<setcomp>": ast.SetComp,
    "<dictcomp>": ast.DictComp,
    "<genexpr>": ast.GeneratorExp,
}
SCOPES = (ast.Module, *FUNCTIONS, *COMPREHENSIONS.values())
LOOPS = (ast.For, ast.AsyncFor, ast.While)

Scope = ast.AST


@dataclass(frozen=True)
class Binding:
    """One place that gives a name its value."""

    value: ast.expr | None
    """The expression, where one stands there alone."""
    repeated: bool = False
    """Whether it may happen more than once while the scope runs."""
    module: str = ""
    """The module, where this is an import."""


def terminal(expression: ast.expr | None) -> str:
    """The last name of an expression: "acquire" of ``first.acquire``, "first" of ``first``, else ""."""
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else ""


def spans(node: ast.AST, line: int) -> bool:
    """Whether the node covers the line."""
    return getattr(node, "lineno", 0) <= line <= (getattr(node, "end_lineno", 0) or 0)


def parameters(function: ast.AST) -> list[str]:
    """Names of the parameters a call can fill by position, in order."""
    if not isinstance(function, FUNCTIONS):
        return []
    return [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]


def all_parameters(function: ast.AST) -> set[str]:
    """Names of all parameters, those by keyword and the starred ones included."""
    if not isinstance(function, FUNCTIONS):
        return set()
    more = [*function.args.kwonlyargs, function.args.vararg, function.args.kwarg]
    return {*parameters(function), *(argument.arg for argument in more if argument)}


class Source:
    """The syntax tree of one file."""

    def __init__(self, file: str, tree: ast.Module) -> None:
        self.file = file
        self.tree = tree
        self.parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        self.found: dict[Scope, dict[str, list[Binding]]] = {}
        self.scopes: dict[tuple[int, str], Scope | None] = {}

    @cached_property
    def redirected(self) -> set[str]:
        """Names that some function declares global or nonlocal, so that more than one scope may set them."""
        return {
            name for node in ast.walk(self.tree) if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names
        }

    def scope_at(self, line: int, function: str) -> Scope | None:
        """The innermost scope of that name around the line, or None where it is not certain."""
        if (line, function) not in self.scopes:
            self.scopes[line, function] = self.find_scope(line, function)
        return self.scopes[line, function]

    def find_scope(self, line: int, function: str) -> Scope | None:
        """Look for the scope in the whole tree."""
        if function == "<module>":
            return self.tree
        kind = COMPREHENSIONS.get(function, ast.Lambda if function == "<lambda>" else None)
        around = [
            node
            for node in ast.walk(self.tree)
            if spans(node, line)
            and (
                isinstance(node, kind)
                if kind
                else isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == function
            )
        ]
        around.sort(key=lambda node: (node.lineno, node.col_offset))  # type: ignore[attr-defined]
        return None if not around or (kind and len(around) > 1) else around[-1]

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around this one, from the inside out."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def scope_of(self, node: ast.AST) -> Scope:
        """The function or module whose run evaluates this node; comprehensions count to the one around them."""
        inside = node
        for around in self.ancestors(node):
            if isinstance(around, ast.Module) or (isinstance(around, FUNCTIONS) and inside is not around.args):
                return around
            inside = around
        return self.tree

    def bindings(self, scope: Scope) -> dict[str, list[Binding]]:
        """All that gives names their values in this scope, its parameters left out."""
        if scope not in self.found:
            names: dict[str, list[Binding]] = {}
            for node in self.nodes_of(scope):
                for name, binding in self.bound_by(node, scope):
                    names.setdefault(name, []).append(binding)
            self.found[scope] = names
        return self.found[scope]

    def nodes_of(self, scope: Scope) -> Iterator[ast.AST]:
        """The nodes of a scope, without the insides of the scopes in it."""
        waiting = list(ast.iter_child_nodes(scope))
        while waiting:
            node = waiting.pop()
            yield node
            if not isinstance(node, (*SCOPES, ast.ClassDef)):
                waiting.extend(ast.iter_child_nodes(node))

    def bound_by(self, node: ast.AST, scope: Scope) -> Iterator[tuple[str, Binding]]:
        """The names that one node of a scope sets."""
        repeated = False
        for around in self.ancestors(node):
            if around is scope:
                break
            repeated = repeated or isinstance(around, (*LOOPS, ast.comprehension))
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id, Binding(self.value_of(node), repeated)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name, Binding(None, repeated)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            yield node.name, Binding(None, True)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0], Binding(None, repeated, module + alias.name)

    def value_of(self, target: ast.Name) -> ast.expr | None:
        """What an assignment gives to this name, where that stands in the source by itself."""
        parent = self.parents[target]
        if isinstance(parent, ast.Assign) and len(parent.targets) == 1:
            return parent.value
        if isinstance(parent, (ast.AnnAssign, ast.NamedExpr)):
            return parent.value
        assign = self.parents.get(parent)
        if (
            isinstance(parent, ast.Tuple)
            and isinstance(assign, ast.Assign)
            and isinstance(assign.value, (ast.Tuple, ast.List))
            and len(assign.value.elts) == len(parent.elts)
            and not any(isinstance(part, ast.Starred) for part in (*parent.elts, *assign.value.elts))
        ):
            return assign.value.elts[parent.elts.index(target)]
        return None

    def calls_at(self, line: int, scope: Scope) -> list[ast.Call]:
        """The calls of this scope that cover the line; since 3.12 a comprehension runs in the frame around it."""
        inside = [node for node in self.nodes_of(scope) if spans(node, line)]
        calls = [node for node in inside if isinstance(node, ast.Call)]
        for node in inside:
            if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp)):
                calls += self.calls_at(line, node)
        return calls

    def loop_names(self, node: ast.AST) -> set[str]:
        """Names that the comprehensions around a node set, for each turn anew."""
        return {
            name.id
            for around in self.ancestors(node)
            for generator in getattr(around, "generators", [])
            for name in ast.walk(generator.target)
            if isinstance(name, ast.Name)
        }

    def header_items(self, line: int, scope: Scope) -> list[ast.expr]:
        """What ``with`` enters on this line: one expression, or several where they share the line.

        Where the body stands on the same line and calls something, the line does not tell which of both it is: none.
        """
        for node in self.nodes_of(scope):
            if isinstance(node, (ast.With, ast.AsyncWith)) and spans(node, line):
                items = [item.context_expr for item in node.items if spans(item.context_expr, line)]
                body = [part for part in node.body if spans(part, line)]
                if items:
                    busy = any(isinstance(inner, ast.Call) for part in body for inner in ast.walk(part))
                    return [] if busy else items
        return []


def parse_source(file: str, text: str) -> Source | None:
    """The source of a file, or None where it is no Python of this version."""
    try:
        return Source(file, ast.parse(text))
    except (SyntaxError, ValueError, RecursionError):
        return None
