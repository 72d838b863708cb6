"""What differs between two variants of a lab, read from its file: their source, and what only one of them uses."""

from __future__ import annotations

import ast
import difflib
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import UsageFault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from harness.lab_record import Lab
    from harness.notes import Page

SHOWN_CHARACTERS = 60
WHOLE = 1_000_000
"""So many lines of context: all of both."""


@dataclass(frozen=True)
class Difference:
    """What differs between two variants.

    Attributes:
        lines: The source of both with what each alone uses; each line begins with " ", "-" or "+".
        shared: The names in the file that both use, directly or not, in its order; their source is not among the lines.
    """

    lines: tuple[str, ...]
    shared: tuple[str, ...]


def two_variants(text: str, lab: Lab) -> tuple[str, str]:
    """The two variants that --diff names.

    Args:
        text: Their names with a comma between.
        lab: The lab.

    Raises:
        UsageFault: If they are not two, or not two variants of the lab.
    """
    given = f"--diff {text[:SHOWN_CHARACTERS]!r}"
    known = [variant.name for variant in lab.variants]
    listed = f"the variants of {lab.name} are {', '.join(known)}"
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name[:SHOWN_CHARACTERS], known, n=1)
            hint = f": did you mean {near[0]}?" if near else ";"
            shown = repr(name[:SHOWN_CHARACTERS])
            raise UsageFault(f"{given}: {lab.name} has no variant {shown}{hint} {listed}")
    if len(names) != 2 or names[0] == names[1]:
        wrong = "twice the same" if len(names) == 2 else f"two variants are compared, not {len(names)}"
        raise UsageFault(f"{given}: {wrong}; {listed}")
    return names[0], names[1]


def show_two(names: str, lab: Lab, page: Page | None, console: Console) -> None:
    """Show what differs between two variants of a lab.

    Args:
        names: Theirs, as --diff was given them.
        lab: The lab.
        page: Its page in the reader's language, where there is one.
        console: Where to.

    Raises:
        UsageFault: If these are not two variants of the lab.
    """
    left, right = two_variants(names, lab)
    said = {variant.name: variant.doc for variant in lab.variants} | dict(page.variants if page else {})
    show_difference(left, right, difference(lab.path.read_text("utf-8"), left, right), said, console)


def show_difference(left: str, right: str, found: Difference, said: Mapping[str, str], console: Console) -> None:
    """Show what differs: what goes in red, what comes in green, where the output has colours.

    Args:
        left: The name of a variant.
        right: That of another.
        found: What differs between them.
        said: What each variant says of itself, by name.
        console: Where to.
    """
    from rich.text import Text

    from harness.report import clean

    styles = {"-": "red", "+": "green"}
    for sign, name in (("---", left), ("+++", right)):
        console.print(Text(clean(f"{sign} {name}: {said[name]}"), style="bold"))
    for line in found.lines:
        console.print(Text(line[:1] + clean(line[1:]), style=styles.get(line[:1], "")), soft_wrap=True)
    if found.shared:
        console.print(Text(f"both use: {', '.join(found.shared)}", style="dim"))


def difference(source: str, left: str, right: str) -> Difference:
    """What differs between two variants, with all that stays the same around it.

    Args:
        source: The lab's file.
        left: The name of a variant.
        right: That of another.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        stretches = dict(_stretches(ast.parse(source)))
    uses = {name: _uses(stretch.node, stretches) for name, stretch in stretches.items()}
    of_left, of_right = _reached(left, uses), _reached(right, uses)
    shared = (of_left & of_right) - {left, right}
    lines = source.split("\n")
    before, after = (
        _text([stretch for name, stretch in stretches.items() if name in reached - shared], lines)
        for reached in (of_left, of_right)
    )
    _, _, _, *unified = difflib.unified_diff(before, after, n=WHOLE, lineterm="")
    return Difference(tuple(unified), tuple(name for name in stretches if name in shared))


@dataclass(frozen=True)
class _Stretch:
    """A statement at the top level of a file that gives something its name, with its first and last line."""

    node: ast.stmt
    first: int
    last: int


def _stretches(tree: ast.Module) -> Iterator[tuple[str, _Stretch]]:
    """What the file itself defines, by name, in order: functions, classes, constants. Imports are no part of it."""
    for node in tree.body:
        first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
        stretch = _Stretch(node, first, node.end_lineno or first)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, stretch
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                for each in ast.walk(target):
                    if isinstance(each, ast.Name):
                        yield each.id, stretch


def _uses(node: ast.stmt, known: Mapping[str, object]) -> set[str]:
    """The names of the file that a statement mentions, but for those that it gives to something of its own."""
    names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
    own = {each.id for each in names if isinstance(each.ctx, ast.Store)}
    own |= {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}
    own -= {name for each in ast.walk(node) if isinstance(each, ast.Global) for name in each.names}
    return ({each.id for each in names} - own) & set(known)


def _reached(name: str, uses: Mapping[str, set[str]]) -> set[str]:
    """A name and all that it uses, directly or not."""
    reached: set[str] = set()
    ahead = {name}
    while ahead:
        reached |= ahead
        ahead = {used for each in ahead for used in uses[each]} - reached
    return reached


def _text(stretches: Sequence[_Stretch], lines: Sequence[str]) -> list[str]:
    """The lines of some stretches in the file's order, with an empty one between two of them."""
    text: list[str] = []
    for stretch in dict.fromkeys(stretches):
        text += [*([""] if text else []), *lines[stretch.first - 1 : stretch.last]]
    return text
