"""The value of an expression that stands in a file, without running the file."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Plain = int | float | str | bool
LARGEST = 2**64
LARGEST_POWER = 64
OPERATORS: dict[type[ast.operator], Callable[[int | float, int | float], int | float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


class NotLiteral(ValueError):
    """The expression has no value that can be read from the file."""


def constants_of(tree: ast.Module) -> dict[str, ast.expr | None]:
    """The expressions of the file's constants by name; None for a name that is assigned more than once."""
    found: dict[str, ast.expr | None] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign) and node.value:
            targets, value = [node.target], node.value
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name):
                found[target.id] = None if target.id in found else value
    return found


def evaluated(expression: ast.expr, constants: Mapping[str, ast.expr | None], depth: int = 0) -> Plain:
    """The value of an expression of numbers, texts and constants of the file.

    Raises:
        NotLiteral: If it has none, or one that is no usable number.
    """
    if depth > 20:
        raise NotLiteral("its value goes in a circle, or too deep")
    if isinstance(expression, ast.Constant) and isinstance(expression.value, int | float | str):
        return _usable(expression.value, expression)
    if isinstance(expression, ast.Name):
        known = constants.get(expression.id)
        if known is not None:
            return evaluated(known, constants, depth + 1)
    if isinstance(expression, ast.UnaryOp) and isinstance(expression.op, ast.USub):
        return -_number(expression.operand, constants, depth)
    if isinstance(expression, ast.BinOp) and type(expression.op) in OPERATORS:
        left, right = (_number(side, constants, depth) for side in (expression.left, expression.right))
        return _usable(_worked_out(expression, left, right), expression)
    raise NotLiteral(f"{shown(expression)} is no number or text, nor a constant that this file sets once")


def _number(expression: ast.expr, constants: Mapping[str, ast.expr | None], depth: int) -> int | float:
    value = evaluated(expression, constants, depth + 1)
    if isinstance(value, str):
        raise NotLiteral(f"{shown(expression)} is no number")
    return value


def _worked_out(expression: ast.BinOp, left: float, right: float) -> float:
    if isinstance(expression.op, ast.Pow) and abs(right) > LARGEST_POWER:
        raise NotLiteral(f"{shown(expression)} is too large")
    try:
        value = OPERATORS[type(expression.op)](left, right)
    except (ZeroDivisionError, OverflowError) as fault:
        raise NotLiteral(f"{shown(expression)}: {fault}") from None
    if isinstance(value, complex):
        raise NotLiteral(f"{shown(expression)} is no number")
    return value


def _usable(value: Plain, expression: ast.expr) -> Plain:
    if not isinstance(value, str) and not abs(value) <= LARGEST:
        raise NotLiteral(f"{shown(expression)} is too large")
    return value


def shown(expression: ast.expr) -> str:
    """The expression as source, cut short."""
    try:
        return ast.unparse(expression)[:60]
    except (RecursionError, ValueError):  # too deep, or a number of too many digits to be written out
        return "it"
