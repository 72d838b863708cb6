from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from harness.errors import UsageFault
from harness.notes import LANGUAGES, read_page
from harness.report import show_page
from harness.seen import BEGIN, END, WORDS, section_in, shown, with_section

if TYPE_CHECKING:
    from pathlib import Path


def a_figure(median: float) -> dict[str, Any]:
    return {"low": median * 0.99, "median": median, "high": median * 1.01, "samples": 12}


def a_variant(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "outcomes": {"finished": 12},
        "wall_seconds": a_figure(1.0),
        "disturbed_wall_seconds": None,
        "speed_up_over": None,
        "speed_up": None,
        "cores_busy": a_figure(1.0),
        "answers": None,
        **changes,
    }


def a_claim(value: str = "holds", reason: str = "1.93 to 1.98", why: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"claim": "it_is_faster", "verdict": value, "reason": reason, "why": list(why)}


def a_run(cores: int = 1, *variants: dict[str, Any], claims: tuple[dict[str, Any], ...] = (), **changes: Any) -> Any:
    return {
        "cores": cores,
        "python": "3.14",
        "version": "3.14.0",
        "gil_enabled": True,
        "rounds": 12,
        "capacity": [1.9, 2.0],
        "samples": 24,
        "disturbed": 0,
        "variants": list(variants or [a_variant("slow")]),
        "claims": list(claims),
        **changes,
    }


def kept(*runs: Any, **changes: Any) -> dict[str, Any]:
    return {
        "format_version": 1,
        "lab": "mine",
        "measured": "2026-01-01",
        "source_hash": "0",
        "machine": {"model": "Imaginary CPU", "cpus": 8, "system": "Linux 6.18", "virtual": False},
        "runner": "docker",
        "engine": "29.0.0",
        "config": "quick",
        "knobs": {"count": 1000},
        "runs": list(runs or [a_run()]),
        **changes,
    }


def lines(record: dict[str, Any], language: str = "en") -> list[str]:
    return shown(record, WORDS[language]).splitlines()


def row(record: dict[str, Any], variant: str = "slow") -> str:
    [found] = [line for line in lines(record) if line.startswith(f"| `{variant}` ")]
    return found


def test_the_section_says_when_on_what_and_with_what_it_was_measured() -> None:
    first = lines(kept())[0]
    for fact in ("2026-01-01", "Imaginary CPU", "8 CPUs", "docker 29.0.0", "3.14.0", "quick", "count=1000", "12"):
        assert fact in first
    assert "on the local runner" in lines(kept(runner="local", engine=None))[0]


@pytest.mark.parametrize(
    ("changes", "cell"),
    [
        ({}, "1.000 s"),
        ({"speed_up_over": "base", "speed_up": a_figure(1.95)}, "×1.950"),
        ({"wall_seconds": None, "disturbed_wall_seconds": a_figure(2.0)}, "~2.000 s"),
        ({"wall_seconds": None, "outcomes": {"deadlocked": 12}}, "deadlocked ×12"),
        ({"wall_seconds": None, "outcomes": {}}, "–"),
    ],
)
def test_a_cell_shows_the_telling_figure_or_what_there_is_instead(changes: dict[str, Any], cell: str) -> None:
    assert row(kept(a_run(1, a_variant("slow", **changes)))) == f"| `slow` | {cell} |"


def test_every_sign_of_the_table_is_explained_and_no_other() -> None:
    faster = a_variant("fast", speed_up_over="slow", speed_up=a_figure(1.95))
    text = "\n".join(lines(kept(a_run(1, a_variant("slow"), faster))))
    assert "×: times as fast, paired by round (`fast` over `slow`)." in text
    assert "~:" not in text
    assert "–: no figure" not in text


def test_capacity_is_told_where_there_is_more_than_one_core() -> None:
    told = [line for line in lines(kept(a_run(1), a_run(2))) if line.startswith("Capacity")]
    assert told == ["Capacity, what the cores together gave in times of one: 1.90–2.00 (3.14, 2 cores)."]


def test_disturbed_samples_and_mixed_ends_are_told() -> None:
    mixed = a_variant("slow", outcomes={"finished": 11, "crashed": 1})
    text = lines(kept(a_run(1, mixed, disturbed=3)))
    assert "Samples that were disturbed and dropped: 3/24 (3.14, 1 core)." in text
    assert "- `slow`: finished ×11, crashed ×1" in text


def test_an_answer_that_is_the_same_everywhere_is_told_once() -> None:
    one, some = a_variant("slow", answers={"every": 1}), a_variant("slow", answers={"least": 2, "most": 9})
    assert "- `slow`: `1`" in lines(kept(a_run(1, one), a_run(2, one)))
    assert "- `slow`: `1` (3.14, 1 core), 2 to 9 (3.14, 2 cores)" in lines(kept(a_run(1, one), a_run(2, some)))


def test_claims_have_a_mark_for_each_run_and_measured_ones_their_interval() -> None:
    runs = a_run(1, claims=(a_claim(),)), a_run(2, claims=(a_claim("skipped", "needs a moon"),))
    assert "- `it_is_faster`: ✓ 1.93–1.98 · –" in lines(kept(*runs))
    exact = a_run(1, claims=(a_claim(reason="answer of slow: 1 in 12 of 12"),))
    assert "- `it_is_faster`: ✓" in lines(kept(exact))


def test_refuted_and_open_claims_have_their_reason_and_held_ones_what_they_add() -> None:
    refuted = a_claim("refuted", "0.5 to 0.6, not at least 1", why=("two threads | share a core",))
    expected = "- ✗ `it_is_faster` (3.14, 1 core): 0.5 to 0.6, not at least 1, because two threads \\| share a core"
    assert expected in lines(kept(a_run(1, claims=(refuted,)), a_run(2, claims=(a_claim(),))))
    held = a_claim(why=("a message pays from about 200 numbers on",))
    assert "- ✓ `it_is_faster`: a message pays from about 200 numbers on" in lines(kept(a_run(1, claims=(held,))))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_section_goes_before_what_surprises_and_is_replaced_where_it_is(language: str) -> None:
    page = f"# A page\n\n## {WORDS[language].before}\n\nNothing.\n"
    once = with_section(page, kept(), language)
    assert (
        once.index(WORDS[language].heading) < once.index(BEGIN) < once.index(END) < once.index(WORDS[language].before)
    )
    assert with_section(once, kept(), language) == once
    assert with_section(once, kept(measured="2027-01-01"), language) == once.replace("2026-01-01", "2027-01-01")


@pytest.mark.parametrize("page", ["# A page\n", f"# A page\n\n{BEGIN}\n", f"{END}\n\n{BEGIN}\n"])
def test_a_page_without_a_place_is_told_in_one_line(page: str) -> None:
    with pytest.raises(UsageFault, match=r"labs/notes/en/mine\.md: no place for the record") as fault:
        with_section(page, kept(), "en")
    assert "\n" not in str(fault.value)
    assert section_in(page) == (BEGIN in page)


@pytest.mark.parametrize("terminal", [True, False])
def test_a_page_is_shown_with_its_table_and_without_its_comments(tmp_path: Path, terminal: bool) -> None:
    front = '+++\nchapter = "2 Threads"\norder = 1\n[examples]\n[concepts]\n+++\n\n'
    path = tmp_path / "notes" / "en" / "mine.md"
    path.parent.mkdir(parents=True)
    path.write_text(with_section(f"{front}## What surprises\n\nNothing.\n", kept(), "en"), encoding="utf-8")
    console = Console(file=io.StringIO(), width=100, force_terminal=terminal, color_system=None)
    with console.capture() as written:
        show_page("Is it?", read_page("mine", "en", tmp_path), "", console)
    assert "slow" in written.get()
    assert "1.000 s" in written.get()
    assert "<!--" not in written.get()
    assert "record -->" not in written.get()
