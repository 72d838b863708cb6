"""What is kept of a sweep of a lab for its pages: figures with their intervals, how samples ended, how claims did."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import comparability, intervals
from harness.asked import answers_asked, speed_ups_asked
from harness.errors import UsageFault
from harness.figures import named, spread
from harness.findings import Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.catalogue import Lab

    Record = Mapping[str, Any]
    Kept = dict[str, Any]

FORMAT_VERSION = 1
CELLS = frozenset({(1, "3.14"), (2, "3.14"), (1, "3.14t"), (2, "3.14t")})
"""The core counts and interpreters that a sweep must have to be recorded."""
ANSWER_CHARACTERS = 40
"""A longer answer is left out: the claims say what it was held against."""
BUILD = re.compile(r"^(\S+ \d+\.\d+)\S*")
"""What a kernel's release says beyond its version is its builder's affair."""
DIGITS = 4
"""Of each number in a record: more than any table shows, few enough to be read in a change."""


def latest_sweep(records: Iterable[Record], lab: Lab) -> list[Record]:
    """The runs of the latest sweep that can be recorded, by interpreter and cores.

    Args:
        records: The runs of the lab that there are.
        lab: The lab as it is now.

    Raises:
        UsageFault: If there is no such sweep.
    """
    sweeps: dict[str, list[Record]] = {}
    for record in records:
        sweeps.setdefault(record["sweep_id"], []).append(record)
    for sweep in sorted(sweeps.values(), key=lambda runs: str(runs[0]["created"]), reverse=True):
        if not _why_not(sweep, lab):
            return sorted(sweep, key=lambda record: (record["python"], record["cores"]))
    why = _why_not(max(sweeps.values(), key=lambda runs: str(runs[0]["created"])), lab) if sweeps else "no run of it"
    raise UsageFault(f"{lab.name}: nothing to record ({why}): {to_record(lab.name)}")


def to_record(lab: str) -> str:
    """The commands that record a lab."""
    return f"`invoke lab {lab} --cores 1,2 --python 3.14,3.14t`, then `python -m harness.recorded {lab}`"


def _why_not(sweep: Sequence[Record], lab: Lab) -> str | None:
    """Why a sweep cannot be recorded, or None."""
    missing = CELLS - {(record["cores"], record["python"]) for record in sweep}
    if missing:
        cores, python = min(missing)
        return f"the latest sweep has no run on {cores} core{'s' if cores > 1 else ''} with {python}"
    for record in sweep:
        if reason := comparability.unfit(record):
            return f"{record['run_id']}: {reason}"
        names = [[entry["name"] for entry in record["variants"]], [one["claim"] for one in record["verdicts"]]]
        if names != [[each.name for each in lab.variants], [each.name for each in lab.claims]]:
            return f"{record['run_id']}: its variants or claims are not those of the lab as it is now"
    return None


def extract(sweep: Sequence[Record], lab: Lab) -> Kept:
    """What is kept of the runs of a sweep: figures with their intervals, outcomes, verdicts; no names, no paths."""
    first, source = sweep[0], lab.path.read_bytes()
    over, told = speed_ups_asked(source), answers_asked(source)
    return {
        "format_version": FORMAT_VERSION,
        "lab": lab.name,
        "measured": str(first["created"])[:10],
        "source_hash": first["source_hash"],
        "machine": {
            "model": first["machine"]["model"],
            "cpus": first["machine"]["cpus"],
            "system": BUILD.sub(r"\1", first["machine"]["system"]),
            "virtual": bool(first["machine"]["virtual"]),
        },
        "runner": first["runner"],
        "engine": first["engine"]["version"] if first["engine"] else None,
        "config": Path(first["config"]).name,
        "knobs": dict(first["knobs"]),
        "runs": [_run(record, over, told) for record in sweep],
    }


def _run(record: Record, over: Mapping[str, str], told: frozenset[str]) -> Kept:
    run = Run(record)
    capacities = list(run.capacities().values())
    names = [entry["name"] for entry in record["variants"]]
    return {
        "cores": record["cores"],
        "python": record["python"],
        "version": record["interpreter"]["version"],
        "gil_enabled": run.gil_enabled,
        "rounds": len(record["rounds"]),
        "capacity": [_short(min(capacities)), _short(max(capacities))] if capacities else None,
        "samples": sum(len(entry["samples"]) for entry in record["variants"]),
        "disturbed": sum(len(run.disturbances(named(name))) for name in names),
        "variants": [_variant(run, name, over.get(name), tells=name in told) for name in names],
        "claims": [{name: one[name] for name in ("claim", "verdict", "reason", "why")} for one in record["verdicts"]],
    }


def _variant(run: Run, name: str, base: str | None, *, tells: bool) -> Kept:
    variant = named(name)
    outcomes = run.outcomes(variant).values
    faster = run.speed_up(variant, over=named(base)).pairs if base else ()
    return {
        "name": name,
        "outcomes": {outcome: outcomes.count(outcome) for outcome in dict.fromkeys(outcomes)},
        "wall_seconds": _figure(list(run.walls(variant).values())),
        "disturbed_wall_seconds": _figure(run.disturbed_walls(variant)),
        "speed_up_over": base,
        "speed_up": _figure([value for _, value in faster]),
        "cores_busy": _figure([value for _, value in run.cores_busy(variant).pairs]),
        "answers": _answers(run.answers(variant).values) if tells else None,
    }


def _figure(values: Sequence[float]) -> Kept | None:
    """The median with its interval and the number of values; None where there are none: a figure is never made up."""
    if not values:
        return None
    low, high = spread(values)
    return {
        "low": _short(low),
        "median": _short(intervals.median(values)),
        "high": _short(high),
        "samples": len(values),
    }


def _answers(values: Sequence[Any]) -> Kept | None:
    """The one answer of every sample, or the least and the greatest of several numbers; None where neither is short."""
    if not values:
        return None
    if all(value == values[0] for value in values):
        return {"every": values[0]} if len(json.dumps(values[0])) <= ANSWER_CHARACTERS else None
    if all(isinstance(value, (int, float)) for value in values):
        return {"least": min(values), "most": max(values)}
    return None


def _short(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")
