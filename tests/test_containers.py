"""Real containers: the pin, the limits, and that nothing is left, on whatever engine this machine has."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness import compose, leftovers, outcome, owners
from harness.docker_session import DockerSession
from harness.errors import UsageFault
from harness.machine import format_cpus
from harness.place import Place, find_place
from harness.plan import choose_cpus
from tests.small_labs import LAB, carry_out, only_sample, request_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.engine import Engine
    from harness.image import ImageFacts
    from harness.request import Request

pytestmark = pytest.mark.engine

VOLUME = "pinlab-test-results"
ORDINARY = 12345
"""A user that has no name."""
WHERE = "import os\n@variant\ndef where() -> list[int]:\n    return sorted(os.sched_getaffinity(0))\n"


@pytest.fixture(scope="module")
def place(engine: Engine, image: ImageFacts, repo: Path) -> Place:
    return find_place("docker", repo, print)


@pytest.fixture(autouse=True)
def _nothing_is_left(engine: Engine, repo: Path) -> Iterator[None]:
    yield
    for volume in (VOLUME, owners.volume_of(repo)):
        assert engine.client.containers.list(all=True, filters={"volume": volume}) == []


@pytest.fixture(scope="module", autouse=True)
def _no_volume_is_left(engine: Engine) -> Iterator[None]:
    yield
    for volume in engine.client.volumes.list(filters={"name": VOLUME}):
        volume.remove()


def in_container(
    place: Place, request: Request, source: str, results: Path, repo: Path, **environment: str
) -> DockerSession:
    assert place.engine is not None
    assert place.image is not None
    given = {
        "LAB_IMAGE_TAG": place.image.tag,
        "LAB_OWNER": owners.this_process(),
        "LAB_DEADLINE": str(int(time.time()) + 300),
        "LAB_VOLUME": VOLUME,
        **environment,
    }
    return DockerSession((request,), {"labs/small.py": (LAB + source).encode()}, results, repo, place.engine, given)


def new_run_id() -> str:
    return f"20260101-000000-small-c1-3.14-{secrets.token_hex(2)}"


def measured(
    place: Place, source: str, names: dict[str, str], results: Path, repo: Path, **more: Any
) -> dict[str, Any]:
    environment = more.pop("environment", {})
    cpus = more.pop("cpus", choose_cpus(place.machine, 1))
    more.setdefault("run_id", new_run_id())
    request = request_for(names, cpus=cpus, runner="docker", python="3.14", interpreter="python3.14", **more)
    return carry_out(in_container(place, request, source, results, repo, **environment), 1)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_the_affinity_inside_is_the_set_asked_for(place: Place, tmp_path: Path, repo: Path, size: int) -> None:
    if size > len(place.machine.cpus):
        pytest.skip(f"this engine has {len(place.machine.cpus)} CPUs")
    cpus = choose_cpus(place.machine, size)
    record = measured(place, WHERE, {"where": "finished"}, tmp_path, repo, cpus=cpus)
    assert record["placement"]["valid"]
    assert record["placement"]["at_start"] == record["placement"]["at_end"] == list(cpus)
    assert record["placement"]["proof"]["start"]["cgroup_cpuset"] == format_cpus(cpus)
    assert only_sample(record, "where")["answer"] == list(cpus)


def test_the_engine_refuses_a_set_that_is_too_large(place: Place, tmp_path: Path, repo: Path) -> None:
    request = request_for({"where": "finished"}, cpus=tuple(range(4096, 4098)), runner="docker")
    session = in_container(place, request, WHERE, tmp_path, repo)
    with pytest.raises(compose.CpusRefused, match="4096-4097"):
        session.open()
    session.remove()


@pytest.mark.parametrize("python", ["3.14", "3.14t"])
def test_both_interpreters_are_what_they_say(place: Place, tmp_path: Path, repo: Path, python: str) -> None:
    request = request_for(
        {"where": "finished"}, runner="docker", python=python, interpreter=f"python{python}", run_id=new_run_id()
    )
    record = carry_out(in_container(place, request, WHERE, tmp_path, repo), 1)
    assert record["interpreter"]["free_threaded"] is (python == "3.14t")
    assert record["interpreter"]["gil_enabled"] is (python == "3.14")
    assert record["interpreter"]["start_method"] == "forkserver"


def test_the_lab_runs_as_uid_1000_and_its_record_belongs_to_the_caller(
    place: Place, tmp_path: Path, repo: Path
) -> None:
    source = "import os\n@variant\ndef who() -> list[int]:\n    return [os.getuid(), os.getgid()]\n"
    record = measured(place, source, {"who": "finished"}, tmp_path, repo)
    assert only_sample(record, "who")["answer"] == [1000, 1000]
    assert (tmp_path / record["run_id"] / "run.json").stat().st_uid == os.getuid()


def test_a_memory_hog_is_out_of_memory_and_the_harness_goes_on(place: Place, tmp_path: Path, repo: Path) -> None:
    source = (
        "@variant\ndef hog() -> None:\n    kept = []\n    while True:\n        kept.append(bytearray(1 << 24))\n"
        "@variant\ndef fine() -> None: ...\n"
    )
    names = {"hog": "finished", "fine": "finished"}
    record = measured(place, source, names, tmp_path, repo, environment={"LAB_MEMORY": "256m"})
    assert only_sample(record, "hog")["outcome"] == "out_of_memory"
    assert only_sample(record, "fine")["outcome"] == "finished"
    assert outcome.exit_code([record]) == 4


def test_a_child_that_is_out_of_memory_is_seen_though_its_parent_goes_on(
    place: Place, tmp_path: Path, repo: Path
) -> None:
    source = (
        "import os\n@variant\ndef parent() -> None:\n    child = os.fork()\n    if child == 0:\n        kept = []\n"
        "        while True:\n            kept.append(bytearray(1 << 24))\n    os.waitpid(child, 0)\n"
    )
    record = measured(place, source, {"parent": "finished"}, tmp_path, repo, environment={"LAB_MEMORY": "256m"})
    assert only_sample(record, "parent")["outcome"] == "out_of_memory"


def test_a_thread_bomb_meets_the_limit_on_processes(place: Place, tmp_path: Path, repo: Path) -> None:
    source = (
        "import threading\n@variant\ndef bomb() -> None:\n    end = threading.Event()\n    try:\n"
        "        for _ in range(10_000):\n            threading.Thread(target=end.wait).start()\n"
        "    finally:\n        end.set()\n"
    )
    record = measured(place, source, {"bomb": "finished"}, tmp_path, repo)
    assert only_sample(record, "bomb")["outcome"] == "too_many_processes"
    assert outcome.exit_code([record]) == 4


@pytest.mark.parametrize("python", ["3.14", "3.14t"])
def test_what_a_variant_leaves_in_a_container_is_named_and_gone_before_the_next(
    place: Place, tmp_path: Path, repo: Path, python: str
) -> None:
    source = (
        "import _multiprocessing, multiprocessing, os, socket, threading, time\n"
        "from multiprocessing.shared_memory import SharedMemory\nkept = []\n"
        "@variant\ndef leave() -> None:\n"
        "    threading.Thread(target=time.sleep, args=(987,), name='waiter').start()\n"
        "    kept.append(socket.create_server(('127.0.0.1', 4321)))\n"
        "    kept.append(_multiprocessing.SemLock(1, 1, 1, '/left', False))\n"
        "    SharedMemory('left', create=True, size=10).close()\n"
        "    multiprocessing.Process(target=time.sleep, args=(987,), name='sleeper').start()\n"
        "@variant(answer='differs', because='it tells what it finds')\ndef look() -> list[str]:\n"
        "    return os.listdir('/dev/shm')\n"
    )
    names = {"leave": "finished", "look": "finished"}
    request = request_for(
        names,
        cpus=choose_cpus(place.machine, 1),
        runner="docker",
        python=python,
        interpreter=f"python{python}",
        run_id=new_run_id(),
    )
    session = in_container(place, request, source, tmp_path, repo)
    record = carry_out(session, 2)
    by_name = {entry["name"]: entry["samples"] for entry in record["variants"]}
    left = ["thread waiter", "process sleeper", "socket listening at port 4321", "shared memory left", "semaphore left"]
    assert [sample["left_behind"] for sample in by_name["leave"]] == [left, left]
    assert [sample["answer"] for sample in by_name["look"]] == [[], []]


def test_a_quota_is_seen_and_what_it_throttled_is_dropped(
    place: Place, engine: Engine, tmp_path: Path, repo: Path
) -> None:
    source = "@variant\ndef burn() -> int:\n    return sum(range(2_000_000))\n"
    cpus = choose_cpus(place.machine, 1)
    request = request_for(
        {"burn": "finished"}, cpus=cpus, runner="docker", python="3.14", interpreter="python3.14", run_id=new_run_id()
    )
    session = in_container(place, request, source, tmp_path, repo)
    start = session.open

    def open_with_a_quota() -> None:
        start()
        assert session._container is not None
        session._container.update(cpu_quota=5_000, cpu_period=100_000)

    session.open = open_with_a_quota  # type: ignore[method-assign]
    record = carry_out(session, 1)
    assert only_sample(record, "burn")["throttled_seconds"] > 0
    assert only_sample(record, "burn")["throttled_periods"] > 0


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_what_the_processes_of_a_lab_write_is_counted_inside_with_every_start_method(
    method: str, place: Place, tmp_path: Path, repo: Path
) -> None:
    source = (
        "from multiprocessing import get_context\n"
        "def send(end, count: int) -> None:\n"
        "    for _ in range(count):\n"
        "        end.send_bytes(bytes(1000))\n"
        "@variant\n"
        "def sending() -> int:\n"
        f"    context = get_context('{method}')\n"
        "    out, into = context.Pipe(duplex=False)\n"
        "    sender = context.Process(target=send, args=(into, 500))\n"
        "    sender.start()\n"
        "    received = sum(len(out.recv_bytes()) for _ in range(500))\n"
        "    sender.join()\n"
        "    return received\n"
    )
    cpus = choose_cpus(place.machine, 1)
    request = request_for(
        {"sending": "finished"},
        cpus=cpus,
        runner="docker",
        python="3.14",
        interpreter="python3.14",
        run_id=new_run_id(),
    )
    sample = only_sample(carry_out(in_container(place, request, source, tmp_path, repo), 1), "sending")
    assert sample["answer"] == 500_000 < sample["written_bytes"] < 600_000
    assert 500 <= sample["writes"] < 600
    assert sample["children_seconds"] > 0


def test_what_an_interrupted_command_left_is_fetched_and_closed_by_the_next(
    place: Place, tmp_path: Path, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert place.engine is not None
    (tmp_path / "compose.yaml").write_bytes((repo / "compose.yaml").read_bytes())
    volume = owners.volume_of(tmp_path)
    request = request_for({"where": "finished"}, runner="docker", python="3.14", interpreter="python3.14")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    owner = f"{owners.this_process().split(':')[0]}:{dead.pid}:1"
    session = in_container(place, request, WHERE, tmp_path / "results", repo, LAB_OWNER=owner, LAB_VOLUME=volume)
    session.open()
    while session.receive(60)["say"] != "ready":
        pass
    session.send({"do": "round", "round": 0, "order": [[request.run_id, "where"]]})
    while session.receive(60)["say"] != "round":
        pass
    session.hang_up()  # as the death of its command leaves it
    lines: list[str] = []
    leftovers.bring_home(place, tmp_path, lines.append)
    record = json.loads((tmp_path / "results" / request.run_id / "run.json").read_text())
    assert record["status"] == "interrupted"
    assert only_sample(record, "where")["outcome"] == "finished"
    assert lines == [f"fetched a run whose command was cut off: results/{request.run_id}"]
    place.engine.client.volumes.get(volume).remove()


def test_a_fetched_run_is_gone_from_the_volume_with_the_next_container(
    place: Place, tmp_path: Path, repo: Path
) -> None:
    measured(place, WHERE, {"where": "finished"}, tmp_path, repo)
    source = "import os\n@variant\ndef beside() -> list[str]:\n    return sorted(os.listdir('/results'))\n"
    record = measured(place, source, {"beside": "finished"}, tmp_path, repo)
    assert only_sample(record, "beside")["answer"] == [record["run_id"]]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_lab_keeps_what_was_measured_and_leaves_nothing(
    place: Place, repo: Path, number: int, code: int
) -> None:
    command = [sys.executable, "-m", "invoke", "lab", "gil", "--cores", "1", "--runner", "docker", "--rounds", "50"]
    process = subprocess.Popen(command, cwd=repo, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for_a_sample(place, repo)
    process.send_signal(number)
    _, talk = process.communicate(timeout=60)
    assert process.returncode == code, talk
    [kept] = [line for line in talk.splitlines() if line.startswith("kept what was measured: ")]
    record = json.loads((repo / kept.partition(": ")[2] / "run.json").read_text())
    assert record["status"] == "interrupted"
    assert any(entry["samples"] for entry in record["variants"])


def wait_for_a_sample(place: Place, repo: Path) -> None:
    """Until the container of the command under test has begun to measure, bounded."""
    assert place.engine is not None
    for _ in range(600):
        for container in place.engine.client.containers.list(filters={"volume": owners.volume_of(repo)}):
            if b'"say": "sample"' in container.logs():
                return
        time.sleep(0.1)
    pytest.fail("no sample was taken in a minute")


def test_a_size_over_the_engine_s_is_refused_by_us_before_anything_runs(place: Place, repo: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "invoke", "lab", "race", "--cores", "64", "--runner", "docker"],
        cwd=repo,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == UsageFault.exit_code
    assert f"{len(place.machine.cpus)} CPUs are available" in ended.stderr
    assert ended.stdout == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="runs as an ordinary user anyway")
@pytest.mark.parametrize("runner", ["docker", "local"])
def test_a_lab_runs_for_an_ordinary_user_without_a_name_or_a_home(place: Place, repo: Path, runner: str) -> None:
    assert place.engine is not None
    with tempfile.TemporaryDirectory(prefix="ordinary-") as folder:
        clone = Path(folder) / "clone"
        shutil.copytree(repo, clone, ignore=shutil.ignore_patterns(".*", "results", "__pycache__", "tests"))
        shutil.copy(repo / ".dockerignore", clone)
        [compose_program, *_] = compose.compose_command(os.environ)
        plugins = Path(folder) / "docker" / "cli-plugins"
        plugins.mkdir(parents=True)
        shutil.copy(compose_program, plugins / "docker-compose")
        for path in (Path(folder), *Path(folder).rglob("*")):
            os.chown(path, ORDINARY, ORDINARY)
        ended = subprocess.run(
            [
                *(an_interpreter_for_all(), "-m", "invoke", "lab", "race", "--cores", "1", "--runner", runner),
                *("--rounds", "1", "--set", "count=2000", "--json"),
            ],
            cwd=clone,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path.endswith("site-packages")),
                "DOCKER_CONFIG": str(plugins.parent),
                **dict(place.engine.endpoint.variables),
            },
            user=ORDINARY,
            group=ORDINARY,
            extra_groups=[Path("/var/run/docker.sock").stat().st_gid],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.stdout, ended.stderr
        [run] = json.loads(ended.stdout)["runs"]
        assert run["placement"]["valid"]
        assert {sample["outcome"] for entry in run["variants"] for sample in entry["samples"]} == {"finished"}
        assert (clone / "results" / run["run_id"] / "run.json").stat().st_uid == ORDINARY
        for volume in place.engine.client.volumes.list(filters={"name": "pinlab-results-"}):
            if volume.name != owners.volume_of(repo):
                volume.remove()


def an_interpreter_for_all() -> str:
    """An interpreter of this version that an ordinary user may run: the tests' own may lie in the home of root."""
    for program in (sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"):
        try:
            subprocess.run([program, "-c", ""], user=ORDINARY, group=ORDINARY, extra_groups=[], check=True, env={})
        except OSError:
            continue
        return program
    pytest.skip("no interpreter of this version that an ordinary user may run")
