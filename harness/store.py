"""The store: results/RUN_ID/run.json and what lies beside it. The only module that writes there on the host side."""

from __future__ import annotations

import contextlib
import errno
import gc
import json
import os
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from harness import evidence
from harness import request as requests
from harness.errors import OwnFault, PinlabError, StoreFault, UsageFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

RUN_ID = re.compile(r"[0-9]{8}-[0-9]{6}-([a-z0-9_]+)-c[0-9]+-[0-9.t]+-[0-9a-f]{4}")
DRAFT = re.compile(rf"\.{RUN_ID.pattern}\.[0-9]+")
LARGEST_BYTES = 256 << 20
WORKSHOPS = ".workshops"
"""The folder of what is kept of workshops; what begins with a dot is no run."""


@dataclass(frozen=True)
class Stored:
    """What a store holds.

    Attributes:
        records: The records that can be read, oldest first, or what is kept of them.
        skipped: For each that cannot, its name and why.
        folders: The folder of each of the records.
    """

    records: tuple[dict[str, Any], ...]
    skipped: tuple[str, ...]
    folders: tuple[Path, ...] = ()


def prepare(results: Path) -> None:
    """See that results can be written here, before anything is measured.

    Raises:
        StoreFault: If not, with advice.
    """
    try:
        results.mkdir(parents=True, exist_ok=True)
        probe = results / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except FileExistsError:
        raise StoreFault(f"{results} is a file: move it away, results are kept in a folder of that name") from None
    except OSError as fault:
        raise StoreFault(f"{results} cannot be written ({fault.strerror}): {_advice(fault, results)}") from None


def _advice(fault: OSError, results: Path) -> str:
    """What to do about a store that cannot be written."""
    if fault.errno in (errno.ENOSPC, errno.EDQUOT):
        return "make room"
    if fault.errno == errno.EROFS:
        return "its file system is read-only; work in a clone on one that is not"
    return f"`sudo chown -R $(id -u) {shlex.quote(str(results))}`, or remove it"


def take_in(run_id: str, files: Iterable[tuple[str, bytes]], results: Path) -> Path:
    """Write a run's files into the store, whole or not at all; a run without its record is closed here.

    Args:
        run_id: The run.
        files: Path below the run folder, and content; paths that lead out of it are left out.
        results: The store.

    Raises:
        StoreFault: If the store cannot be written.
    """
    if not RUN_ID.fullmatch(run_id):
        raise StoreFault(f"{run_id!r} is no run id: nothing is stored under that name")
    folder = results / run_id
    draft = results / f".{run_id}.{os.getpid()}"
    try:
        shutil.rmtree(draft, ignore_errors=True)  # of another process that had this number
        draft.mkdir(parents=True)
        for name, content in files:
            if not _is_inside(name):
                continue
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        with contextlib.suppress(OwnFault):  # without its request a run cannot be closed, but it can be kept
            close(draft)
        shutil.rmtree(folder, ignore_errors=True)
        draft.replace(folder)
    except OSError as fault:
        raise StoreFault(
            f"{results} cannot be written ({fault.strerror}): the run {run_id} stays in the volume; "
            f"{_advice(fault, results)}, then any lab command fetches it"
        ) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _is_inside(name: str) -> bool:
    """Whether a path of a run's files stays in its folder, and is worth keeping."""
    path = PurePosixPath(name)
    hostile = path.is_absolute() or ".." in path.parts or "\0" in name or not path.parts
    return not hostile and "__pycache__" not in path.parts


def close(folder: Path) -> bool:
    """Fold the journal of a run that was cut off into run.json; False where there is nothing to close."""
    journal = folder / evidence.JOURNAL
    if (folder / evidence.RECORD).exists() or not journal.exists():
        return False
    request = requests.read(folder)
    evidence.write_record(evidence.fold(request, evidence.read_journal(journal)), folder)
    return True


def read_record(folder: Path) -> dict[str, Any]:
    """The record of one run.

    Raises:
        StoreFault: If there is none that can be read.
    """
    path = folder / evidence.RECORD
    try:
        record = _parsed(_content(path))
        if not isinstance(record, dict) or record.get("format_version") != requests.FORMAT_VERSION:
            version = record.get("format_version") if isinstance(record, dict) else None
            raise ValueError(f"format {version!r} is not {requests.FORMAT_VERSION}, the one of this version")
        fault_found = evidence.fault_of(record)
        if fault_found:
            raise ValueError(f"not a record: {fault_found}")
    except (OSError, ValueError, RecursionError) as fault:
        raise StoreFault(f"{path} cannot be read: {' '.join(str(fault).split())[:200]}") from None
    return record


def _parsed(content: bytes) -> Any:
    """What JSON says, by the quickest reader; the standard one decides on what that refuses.

    A lab's text may hold half a surrogate pair, which is no Unicode, and which the standard library writes and reads.
    """
    import msgspec  # here, since most commands read no record

    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError:
        return json.loads(content.decode("utf-8"))


def _content(path: Path) -> bytes:
    with path.open("rb", buffering=0) as file:
        if os.fstat(file.fileno()).st_size > LARGEST_BYTES:
            raise ValueError(f"over {LARGEST_BYTES} bytes")
        return file.readall()


def drop_unstarted(folder: Path) -> bool:
    """Remove a run in which nothing had started when it ended, so that nothing is in it; whether it was one."""
    try:
        if read_record(folder)["interpreter"]:
            return False
        shutil.rmtree(folder)
    except (StoreFault, OSError):
        return False
    return True


def read_all(results: Path, lab: str | None = None, kept: Callable[[dict[str, Any]], dict[str, Any]] = dict) -> Stored:
    """All records of the store, oldest first, or only those of one lab.

    Args:
        results: The store.
        lab: The lab; None for all.
        kept: What to keep of each record, where the memory is not to grow with the samples; by itself all.

    Raises:
        StoreFault: If the store is there and cannot be listed.
    """
    records, skipped, folders = [], [], []
    collecting = gc.isenabled()
    gc.disable()  # JSON has no cycles, and looking for some among its many parts takes a tenth of the time
    try:
        for folder in _run_folders(results):
            if DRAFT.fullmatch(folder.name):
                skipped.append(f"{folder}: saving it has not come to its end")
            named = RUN_ID.fullmatch(folder.name)
            if folder.name.startswith(".") or (lab and named and named[1] != lab):
                continue
            try:
                record = read_record(folder)
            except StoreFault as fault:
                skipped.append(str(fault))
                continue
            if lab is None or record["lab"] == lab:
                records.append(kept(record))
                folders.append(folder)
    finally:
        if collecting:
            gc.enable()
    return Stored(tuple(records), tuple(skipped), tuple(folders))


def labs_with_runs(results: Path) -> set[str]:
    """Names of the labs that the store has runs of, by the names of their folders.

    Raises:
        StoreFault: If the store is there and cannot be listed.
    """
    return {found[1] for folder in _run_folders(results) if (found := RUN_ID.fullmatch(folder.name))}


def _run_folders(results: Path) -> list[Path]:
    try:
        with os.scandir(results) as entries:  # which know what they are, without a look at each
            return [results / name for name in sorted(entry.name for entry in entries if entry.is_dir())]
    except FileNotFoundError:
        return []
    except OSError as fault:
        raise StoreFault(f"{results} cannot be read ({fault.strerror}): {_advice(fault, results)}") from None


def folder_of(run_id: str, results: Path) -> Path:
    """The folder of a run that a person named.

    Raises:
        UsageFault: If that is no name of a run, or there is no such run.
    """
    if not RUN_ID.fullmatch(run_id):
        raise UsageFault(f"{run_id!r} is no run id: they look like 20260101-120000-gil-c2-3.14-0a1b")
    folder = results / run_id
    if not folder.is_dir():
        raise UsageFault(f"no run {run_id} in {results}")
    return folder


def close_abandoned(results: Path, is_alive: Any) -> list[str]:
    """Close the local runs whose command died; gives their ids.

    Args:
        results: The store.
        is_alive: Asked whether the owner of a request still lives.
    """
    closed = []
    for journal in results.glob(f"*/{evidence.JOURNAL}"):
        try:
            request = requests.read(journal.parent)
            if not is_alive(request.facts.get("owner", "")) and close(journal.parent):
                closed.append(request.run_id)
        except (PinlabError, OSError):
            continue
    return closed


def write_state(name: str, state: dict[str, Any], results: Path) -> None:
    """Keep how far a workshop is, whole or not at all; no run, and no reader of runs looks at it.

    Args:
        name: The workshop's, of letters, digits, - and _.
        state: What to keep, as JSON has it.
        results: The store.

    Raises:
        StoreFault: If the store cannot be written.
    """
    path = results / WORKSHOPS / f"{name}.json"
    draft = path.with_name(f".{name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(state, indent=1), encoding="utf-8")
        draft.replace(path)
    except OSError as fault:
        raise StoreFault(f"{path} cannot be written ({fault.strerror}): {_advice(fault, results)}") from None
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def read_state(name: str, results: Path) -> Any:
    """What was kept of a workshop, as it was written; None where nothing is there.

    Raises:
        StoreFault: If it is there and cannot be read.
    """
    path = results / WORKSHOPS / f"{name}.json"
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ValueError(f"over {LARGEST_BYTES} bytes")
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as fault:
        raise StoreFault(f"{path} cannot be read: {' '.join(str(fault).split())[:200]}") from None


def drop_state(name: str, results: Path) -> None:
    """Forget how far a workshop is.

    Raises:
        StoreFault: If the store cannot be written.
    """
    path = results / WORKSHOPS / f"{name}.json"
    try:
        path.unlink(missing_ok=True)
    except OSError as fault:
        raise StoreFault(f"{path} cannot be removed ({fault.strerror}): {_advice(fault, results)}") from None
