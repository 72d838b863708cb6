"""A new lab, with all that belongs to it, from the template: a small lab that runs and passes every check as it is."""

from __future__ import annotations

import contextlib
import difflib
import keyword
import re
import sys
from typing import TYPE_CHECKING

from harness.catalogue import SHOWN_CHARACTERS, lab_names
from harness.errors import UsageFault
from harness.notes import LANGUAGES, read_page

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = "template"
"""The folder whose files stand as those of a lab do, with its name for theirs."""
STANDS_FOR_NAME = "my_lab"
STANDS_FOR_ORDER = "order = 0\n"
MOST_CHARACTERS = 40
OWN_WORDS = ("benchmarks", "exec", "harness", "invoke", "labs", "notes", "psutil", "run", "tasks", "template", "tests")
"""Names that mean something else where labs are run, configured or stored."""


def make_lab(name: str, root: Path) -> tuple[str, ...]:
    """Write the files of a new lab.

    Args:
        name: Its name.
        root: The repository.

    Returns:
        The files, by their paths in the repository: the lab, its pages, the solution of its exercise, its test.

    Raises:
        UsageFault: If it cannot have this name, a file is there already, or one cannot be read or written.
    """
    check_name(name, root / "labs")
    files = _filled_in(name, root)
    for path in files:
        if (root / path).exists() or (root / path).is_symlink():
            raise UsageFault(f"{path} is there already, and nothing was written; move it away, or choose another name")
    with contextlib.ExitStack() as undo:
        for path, text in files.items():
            try:
                with (root / path).open("x", encoding="utf-8", newline="\n") as file:
                    undo.callback((root / path).unlink)
                    file.write(text)
            except OSError as fault:
                raise UsageFault(f"{path} cannot be written: {fault.strerror}; nothing was made") from None
        undo.pop_all()
    return tuple(files)


def check_name(name: str, labs: Path) -> None:
    """See to it that a new lab can have this name.

    Raises:
        UsageFault: In one line with what it may be, if it cannot.
    """
    shown = repr(name[:SHOWN_CHARACTERS])
    if not set(name).isdisjoint("/\\.\0"):
        raise UsageFault(f"no lab can be called {shown}: a lab is named by one word, not by a path; such as my_lab")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or len(name) > MOST_CHARACTERS:
        allowed = f"a to z, 0 to 9 and _, a letter first, at most {MOST_CHARACTERS} of them; such as my_lab"
        raise UsageFault(f"no lab can be called {shown}: its name is a Python name in lower case: {allowed}")
    if keyword.iskeyword(name):
        raise UsageFault(f"no lab can be called {shown}: that is a keyword of Python; take another, such as {name}_lab")
    names = lab_names(labs)
    if name in names:
        near = [each for each in difflib.get_close_matches(name, names, n=4, cutoff=0.5) if each != name]
        others = f", and near it {', '.join(near)}" if near else ""
        raise UsageFault(f"there is a lab {name} already{others}; see `invoke show {name}`, or choose another name")
    if name in sys.stdlib_module_names:
        raise UsageFault(f"no lab can be called {shown}: the standard library has that module; such as {name}_lab")
    if name in OWN_WORDS:
        raise UsageFault(f"no lab can be called {shown}: pinlab uses that word itself; such as {name}_lab")


def _filled_in(name: str, root: Path) -> dict[str, str]:
    """The new files with their text, by their paths in the repository, the lab first."""
    template = root / TEMPLATE
    order = f"order = {_order_after_the_last(root / 'labs')}\n"
    found = {}
    try:
        for path in sorted(path for path in template.rglob(f"*{STANDS_FOR_NAME}.*") if path.suffix in (".py", ".md")):
            text = path.read_text("utf-8").replace(STANDS_FOR_ORDER, order)
            place = path.relative_to(template).as_posix()
            found[place.replace(STANDS_FOR_NAME, name)] = text.replace(STANDS_FOR_NAME, name)
    except OSError as fault:
        raise UsageFault(
            f"the template cannot be read: {fault.filename}: {fault.strerror}; is the clone whole?"
        ) from None
    if not found:
        raise UsageFault(f"there is no template in {template}; is the clone whole?")
    return found


def _order_after_the_last(labs: Path) -> int:
    """The place in the course behind that of every lab."""
    pages = (read_page(lab, language, labs) for lab in lab_names(labs) for language in LANGUAGES)
    return 1 + max((page.order for page in pages if page), default=0)
