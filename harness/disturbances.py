"""What a reader is told of disturbed samples: what, by how much, what it means for the claims, and what to do."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from harness import noise
from harness.figures import named
from harness.findings import Run
from harness.verdict import HOLDS, INCONCLUSIVE, REFUTED, TOO_FEW

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EXTENTS = {
    noise.THROTTLED: "up to {} of a sample's time",
    noise.WAITED: "up to {} of a sample's time",
    noise.OTHERS: "up to {} of the CPUs' time",
    noise.STOLEN: "up to {} of the CPUs' time",
    noise.CONTROL: "up to {} of its time",
}
ADVICE = {
    noise.THROTTLED: "lift the quota on the container's CPU time",
    noise.WAITED: "close other programs",
    noise.OTHERS: "close other programs",
    noise.STOLEN: "try again when the machine's host is less busy",
    noise.CONTROL: "close other programs",
}


STEADY = "close other programs, let a laptop cool, on its charger, or give it more time with --budget"


def lines(record: Mapping[str, Any]) -> tuple[str, ...]:
    """What disturbed the samples of a run and what follows from it; none where nothing did.

    Args:
        record: The run.
    """
    return *_dropped(record), *_unsteady(record)


def _unsteady(record: Mapping[str, Any]) -> tuple[str, ...]:
    """That the speed of a core kept moving, where a claim is open for it; nothing is dropped for that."""
    moved = [share for one in record["rounds"] if (share := noise.speed_moved_by(one)) is not None]
    still_open = any(one["verdict"] == INCONCLUSIVE for one in _measured(record["verdicts"]))
    if not still_open or 2 * len(moved) < len(record["rounds"]) or not moved:
        return ()
    far = f"in {len(moved)} of {len(record['rounds'])} rounds, by up to {100 * max(moved):.0f} %"
    return (f"the speed of one core moved {far}, which widens every interval: {STEADY}",)


def _dropped(record: Mapping[str, Any]) -> tuple[str, ...]:
    """What disturbed the samples that were dropped, and what follows from it, in two lines."""
    run = Run(record)
    entries = record["variants"]
    found = [disturbed for entry in entries for disturbed in run.disturbances(named(entry["name"]))]
    every = sum(len(entry["samples"]) for entry in entries)
    if not found:
        return ()
    counts = Counter(reason for reason, _ in found)
    told = ", ".join(f"{reason} ({_extent(reason, found)})" for reason, _ in counts.most_common())
    only = "; ~ marks times that stand on such samples alone" if len(found) == every else ""
    first = f"{len(found)} of {every} samples disturbed and dropped: {told}{only}"
    return first, _consequence(record["verdicts"], counts.most_common(1)[0][0])


def _extent(reason: str, found: Sequence[tuple[str, float]]) -> str:
    """How many samples went for a reason, and how far the worst of them was off."""
    shares = [share for of, share in found if of == reason]
    words = EXTENTS.get(reason)
    return f"{len(shares)}, {words.format(f'{100 * max(shares):.0f} %')}" if words else f"{len(shares)}"


def _consequence(verdicts: Sequence[Mapping[str, Any]], reason: str) -> str:
    """What the loss means for the claims, and what to do about its main cause."""
    measured = _measured(verdicts)
    still_open = sum(verdict["verdict"] == INCONCLUSIVE for verdict in measured)
    if measured and not still_open:
        return "the samples that were kept settle every claim"
    remedy = ADVICE.get(reason, "see run.json")
    if not measured and any(one["verdict"] in (HOLDS, REFUTED) for one in verdicts):
        return f"no claim here rests on times; for steadier ones, {remedy}"
    advice = f"{remedy}; or give it more time with --budget"
    if not measured:
        return advice
    return f"{still_open} of {len(measured)} measured claims stay open on what was kept: {advice}"


def _measured(verdicts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The verdicts that rest on times."""
    return [one for one in verdicts if one.get("figures") or one["reason"].startswith(TOO_FEW)]
