"""A workshop: an ordered list of labs and how each is run, from a TOML file that is checked down to the last key.

What the file may hold is published as workshop.schema.json; what only this repository knows (its labs and their knobs,
the sizes of compose.yaml, the configs) is checked here.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.catalogue import lab_names, read_lab
from harness.compose import offered_sizes
from harness.config import fitting, load_config
from harness.errors import UsageFault
from harness.interpreters import parse_pythons
from harness.lab_record import LabFault
from harness.plan import MOST_CORES
from harness.toml_file import Limit, key_text, limited, listed, locate, read_tables, shown, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from harness.literal import Plain

KIND = "workshop"
FOLDER = "configs/workshops"
TOP = ("title", "minutes", "defaults", "lab")
OF_DEFAULTS = ("cores", "python", "config", "budget")
OF_LAB = ("name", *OF_DEFAULTS, "knobs")
MOST_TITLE = 200
MOST_LABS = 100
MOST_NAME = 1_000
"""Of a config's name or path."""
MINUTES = Limit(float, 1, 24 * 60, "minutes")
BUDGET = Limit(float, 1, 99_999, "seconds")
SECONDS = re.compile(r"[1-9][0-9]{0,4}s")


@dataclass(frozen=True)
class Entry:
    """A lab's place in a workshop.

    Attributes:
        lab: The lab's name.
        cores: The sizes it is run on; None for the most that the engine can give.
        pythons: The interpreters; None for the usual one.
        config: How hard to run: a config's name, or its file.
        budget_seconds: The lab's own time for all its rounds, where it has one.
        knobs: What is set of the lab's knobs.
    """

    lab: str
    cores: tuple[int, ...] | None
    pythons: tuple[str, ...] | None
    config: str
    budget_seconds: float | None
    knobs: dict[str, Plain]


@dataclass(frozen=True)
class Workshop:
    """What a workshop's file says.

    Attributes:
        given: The word or file that it was asked for by.
        path: Its file.
        title: What it is called.
        minutes: The time for the rounds of all labs together, where it is limited.
        entries: Its labs, in order.
    """

    given: str
    path: Path
    title: str
    minutes: float | None
    entries: tuple[Entry, ...]


def load_workshop(name_or_path: str, repo: Path, cwd: Path) -> Workshop:
    """Read a workshop; a lab that cannot be read is found out when its turn comes.

    Args:
        name_or_path: A name such as "first-hour" is one of the repository's; what ends in .toml or has a / in it is a
            file.
        repo: The repository.
        cwd: The caller's folder, from which a file is looked for.

    Raises:
        UsageFault: In one line, if there is no such workshop or anything in it is wrong.
    """
    path = locate(name_or_path, repo / FOLDER, cwd, KIND)
    checked = _Checked(path, read_tables(path, KIND), repo)
    title, entries = checked.title(), checked.entries()
    return Workshop(name_or_path, path, title, checked.minutes(entries), entries)


class _Checked:
    """The tables of a workshop's file, checked.

    Args:
        path: The file, for what is said of it.
        tables: What was read from it.
        repo: The repository, whose labs, configs and sizes may be named.
    """

    def __init__(self, path: Path, tables: dict[str, Any], repo: Path) -> None:
        self._path = path
        self._tables = tables
        self._repo = repo
        self._labs = lab_names(repo / "labs")
        self._sizes = offered_sizes(repo)
        self._known_configs: set[str] = set()
        self._no_other_keys(tables, TOP, "")

    def title(self) -> str:
        """What it is called: its file's name, where the file says nothing."""
        title = self._tables.get("title", self._path.stem)
        if not isinstance(title, str) or not 0 < len(title) <= MOST_TITLE:
            raise self._fault("title", f"{shown(title)} is no text of 1 to {MOST_TITLE} characters")
        return title

    def minutes(self, entries: Sequence[Entry]) -> float | None:
        """The time for all labs together, which must leave each its own."""
        if "minutes" not in self._tables:
            return None
        minutes = limited(self._tables["minutes"], MINUTES, f"{self._path}: minutes")
        own = sum(entry.budget_seconds or 0.0 for entry in entries)
        if own > minutes * 60 or (own == minutes * 60 and any(entry.budget_seconds is None for entry in entries)):
            raise self._fault("minutes", f"{minutes:g} leaves too little: the labs' own budgets are {own:g} s together")
        return minutes

    def entries(self) -> tuple[Entry, ...]:
        """The labs, in order."""
        defaults = self._tables.get("defaults", {})
        if not isinstance(defaults, dict):
            raise self._fault("defaults", f"no table; {listed('key', OF_DEFAULTS)}")
        self._no_other_keys(defaults, OF_DEFAULTS, "defaults.")
        usual = self._settings(defaults, "defaults.")
        tables = self._tables.get("lab", [])
        if not isinstance(tables, list) or not tables:
            raise self._fault("lab", "a workshop has labs: write each as [[lab]] with its name")
        if len(tables) > MOST_LABS:
            raise self._fault("lab", f"{len(tables)} labs: a workshop has at most {MOST_LABS}")
        return tuple(self._entry(number, table, usual) for number, table in enumerate(tables, 1))

    def _entry(self, number: int, table: object, usual: Mapping[str, Any]) -> Entry:
        if not isinstance(table, dict):
            raise self._fault(f"lab {number}", f"no table; write [[lab]], then its keys: {', '.join(OF_LAB)}")
        self._no_other_keys(table, OF_LAB, f"lab {number}: ")
        if "name" not in table:
            raise self._fault(f"lab {number}: name", f"missing; {listed('lab', self._labs)}")
        name = table["name"]
        if not isinstance(name, str):
            raise self._fault(f"lab {number}: name", f"{shown(name)} is no text; {listed('lab', self._labs)}")
        if name not in self._labs:
            raise self._fault(f"lab {number}: name", unknown("lab", name, self._labs))
        where = f"lab {number} ({name}): "
        settings = {"config": "quick", **usual, **self._settings(table, where)}
        return Entry(
            lab=name,
            cores=settings.get("cores"),
            pythons=settings.get("python"),
            config=settings["config"],
            budget_seconds=settings.get("budget"),
            knobs=self._knobs(name, table.get("knobs", {}), where),
        )

    def _settings(self, table: Mapping[str, Any], where: str) -> dict[str, Any]:
        """What a table says of how to run, checked; what it leaves out is left out."""
        checks: dict[str, Callable[[Any, str], Any]] = {
            "cores": self._cores,
            "python": self._pythons,
            "config": self._config,
            "budget": self._budget,
        }
        return {key: check(table[key], where + key) for key, check in checks.items() if key in table}

    def _cores(self, value: object, key: str) -> tuple[int, ...]:
        sizes = self._list(value, key, int, "[1, 2]")
        for size in sizes:
            if not 1 <= size <= MOST_CORES:
                raise self._fault(key, f"{shown(size)} is no number of cores from 1 to {MOST_CORES}")
            if size not in self._sizes:
                offers = ", ".join(map(str, self._sizes))
                raise self._fault(key, f"{size}: compose.yaml offers {offers}; each service cores-N there is a size")
        return sizes

    def _pythons(self, value: object, key: str) -> tuple[str, ...]:
        versions = self._list(value, key, str, '["3.14", "3.14t"]')
        for version in versions:
            try:
                alone = parse_pythons(version) == (version,)
            except UsageFault as fault:
                raise self._fault(key, str(fault).partition(": ")[2]) from None
            if not alone:
                raise self._fault(key, f'{shown(version)} is no version: write them as ["3.14", "3.14t"]')
        return versions

    def _list(self, value: object, key: str, kind: type, example: str) -> tuple[Any, ...]:
        """A list of values of one type, each once."""
        if not isinstance(value, list) or not value or not all(type(one) is kind for one in value):
            given = shown(value) if not isinstance(value, list) else "what is there"
            raise self._fault(key, f"{given} is no list such as {example}")
        if len(set(value)) < len(value):
            raise self._fault(key, f"{shown(Counter(value).most_common(1)[0][0])} is there twice")
        return tuple(value)

    def _config(self, value: object, key: str) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= MOST_NAME:
            raise self._fault(key, f"{shown(value)} is no config: give its name, or a FILE.toml")
        name = str(self._path.parent / value) if value.endswith(".toml") or "/" in value or "\\" in value else value
        if name not in self._known_configs:
            try:
                load_config(name, self._repo, self._path.parent)
            except UsageFault as fault:
                raise self._fault(key, str(fault)) from None
            self._known_configs.add(name)
        return name

    def _budget(self, value: object, key: str) -> float:
        if isinstance(value, str):
            if not SECONDS.fullmatch(value):
                raise self._fault(key, f'{shown(value)} is no time: give seconds, such as 60 or "60s"')
            value = int(value.removesuffix("s"))
        return limited(value, BUDGET, f"{self._path}: {key}")

    def _knobs(self, lab: str, table: object, where: str) -> dict[str, Plain]:
        if not isinstance(table, dict):
            raise self._fault(f"{where}knobs", "no table; write [lab.knobs], then KNOB = VALUE")
        try:
            known = read_lab(self._repo / "labs" / f"{lab}.py").knobs
        except LabFault:
            return table  # told when its turn comes: a broken lab does not stop the others
        found: dict[str, Plain] = {}
        for name, value in table.items():
            key = f"{where}knobs.{key_text(name)}"
            if name not in known:
                raise self._fault(key, unknown("knob", name, known, lab))
            found[name] = fitting(known[name], value, f"{self._path}: {key}", value)
        return found

    def _no_other_keys(self, table: Mapping[str, Any], known: Sequence[str], where: str) -> None:
        for name in table:
            if name not in known:
                raise self._fault(f"{where}{key_text(name)}", unknown("key", name, known))

    def _fault(self, key: str, what: str) -> UsageFault:
        return UsageFault(f"{self._path}: {key}: {what}")
