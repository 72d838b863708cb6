"""A lab from outside the repository is a file that the user named, and nothing else of that folder is looked at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.errors import UsageFault
from harness.lab_record import LabFault
from harness.outside import is_path, lab_named, name_to_compare

LABS = Path(__file__).parents[2] / "labs"
LAB = '"""Why?"""\nfrom harness.lab import variant\n\n\n@variant\ndef one() -> int:\n    """One."""\n    return 1\n'


def written(folder: Path, name: str, text: str = LAB) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("word", ["a/b", "a\\b", "x.py", "./x", "../x.py", "/x.py", ".py"])
def test_a_word_with_a_slash_or_the_suffix_is_a_path(word: str) -> None:
    assert is_path(word)


@pytest.mark.parametrize("word", ["gil", "gil.txt", "gil_py", ""])
def test_any_other_word_is_a_name(word: str) -> None:
    assert not is_path(word)


def test_a_lab_from_outside_is_named_by_its_file_and_says_where_it_is_from(tmp_path: Path) -> None:
    written(tmp_path, "deep/한글 folder/their_lab.py")
    lab = lab_named("deep/한글 folder/their_lab.py", tmp_path, LABS)
    assert (lab.name, lab.origin) == ("their_lab", "deep/한글 folder/their_lab.py")


def test_a_path_may_lead_out_of_the_callers_folder_for_the_user_named_it(tmp_path: Path) -> None:
    written(tmp_path, "their_lab.py")
    (tmp_path / "here").mkdir()
    assert lab_named("../their_lab.py", tmp_path / "here", LABS).origin == "../their_lab.py"


def test_a_lab_of_the_repository_stays_one_when_it_is_named_by_its_path() -> None:
    assert lab_named("labs/gil.py", LABS.parent, LABS).origin == lab_named("gil", LABS, LABS).origin == ""


def test_a_lab_from_outside_may_have_the_name_of_one_of_the_repositorys(tmp_path: Path) -> None:
    written(tmp_path, "gil.py")
    assert lab_named("gil.py", tmp_path, LABS).question == "Why?"
    assert lab_named("gil", tmp_path, LABS).question != "Why?"


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("../../etc/passwd", "a file of your own ends in .py"),
        ("/etc/passwd", "a file of your own ends in .py"),
        ("labs\\gil", "a file of your own ends in .py"),
        ("their_lab\0.py", "a file of your own ends in .py"),
        ("missing.py", "there is no such file in"),
        ("x" * 300 + ".py", "File name too long"),
        ("their_lab.txt/", "a file of your own ends in .py"),
    ],
)
def test_what_is_no_file_of_a_lab_is_refused_in_one_short_line(word: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(UsageFault) as raised:
        lab_named(word, tmp_path, LABS)
    told = str(raised.value)
    assert says in told
    assert "the labs by name are daemon, " in told
    assert told.isprintable()
    assert len(told) < 600


def test_nothing_is_read_of_what_is_no_file_of_a_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise AssertionError(f"{path} was read")

    (tmp_path / "secret").write_text("secret")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UsageFault):
        lab_named("./secret", tmp_path, LABS)


@pytest.mark.parametrize("name", ["My_Lab.py", "no-name.py", "2fast.py", "class.py", "길.py"])
def test_a_file_that_cannot_be_called_by_its_name_is_told_to_be_renamed(name: str, tmp_path: Path) -> None:
    written(tmp_path, name)
    with pytest.raises(LabFault, match=r"a Python name in lowercase, such as my_lab.py: rename the file"):
        lab_named(name, tmp_path, LABS)


def test_folders_links_and_large_files_are_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "out.py").symlink_to("/etc/passwd")
    (tmp_path / "round.py").symlink_to("round.py")
    with written(tmp_path, "large.py").open("ab") as file:
        file.truncate(1_000_001)
    for name, says in {
        "folder.py": "a folder, no file",
        "out.py": "a link that leads out of the folder",
        "round.py": "cannot be read: ",
        "large.py": "more than 1 MB",
    }.items():
        with pytest.raises(LabFault, match=rf"^{name}:1: {says}"):
            lab_named(name, tmp_path, LABS)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    with pytest.raises(LabFault, match=r"^pipe.py:1: no file"):
        lab_named("pipe.py", tmp_path, LABS)


def test_a_fault_names_the_file_as_the_user_did_and_shows_no_control_character(tmp_path: Path) -> None:
    written(tmp_path, "sub/bad.py", "def (")
    written(tmp_path, "\x1b[31m.py", "def (")
    with pytest.raises(LabFault, match=r"^sub/bad.py:1: syntax error"):
        lab_named("sub/bad.py", tmp_path, LABS)
    with pytest.raises(LabFault) as raised:
        lab_named("\x1b[31m.py", tmp_path, LABS)
    assert str(raised.value).isprintable()


def test_what_compiling_finds_and_parsing_does_not_is_told_before_anything_runs(tmp_path: Path) -> None:
    written(tmp_path, "lone.py", LAB + "return 1\n")
    with pytest.raises(LabFault, match=r"^lone.py:9: syntax error: 'return' outside function"):
        lab_named("lone.py", tmp_path, LABS)


def test_results_can_be_asked_for_by_a_name_a_path_or_a_name_that_only_results_have(tmp_path: Path) -> None:
    (tmp_path / "20260101-000000-their_lab-c1-3.14-0000").mkdir()
    assert name_to_compare("gil", LABS, tmp_path) == "gil"
    assert name_to_compare("their_lab", LABS, tmp_path) == "their_lab"
    assert name_to_compare("some/folder/their_lab.py", LABS, tmp_path) == "their_lab"
    with pytest.raises(UsageFault, match="no lab 'other'"):
        name_to_compare("other", LABS, tmp_path)
