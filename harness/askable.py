"""What each claim of a lab asks of which variant, read from the syntax tree: its code never runs here.

A claim that asks a run for figures in its own body, or by way of the file's own functions, through names, loops and
comprehensions, is understood. Of one that works it out otherwise only the variants it names are known.
"""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.lab_record import LabFault
from harness.literal import NotLiteral, Plain, constants_of, evaluated, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from harness.lab_record import Lab

SPEED_UP, RATIO, CPU_RATIO, MEMORY, CORES_BUSY = "speed_up", "ratio", "cpu_ratio", "memory", "cores_busy"
OUTCOME, ANSWER, EXIT_CODE, EVENTS, CYCLES = "outcome", "answer", "exit_code", "events", "cycles"
METHODS = {
    "speed_up": SPEED_UP,
    "efficiency": SPEED_UP,
    "ratio": RATIO,
    "memory": MEMORY,
    "cores_busy": CORES_BUSY,
    "outcomes": OUTCOME,
    "answers": ANSWER,
    "exit_codes": EXIT_CODE,
    "events": EVENTS,
    "cycles": CYCLES,
}
"""What a method of a run asks for."""
BOUNDS = ("are_all_at_least", "are_all_at_most", "reach")
MOST_SHOWN = 60
"""Longer expressions are cut off by `shown`."""
DEEPEST = 5
MOST_BODIES = 100
"""How deep functions of the file are followed that call one another, and how many altogether for one claim."""

Names = frozenset[str]


@dataclass(frozen=True)
class Ask:
    """One quantity that a claim asks for.

    Attributes:
        kind: Which one: a value of METHODS, or "cpu_ratio".
        variant: Of which variant.
        over: The variant it is held against; None where there is none, or it cannot be made out.
        exact: Whether the claim wants its values equal to one, and not only within a bound.
        wanted: That value, where it can be read from the file.
    """

    kind: str
    variant: str
    over: str | None = None
    exact: bool = False
    wanted: Plain | None = None


@dataclass(frozen=True)
class Asked:
    """All that one claim asks for.

    Attributes:
        claim: Its name.
        over: "run" or "sweep".
        asks: In the order of the file.
        variants: Every variant that it names, as one it speaks of or holds others against.
    """

    claim: str
    over: str
    asks: tuple[Ask, ...]
    variants: Names

    @property
    def about(self) -> Names:
        """The variants that it speaks of: those whose quantities it asks for, or all where none can be made out."""
        return frozenset(ask.variant for ask in self.asks) or self.variants


@dataclass(frozen=True)
class Returned:
    """What a variant returns.

    Attributes:
        type: "int", "float", "str" or "bool".
        text: The expression, as it stands in the file; empty where there are several.
    """

    type: str
    text: str


@dataclass(frozen=True)
class Askable:
    """What can be asked of a lab.

    Attributes:
        claims: In order of definition.
        returns: What each variant returns that returns a plain value.
    """

    claims: tuple[Asked, ...]
    returns: Mapping[str, Returned]


def read_askable(lab: Lab) -> Askable:
    """Read what the claims of a lab ask for.

    Args:
        lab: As `read_lab` gave it.

    Raises:
        LabFault: If its file cannot be read any more.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(lab.path.read_bytes())
    except (OSError, SyntaxError, ValueError) as fault:
        raise LabFault(f"{lab.path.parent.name}/{lab.path.name}: it changed while it was read: {fault}") from None
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    variants = frozenset(variant.name for variant in lab.variants)
    reading = _Reading(functions, variants, constants_of(tree))
    claims = tuple(reading.claim(functions[claim.name], claim.over) for claim in lab.claims if claim.name in functions)
    types = {name: _plain_type(functions[name].returns) for name in variants if name in functions}
    returns = {name: Returned(kind, _returned_text(functions[name])) for name, kind in types.items() if kind}
    return Askable(claims, returns)


def _returned_text(function: ast.FunctionDef) -> str:
    """The one expression that a function returns."""
    values = [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value]
    text = shown(values[0]) if len(values) == 1 else ""
    return text if len(text) < MOST_SHOWN else f"{text}…"


def _plain_type(annotation: ast.expr | None) -> str:
    """The one plain type that an annotation names, beside None; else nothing."""
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        sides = [side for side in (annotation.left, annotation.right) if not _is_none(side)]
        return _plain_type(sides[0]) if len(sides) == 1 else ""
    text = annotation.value if isinstance(annotation, ast.Constant) else getattr(annotation, "id", "")
    return text if isinstance(text, str) and text in ("int", "float", "str", "bool") else ""


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


@dataclass
class _Found:
    """An ask while more may still be found out about it."""

    kind: str
    variant: str
    over: str | None
    exact: bool = False
    wanted: Plain | None = None


@dataclass
class _Scope:
    """What the names of one function stand for.

    Attributes:
        runs: Names of the run or the sweep.
        variants: Local names, and the variants that each may stand for.
        asks: Local names, and what was asked for in their making.
        calls: Calls by identity, and what they ask for.
        depth: How many functions are open.
    """

    runs: set[str]
    variants: dict[str, Names]
    asks: dict[str, list[_Found]] = field(default_factory=dict)
    calls: dict[int, list[_Found]] = field(default_factory=dict)
    depth: int = 0


class _Reading:
    """The reading of one lab's claims."""

    def __init__(
        self, functions: Mapping[str, ast.FunctionDef], variants: Names, constants: Mapping[str, ast.expr | None]
    ) -> None:
        self._functions = functions
        self._variants = variants
        self._constants = constants
        self._named: set[str] = set()
        self._bodies = 0

    def claim(self, function: ast.FunctionDef, over: str) -> Asked:
        """What a claim asks for."""
        self._named, self._bodies = set(), 0
        [run] = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
        found = self._body(function, _Scope({run}, {}))
        asks = dict.fromkeys(Ask(one.kind, one.variant, one.over, one.exact, one.wanted) for one in found)
        return Asked(function.name, over, tuple(asks), frozenset(self._named))

    def _body(self, function: ast.FunctionDef, scope: _Scope) -> list[_Found]:
        """What a function's body asks for, in the order of the file."""
        nodes = [node for statement in function.body for node in ast.walk(statement)]
        assigned = [pair for node in nodes for pair in _assignments(node)]
        for _ in range(3):  # a name may be made of a name that stands further down
            for target, value in assigned:
                scope.variants[target] = scope.variants.get(target, frozenset()) | self._variants_in(value, scope)
        calls = sorted((node for node in nodes if isinstance(node, ast.Call)), key=_place)
        for call in calls:
            scope.calls[id(call)] = self._call(call, scope)
        for _ in range(3):
            for target, value in assigned:
                known = scope.asks.setdefault(target, [])
                known += [one for one in self._asks_in(value, scope) if not any(one is other for other in known)]
        for call in calls:
            self._note_bound(call, scope)
        self._named |= self._variants_in(function, scope)
        return [one for call in calls for one in scope.calls[id(call)]]

    def _call(self, call: ast.Call, scope: _Scope) -> list[_Found]:
        """What a call asks for: of the run itself, or in a function of the file, or by a method that it passes on."""
        method = self._method(call.func, scope)
        if method and call.args:
            return self._asked(method, self._variants_in(call.args[0], scope), call, scope)
        passed_on = [name for name in (self._method(each, scope) for each in call.args) if name]
        if passed_on:
            every = [self._variants_in(each, scope) for each in call.args]
            return self._asked(passed_on[0], frozenset().union(*every), call, scope)
        called = self._functions.get(call.func.id) if isinstance(call.func, ast.Name) else None
        if called is None or called.name in self._variants or scope.depth >= DEEPEST or self._bodies >= MOST_BODIES:
            return []
        self._bodies += 1
        parameters = [each.arg for each in (*called.args.posonlyargs, *called.args.args)]
        given = [*zip(parameters, call.args, strict=False), *((str(each.arg), each.value) for each in call.keywords)]
        runs = {name for name, value in given if isinstance(value, ast.Name) and value.id in scope.runs}
        variants = {name: self._variants_in(value, scope) for name, value in given}
        return self._body(called, _Scope(runs, variants, depth=scope.depth + 1))

    def _method(self, node: ast.expr, scope: _Scope) -> str | None:
        """The kind that a method of the run, or of a run of the sweep, asks for."""
        if not isinstance(node, ast.Attribute) or node.attr not in METHODS:
            return None
        root: ast.AST = node.value
        while isinstance(root, ast.Attribute | ast.Call):
            root = root.value if isinstance(root, ast.Attribute) else root.func
        return METHODS[node.attr] if isinstance(root, ast.Name) and root.id in scope.runs else None

    def _asked(self, kind: str, variants: Names, call: ast.Call, scope: _Scope) -> list[_Found]:
        words = {str(each.arg): each.value for each in call.keywords}
        base = words.get("over") or words.get("to")
        bases = self._variants_in(base, scope) if base else frozenset()
        of = words.get("of")
        if kind == RATIO and isinstance(of, ast.Constant) and of.value == "cpu":
            kind = CPU_RATIO
        over = next(iter(bases)) if len(bases) == 1 else None
        return [_Found(kind, variant, over) for variant in sorted(variants)]

    def _note_bound(self, call: ast.Call, scope: _Scope) -> None:
        """Note what the facts that a call judges are held against."""
        if not isinstance(call.func, ast.Attribute) or call.func.attr not in ("are_all", *BOUNDS):
            return
        judged = self._asks_in(call.func.value, scope)
        if call.func.attr == "are_all" and call.args:
            for one in judged:
                one.exact = True
                one.wanted = self._value(call.args[0])

    def _value(self, expression: ast.expr) -> Plain | None:
        try:
            return evaluated(expression, self._constants)
        except NotLiteral:
            return None

    def _asks_in(self, value: ast.AST, scope: _Scope) -> list[_Found]:
        found: list[_Found] = []
        for node in ast.walk(value):
            if isinstance(node, ast.Name):
                found += scope.asks.get(node.id, [])
            elif isinstance(node, ast.Call):
                found += scope.calls.get(id(node), [])
        return found

    def _variants_in(self, value: ast.AST, scope: _Scope) -> Names:
        """The variants that an expression names, by themselves or by names that stand for them."""
        names = [node.id for node in ast.walk(value) if isinstance(node, ast.Name)]
        named = (scope.variants.get(name, frozenset({name}) & self._variants) for name in names)
        return frozenset().union(*named)


def _assignments(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The names that a statement or a comprehension sets, each with what it is made of."""
    targets: Iterable[ast.expr]
    if isinstance(node, ast.Assign):
        targets, value = node.targets, node.value
    elif isinstance(node, ast.For | ast.comprehension):
        targets, value = [node.target], node.iter
    elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value:
        targets, value = [node.target], node.value
    else:
        return
    for target in targets:
        for name in ast.walk(target):
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                yield name.id, value


def _place(node: ast.expr) -> tuple[int, int]:
    return node.lineno, node.col_offset
