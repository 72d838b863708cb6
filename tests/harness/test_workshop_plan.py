"""The time of a workshop: each lab has its own or its share, and what is left is told from how it went so far."""

from __future__ import annotations

import pytest

from harness.errors import UsageFault
from harness.workshop import Entry
from harness.workshop_plan import fitted, in_words, minutes_of, seconds_left, shares


def entry(budget_seconds: float | None = None) -> Entry:
    return Entry("mine", (1,), None, "quick", budget_seconds, {})


def test_without_minutes_each_lab_has_its_own_time_or_what_its_config_says() -> None:
    assert shares([entry(), entry(90), entry()], [60, 60, 120], None) == [60, 90, 120]


def test_with_minutes_the_others_share_what_the_labs_own_budgets_leave() -> None:
    assert shares([entry(), entry(90), entry()], [60, 60, 120], 5) == [70, 90, 140]


def test_a_lab_that_is_not_run_takes_no_time_from_the_others() -> None:
    assert shares([entry(), entry(90), entry()], [60, 0, 0], 5) == [300, 0, 0]
    assert shares([entry(90), entry(30)], [60, 0], 5) == [90, 0]


def test_other_minutes_make_every_lab_longer_or_shorter_alike() -> None:
    assert fitted([60, 0, 180], 8) == [120, 0, 360]
    assert fitted([60, 0, 180], 2) == [30, 0, 90]


def test_the_time_left_is_the_labs_own_until_it_is_seen_how_long_they_take() -> None:
    assert seconds_left([100, 200], []) == 300
    assert seconds_left([100, 200], [(50, 25), (50, 50)]) == 225


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.4, "59 s"), (59.9, "1 min"), (100, "2 min"), (3570, "1 h 00 min"), (4000, "1 h 07 min")],
)
def test_a_time_is_told_as_one_says_it(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_minutes_are_a_number_within_a_day() -> None:
    assert minutes_of(None) is None
    assert minutes_of("20") == 20
    for text in ("0", "soon", "nan", "-1", "1e9", ""):
        with pytest.raises(UsageFault, match=r"^--minutes '.*': give a number of minutes from 1 to 1,440, such as 20$"):
            minutes_of(text)
