"""What interrupted commands left behind, the next one brings home: fetched, closed, its containers removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import owners, store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.place import Place


def bring_home(place: Place, root: Path, say: Callable[[str], None]) -> None:
    """Fetch and close the runs of this clone whose command has died.

    Args:
        place: Where to look; the store is looked through in any case.
        root: The repository.
        say: Takes a line for each run that was found.
    """
    results = root / "results"
    if results.is_dir():
        for run_id in store.close_abandoned(results, owners.is_alive):
            say(f"closed a run whose command was cut off: results/{run_id}")
    if place.engine is not None:
        from harness.docker_session import fetch_abandoned

        store.prepare(results)
        for folder in fetch_abandoned(place.engine, owners.volume_of(root), results):
            say(f"fetched a run whose command was cut off: results/{folder.name}")
