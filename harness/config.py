"""How hard to run: a TOML file of limits and of the labs' sizes, checked down to the last key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.catalogue import lab_names, read_lab
from harness.errors import UsageFault
from harness.lab_record import KNOB_TYPES, Knob, Lab, LabFault
from harness.toml_file import Limit, key_text, limited, listed, locate, read_tables, shown, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from harness.literal import Plain

MOST_TIMES = 10_000
"""How many times its default a knob may be: a slip of the hand is refused here, not by a machine that ran out."""

LIMITS = {
    "deadline_seconds": Limit(float, 0.1, 24 * 3600, "seconds"),
    "budget_seconds": Limit(float, 0.1, 7 * 24 * 3600, "seconds"),
    "rounds": Limit(int, 1, 10_000, "rounds"),
    "log_bytes": Limit(int, 1_000, 10**9, "bytes"),
    "memory_bytes": Limit(int, 64 * 2**20, 2**50, "bytes"),
}
OPTIONAL = ("rounds",)
USUAL = "standard"
"""The config that holds where none is named, and for what a file leaves out."""


@dataclass(frozen=True)
class Config:
    """How hard to run.

    Attributes:
        name: The word or file that it was asked for by.
        path: Its file.
        deadline_seconds: When a cell (one variant, once) is stopped.
        budget_seconds: The time for the rounds of one run.
        rounds: The number of rounds, where it is fixed.
        log_bytes: How much of a lab's own output is kept.
        memory_bytes: The most data a cell may have on the local runner; a container has its own limit.
        knobs: What it sets of each lab's knobs.
    """

    name: str
    path: Path
    deadline_seconds: float
    budget_seconds: float
    rounds: int | None
    log_bytes: int
    memory_bytes: int
    knobs: dict[str, dict[str, Plain]]


def load_config(name_or_path: str, repo: Path, cwd: Path, outside: Lab | None = None) -> Config:
    """Read a config; what a file's [run] leaves out is as in the usual config.

    Args:
        name_or_path: A name such as "standard" is one of the repository's; what ends in .toml or has a / in it is a
            file.
        repo: The repository.
        cwd: The caller's folder, from which a file is looked for.
        outside: A lab from outside the repository, which a file may have a table for; the repository's configs have
            none, even where one of its own labs is called the same.

    Raises:
        UsageFault: In one line, if there is no such config or anything in it is wrong.
    """
    path = locate(name_or_path, repo / "configs", cwd, "config")
    usual = repo / "configs" / f"{USUAL}.toml"
    is_own = path.parent == repo / "configs"
    tables = _Checked(path, read_tables(path, "config"), repo / "labs", None if is_own else outside)
    own = tables.run()
    rest = {} if path == usual else _Checked(usual, read_tables(usual, "config"), repo / "labs").run()
    if missing := [name for name in LIMITS if name not in own | rest and name not in OPTIONAL]:
        raise UsageFault(f"{path}: run.{missing[0]}: missing; {listed('key', LIMITS)}")
    values: dict[str, Any] = {
        **dict.fromkeys(OPTIONAL),
        **{key: rest[key] for key in rest if key not in OPTIONAL},
        **own,
    }
    knobs = tables.knobs()
    if is_own and outside is not None:
        knobs.pop(outside.name, None)
    return Config(name=name_or_path, path=path, knobs=knobs, **values)


def knobs_for(config: Config, lab: Lab, sets: Sequence[str] = ()) -> dict[str, Plain]:
    """Every knob of a lab with its value: what was set on the command line, else by the config, else the lab's own.

    Args:
        config: The config.
        lab: The lab.
        sets: What `--set` gave, each as "count=1_000".

    Raises:
        UsageFault: If a knob is unknown, set twice, or given a value that does not fit its type.
    """
    chosen: dict[str, Plain] = {}
    for given in sets:
        name, equals, text = given.partition("=")
        name = name.strip()
        if not equals:
            raise UsageFault(f"--set {shown(given)}: write it as KNOB=VALUE; {listed('knob', lab.knobs, lab.name)}")
        if name not in lab.knobs:
            raise UsageFault(f"--set {shown(given)}: {unknown('knob', name, lab.knobs, lab.name)}")
        if name in chosen:
            raise UsageFault(f"--set {shown(given)}: {name} is set twice")
        chosen[name] = fitting(lab.knobs[name], _from_text(lab.knobs[name], text), f"--set {shown(given)}", text)
    own = {name: knob.default for name, knob in lab.knobs.items()}
    return own | config.knobs.get(lab.name, {}) | chosen


class _Checked:
    """The tables of a config's file, checked.

    Args:
        path: The file, for what is said of it.
        tables: What was read from it.
        labs: The folder of labs.
        outside: A lab that is not there.
    """

    def __init__(self, path: Path, tables: dict[str, Any], labs: Path, outside: Lab | None = None) -> None:
        self._outside = outside
        self._path = path
        self._tables = tables
        self._labs = labs
        for name, table in tables.items():
            if not isinstance(table, dict):
                allowed = f"tables alone stand at the top: [run], and one for each lab ({', '.join(lab_names(labs))})"
                raise self._fault(name, f"no table; {allowed}")

    def run(self) -> dict[str, Any]:
        """The values of [run] that are given."""
        table = self._tables.get("run", {})
        for name in table:
            if name not in LIMITS:
                raise self._fault(f"run.{key_text(name)}", unknown("key", name, LIMITS))
        return {name: limited(value, LIMITS[name], f"{self._path}: run.{name}") for name, value in table.items()}

    def knobs(self) -> dict[str, dict[str, Plain]]:
        """The knobs of each lab that has a table."""
        outside = {self._outside.name: self._outside.knobs} if self._outside else {}
        names = [*lab_names(self._labs), *outside]
        found: dict[str, dict[str, Plain]] = {}
        for name, table in self._tables.items():
            if name == "run":
                continue
            if name not in names:
                raise self._fault(key_text(name), unknown("lab", name, ["run", *names]))
            try:
                known = outside[name] if name in outside else read_lab(self._labs / f"{name}.py").knobs
            except LabFault as fault:
                raise self._fault(name, f"the lab cannot be read: {fault}") from None
            found[name] = {knob: self._knob(name, knob, value, known) for knob, value in table.items()}
        return found

    def _knob(self, lab: str, name: str, value: object, known: Mapping[str, Knob]) -> Plain:
        key = f"{lab}.{key_text(name)}"
        if name not in known:
            raise self._fault(key, unknown("knob", name, known, lab))
        return fitting(known[name], value, f"{self._path}: {key}", value)

    def _fault(self, key: str, what: str) -> UsageFault:
        return UsageFault(f"{self._path}: {key}: {what}")


def fitting(knob: Knob, value: object, where: str, given: object) -> Plain:
    """The value as the knob's type has it, within its range; a whole number fits a float.

    Args:
        knob: The knob.
        value: What it is to be.
        where: What set it, for what is said of it.
        given: The value as it was written.

    Raises:
        UsageFault: If the value does not fit.
    """
    if knob.type == "float" and type(value) is int and abs(value) < 10**18:
        value = float(value)
    if not isinstance(value, int | float | str) or type(value) is not KNOB_TYPES[knob.type]:
        raise UsageFault(f"{where}: {shown(given)} is no {knob.type}, as the knob {knob.name} is ({knob.default!r})")
    if not isinstance(value, str | bool) and not isinstance(knob.default, str):
        least = min(knob.default, 1) if knob.type == "int" else min(knob.default, 0)
        most = MOST_TIMES * max(abs(knob.default), 1)
        if not least <= value <= most:
            raise UsageFault(
                f"{where}: {shown(given)} is out of range: the knob {knob.name} is {least:g} to {most:,.0f}"
            )
    return value


def _from_text(knob: Knob, text: str) -> Plain | None:
    """What a text means as a knob of this type, or None where it means nothing."""
    text = text.strip()
    if knob.type == "str":
        return text
    if knob.type == "bool":
        return {"true": True, "false": False}.get(text.lower())
    try:
        return KNOB_TYPES[knob.type](text)
    except ValueError:
        return None
