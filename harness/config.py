"""How hard to run: a TOML file of limits and of the labs' sizes, checked down to the last key."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.catalogue import lab_names, read_lab
from harness.errors import UsageFault
from harness.lab_record import KNOB_TYPES, Knob, Lab, LabFault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from harness.literal import Plain

MOST_BYTES = 100_000
MOST_DOTS = 20
"""In a line: the parser's memory grows with the square of the parts of a dotted key, to gigabytes in a small file."""
SHOWN_CHARACTERS = 60
MOST_TIMES = 10_000
"""How many times its default a knob may be: a slip of the hand is refused here, not by a machine that ran out."""


@dataclass(frozen=True)
class Limit:
    """What a key of the table [run] may be.

    Attributes:
        type: int or float, which a whole number fits, too.
        least: The smallest value.
        most: The largest value.
        unit: What it is counted in.
    """

    type: type[int | float]
    least: float
    most: float
    unit: str


LIMITS = {
    "deadline_seconds": Limit(float, 0.1, 24 * 3600, "seconds"),
    "budget_seconds": Limit(float, 0.1, 7 * 24 * 3600, "seconds"),
    "rounds": Limit(int, 1, 10_000, "rounds"),
    "log_bytes": Limit(int, 1_000, 10**9, "bytes"),
    "memory_bytes": Limit(int, 64 * 2**20, 2**50, "bytes"),
}
OPTIONAL = ("rounds",)
USUAL = "quick"
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
        name_or_path: A name such as "quick" is one of the repository's; what ends in .toml or has a / in it is a file.
        repo: The repository.
        cwd: The caller's folder, from which a file is looked for.
        outside: A lab from outside the repository, which a file may have a table for; the repository's configs have
            none, even where one of its own labs is called the same.

    Raises:
        UsageFault: In one line, if there is no such config or anything in it is wrong.
    """
    path = _located(name_or_path, repo / "configs", cwd)
    usual = repo / "configs" / f"{USUAL}.toml"
    is_own = path.parent == repo / "configs"
    tables = _Checked(path, _parsed(path, _source(path)), repo / "labs", None if is_own else outside)
    own = tables.run()
    rest = {} if path == usual else _Checked(usual, _parsed(usual, _source(usual)), repo / "labs").run()
    if missing := [name for name in LIMITS if name not in own | rest and name not in OPTIONAL]:
        raise UsageFault(f"{path}: run.{missing[0]}: missing; {_listed('key', LIMITS)}")
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
            raise UsageFault(f"--set {_shown(given)}: write it as KNOB=VALUE; {_listed('knob', lab.knobs, lab.name)}")
        if name not in lab.knobs:
            raise UsageFault(f"--set {_shown(given)}: {_unknown('knob', name, lab.knobs, lab.name)}")
        if name in chosen:
            raise UsageFault(f"--set {_shown(given)}: {name} is set twice")
        chosen[name] = _fitting(lab.knobs[name], _from_text(lab.knobs[name], text), f"--set {_shown(given)}", text)
    own = {name: knob.default for name, knob in lab.knobs.items()}
    return own | config.knobs.get(lab.name, {}) | chosen


def _located(name: str, folder: Path, cwd: Path) -> Path:
    """The file of a config, which need not exist."""
    if not name or "\0" in name or name.startswith("-"):
        raise UsageFault(f"no config {_shown(name)}: give a name or a file; {_configs(folder)}")
    if name.endswith(".toml") or "/" in name or "\\" in name:
        return cwd / name
    if name not in _names(folder):
        import difflib

        near = difflib.get_close_matches(name[:SHOWN_CHARACTERS], _names(folder), n=1)
        guess = f"did you mean {near[0]}? " if near else ""
        raise UsageFault(f"no config {_shown(name)}: {guess}{_configs(folder)}")
    path = folder / f"{name}.toml"
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UsageFault(f"no config {_shown(name)}: a link that leads out of {folder.name}/; {_configs(folder)}")
    return path


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.toml"))


def _configs(folder: Path) -> str:
    return f"the configs are {', '.join(_names(folder))}, or a FILE.toml"


def _source(path: Path) -> str:
    """The text of a config's file: UTF-8, with or without a byte order mark, with any line ends."""
    try:
        if not path.is_file():
            raise UsageFault(f"no config {path}: there is no such file")
        if path.stat().st_size > MOST_BYTES:
            raise UsageFault(f"{path}: more than {MOST_BYTES // 1000} kB: that is no config")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as fault:
        raise UsageFault(f"{path}: cannot be read: {fault.strerror}") from None
    except UnicodeDecodeError as fault:
        raise UsageFault(f"{path}: byte {fault.start} is not UTF-8: save the file as UTF-8") from None
    return text


def _parsed(path: Path, text: str) -> dict[str, Any]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.count(".") > MOST_DOTS and not line.lstrip().startswith("#"):
            raise UsageFault(f"{path}: more than {MOST_DOTS} dots in line {number}: that is no config")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise UsageFault(f"{path}: nested too deep: a config has tables of plain values") from None
    except ValueError as fault:  # TOMLDecodeError, and numbers of too many digits
        reason = str(fault).split("; use sys.set")[0]
        raise UsageFault(f"{path}: {reason.splitlines()[0][:200]}") from None


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
                raise self._fault(f"run.{_key(name)}", _unknown("key", name, LIMITS))
        return {name: self._limited(name, value) for name, value in table.items()}

    def knobs(self) -> dict[str, dict[str, Plain]]:
        """The knobs of each lab that has a table."""
        outside = {self._outside.name: self._outside.knobs} if self._outside else {}
        names = [*lab_names(self._labs), *outside]
        found: dict[str, dict[str, Plain]] = {}
        for name, table in self._tables.items():
            if name == "run":
                continue
            if name not in names:
                raise self._fault(_key(name), _unknown("lab", name, ["run", *names]))
            try:
                known = outside[name] if name in outside else read_lab(self._labs / f"{name}.py").knobs
            except LabFault as fault:
                raise self._fault(name, f"the lab cannot be read: {fault}") from None
            found[name] = {knob: self._knob(name, knob, value, known) for knob, value in table.items()}
        return found

    def _knob(self, lab: str, name: str, value: object, known: Mapping[str, Knob]) -> Plain:
        key = f"{lab}.{_key(name)}"
        if name not in known:
            raise self._fault(key, _unknown("knob", name, known, lab))
        return _fitting(known[name], value, f"{self._path}: {key}", value)

    def _limited(self, name: str, value: object) -> float:
        limit = LIMITS[name]
        wanted = f"{'whole number' if limit.type is int else 'number'} of {limit.unit}"
        span = f"from {limit.least:,g} to {limit.most:,.0f}"
        fits = isinstance(value, int if limit.type is int else int | float) and not isinstance(value, bool)
        if not fits or not isinstance(value, int | float) or not limit.least <= value <= limit.most:
            raise self._fault(f"run.{name}", f"{_shown(value)} is no {wanted} {span}")
        return limit.type(value)

    def _fault(self, key: str, what: str) -> UsageFault:
        return UsageFault(f"{self._path}: {key}: {what}")


def _fitting(knob: Knob, value: object, where: str, given: object) -> Plain:
    """The value as the knob's type has it, within its range; a whole number fits a float."""
    if knob.type == "float" and type(value) is int and abs(value) < 10**18:
        value = float(value)
    if not isinstance(value, int | float | str) or type(value) is not KNOB_TYPES[knob.type]:
        raise UsageFault(f"{where}: {_shown(given)} is no {knob.type}, as the knob {knob.name} is ({knob.default!r})")
    if not isinstance(value, str | bool) and not isinstance(knob.default, str):
        least = min(knob.default, 1) if knob.type == "int" else min(knob.default, 0)
        most = MOST_TIMES * max(abs(knob.default), 1)
        if not least <= value <= most:
            raise UsageFault(
                f"{where}: {_shown(given)} is out of range: the knob {knob.name} is {least:g} to {most:,.0f}"
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


def _unknown(kind: str, name: str, known: Iterable[str], lab: str = "") -> str:
    import difflib

    near = difflib.get_close_matches(name[:SHOWN_CHARACTERS], list(known), n=1)
    guess = f"did you mean {near[0]}? " if near else ""
    return f"no {kind} {_shown(name)}: {guess}{_listed(kind, known, lab)}"


def _listed(kind: str, known: Iterable[str], lab: str = "") -> str:
    names = ", ".join(known)
    of_lab = f" of {lab}" if lab else ""
    return f"the {kind}s{of_lab} are {names}" if names else f"{lab or 'it'} has no {kind}s"


def _key(name: str) -> str:
    """A key as TOML writes it."""
    return name if name.replace("_", "a").replace("-", "a").isalnum() and len(name) < SHOWN_CHARACTERS else _shown(name)


def _shown(value: object) -> str:
    """A value, cut short; a number of too many digits cannot be written out at all."""
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    try:
        text = repr(value[:SHOWN_CHARACTERS] if isinstance(value, str) else value)
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= SHOWN_CHARACTERS + 2 else text[:SHOWN_CHARACTERS] + "…"
