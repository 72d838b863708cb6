"""Run again whenever a file is saved: it is read twice a second, and one run follows the other.

Ctrl-C while it waits is the normal end of a watch: the exit code is the last run's. In a run it interrupts that run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import LimitHit, PinlabError, UsageFault
from harness.lab_record import LabFault
from harness.outside import is_path, lab_named, own_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

POLL_SECONDS = 0.5


def watched_file(name: str, mine: str | None, here: Path, labs: Path) -> Path:
    """The file to watch: the learner's own where there is one, else the lab's.

    Args:
        name: The lab's name, or its file.
        mine: The learner's file.
        here: The caller's folder.
        labs: The repository's labs.

    Raises:
        UsageFault: If there is none.
    """
    if mine is not None:
        return own_file(mine, here, "--mine").path
    if is_path(name):
        return own_file(name, here, "no lab").path
    try:
        return lab_named(name, here, labs).path
    except LabFault:  # it is there, and not in order: that is what a watch is for
        return labs / f"{name}.py"


def watch(file: Path, run: Callable[[], int], say: Callable[[str], None], sleep: Callable[[float], None]) -> int:
    """Run now, and again after each time that the file was saved; until Ctrl-C.

    Args:
        file: The file.
        run: Runs and reports; gives the exit code.
        say: Takes lines for people.
        sleep: Waits for so many seconds.

    Returns:
        The exit code of the last run.

    Raises:
        PinlabError: What saving the file cannot mend.
    """
    while True:
        ran = content(file)
        code = _run(run, say)
        say(f"watching {file.name}: save it to run again, Ctrl-C ends")
        try:
            while (now := _settled(file, sleep)) is None or now == ran:
                sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            return code


def content(file: Path) -> bytes | None:
    """What is in a file; None where it cannot be read just now, as while an editor replaces it."""
    try:
        return file.read_bytes()
    except OSError:
        return None


def _settled(file: Path, sleep: Callable[[float], None]) -> bytes | None:
    """The content of the file once it is the same in two looks, so that no half of it is run."""
    before = content(file)
    sleep(POLL_SECONDS / 5)
    return before if before == content(file) else None


def _run(run: Callable[[], int], say: Callable[[str], None]) -> int:
    """One run; a fault that the file may have, and saving it may mend, is told in a line.

    Raises:
        PinlabError: Any other fault.
    """
    try:
        return run()
    except PinlabError as fault:
        in_the_file = isinstance(fault, (LabFault, LimitHit)) or (
            fault.exit_code == UsageFault.exit_code and not isinstance(fault, UsageFault)
        )
        if not in_the_file:
            raise
        say(f"pinlab: {fault}")
        return fault.exit_code
