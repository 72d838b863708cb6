"""One run at a time on a CPU: a lease of single CPUs, held machine-wide by locked files.

The lock is the kernel's (flock), so it goes when its holder ends, however it ends. The files stay: removing one that
somebody waits for would let two runs hold "the same" CPU. They lie in one folder for all users of the machine, whatever
their TMPDIR; a run in a container with a /tmp of its own is not seen. CPUs are taken in ascending order, so two runs
never wait for each other in a circle.

On Windows a byte of the file is locked instead (msvcrt.locking), and a wait asks once a second; that was never run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import Busy, OwnFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LONGEST_NOTE = 4096  # bytes of a holder's note that are read: the file is anybody's to write
LONGEST_WORD = 60  # characters of one field that are shown


@dataclass(frozen=True)
class Holder:
    """Who holds a CPU, as others who wait for it are told.

    Attributes:
        run: The run's id.
        user: Who started it.
        lab: Which lab it runs.
        pid: The process that holds the lease.
        since: When it got the CPU, as an ISO 8601 time in UTC; filled in by the lease.
    """

    run: str
    user: str
    lab: str
    pid: int
    since: str = ""


@contextlib.contextmanager
def lease(
    engine_key: str,
    cpus: Iterable[int],
    holder: Holder,
    *,
    wait: bool = True,
    say: Callable[[str], None],
    folder: Path | None = None,
) -> Iterator[None]:
    """Hold CPUs for as long as the block runs.

    Args:
        engine_key: Names the machine whose CPUs these are; the same for all who could use them.
        cpus: The CPUs to hold.
        holder: What others are told while they wait.
        wait: Whether to wait for CPUs that are held; a signal's exception ends the wait.
        say: Takes one line for each CPU that has to be waited for.
        folder: Where the files lie; None stands for the folder all users share.

    Raises:
        Busy: A CPU is held, and waiting was not wanted.
        OwnFault: The files cannot be used.
    """
    place = _place(folder or _shared_folder(), engine_key)
    with contextlib.ExitStack() as held:  # lets go in descending order: who waits for the first finds the rest free
        for cpu in sorted(set(cpus)):
            held.enter_context(_held(place / f"cpu-{cpu}", cpu, holder, wait, say))
        yield


@contextlib.contextmanager
def _held(path: Path, cpu: int, holder: Holder, wait: bool, say: Callable[[str], None]) -> Iterator[None]:
    file = _opened(path)
    try:
        if not _lock(file, block=False):
            if not wait:
                raise Busy(f"CPU {cpu} is held by {_described(file)}; run again without --no-wait to wait for it")
            say(f"waiting for CPU {cpu}, held by {_described(file)}")
            _lock(file, block=True)
        try:
            note = replace(holder, since=datetime.now(UTC).isoformat(timespec="seconds"))
            with contextlib.suppress(OSError):  # a full disk costs the note, not the lease
                _write(file, json.dumps(asdict(note)).encode())
            yield
        finally:
            _write(file, b"")
            _unlock(file)  # explicitly: a forked child that still lives has the same open file, and would keep the lock
    finally:
        os.close(file)


def _shared_folder() -> Path:
    common = Path("/tmp")  # noqa: S108 - TMPDIR differs from user to user; this must be one place, and is made safe to share
    return (common if common.is_dir() else Path(tempfile.gettempdir())) / "pinlab-leases"


def _place(folder: Path, engine_key: str) -> Path:
    """The folder of one engine's leases, open to every user, as /tmp is."""
    place = folder / hashlib.sha256(engine_key.encode()).hexdigest()[:16]
    for path in (folder, place):
        try:
            with _open_to_all():
                path.mkdir(parents=True)
            path.chmod(0o1777)
        except FileExistsError:
            continue
        except OSError as fault:
            raise _unusable(path, fault) from fault
    return place


def _opened(path: Path) -> int:
    """Open a CPU's file, made first where it is missing.

    Opening another user's file with O_CREAT is refused in a sticky folder (fs.protected_regular), so it is first opened
    without, and created only where there is none.
    """
    flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        with contextlib.suppress(FileNotFoundError):
            return os.open(path, flags)
        with contextlib.suppress(FileExistsError), _open_to_all():
            return os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666)
        return os.open(path, flags)
    except OSError as fault:
        raise _unusable(path, fault) from fault


@contextlib.contextmanager
def _open_to_all() -> Iterator[None]:
    """Create with exactly the given mode: a chmod afterwards would leave a moment in which others are refused."""
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


def _unusable(path: Path, fault: OSError) -> OwnFault:
    return OwnFault(f"cannot lease CPUs in {path}: {fault.strerror}; remove that folder, or ask its owner to")


def _write(file: int, note: bytes) -> None:
    os.lseek(file, 0, os.SEEK_SET)
    os.write(file, note)
    os.ftruncate(file, len(note))


def _described(file: int) -> str:
    """The holder of a locked file, in words; the note is foreign text and may be half written."""
    os.lseek(file, 0, os.SEEK_SET)
    try:
        note = json.loads(os.read(file, LONGEST_NOTE))
    except (ValueError, RecursionError):
        return "another run"
    if not isinstance(note, dict):
        return "another run"
    user, lab, pid = (_clean(note.get(name, "?")) for name in ("user", "lab", "pid"))
    return f"{user} (lab {lab}, pid {pid}, since {_clock(note.get('since'))})"


def _clean(value: object) -> str:
    text = str(value)[:LONGEST_WORD]
    return "".join(character if character.isprintable() else "?" for character in text)


def _clock(since: object) -> str:
    """A time of today as hours and minutes, another with its date; local time."""
    try:
        then = datetime.fromisoformat(str(since)).astimezone()
    except (ValueError, OverflowError):
        return "an unknown time"
    today = then.date() == datetime.now().astimezone().date()
    return then.strftime("%H:%M" if today else "%Y-%m-%d %H:%M")


if sys.platform == "win32":
    import msvcrt

    FAR = 1 << 20  # beyond the note: a locked byte cannot be read by others

    def _lock(file: int, *, block: bool) -> bool:
        while True:
            os.lseek(file, FAR, os.SEEK_SET)
            try:
                msvcrt.locking(file, msvcrt.LK_LOCK if block else msvcrt.LK_NBLCK, 1)
            except OSError:
                if not block:
                    return False
            else:
                return True

    def _unlock(file: int) -> None:
        os.lseek(file, FAR, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _lock(file: int, *, block: bool) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if block else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True

    def _unlock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
