"""What a variant leaves behind is named in the result and cleared away; who cleans up is not troubled."""

from __future__ import annotations

import secrets
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from harness import left_behind, outcome
from harness.left_behind import SHARED_MEMORY
from harness.shared_memory import SharedMemory
from tests.interpreters import every_interpreter
from tests.small_labs import measure, only_sample

if TYPE_CHECKING:
    from collections.abc import Callable

    Left = Callable[..., list[str]]

MARK = secrets.token_hex(4)
"""In the names of what these tests leave, so that it is told from what others have there."""


@pytest.fixture
def left(tmp_path: Path, repo: Path) -> Left:
    def run(body: str, python: str | None = None, head: str = "", **options: Any) -> list[str]:
        indented = "".join(f"    {line}\n" for line in body.splitlines())
        chosen: dict[str, Any] = {"interpreter": python} if python else {}
        source = f"import threading, time\nkept = []\n{head}\n@variant\ndef leave() -> None:\n{indented}"
        record = measure(source, tmp_path, repo, **chosen, **options)
        sample = only_sample(record, "leave")
        assert sample["outcome"] == "finished"
        problems = [one["detail"] for one in record["problems"]]
        assert problems == (["; ".join(sample["left_behind"])] if sample["left_behind"] else [])
        assert outcome.exit_code([record]) == 0
        found: list[str] = sample["left_behind"]
        return found

    return run


@every_interpreter
def test_a_thread_that_would_hold_the_interpreter_up_is_named_with_its_line_and_ended(left: Left, python: str) -> None:
    head = "def wait_here():\n    threading.Event().wait()\n"
    [told] = left("threading.Thread(target=wait_here, name='waiter').start()", python, head)
    assert told.startswith("thread waiter, at labs/small.py:")


@every_interpreter
def test_a_daemon_thread_is_named(left: Left, python: str) -> None:
    [told] = left("threading.Thread(target=time.sleep, args=(999,), name='dreamer', daemon=True).start()", python)
    assert told == "daemon thread dreamer"


@every_interpreter
def test_a_thread_that_threading_has_not_made_is_told(left: Left, python: str) -> None:
    assert left("import _thread\n_thread.start_new_thread(time.sleep, (999,))", python) == ["thread without a name"]


def test_a_thousand_things_are_told_in_a_few_words(left: Left) -> None:
    body = (
        "for number in range(300):\n"
        "    threading.Thread(target=time.sleep, args=(999,), name=f'{number} ' + 'x' * 1000, daemon=True).start()"
    )
    told = left(body)
    assert [line[:15] for line in told[:2]] == ["daemon thread 0", "daemon thread 1"]
    assert told[-1] == "293 more"
    assert len(told) == 8
    assert max(map(len, told)) <= 120


def test_threads_are_told_in_the_order_of_their_starts_whatever_their_ids(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = [SimpleNamespace(native_id=number) for number in (1023, 1024, 2048, 7)]  # a set has them in another order
    monkeypatch.setattr(threading, "enumerate", lambda: made)
    monkeypatch.setattr(left_behind, "_names", lambda _folder: frozenset({"7", "1023", "9", "2048", "5", "1024"}))
    assert list(left_behind._threads()) == [1023, 1024, 2048, 7, 5, 9]
    monkeypatch.setattr(left_behind, "_names", lambda _folder: frozenset())
    assert list(left_behind._threads()) == [1023, 1024, 2048, 7]


def test_a_thread_that_is_about_to_end_is_not_left_behind(left: Left) -> None:
    assert left("go_on = threading.Event()\nthreading.Thread(target=go_on.wait).start()\ngo_on.set()") == []


def test_a_pool_that_was_closed_leaves_nothing_and_one_that_was_not_is_named(left: Left) -> None:
    head = "from concurrent.futures import ThreadPoolExecutor\n"
    assert left("with ThreadPoolExecutor(2) as pool:\n    list(pool.map(abs, range(4)))", head=head) == []
    told = left("pool = ThreadPoolExecutor(1)\nkept.append(pool)\npool.submit(abs, 1).result()", head=head)
    assert told == ["thread ThreadPoolExecutor-0_0"]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_worker_process_that_is_left_is_named_and_ended(left: Left, method: str) -> None:
    head = f"import multiprocessing\ncontext = multiprocessing.get_context({method!r})\n"
    told = left("context.Process(target=time.sleep, args=(987.5,), name='sleeper').start()", head=head)
    assert told == ["process sleeper"]
    assert not [one for one in psutil.process_iter(["cmdline"]) if "987.5" in " ".join(one.info["cmdline"] or ())]


def test_what_a_raising_variant_leaves_does_not_hide_what_it_raised(tmp_path: Path, repo: Path) -> None:
    source = (
        "import threading\n@variant\ndef leave() -> None:\n"
        "    threading.Thread(target=threading.Event().wait, name='waiter').start()\n    raise ValueError('no')\n"
    )
    sample = only_sample(measure(source, tmp_path, repo), "leave")
    assert (sample["outcome"], sample["error"], sample["exit_code"]) == ("crashed", "ValueError: no", 1)
    assert sample["left_behind"] == ["thread waiter"]


def test_a_forked_process_that_comes_back_out_of_the_variant_reports_nothing(tmp_path: Path, repo: Path) -> None:
    source = (
        "import os\n@variant\ndef forks() -> int:\n    child = os.fork()\n    if child == 0:\n        return 5\n"
        "    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])\n"
    )
    record = measure(source, tmp_path, repo)
    assert only_sample(record, "forks")["answer"] == 1
    assert "end it with os._exit()" in (tmp_path / record["run_id"] / "lab.log").read_text()


def test_a_variant_that_is_meant_to_hang_is_left_to_hang(tmp_path: Path, repo: Path) -> None:
    source = (
        "import threading\n@variant(ends='deadlocked')\ndef hang() -> None:\n"
        "    lock = threading.Lock()\n    def twice() -> None:\n        with lock:\n            lock.acquire()\n"
        "    threading.Thread(target=twice).start()\n"
    )
    assert only_sample(measure(source, tmp_path, repo), "hang")["outcome"] == "deadlocked"


@every_interpreter
def test_sockets_that_stay_open_are_named_by_what_they_are(left: Left, python: str) -> None:
    body = (
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "kept.append(server)\nkept.append(socket.create_connection(server.getsockname()))\nkept.extend(socket.socketpair())"
    )
    told = left(body, python, "import socket\n")
    first, *others = told
    assert first == "socket ×2"
    assert [line.rpartition(" ")[0] for line in others] == ["socket connected to port", "socket listening at port"]
    assert left("with socket.create_server(('127.0.0.1', 0)):\n    pass", python, "import socket\n") == []


@every_interpreter
def test_shared_memory_that_nobody_unlinked_is_named_and_gone(left: Left, python: str) -> None:
    name = f"pinlab_{MARK}_block"
    body = f"SharedMemory({name!r}, create=True, size=10).close()"
    head = "from multiprocessing.shared_memory import SharedMemory\n"
    assert left(body, python, head) == [f"shared memory {name}"]
    assert not Path(SHARED_MEMORY, name).exists()
    both = f"block = SharedMemory({name!r}, create=True, size=10)\nblock.close()\nblock.unlink()"
    assert left(both, python, head) == []


def test_shared_memory_of_a_worker_that_no_tracker_knows_is_named_and_gone(left: Left) -> None:
    name = f"pinlab_{MARK}_worker"
    head = (
        "import multiprocessing, os\nfrom multiprocessing import shared_memory\n"
        f"def make():\n    shared_memory._posixshmem.shm_open('/{name}', os.O_CREAT | os.O_RDWR, mode=0o600)\n"
    )
    body = "worker = multiprocessing.Process(target=make)\nworker.start()\nworker.join()"
    assert left(body, head=head) == [f"shared memory {name}"]
    assert not Path(SHARED_MEMORY, name).exists()


@every_interpreter
def test_a_named_semaphore_that_is_left_is_named_and_gone(left: Left, python: str) -> None:
    name = f"pinlab_{MARK}_semaphore"
    head = "import _multiprocessing\n"
    assert left(f"kept.append(_multiprocessing.SemLock(1, 1, 1, '/{name}', False))", python, head) == [
        f"semaphore {name}"
    ]
    assert not Path(SHARED_MEMORY, f"sem.{name}").exists()


def test_what_others_make_in_shared_memory_meanwhile_stays(tmp_path: Path) -> None:
    (tmp_path / "before").touch()
    watched = SharedMemory(tmp_path.parent / "noted", is_alone=False, folder=tmp_path)
    for name in ("others", "noted_by_ours", "sem.mapped_by_ours"):
        (tmp_path / name).touch()
    (tmp_path.parent / "noted").write_text("noted_by_ours\ngone_already\nbefore\n")
    assert watched.clear(["sem.mapped_by_ours"]) == ["shared memory noted_by_ours", "semaphore mapped_by_ours"]
    assert {path.name for path in tmp_path.iterdir()} == {"before", "others"}


def test_in_a_container_all_that_is_new_is_the_samples(tmp_path: Path) -> None:
    (tmp_path / "before").touch()
    watched = SharedMemory(tmp_path.parent / "noted", is_alone=True, folder=tmp_path)
    (tmp_path / "new").touch()
    assert watched.clear([]) == ["shared memory new"]
    assert {path.name for path in tmp_path.iterdir()} == {"before"}


def test_a_system_without_such_a_folder_has_nothing_there(tmp_path: Path) -> None:
    assert SharedMemory(tmp_path / "noted", is_alone=True, folder=tmp_path / "nowhere").clear(["x"]) == []
