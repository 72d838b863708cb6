"""The labs there are. They are read, never imported: a lab's code runs only where labs run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.course import lab_names
from harness.errors import UsageFault
from harness.lab_file import read_lab
from harness.lab_record import Claim, Knob, Lab, LabFault, Variant

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "Catalogue",
    "Claim",
    "Knob",
    "Lab",
    "LabFault",
    "Variant",
    "find_lab",
    "lab_names",
    "read_catalogue",
    "read_lab",
]

SHOWN_CHARACTERS = 60


@dataclass(frozen=True)
class Catalogue:
    """The labs of a folder by name, and apart from them why the others cannot be used."""

    labs: tuple[Lab, ...]
    faults: tuple[LabFault, ...]


def read_catalogue(folder: Path) -> Catalogue:
    """Read every lab of a folder; a broken one does not hide the others."""
    labs, faults = [], []
    for name in lab_names(folder):
        try:
            labs.append(read_lab(folder / f"{name}.py"))
        except LabFault as fault:
            faults.append(fault)
    return Catalogue(tuple(labs), tuple(faults))


def find_lab(name: str, folder: Path) -> Lab:
    """Read the lab of this name.

    Raises:
        UsageFault: If there is none, with what comes nearest and the list; LabFault if its file cannot be used.
    """
    shown = repr(name[:SHOWN_CHARACTERS])
    names = lab_names(folder)
    listed = f"the labs are {', '.join(names)}"
    if name.startswith("-"):
        raise UsageFault(f"no lab {shown}, and an option goes behind the lab's name; {listed}; see invoke --help lab")
    if not name or not set(name).isdisjoint("/\\\0") or name.startswith("."):
        raise UsageFault(f"no lab {shown}: a lab is named by one word, not by a path; {listed}")
    if name not in names:
        import difflib

        near = difflib.get_close_matches(name[:SHOWN_CHARACTERS], names, n=1)
        raise UsageFault(f"no lab {shown}{f': did you mean {near[0]}?' if near else ';'} {listed}")
    return read_lab(folder / f"{name}.py")
