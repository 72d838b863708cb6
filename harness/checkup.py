"""Gather what `invoke doctor` judges: the machine, the engine, the catalogue. The judging itself is doctor.py's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harness import compose
from harness.catalogue import read_catalogue
from harness.doctor import Diagnosis, EngineFacts, diagnose
from harness.endpoint import resolve_endpoint
from harness.engine import connect
from harness.errors import EngineMissing
from harness.image import find_image, image_tag
from harness.machine import machine_from_json, read_machine
from harness.probe import cache_folder, engine_machine

if TYPE_CHECKING:
    from pathlib import Path

    from harness.machine import Machine


def examine(root: Path) -> Diagnosis:
    """Look at this machine and its engine, without building anything, and judge them."""
    host = read_machine()
    engine, inside = _engine(root, host)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    catalogue = read_catalogue(root / "labs")
    return diagnose(host, engine, inside, compose.offered_sizes(root), catalogue.labs, load=load)


def _engine(root: Path, host: Machine) -> tuple[EngineFacts, Machine | None]:
    try:
        engine = connect(resolve_endpoint(os.environ))
        version = compose.version(os.environ)
    except EngineMissing as fault:
        return EngineFacts(answers=False, reason=str(fault)), None
    tag = image_tag(root)
    present = find_image(engine, tag) is not None
    inside = None
    if present:
        inside = machine_from_json(engine_machine(engine, f"pinlab:{tag}", cache_folder(os.environ)))
    facts = EngineFacts(
        answers=True,
        name=engine.endpoint.name,
        version=engine.version,
        api=engine.api_version,
        cpus=engine.cpus,
        cpuset=engine.can_pin,
        cgroup_version=engine.cgroup_version,
        driver=engine.cgroup_driver,
        rootless=engine.rootless,
        remote=engine.kernel not in host.system,
        memory_bytes=engine.memory_bytes,
        compose=version,
        image_present=present,
    )
    return facts, inside
