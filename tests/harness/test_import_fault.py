"""A file of a lab that cannot be imported is told in one line, with the file as the user knows it and the line."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from harness.catalogue import read_lab
from harness.errors import PinlabError
from harness.import_fault import told_file
from harness.mine import read_mine
from harness.session import LocalSession
from tests.interpreters import every_interpreter
from tests.small_labs import LAB, carry_out, measure, request_for

if TYPE_CHECKING:
    from pathlib import Path

    from harness.request import Request

ONE = "@variant\ndef one() -> int:\n    return 1\n"


def fault_of(source: str, folder: Path, repo: Path, **changes: Any) -> str:
    """What is said of a lab whose variant is `one`, and which does not come to run."""
    asked: Request = dataclasses.replace(request_for({"one": "finished"}), **changes)
    session = LocalSession((asked,), {"labs/small.py": (LAB + ONE + source).encode()}, folder, repo)
    with pytest.raises(PinlabError) as raised:
        carry_out(session, 1)
    assert raised.value.exit_code == 2
    told = str(raised.value)
    assert "\n" not in told
    return told


LINE = (LAB + ONE).count("\n") + 1


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
        ("int('x')\n", "ValueError: invalid literal"),
        ("raise KeyboardInterrupt\n", "KeyboardInterrupt"),
        ("raise ValueError('two\\nlines')\n", "ValueError: two lines"),
    ],
)
def test_whatever_an_import_raises_is_one_line_with_file_and_line(
    source: str, says: str, tmp_path: Path, repo: Path
) -> None:
    told = fault_of(source, tmp_path, repo)
    assert told.startswith(f"labs/small.py:{LINE}: cannot be imported: {says}")


def test_the_line_is_the_labs_even_where_the_library_raised(tmp_path: Path, repo: Path) -> None:
    told = fault_of("def f():\n    import json\n    json.loads('x')\nf()\n", tmp_path, repo)
    assert told.startswith(f"labs/small.py:{LINE + 2}: cannot be imported: JSONDecodeError")


@every_interpreter
def test_a_file_that_does_not_compile_there_is_told_with_its_line(tmp_path: Path, repo: Path, python: str) -> None:
    told = fault_of("return 1\n", tmp_path, repo)
    assert told.startswith(f"labs/small.py:{LINE}: cannot be imported: SyntaxError: 'return' outside function")


def test_a_lab_from_outside_is_told_by_its_own_name_and_that_it_travels_alone(tmp_path: Path, repo: Path) -> None:
    told = fault_of("import beside\n", tmp_path, repo, origin="their folder/small.py")
    assert told.startswith(f"their folder/small.py:{LINE}: cannot be imported: ModuleNotFoundError")
    assert told.endswith("this file travels alone, those beside it stay where they are: put what it needs into it")


def test_the_traceback_is_in_the_log(tmp_path: Path, repo: Path) -> None:
    fault_of("import no_such_module\n", tmp_path, repo)
    [log] = tmp_path.glob("*/lab.log")
    assert "Traceback" in log.read_text()


def test_a_learners_file_that_cannot_be_imported_is_told_by_its_own_name(tmp_path: Path, repo: Path) -> None:
    (tmp_path / "my_race.py").write_text("\nfrom labs.race import NoSuchName\n\n\ndef with_lock(): ...\n")
    lab = read_lab(repo / "labs" / "race.py")
    mine = read_mine("my_race.py", tmp_path, lab)
    asked = request_for({"with_lock": "finished"}, lab="race")
    asked = dataclasses.replace(asked, mine=mine.to_json())
    files = {"labs/race.py": lab.path.read_bytes(), mine.travels_as: mine.content}
    with pytest.raises(PinlabError, match=r"^my_race.py:2: cannot be imported: ImportError: cannot import name 'NoSu"):
        carry_out(LocalSession((asked,), files, tmp_path / "results", repo), 1)
    assert told_file("labs/race.py", asked) == "labs/race.py"


def test_an_answer_that_cannot_be_compared_is_told_with_its_line(tmp_path: Path, repo: Path) -> None:
    record = measure(
        ONE + '@variant(answer="differs", because="x")\ndef two() -> object:\n    return {1}\n', tmp_path, repo
    )
    [problem] = record["problems"]
    assert problem["kind"] == "not_comparable"
    assert problem["detail"] == (
        f"labs/small.py:{LINE}: returned a set, which cannot be compared: return numbers, strings or lists of them"
    )
    assert [entry["outcome"] for entry in record["variants"]] == ["finished", "crashed"]
