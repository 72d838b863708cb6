from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.endpoint import Endpoint, resolve_endpoint
from harness.engine import Engine, EngineUnreachable, connect
from harness.errors import EngineMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = {"Version": "99.1", "ApiVersion": "1.51", "MinAPIVersion": "1.24"}
INFO = {"ID": "made-up", "Name": "box", "NCPU": 6, "OSType": "linux", "CgroupVersion": "2", "CPUSet": True}


def at(host: str) -> Endpoint:
    return Endpoint(host, host, "DOCKER_HOST", (("DOCKER_HOST", host),))


@contextmanager
def made_up_engine(version: object = VERSION, info: object = INFO, status: int = 200) -> Iterator[Endpoint]:
    """An engine that answers /version and /info with what it is given, the latter with a status."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            about_version = self.path.endswith("/version")
            body = json.dumps(version if about_version else info).encode()
            self.send_response(200 if about_version else status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield at(f"tcp://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


def refusal(endpoint: Endpoint) -> EngineUnreachable:
    with pytest.raises(EngineUnreachable) as caught:
        connect(endpoint, timeout=1)
    fault = caught.value
    assert fault.exit_code == EngineMissing.exit_code == 69
    assert "\n" not in str(fault)
    assert endpoint.name in str(fault)
    assert fault.advice in str(fault)
    return fault


def test_without_a_socket_there_is_no_engine(tmp_path: Path) -> None:
    fault = refusal(at(f"unix://{tmp_path}/none.sock"))
    assert "no such socket" in fault.reason
    assert "start Docker" in fault.advice


def test_a_socket_that_nobody_listens_at_is_no_engine(tmp_path: Path) -> None:
    path = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    assert "nothing listens" in refusal(at(f"unix://{path}")).reason


def test_a_socket_without_permission_is_answered_with_the_docker_group() -> None:
    attempt = (
        "import os, sys\n"
        "from harness import compose, endpoint, engine\n"
        "if os.getuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"  # root passes every permission
        "try: engine.connect(endpoint.Endpoint('', sys.argv[1], ''))\n"
        "except engine.EngineUnreachable as fault: print(fault)"
    )
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        Path(folder).chmod(0o755)
        listener.bind(f"{folder}/mine.sock")
        listener.listen()
        Path(folder, "mine.sock").chmod(0)
        said = run_python(attempt, f"unix://{folder}/mine.sock")
    assert "permission denied" in said
    assert "docker group" in said


def run_python(code: str, *arguments: str) -> str:
    """What a program prints that starts afresh, in this repository."""
    environ = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout


def test_an_engine_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        fault = refusal(at(f"tcp://127.0.0.1:{silent.getsockname()[1]}"))
    assert fault.reason == "no answer in 1 s"


def test_a_port_that_nobody_listens_at_is_no_engine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert "nothing listens" in refusal(at(f"tcp://127.0.0.1:{port}")).reason


def test_an_engine_that_is_too_old_is_refused_with_both_versions() -> None:
    with made_up_engine(version={"Version": "1.5", "ApiVersion": "1.17"}) as endpoint:
        reason = refusal(endpoint).reason
    assert "1.17" in reason
    assert "1.24" in reason


def test_an_engine_that_is_too_new_is_refused_with_both_versions() -> None:
    complaint = {"message": "client version 1.99 is too old. Minimum supported API version is 2.3"}
    with made_up_engine(version={"ApiVersion": "1.99"}, info=complaint, status=400) as endpoint:
        reason = refusal(endpoint).reason
    assert "version 1.99 of its API" in reason
    assert "Minimum supported API version is 2.3" in reason


def test_something_else_that_speaks_http_is_no_engine() -> None:
    with made_up_engine(version=["no", "engine"]) as endpoint:
        assert "docker info" in refusal(endpoint).advice


def test_an_engine_of_windows_containers_is_refused() -> None:
    with made_up_engine(info=INFO | {"OSType": "windows"}) as endpoint:
        assert "windows containers" in refusal(endpoint).reason


def test_ssh_is_refused_with_the_way_around_it() -> None:
    assert "ssh -nNT -L /tmp/engine.sock:/var/run/docker.sock me@far" in refusal(at("ssh://me@far")).advice


def test_an_engine_tells_what_the_plan_needs() -> None:
    with made_up_engine(info=INFO | {"SecurityOptions": ["name=rootless"], "CPUSet": False}) as endpoint:
        engine = connect(endpoint)
        engine.client.close()
    assert (engine.engine_id, engine.cpus, engine.version, engine.api_version) == ("made-up", 6, "99.1", "1.51")
    assert engine.rootless
    assert not engine.can_pin


def test_the_sdk_is_not_imported_before_there_is_an_engine() -> None:
    code = (
        "import sys\n"
        "from harness import compose, endpoint, engine, image, probe\n"
        "try: engine.connect(endpoint.Endpoint('x', 'unix:///nonexistent', ''))\n"
        "except engine.EngineUnreachable: print(sorted({'docker', 'requests', 'rich', 'yaml'} & set(sys.modules)))"
    )
    assert run_python(code).strip() == "[]"


@pytest.mark.engine
def test_the_engine_of_this_machine_is_the_one_that_docker_speaks_of(engine: Engine) -> None:
    said = subprocess.run(
        ["docker", "info", "--format", "{{.ID}} {{.NCPU}} {{.CgroupVersion}} {{.KernelVersion}}"],
        capture_output=True,
        text=True,
        check=True,
        env=resolve_endpoint(os.environ).environment(os.environ),
    ).stdout
    assert said.split() == [engine.engine_id, str(engine.cpus), engine.cgroup_version, engine.kernel]


@pytest.mark.remote
def test_a_remote_engine_is_told_from_this_machines(remote_engine: Engine) -> None:
    assert remote_engine.endpoint.scheme == "tcp"
    assert remote_engine.kernel != os.uname().release
    assert remote_engine.cpus >= 4
