"""What a run is asked to do: the one file (request.json) that goes into the run folder beside the lab's source."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.errors import OwnFault

if TYPE_CHECKING:
    from pathlib import Path

FORMAT_VERSION = 1
JUDGE_SECONDS = 60.0
"""How long judging the claims of one run may take."""
Knob = int | float | str | bool


@dataclass(frozen=True)
class Request:
    """One lab on one set of CPUs under one interpreter.

    Attributes:
        run_id: Name of the run and of its folder.
        sweep_id: What the runs of one command have in common.
        lab: Name of the lab; "exec" for a command of the user's own.
        command: That command; empty for a lab.
        variants: Names of the lab's variants in their order of definition, with how each is meant to end.
        documents: What each variant says of itself (its docstring's first line).
        question: The lab's question.
        cores: How many CPUs.
        cpus: Which ones.
        runner: "docker" or "local".
        python: The version asked for, such as "3.14t".
        interpreter: Program to run; a name is looked up on PATH.
        config: Name of the config.
        knobs: The lab's knobs, every one.
        seed: Of the order of the cells.
        fixed_rounds: The number of rounds where it was fixed beforehand.
        deadline_seconds: When a cell is stopped.
        lifetime_seconds: When the measuring side ends by itself, whatever happens.
        log_bytes: How much of the lab's own output is kept.
        memory_bytes: Limit on a cell's data where no container limits it; 0 for none.
        source_hash: Of the lab's source.
        created: When the command began, in UTC, as ISO 8601.
        facts: What the host knows of the machine, the engine, the image and the set's topology.
        prediction: What the learner predicted, by variant or claim; the measuring side takes no notice of it.
        origin: The file of a lab from outside the repository, as the user named it; else empty.
        mine: A learner's file whose variants take the places of the lab's: its "file", "module", "hash" and "variants".
    """

    run_id: str
    sweep_id: str
    lab: str
    command: tuple[str, ...]
    variants: dict[str, str]
    documents: dict[str, str]
    question: str
    cores: int
    cpus: tuple[int, ...]
    runner: str
    python: str
    interpreter: str
    config: str
    knobs: dict[str, Knob]
    seed: int
    fixed_rounds: int | None
    deadline_seconds: float
    lifetime_seconds: float
    log_bytes: int
    memory_bytes: int
    source_hash: str
    created: str
    facts: dict[str, Any]
    prediction: dict[str, dict[str, Any]] = field(default_factory=dict)
    format_version: int = FORMAT_VERSION
    origin: str = ""
    mine: dict[str, Any] | None = None

    @property
    def in_container(self) -> bool:
        """Whether the run's control group is its own."""
        return self.runner == "docker"


def dumped(request: Request) -> str:
    """The text of request.json, in ASCII: whatever a lab's docstring holds can be written."""
    return json.dumps(dataclasses.asdict(request), indent=1)


def write(request: Request, folder: Path) -> None:
    """Write request.json into a run folder."""
    (folder / "request.json").write_text(dumped(request), encoding="utf-8")


def read(folder: Path) -> Request:
    """Read request.json of a run folder.

    Raises:
        OwnFault: If it is not there or not of this format.
    """
    try:
        data = json.loads((folder / "request.json").read_text(encoding="utf-8"))
        version = data["format_version"]
        data |= {key: tuple(data[key]) for key in ("command", "cpus")}
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as fault:
        raise OwnFault(f"no usable request.json in {folder}: {_in_a_line(fault)}") from fault
    if version != FORMAT_VERSION:
        raise OwnFault(f"request.json in {folder} has format {version!r}, this is {FORMAT_VERSION}")
    try:
        return Request(**data)
    except TypeError as fault:
        raise OwnFault(f"no usable request.json in {folder}: {_in_a_line(fault)}") from fault


def _in_a_line(fault: Exception) -> str:
    return f"{type(fault).__name__}: {' '.join(str(fault).split())}"
