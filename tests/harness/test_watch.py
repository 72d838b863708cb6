"""A watch runs again when the file was saved, one run after the other, and Ctrl-C ends it with the last exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import EngineMissing, LimitHit, PinlabError, UsageFault
from harness.lab_record import LabFault
from harness.watch import watch, watched_file

if TYPE_CHECKING:
    from collections.abc import Callable

LABS = Path(__file__).parents[2] / "labs"


class Scene:
    """A file that is saved while it is watched, in a time that is made up.

    Args:
        file: The file.
        acts: What happens at each pause, one after the other; the last is followed by Ctrl-C.
        runs: What each run does.
    """

    def __init__(self, file: Path, acts: list[Callable[[], object]], runs: list[Callable[[], int]]) -> None:
        self.file = file
        self.acts = acts
        self.runs = runs
        self.seen: list[str] = []
        self.said: list[str] = []

    def sleep(self, _seconds: float) -> None:
        if not self.acts:
            raise KeyboardInterrupt
        self.acts.pop(0)()

    def run(self) -> int:
        self.seen.append(self.file.read_text())
        return self.runs.pop(0)()

    def play(self) -> int:
        return watch(self.file, self.run, self.said.append, self.sleep)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my_race.py"
    path.write_text("one")
    return path


def nothing() -> None: ...


def test_it_runs_at_once_and_again_after_each_save_and_ends_with_the_last_exit_code(file: Path) -> None:
    acts = [nothing, nothing, lambda: file.write_text("two"), *[nothing] * 4, lambda: file.write_text("three")]
    scene = Scene(file, [*acts, *[nothing] * 4], [lambda: 0, lambda: 1, lambda: 3])
    assert scene.play() == 3
    assert scene.seen == ["one", "two", "three"]
    assert scene.said == ["watching my_race.py: save it to run again, Ctrl-C ends"] * 3


def test_a_file_that_is_touched_or_saved_unchanged_is_not_run_again(file: Path) -> None:
    scene = Scene(file, [file.touch, nothing, lambda: file.write_text("one"), *[nothing] * 5], [lambda: 0])
    assert scene.play() == 0
    assert scene.seen == ["one"]


def test_a_file_that_is_saved_during_a_run_is_run_again_afterwards_and_once(file: Path) -> None:
    def saved_three_times() -> int:
        for text in ("a", "b", "c"):
            file.write_text(text)
        return 0

    scene = Scene(file, [nothing] * 6, [saved_three_times, lambda: 0])
    scene.play()
    assert scene.seen == ["one", "c"]


def test_half_a_file_and_a_file_that_is_away_for_a_moment_are_not_run(file: Path) -> None:
    acts: list[Callable[[], object]] = [
        lambda: file.write_text("tw"),
        nothing,
        lambda: file.write_text("two, whole"),
        file.unlink,
        nothing,
        nothing,
        lambda: file.write_text("three"),
        *[nothing] * 4,
    ]
    scene = Scene(file, acts, [lambda: 0, lambda: 0])
    scene.play()
    assert scene.seen == ["one", "three"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (LabFault("my_race.py:3: syntax error"), 2),
        (LimitHit("the claims could not be judged"), 4),
        (PinlabError("my_race.py:1: cannot be imported"), 2),
    ],
)
def test_a_fault_in_the_file_is_one_line_and_the_watch_goes_on(file: Path, fault: PinlabError, code: int) -> None:
    fault.exit_code = code

    def fails() -> int:
        raise fault

    scene = Scene(file, [lambda: file.write_text("two"), *[nothing] * 5], [fails, lambda: 0])
    assert scene.play() == 0
    assert scene.said[0] == f"pinlab: {fault}"
    alone = Scene(file, [], [fails])
    assert alone.play() == code


@pytest.mark.parametrize("fault", [UsageFault("--cores 'x'"), EngineMissing("no engine")])
def test_what_saving_the_file_cannot_mend_ends_the_watch(file: Path, fault: PinlabError) -> None:
    def fails() -> int:
        raise fault

    with pytest.raises(type(fault)):
        Scene(file, [nothing], [fails]).play()


def test_ctrl_c_in_a_run_interrupts_that_run(file: Path) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Scene(file, [nothing], [interrupted]).play()


def test_the_learners_file_is_watched_else_the_labs(file: Path) -> None:
    assert watched_file("race", "my_race.py", file.parent, LABS) == file
    assert watched_file("my_race.py", None, file.parent, LABS) == file
    assert watched_file("race", None, file.parent, LABS) == LABS / "race.py"
    with pytest.raises(UsageFault, match="did you mean race"):
        watched_file("rase", None, file.parent, LABS)
    with pytest.raises(UsageFault, match="no such file"):
        watched_file("race", "other.py", file.parent, LABS)


def test_a_lab_that_is_broken_can_be_watched(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("def (")
    assert watched_file("bad", None, tmp_path, tmp_path) == tmp_path / "bad.py"
