"""Which runs may stand side by side: the facts that must agree, and why a run is left out.

Cores, interpreter, seed and the number of rounds may differ: that is what is compared, or does not matter to a median.
Pure functions of records.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import UsageFault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Record = Mapping[str, Any]
    Known = tuple[str, dict[str, Any], dict[str, Any]]

VALUE_CHARACTERS = 60
HEAD = (
    *("run_id", "lab", "created", "cores", "python", "status", "command", "knobs", "runner"),
    *("source_hash", "harness_hash", "origin", "mine"),
)
HEAD_PARTS = {
    "placement": ("pinned", "valid"),
    "machine": ("name", "model", "cpus", "system", "governor"),
    "engine": ("version", "kernel"),
    "interpreter": ("version", "build", "gil_enabled"),
}
"""All that is read here of a record, and of its parts."""
MOST_NAMED = 2
"""Of more values than this only the newest is named, and the others are counted."""


@dataclass(frozen=True)
class Difference:
    """A fact that two runs do not share.

    Attributes:
        fact: Its name.
        one: Its value in the one.
        other: Its value in the other.
    """

    fact: str
    one: str
    other: str


@dataclass(frozen=True)
class Choice:
    """The runs that stand side by side.

    Attributes:
        records: The runs, by interpreter and cores.
        left_out: What was left out and why, a line each.
        unlike: Where runs that differ were asked for all the same: in what, a line each.
    """

    records: tuple[Record, ...]
    left_out: tuple[str, ...] = ()
    unlike: tuple[str, ...] = ()


def head(record: Record) -> dict[str, Any]:
    """What is read here of a record: little, so that many fit into memory."""
    kept = {key: record[key] for key in HEAD if key in record}
    for key, names in HEAD_PARTS.items():
        part = record.get(key)
        if isinstance(part, dict):
            # A thousand runs on one machine share the strings that say so.
            kept[key] = {
                name: sys.intern(found) if (found := part.get(name)).__class__ is str else found for name in names
            }
    return kept


def unfit(record: Record) -> str | None:
    """Why a run is never compared, or None."""
    if record["status"] != "complete":
        return str(record["status"])
    if not record["placement"]["pinned"]:
        return "unpinned"
    return None if record["placement"]["valid"] else "invalid placement"


def facts(record: Record) -> dict[str, Any]:
    """What must agree, whatever the cores and the interpreter."""
    machine, engine = (_part(record, name) for name in ("machine", "engine"))
    return {
        "lab": record["lab"],
        "command": " ".join(map(str, record.get("command") or ())),
        "where the lab is from": "a file of one's own" if record.get("origin") else "this repository",
        "who wrote its variants": _writers(record),
        "the lab's source": record.get("source_hash"),
        **{f"knob {name}": value for name, value in sorted(record["knobs"].items())},
        "runner": record["runner"],
        "machine": machine.get("name"),
        "CPU model": machine.get("model"),
        "number of usable CPUs": machine.get("cpus"),
        "system": machine.get("system"),
        "frequency governor": machine.get("governor"),
        "engine": engine.get("version"),
        "engine's kernel": engine.get("kernel"),
        "harness": record.get("harness_hash"),
    }


def interpreter_facts(record: Record) -> dict[str, Any]:
    """What must agree besides, between runs under the same interpreter."""
    interpreter, name = record["interpreter"], record["python"]
    return {
        f"version of {name}": interpreter.get("version"),
        f"build of {name}": interpreter.get("build"),
        f"GIL of {name}": "on" if interpreter.get("gil_enabled") else "off",
    }


def difference(one: Record, other: Record) -> Difference | None:
    """The first fact that must agree between two runs and does not, or None."""
    return _difference(_known(one), _known(other))


def _known(record: Record) -> Known:
    """The interpreter that was asked for, the facts, and those of the interpreter."""
    return record["python"], facts(record), interpreter_facts(record)


def _difference(one: Known, other: Known) -> Difference | None:
    alike = one[0] == other[0]
    if one[1] == other[1] and (not alike or one[2] == other[2]):
        return None
    in_one, in_other = (one[1] | one[2], other[1] | other[2]) if alike else (one[1], other[1])
    for fact in in_one | in_other:
        if in_one.get(fact) != in_other.get(fact):
            return Difference(fact, shown(in_one.get(fact)), shown(in_other.get(fact)))
    return None


def latest(records: Iterable[Record]) -> Choice:
    """The newest run that can be compared, and the newest one like it on each other core count and interpreter."""
    newest_first = sorted(records, key=_age, reverse=True)
    fit = [record for record in newest_first if not unfit(record)]
    never = [reason for record in newest_first if (reason := unfit(record))]
    taken: dict[tuple[str, int], Record] = {}
    models: dict[str, Known] = {}
    differing: dict[str, list[Difference]] = {}
    for record in fit:
        known = _known(record)
        first = next(iter(models.values()), known)
        alike = models.get(record["python"], first)
        found = _difference(known, first) or (None if alike is first else _difference(known, alike))
        if found:
            differing.setdefault(found.fact, []).append(found)
            continue
        models.setdefault(record["python"], known)
        taken.setdefault((record["python"], record["cores"]), record)
    lines = [_left_out(found) for found in differing.values()]
    lines += [f"left out {_runs(never.count(reason))}: {reason}" for reason in dict.fromkeys(never)]
    return Choice(_in_order(taken.values()), tuple(lines))


def named(records: Iterable[Record], asked: Sequence[str], *, anyway: bool) -> Choice:
    """The runs asked for by their ids.

    Args:
        records: All there are.
        asked: The ids.
        anyway: Whether to take runs that differ; what they differ in is then told.

    Raises:
        UsageFault: If there is no such run, it is never compared, or it differs and that was not allowed.
    """
    by_id = {record["run_id"]: record for record in records}
    for run_id in asked:
        if run_id not in by_id:
            raise UsageFault(f"no run {run_id!r} among the results of this lab: `ls results` lists the runs there are")
        if reason := unfit(by_id[run_id]):
            raise UsageFault(f"{run_id} is never compared: {reason}; run the lab again")
    chosen = [by_id[run_id] for run_id in dict.fromkeys(asked)]
    models: dict[str, Record] = {}
    unlike = []
    for record in chosen:
        first, alike = chosen[0], models.setdefault(record["python"], record)
        for model in (first, alike):
            found = difference(model, record)
            if found:
                told = f"{found.fact} is {found.one} in {model['run_id']}, {found.other} in {record['run_id']}"
                if not anyway:
                    raise UsageFault(f"these runs are not alike: {told}; --anyway shows them all the same")
                unlike.append(told)
                break
    return Choice(_in_order(chosen), (), tuple(unlike))


def shown(value: object) -> str:
    """A fact's value, in a few words."""
    text = "unknown" if value is None else str(value) or "none"
    return text if len(text) <= VALUE_CHARACTERS else text[: VALUE_CHARACTERS - 1] + "…"


def _part(record: Record, name: str) -> dict[str, Any]:
    part = record.get(name)
    return part if isinstance(part, dict) else {}


def _writers(record: Record) -> str:
    """The lab alone, or which variants are a learner's, from which file."""
    mine = _part(record, "mine")
    return f"{', '.join(mine['variants'])} from {mine['file']}" if mine else "the lab"


def _age(record: Record) -> tuple[str, str]:
    return record["created"], record["run_id"]


def _in_order(records: Iterable[Record]) -> tuple[Record, ...]:
    """By interpreter, then by cores; what agrees in both, the older first."""
    return tuple(sorted(records, key=lambda record: (record["python"], record["cores"], *_age(record))))


def _runs(count: int) -> str:
    return f"{count} run{'s' if count != 1 else ''}"


def _left_out(found: Sequence[Difference]) -> str:
    """One line for all older runs that differ in the same fact."""
    values = list(dict.fromkeys(one.one for one in found))
    old = " or ".join(values) if len(values) <= MOST_NAMED else f"{values[0]} or one of {len(values) - 1} others"
    runs = f"{len(found)} older run{'s' if len(found) != 1 else ''}"
    return f"left out {runs}: {found[0].fact} was {old}, now {found[0].other}"
