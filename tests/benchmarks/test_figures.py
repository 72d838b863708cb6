from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest

from benchmarks.figures import Limit, from_json, read_all, table, to_json, write
from tests.benchmarks.outcomes import figure, outcome

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("kind", "bound", "low", "high", "met"),
    [
        ("<=", 1.2, 0.9, 1.2, True),
        ("<=", 1.2, 0.9, 1.21, False),
        ("<=", 1.2, 1.3, 1.4, False),
        (">=", 0.8, 0.8, 0.9, True),
        (">=", 0.8, 0.79, 0.9, False),
        ("<=", 0, 0, 0, True),
    ],
)
def test_a_goal_is_met_when_the_far_end_of_the_interval_is_inside(
    kind: str, bound: float, low: float, high: float, met: bool
) -> None:
    assert figure(limit=Limit(kind, bound), low=low, high=high).met is met  # type: ignore[arg-type]


def test_a_row_shows_figure_peer_ratio_interval_goal_and_whether_it_is_met() -> None:
    [*_, row] = table([outcome(figure())]).strip().splitlines()
    assert row == "| 6 | `invoke labs` | 90 ms | bare invoke: 84 ms | 1.07 | 1.05 to 1.1 (25) | ≤ 1.2 | met |"
    assert table([outcome(figure(high=1.3))]).strip().endswith("| **not met** |")


def test_a_limit_without_a_figure_of_its_own_stands_alone() -> None:
    assert "| a limit | 1.07 |" in table([outcome(figure(peer="a limit", peer_figure=""))])


def test_what_was_not_run_says_why_and_breaks_no_row() -> None:
    text = table([dataclasses.replace(outcome(), not_run=("there is no a|b here",))])
    [row] = [line for line in text.splitlines() if "not run" in line]
    assert row.endswith("| not run: there is no a/b here |")
    assert row.count("|") == text.splitlines()[0].count("|")


def test_notes_and_short_runs_stand_below_the_table() -> None:
    text = table([outcome(figure(note="beside a neighbour"), short=True)])
    assert "\n\n- 6, `invoke labs`: beside a neighbour.\n- 6: a short run, which only shows that it works.\n" in text


def test_an_outcome_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    first, second = outcome(figure(), goal=11), outcome(figure(high=1.3), goal=2, short=True)
    for each in (first, second):
        write(each, tmp_path / "new")
    assert read_all(tmp_path / "new") == [second, first]
    assert json.loads((tmp_path / "new" / "goal-02.json").read_text())["figures"][0]["met"] is False


def test_a_goal_that_is_run_again_takes_its_place(tmp_path: Path) -> None:
    write(outcome(figure()), tmp_path)
    write(outcome(figure(figure="91 ms")), tmp_path)
    assert [each.figures[0].figure for each in read_all(tmp_path)] == ["91 ms"]


def test_json_holds_what_can_be_made_into_the_same_outcome() -> None:
    one = outcome(figure())
    assert from_json(json.loads(json.dumps(to_json(one)))) == one
