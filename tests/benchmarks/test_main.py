from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import benchmarks.__main__ as program
from benchmarks.figures import NotRun, read_all, write
from tests.benchmarks.outcomes import figure, outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class MadeUp:
    """A goal that finds one figure, and then cannot go on."""

    TITLE = "made up"

    def run(self, _bench: Any) -> Iterator[Any]:
        yield figure()
        yield NotRun("no peer here")
        raise NotRun("the rest neither")


@pytest.fixture(autouse=True)
def only_made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "GOALS", {6: MadeUp()})


def test_every_goal_has_a_module_and_says_how_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert sorted(program.GOALS) == sorted(program.MINUTES) == list(range(1, 12))
    assert sum(program.MINUTES.values()) <= 50


def test_what_was_found_is_kept_with_the_reasons_for_what_was_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["--output", str(tmp_path)]) == 0
    [found] = read_all(tmp_path)
    assert found.figures == (figure(),)
    assert found.not_run == ("no peer here", "the rest neither")
    assert not found.short
    shown = capsys.readouterr()
    assert shown.out == (tmp_path / "table.md").read_text(encoding="utf-8")
    assert "goal 6, 1 of 1: made up; all that is left takes about 1 minutes" in shown.err


@pytest.mark.parametrize("words", [["--short"], ["--repeats", "0.5"]])
def test_fewer_repetitions_make_a_short_run(tmp_path: Path, words: list[str]) -> None:
    program.main([*words, "--output", str(tmp_path)])
    assert [found.short for found in read_all(tmp_path)] == [True]
    assert program.main(["--publish", "--output", str(tmp_path)]) == 2


@pytest.mark.parametrize("goals", ["7", "x", "6,", "6;7", "-6", "²"])
def test_an_unknown_goal_is_told_and_nothing_is_run(
    goals: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main([f"--goals={goals}", "--output", str(tmp_path)]) == 2
    assert "choose of 6" in capsys.readouterr().err
    assert read_all(tmp_path) == []


def test_an_interrupt_keeps_the_goals_that_were_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_bench: object) -> Iterator[Any]:
        raise KeyboardInterrupt

    write(outcome(figure(), goal=1), tmp_path)
    monkeypatch.setattr(MadeUp, "run", interrupted)
    monkeypatch.setattr(MadeUp, "run", lambda _self, bench: interrupted(bench))
    assert program.main(["--output", str(tmp_path)]) == 130
    assert [found.goal for found in read_all(tmp_path)] == [1]
