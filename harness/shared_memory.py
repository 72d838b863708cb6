"""Named shared memory and semaphores that a sample has left in /dev/shm: told apart from others' there, and removed.

In a container all that is new there is the sample's. On a machine that others use, only what its own interpreters noted
that they made, or had mapped at the variant's end.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.left_behind import SHARED_MEMORY

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = Path(SHARED_MEMORY)
SEMAPHORE = "sem."
"""What the names of the C library's semaphores begin with there."""


class SharedMemory:
    """What comes to be in /dev/shm while a sample runs.

    Args:
        noted: The list that its interpreters write (harness/capture); it is begun anew.
        is_alone: Whether nobody but the sample makes anything there.
        folder: Where it is looked for.
    """

    def __init__(self, noted: Path, *, is_alone: bool, folder: Path = FOLDER) -> None:
        self._noted = noted
        self._is_alone = is_alone
        self._folder = folder
        noted.unlink(missing_ok=True)
        self._before = self._names()

    def clear(self, mapped: Iterable[str]) -> list[str]:
        """Remove what the sample has left once all its processes have ended; its names.

        Args:
            mapped: What its processes had mapped at the variant's end.
        """
        noted = self._noted.read_text(encoding="utf-8", errors="replace").split() if self._noted.exists() else []
        new = self._names() - self._before
        left = sorted(new if self._is_alone else new & {*noted, *mapped})
        for name in left:
            (self._folder / name).unlink(missing_ok=True)
        return [told(name) for name in left]

    def _names(self) -> set[str]:
        return {path.name for path in self._folder.iterdir()} if self._folder.is_dir() else set()


def told(name: str) -> str:
    """What a name in /dev/shm is, in a few words."""
    if name.startswith(SEMAPHORE):
        return f"semaphore {name.removeprefix(SEMAPHORE)}"
    return f"shared memory {name}"
