"""Files of the user's own that take a lab's place, or a variant's: named by a path from the caller's folder.

Such a file travels alone: what lies beside it stays where it is. Like every lab it is read here, and runs elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness import store
from harness.catalogue import find_lab, lab_names, read_lab
from harness.errors import UsageFault

if TYPE_CHECKING:
    from pathlib import Path

    from harness.lab_record import Lab

SHOWN_CHARACTERS = 60
SUFFIX = ".py"


@dataclass(frozen=True)
class OwnFile:
    """A file that the user named.

    Attributes:
        path: Where it is.
        told: How it is called in all that is said of it: as the user named it.
    """

    path: Path
    told: str


def is_path(word: str) -> bool:
    """Whether a word names a file, and no lab of the repository."""
    return word.endswith(SUFFIX) or not {"/", "\\"}.isdisjoint(word)


def own_file(word: str, here: Path, asked_by: str) -> OwnFile:
    """The file that a word names, which is looked for by its name only.

    Args:
        word: As it was given.
        here: The caller's folder.
        asked_by: What the word stands behind, as messages have it.

    Raises:
        UsageFault: If no such file can be a lab's.
    """
    shown = repr(word[:SHOWN_CHARACTERS])
    if "\0" in word or not word.endswith(SUFFIX):
        raise UsageFault(f"{asked_by} {shown}: a file of your own ends in {SUFFIX}, such as my_lab{SUFFIX}")
    try:
        is_there = (here / word).exists() or (here / word).is_symlink()
    except OSError as fault:
        raise UsageFault(f"{asked_by} {shown}: {fault.strerror}") from None
    if not is_there:
        raise UsageFault(f"{asked_by} {shown}: there is no such file in {here}")
    return OwnFile(here / word, word if word.isprintable() else shown)


def lab_named(word: str, here: Path, labs: Path) -> Lab:
    """The lab that a word names: one of the repository by its name, or a file of the user's own by its path.

    Args:
        word: As it was given.
        here: The caller's folder.
        labs: The repository's labs.

    Raises:
        UsageFault: If there is none; LabFault if its file cannot be used.
    """
    if not is_path(word):
        return find_lab(word, labs)
    try:
        file = own_file(word, here, "no lab")
    except UsageFault as fault:
        raise UsageFault(f"{fault}; the labs by name are {', '.join(lab_names(labs))}") from None
    return read_lab(file.path, "" if _lies_in(labs, file.path) else file.told)


def _lies_in(folder: Path, path: Path) -> bool:
    """Whether a file is one of a folder's own; links in a circle are in none."""
    try:
        return path.resolve().parent == folder.resolve()
    except (OSError, RuntimeError):  # RuntimeError: links in a circle, before Python 3.13
        return False


def name_to_compare(word: str, labs: Path, results: Path) -> str:
    """The name of the lab whose runs a word asks for: a lab of the repository, a path, or a name that results have.

    Args:
        word: As it was given.
        labs: The repository's labs.
        results: The store.

    Raises:
        UsageFault: If no lab is called so and there are no results of one.
    """
    name = word.removesuffix(SUFFIX).replace("\\", "/").rpartition("/")[2] if word.endswith(SUFFIX) else word
    if name in lab_names(labs) or name in store.labs_with_runs(results):
        return name
    return find_lab(word, labs).name
