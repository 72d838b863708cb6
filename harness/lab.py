"""What a lab imports: marks for its variants and claims, the needs of a claim, and the types its claims speak of.

The marks only set an attribute: nothing is registered, a variant stays an ordinary function that can be called by hand.
Every worker process of a lab imports this module, so it imports almost nothing itself.
"""

from __future__ import annotations

from harness.findings import Run, Sweep
from harness.verdict import Estimate, Facts, Verdict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal, TypeVar, overload

    Function = TypeVar("Function", bound=Callable[..., Any])
    Outcome = Literal["finished", "deadlocked", "timed_out", "crashed", "out_of_memory", "too_many_processes", "killed"]
else:

    def overload(function: object) -> None:
        """Stand in for typing.overload, whose module every worker would have to load."""


__all__ = [
    "Estimate",
    "Facts",
    "Need",
    "Run",
    "Sweep",
    "Verdict",
    "claim",
    "cores",
    "free_threading",
    "gil",
    "python",
    "variant",
]


class Need:
    """Something a claim needs from the machine or the interpreter; unmet, the claim is skipped and says so.

    Args:
        name: How the need is written in the lab, such as ``cores(2)``.
        sentence: What is needed, as the reason of a skipped claim says it.
        kind: Which fact of a run is asked: "cores", "gil", "free_threading" or "python".
        least: The least value of that fact, where it has one.
    """

    __slots__ = ("kind", "least", "name", "sentence")

    def __init__(self, name: str, sentence: str, kind: str, least: tuple[int, ...] = ()) -> None:
        self.name = name
        self.sentence = sentence
        self.kind = kind
        self.least = least

    def __repr__(self) -> str:
        return self.name


gil = Need("gil", "needs an interpreter with the GIL on", "gil")
free_threading = Need("free_threading", "needs an interpreter with the GIL off", "free_threading")


def cores(least: int) -> Need:
    """A claim that needs at least this many cores in the run's set."""
    return Need(f"cores({least})", f"needs {least} cores", "cores", (least,))


def python(major: int, minor: int) -> Need:
    """A claim that needs at least this version of Python."""
    return Need(f"python({major}, {minor})", f"needs Python {major}.{minor}", "python", (major, minor))


@overload
def variant(function: Function, /) -> Function: ...
@overload
def variant(
    *, answer: Literal["same", "differs"] = "same", because: str = "", ends: Outcome = "finished"
) -> Callable[[Function], Function]: ...
def variant(
    function: Function | None = None, /, *, answer: str = "same", because: str = "", ends: str = "finished"
) -> Function | Callable[[Function], Function]:
    """Mark a function as one way to do the lab's work.

    Args:
        function: The function itself, where the mark stands without brackets.
        answer: "same" where all variants must return equal answers, "differs" where this one's may not.
        because: Why the answer differs; required then.
        ends: The outcome this variant is meant to have; anything else is unexpected. One that is meant to hang is not
            timed but watched, and is ended as soon as it hangs for sure.
    """

    def mark(function: Function) -> Function:
        function.__pinlab_variant__ = {"answer": answer, "because": because, "ends": ends}  # type: ignore[attr-defined]
        return function

    return mark if function is None else mark(function)


@overload
def claim(function: Function, /) -> Function: ...
@overload
def claim(*, needs: Need | tuple[Need, ...] = ()) -> Callable[[Function], Function]: ...
def claim(
    function: Function | None = None, /, *, needs: Need | tuple[Need, ...] = ()
) -> Function | Callable[[Function], Function]:
    """Mark a function as a claim: from a Run or a Sweep it makes a Verdict; its docstring is the sentence judged.

    Args:
        function: The function itself, where the mark stands without brackets.
        needs: What the claim needs; where that is not met it is skipped.
    """

    def mark(function: Function) -> Function:
        function.__pinlab_claim__ = (needs,) if isinstance(needs, Need) else needs  # type: ignore[attr-defined]
        return function

    return mark if function is None else mark(function)
