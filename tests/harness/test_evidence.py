"""The record of a run: folded from its journal whatever became of it, and always as its schema says."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from harness import evidence
from harness.evidence import fold
from harness.testing import made_up_run, record_of
from tests.made_up import PROOF, made_up_journal, made_up_request, sample, verdict
from tests.small_labs import measure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    HoldToSchema = Callable[[dict[str, Any]], None]


def test_a_complete_run_is_folded_into_its_record(hold_to_schema: HoldToSchema) -> None:
    record = fold(made_up_request(), made_up_journal(rounds=3))
    hold_to_schema(record)
    assert record["status"] == "complete"
    assert record["placement"]["valid"]
    assert [one["name"] for one in record["variants"]] == ["slow", "fast"]
    assert [len(one["samples"]) for one in record["variants"]] == [3, 3]
    assert [one["outcome"] for one in record["variants"]] == ["finished", "finished"]
    assert [one["round"] for one in record["rounds"]] == [0, 1, 2]
    assert record["verdicts"] == [verdict()]
    assert record["problems"] == []
    assert record["seconds"]["all"] == 12.5
    assert record["seconds"]["measured"] == pytest.approx(4.5, rel=0.05)


def test_folding_changes_nothing_that_it_is_given() -> None:
    asked, lines = made_up_request(), made_up_journal()
    before = copy.deepcopy(lines)
    assert fold(asked, lines) == fold(asked, lines)
    assert lines == before


def test_every_beginning_of_a_journal_makes_a_record(hold_to_schema: HoldToSchema) -> None:
    lines = made_up_journal()
    for count in range(len(lines) + 1):
        record = fold(made_up_request(), lines[:count])
        hold_to_schema(record)
        assert record["status"] == ("complete" if count == len(lines) else "interrupted")
        assert evidence.fault_of(record) is None


def test_a_run_that_never_began_proves_nothing(hold_to_schema: HoldToSchema) -> None:
    record = fold(made_up_request(), [])
    hold_to_schema(record)
    assert record["placement"] == {
        "requested": [0, 1],
        "at_start": None,
        "at_end": None,
        "pinned": None,
        "valid": False,
        "proof": {"start": None, "end": None},
        "narrowed_by": [],
    }
    assert [one["outcome"] for one in record["variants"]] == [None, None]


def test_a_run_that_was_refused_for_its_cpus_says_which_it_found(hold_to_schema: HoldToSchema) -> None:
    found = {**PROOF, "affinity": [5], "cpus_allowed_list": "5", "cgroup_cpuset": "5"}
    record = fold(made_up_request(), [{"kind": "end", "proof": found, "status": "interrupted", "seconds": 1.0}])
    hold_to_schema(record)
    assert (record["placement"]["pinned"], record["placement"]["valid"]) == (True, False)
    assert record["placement"]["at_end"] == [5]


@pytest.mark.parametrize("which", ["start", "end"])
@pytest.mark.parametrize(
    "change",
    [
        {"affinity": [0]},
        {"affinity": [0, 1, 2]},
        {"affinity": [2, 3]},
        {"cpus_allowed_list": "0"},
        {"cgroup_cpuset": "0-3"},
    ],
)
def test_a_set_that_differs_at_the_start_or_the_end_is_not_valid(
    which: str, change: dict[str, Any], hold_to_schema: HoldToSchema
) -> None:
    lines = [{**line, "proof": PROOF | change} if line["kind"] == which else line for line in made_up_journal()]
    record = fold(made_up_request(), lines)
    hold_to_schema(record)
    assert not record["placement"]["valid"]
    assert record["placement"]["pinned"]


def test_the_surrounding_cgroup_does_not_matter_to_the_local_runner() -> None:
    lines = [
        {**line, "proof": PROOF | {"cgroup_cpuset": "0-7"}} if "proof" in line else line for line in made_up_journal()
    ]
    assert fold(made_up_request(runner="local"), lines)["placement"]["valid"]


def test_a_variant_that_narrowed_its_own_cpus_makes_the_run_invalid(hold_to_schema: HoldToSchema) -> None:
    lines = made_up_journal()
    lines[1]["affinity_at_end"] = [0]
    record = fold(made_up_request(), lines)
    hold_to_schema(record)
    assert not record["placement"]["valid"]
    assert record["placement"]["narrowed_by"] == ["slow.0"]


def test_a_system_that_cannot_pin_is_unpinned(hold_to_schema: HoldToSchema) -> None:
    nothing = dict.fromkeys(PROOF)
    lines = [{**line, "proof": nothing} if "proof" in line else line for line in made_up_journal()]
    lines = [{**line, "affinity_at_end": None} if line["kind"] == "sample" else line for line in lines]
    record = fold(made_up_request(runner="local"), lines)
    hold_to_schema(record)
    assert (record["placement"]["pinned"], record["placement"]["valid"]) == (False, False)


def test_the_gil_counts_as_on_where_any_sample_ended_with_it_on() -> None:
    lines = made_up_journal()
    lines[0] = {**lines[0], "interpreter": {**lines[0]["interpreter"], "gil_enabled": False, "free_threaded": True}}
    off = [{**line, "gil_enabled": False} if line["kind"] == "sample" else line for line in lines]
    assert fold(made_up_request(), off)["interpreter"]["gil_enabled"] is False
    off[4]["gil_enabled"] = True
    assert fold(made_up_request(), off)["interpreter"]["gil_enabled"] is True


def test_the_first_unexpected_outcome_is_the_variants_and_a_problem(hold_to_schema: HoldToSchema) -> None:
    lines = [*made_up_journal(), sample("fast", 2, outcome="crashed", error="ValueError: no")]
    record = fold(made_up_request(), lines)
    hold_to_schema(record)
    assert [one["outcome"] for one in record["variants"]] == ["finished", "crashed"]
    assert record["problems"] == [
        {"kind": "crashed", "variant": "fast", "sample": "fast.2", "detail": "ValueError: no"}
    ]


def test_a_hang_that_is_meant_is_no_problem_and_one_that_is_not_explains_itself(hold_to_schema: HoldToSchema) -> None:
    lines = made_up_journal(rounds=0)
    lines.insert(
        1, sample("slow", 0, outcome="deadlocked", explanation=["two", "lines"], cycle=["a", "b"], cycle_length=2)
    )
    meant = fold(made_up_request(variants={"slow": "deadlocked"}), lines)
    hold_to_schema(meant)
    assert meant["problems"] == []
    assert meant["variants"][0]["outcome"] == "deadlocked"
    not_meant = fold(made_up_request(), lines)
    hold_to_schema(not_meant)
    assert not_meant["problems"][0]["kind"] == "deadlocked"
    assert not_meant["problems"][0]["detail"] == ["two", "lines"]


def test_too_much_output_and_processes_left_behind_are_problems(hold_to_schema: HoldToSchema) -> None:
    lines = [*made_up_journal(rounds=0), sample("slow", 0, log_full=True, left_behind=["sleep 9", "cat"])]
    record = fold(made_up_request(), lines)
    hold_to_schema(record)
    assert [(one["kind"], one["detail"]) for one in record["problems"]] == [
        ("too_much_output", "over 100000 bytes"),
        ("left_behind", "sleep 9; cat"),
    ]


def test_where_the_code_is_from_is_in_the_record(hold_to_schema: HoldToSchema) -> None:
    mine = {"file": "my.py", "module": "mine.my", "hash": "1" * 16, "variants": ["fast"]}
    record = fold(made_up_request(origin="their/lab.py", mine=mine), made_up_journal())
    hold_to_schema(record)
    assert (record["origin"], record["mine"]) == ("their/lab.py", mine)
    own = fold(made_up_request(), made_up_journal())
    hold_to_schema(own)
    assert (own["origin"], own["mine"]) == (None, None)


def test_an_answer_that_cannot_be_compared_is_a_problem_of_its_own(hold_to_schema: HoldToSchema) -> None:
    line = sample("slow", 0, outcome="crashed", error="labs/x.py:3: returned a set", not_comparable=True)
    record = fold(made_up_request(), [*made_up_journal(rounds=0), line])
    hold_to_schema(record)
    assert [(one["kind"], one["detail"]) for one in record["problems"]] == [
        ("not_comparable", "labs/x.py:3: returned a set")
    ]


def test_the_last_judgement_counts_with_its_unequal_answers(hold_to_schema: HoldToSchema) -> None:
    unequal = {"kind": "unequal_answer", "variant": "fast", "sample": "fast.0", "detail": "2, where slow.0 has 1"}
    lines = [*made_up_journal(), {"kind": "judged", "verdicts": [verdict("refuted")], "unequal_answers": [unequal]}]
    record = fold(made_up_request(), lines)
    hold_to_schema(record)
    assert [one["verdict"] for one in record["verdicts"]] == ["refuted"]
    assert record["problems"] == [unequal]


def test_a_command_of_the_users_own_has_a_record_too(hold_to_schema: HoldToSchema) -> None:
    line = {
        "kind": "sample",
        "id": "command.0",
        "variant": "command",
        "round": 0,
        "order": 0,
        "outcome": "finished",
        "wall_seconds": 1.0,
        "cpu_seconds": 0.5,
        "exit_code": 0,
        "process_seconds": 1.0,
        "peak_memory_bytes": 1,
        "left_behind": [],
        "log_full": False,
    }
    asked = made_up_request(
        lab="exec", command=("sleep", "1"), variants={"command": "finished"}, documents={}, knobs={}
    )
    record = fold(asked, [made_up_journal()[0], line])
    hold_to_schema(record)
    assert record["variants"][0]["doc"] == ""


@pytest.mark.parametrize(
    "foreign",
    [
        {"kind": "sample"},
        {"kind": "sample", "variant": "other", "id": "x", "round": 0, "outcome": "finished"},
        {"kind": "new"},
    ],
)
def test_lines_that_are_not_of_this_run_are_left_out(foreign: dict[str, Any], hold_to_schema: HoldToSchema) -> None:
    record = fold(made_up_request(), [*made_up_journal(), foreign])
    hold_to_schema(record)
    assert record == fold(made_up_request(), made_up_journal())


def test_each_line_of_a_journal_is_on_disk_at_once_and_comes_back(tmp_path: Path) -> None:
    journal = evidence.Journal(tmp_path / "journal.jsonl")
    text = "\u2028 \x85 한국어 \udc80 \n [red]"
    journal.add("sample", answer=text)
    assert evidence.read_journal(tmp_path / "journal.jsonl") == [{"kind": "sample", "answer": text}]
    journal.add("end")
    journal.close()
    assert [line["kind"] for line in evidence.read_journal(tmp_path / "journal.jsonl")] == ["sample", "end"]
    assert journal.lines == evidence.read_journal(tmp_path / "journal.jsonl")


def test_only_the_end_of_a_line_ends_a_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text('{"kind": "sample", "answer": "\u2028 \x85"}\n', encoding="utf-8")
    assert evidence.read_journal(path) == [{"kind": "sample", "answer": "\u2028 \x85"}]


@pytest.mark.parametrize(
    "torn",
    [
        b'{"kind": "sam',
        b"\xff\xfe",
        b"\0" * 20,
        b"[1, 2]",
        b"5",
        b"{}",
        b'{"kind": "end"',
        b"[" * 100_000,
        b"9" * 5_000,
    ],
)
def test_what_is_no_line_of_a_journal_is_left_out(torn: bytes, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"kind": "start"}\n' + torn + b'\n{"kind": "round"}\n' + torn)
    assert [line["kind"] for line in evidence.read_journal(path)] == ["start", "round"]


def test_a_record_is_written_whole_and_its_journal_goes(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").touch()
    record = fold(made_up_request(question="half a surrogate: \udc80, 한국어"), made_up_journal())
    path = evidence.write_record(record, tmp_path)
    assert json.loads(path.read_text(encoding="utf-8")) == record
    assert "한국어" in path.read_text(encoding="utf-8")
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]


SMALL = """
import os, time

@variant
def good() -> list[int]:
    return [1, 2]

@variant(answer="differs", because="it raises")
def bad() -> int:
    raise ValueError("\\udc80 [red]")

@variant(answer="differs", because="it ends the process")
def gone() -> int:
    os._exit(3)

@claim
def it_answers(run: Run) -> Verdict:
    return run.answers(good).are_all([1, 2]) & run.ratio(good, to=good).is_at_least(1)
"""


def test_a_run_that_was_measured_for_real_is_as_its_schema_says(
    hold_to_schema: HoldToSchema, tmp_path: Path, repo: Path
) -> None:
    record = measure(SMALL, tmp_path, repo, facts=made_up_request().facts)
    hold_to_schema(record)
    assert evidence.fault_of(record) is None
    assert [one["outcome"] for one in record["variants"]] == ["finished", "crashed", "crashed"]
    assert record["placement"]["valid"]


def test_a_made_up_run_is_as_its_schema_says(hold_to_schema: HoldToSchema) -> None:
    for run in (
        made_up_run(walls={"a": 1.0, "b": 0.5}, answers={"a": (1, 2)}, knobs={"count": 1}),
        made_up_run(outcomes={"a": "deadlocked"}, cycles={"a": 2}, exit_codes={"a": -9}, gil=False, cores=1),
    ):
        hold_to_schema(record_of(run))
        assert evidence.fault_of(record_of(run)) is None


@pytest.mark.parametrize("change", [{"new": 1}, {"cores": "2"}, {"seed": None}, {"status": "engine_lost"}])
def test_the_schema_is_strict(change: dict[str, Any], hold_to_schema: HoldToSchema) -> None:
    record = record_of(made_up_run(walls={"a": 1.0}))
    with pytest.raises(AssertionError):
        hold_to_schema(record | change)
    del record["machine"]
    with pytest.raises(AssertionError):
        hold_to_schema(record)


def test_the_schema_says_the_unit_of_every_figure_that_has_one(repo: Path) -> None:
    def figures(node: Any) -> list[tuple[str, str]]:
        if isinstance(node, list):
            return [found for item in node for found in figures(item)]
        if not isinstance(node, dict):
            return []
        own = [(name, one.get("description", "")) for name, one in node.get("properties", {}).items()]
        return own + [found for item in node.values() for found in figures(item)]

    schema = json.loads((repo / "harness" / "run.schema.json").read_text(encoding="utf-8"))
    units = {"_seconds": "in seconds", "_bytes": "in bytes", "_mhz": "in MHz"}
    wanted = [(name, text, unit) for name, text in figures(schema) for end, unit in units.items() if name.endswith(end)]
    assert len(wanted) > 10
    assert [name for name, text, unit in wanted if unit not in text] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("run_id",), 5),
        (("origin",), 5),
        (("mine",), "my.py"),
        (("mine",), {"file": "my.py", "variants": [1]}),
        (("lab",), None),
        (("cores",), "2"),
        (("knobs",), []),
        (("placement",), []),
        (("placement", "requested"), ["0"]),
        (("placement", "pinned"), "yes"),
        (("placement", "valid"), None),
        (("placement", "proof"), None),
        (("placement", "proof", "start"), None),
        (("interpreter",), {"version": 3}),
        (("rounds",), None),
        (("rounds", 0), 5),
        (("rounds", 0, "before"), {}),
        (("rounds", 0, "after", "capacity"), None),
        (("variants", 0), None),
        (("variants", 0, "name"), None),
        (("variants", 0, "samples"), None),
        (("variants", 0, "samples", 0), 1),
        (("variants", 0, "samples", 0, "outcome"), None),
        (("variants", 0, "samples", 0, "round"), "0"),
        (("variants", 0, "samples", 0, "foreign_seconds"), "much"),
        (("verdicts", 0), None),
        (("verdicts", 0, "verdict"), "perhaps"),
        (("verdicts", 0, "runs"), None),
    ],
)
def test_a_record_that_tables_cannot_be_made_of_is_told_apart(path: tuple[str | int, ...], value: object) -> None:
    record = fold(made_up_request(), made_up_journal())
    record = json.loads(json.dumps(record))
    place: Any = record
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert evidence.fault_of(record)
