"""Which runs stand side by side, and what is said of those that do not."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from harness import comparability
from harness.errors import UsageFault
from harness.testing import made_up_run, record_of


def record(cores: int = 1, day: int = 1, *, gil: bool = True, **more: Any) -> dict[str, Any]:
    """A run on so many cores, made on that day of a month."""
    of = record_of(made_up_run(walls={"a": 1.0}, cores=cores, gil=gil, rounds=1, knobs={"count": 80_000_000}))
    of |= {"run_id": f"day{day:02}-c{cores}-{of['python']}", "created": f"2026-01-{day:02}T12:00:00+00:00"}
    return of | more


def changed(of: dict[str, Any], *path: str, to: object) -> dict[str, Any]:
    of = copy.deepcopy(of)
    place = of
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return of


def ids(choice: comparability.Choice) -> list[str]:
    return [each["run_id"] for each in choice.records]


DIFFERENCES = [
    (("lab",), "other", "lab"),
    (("command",), ["x"], "command"),
    (("source_hash",), "1" * 16, "the lab's source"),
    (("origin",), "their/made_up.py", "where the lab is from"),
    (("mine",), {"file": "my.py", "module": "mine.my", "hash": "1", "variants": ["a"]}, "who wrote its variants"),
    (("knobs", "count"), 1000, "knob count"),
    (("knobs", "workers"), 4, "knob workers"),
    (("runner",), "local", "runner"),
    (("machine", "name"), "other", "machine"),
    (("machine", "model"), "Other CPU", "CPU model"),
    (("machine", "cpus"), 4, "number of usable CPUs"),
    (("machine", "system"), "Linux 5.10 x86_64", "system"),
    (("machine", "governor"), "powersave", "frequency governor"),
    (("engine", "version"), "28.0.0", "engine"),
    (("engine", "kernel"), "5.10", "engine's kernel"),
    (("engine",), None, "engine"),
    (("harness_hash",), "1" * 12, "harness"),
    (("interpreter", "version"), "3.14.1", "version of 3.14"),
    (("interpreter", "build"), "other", "build of 3.14"),
    (("interpreter", "gil_enabled"), False, "GIL of 3.14"),
]


@pytest.mark.parametrize(("path", "value", "fact"), DIFFERENCES)
def test_each_of_these_facts_must_agree(path: tuple[str, ...], value: object, fact: str) -> None:
    one = record()
    found = comparability.difference(one, changed(one, *path, to=value))
    assert found is not None
    assert found.fact == fact


def test_a_learners_run_and_the_labs_own_are_told_apart_by_who_wrote_the_variants() -> None:
    mine = {"file": "my_race.py", "module": "mine.my_race", "hash": "1" * 16, "variants": ["with_lock"]}
    own, learners = record(day=1), record(day=2, mine=mine, source_hash="1" * 16)
    choice = comparability.latest([own, learners])
    assert ids(choice) == [learners["run_id"]]
    assert choice.left_out == (
        "left out 1 older run: who wrote its variants was the lab, now with_lock from my_race.py",
    )
    with pytest.raises(UsageFault, match="who wrote its variants is the lab in"):
        comparability.named([own, learners], [own["run_id"], learners["run_id"]], anyway=False)


def test_two_labs_of_one_name_are_told_apart_by_where_they_are_from() -> None:
    own, outside = record(day=1), record(day=2, origin="their/made_up.py")
    assert comparability.latest([own, outside]).left_out == (
        "left out 1 older run: where the lab is from was this repository, now a file of one's own",
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("cores",), 4),
        (("seed",), 99),
        (("config",), "classroom"),
        (("deadline_seconds",), 1.0),
        (("fixed_rounds",), 30),
        (("rounds",), []),
        (("created",), "2027-01-01T00:00:00+00:00"),
        (("owner",), "somebody"),
        (("machine", "max_frequency_mhz"), 3000.0),
        (("topology",), {}),
    ],
)
def test_these_may_differ(path: tuple[str, ...], value: object) -> None:
    assert comparability.difference(record(), changed(record(), *path, to=value)) is None


def test_an_interpreter_is_held_against_itself_alone() -> None:
    free = record(gil=False)
    free["interpreter"] |= {"version": "3.14.9", "build": "other"}
    assert comparability.difference(record(), free) is None


def test_the_latest_run_of_each_core_count_and_interpreter_is_taken() -> None:
    records = [record(4, 5), record(1, 1), record(1, 4), record(2, 2), record(1, 3, gil=False), record(4, 2)]
    choice = comparability.latest(records)
    assert ids(choice) == ["day04-c1-3.14", "day02-c2-3.14", "day05-c4-3.14", "day03-c1-3.14t"]
    assert choice.left_out == ()
    assert choice.unlike == ()


def test_older_runs_that_differ_are_left_out_counted_and_the_fact_is_named() -> None:
    old = [changed(record(cores, 1), "knobs", "count", to=1000) for cores in (1, 2, 4)]
    choice = comparability.latest([*old, record(4, 9)])
    assert ids(choice) == ["day09-c4-3.14"]
    assert choice.left_out == ("left out 3 older runs: knob count was 1000, now 80000000",)


def test_two_values_of_one_fact_are_both_named() -> None:
    old = [changed(record(1, day), "knobs", "count", to=1000 * day) for day in (1, 2)]
    assert comparability.latest([*old, record(1, 9)]).left_out == (
        "left out 2 older runs: knob count was 2000 or 1000, now 80000000",
    )


def test_many_values_of_one_fact_make_one_line() -> None:
    old = [record(1, day, source_hash=str(day) * 16) for day in (1, 2, 3)]
    [line] = comparability.latest([*old, record(1, 9)]).left_out
    assert line == f"left out 3 older runs: the lab's source was {'3' * 16} or one of 2 others, now {'0' * 16}"


def test_a_difference_between_the_newest_and_an_older_interpreter_is_seen_though_another_one_is_newest() -> None:
    newest, newer = record(1, 9, gil=False), record(1, 8)
    old = changed(record(2, 7), "interpreter", "version", to="3.13.0")
    choice = comparability.latest([newest, newer, old])
    assert ids(choice) == ["day08-c1-3.14", "day09-c1-3.14t"]
    assert choice.left_out == ("left out 1 older run: version of 3.14 was 3.13.0, now 3.14.0",)


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        (("status",), "interrupted", "interrupted"),
        (("placement", "valid"), False, "invalid placement"),
        (("placement", "pinned"), False, "unpinned"),
        (("placement", "pinned"), None, "unpinned"),
    ],
)
def test_some_runs_are_never_compared_and_that_is_said(path: tuple[str, ...], value: object, reason: str) -> None:
    bad = [changed(record(cores, 9), *path, to=value) for cores in (1, 2)]
    choice = comparability.latest([record(1, 1), *bad])
    assert ids(choice) == ["day01-c1-3.14"]
    assert choice.left_out == (f"left out 2 runs: {reason}",)
    with pytest.raises(UsageFault, match=f"day09-c1-3.14 is never compared: {reason}"):
        comparability.named(bad, ["day09-c1-3.14"], anyway=True)


def test_nothing_to_choose_from_chooses_nothing() -> None:
    assert comparability.latest([]) == comparability.Choice(())


def test_runs_are_compared_by_their_names() -> None:
    records = [record(1, 1), record(1, 2), record(4, 3)]
    choice = comparability.named(records, ["day03-c4-3.14", "day01-c1-3.14", "day01-c1-3.14"], anyway=False)
    assert ids(choice) == ["day01-c1-3.14", "day03-c4-3.14"]


def test_the_same_cores_twice_can_be_compared_by_name() -> None:
    choice = comparability.named([record(1, 1), record(1, 2)], ["day02-c1-3.14", "day01-c1-3.14"], anyway=False)
    assert ids(choice) == ["day01-c1-3.14", "day02-c1-3.14"]


@pytest.mark.parametrize("run_id", ["", "day99", "../x", "\x1b[31m"])
def test_a_name_that_no_run_has_is_told(run_id: str) -> None:
    with pytest.raises(UsageFault, match="no run "):
        comparability.named([record()], [run_id], anyway=True)


@pytest.mark.parametrize(("path", "value", "fact"), DIFFERENCES)
def test_named_runs_that_differ_are_refused_with_the_fact_and_both_values(
    path: tuple[str, ...], value: object, fact: str
) -> None:
    one, other = record(1, 1), changed(record(4, 2), *path, to=value)
    with pytest.raises(UsageFault) as told:
        comparability.named([one, other], [one["run_id"], other["run_id"]], anyway=False)
    found = comparability.difference(one, other)
    assert found is not None
    assert f"{fact} is {found.one} in day01-c1-3.14, {found.other} in day02-c4-3.14" in str(told.value)
    assert "--anyway" in str(told.value)
    assert told.value.exit_code == 2


def test_named_runs_that_differ_are_compared_anyway_and_told() -> None:
    one, other = record(1, 1), changed(record(4, 2), "knobs", "count", to=1000)
    choice = comparability.named([one, other], [one["run_id"], other["run_id"]], anyway=True)
    assert len(choice.records) == 2
    assert choice.unlike == ("knob count is 80000000 in day01-c1-3.14, 1000 in day02-c4-3.14",)


def test_interpreters_of_named_runs_are_held_against_each_other_though_another_one_comes_first() -> None:
    records = [record(1, 1, gil=False), record(1, 2), changed(record(2, 3), "interpreter", "version", to="3.13.0")]
    with pytest.raises(UsageFault, match=r"version of 3\.14 is 3\.14\.0"):
        comparability.named(records, [each["run_id"] for each in records], anyway=False)


@pytest.mark.parametrize("foreign", [{"machine": None}, {"machine": "x"}, {"engine": []}])
def test_a_foreign_record_has_unknown_facts_and_breaks_nothing(foreign: dict[str, Any]) -> None:
    found = comparability.difference(record(), record(**foreign))
    assert found is not None
    assert found.other == "unknown"


def test_a_long_value_is_shortened() -> None:
    assert len(comparability.shown("x" * 10_000)) == 60
    assert (comparability.shown(None), comparability.shown(""), comparability.shown(0)) == ("unknown", "none", "0")


@pytest.mark.parametrize(("path", "value", "fact"), DIFFERENCES)
def test_a_head_differs_as_its_record_does(path: tuple[str, ...], value: object, fact: str) -> None:
    one, other = record(), changed(record(), *path, to=value)
    of_heads = comparability.difference(comparability.head(one), comparability.head(other))
    assert of_heads == comparability.difference(one, other)
    assert of_heads is not None
    assert of_heads.fact == fact


def test_a_head_has_no_samples_and_is_as_unfit_as_its_record() -> None:
    one = record(status="interrupted")
    head = comparability.head(one)
    assert not {"variants", "rounds", "verdicts", "problems"} & set(head)
    assert comparability.unfit(head) == comparability.unfit(one) == "interrupted"
    floating = changed(record(), "placement", "pinned", to=False)
    assert comparability.unfit(comparability.head(floating)) == "unpinned"
