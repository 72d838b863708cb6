"""Where a command's labs run: in containers of an engine, or on the embedded local runner; and why."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import EngineMissing, UsageFault
from harness.machine import machine_from_json, read_machine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.engine import Engine
    from harness.image import ImageFacts
    from harness.machine import Machine

RUNNERS = ("auto", "docker", "local")


@dataclass(frozen=True)
class Place:
    """Where labs run.

    Attributes:
        runner: "docker" or "local".
        machine: The machine they run on, and the CPUs of it that may be used.
        because: Why this runner, in a few words.
        engine: The engine, for docker.
        image: The image, for docker.
    """

    runner: str
    machine: Machine
    because: str
    engine: Engine | None = None
    image: ImageFacts | None = None

    @property
    def machine_name(self) -> str:
        """Names the machine whose CPUs are used, alike for all who could use them."""
        return self.engine.name if self.engine else platform.node()

    @property
    def is_here(self) -> bool:
        """Whether the CPUs are those that this command itself runs on."""
        return self.machine_name == platform.node()

    def facts(self) -> dict[str, Any]:
        """What run.json says of the machine, the engine and the image."""
        engine, image = self.engine, self.image
        return {
            "machine": {
                "name": self.machine_name,
                "model": self.machine.model,
                "system": self.machine.system,
                "cpus": len(self.machine.cpus),
                "max_frequency_mhz": self.machine.max_frequency_mhz,
                "governor": self.machine.governor,
                "memory_bytes": self.machine.memory_bytes,
                "virtual": self.machine.virtual,
            },
            "engine": engine
            and {
                "endpoint": engine.endpoint.name,
                "version": engine.version,
                "api_version": engine.api_version,
                "operating_system": engine.operating_system,
                "kernel": engine.kernel,
                "cgroup_version": engine.cgroup_version,
                "cgroup_driver": engine.cgroup_driver,
                "rootless": engine.rootless,
            },
            "image": image and {"tag": image.tag, "id": image.image_id, "digest": image.digest},
        }


def find_place(runner: str, root: Path, say: Callable[[str], None]) -> Place:
    """Find where the labs are to run.

    Args:
        runner: "auto", "docker" or "local".
        root: The repository.
        say: Takes lines for people.

    Raises:
        UsageFault: If there is no such runner, or the engine that was named does not exist.
        EngineMissing: If docker was asked for and no engine can be used.
    """
    known_runner(runner)
    if runner == "local":
        return Place("local", read_machine(), "asked for")
    try:
        return _on_engine(root, say)
    except EngineMissing as fault:
        if runner == "docker":
            raise EngineMissing(f"{fault}; or use --runner local") from None
        return Place("local", read_machine(), str(fault))


def known_runner(runner: str) -> None:
    """Raise UsageFault where there is no such runner."""
    if runner not in RUNNERS:
        raise UsageFault(f"--runner {runner!r}: choose one of {', '.join(RUNNERS)}")


def _on_engine(root: Path, say: Callable[[str], None]) -> Place:
    from harness.endpoint import resolve_endpoint
    from harness.engine import connect
    from harness.image import ensure_image
    from harness.probe import cache_folder, engine_machine

    engine = connect(resolve_endpoint(os.environ))
    if not engine.can_pin:
        raise EngineMissing(f"the engine at {engine.endpoint.name} cannot pin containers to CPUs")
    image = ensure_image(engine, root, say)
    machine = machine_from_json(engine_machine(engine, f"pinlab:{image.tag}", cache_folder(os.environ)))
    return Place("docker", machine, f"engine {engine.version} at {engine.endpoint.name}", engine, image)
