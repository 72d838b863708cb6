from __future__ import annotations

import enum
import hashlib
import json
import math
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from harness import cell

if TYPE_CHECKING:
    from pathlib import Path

DEAR = ("json", "hashlib", "contextlib", "re", "enum", "typing", "dataclasses", "pathlib", "threading")


class Colour(enum.IntEnum):
    RED = 1


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, False, 0, -7, 10**40, 0.1, -0.0, 1e300, 5e-324, "", '가\n"\\\x00\ud83d', [], (), {}),
        [1, [2.5, (None, "x")], {"a": {"b": [True]}}],
        {1: "a", None: "b", 2.5: "c"},
        {"a": {2.5: []}},
        Colour.RED,
        {"colour": [Colour.RED]},
    ],
)
def test_values_are_written_as_json_writes_them(value: Any) -> None:
    assert cell.as_json(value) == json.dumps(value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, [math.nan], {"a": math.inf}, {1}, object(), b"x"])
def test_what_json_does_not_have_is_refused(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        cell.as_json(value)


def test_a_list_that_holds_itself_is_an_answer_that_cannot_be_compared() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert cell._answer(endless)["outcome"] == "crashed"


def test_an_answer_has_its_digest_and_a_long_one_has_nothing_else() -> None:
    digest = hashlib.sha256(b"[1, 2]").hexdigest()[:16]
    assert cell._answer((1, 2)) == {"answer": (1, 2), "answer_digest": digest}
    assert cell._answer([1] * cell.ANSWER_CHARACTERS)["answer"] is None
    assert cell._answer(None) == {"answer": None, "answer_digest": None}


def test_a_measured_start_loads_none_of_what_would_make_it_dearer(repo: Path) -> None:
    assert not set(DEAR) & loaded(repo)


def loaded(repo: Path) -> set[str]:
    """The modules of an interpreter that has loaded a cell and nothing else."""
    program = "import harness.cell, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {os.fspath(repo)!r}); {program}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())
