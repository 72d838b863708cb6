"""Which locks a function surely holds at one of its lines, by its ``with`` and ``.acquire()`` statements."""

from __future__ import annotations

import ast

from harness.hang.syntax import FUNCTIONS, LOOPS, spans

BLOCKING = {"blocking", "block"}


def is_unlimited_acquire(call: ast.AST) -> bool:
    """Whether this is ``x.acquire()``, which returns only when the lock is held."""
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "acquire"
        and not call.args
        and not call.keywords
    )


def is_acquire(call: ast.AST) -> bool:
    """Whether this is a call of ``x.acquire``, with or without a limit."""
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "acquire"


def receiver(call: ast.AST) -> ast.expr:
    """The x of ``x.acquire()``."""
    assert isinstance(call, ast.Call)
    assert isinstance(call.func, ast.Attribute)
    return call.func.value


class HeldLocks:
    """Walks the blocks of one function down to a line; what may or may not be held there is left out."""

    def __init__(self, scope: ast.AST, line: int) -> None:
        self.line = line
        self.held: list[ast.expr] = []
        if not isinstance(scope, ast.Lambda) and hasattr(scope, "body"):
            self.walk(scope.body)

    def walk(self, block: list[ast.stmt]) -> None:
        """Follow one block up to the statement on the line, and go into that."""
        for statement in block:
            if spans(statement, self.line):
                self.enter(statement)
                return
            if statement.lineno > self.line:
                return
            self.pass_by(statement)

    def pass_by(self, statement: ast.stmt) -> None:
        """A statement that is done: ``x.acquire()`` by itself holds, any ``x.release()`` in it may have let go."""
        if isinstance(statement, ast.Expr) and is_unlimited_acquire(statement.value):
            self.held.append(receiver(statement.value))
        else:
            self.let_go(statement)

    def let_go(self, statement: ast.AST) -> None:
        """Forget every lock that this statement may release."""
        released = {
            ast.dump(node.func.value)
            for node in ast.walk(statement)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "release"
        }
        self.held = [lock for lock in self.held if ast.dump(lock) not in released]

    def enter(self, statement: ast.stmt) -> None:
        """Go into the statement that the line belongs to."""
        if isinstance(statement, (*FUNCTIONS, ast.ClassDef)):
            return
        if isinstance(statement, (ast.With, ast.AsyncWith)):
            self.enter_with(statement)
        elif isinstance(statement, (ast.Try, ast.TryStar)):
            self.enter_try(statement)
        elif isinstance(statement, ast.Match):
            for case in statement.cases:
                self.walk_if_inside(case.body)
        elif isinstance(statement, (ast.If, *LOOPS)):
            if isinstance(statement, LOOPS):
                self.let_go(statement)
            elif is_acquire(statement.test) and self.is_inside(statement.body):
                self.held.append(receiver(statement.test))
            self.walk_if_inside(statement.body)
            self.walk_if_inside(statement.orelse)

    def enter_with(self, statement: ast.With | ast.AsyncWith) -> None:
        """In the body all items are held, in the header those that stand on the lines before."""
        on_header = any(spans(item.context_expr, self.line) for item in statement.items)
        self.held += [
            item.context_expr
            for item in statement.items
            if not on_header or (item.context_expr.end_lineno or 0) < self.line
        ]
        if not on_header:
            self.walk_if_inside(statement.body)

    def enter_try(self, statement: ast.Try | ast.TryStar) -> None:
        """A handler may run after any part of the body, ``else`` after the whole of it."""
        if self.is_inside(statement.body):
            self.walk(statement.body)
        elif self.is_inside(statement.orelse):
            for done in statement.body:
                self.pass_by(done)
            self.walk(statement.orelse)
        else:
            for perhaps in (*statement.body, *statement.orelse):
                self.let_go(perhaps)
            for handler in statement.handlers:
                self.walk_if_inside(handler.body)
            self.walk_if_inside(statement.finalbody)

    def is_inside(self, block: list[ast.stmt]) -> bool:
        """Whether the line belongs to this block."""
        return any(spans(statement, self.line) for statement in block)

    def walk_if_inside(self, block: list[ast.stmt]) -> None:
        """Follow the block that the line belongs to."""
        if self.is_inside(block):
            self.walk(block)


def held_at(scope: ast.AST, line: int) -> list[ast.expr]:
    """The expressions a function surely holds at a line, the outermost first: names of locks, among other things."""
    return HeldLocks(scope, line).held
