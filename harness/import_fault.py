"""Where and why a file of a lab cannot be imported: found in the measured process, told in one line.

What finds it is imported by the measured process at a run's first start only.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    from harness.request import Request

WHY_CHARACTERS = 300


class ImportFault(Exception):
    """A file of the lab raised when it was imported, or does not compile under this interpreter.

    Args:
        path: The file to look at.
        line: Where in it.
        why: What was raised.
        is_missing: Whether something that it imports is not there.
    """

    def __init__(self, path: str, line: int, why: str, is_missing: bool) -> None:
        super().__init__(f"{path}:{line}: {why}")
        self.path = path
        self.line = line
        self.why = why
        self.is_missing = is_missing

    def to_json(self) -> dict[str, Any]:
        """As a cell reports it."""
        return {"path": self.path, "line": self.line, "why": self.why, "is_missing": self.is_missing}


def load(path: str, module: str) -> None:
    """Compile a file of the lab, so that no worker has to, and import it.

    Args:
        path: The file.
        module: Its name.

    Raises:
        ImportFault: If that fails, whatever the file raises.
    """
    import py_compile

    try:
        py_compile.compile(path, doraise=True)
        importlib.import_module(module)
    except py_compile.PyCompileError as fault:
        raise ImportFault(path, getattr(fault.exc_value, "lineno", None) or 1, _why(fault.exc_value), False) from None
    except BaseException as raised:  # whatever a lab's file raises is its fault, SystemExit included
        file, line = _place(raised, path)
        raise ImportFault(file, line, _why(raised), isinstance(raised, ImportError)) from raised


def told(fault: dict[str, Any], request: Request, source: Path) -> str:
    """The fault in one line, under the name by which the user knows the file.

    Args:
        fault: As a cell reports it.
        request: Of the run.
        source: The folder that the run's files are in.
    """
    name = Path(fault["path"]).relative_to(source).as_posix()
    line = f"{told_file(name, request)}:{fault['line']}: cannot be imported: {fault['why']}"
    if not fault["is_missing"]:
        return line
    if request.origin or request.mine:
        return f"{line}; this file travels alone, those beside it stay where they are: put what it needs into it"
    return f"{line}; a lab imports the standard library and harness.lab"


def told_file(name: str, request: Request) -> str:
    """How a file of a run is called for people.

    Args:
        name: Its place under source/.
        request: Of the run.
    """
    if request.mine and name == request.mine["module"].replace(".", "/") + ".py":
        return str(request.mine["file"])
    return request.origin if request.origin and name == f"labs/{request.lab}.py" else name


def _place(raised: BaseException, path: str) -> tuple[str, int]:
    """The innermost line of the lab's folder that the fault came through; the file's first where there is none."""
    folder = str(Path(path).parents[1])
    found = path, 1
    trace: TracebackType | None = raised.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(folder + os.sep):
            found = file, trace.tb_lineno
        trace = trace.tb_next
    if isinstance(raised, SyntaxError) and raised.filename and raised.filename.startswith(folder + os.sep):
        found = raised.filename, raised.lineno or 1
    return found


def _why(raised: BaseException) -> str:
    return f"{type(raised).__name__}: {' '.join(str(raised).split())}"[:WHY_CHARACTERS].removesuffix(": ")
