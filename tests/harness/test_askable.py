"""What claims ask for, read from a lab's syntax tree, however they put it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.askable import Ask, Asked, read_askable
from harness.catalogue import read_lab
from harness.lab_record import LabFault
from tests.small_labs import LAB

if TYPE_CHECKING:
    from pathlib import Path

VARIANTS = '''
@variant
def one() -> int:
    """Baseline."""
    return 1


@variant
def two() -> int | None:
    """The second."""
    return 1


@variant
def three() -> list[int]:
    """The third."""
    return [1]


'''
CLAIM = '''
@claim
def judged(run: Run) -> Verdict:
    """It is judged."""
'''


def asked_by(body: str, tmp_path: Path, *, before: str = "", claim: str = CLAIM) -> Asked:
    """What a claim with this body asks for."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    path = tmp_path / "small.py"
    path.write_text(LAB + VARIANTS + before + claim + lines)
    [found] = read_askable(read_lab(path)).claims
    return found


@pytest.mark.parametrize(
    ("body", "asks"),
    [
        ("return run.speed_up(two, over=one).is_at_least(2)", [Ask("speed_up", "two", "one")]),
        ("return run.efficiency(two, over=one).is_at_least(2)", [Ask("speed_up", "two", "one")]),
        ("return run.ratio(two, to=one).is_at_least(2)", [Ask("ratio", "two", "one")]),
        ('return run.ratio(two, to=one, of="cpu").is_at_least(2)', [Ask("cpu_ratio", "two", "one")]),
        ("return run.memory(two, over=one).is_at_least(2)", [Ask("memory", "two", "one")]),
        ("return run.cores_busy(two).is_at_least(2)", [Ask("cores_busy", "two")]),
        ("return run.answers(two).are_all(-1)", [Ask("answer", "two", None, True, -1)]),
        ("return run.answers(two).are_all(run.cores)", [Ask("answer", "two", None, True, None)]),
        ("return run.answers(two).reach(1)", [Ask("answer", "two")]),
        ('return run.outcomes(two).are_all("killed")', [Ask("outcome", "two", None, True, "killed")]),
        ("return run.exit_codes(two).are_all(0)", [Ask("exit_code", "two", None, True, 0)]),
    ],
)
def test_each_method_of_a_run_is_a_kind(body: str, asks: list[Ask], tmp_path: Path) -> None:
    assert list(asked_by(body, tmp_path).asks) == asks


@pytest.mark.parametrize(
    "body",
    [
        "first = run.answers(one)\nreturn first.are_all(0) & run.answers(two).are_all(0)",
        "first, second = run.answers(one), run.answers(two)\nreturn first.are_all(0) & second.are_all(0)",
        "first, second = (run.answers(way) for way in (one, two))\nreturn first.are_all(0) & second.are_all(0)",
        "first, second = map(run.answers, (one, two))\nreturn first.are_all(0) & second.are_all(0)",
        "ways = [one]\nfor way in [*ways, two]:\n    verdict = run.answers(way).are_all(0)\nreturn verdict",
        "return both(run, one, two)",
        "return both(other=two, run=run, first=one)",
    ],
)
def test_names_loops_and_functions_of_the_file_are_followed(body: str, tmp_path: Path) -> None:
    both = (
        "def both(run, first, other):\n    return run.answers(first).are_all(0) & run.answers(other).are_all(0)\n\n\n"
    )
    found = asked_by(body, tmp_path, before=both)
    assert set(found.asks) == {Ask("answer", name, None, True, 0) for name in ("one", "two")}
    assert found.about == {"one", "two"}


def test_the_variant_that_others_are_held_against_is_named_but_not_spoken_of(tmp_path: Path) -> None:
    found = asked_by("return run.speed_up(two, over=one).is_at_least(2)", tmp_path)
    assert found.about == {"two"}
    assert found.variants == {"one", "two"}


def test_of_a_claim_that_works_it_out_otherwise_the_variants_are_known(tmp_path: Path) -> None:
    found = asked_by(
        "return Verdict.holds(str(max(run.walls(two).values()) / min(run.walls(three).values())))", tmp_path
    )
    assert found.asks == ()
    assert found.about == {"two", "three"}


def test_functions_that_call_one_another_for_ever_come_to_an_end(tmp_path: Path) -> None:
    endless = "def ping(run, way):\n    return pong(run, way)\n\n\ndef pong(run, way):\n    return ping(run, way)\n\n\n"
    found = asked_by("return ping(run, two)", tmp_path, before=endless)
    assert found.asks == ()
    assert found.about == {"two"}


def test_functions_that_call_one_another_very_often_come_to_an_end(tmp_path: Path) -> None:
    calls = " & ".join(["spread(run, way)"] * 50)
    found = asked_by("return spread(run, two)", tmp_path, before=f"def spread(run, way):\n    return {calls}\n\n\n")
    assert found.about == {"two"}


def test_a_claim_over_a_sweep_is_told_from_one_over_a_run(tmp_path: Path) -> None:
    claim = CLAIM.replace("run: Run", 'sweep: "Sweep"').replace("@claim", "from harness.lab import Sweep\n\n\n@claim")
    found = asked_by(
        "return sweep.speed_up(two).is_at_least(2) & sweep.widest.cores_busy(one).is_at_most(2)", tmp_path, claim=claim
    )
    assert found.over == "sweep"
    assert set(found.asks) == {Ask("speed_up", "two"), Ask("cores_busy", "one")}


def test_what_a_variant_returns_is_known_where_it_is_plain(tmp_path: Path) -> None:
    path = tmp_path / "small.py"
    path.write_text(LAB + VARIANTS)
    returns = read_askable(read_lab(path)).returns
    assert {name: (one.type, one.text) for name, one in returns.items()} == {"one": ("int", "1"), "two": ("int", "1")}


def test_a_file_that_breaks_while_it_is_read_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "small.py"
    path.write_text(LAB + VARIANTS)
    lab = read_lab(path)
    path.write_text("def")
    with pytest.raises(LabFault, match=r"small\.py: it changed while it was read"):
        read_askable(lab)
