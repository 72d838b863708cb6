"""Why-lines: the causes of a deviation that a run's own evidence shows, and none where it shows none."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def causes(record: Mapping[str, Any]) -> tuple[str, ...]:
    """What in the record of a run makes parallel work slower than its number of cores promises, each in a sentence."""
    found = []
    siblings = record.get("topology", {}).get("smt_siblings") or []
    if siblings:
        pairs = ", ".join("-".join(map(str, pair)) for pair in siblings)
        found.append(f"the set holds hardware threads of the same core (CPUs {pairs}): together they are less than two")
    interpreter = record.get("interpreter", {})
    if interpreter.get("free_threaded") and interpreter.get("gil_enabled"):
        found.append("an import turned the GIL on in this free-threaded interpreter")
    quota = (record.get("placement", {}).get("proof", {}).get("start") or {}).get("quota_cores")
    if quota is not None and quota < record["cores"]:
        found.append(f"a quota gives the set the time of {quota:g} cores")
    return tuple(found)
