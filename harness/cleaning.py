"""Remove what pinlab made, found by labels and by this clone's names alone: nothing else is ever touched."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from harness import owners
from harness.endpoint import resolve_endpoint
from harness.engine import connect
from harness.errors import EngineMissing, StoreFault
from harness.image import image_tag

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.engine import Engine


def clean(root: Path, *, results: bool, images: bool, say: Callable[[str], None]) -> int:
    """Remove this clone's containers and volume, and what else was asked for; gives the exit code.

    Args:
        root: The repository.
        results: Whether the store goes too.
        images: Whether the images of other versions of the harness go too.
        say: Takes a line for each thing that was removed.

    Raises:
        StoreFault: If the store cannot be removed.
    """
    try:
        engine = connect(resolve_endpoint(os.environ))
    except EngineMissing as fault:
        say(f"no engine to clean: {fault}")
    else:
        _containers_and_volume(engine, root, say)
        if images:
            _other_images(engine, image_tag(root), say)
    if results and (root / "results").exists():
        try:
            shutil.rmtree(root / "results")
        except OSError as fault:
            raise StoreFault(f"{root / 'results'} cannot be removed: {fault.strerror}") from None
        say("removed results/")
    return 0


def _containers_and_volume(engine: Engine, root: Path, say: Callable[[str], None]) -> None:
    from docker.errors import NotFound

    volume = owners.volume_of(root)
    for container in engine.client.containers.list(all=True, filters={"volume": volume}):
        owner = container.labels.get("pinlab.owner", "")
        if container.status == "running" and owners.is_alive(owner):
            say(f"left container {container.short_id}: its command still runs ({owner})")
            continue
        container.remove(force=True)
        say(f"removed container {container.short_id}")
    try:
        engine.client.volumes.get(volume).remove()
        say(f"removed volume {volume}")
    except NotFound:
        pass


def _other_images(engine: Engine, current: str, say: Callable[[str], None]) -> None:
    from docker.errors import APIError

    for image in engine.client.images.list(filters={"label": "pinlab.image"}):
        for tag in image.tags:
            if tag.startswith("pinlab:") and tag != f"pinlab:{current}":
                try:
                    engine.client.images.remove(tag)
                    say(f"removed image {tag}")
                except APIError as fault:
                    say(f"left image {tag}: {fault.explanation}")
