"""What one lab's file says of itself, read from its syntax tree: its code never runs here."""

from __future__ import annotations

import ast
import keyword
import re
import warnings
from typing import TYPE_CHECKING

from harness.lab_record import KNOB_TYPES, Claim, Knob, Lab, LabFault, Variant
from harness.literal import NotLiteral, Plain, constants_of, evaluated, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MARKS_MODULE = "harness.lab"
OUTCOMES = ("finished", "deadlocked", "timed_out", "crashed", "out_of_memory", "too_many_processes", "killed")
ALLOWED = {"answer": ("same", "differs"), "ends": OUTCOMES}
NEEDS = {"gil": 0, "free_threading": 0, "cores": 1, "python": 2}
MOST_BYTES = 1_000_000
NAME = re.compile(r"[a-z][a-z0-9_]*")
"""What a lab may be called: its name is a module's, and part of the ids of its runs."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def read_lab(path: Path, origin: str = "") -> Lab:
    """Read what a lab says of itself.

    Args:
        path: Its file.
        origin: How the user named that file, where it is none of the repository's.

    Raises:
        LabFault: In one line with file and line, if it cannot be used.
    """
    return _Reading(path, origin).lab()


def parsed(path: Path, told: str) -> ast.Module:
    """The syntax tree of a file that is to be run as a lab, which compiles.

    Args:
        path: The file.
        told: How it is called in what is said of it.

    Raises:
        LabFault: In one line with file and line, if it cannot be read or does not compile.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(_source(path, told))
            compile(tree, path.name, "exec", dont_inherit=True)  # finds what parsing does not, such as a lone return
            return tree
    except SyntaxError as fault:
        raise LabFault(f"{told}:{fault.lineno or 1}: syntax error: {fault.msg}") from None
    except (ValueError, RecursionError, MemoryError) as fault:
        raise LabFault(f"{told}:1: cannot be parsed: {str(fault) or type(fault).__name__}") from None


def _source(path: Path, told: str) -> bytes:
    try:
        if not path.resolve().is_relative_to(path.parent.resolve()):
            raise LabFault(f"{told}:1: a link that leads out of the folder")
        if path.is_dir():
            raise LabFault(f"{told}:1: a folder, no file")
        if not path.is_file():
            raise LabFault(f"{told}:1: no file")
        if path.stat().st_size > MOST_BYTES:
            raise LabFault(f"{told}:1: more than {MOST_BYTES // 1_000_000} MB")
        return path.read_bytes()
    except (OSError, RuntimeError) as fault:  # RuntimeError: links in a circle, before Python 3.13
        raise LabFault(f"{told}:1: cannot be read: {getattr(fault, 'strerror', None) or fault}") from None


class _Reading:
    """The reading of one lab's file."""

    def __init__(self, path: Path, origin: str) -> None:
        self._path = path
        self._origin = origin
        self._told = origin or f"{path.parent.name}/{path.name}"
        self._tree = parsed(path, self._told)
        self._nodes = [
            node for node in ast.walk(self._tree) if isinstance(node, Function | ast.Import | ast.ImportFrom)
        ]
        self._constants = constants_of(self._tree)
        self._marks = self._imported_marks()

    def lab(self) -> Lab:
        """Everything that the file says."""
        if not NAME.fullmatch(self._path.stem) or keyword.iskeyword(self._path.stem):
            raise self._fault(1, "a lab's name is a Python name in lowercase, such as my_lab.py: rename the file")
        question, _, rest = self._doc(self._tree, "the lab", "its first line is the question").partition("\n")
        text, _, predict = rest.partition("Predict:")
        marked = list(self._marked())
        variants = tuple(self._variant(function, mark) for function, kind, mark in marked if kind == "variant")
        claims = tuple(self._claim(function, mark) for function, kind, mark in marked if kind == "claim")
        if not variants:
            raise self._fault(1, f"no variant: mark a function with @variant from {MARKS_MODULE}")
        return Lab(
            name=self._path.stem,
            path=self._path,
            question=question.strip(),
            text=text.strip(),
            predict=" ".join(predict.split()),
            variants=variants,
            claims=claims,
            knobs=self._knobs([function for function, kind, _ in marked if kind == "variant"]),
            origin=self._origin,
        )

    def _fault(self, line: int, what: str) -> LabFault:
        return LabFault(f"{self._told}:{line}: {what}")

    def _imported_marks(self) -> dict[str, str]:
        """The names that the file gives to what it imports from harness.lab, and the names there."""
        marks: dict[str, str] = {}
        for node in self._nodes:
            if isinstance(node, Function):
                continue
            names = [each.name for each in node.names]
            package = node.module if isinstance(node, ast.ImportFrom) and not node.level else ""
            if MARKS_MODULE in names or (package == "harness" and "lab" in names):
                raise self._fault(node.lineno, f"import by name: from {MARKS_MODULE} import variant, claim, …")
            if package == MARKS_MODULE and "*" in names:
                raise self._fault(node.lineno, f"import by name, not *: from {MARKS_MODULE} import variant, claim, …")
            if package == MARKS_MODULE:
                marks |= {each.asname or each.name: each.name for each in node.names}
        return marks

    def _marked(self) -> Iterator[tuple[Function, str, ast.expr]]:
        """Each marked function with the kind of its mark and the mark itself, in order."""
        seen: dict[str, int] = {}
        for node in (each for each in self._nodes if isinstance(each, Function)):
            kinds = [(self._kind(each), each) for each in node.decorator_list if self._kind(each)]
            if not kinds:
                continue
            kind, mark = kinds[0]
            if node not in self._tree.body:
                raise self._fault(node.lineno, f"{kind} {node.name} must stand at the top level of the file")
            if isinstance(node, ast.AsyncFunctionDef):
                raise self._fault(node.lineno, f"{kind} {node.name} is async: call asyncio.run inside it")
            if len(node.decorator_list) > 1:
                raise self._fault(
                    node.lineno, f"{kind} {node.name} has other decorators: its mark must be the only one"
                )
            if node.name in seen:
                raise self._fault(node.lineno, f"{node.name} is there twice, first in line {seen[node.name]}")
            seen[node.name] = node.lineno
            yield node, kind, mark

    def _kind(self, decorator: ast.expr) -> str:
        """Which mark a decorator is: "variant", "claim" or none."""
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if not isinstance(called, ast.Name):
            return ""
        name = self._marks.get(called.id, "")
        if not name and called.id in ("variant", "claim"):
            raise self._fault(decorator.lineno, f"{called.id} is not imported: from {MARKS_MODULE} import {called.id}")
        return name if name in ("variant", "claim") else ""

    def _doc(self, node: ast.Module | Function, what: str, use: str) -> str:
        text = ast.get_docstring(node)
        if not text:
            raise self._fault(getattr(node, "lineno", 1), f"{what} has no docstring: {use}")
        return text

    def _words(self, mark: ast.expr, what: str, allowed: tuple[str, ...]) -> dict[str, ast.expr]:
        """The keyword arguments of a mark."""
        if not isinstance(mark, ast.Call):
            return {}
        words = {str(each.arg): each.value for each in mark.keywords}
        unknown = [name for name in words if name not in allowed]
        if mark.args or unknown:
            given = unknown[0] if unknown else "an argument without a name"
            raise self._fault(mark.lineno, f"{what}: its mark takes {', '.join(allowed)}, not {given}")
        return words

    def _evaluated(self, expression: ast.expr, what: str) -> Plain:
        try:
            return evaluated(expression, self._constants)
        except NotLiteral as fault:
            raise self._fault(expression.lineno, f"{what}: {fault}") from None

    def _variant(self, function: Function, mark: ast.expr) -> Variant:
        what = f"variant {function.name}"
        words = self._words(mark, what, ("answer", "because", "ends"))
        said = {name: self._evaluated(value, f"{what}, {name}") for name, value in words.items()}
        for name, allowed in ALLOWED.items():
            if name in said and said[name] not in allowed:
                raise self._fault(mark.lineno, f"{what}: {name} is one of {', '.join(allowed)}, not {said[name]!r}")
        because = said.get("because", "")
        if said.get("answer") == "differs" and not (isinstance(because, str) and because.strip()):
            raise self._fault(mark.lineno, f'{what}: its answer differs, so it needs because="…"')
        return Variant(
            name=function.name,
            doc=self._doc(function, what, "its first line is its row in every report").partition("\n")[0],
            line=function.lineno,
            answer=str(said.get("answer", "same")),
            because=str(because),
            ends=str(said.get("ends", "finished")),
            knobs=tuple(parameter.arg for parameter, _ in self._parameters(function)),
        )

    def _parameters(self, function: Function) -> Iterator[tuple[ast.arg, ast.expr]]:
        """The parameters of a variant, each with its default."""
        given = function.args
        what = f"variant {function.name}"
        if given.posonlyargs or given.vararg or given.kwarg:
            raise self._fault(function.lineno, f"{what}: its knobs are passed by name, so no /, * or ** before a name")
        missing = len(given.args) - len(given.defaults)
        defaults = [*[None] * missing, *given.defaults, *given.kw_defaults]
        for parameter, default in zip([*given.args, *given.kwonlyargs], defaults, strict=True):
            if default is None:
                raise self._fault(parameter.lineno, f"{what}: its parameter {parameter.arg} has no default")
            yield parameter, default

    def _knobs(self, functions: list[Function]) -> dict[str, Knob]:
        knobs: dict[str, Knob] = {}
        for function in functions:
            for parameter, default in self._parameters(function):
                knob = self._knob(parameter, default, f"variant {function.name}, {parameter.arg}")
                known = knobs.setdefault(knob.name, knob)
                if known != knob:
                    both = f"{known.default!r} and {knob.default!r}"
                    raise self._fault(parameter.lineno, f"knob {knob.name} has two defaults, {both}: they must be one")
        return knobs

    def _knob(self, parameter: ast.arg, default: ast.expr, what: str) -> Knob:
        value = self._evaluated(default, what)
        annotated = shown(parameter.annotation) if parameter.annotation else type(value).__name__
        if annotated not in KNOB_TYPES:
            raise self._fault(parameter.lineno, f"{what}: a knob is {', '.join(KNOB_TYPES)}, not {annotated}")
        if annotated == "float" and type(value) is int:
            value = float(value)
        if type(value).__name__ != annotated:
            raise self._fault(parameter.lineno, f"{what}: its default {value!r} is no {annotated}")
        return Knob(parameter.arg, annotated, value)

    def _claim(self, function: Function, mark: ast.expr) -> Claim:
        what = f"claim {function.name}"
        words = self._words(mark, what, ("needs",))
        needs = words.get("needs", ast.Tuple(elts=[]))
        return Claim(
            name=function.name,
            doc=self._doc(function, what, "its first line is the sentence that is judged").partition("\n")[0],
            line=function.lineno,
            over=self._over(function, what),
            needs=tuple(self._need(each, what) for each in (needs.elts if isinstance(needs, ast.Tuple) else [needs])),
        )

    def _over(self, function: Function, what: str) -> str:
        """What a claim judges, by the annotation of its one parameter."""
        given = function.args
        parameters = [*given.posonlyargs, *given.args]
        if len(parameters) == 1 and not (given.kwonlyargs or given.vararg or given.kwarg):
            annotation = parameters[0].annotation
            text = annotation.value if isinstance(annotation, ast.Constant) else annotation and shown(annotation)
            over = {"Run": "run", "Sweep": "sweep"}.get(self._marks.get(str(text), ""))
            if over:
                return over
        raise self._fault(function.lineno, f"{what}: it takes one parameter, run: Run or sweep: Sweep")

    def _need(self, need: ast.expr, what: str) -> str:
        """A need as it would be written without aliases or constants."""
        called, arguments = (need.func, need.args) if isinstance(need, ast.Call) else (need, [])
        name = self._marks.get(called.id, "") if isinstance(called, ast.Name) else ""
        values = [self._evaluated(each, f"{what}, {name}") for each in arguments]
        fits = NEEDS.get(name) == len(values) and isinstance(need, ast.Call) == bool(values)
        if not fits or not all(type(value) is int and value > 0 for value in values):
            wanted = "gil, free_threading, cores(2) or python(3, 14)"
            raise self._fault(need.lineno, f"{what}: unknown need {shown(need)}: use {wanted}")
        return f"{name}({', '.join(map(str, values))})" if values else name
