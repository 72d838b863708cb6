"""What a lab says of itself, as records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import UsageFault

if TYPE_CHECKING:
    from pathlib import Path

    from harness.literal import Plain

KNOB_TYPES: dict[str, type[int | float | str | bool]] = {"int": int, "float": float, "str": str, "bool": bool}


class LabFault(UsageFault):
    """A lab's file cannot be used as it is."""


@dataclass(frozen=True)
class Knob:
    """A size of the work that a config may set.

    Attributes:
        name: The parameter's name.
        type: "int", "float", "str" or "bool".
        default: Its value where nothing sets it.
    """

    name: str
    type: str
    default: Plain


@dataclass(frozen=True)
class Variant:
    """One way to do the lab's work.

    Attributes:
        name: The function's name.
        doc: Its docstring's first line.
        line: Where it stands.
        answer: "same" or "differs".
        because: Why the answer differs.
        ends: The outcome it is meant to have.
        knobs: Names of its parameters, in order.
    """

    name: str
    doc: str
    line: int
    answer: str
    because: str
    ends: str
    knobs: tuple[str, ...]


@dataclass(frozen=True)
class Claim:
    """A sentence that evidence can uphold or refute.

    Attributes:
        name: The function's name.
        doc: Its docstring's first line: the sentence.
        line: Where it stands.
        over: What it judges: "run" or "sweep".
        needs: What it needs, such as "cores(2)", "gil".
    """

    name: str
    doc: str
    line: int
    over: str
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Lab:
    """One question, one file.

    Attributes:
        name: The module's name: the command word.
        path: Its file.
        question: Its docstring's first line.
        text: The explanation in its docstring.
        predict: What the learner is to predict; empty where nothing is asked.
        variants: In order of definition.
        claims: In order of definition.
        knobs: The union of the variants' parameters.
        origin: The file of a lab from outside the repository, as the user named it; else empty.
    """

    name: str
    path: Path
    question: str
    text: str
    predict: str
    variants: tuple[Variant, ...]
    claims: tuple[Claim, ...]
    knobs: dict[str, Knob]
    origin: str = ""
