"""What claims ask of a run and of a sweep: ratios paired by round, without what was disturbed."""

from __future__ import annotations

import math
from typing import Any

import pytest

from harness.events import Event
from harness.figures import named
from harness.findings import Run, Sweep
from harness.testing import made_up_run, made_up_sweep, record_of
from harness.verdict import INCONCLUSIVE, REFUTED


def slow() -> None: ...


def fast() -> None: ...


def record(**numbers: Any) -> dict[str, Any]:
    return record_of(made_up_run(**{"walls": {"slow": 1.0, "fast": 0.5}, **numbers}))


def samples(of: dict[str, Any], name: str) -> list[dict[str, Any]]:
    [entry] = [entry for entry in of["variants"] if entry["name"] == name]
    found: list[dict[str, Any]] = entry["samples"]
    return found


def test_a_speed_up_is_paired_within_each_round() -> None:
    of = record(rounds=9)
    pairs = Run(of).speed_up(fast, over=slow).pairs
    expected = [
        a["wall_seconds"] / b["wall_seconds"] for a, b in zip(samples(of, "slow"), samples(of, "fast"), strict=True)
    ]
    assert list(pairs) == list(enumerate(expected))


def test_efficiency_is_the_speed_up_over_the_capacity_of_the_same_round() -> None:
    of = record(rounds=8)
    for round_, one in enumerate(of["rounds"]):
        one["before"] = {**one["before"], "capacity": 1.9 + round_ / 100}
    run = Run(of)
    expected = [(round_, value / (1.95 + round_ / 200)) for round_, value in run.speed_up(fast, over=slow).pairs]
    assert len(expected) == 8
    assert [value for _, value in run.efficiency(fast, over=slow).pairs] == pytest.approx(
        [value for _, value in expected]
    )


def test_the_other_ratios_are_of_what_they_name() -> None:
    run = made_up_run(walls={"slow": 1.0, "fast": 0.5}, cpus={"slow": 1.0, "fast": 2.0}, spread=0)
    assert run.ratio(fast, to=slow).pairs[0][1] == pytest.approx(0.5)
    assert run.ratio(fast, to=slow, of="cpu").pairs[0][1] == pytest.approx(2.0)
    assert run.cores_busy(fast).pairs[0][1] == pytest.approx(4.0)
    assert run.memory(fast, over=slow).pairs[0][1] == 1.0


def test_the_facts_of_a_run_are_its_records() -> None:
    run = made_up_run(walls={"slow": 1}, cores=4, gil=False, version="3.14.7", start_method="spawn", knobs={"count": 7})
    assert (run.cores, run.gil_enabled, run.python, run.start_method) == (4, False, (3, 14), "spawn")
    assert run.knob("count") == 7
    with pytest.raises(KeyError):
        run.knob("workers")


def test_exact_facts_count_the_samples_that_have_none() -> None:
    run = made_up_run(answers={"slow": [1, None]}, outcomes={"fast": "deadlocked"}, cycles={"fast": 2}, rounds=4)
    assert run.answers(slow).values == [1, 1]
    assert run.answers(slow).missing == 2
    assert run.outcomes(fast).values == ["deadlocked"] * 4
    assert run.cycles(fast).values == [2] * 4
    assert run.cycles(slow).missing == 4
    assert run.exit_codes(slow).values == [0] * 4


def test_events_come_sample_by_sample() -> None:
    event = Event(1.0, 2, "MainProcess", 3, "MainThread", "root", "INFO", "here", "slow.0")
    run = made_up_run(walls={"slow": 1.0, "fast": 1.0}, events={"slow": [event]}, rounds=2)
    assert run.events(slow) == [[event], [event]]
    assert run.events(fast) == [[], []]
    assert Run(record()).events(slow) == []


@pytest.mark.parametrize("name", ["slow", "fast"])
@pytest.mark.parametrize("change", [{"throttled_seconds": 0.1}, {"foreign_seconds": 5.0}, {"outcome": "crashed"}])
def test_a_sample_that_does_not_count_goes_with_its_pair_and_is_counted(name: str, change: dict[str, Any]) -> None:
    of = record()
    samples(of, name)[3] |= change
    found = Run(of).speed_up(fast, over=slow)
    assert [round_ for round_, _ in found.pairs] == [round_ for round_ in range(12) if round_ != 3]
    assert list(found.dropped.values()) == [1]


def test_a_round_that_is_lost_on_both_sides_is_counted_once() -> None:
    of = record()
    for name in ("slow", "fast"):
        samples(of, name)[3]["throttled_seconds"] = 0.1
    assert sum(Run(of).speed_up(fast, over=slow).dropped.values()) == 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0, 0.0, None, "1.0"])
@pytest.mark.parametrize("name", ["slow", "fast"])
def test_a_time_that_is_none_is_dropped_and_divides_nothing(name: str, value: object) -> None:
    of = record()
    samples(of, name)[0]["wall_seconds"] = value
    run = Run(of)
    for found in (run.speed_up(fast, over=slow), run.efficiency(fast, over=slow), run.ratio(fast, to=slow)):
        assert len(found.pairs) == 11
        assert found.dropped == {"no usable time": 1}
        assert found.is_at_least(0.1).value != "refuted"


@pytest.mark.parametrize("value", [math.nan, math.inf, None, "1.0"])
def test_another_figure_that_is_none_is_dropped_too(value: object) -> None:
    of = record()
    samples(of, "fast")[0]["cpu_seconds"] = value
    for found in (
        Run(of).ratio(fast, to=slow, of="cpu"),
        Run(of).ratio(slow, to=fast, of="cpu"),
        Run(of).cores_busy(fast),
    ):
        assert len(found.pairs) == 11
        assert found.dropped == {"no usable cpu seconds": 1}


def test_a_variant_that_used_no_cpu_kept_no_core_busy() -> None:
    of = record()
    for sample in samples(of, "fast"):
        sample["cpu_seconds"] = 0.0
    assert {value for _, value in Run(of).cores_busy(fast).pairs} == {0.0}
    assert not Run(of).ratio(slow, to=fast, of="cpu").pairs


def test_identical_times_give_a_verdict() -> None:
    run = made_up_run(walls={"slow": 1.0, "fast": 1.0}, spread=0)
    assert run.speed_up(fast, over=slow).is_between(0.8, 1.2).value == "holds"


@pytest.mark.parametrize("rounds", [0, 1])
def test_no_round_and_one_round_are_too_few(rounds: int) -> None:
    run = made_up_run(walls={"slow": 1.0, "fast": 1.0}, rounds=rounds)
    for found in (run.speed_up(fast, over=slow), run.efficiency(fast, over=slow), run.cores_busy(fast)):
        assert found.is_at_least(0.5).reason.startswith("too few")


def test_work_that_hardly_outweighs_a_pools_start_is_not_refuted() -> None:
    short = made_up_run(walls={"slow": 0.5, "fast": 0.5}, start_cost=0.06)
    long = made_up_run(walls={"slow": 0.7, "fast": 0.7}, start_cost=0.06)
    verdict = short.speed_up(fast, over=slow).is_at_least(1.5)
    assert verdict.value == INCONCLUSIVE
    assert "work too short: fast takes 500 ms, and starting a pool alone 60 ms" in verdict.reason
    assert long.speed_up(fast, over=slow).is_at_least(1.5).value == REFUTED
    assert short.efficiency(fast, over=slow).is_at_least(1.5).value == INCONCLUSIVE


def test_work_that_starts_no_process_is_not_held_against_what_a_pool_of_them_costs() -> None:
    walls, cost = {"slow": 1.0, "fast": 0.5}, 0.06
    threads = made_up_run(walls=walls, start_cost=cost, processes=())
    assert threads.short_work(fast, slow) == ()
    pool = made_up_run(walls=walls, start_cost=cost, processes=("fast",))
    assert [words.partition(" takes")[0] for words in pool.short_work(fast, slow)] == ["work too short: fast"]


def moved_capacity(of: dict[str, Any], *capacities: float) -> dict[str, Any]:
    sides = [{**of["rounds"][0]["before"], "capacity": value} for value in capacities]
    count = len(of["rounds"])
    of["rounds"] = [
        {"round": n, "before": sides[n * len(sides) // count], "after": sides[n * len(sides) // count]}
        for n in range(count)
    ]
    return of


@pytest.mark.parametrize(("later", "value"), [(1.6, REFUTED), (1.5, INCONCLUSIVE)])
def test_a_capacity_that_moved_stands_against_refuting_an_efficiency(later: float, value: str) -> None:
    run = Run(moved_capacity(record(), 1.95, later))
    assert run.efficiency(fast, over=slow).is_at_most(0.5).value == value
    assert run.speed_up(fast, over=slow).is_at_most(0.5).value == REFUTED


def test_the_capacity_of_a_round_that_was_dropped_does_not_count() -> None:
    of = record()
    of["rounds"][5] = {
        "round": 5,
        "before": {**of["rounds"][0]["before"], "capacity": 1.0},
        "after": of["rounds"][0]["after"],
    }
    found = Run(of).efficiency(fast, over=slow)
    assert found.dropped == {"the capacity changed": 1}
    assert found.objections == ()


def test_a_capacity_of_nothing_divides_nothing() -> None:
    run = Run(moved_capacity(record(), 0.0))
    assert not run.efficiency(fast, over=slow).pairs
    assert (
        made_up_sweep(run, made_up_run(walls={"fast": 1.0}, cores=1)).efficiency(fast).is_at_least(1).value
        == INCONCLUSIVE
    )


def test_a_sweep_compares_the_most_cores_with_the_fewest_round_by_round() -> None:
    narrow = made_up_run(walls={"fast": 1.0}, cores=1, seed=1)
    middle = made_up_run(walls={"fast": 9.0}, cores=2, seed=2)
    wide = made_up_run(walls={"fast": 0.25}, cores=4, seed=3)
    sweep = made_up_sweep(wide, narrow, middle)
    assert sweep.core_counts == (1, 2, 4)
    assert (sweep.narrowest, sweep.at(2), sweep.widest) == (narrow, middle, wide)
    expected = [narrow.walls(fast)[round_] / wide.walls(fast)[round_] for round_ in range(12)]
    assert [value for _, value in sweep.speed_up(fast).pairs] == expected
    assert [value for _, value in sweep.efficiency(fast).pairs] == [value / 4 for value in expected]


def test_a_sweep_counts_the_rounds_that_one_of_the_sets_lost() -> None:
    narrow = record(cores=1)
    samples(narrow, "fast")[2]["throttled_seconds"] = 1.0
    found = made_up_sweep(Run(narrow), made_up_run(walls={"fast": 0.5})).speed_up(fast)
    assert len(found.pairs) == 11
    assert sum(found.dropped.values()) == 1


def test_one_core_count_is_no_sweep() -> None:
    with pytest.raises(ValueError, match="two core counts"):
        Sweep([made_up_run(walls={"fast": 1.0}), made_up_run(walls={"fast": 1.0})])


def test_cores_that_gave_no_more_than_one_uphold_nothing_and_refute_nothing() -> None:
    run = made_up_run(walls={"serial": 1.0, "parallel": 1.0}, cores=2, capacity=1.05)
    efficiency = run.efficiency(named("parallel"), over=named("serial"))
    for verdict in (efficiency.is_at_least(0.7), efficiency.is_at_most(0.5)):
        assert verdict.value == "inconclusive"
        assert "hardly more than one" in verdict.reason


def test_two_threads_of_one_core_are_capacity_enough_to_judge_by() -> None:
    run = made_up_run(walls={"serial": 1.24, "parallel": 1.0}, cores=2, capacity=1.24)
    assert run.efficiency(named("parallel"), over=named("serial")).is_at_least(0.9).value == "holds"


def test_one_core_is_judged_by_its_capacity_of_one() -> None:
    run = made_up_run(walls={"serial": 1.0, "parallel": 1.0}, cores=1)
    assert run.efficiency(named("parallel"), over=named("serial")).is_at_least(0.9).value == "holds"
