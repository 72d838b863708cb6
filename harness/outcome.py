"""What a command's runs come to: one document of results, and the exit code that wins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.verdict import INCONCLUSIVE, REFUTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Record = Mapping[str, Any]

LIMITS = frozenset({"out_of_memory", "too_many_processes", "timed_out", "too_much_output"})
NOT_COMPARABLE = "not_comparable"
"""A fault of the lab's file that only a run can find: the answer of a variant is nothing that can be compared."""
FAILURES = frozenset({"crashed", "deadlocked", "killed", "finished", "unequal_answer"})
"""As the kind of a problem, "finished" is a variant that ended well though its lab says that it does not."""

ORDER = (70, 69, 75, 5, 2, 4, 1, 3, 0)
"""Of two exit codes the one that comes first wins."""


def verdicts_of(records: Iterable[Record]) -> list[dict[str, Any]]:
    """Every verdict of these runs once, with its lab; one over a sweep stands in each of its runs and comes once."""
    found: dict[tuple[str, str, tuple[str, ...]], dict[str, Any]] = {}
    for record in records:
        for verdict in record["verdicts"]:
            key = (record["lab"], verdict["claim"], tuple(sorted(verdict["runs"])))
            found.setdefault(key, {"lab": record["lab"], **verdict})
    return list(found.values())


def exit_code(records: Sequence[Record], *, inconclusive_ok: bool = False) -> int:
    """The exit code of a command whose runs all came to an end.

    Args:
        records: The runs.
        inconclusive_ok: Whether inconclusive claims count as good.

    Returns:
        2 a variant returned what cannot be compared; 4 a limit was hit that no claim expected; 1 a claim is refuted,
        answers differ, or a variant crashed or hung; 3 a claim is inconclusive or a run was misplaced; 0 all claims
        hold or are skipped. The first that applies.
    """
    problems = {problem["kind"] for record in records for problem in record["problems"]}
    verdicts = {verdict["verdict"] for verdict in verdicts_of(records)}
    misplaced = any(record["placement"]["pinned"] and not record["placement"]["valid"] for record in records)
    if NOT_COMPARABLE in problems:
        return 2
    if problems & LIMITS:
        return 4
    if problems & FAILURES or REFUTED in verdicts:
        return 1
    if (INCONCLUSIVE in verdicts and not inconclusive_ok) or misplaced:
        return 3
    return 0


def first_of(codes: Iterable[int]) -> int:
    """The exit code that wins where several came together; one that is in no order is a fault of our own."""
    found = {code if code in ORDER else ORDER[0] for code in codes}
    return next((code for code in ORDER if code in found), 0)


def document(records: Sequence[Record], code: int) -> dict[str, Any]:
    """The one document that --json prints."""
    return {"runs": list(records), "verdicts": verdicts_of(records), "exit_code": code}
