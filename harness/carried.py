"""Which files travel with a command of the user's own: those that its arguments name, and those asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import UsageFault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

MOST_BYTES = 64 << 20


def files_of(command: Sequence[str], carry: str, here: Path) -> dict[str, bytes]:
    """Content by path relative to the caller's folder, of each file that an argument names or that is to be carried.

    Args:
        command: The command's words.
        carry: Further files and folders, separated by commas.
        here: The caller's folder.

    Raises:
        UsageFault: If a file to carry is not there, lies outside the folder, or all are larger than MOST_BYTES.
    """
    named = [word for word in command if not word.startswith("-") and (here / word).is_file() and _inside(word, here)]
    asked = [word for word in carry.split(",") if word]
    for word in asked:
        if not (here / word).exists():
            raise UsageFault(f"--carry {word!r}: there is no such file or folder in {here}")
        if not _inside(word, here):
            raise UsageFault(f"--carry {word!r}: it lies outside {here}; change to a folder above it first")
    found: dict[str, bytes] = {}
    size = 0
    for word in (*named, *asked):
        for path in _files(here / word):
            content = path.read_bytes()
            size += len(content)
            if size > MOST_BYTES:
                raise UsageFault(f"the files to carry are larger than {MOST_BYTES >> 20} MiB at {path}; carry less")
            found[path.resolve().relative_to(here.resolve()).as_posix()] = content
    return found


def _inside(word: str, here: Path) -> bool:
    return (here / word).resolve().is_relative_to(here.resolve())


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for below in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") or part == "__pycache__" for part in below.relative_to(path).parts)
        if below.is_file() and not below.is_symlink() and not hidden:
            yield below
