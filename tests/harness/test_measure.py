from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness import measured_run, outcome
from harness.errors import PinlabError
from harness.session import write_run_folder
from tests.small_labs import measure, only_sample, request_for


@pytest.fixture
def measured(tmp_path: Path, repo: Path) -> Any:
    def run(source: str, **options: Any) -> dict[str, Any]:
        return measure(source, tmp_path, repo, **options)

    return run


def test_a_run_is_pinned_and_says_so_at_its_start_and_its_end(measured: Any) -> None:
    cpu = max(os.sched_getaffinity(0))
    record = measured(
        "import os\n@variant\ndef where() -> list[int]:\n    return sorted(os.sched_getaffinity(0))\n", cpus=(cpu,)
    )
    assert record["placement"]["requested"] == record["placement"]["at_start"] == record["placement"]["at_end"] == [cpu]
    assert record["placement"]["valid"]
    assert only_sample(record, "where")["answer"] == [cpu]


def test_a_variant_that_narrows_its_own_mask_makes_the_placement_invalid(measured: Any) -> None:
    cpus = tuple(sorted(os.sched_getaffinity(0)))
    if len(cpus) < 2:
        pytest.skip("needs two CPUs to narrow to one")
    record = measured(
        f"import os\n@variant\ndef narrow() -> None:\n    os.sched_setaffinity(0, [{cpus[0]}])\n", cpus=cpus
    )
    assert not record["placement"]["valid"]
    assert record["placement"]["narrowed_by"] == ["narrow.0"]
    assert outcome.exit_code([record]) == 3


def test_the_harness_does_not_run_while_a_variant_is_measured(measured: Any) -> None:
    record = measured("@variant\ndef count() -> int:\n    return sum(range(3_000_000))\n", rounds=3)
    [entry] = record["variants"]
    assert [sample["harness_switches"] for sample in entry["samples"]] == [0, 0, 0]


def test_an_endless_loop_is_timed_out_and_its_stack_is_in_the_log(measured: Any, tmp_path: Path) -> None:
    record = measured("@variant\ndef spin() -> None:\n    while True:\n        pass\n", deadline_seconds=2.0)
    sample = only_sample(record, "spin")
    assert sample["outcome"] == "timed_out"
    assert outcome.exit_code([record]) == 4
    assert "in spin" in (tmp_path / record["run_id"] / "lab.log").read_text()


def test_an_unexpected_deadlock_is_named_and_explained(measured: Any, tmp_path: Path) -> None:
    source = (
        "import threading\n"
        "@variant\n"
        "def twice() -> None:\n"
        "    lock = threading.Lock()\n"
        "    with lock:\n"
        "        lock.acquire()\n"
    )
    record = measured(source, deadline_seconds=2.0)
    sample = only_sample(record, "twice")
    assert sample["outcome"] == "deadlocked"
    assert any("lock" in line for line in sample["explanation"])
    assert outcome.exit_code([record]) == 1


def test_a_deadlock_that_is_meant_is_no_problem(measured: Any) -> None:
    source = (
        "import threading\n"
        '@variant(ends="deadlocked")\n'
        "def twice() -> None:\n"
        "    lock = threading.Lock()\n"
        "    with lock:\n"
        "        lock.acquire()\n"
        "@claim\n"
        "def it_hangs(run: Run) -> Verdict:\n"
        '    """It hangs."""\n'
        '    return run.outcomes(twice).are_all("deadlocked")\n'
    )
    record = measured(source, deadline_seconds=30.0)
    assert record["verdicts"][0]["verdict"] == "holds"
    assert record["problems"] == []
    assert outcome.exit_code([record]) == 0


def test_input_is_at_its_end_at_once(measured: Any) -> None:
    record = measured("@variant\ndef ask() -> None:\n    input()\n")
    assert only_sample(record, "ask")["outcome"] == "crashed"
    assert "EOFError" in only_sample(record, "ask")["error"]


def test_what_was_measured_before_a_crash_is_kept(measured: Any) -> None:
    source = (
        "import os\n@variant\ndef fine() -> int:\n    return 1\n"
        '@variant(answer="differs", because="it ends")\ndef dies() -> int:\n    os.abort()\n'
    )
    record = measured(source, rounds=2)
    by_name = {entry["name"]: entry for entry in record["variants"]}
    assert [sample["outcome"] for sample in by_name["fine"]["samples"]] == ["finished", "finished"]
    assert [sample["outcome"] for sample in by_name["dies"]["samples"]] == ["killed"]
    assert by_name["dies"]["samples"][0]["exit_code"] == -signal.SIGABRT


def test_a_memory_hog_is_stopped_by_the_limit_and_named(measured: Any) -> None:
    source = "@variant\ndef hog() -> None:\n    kept = []\n    while True:\n        kept.append(bytearray(1 << 24))\n"
    record = measured(source, memory_bytes=400 << 20)
    assert only_sample(record, "hog")["outcome"] == "out_of_memory"
    assert outcome.exit_code([record]) == 4


def test_a_flood_of_output_is_cut_and_said_to_be(measured: Any, tmp_path: Path) -> None:
    source = "@variant\ndef flood() -> None:\n    for _ in range(3000):\n        print('x' * 1000)\n"
    record = measured(source, log_bytes=10_000)
    text = (tmp_path / record["run_id"] / "lab.log").read_text()
    assert len(text) < 11_000
    assert "bytes more were written and not kept" in text
    assert outcome.exit_code([record]) == 4


def test_nothing_is_left_behind_and_what_was_is_named(measured: Any) -> None:
    source = (
        "import subprocess, sys\n@variant\ndef leave() -> None:\n"
        "    subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(987)'], start_new_session=True)\n"
    )
    record = measured(source)
    assert "987" in only_sample(record, "leave")["left_behind"][0]
    alive = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    assert not [line for line in alive if "time.sleep(987)" in line]


def test_unreaped_forks_leave_no_zombie(measured: Any) -> None:
    source = (
        "import os\n@variant\ndef forks() -> None:\n    for _ in range(20):\n"
        "        if os.fork() == 0:\n            os._exit(0)\n"
    )
    record = measured(source)
    assert only_sample(record, "forks")["outcome"] == "finished"
    assert [process for process in psutil.Process().children(recursive=True) if process.status() == "zombie"] == []


def test_unequal_answers_fail_the_run(measured: Any) -> None:
    record = measured("@variant\ndef one() -> int:\n    return 1\n@variant\ndef two() -> int:\n    return 2\n")
    assert [problem["kind"] for problem in record["problems"]] == ["unequal_answer"]
    assert outcome.exit_code([record]) == 1


def test_an_answer_that_cannot_be_compared_is_told(measured: Any) -> None:
    record = measured("@variant\ndef odd() -> object:\n    return object()\n")
    assert "cannot be compared" in only_sample(record, "odd")["error"]


def test_events_of_threads_reach_the_claims(measured: Any) -> None:
    source = (
        "import logging, threading\n"
        "@variant\n"
        "def talk() -> None:\n"
        "    worker = threading.Thread(target=logging.info, args=('from the worker',), name='worker')\n"
        "    worker.start()\n"
        "    worker.join()\n"
        "    logging.info('from the main thread')\n"
        "@claim\n"
        "def in_order(run: Run) -> Verdict:\n"
        '    """The worker speaks first."""\n'
        "    said = [[(event.thread_name, event.message) for event in events] for events in run.events(talk)]\n"
        "    right = [('worker', 'from the worker'), ('MainThread', 'from the main thread')]\n"
        "    return Verdict.holds('yes') if said == [right] else Verdict.refuted(repr(said))\n"
    )
    assert measured(source)["verdicts"][0]["verdict"] == "holds"


def test_a_lab_that_cannot_be_imported_ends_with_one_line(measured: Any) -> None:
    with pytest.raises(PinlabError, match=r"^labs/small.py:8: cannot be imported: Mod") as caught:
        measured("@variant\ndef v() -> None: ...\nif __name__ == 'labs.small':\n    import no_such_module\n")
    assert caught.value.exit_code == 2


def test_the_end_of_the_input_closes_the_runs(tmp_path: Path, repo: Path) -> None:
    request = request_for({"one": "finished"})
    folder = tmp_path / request.run_id
    write_run_folder(
        request, folder, {"labs/small.py": b"from harness.lab import variant\n@variant\ndef one(): return 1\n"}
    )
    ended = subprocess.run(
        [sys.executable, "-m", "harness", str(folder)],
        cwd=repo,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    record = json.loads((folder / "run.json").read_text())
    assert record["status"] == "interrupted"
    assert not (folder / "journal.jsonl").exists()


def test_a_set_the_kernel_does_not_give_is_refused(tmp_path: Path, repo: Path) -> None:
    request = request_for({"one": "finished"}, cpus=(4095,))
    folder = tmp_path / request.run_id
    write_run_folder(request, folder, {"labs/small.py": b""})
    ended = subprocess.run(
        [sys.executable, "-m", "harness", str(folder)],
        cwd=repo,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 2
    assert b"4095" in ended.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /dev/shm")
def test_a_hang_leaves_no_semaphore_behind(measured: Any) -> None:
    source = (
        "import multiprocessing\n"
        '@variant(ends="deadlocked")\n'
        "def stuck() -> None:\n"
        "    lock = multiprocessing.Lock()\n"
        "    lock.acquire()\n"
        "    lock.acquire()\n"
    )
    before = set(Path("/dev/shm").iterdir())
    record = measured(source, deadline_seconds=30.0)
    assert only_sample(record, "stuck")["outcome"] == "deadlocked"
    assert {path for path in Path("/dev/shm").iterdir() if path.name.startswith("sem.mp-")} <= before


@pytest.mark.parametrize(
    ("wall", "cpu", "cost"), [(0.4, 0.1, 0.1), (0.1, 0.15, 0.1), (0.1, None, 0.1), (0.1, 0.0, 0.1)]
)
def test_what_starting_a_pool_costs_is_no_more_than_its_cpu_time(wall: float, cpu: float | None, cost: float) -> None:
    assert measured_run._undisturbed_seconds({"wall_seconds": wall, "cpu_seconds": cpu}) == cost


def test_every_sample_says_what_its_processes_used_and_wrote(measured: Any) -> None:
    source = (
        "from concurrent.futures import ProcessPoolExecutor\n"
        "@variant\n"
        "def alone() -> int:\n"
        "    return 6\n"
        "@variant\n"
        "def pooled() -> int:\n"
        "    with ProcessPoolExecutor(1) as pool:\n"
        "        return sum(map(len, pool.map(bytes, [1, 2, 3])))\n"
    )
    record = measured(source)
    alone, pooled = only_sample(record, "alone"), only_sample(record, "pooled")
    assert (alone["children_seconds"], alone["written_bytes"], alone["writes"]) == (0, 0, 0)
    assert pooled["children_seconds"] > 0
    assert pooled["written_bytes"] > pooled["writes"] >= 6
