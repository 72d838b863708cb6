from __future__ import annotations

from pathlib import Path

from harness.asked import answers_asked, speed_ups_asked

LABS = Path(__file__).parents[2] / "labs"

LAB = b"""
def judged(run):
    return run.speed_up(fast, over=slow).is_at_least(2) & run.efficiency(other, over=base).is_at_least(0.7)


def sweep_judged(sweep):
    return sweep.speed_up(fast).is_at_least(1.2) & run.ratio(slow, to=fast).is_at_least(2)


def answered(run):
    one, two = (run.answers(way) for way in (first, second))
    verdict = run.answers(third).are_all(0)
    for each in others:
        verdict &= run.answers(each).are_all(1)
    return one.are_all(1) & two.are_all(2) & verdict
"""


def test_a_speed_up_or_an_efficiency_within_a_run_is_over_the_variant_that_it_names() -> None:
    assert speed_ups_asked(LAB) == {"fast": "slow", "other": "base"}


def test_answers_are_asked_by_name_or_one_after_the_other() -> None:
    assert {"first", "second", "third"} <= answers_asked(LAB)
    assert "fast" not in answers_asked(LAB)


def test_the_claims_of_the_headline_lab_ask_for_speed_ups_over_one_thread() -> None:
    assert speed_ups_asked((LABS / "gil.py").read_bytes()) == {"threads": "one_thread", "processes": "one_thread"}


def test_each_kind_of_work_is_held_against_its_own_baseline() -> None:
    asked = speed_ups_asked((LABS / "gil_released.py").read_bytes())
    assert asked["zlib_threads"] == "zlib_one_thread"
    assert asked["hashlib_large_threads"] == "hashlib_large_one_thread"
