"""What each lab can show on a machine: with which options each of its claims can be judged, or why it cannot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERPRETER_NEEDS = {
    "gil": "an interpreter with the GIL, such as --python 3.14",
    "free_threading": "a free-threaded interpreter: --python 3.14t",
    "python": "Python {} or newer",
}


@dataclass(frozen=True)
class Showing:
    """Whether a claim of a lab can be judged here.

    Attributes:
        lab: The lab.
        claim: The claim's name.
        sentence: The claim, as its docstring says it.
        options: With which options of the command, such as "--cores 2 --python 3.14"; empty if it cannot be.
        why_not: Why it cannot be judged here; empty if it can.
    """

    lab: str
    claim: str
    sentence: str
    options: str
    why_not: str


class Asking(Protocol):
    """What a claim asks of the place where it is judged."""

    @property
    def over(self) -> str:
        """What it judges: "run" or "sweep"."""

    @property
    def needs(self) -> tuple[str, ...]:
        """What it needs, as the lab writes it: "cores(2)", "gil", "free_threading", "python(3, 14)"."""


class ClaimFacts(Asking, Protocol):
    """What is asked of a claim of the catalogue."""

    @property
    def name(self) -> str:
        """Its function's name."""

    @property
    def doc(self) -> str:
        """Its sentence."""


class LabFacts(Protocol):
    """What is asked of a lab of the catalogue."""

    @property
    def name(self) -> str:
        """Its command word."""

    @property
    def claims(self) -> Sequence[ClaimFacts]:
        """Its claims, in order."""


def what_labs_show(labs: Sequence[LabFacts], sizes: Sequence[int], interpreters: Sequence[str]) -> tuple[Showing, ...]:
    """Say for each claim with which options it can be judged here, or why it cannot.

    Args:
        labs: The labs of the catalogue.
        sizes: The core counts that can be given.
        interpreters: The interpreters there are.
    """
    return tuple(
        Showing(lab.name, claim.name, claim.doc, *options_of(claim, sizes, interpreters))
        for lab in labs
        for claim in lab.claims
    )


def version_of(text: str) -> tuple[int, ...]:
    """The first two numbers of a version such as "3.14t" or "v2.40.1"; empty if it has none."""
    return tuple(int(number) for number in re.findall(r"\d+", text)[:2])


def options_of(claim: Asking, sizes: Sequence[int], interpreters: Sequence[str]) -> tuple[str, str]:
    """The options with which a claim can be judged, and why it cannot: one of the two is empty."""
    fitting = tuple(sorted(sizes))
    fit_interpreters = tuple(interpreters)
    for need in claim.needs:
        kind, numbers = _need(need)
        if kind == "cores":
            if not any(size >= numbers[0] for size in sizes):
                return "", f"needs {numbers[0]} cores, here are {max(sizes, default=0)}"
            if claim.over == "run":
                fitting = tuple(size for size in fitting if size >= numbers[0])
        else:
            fit_interpreters = tuple(name for name in fit_interpreters if _interpreter_meets(name, kind, numbers))
            if not fit_interpreters:
                return "", f"needs {INTERPRETER_NEEDS[kind].format('.'.join(map(str, numbers)))}"
    if not fitting or not fit_interpreters:
        return "", "no size of compose.yaml fits here" if not fitting else "no interpreter is there"
    if claim.over == "sweep":
        if len(fitting) < 2:
            return "", f"compares core counts, here is only --cores {fitting[0]}"
        return f"--cores {','.join(map(str, fitting))} --python {fit_interpreters[0]}", ""
    return f"--cores {fitting[0]} --python {fit_interpreters[0]}", ""


def _need(text: str) -> tuple[str, tuple[int, ...]]:
    if re.fullmatch(r"gil|free_threading|cores\(\d+\)|python\(\d+, ?\d+\)", text) is None:
        raise ValueError(f"not a need: {text!r}; allowed are cores(n), gil, free_threading, python(major, minor)")
    return text.partition("(")[0], tuple(map(int, re.findall(r"\d+", text)))


def _interpreter_meets(name: str, kind: str, least: tuple[int, ...]) -> bool:
    if kind == "python":
        return version_of(name) >= least
    return name.endswith("t") == (kind == "free_threading")
