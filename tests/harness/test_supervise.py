from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from harness import supervise

if TYPE_CHECKING:
    from pathlib import Path

ORPHANS = """
import os, sys, time
from harness import supervise

supervise.become_subreaper()
first = os.fork()
if first == 0:
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(986)"])
    os._exit(0)
os.waitpid(first, 0)
until_out, until_in = os.pipe()
spared = os.fork()
if spared == 0:
    os.close(until_in)
    os.read(until_out, 1)
    os._exit(0)
named = supervise._clear_away(supervise._Bill(), frozenset({spared}), 0.0)
print(*named, sep="|")
print(supervise._children() == [spared])
"""


def test_an_orphan_is_ended_and_named_and_what_is_spared_stays(repo: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux gives orphans to a subreaper")
    done = subprocess.run(
        [sys.executable, "-c", ORPHANS], cwd=repo, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    named, only_spared = done.stdout.splitlines()
    assert "986" in named
    assert only_spared == "True"


def test_a_child_is_among_the_children_until_it_is_reaped() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert child in supervise._children()
    os.waitpid(child, 0)
    assert child not in supervise._children()


def test_without_the_kernels_list_psutil_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    class Nowhere:
        def __init__(self, _path: str) -> None: ...

        def iterdir(self) -> list[str]:
            raise FileNotFoundError

    monkeypatch.setattr(supervise, "Path", Nowhere)
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as child:
        assert child.pid in supervise._children()
