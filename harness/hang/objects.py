"""Which object a name stands for in a stopped thread.

Two threads in the same function have the same names for different objects. So a name is followed to where its value
comes from: up the stack through the arguments of each call, at a thread's first function to the call that started it,
to the one assignment in its scope. Where two names get the same answer they mean the same object. Where that is not
certain (a name set twice, a function running twice, a loop over unknown values) they get answers that differ.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from harness.hang.syntax import Binding, Scope, Source, all_parameters, terminal
from harness.hang.things import (
    Place,
    Thing,
    View,
    argument,
    is_for_processes,
    scopes_around,
    shared_by,
    value_of,
    wrapped_lock,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from harness.hang.stacks import Frame, StackThread
    from harness.hang.starts import Start

DEEPEST = 40
"""Names that lead to names that lead to names: farther than this is not followed."""


class Objects:
    """Follows names through the stacks and the sources of a hung run."""

    def __init__(
        self, processes: Mapping[int, Sequence[StackThread]], source_at: Callable[[str], Source | None]
    ) -> None:
        self.processes = processes
        self.source_at = source_at

    def thread(self, place: Place) -> StackThread:
        """The thread of a place."""
        return self.processes[place.process][place.thread]

    def frame(self, place: Place) -> Frame:
        """The frame at a place."""
        return self.thread(place).frames[place.frame]

    def view(self, place: Place, start: Start | None = None) -> View | None:
        """The view from a frame, or None where its source is unknown or its scope uncertain."""
        frame = self.frame(place)
        source = None if frame.is_library else self.source_at(frame.file)
        scope = source.scope_at(frame.line, frame.function) if source else None
        if source is None or scope is None:
            return None
        return View(source, scope, place.process, place, start, (place.process, place.thread))

    @cached_property
    def running(self) -> dict[Scope, list[Place]]:
        """The frames of each function that has not returned."""
        found: dict[Scope, list[Place]] = {}
        for process, threads in self.processes.items():
            for index, thread in enumerate(threads):
                for depth in range(len(thread.frames)):
                    view = self.view(Place(process, index, depth))
                    if view and view.place:
                        found.setdefault(view.scope, []).append(view.place)
        return found

    def only_run(self, scope: Scope, process: int) -> Place | None:
        """The one frame of a function in a process, or in the one process that has it (a parent), if there is one."""
        here = [place for place in self.running.get(scope, []) if place.process == process]
        places = here or self.runs(scope)
        return places[0] if len(places) == 1 else None

    def runs(self, scope: Scope) -> list[Place]:
        """The frames of a function; a forked child's copy of its parent's stack is none."""
        return [place for place in self.running.get(scope, []) if place.frame < len(self.thread(place).own_frames)]

    def thing(self, expression: ast.expr | None, view: View) -> Thing | None:
        """The object an expression stands for; None where it may be any."""
        view = replace(view, depth=view.depth + 1)
        if expression is None or view.depth > DEEPEST:
            return None
        if isinstance(expression, ast.Constant) and type(expression.value) is int:
            return Thing(("number", expression.value), str(expression.value), number=expression.value)
        if isinstance(expression, ast.Name):
            return None if expression.id in view.source.loop_names(expression) else self.named(expression.id, view)
        if isinstance(expression, ast.Attribute):
            return self.attribute(expression, view)
        if isinstance(expression, ast.Subscript):
            return self.item(expression, view)
        if isinstance(expression, ast.BinOp):
            return self.calculated(expression, view)
        return None

    def attribute(self, expression: ast.Attribute, view: View) -> Thing | None:
        """The object of ``x.name``: the same for the same x, if the file sets that attribute only once."""
        base = self.thing(expression.value, view)
        made = [
            node
            for node in ast.walk(view.source.tree)
            if isinstance(node, ast.Attribute) and node.attr == expression.attr and not isinstance(node.ctx, ast.Load)
        ]
        if base is None or len(made) > 1:
            return None
        parent = view.source.parents[made[0]] if made else None
        maker = parent.value if isinstance(parent, (ast.Assign, ast.AnnAssign)) else None
        inner = wrapped_lock(maker)
        if isinstance(inner, ast.Attribute) and terminal(inner.value) == "self":
            return Thing((*base.key, inner.attr), f"{base.text}.{inner.attr}")
        return Thing((*base.key, expression.attr), f"{base.text}.{expression.attr}", maker)

    def item(self, expression: ast.Subscript, view: View) -> Thing | None:
        """The object of ``x[i]``, where i is a number that can be told."""
        base = self.thing(expression.value, view)
        index = self.thing(expression.slice, view)
        if base is None or index is None or index.number is None:
            return None
        return Thing((*base.key, "[]", index.number), f"{base.text}[{index.number}]")

    def calculated(self, expression: ast.BinOp, view: View) -> Thing | None:
        """A number from two others, as in ``forks[(seat + 1) % 5]``."""
        left, right = self.thing(expression.left, view), self.thing(expression.right, view)
        if left is None or right is None or left.number is None or right.number is None:
            return None
        if isinstance(expression.op, ast.Mod) and right.number:
            value = left.number % right.number
        elif isinstance(expression.op, ast.Add):
            value = left.number + right.number
        elif isinstance(expression.op, ast.Sub):
            value = left.number - right.number
        else:
            return None
        return Thing(("number", value), str(value), number=value)

    def named(self, name: str, view: View) -> Thing | None:
        """The object a name stands for, in the innermost scope that sets it."""
        if name in view.source.redirected:
            return None
        for scope in scopes_around(view.source, view.scope):
            is_parameter = name in all_parameters(scope)
            bindings = view.source.bindings(scope).get(name, [])
            if not is_parameter and not bindings:
                continue
            if len(bindings) + is_parameter > 1 or (bindings and bindings[0].repeated):
                return None
            if isinstance(scope, ast.Module):
                return self.global_thing(name, bindings[0], view)
            place = view.place if scope is view.scope else self.only_run(scope, view.process)
            if place is None:
                return None
            inside = replace(view, scope=scope, place=place, process=place.process)
            found = self.parameter(name, inside) if is_parameter else self.local(name, bindings[0], inside)
            return shared_by(found, place.process, view.process)
        return None

    def global_thing(self, name: str, binding: Binding, view: View) -> Thing | None:
        """The object of a module's name: one for each process that ran the module."""
        module = View(view.source, view.source.tree, view.process, depth=view.depth)
        if binding.module:
            return Thing(("module", view.process, binding.module), name)
        followed = self.followed(binding, module)
        if followed:
            return followed
        shared = is_for_processes(binding.value, view.source, module.scope) and self.has_first_globals(view.process)
        key = ("shared", view.source.file, name) if shared else ("global", view.process, view.source.file, name)
        return Thing(key, name, binding.value, value_of(binding, view))

    def has_first_globals(self, process: int) -> bool:
        """Whether a module's objects are the first process's: there, and in children forked from it."""
        return not any(
            frame.base in ("multiprocessing/spawn.py", "multiprocessing/forkserver.py")
            for thread in self.processes[process]
            for frame in thread.frames
        )

    def local(self, name: str, binding: Binding, view: View) -> Thing | None:
        """The object of a function's own name: one for each run of the function."""
        assert view.place is not None
        followed = self.followed(binding, view)
        if followed:
            return followed
        key: tuple[object, ...] = ("local", *self.run_key(view.place), name)
        if is_for_processes(binding.value, view.source, view.scope) and len(self.runs(view.scope)) == 1:
            key = ("shared", view.source.file, getattr(view.scope, "lineno", 0), name)
        return Thing(key, name, binding.value, value_of(binding, view))

    def run_key(self, place: Place) -> tuple[int, int, int]:
        """What tells this run of a function from every other: process, thread, and height above the thread's start."""
        return place.process, place.thread, len(self.thread(place).frames) - place.frame

    def followed(self, binding: Binding, view: View) -> Thing | None:
        """The object of another name, where the value is just that, or the lock that a condition is made with."""
        value = wrapped_lock(binding.value) or binding.value
        if isinstance(value, (ast.Name, ast.Attribute, ast.Subscript)):
            return self.thing(value, view)
        return None

    def parameter(self, name: str, view: View) -> Thing:
        """The object that a run of a function was called with."""
        assert view.place is not None
        return self.passed(name, view) or Thing(("local", *self.run_key(view.place), name), name)

    def passed(self, name: str, view: View) -> Thing | None:
        """The object that the caller, or the start of the thread, gives for a parameter."""
        assert view.place is not None
        outer = view.place._replace(frame=view.place.frame + 1)
        if outer.frame < len(self.thread(outer).frames):
            caller = self.view(outer, view.start)
            if caller:
                return self.passed_by_call(name, view, replace(caller, depth=view.depth))
            if view.start and view.thread == (outer.process, outer.thread) and self.frame(outer).is_library:
                return self.passed_by_start(name, view, view.start)
        return None

    def passed_by_call(self, name: str, view: View, caller: View) -> Thing | None:
        """The argument in the one call of this function on the caller's line."""
        assert caller.place is not None
        function = getattr(view.scope, "name", "")
        calls = [
            call
            for call in caller.source.calls_at(self.frame(caller.place).line, caller.scope)
            if terminal(call.func) == function
        ]
        if len(calls) != 1 or any(isinstance(each, ast.Starred) for each in calls[0].args):
            return None
        receiver = calls[0].func.value if isinstance(calls[0].func, ast.Attribute) else None
        keywords = {each.arg: each.value for each in calls[0].keywords if each.arg}
        return self.thing(argument(view, name, receiver, calls[0].args, keywords), caller)

    def passed_by_start(self, name: str, view: View, start: Start) -> Thing | None:
        """The argument in the call that started the thread, read where that call stands."""
        given = argument(view, name, start.receiver, start.arguments, start.keywords)
        if isinstance(start.scope, ast.Module):
            return self.thing(given, View(start.source, start.scope, view.process, depth=view.depth))
        place = self.only_run(start.scope, view.process)
        if place is None:
            return None
        found = self.thing(given, View(start.source, start.scope, place.process, place, depth=view.depth))
        return shared_by(found, place.process, view.process)
