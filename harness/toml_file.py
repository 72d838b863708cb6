"""A TOML file that a person wrote: found by a word or as a file, read within limits, told of in one line."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import UsageFault

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MOST_BYTES = 100_000
MOST_DOTS = 20
"""In a line: the parser's memory grows with the square of the parts of a dotted key, to gigabytes in a small file."""
SHOWN_CHARACTERS = 60


@dataclass(frozen=True)
class Limit:
    """What a number may be.

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


def locate(name: str, folder: Path, cwd: Path, kind: str) -> Path:
    """The file that a name stands for, which need not exist.

    Args:
        name: A word is a file of the folder; what ends in .toml or has a / in it is a file of the caller's.
        folder: The repository's own files of this kind.
        cwd: The caller's folder, from which a file is looked for.
        kind: What it is, such as "config".

    Raises:
        UsageFault: If it can be no such file, or the folder has none of that name.
    """
    names = sorted(path.stem for path in folder.glob("*.toml"))
    choice = f"the {kind}s are {', '.join(names)}, or a FILE.toml"
    if not name or "\0" in name or name.startswith("-"):
        raise UsageFault(f"no {kind} {shown(name)}: give a name or a file; {choice}")
    if name.endswith(".toml") or "/" in name or "\\" in name:
        return cwd / name
    if name not in names:
        raise UsageFault(f"no {kind} {shown(name)}: {_nearest(name, names)}{choice}")
    path = folder / f"{name}.toml"
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UsageFault(f"no {kind} {shown(name)}: a link that leads out of {folder.name}/; {choice}")
    return path


def read_tables(path: Path, kind: str) -> dict[str, Any]:
    """The tables of a file.

    Args:
        path: The file.
        kind: What it is, such as "config".

    Raises:
        UsageFault: In one line, if it cannot be read or is no TOML that a person would write.
    """
    text = _source(path, kind)
    for number, line in enumerate(text.splitlines(), 1):
        if line.count(".") > MOST_DOTS and not line.lstrip().startswith("#"):
            raise UsageFault(f"{path}: more than {MOST_DOTS} dots in line {number}: that is no {kind}")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise UsageFault(f"{path}: nested too deep: a {kind} has tables of plain values") from None
    except ValueError as fault:  # TOMLDecodeError, and numbers of too many digits
        reason = str(fault).split("; use sys.set")[0]
        raise UsageFault(f"{path}: {reason.splitlines()[0][:200]}") from None


def _source(path: Path, kind: str) -> str:
    """The text of a file: UTF-8, with or without a byte order mark, with any line ends."""
    try:
        if not path.is_file():
            raise UsageFault(f"no {kind} {path}: there is no such file")
        if path.stat().st_size > MOST_BYTES:
            raise UsageFault(f"{path}: more than {MOST_BYTES // 1000} kB: that is no {kind}")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as fault:
        raise UsageFault(f"{path}: cannot be read: {fault.strerror}") from None
    except UnicodeDecodeError as fault:
        raise UsageFault(f"{path}: byte {fault.start} is not UTF-8: save the file as UTF-8") from None


def limited(value: object, limit: Limit, where: str) -> float:
    """A number within its limit, as the limit's type has it.

    Args:
        value: What the file has.
        limit: What it may be.
        where: The file and the key, for what is said of it.

    Raises:
        UsageFault: If it is none.
    """
    wanted = f"{'whole number' if limit.type is int else 'number'} of {limit.unit}"
    span = f"from {limit.least:,g} to {limit.most:,.0f}"
    fits = isinstance(value, int if limit.type is int else int | float) and not isinstance(value, bool)
    if not fits or not isinstance(value, int | float) or not limit.least <= value <= limit.most:
        raise UsageFault(f"{where}: {shown(value)} is no {wanted} {span}")
    return limit.type(value)


def unknown(kind: str, name: str, known: Iterable[str], of: str = "") -> str:
    """Says that there is no such name, which is the nearest, and which there are."""
    known = list(known)
    return f"no {kind} {shown(name)}: {_nearest(name, known)}{listed(kind, known, of)}"


def listed(kind: str, known: Iterable[str], of: str = "") -> str:
    """Says which names there are."""
    names = ", ".join(known)
    return f"the {kind}s{f' of {of}' if of else ''} are {names}" if names else f"{of or 'it'} has no {kind}s"


def key_text(name: str) -> str:
    """A key as TOML writes it."""
    return name if name.replace("_", "a").replace("-", "a").isalnum() and len(name) < SHOWN_CHARACTERS else shown(name)


def shown(value: object) -> str:
    """A value, cut short; a number of too many digits cannot be written out at all."""
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    try:
        text = repr(value[:SHOWN_CHARACTERS] if isinstance(value, str) else value)
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= SHOWN_CHARACTERS + 2 else text[:SHOWN_CHARACTERS] + "…"


def _nearest(name: str, known: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name[:SHOWN_CHARACTERS], known, n=1)
    return f"did you mean {near[0]}? " if near else ""
