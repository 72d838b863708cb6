"""One cell: a variant, once, in an interpreter of its own, with what was read just before and just after it.

Started by the measuring parent as ``python -c "from harness.cell import main; main(ORDER)" RESULT_FD``, so that worker
processes do not load this module again as their main module. ORDER is a dict; the result is one JSON object written to
the file descriptor. Every measured start loads this module, so it loads little: json, hashlib and contextlib would make
a start twice as dear, and be loaded before a lab that asks what loading costs.
"""

from __future__ import annotations

import gc
import importlib
import os
import resource
import sys
import time
from _json import encode_basestring_ascii as quoted

from harness import left_behind, readings

try:  # as random.py does, without OpenSSL
    from _sha2 import sha256  # type: ignore[import-not-found]
except ImportError:  # before Python 3.12
    from _sha256 import sha256  # type: ignore[import-not-found]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

ANSWER_CHARACTERS = 2_000
"""A longer answer is kept by its digest alone."""
ERROR_CHARACTERS = 500


def main(order: dict[str, Any]) -> None:
    """Run the variant that the order names, and report; exits 1 where it raised."""
    result_fd = int(sys.argv[1])
    os.set_inheritable(result_fd, False)
    _be_the_first_to_go(order)
    result = _start_or_fault(order) if order["variant"] is None else _sample(order)
    if result.get("not_comparable"):
        result["line"] = getattr(sys.modules[order["module"]], order["variant"]).__code__.co_firstlineno
    with os.fdopen(result_fd, "w", encoding="utf-8") as pipe:
        pipe.write(as_json(result))
    exit_code = int(result["outcome"] != "finished")
    if order["variant"] is not None and not order["meant_to_hang"] and left_behind.holds_up():
        os._exit(exit_code)  # what is left was named; nobody is to wait for it
    sys.exit(exit_code)


def _sample(order: dict[str, Any]) -> dict[str, Any]:
    """Run the variant, and see what it leaves behind."""
    work = _variant(order)
    before = left_behind.Before()
    process = os.getpid()
    result = measured(work, order)
    if os.getpid() != process:
        sys.stderr.write("a process that the variant forked came back out of it: end it with os._exit()\n")
        os._exit(1)
    return result if order["meant_to_hang"] else result | left_behind.report(before)


def measured(work: Callable[[], Any], order: dict[str, Any]) -> dict[str, Any]:
    """Run the work once between two readings; what it raised is an outcome, not a fault of ours."""
    answer: Any = None
    outcome, error = "finished", None
    gc.collect()
    readings.wait_until_asleep(os.getppid())
    before = readings.take(order["cpus"], order["own_cgroup"])
    start = time.perf_counter()
    try:
        answer = work()
    except BaseException as raised:  # noqa: BLE001 - whatever a lab raises is its outcome, SystemExit included
        end = time.perf_counter()
        outcome, error = _outcome_of(raised), f"{type(raised).__name__}: {raised}"[:ERROR_CHARACTERS]
        sys.excepthook(type(raised), raised, raised.__traceback__)
    else:
        end = time.perf_counter()
    after = readings.take(order["cpus"], order["own_cgroup"])
    result = {"outcome": outcome, "error": error, "wall_seconds": end - start, **readings.difference(before, after)}
    return result | _answer(answer) | _state()


def _variant(order: dict[str, Any]) -> Callable[[], Any]:
    module = importlib.import_module(order["module"])
    function = getattr(module, order["variant"])
    code = function.__code__
    taken = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    knobs = {name: order["knobs"][name] for name in taken}
    return lambda: function(**knobs)


def _start_or_fault(order: dict[str, Any]) -> dict[str, Any]:
    """The first start; where a file of the lab cannot be imported, where and why."""
    from harness import import_fault

    try:
        for path, module in order["sources"].items():
            import_fault.load(path, module)
    except import_fault.ImportFault as fault:
        raised = fault.__cause__ or fault
        sys.excepthook(type(raised), raised, raised.__traceback__)
        return {"outcome": "crashed", "import_fault": fault.to_json()}
    return _first_start(order)


def _first_start(order: dict[str, Any]) -> dict[str, Any]:
    """Before all variants, once the lab was seen to import: learn what a pool costs, and what this interpreter is.

    A command of the user's own has no claims that ask for the cost, and is not kept waiting for it.
    """
    import multiprocessing
    import platform
    import sysconfig

    result = _cost_of_a_pool(order) if order["sources"] else {"outcome": "finished"} | _state()
    return result | {
        "interpreter": {
            "version": platform.python_version(),
            "implementation": platform.python_implementation(),
            "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
            "gil_enabled": result["gil_enabled"],
            "build": " ".join(platform.python_build()),
            "compiler": platform.python_compiler(),
            "executable": sys.executable,
            "start_method": multiprocessing.get_start_method(),
        }
    }


def _cost_of_a_pool(order: dict[str, Any]) -> dict[str, Any]:
    """Start four workers, give each a task that does nothing, and end them: what a pool costs by itself."""
    from concurrent.futures.process import ProcessPoolExecutor

    def start_and_end() -> None:
        with ProcessPoolExecutor(4) as pool:
            list(pool.map(abs, range(4)))

    return measured(start_and_end, order)


def _be_the_first_to_go(order: dict[str, Any]) -> None:
    """Offer this process to the kernel before the harness when memory runs out, and keep within the runner's limits."""
    try:
        with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
            file.write("1000")
    except OSError:  # a system that has none
        pass
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if order["memory_bytes"]:
        kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
        resource.setrlimit(kind, (order["memory_bytes"], order["memory_bytes"]))


def _outcome_of(raised: BaseException) -> str:
    if isinstance(raised, MemoryError):
        return "out_of_memory"
    refused = isinstance(raised, BlockingIOError) or (
        isinstance(raised, RuntimeError) and "can't start new thread" in str(raised)
    )
    return "too_many_processes" if refused else "crashed"


def _answer(answer: Any) -> dict[str, Any]:
    """The answer as JSON has it where it is short and plain, and its digest where there is any answer."""
    if answer is None:
        return {"answer": None, "answer_digest": None}
    try:
        text = as_json(answer)
    except (TypeError, ValueError, RecursionError):
        error = _cannot_compare(answer)
        return {"answer": None, "answer_digest": None, "outcome": "crashed", "error": error, "not_comparable": True}
    digest = sha256(text.encode()).hexdigest()[:16]
    return {"answer": answer if len(text) <= ANSWER_CHARACTERS else None, "answer_digest": digest}


def as_json(value: Any) -> str:
    """The value as `json.dumps` writes it; that is loaded for what is not made of the plainest types alone.

    Raises:
        TypeError: If JSON has no such thing; ValueError or RecursionError if it has not this one.
    """
    kind = type(value)
    if value is None or kind is bool:
        return "null" if value is None else "true" if value else "false"
    if kind is int or (kind is float and value - value == 0):  # neither infinite nor no number
        return repr(value)
    if kind is str:
        return quoted(value)
    if kind is list or kind is tuple:
        return f"[{', '.join(map(as_json, value))}]"
    if kind is dict and all(type(key) is str for key in value):
        return f"{{{', '.join([f'{quoted(key)}: {as_json(part)}' for key, part in value.items()])}}}"
    import json

    return json.dumps(value, allow_nan=False)


def _cannot_compare(answer: object) -> str:
    return f"returned a {type(answer).__name__}, which cannot be compared: return numbers, strings or lists of them"


def _state() -> dict[str, Any]:
    """What the variant left this interpreter in."""
    asked = getattr(sys, "_is_gil_enabled", None)
    affinity = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    return {"gil_enabled": True if asked is None else bool(asked()), "affinity_at_end": affinity}
