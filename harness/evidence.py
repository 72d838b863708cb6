"""The record of a run: appended to a journal line by line as it happens, folded into run.json at the end.

Folding is a pure function of the request and the journal, so that a run whose machine or host died is closed later from
what it had written, on whatever side finds it.
"""

from __future__ import annotations

import json
import os
from types import NoneType
from typing import TYPE_CHECKING, Any

from harness import placement
from harness.request import FORMAT_VERSION
from harness.verdict import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from harness.request import Request

    Line = dict[str, Any]

JOURNAL = "journal.jsonl"
RECORD = "run.json"
FETCHED = ".fetched"
"""Marks, in the volume, a run that is in the store; the next container removes it."""
MEASURED = (
    "foreign_seconds",
    "steal_seconds",
    "throttled_seconds",
    "throttled_periods",
    "pressure_seconds",
    "children_seconds",
    "written_bytes",
    "writes",
)
"""What is a number or unknown in every sample: verdicts and tables reckon with it."""
SIDE = ("capacity", "control_wall_seconds", "control_cpu_seconds")
NUMBER = frozenset({float, int})
NUMBER_OR_NONE = frozenset({float, int, NoneType})
SHAPE: dict[str, type] = {
    "run_id": str,
    "sweep_id": str,
    "lab": str,
    "question": str,
    "cores": int,
    "python": str,
    "runner": str,
    "config": str,
    "created": str,
    "status": str,
    "knobs": dict,
    "placement": dict,
    "interpreter": dict,
    "seconds": dict,
    "rounds": list,
    "variants": list,
    "problems": list,
    "verdicts": list,
}


class Journal:
    """The lines of a run, each on disk as soon as it is known.

    Args:
        path: The file; it is appended to.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self.lines: list[Line] = []

    def add(self, kind: str, **fields: Any) -> Line:
        """Append one line."""
        line = {"kind": kind, **fields}
        os.write(self._file, (json.dumps(line) + "\n").encode())
        self.lines.append(line)
        return line

    def close(self) -> None:
        """Append no more."""
        os.close(self._file)


def read_journal(path: Path) -> list[Line]:
    """The lines of a journal; one that was cut off at the end is left out."""
    found = []
    for text in path.read_bytes().split(b"\n"):
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(line, dict) and "kind" in line:
            found.append(line)
    return found


def fold(request: Request, lines: Sequence[Line]) -> dict[str, Any]:
    """The record of a run, as run.json has it, from its request and its journal."""
    by_kind: dict[str, list[Line]] = {}
    for line in lines:
        by_kind.setdefault(line["kind"], []).append({key: value for key, value in line.items() if key != "kind"})
    start = _last(by_kind, "start")
    end = _last(by_kind, "end")
    samples = [sample for sample in by_kind.get("sample", []) if _belongs_to(request, sample)]
    return {
        "format_version": FORMAT_VERSION,
        "run_id": request.run_id,
        "sweep_id": request.sweep_id,
        "lab": request.lab,
        "question": request.question,
        "command": list(request.command),
        "origin": request.origin or None,
        "mine": request.mine,
        "cores": request.cores,
        "runner": request.runner,
        "python": request.python,
        "config": request.config,
        "knobs": request.knobs,
        "prediction": request.prediction,
        "seed": request.seed,
        "source_hash": request.source_hash,
        "created": request.created,
        "status": end.get("status", "interrupted"),
        "fixed_rounds": request.fixed_rounds,
        "deadline_seconds": request.deadline_seconds,
        **request.facts,
        "placement": _placement(request, start, end, samples),
        "interpreter": _interpreter(start, samples),
        "start_cost_seconds": start.get("start_cost_seconds"),
        "capacity_steps": start.get("capacity_steps"),
        "rounds": by_kind.get("round", []),
        "variants": [_variant(request, name, samples) for name in request.variants],
        "problems": [problem for sample in samples for problem in _problems(request, sample)]
        + _unequal_answers(_last(by_kind, "judged")),
        "verdicts": _last(by_kind, "judged").get("verdicts", []),
        "seconds": {
            "measured": sum(sample.get("wall_seconds") or 0.0 for sample in samples),
            "all": end.get("seconds"),
        },
    }


def _belongs_to(request: Request, sample: Line) -> bool:
    return sample.get("variant") in request.variants and isinstance(sample.get("id"), str) and _is_sample(sample)


def _last(by_kind: dict[str, list[Line]], kind: str) -> Line:
    return by_kind[kind][-1] if by_kind.get(kind) else {}


def _placement(request: Request, start: Line, end: Line, samples: Iterable[Line]) -> dict[str, Any]:
    found = placement.placement(sorted(request.cpus), start.get("proof"), end.get("proof"), request.in_container)
    narrowed = [sample["id"] for sample in samples if sample.get("affinity_at_end") not in (None, found["requested"])]
    return found | {"valid": found["valid"] and not narrowed, "narrowed_by": narrowed}


def _interpreter(start: Line, samples: Iterable[Line]) -> dict[str, Any]:
    """The interpreter's facts; the GIL counts as on where any sample ended with it on."""
    facts = dict(start.get("interpreter", {}))
    if facts:
        facts["gil_enabled"] = facts["gil_enabled"] or any(sample.get("gil_enabled") for sample in samples)
    return facts


def _variant(request: Request, name: str, samples: Iterable[Line]) -> dict[str, Any]:
    own = [
        {key: value for key, value in sample.items() if key != "variant"}
        for sample in samples
        if sample["variant"] == name
    ]
    outcomes = [sample["outcome"] for sample in own]
    worst = next((outcome for outcome in outcomes if outcome != request.variants[name]), None)
    return {
        "name": name,
        "doc": request.documents.get(name, ""),
        "ends": request.variants[name],
        "outcome": worst or (request.variants[name] if own else None),
        "samples": own,
    }


def _problems(request: Request, sample: Line) -> list[dict[str, Any]]:
    """What went against what the lab says of the sample's variant."""
    found = []
    about = {"variant": sample["variant"], "sample": sample["id"]}
    if sample.get("not_comparable"):
        found.append({"kind": "not_comparable", **about, "detail": sample.get("error") or ""})
    elif sample["outcome"] != request.variants[sample["variant"]]:
        found.append(
            {"kind": sample["outcome"], **about, "detail": sample.get("error") or sample.get("explanation") or ""}
        )
    if sample.get("log_full"):
        found.append({"kind": "too_much_output", **about, "detail": f"over {request.log_bytes} bytes"})
    if sample.get("left_behind"):
        found.append({"kind": "left_behind", **about, "detail": "; ".join(sample["left_behind"])})
    return found


def _unequal_answers(judged: Line) -> list[dict[str, Any]]:
    return list(judged.get("unequal_answers", []))


def fault_of(record: dict[str, Any]) -> str | None:
    """What keeps a file from being read as a record, or None: the shape that tables and verdicts rely on.

    The whole of it is run.schema.json, which takes longer to check than a run to read.
    """
    for key, kind in SHAPE.items():
        if not isinstance(record.get(key), kind):
            return f"{key} is {type(record.get(key)).__name__}"
    if not _is_placement(record["placement"]):
        return "placement is none"
    if record["interpreter"] and not _is_interpreter(record["interpreter"]):
        return "interpreter is none"
    if not isinstance(record.get("origin"), (str, NoneType)) or not _is_mine(record.get("mine")):
        return "where its code is from is not told"
    for one in record["rounds"]:
        if not isinstance(one, dict) or not isinstance(one.get("round"), int):
            return "a round has no number"
    if not _are_sides([side for one in record["rounds"] for side in map(one.get, ("before", "after"))]):
        return "a round has no capacity"
    for one in record["variants"]:
        if (
            not isinstance(one, dict)
            or not isinstance(one.get("name"), str)
            or not isinstance(one.get("samples"), list)
        ):
            return "a variant has no name or no samples"
        if not _are_samples(one["samples"]):
            return f"a sample of {one['name']} has no round, no outcome or times that are no numbers"
    if not all(_is_verdict(one) for one in record["verdicts"]):
        return "a verdict is none"
    return None


def _is_placement(placed: dict[str, Any]) -> bool:
    proof, requested = placed.get("proof"), placed.get("requested")
    return (
        isinstance(requested, list)
        and all(isinstance(cpu, int) for cpu in requested)
        and isinstance(placed.get("valid"), bool)
        and isinstance(placed.get("pinned", ""), (bool, NoneType))
        and isinstance(proof, dict)
        and isinstance(proof.get("start"), dict if placed["valid"] else (dict, NoneType))
    )


def _is_mine(mine: Any) -> bool:
    return mine is None or (
        isinstance(mine, dict)
        and isinstance(mine.get("file"), str)
        and isinstance(mine.get("variants"), list)
        and all(isinstance(name, str) for name in mine["variants"])
    )


def _is_interpreter(interpreter: dict[str, Any]) -> bool:
    flags = (interpreter.get("free_threaded"), interpreter.get("gil_enabled"))
    return isinstance(interpreter.get("version"), str) and all(isinstance(flag, bool) for flag in flags)


def _are_sides(sides: list[Any]) -> bool:
    there = [side for side in sides if side is not None]
    if not set(map(type, there)) <= {dict}:
        return False
    return {type(value) for one in there for value in map(one.get, SIDE)} <= NUMBER


def _is_sample(sample: Any) -> bool:
    return _are_samples([sample])


def _are_samples(samples: list[Any]) -> bool:
    """Whether all of these are samples: by the few kinds there are of them, since a class has a hundred thousand."""
    if not set(map(type, samples)) <= {dict}:
        return False
    kinds = {tuple(map(type, map(one.get, ("round", "outcome", *MEASURED)))) for one in samples}
    return all(
        round_ is int and outcome is str and NUMBER_OR_NONE.issuperset(measured) for round_, outcome, *measured in kinds
    )


def _is_verdict(verdict: Any) -> bool:
    return (
        isinstance(verdict, dict)
        and verdict.get("verdict") in VERDICTS
        and all(isinstance(verdict.get(key), str) for key in ("claim", "sentence", "reason"))
        and all(isinstance(verdict.get(key), list) for key in ("runs", "why"))
    )


def write_record(record: dict[str, Any], folder: Path) -> Path:
    """Write run.json whole or not at all, and drop the journal that it was made from."""
    path = folder / RECORD
    draft = folder / f".{RECORD}.{os.getpid()}"
    with draft.open("w", encoding="utf-8", errors="backslashreplace") as file:  # half a surrogate has no UTF-8
        json.dump(record, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    (folder / JOURNAL).unlink(missing_ok=True)
    return path
