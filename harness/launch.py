"""Launch a lab: from the words of the command line to the records of its runs, one named step after the other."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness import owners, store
from harness.errors import PinlabError
from harness.image import image_tag
from harness.lease import Holder, lease
from harness.plan import cpu_set_to_json, describe, plan
from harness.prediction import for_cores
from harness.request import Request
from harness.session import LocalSession
from harness.sweep import Policy, conduct, is_settled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from harness.interpreters import Interpreter
    from harness.place import Place
    from harness.plan import Plan
    from harness.request import Knob
    from harness.session import Session
    from harness.sweep import State

LIFETIME_SLACK_SECONDS = 300.0


@dataclass(frozen=True)
class Work:
    """What is to be run, wherever it runs.

    Attributes:
        name: The lab's name, or "exec".
        question: The lab's question.
        variants: How each variant is meant to end, by name, in the order of the lab.
        documents: What each variant says of itself.
        knobs: Every knob of the lab with its value.
        files: The source that travels with the run: content by path under source/.
        command: A command of the user's own, in place of a lab.
        config: Name of the config.
        deadline_seconds: Limit of one cell.
        log_bytes: Limit of the lab's own output.
        memory_bytes: Limit of a cell's data where no container limits it.
        prediction: What the learner predicted, by variant or claim, with `@2` behind it for two cores alone.
        origin: The file of a lab from outside the repository, as the user named it; else empty.
        mine: A learner's file whose variants take the places of the lab's, as in a request.
    """

    name: str
    question: str
    variants: dict[str, str]
    documents: dict[str, str]
    knobs: dict[str, Knob]
    files: dict[str, bytes]
    command: tuple[str, ...]
    config: str
    deadline_seconds: float
    log_bytes: int
    memory_bytes: int
    prediction: dict[str, dict[str, Any]] = field(default_factory=dict)
    origin: str = ""
    mine: dict[str, Any] | None = None


@dataclass(frozen=True)
class Options:
    """How it is to be run.

    Attributes:
        cores: The sizes asked for; None for the largest that fits.
        offered: The sizes that there are services for.
        fixed_rounds: The number of rounds, where it is fixed.
        budget_seconds: Time for the rounds of all runs together; None for `run_budget_seconds` a run.
        run_budget_seconds: Time for the rounds of each run.
        wait: Whether to wait for CPUs that another run holds.
        seed: Of the order of the cells; None for a new one.
    """

    cores: tuple[int, ...] | None
    offered: tuple[int, ...]
    fixed_rounds: int | None
    budget_seconds: float | None
    run_budget_seconds: float
    wait: bool
    seed: int | None


def launch(
    work: Work,
    options: Options,
    place: Place,
    interpreters: Sequence[Interpreter],
    root: Path,
    say: Callable[[str], None],
    show: Callable[[State], None],
) -> list[dict[str, Any]]:
    """Run a sweep and give the records of its runs, from the store.

    Args:
        work: What to run.
        options: How.
        place: Where.
        interpreters: Under which interpreters.
        root: The repository.
        say: Takes lines for people.
        show: Takes the state of the sweep after every sample.

    Raises:
        PinlabError: As its kind says; what was measured until then is in the store or in the volume.
    """
    results = root / "results"
    store.prepare(results)
    chosen = plan(place.machine, options.offered, options.cores)
    for size, why in chosen.skipped.items():
        say(f"skipped --cores {size}: {why}")
    seed = secrets.randbelow(2**31) if options.seed is None else options.seed
    budget = options.budget_seconds or options.run_budget_seconds * len(chosen.sets) * len(interpreters)
    policy = Policy(options.fixed_rounds, budget, seed)
    asked = tuple(_requests(work, chosen, place, interpreters, policy, root))
    every_cpu = sorted({cpu for cpus in chosen.sets.values() for cpu in cpus})
    holder = Holder(asked[0].sweep_id, owners.user(), work.name, os.getpid())
    with lease(place.machine_name, every_cpu, holder, wait=options.wait, say=say), _kept_off(every_cpu, place):
        sessions = [_session(group, work, place, results, root) for group in _by_cores(asked)]
        return _conducted(sessions, policy, results, say, show)


def _conducted(
    sessions: Sequence[Session],
    policy: Policy,
    results: Path,
    say: Callable[[str], None],
    show: Callable[[State], None],
) -> list[dict[str, Any]]:
    """Open, conduct, stop, collect and remove the sessions; what an interruption leaves is collected too."""
    opened: list[Session] = []
    unsaved: list[Session] = []
    try:
        for session in sessions:
            opened.append(session)
            session.open()
        state = conduct(sessions, policy, show)
        if policy.fixed_rounds is None and not is_settled(state.verdicts):
            say(f"stopped after {state.rounds} rounds: {state.stopped_because}")
        folders = [folder for session in sessions for folder in session.collect()]
        return [store.read_record(folder) for folder in folders]
    except BaseException:
        with owners.one_more_interrupt_ends_at_once():
            unsaved = [session for session in opened if not _rescued(session, results, say)]
        raise
    finally:
        with owners.one_more_interrupt_ends_at_once():
            for session in opened:
                if session not in unsaved:
                    session.remove()


def _rescued(session: Session, results: Path, say: Callable[[str], None]) -> bool:
    """Whether what a session has measured could be brought home; where not, it is left for a later command to fetch."""
    try:
        session.stop()
        for folder in session.collect():
            if store.drop_unstarted(folder):
                continue
            say(f"kept what was measured: {folder.relative_to(results.parent)}")
    except PinlabError as fault:
        say(str(fault))
        return False
    return True


def _requests(
    work: Work, chosen: Plan, place: Place, interpreters: Sequence[Interpreter], policy: Policy, root: Path
) -> Iterator[Request]:
    now = datetime.datetime.now(datetime.UTC)
    sweep_id = f"{now:%Y%m%d-%H%M%S}-{work.name}-{secrets.token_hex(2)}"
    stamp, tail = f"{now:%Y%m%d-%H%M%S}-{work.name}", sweep_id.rpartition("-")[2]
    source = hashlib.sha256(b"".join(name.encode() + b"\0" + data for name, data in sorted(work.files.items())))
    for size, cpus in chosen.sets.items():
        for interpreter in interpreters:
            yield Request(
                run_id=f"{stamp}-c{size}-{interpreter.version}-{tail}",
                sweep_id=sweep_id,
                lab=work.name,
                command=work.command,
                variants=work.variants,
                documents=work.documents,
                question=work.question,
                cores=size,
                cpus=cpus,
                runner=place.runner,
                python=interpreter.version,
                interpreter=str(interpreter.path),
                config=work.config,
                knobs=work.knobs,
                prediction=for_cores(work.prediction, size),
                seed=policy.seed,
                fixed_rounds=policy.fixed_rounds,
                deadline_seconds=work.deadline_seconds,
                lifetime_seconds=_lifetime(work, chosen, interpreters, policy),
                log_bytes=work.log_bytes,
                memory_bytes=0 if place.runner == "docker" else work.memory_bytes,
                source_hash=source.hexdigest()[:16],
                created=now.isoformat(timespec="seconds"),
                facts={
                    **place.facts(),
                    "topology": cpu_set_to_json(describe(place.machine, cpus)),
                    "owner": owners.this_process(),
                    "harness_hash": image_tag(root),
                    "host_shares_the_cpus": place.is_here and not _others(cpus, place),
                },
                origin=work.origin,
                mine=work.mine,
            )


def _lifetime(work: Work, chosen: Plan, interpreters: Sequence[Interpreter], policy: Policy) -> float:
    """When the measuring side ends by itself: beyond all that the rounds could take."""
    one_round = len(work.variants) * len(chosen.sets) * len(interpreters) * work.deadline_seconds
    rounds = policy.fixed_rounds or 1
    return LIFETIME_SLACK_SECONDS + policy.budget_seconds + one_round * rounds


def _by_cores(asked: Sequence[Request]) -> list[tuple[Request, ...]]:
    sizes = dict.fromkeys(request.cores for request in asked)
    return [tuple(request for request in asked if request.cores == size) for size in sizes]


def _session(group: tuple[Request, ...], work: Work, place: Place, results: Path, root: Path) -> Session:
    if place.engine is None or place.image is None:
        return LocalSession(group, work.files, results, root)
    from harness.docker_session import DockerSession

    deadline = int(time.time() + group[0].lifetime_seconds)
    environment = {
        "LAB_IMAGE_TAG": place.image.tag,
        "LAB_OWNER": owners.this_process(),
        "LAB_DEADLINE": str(deadline),
        "LAB_VOLUME": owners.volume_of(root),
    }
    return DockerSession(group, work.files, results, root, place.engine, environment)


def _others(cpus: Sequence[int], place: Place) -> set[int]:
    """The CPUs that the host side may use beside the pinned ones."""
    return {cpu.id for cpu in place.machine.cpus} - set(cpus)


@contextlib.contextmanager
def _kept_off(cpus: Sequence[int], place: Place) -> Iterator[None]:
    """Keep this command itself off the pinned CPUs while they are used, where there are others."""
    others = _others(cpus, place)
    if not place.is_here or not others or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, others)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
