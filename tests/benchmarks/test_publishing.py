from __future__ import annotations

import dataclasses
import json
import platform
from pathlib import Path

import pytest

from benchmarks.bench import ROOT
from benchmarks.publishing import PAGES, PUBLISHED, publish, published, with_table
from harness.errors import UsageFault
from tests.benchmarks.outcomes import figure, outcome

WRITTEN = [*PAGES, str(PUBLISHED)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / PUBLISHED).parent.mkdir()
    for name in PAGES:
        (tmp_path / name).write_text(
            "# Head\n\n<!-- benchmarks -->\nold\n<!-- /benchmarks -->\n\ntail\n", encoding="utf-8"
        )
    return tmp_path


@pytest.mark.parametrize("name", PAGES)
def test_the_readmes_show_what_is_published(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert text == with_table(text, published(ROOT), PAGES[name]), "run `python -m benchmarks --publish`"


def test_what_is_published_comes_of_full_runs_and_names_no_machine() -> None:
    found = published(ROOT)
    assert not any(each.short for each in found)
    text = (ROOT / PUBLISHED).read_text(encoding="utf-8")
    assert not [trace for trace in (str(ROOT), str(Path.home()), "/tmp/") if trace in text]


@pytest.mark.parametrize("name", PAGES)
def test_whatever_is_published_and_not_met_has_its_reason(name: str) -> None:
    unmet = {each.goal for each in published(ROOT) if not all(figure.met for figure in each.figures)}
    assert unmet <= set(PAGES[name].why)


def test_a_reason_is_shown_while_its_goal_is_not_met() -> None:
    page = dataclasses.replace(PAGES["README.md"], why={4: "it proves where it ran.", 6: "it waits."})
    shown = with_table("<!-- benchmarks --><!-- /benchmarks -->", [outcome(figure(high=2.0), goal=4)], page)
    assert shown.endswith("Goals that are not met, and why:\n\n- 4: it proves where it ran.\n<!-- /benchmarks -->")
    met = with_table("<!-- benchmarks --><!-- /benchmarks -->", [outcome(figure(), goal=4)], page)
    assert "not met" not in met


def test_publishing_writes_the_outcomes_and_a_table_into_each_readme(root: Path) -> None:
    found = [outcome(figure(), goal=4), outcome(figure(high=1.3), goal=6, when="2026-01-02T00:00:00+00:00")]
    publish(found, root)
    assert published(root) == found
    english, korean = ((root / name).read_text(encoding="utf-8") for name in PAGES)
    assert english.startswith("# Head\n\n<!-- benchmarks -->\n| # | what |")
    assert english.endswith("<!-- /benchmarks -->\n\ntail\n")
    assert (
        "| 6 | `invoke labs` | 90 ms | bare invoke: 84 ms | 1.07 | 1.05 to 1.3 (25) | ≤ 1.2 | **not met** |" in english
    )
    assert "Measured on 2026-01-01 – 2026-01-02, on 2 CPUs (A CPU, Linux 6.1)" in english
    assert "| ≤ 1.2 | **미달** |" in korean
    assert "old" not in english + korean


def test_publishing_twice_changes_nothing(root: Path) -> None:
    publish([outcome(figure())], root)
    before = [(root / name).read_bytes() for name in WRITTEN]
    publish([outcome(figure())], root)
    assert [(root / name).read_bytes() for name in WRITTEN] == before


def test_goals_that_were_not_measured_again_stay_published(root: Path) -> None:
    before = [outcome(figure(), goal=4), outcome(figure(), goal=6), outcome(figure(), goal=11)]
    publish(before, root)
    again = outcome(figure(high=1.3), goal=6)
    publish([again], root)
    assert published(root) == [before[0], again, before[2]]
    shown = (root / "README.md").read_text(encoding="utf-8")
    assert [line[:4] for line in shown.splitlines() if line.startswith("| ")][1:] == ["| 4 ", "| 6 ", "| 11"]


def test_what_was_found_on_another_kind_of_machine_does_not_stay(root: Path) -> None:
    there = outcome(figure(), goal=4)
    publish([dataclasses.replace(there, machine=there.machine | {"cpus": 64})], root)
    busier = dataclasses.replace(there, goal=6, machine=there.machine | {"load": 9.0})
    publish([busier], root)
    publish([here := outcome(figure(), goal=7)], root)
    assert published(root) == [busier, here]


def test_a_short_run_is_never_published(root: Path) -> None:
    before = (root / "README.md").read_bytes()
    with pytest.raises(UsageFault, match=r"goal 7 comes of a short run.*--goals 7`"):
        publish([outcome(figure(), goal=6), outcome(figure(), goal=7, short=True)], root)
    assert (root / "README.md").read_bytes() == before
    assert not (root / PUBLISHED).exists()


def test_nothing_is_not_published(root: Path) -> None:
    with pytest.raises(UsageFault, match="there are no results"):
        publish([], root)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<!-- benchmarks -->",
        "<!-- /benchmarks -->\n<!-- benchmarks -->",
        "<!-- benchmarks --><!-- benchmarks --><!-- /benchmarks -->",
    ],
)
def test_a_readme_without_its_place_is_told(text: str) -> None:
    with pytest.raises(UsageFault, match="a README needs the line"):
        with_table(text, [], PAGES["README.md"])


def test_names_and_places_of_the_machine_are_not_published(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "node", lambda: "secret-host")
    monkeypatch.setattr(platform, "release", lambda: "6.18.4-secret-build")
    reason = f"{ROOT}/labs/gil.py on secret-host gave 1: see {Path.home()}/x"
    machine = outcome().machine | {"system": "Linux 6.18.4-secret-build x86_64"}
    publish([dataclasses.replace(outcome(figure(note=reason)), not_run=(reason,), machine=machine)], root)
    text = json.dumps([(root / name).read_text(encoding="utf-8") for name in WRITTEN])
    assert "./labs/gil.py on HOST gave 1: see ~/x" in text
    assert "Linux 6.18 x86_64" in text
    assert "secret" not in text
    assert str(ROOT) not in text
