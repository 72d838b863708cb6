"""Interpreters are named strictly, found without a download, and asked what they really are."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

import pytest

from harness import interpreters
from harness.errors import UsageFault
from harness.interpreters import Interpreter, find_interpreter, image_interpreter, parse_pythons

FREE = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
OWN = f"{sys.version_info.major}.{sys.version_info.minor}{'t' if FREE else ''}"


def a_program(folder: Path, name: str, prints: str) -> Path:
    """A program that prints something, whatever it is asked."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{prints}'\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def an_interpreter(folder: Path, name: str, minor: int, *, free: bool = False, kind: str = "cpython") -> Path:
    return a_program(folder, name, f'["{kind}", 3, {minor}, {str(free).lower()}]')


def nowhere_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No uv is found beside the interpreter, which is none of the versions asked for."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none" / "python"))
    monkeypatch.setattr(interpreters, "_own_version", lambda: "3.99")


def test_a_list_of_versions_keeps_its_order() -> None:
    assert parse_pythons("3.14") == ("3.14",)
    assert parse_pythons("3.14t, 3.14,3.11") == ("3.14t", "3.14", "3.11")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "'' is no version"),
        (" ", "is no version"),
        ("3.14,", "'' is no version"),
        ("3.14,,3.14t", "'' is no version"),
        ("3.14,3.14", "3.14 is there twice"),
        ("3", "is no version"),
        ("3.14.1", "is no version"),
        ("3.014", "is no version"),
        ("03.14", "is no version"),
        ("python3.14", "is no version"),
        ("3.14tt", "is no version"),
        ("3.14T", "is no version"),
        ("-3.14", "is no version"),
        ("3.१४", "is no version"),
        ("../3.14", "is no version"),
        ("pypy", "is no version"),
        ("3." + "9" * 5000, "is no version"),
        ("3.10", "3.10 is too old: 3.11 is the oldest"),
        ("2.7", "2.7 is too old"),
        ("3.12t", "free-threaded Python begins with 3.13t"),
    ],
)
def test_what_is_no_version_is_refused_in_one_line(text: str, says: str) -> None:
    with pytest.raises(UsageFault) as raised:
        parse_pythons(text)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 250


def test_the_image_has_its_two_interpreters_and_no_other() -> None:
    assert [image_interpreter(version).version for version in interpreters.IMAGE_PYTHONS] == ["3.14", "3.14t"]
    with pytest.raises(UsageFault, match=r"--python 3.13: the image has 3.14, 3.14t; others run with --runner local"):
        image_interpreter("3.13")


def test_the_image_is_built_with_the_interpreters_that_it_is_said_to_have() -> None:
    dockerfile = (Path(__file__).parents[2] / "Dockerfile").read_text(encoding="utf-8")
    assert f"uv python install --compile-bytecode {' '.join(interpreters.IMAGE_PYTHONS)} " in dockerfile


def test_the_interpreter_that_runs_this_is_found_without_looking_further(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_interpreter(OWN, {"PATH": ""}) == Interpreter(OWN, Path(sys.executable))


def test_an_interpreter_on_path_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nowhere_else(monkeypatch, tmp_path)
    path = an_interpreter(tmp_path / "bin", "python3.14t", 14, free=True)
    environ = {"PATH": str(path.parent)}
    assert find_interpreter("3.14t", environ) == Interpreter("3.14t", path)


@pytest.mark.parametrize(
    "pretends",
    [{"minor": 13}, {"minor": 14, "free": True}, {"minor": 14, "kind": "pypy"}],
    ids=["another version", "another build", "another implementation"],
)
def test_what_only_has_the_name_of_an_interpreter_is_not_it(
    pretends: dict[str, object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nowhere_else(monkeypatch, tmp_path)
    an_interpreter(tmp_path / "bin", "python3.14", **pretends)  # type: ignore[arg-type]
    with pytest.raises(UsageFault, match="not found on this machine"):
        find_interpreter("3.14", {"PATH": str(tmp_path / "bin")})


def test_a_program_that_says_nonsense_or_fails_is_no_interpreter(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nowhere_else(monkeypatch, tmp_path)
    a_program(tmp_path / "bin", "python3.14", "no version set")
    (tmp_path / "bin" / "python3.13").write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    (tmp_path / "bin" / "python3.13").chmod(0o755)
    for version in ("3.14", "3.13"):
        with pytest.raises(UsageFault, match="not found on this machine"):
            find_interpreter(version, {"PATH": str(tmp_path / "bin")})


def test_uv_is_asked_where_path_has_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nowhere_else(monkeypatch, tmp_path)
    hidden = an_interpreter(tmp_path / "managed", "python", 14, free=True)
    a_program(tmp_path / "bin", "uv", str(hidden))
    assert find_interpreter("3.14t", {"PATH": str(tmp_path / "bin")}) == Interpreter("3.14t", hidden)


def test_the_uv_beside_the_interpreter_is_asked_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nowhere_else(monkeypatch, tmp_path)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "python"))
    hidden = an_interpreter(tmp_path / "managed", "python", 14)
    a_program(tmp_path / "venv", "uv", str(hidden))
    assert find_interpreter("3.14", {"PATH": ""}).path == hidden


def test_uv_is_never_asked_to_download(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nowhere_else(monkeypatch, tmp_path)
    asked = tmp_path / "asked"
    uv = a_program(tmp_path / "bin", "uv", "")
    uv.write_text(f'#!/bin/sh\necho "$@" >>"{asked}"\nexit 2\n', encoding="utf-8")
    with pytest.raises(UsageFault, match=r"get it with `uv python install 3.14t`"):
        find_interpreter("3.14t", {"PATH": str(tmp_path / "bin")})
    lines = asked.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("python find ")
    assert "--no-python-downloads" in lines[0]


def test_without_uv_the_advice_begins_with_uv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nowhere_else(monkeypatch, tmp_path)
    with pytest.raises(UsageFault, match=r"3\.14t: not found .* install uv \(.*\), then .*`uv python install 3\.14t`"):
        find_interpreter("3.14t", {"PATH": str(tmp_path)})


def test_with_nothing_asked_for_the_images_version_is_preferred(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nowhere_else(monkeypatch, tmp_path)
    path = an_interpreter(tmp_path / "bin", "python3.14", 14)
    assert find_interpreter(None, {"PATH": str(path.parent)}) == Interpreter("3.14", path)


def test_with_nothing_asked_for_and_nothing_found_the_running_interpreter_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nowhere_else(monkeypatch, tmp_path)
    assert find_interpreter(None, {"PATH": ""}) == Interpreter("3.99", Path(sys.executable))


def test_a_real_interpreter_says_its_version_and_build() -> None:
    assert interpreters._asked(Path(sys.executable)) == OWN
    assert interpreters._asked(Path(os.devnull)) == ""
