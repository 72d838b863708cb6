"""The measuring side, inside: proves the pin, runs rounds of cells on command, has the claims judged, closes the runs.

Commands come as one JSON object a line on standard input, what happens goes out the same way on standard output:
``{"do": "round", "round": 0, "order": [[run_id, variant], …]}``, ``{"do": "judge", "peers": [run_id, …]}``,
``{"do": "close"}``. The end of the input closes the runs, as do SIGTERM, SIGINT and the lifetime's end.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from harness import capacity, evidence, placement, supervise
from harness.errors import OwnFault, PinlabError, UsageFault
from harness.machine import format_cpus
from harness.measured_run import MeasuredRun

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Stop(BaseException):
    """The measuring is to end now; what is there is kept."""


class Measuring:
    """The runs of one set of CPUs, measured by one process.

    Args:
        folders: One run folder each.
    """

    def __init__(self, folders: list[Path]) -> None:
        self._began = time.monotonic()
        self._runs = {run.request.run_id: run for run in map(MeasuredRun, folders)}
        self._first = next(iter(self._runs.values())).request
        self._cpus = list(self._first.cpus)
        if any(run.request.cpus != self._first.cpus for run in self._runs.values()):
            raise OwnFault("the runs of one measuring process must share their CPUs")
        self._capacity = capacity.Sides(self._cpus, 0)

    def serve(self) -> None:
        """Do what is asked until the end is asked for or comes by itself."""
        status = "interrupted"
        try:
            self._prepare()
            for command in _commands():
                if command["do"] == "close":
                    status = "complete"
                    break
                getattr(self, f"_do_{command['do']}")(command)
        except Stop as stop:
            _say("stopped", why=str(stop))
        finally:
            _ignore_signals()
            self._close(status)

    def _prepare(self) -> None:
        """Pin where the runner has not, prove the pin, and learn what this machine does by itself."""
        supervise.become_subreaper()
        if self._first.in_container:
            self._remove_fetched()
        if not self._first.in_container and not _pinned(self._cpus):
            _say("unpinned", why=f"cannot pin on this system ({sys.platform}): the CPUs are not proven")
        proof = placement.proof()
        if proof["affinity"] is not None and proof["affinity"] != sorted(self._cpus):
            asked, found = format_cpus(self._cpus), format_cpus(proof["affinity"])
            raise UsageFault(f"invalid placement: asked for CPUs {asked}, the kernel gives {found}")
        steps = capacity.calibrate()
        self._capacity = capacity.Sides(self._cpus, steps)
        spare = frozenset(run.drain for run in self._runs.values())
        for run in self._runs.values():
            run.start(proof, steps, spare)
        _say("ready", proof=proof)

    def _remove_fetched(self) -> None:
        """Make room in the volume: runs that are in the store go."""
        own = {run.folder for run in self._runs.values()}
        volume = next(iter(own)).parent
        for mark in volume.glob(f"*/{evidence.FETCHED}"):
            if mark.parent not in own:
                shutil.rmtree(mark.parent, ignore_errors=True)

    def _do_round(self, command: dict[str, Any]) -> None:
        """Every cell of the order once, with the capacity before and after."""
        round_ = command["round"]
        before = self._capacity.before(2 * round_)
        for place, (run_id, variant) in enumerate(command["order"]):
            sample = self._runs[run_id].sample(variant, round_, place)
            _say("sample", run=run_id, sample=sample)
        after = self._capacity.after(2 * round_ + 1)
        for run in self._runs.values():
            run.journal.add("round", round=round_, before=before, after=after)
        _say("round", round=round_, before=before, after=after)

    def _do_judge(self, command: dict[str, Any]) -> None:
        """Judge the claims of every run; the other runs of the sweep lie beside it."""
        verdicts = {run_id: run.judge(command["peers"]) for run_id, run in self._runs.items()}
        _say("judged", verdicts=verdicts)

    def _close(self, status: str) -> None:
        for run in self._runs.values():
            run.close(status, time.monotonic() - self._began)
        _say("closed", status=status)


def main(folders: list[Path]) -> int:
    """Measure the runs in these folders as commanded on standard input; gives the exit code."""
    try:
        measuring = Measuring(folders)
        _stop_on_signals(next(iter(measuring._runs.values())).request.lifetime_seconds)
        measuring.serve()
    except PinlabError as fault:
        _say("failed", why=str(fault), exit_code=fault.exit_code)
        return fault.exit_code
    return 0


def _pinned(cpus: list[int]) -> bool:
    """Pin this process; False where the system cannot.

    Raises:
        UsageFault: If the kernel refuses the set.
    """
    try:
        return placement.pin(cpus)
    except OSError as fault:
        raise UsageFault(f"invalid placement: the kernel refuses CPUs {format_cpus(cpus)}: {fault.strerror}") from None


def _commands() -> Iterator[dict[str, Any]]:
    while line := sys.stdin.readline():
        yield json.loads(line)


def _say(what: str, **more: Any) -> None:
    try:
        os.write(1, (json.dumps({"say": what, **more}) + "\n").encode())
    except BrokenPipeError:
        raise Stop("nobody listens any more") from None


def _stop_on_signals(lifetime_seconds: float) -> None:
    def stop(number: int, _frame: object) -> None:
        raise Stop("the lifetime is over" if number == signal.SIGALRM else signal.Signals(number).name)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(number, stop)
    signal.setitimer(signal.ITIMER_REAL, lifetime_seconds)


def _ignore_signals() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
