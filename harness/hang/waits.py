"""What a stopped thread waits for, by its innermost frames and the call on the lab's own line."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness.hang.syntax import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.hang.objects import Objects
    from harness.hang.stacks import Frame
    from harness.hang.things import Place, View

Kind = Literal["lock", "other", "time", "unknown"]

BUILT_IN_WAITS = {"accept", "connect", "get", "read", "readline", "recv", "recvfrom", "select", "sendall"} | {
    "poll", "wait", "wait4", "waitpid", "write"
}  # fmt: skip
"""Functions in C that wait for another thread or process, seen from a line of the lab with no frame inside."""

LIBRARY_WAITS: dict[str, set[str]] = {
    "threading.py": {"_enter", "_shutdown", "_wait", "_wait_for_tstate_lock", "join", "wait", "wait_for"},
    "queue.py": {"get", "join", "put"},
    "multiprocessing/connection.py": set(),
    "multiprocessing/managers.py": set(),
    "multiprocessing/pool.py": {"get", "join", "next", "wait"},
    "multiprocessing/popen_fork.py": {"poll", "wait"},
    "multiprocessing/popen_forkserver.py": {"poll", "wait"},
    "multiprocessing/process.py": {"join"},
    "multiprocessing/queues.py": {"_finalize_join", "get", "join", "put"},
    "multiprocessing/synchronize.py": {"wait", "wait_for"},
    "concurrent/futures/_base.py": {"as_completed", "exception", "result", "result_iterator", "wait"},
    "concurrent/futures/thread.py": {"shutdown"},
    "concurrent/futures/process.py": {"shutdown"},
    "logging/__init__.py": {"acquire", "handle"},
    "selectors.py": {"select"},
    "socket.py": {"accept", "readinto"},
    "subprocess.py": {"_communicate", "_try_wait", "_wait", "communicate", "wait"},
}
"""Where the standard library waits for another thread or process; an empty set means anywhere in that file."""

PROCESS_STARTERS = tuple(f"multiprocessing/{name}.py" for name in ("forkserver", "resource_tracker", "spawn"))
"""What ``python -c`` runs in the helpers that multiprocessing starts."""
LOCK_FILES = ("threading.py", "multiprocessing/synchronize.py")
LIMIT_POSITION = {"exception": 0, "join": 0, "poll": 0, "result": 0, "wait": 0} | {
    "acquire": 1, "as_completed": 1, "communicate": 1, "get": 1, "wait_for": 1, "put": 2, "select": 3
}  # fmt: skip
"""Which argument by position is the limit in seconds."""
OTHER_POSITION = {
    ("wait", "concurrent/futures/_base.py"): 1,
    ("wait", "multiprocessing/connection.py"): 1,
    ("get", "multiprocessing/pool.py"): 0,
}
"""The same for functions of one name in another file."""


@dataclass(frozen=True)
class Wait:
    """What one thread does when it is stopped."""

    kind: Kind
    """A lock; something else that another thread or process must do; time; or nothing that is known to wait."""
    words: str
    """The end of the sentence about it, "" where nothing is known."""
    place: Place
    """The innermost frame of the lab's own code."""
    wanted: ast.expr | None = None
    """The lock, or the thread or process that is joined."""


def wait_of(place: Place, objects: Objects) -> Wait | None:
    """What a thread waits for; None for a helper, which runs none of the lab's own code.

    Args:
        place: Any frame of the thread.
        objects: The stacks and sources of the hung run.
    """
    frames = objects.thread(place).own_frames
    depth = next((index for index, frame in enumerate(frames) if not frame.is_library), None)
    if depth is None:
        return None
    place = place._replace(frame=depth)
    inner = frames[:depth]
    if frames[depth].file == "<string>" and inner and inner[-1].base in PROCESS_STARTERS:
        return None
    if any("/asyncio/" in frame.file for frame in inner):
        return Wait("unknown", "is in an event loop", place)
    view = objects.view(place)
    calls = view.source.calls_at(frames[depth].line, view.scope) if view else []
    if not inner:
        return wait_on_line(place, view, calls, frames[depth].line)
    return wait_in_library(place, view, calls, inner, frames[depth].line)


def wait_on_line(place: Place, view: View | None, calls: Sequence[ast.Call], line: int) -> Wait:
    """What a thread waits for on a line of the lab that has called nothing but built-in functions."""
    entered = view.source.header_items(line, view.scope) if view else []
    if entered and all(is_nameable(item) for item in entered):
        return wait_for_lock(place, entered)
    waiting = [call for call in calls if terminal(call.func) in BUILT_IN_WAITS | {"acquire", "sleep"}]
    waiting = [call for call in waiting if terminal(call.func) != "get" or not call.args]  # get() of a dict is no wait
    names = {terminal(call.func) for call in waiting}
    if names == {"acquire"} and not any(is_limited(call) for call in waiting):
        return wait_for_lock(place, [call.func.value for call in waiting if isinstance(call.func, ast.Attribute)])
    if len(waiting) != 1:
        return Wait("unknown", "", place)
    if names == {"sleep"}:
        return Wait("time", "sleeps", place)
    return wait_in_call(place, waiting[0])


def wait_in_library(
    place: Place, view: View | None, calls: Sequence[ast.Call], inner: Sequence[Frame], line: int
) -> Wait:
    """What a thread waits for inside a function of the standard library that the lab's line has called."""
    called = inner[-1]
    matching = [call for call in calls if terminal(call.func) == called.function]
    if called.base in LOCK_FILES and called.function in ("__enter__", "acquire"):
        if any(is_limited(call, called.base) for call in matching):
            return wait_in_call(place, matching[0], called.base)
        entered = view.source.header_items(line, view.scope) if view else []
        acquired = [call.func.value for call in matching if isinstance(call.func, ast.Attribute)]
        return wait_for_lock(place, acquired or entered)
    known = LIBRARY_WAITS.get(inner[0].base)
    if known is None or (known and inner[0].function not in known):
        return Wait("unknown", f"is in {called.function}()", place)
    if len(matching) == 1:
        return wait_in_call(place, matching[0], called.base)
    limited = any(is_limited(call, called.base) for call in matching)
    left = view.source.header_items(line, view.scope) if view and called.function == "__exit__" else []
    words = f"waits to leave `with {ast.unparse(left[0])}`" if len(left) == 1 else f"waits in `{called.function}()`"
    return Wait("time" if limited else "other", words, place)


def wait_for_lock(place: Place, candidates: Sequence[ast.expr]) -> Wait:
    """A wait for a lock; where several are taken on the line, it does not tell for which."""
    words = " or ".join(f"`{ast.unparse(each)}`" for each in candidates) or "a lock"
    wanted = candidates[0] if len(candidates) == 1 and is_nameable(candidates[0]) else None
    return Wait("lock", f"waits for {words}", place, wanted)


def wait_in_call(place: Place, call: ast.Call, library: str = "") -> Wait:
    """A wait in a call that returns when another thread or process does something, or, with a limit, by itself."""
    words = f"waits in `{ast.unparse(call.func)}()`"
    if is_limited(call, library):
        return Wait("time", f"{words}, with a limit", place)
    joined = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr == "join" else None
    return Wait("other", words, place, joined)


def is_limited(call: ast.Call, library: str = "") -> bool:
    """Whether a call may come back by itself after a time, or at once."""
    name = terminal(call.func)
    position = OTHER_POSITION.get((name, library), LIMIT_POSITION.get(name, len(call.args)))
    given = [*call.args[position : position + 1], *(each.value for each in call.keywords if each.arg == "timeout")]
    at_once = [each.value for each in call.keywords if each.arg in ("block", "blocking")]
    if name in ("acquire", "get", "put") and position:
        at_once += call.args[position - 1 : position]
    return any(not is_endless(each) for each in given) or any(
        not (isinstance(each, ast.Constant) and each.value is True) for each in at_once
    )


def is_endless(limit: ast.expr) -> bool:
    """Whether this limit is none: None or, for a lock, -1."""
    negative = isinstance(limit, ast.UnaryOp) and isinstance(limit.op, ast.USub)
    return negative or (isinstance(limit, ast.Constant) and limit.value is None)


def is_nameable(expression: ast.expr) -> bool:
    """Whether an expression may name a lock; a call makes something new."""
    return isinstance(expression, (ast.Name, ast.Attribute, ast.Subscript))
