"""The docker runner: the measuring process in a pinned container, the run folders in and out through the engine's API.

The container is made by Compose from compose.yaml; the folders go into the shared volume, and come out of it, as
archives. Nothing is mounted, so a remote engine, a rootless one and Docker Desktop are all the same case.
"""

from __future__ import annotations

import contextlib
import io
import json
import select
import tarfile
import time
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from harness import compose, evidence, owners, store
from harness import request as requests
from harness.errors import OwnFault
from harness.machine import format_cpus
from harness.session import CLOSING_SECONDS, EngineLost, Lines

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from docker.models.containers import Container

    from harness.engine import Engine
    from harness.request import Request

    Message = dict[str, Any]

RESULTS = PurePosixPath("/results")
LAB_USER = 1000
STOP_SECONDS = 8


class DockerSession:
    """A measuring process in a container of the service for its number of cores.

    Args:
        run_requests: What its runs are asked to do.
        files: Content by path under source/.
        results: The store.
        root: The repository.
        engine: The engine.
        environment: What compose.yaml takes from its environment, the same for all containers of this command.
    """

    def __init__(
        self,
        run_requests: tuple[Request, ...],
        files: Mapping[str, bytes],
        results: Path,
        root: Path,
        engine: Engine,
        environment: Mapping[str, str],
    ) -> None:
        self.requests = run_requests
        self._files = files
        self._results = results
        self._root = root
        self._engine = engine
        self._environment = environment
        self._lines = Lines()
        self._errors = b""
        self._container: Container | None = None
        self._stream: socket.SocketIO | None = None

    def open(self) -> None:
        """Create the container, put the run folders into its volume, listen, and start it."""
        first = self.requests[0]
        environment = {
            **self._environment,
            f"LAB_CPUSET_{first.cores}": format_cpus(first.cpus),
            "LAB_RUN": first.sweep_id,
            "LAB_COMMAND": " ".join(str(RESULTS / request.run_id) for request in self.requests),
        }
        project = f"pinlab-{first.sweep_id}-{first.cores}"
        created = compose.create(self._engine, self._root, f"cores-{first.cores}", environment, project)
        with engine_trouble("starting the container"):
            self._container = self._engine.client.containers.get(created)
            self._container.put_archive(str(RESULTS), _archive(self.requests, self._files))
            self._stream = self._engine.client.api.attach_socket(
                created, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            )
            self._container.start()

    def send(self, command: Message) -> None:
        """Give it a command."""
        data = (json.dumps(command) + "\n").encode()
        try:
            _socket_of(self._attached()).sendall(data)
        except OSError:
            raise self._lost() from None

    def receive(self, timeout_seconds: float) -> Message:
        """The next thing it says."""
        deadline = time.monotonic() + timeout_seconds
        while (message := self._lines.next()) is None:
            kind, data = self._frame(deadline)
            if kind == 1:
                self._lines.feed(data)
            else:
                self._errors = (self._errors + data)[-10_000:]
        return message

    def stop(self) -> None:
        """Have it close its runs now."""
        if self._container is not None:
            with engine_trouble("stopping the container"):
                self._container.stop(timeout=STOP_SECONDS)

    def collect(self) -> list[Path]:
        """Bring the run folders out of the volume into the store, once the container has ended."""
        if self._container is None:
            return []
        with engine_trouble("fetching the results"):
            self._container.wait(timeout=CLOSING_SECONDS)
            return fetch(self._container, [request.run_id for request in self.requests], self._results)

    def remove(self) -> None:
        """Remove the container, whatever it is doing."""
        self.hang_up()
        if self._container is not None:
            with engine_trouble("removing the container"):
                self._container.remove(force=True)
            self._container = None

    def hang_up(self) -> None:
        """Listen no more; the container is left as it is."""
        if self._stream is not None:
            connection = _socket_of(self._stream)
            self._stream.close()
            connection.close()
            self._stream = None

    def _frame(self, deadline: float) -> tuple[int, bytes]:
        """The next frame of the attached stream: 1 for standard output, 2 for standard error, and its content."""
        header = self._exactly(8, deadline)
        return header[0], self._exactly(int.from_bytes(header[4:8], "big"), deadline)

    def _exactly(self, size: int, deadline: float) -> bytes:
        raw = _socket_of(self._attached())
        data = b""
        while len(data) < size:
            ready, _, _ = select.select([raw], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise EngineLost("engine_lost: the container said nothing for too long")
            chunk = raw.recv(size - len(data))
            if not chunk:
                raise self._lost()
            data += chunk
        return data

    def _lost(self) -> EngineLost:
        """Why the stream ended, as far as the engine still tells."""
        from docker.errors import DockerException
        from requests import RequestException

        try:
            container = self._created()
            container.reload()
            state = container.attrs["State"]
        except (DockerException, RequestException) as fault:
            return EngineLost(f"engine_lost: the engine went away during the run: {' '.join(str(fault).split())}")
        last = (self._errors.decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
        memory = ", out of memory" if state.get("OOMKilled") else ""
        return EngineLost(f"the container ended by itself with {state.get('ExitCode')}{memory}: {last}")

    def _created(self) -> Container:
        if self._container is None:
            raise OwnFault("the session was not opened")
        return self._container

    def _attached(self) -> socket.SocketIO:
        if self._stream is None:
            raise OwnFault("the session was not opened")
        return self._stream


def fetch(container: Container, run_ids: Iterable[str], results: Path) -> list[Path]:
    """Bring run folders out of a container's volume into the store, and mark them as fetched there.

    Args:
        container: It need not run.
        run_ids: The runs; one that the volume does not have is left out.
        results: The store.

    Returns:
        The folders that came.
    """
    from docker.errors import NotFound

    found = []
    for run_id in run_ids:
        try:
            stream, _ = container.get_archive(str(RESULTS / run_id))
        except NotFound:
            continue
        with tarfile.open(fileobj=_Stream(iter(stream)), mode="r|") as archive:
            found.append(store.take_in(run_id, _files_of(archive), results))
        container.put_archive(str(RESULTS / run_id), _archive_of({evidence.FETCHED: b""}))
    return found


def _files_of(archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    """Path below the run folder and content of each plain file of an archive; links and devices are left out."""
    for member in archive:
        content = archive.extractfile(member) if member.isreg() else None
        if content is not None:
            yield "/".join(PurePosixPath(member.name).parts[1:]), content.read()


def _archive(run_requests: tuple[Request, ...], files: Mapping[str, bytes]) -> bytes:
    content: dict[str, bytes] = {}
    for request in run_requests:
        content[f"{request.run_id}/request.json"] = requests.dumped(request).encode()
        content |= {f"{request.run_id}/source/{name}": data for name, data in files.items()}
    return _archive_of(content, [f"{request.run_id}/source" for request in run_requests])


def _archive_of(content: Mapping[str, bytes], empty_folders: Iterable[str] = ()) -> bytes:
    """A tar archive of files and folders, all owned by the user that the lab runs as."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        parents = {str(parent) for name in content for parent in PurePosixPath(name).parents}
        folders = (parents | set(empty_folders)) - {"."}
        for name in sorted(folders):
            archive.addfile(_member(name, tarfile.DIRTYPE, 0o755))
        for name, data in content.items():
            member = _member(name, tarfile.REGTYPE, 0o644)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def _member(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.uid, member.gid, member.mtime = kind, mode, LAB_USER, LAB_USER, int(time.time())
    return member


def _socket_of(stream: socket.SocketIO) -> socket.socket:
    """The socket below the file that the SDK gives."""
    found: socket.socket | None = getattr(stream, "_sock", None)
    if found is None:
        raise OwnFault(f"the Docker SDK attached by a {type(stream).__name__}, which has no socket")
    return found


class _Stream(io.RawIOBase):
    """A file to read from out of an iterator of chunks."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = next(self._chunks, b"")
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


@contextlib.contextmanager
def engine_trouble(doing: str) -> Iterator[None]:
    """Tell a fault of the engine, whatever the SDK makes of it, as what it was about.

    Raises:
        EngineLost: For any fault of the engine or the way to it.
    """
    from docker.errors import DockerException
    from requests import RequestException

    try:
        yield
    except (DockerException, RequestException, OSError) as fault:
        raise EngineLost(f"engine_lost while {doing}: {' '.join(str(fault).split())}") from None


def fetch_abandoned(engine: Engine, volume: str, results: Path) -> list[Path]:
    """Fetch and close what commands that died have left in this clone's volume, and remove their containers.

    Args:
        engine: The engine.
        volume: The clone's volume.
        results: The store.
    """
    found: list[Path] = []
    with engine_trouble("looking for runs that were left behind"):
        for container in engine.client.containers.list(all=True, filters={"volume": volume}):
            if owners.is_alive(container.labels.get("pinlab.owner", "")):
                continue
            container.stop(timeout=STOP_SECONDS)
            words = [PurePosixPath(word).name for word in container.attrs["Config"]["Cmd"] or ()]
            run_ids = [word for word in words if store.RUN_ID.fullmatch(word)]  # a shell's container has none
            found += fetch(container, run_ids, results)
            container.remove(force=True)
    return found
