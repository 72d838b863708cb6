"""Leases between real processes; what one waits for is a line of the other, never a time."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import Busy, OwnFault
from harness.lease import Holder, lease

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the tests use POSIX signals and modes")

REPOSITORY = Path(__file__).parents[2]
ENGINE = "an engine"
ME = Holder(run="run-2", user="bob", lab="race", pid=os.getpid())

HOLD = """
import os, signal, sys
from pathlib import Path
from harness.lease import Holder, lease

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job inherits it as ignored
folder, cpus, user = sys.argv[1:]
say = lambda line: print("says", line, flush=True)
holder = Holder(run="run-1", user=user, lab="gil", pid=os.getpid())
try:
    with lease("an engine", map(int, cpus.split(",")), holder, say=say, folder=Path(folder)):
        print("holds", flush=True)
        sys.stdin.readline()
except KeyboardInterrupt:
    print("interrupted", flush=True)
print("let go", flush=True)
"""


class Other:
    """Another process that takes a lease, says so, and holds it until told to let go."""

    def __init__(self, folder: Path, cpus: str, user: str = "alice") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(folder), cpus, user],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def let_go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def others() -> Iterator[list[Other]]:
    started: list[Other] = []
    yield started
    for other in started:
        other.end()


def silent(line: str) -> None:
    raise AssertionError(f"said {line!r} though nothing had to be waited for")


def files(folder: Path) -> dict[str, Path]:
    return {path.name: path for path in folder.glob("*/cpu-*")}


def test_a_held_cpu_is_busy_and_its_holder_is_named(tmp_path: Path, others: list[Other]) -> None:
    others.append(Other(tmp_path, "1"))
    assert others[0].line() == "holds"
    expected = rf"^CPU 1 is held by alice \(lab gil, pid {others[0].process.pid}, since [-0-9: ]+\); .*--no-wait"
    with pytest.raises(Busy, match=expected), lease(ENGINE, (1,), ME, wait=False, say=silent, folder=tmp_path):
        pass


def test_a_waiting_run_says_once_for_whom_and_goes_on_when_it_is_free(tmp_path: Path, others: list[Other]) -> None:
    others.append(Other(tmp_path, "1,2"))
    assert others[0].line() == "holds"
    others.append(Other(tmp_path, "2,1", user="bob"))
    said = others[1].line()
    assert said.startswith(f"says waiting for CPU 1, held by alice (lab gil, pid {others[0].process.pid}, since ")
    others[0].let_go()
    assert others[1].line() == "holds"


def test_cpus_that_do_not_overlap_are_held_side_by_side(tmp_path: Path, others: list[Other]) -> None:
    others.append(Other(tmp_path, "1"))
    assert others[0].line() == "holds"
    with lease(ENGINE, (0, 2), ME, wait=False, say=silent, folder=tmp_path):
        assert set(files(tmp_path)) == {"cpu-0", "cpu-1", "cpu-2"}


def test_another_engine_has_other_cpus(tmp_path: Path, others: list[Other]) -> None:
    others.append(Other(tmp_path, "1"))
    assert others[0].line() == "holds"
    with lease("another engine", (1,), ME, wait=False, say=silent, folder=tmp_path):
        assert len(list(tmp_path.glob("*/cpu-1"))) == 2


def test_a_killed_holder_holds_nothing(tmp_path: Path, others: list[Other]) -> None:
    others.append(Other(tmp_path, "0,1"))
    assert others[0].line() == "holds"
    others[0].process.kill()
    others[0].process.wait()
    with lease(ENGINE, (0, 1), ME, wait=False, say=silent, folder=tmp_path):
        pass


def test_an_error_in_the_block_lets_go(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), lease(ENGINE, (0,), ME, say=silent, folder=tmp_path):
        raise ZeroDivisionError
    with lease(ENGINE, (0,), ME, wait=False, say=silent, folder=tmp_path):
        pass


def test_what_was_taken_before_a_busy_cpu_is_given_back(tmp_path: Path, others: list[Other]) -> None:
    others.append(Other(tmp_path, "3"))
    assert others[0].line() == "holds"
    with pytest.raises(Busy), lease(ENGINE, (1, 3), ME, wait=False, say=silent, folder=tmp_path):
        pass
    with lease(ENGINE, (1,), ME, wait=False, say=silent, folder=tmp_path):
        pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_child_that_outlives_the_lease_does_not_keep_it(tmp_path: Path) -> None:
    ends_here, ends_there = os.pipe()
    with lease(ENGINE, (0,), ME, say=silent, folder=tmp_path):
        child = os.fork()
        if child == 0:
            os.close(ends_there)
            os.read(ends_here, 1)
            os._exit(0)
    with lease(ENGINE, (0,), ME, wait=False, say=silent, folder=tmp_path):
        pass
    os.close(ends_there)
    os.close(ends_here)
    os.waitpid(child, 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_wait(tmp_path: Path, others: list[Other], number: signal.Signals) -> None:
    others += [Other(tmp_path, "1"), Other(tmp_path, "1", user="bob")]
    # Whichever comes first holds; the other says that it waits, and is the one that is interrupted.
    lines = {other.line().partition(" ")[0]: other for other in others}
    waiting = lines["says"]
    waiting.process.send_signal(number)
    if number == signal.SIGINT:
        assert waiting.line() == "interrupted"
        assert waiting.process.wait() == 0
    else:
        assert waiting.process.wait() == -signal.SIGTERM


def test_many_runs_with_overlapping_sets_all_get_their_turn(tmp_path: Path, others: list[Other]) -> None:
    others += [Other(tmp_path, cpus) for cpus in ("0,1", "1,2", "2,0", "2,1,0")]
    for other in others:
        other.let_go()
    for other in others:
        lines = [line for line in other.process.communicate()[0].splitlines() if not line.startswith("says ")]
        assert lines == ["holds", "let go"]


def test_every_user_may_use_the_files_whatever_the_umask(tmp_path: Path) -> None:
    folder = tmp_path / "leases"
    before = os.umask(0o077)
    try:
        with lease(ENGINE, (0,), ME, say=silent, folder=folder):
            assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    assert sorted(modes.values()) == [0o666, 0o1777, 0o1777]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user")
def test_a_file_that_another_user_made_can_be_leased() -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folder is closed to other users
        Path(name).chmod(0o755)
        folder = Path(name) / "leases"
        with lease(ENGINE, (0,), ME, say=silent, folder=folder):
            pass
        assert lease_as_nobody(folder) == 0
        with lease(ENGINE, (0, 1), ME, wait=False, say=silent, folder=folder):
            pass


def lease_as_nobody(folder: Path) -> int:
    """Take CPUs 0 and 1 in a child that is user 65534; its exit code is 0 if it held them."""
    child = os.fork()
    if child == 0:
        held = 1
        try:
            os.setgid(65534)
            os.setuid(65534)
            with lease(ENGINE, (0, 1), ME, wait=False, say=silent, folder=folder):
                held = 0
        finally:
            os._exit(held)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("note", ["", "{", "[]", "7", "[" * 4000, '{"user": "al\\u001b[31m\\u202eice", "since": 3}'])
def test_a_strange_note_of_the_holder_is_told_safely(tmp_path: Path, others: list[Other], note: str) -> None:
    others.append(Other(tmp_path, "1"))
    assert others[0].line() == "holds"
    files(tmp_path)["cpu-1"].write_text(note, encoding="utf-8")
    with pytest.raises(Busy) as fault, lease(ENGINE, (1,), ME, wait=False, say=silent, folder=tmp_path):
        pass
    assert str(fault.value).isprintable()
    assert "another run" in str(fault.value) or "al?[31m?ice (lab ?, pid ?, since an unknown time)" in str(fault.value)


def test_the_note_tells_the_holder_and_is_gone_afterwards(tmp_path: Path) -> None:
    with lease(ENGINE, (1,), ME, say=silent, folder=tmp_path):
        note = json.loads(files(tmp_path)["cpu-1"].read_text(encoding="utf-8"))
    assert (note["run"], note["user"], note["lab"], note["pid"]) == ("run-2", "bob", "race", os.getpid())
    assert note["since"].endswith("+00:00")
    assert files(tmp_path)["cpu-1"].read_bytes() == b""


def test_no_file_stays_open_after_a_lease(tmp_path: Path, others: list[Other]) -> None:
    others.append(Other(tmp_path, "3"))
    assert others[0].line() == "holds"
    before = len(list(Path("/dev/fd").iterdir()))
    with lease(ENGINE, (0, 1), ME, say=silent, folder=tmp_path):
        pass
    with pytest.raises(Busy), lease(ENGINE, (2, 3), ME, wait=False, say=silent, folder=tmp_path):
        pass
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_a_cpu_named_twice_is_held_once(tmp_path: Path) -> None:
    with lease(ENGINE, (1, 1), ME, wait=False, say=silent, folder=tmp_path):
        pass


def test_a_folder_that_cannot_be_used_is_told_in_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "leases"
    folder.write_text("a file in the way", encoding="utf-8")
    with pytest.raises(OwnFault, match=r"^cannot lease CPUs in .*; remove that folder, or ask its owner to$"):  # noqa: SIM117 - one raises
        with lease(ENGINE, (1,), ME, say=silent, folder=folder):
            pass


def test_a_planted_link_is_not_followed(tmp_path: Path) -> None:
    with lease(ENGINE, (1,), ME, say=silent, folder=tmp_path):
        pass
    path = files(tmp_path)["cpu-1"]
    target = tmp_path / "target"
    target.write_text("precious", encoding="utf-8")
    path.unlink()
    path.symlink_to(target)
    with pytest.raises(OwnFault), lease(ENGINE, (1,), ME, say=silent, folder=tmp_path):
        pass
    assert target.read_text(encoding="utf-8") == "precious"
