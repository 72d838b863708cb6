"""The table of a comparison: for people, for a web page and for programs."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from harness import comparability, compare
from harness.errors import UsageFault
from harness.report import console_for
from harness.testing import made_up_run, record_of
from tests.made_up import verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

HOSTILE = "[red]x[/red] | `y` <script>alert(1)</script> \x1b[31m \u202e \r\n *z* $x$ &amp;"


def record(cores: int, *, gil: bool = True, day: int = 1, **more: Any) -> dict[str, Any]:
    walls = {"one_thread": 4.0, "threads": 4.0 if gil else 4.0 / cores, "processes": 4.0 / cores}
    of = record_of(made_up_run(walls=walls, cores=cores, gil=gil, spread=0, knobs={"count": 1000}, version="3.14.7"))
    of |= {
        "lab": "gil",
        "question": "Do four threads count faster than one?",
        "run_id": f"202601{day:02}-120000-gil-c{cores}-{of['python']}-0a{day:02}",
        "created": f"2026-01-{day:02}T12:00:00+00:00",
    }
    of["verdicts"] = [
        verdict(
            "holds" if gil else "skipped", claim="no_faster", sentence="Threads are no faster.", runs=[of["run_id"]]
        ),
        verdict("refuted", claim="use", sentence="They use the cores.", reason="0.7", why=["SMT"], runs=[of["run_id"]]),
    ]
    return of | more


def table(*records: dict[str, Any], **options: Any) -> str:
    stream = io.StringIO()
    compare.show_comparison(compare.compare(list(records), **options), console_for(stream))
    return stream.getvalue()


def row(text: str, name: str) -> list[str]:
    [line] = [line for line in text.splitlines() if line.startswith(name)]
    return re.split(r"\s{2,}", line.strip())


def test_one_core_and_then_four_make_a_table_that_shows_what_the_cores_did() -> None:
    text = table(record(1, day=1), record(4, day=2))
    assert text.startswith("gil: Do four threads count faster than one?\n\nPython 3.14.7, GIL on\n")
    assert row(text, "variant") == ["variant", "1 core", "4 cores", "over 1 core"]
    assert row(text, "one_thread") == ["one_thread", "4.000 s", "4.000 s", "1.000"]
    assert row(text, "threads") == ["threads", "4.000 s", "4.000 s", "1.000"]
    assert row(text, "processes") == ["processes", "4.000 s", "1.000 s", "4.000"]


def test_each_interpreter_has_its_own_table_against_its_own_fewest_cores() -> None:
    text = table(record(1), record(4), record(2, gil=False), record(4, gil=False))
    assert text.index("Python 3.14.7, GIL on") < text.index("Python 3.14.7t, GIL off")
    free = text[text.index("GIL off") :]
    assert row(free, "variant") == ["variant", "2 cores", "4 cores", "over 2 cores"]
    assert row(free, "threads") == ["threads", "2.000 s", "1.000 s", "2.000"]


def test_each_run_has_its_cpus_and_their_proof_in_one_line() -> None:
    text = table(record(1, day=1), record(4, day=2))
    text = text[text.index("proven at") :]
    assert row(text, "1 core ") == ["1 core", "0", "start and end", "12", "20260101-120000-gil-c1-3.14-0a01"]
    assert row(text, "4 cores ") == ["4 cores", "0-3", "start and end", "12", "20260102-120000-gil-c4-3.14-0a02"]


def test_each_claim_has_its_verdict_in_each_run_and_a_reason_where_it_does_not_hold() -> None:
    text = table(record(1), record(4))
    assert row(text, "  ✓")[-3:] == ["✓", "✓", "Threads are no faster."]
    assert row(text, "  ✗")[-3:] == ["✗", "✗", "They use the cores."]
    assert "✗ use on 1 core and 4 cores, refuted: 0.7, because SMT" in text
    assert "no_faster on" not in text
    assert "✓ holds, ✗ refuted, ? inconclusive, – skipped" in text


def test_runs_with_other_reasons_are_told_apart() -> None:
    other = record(4)
    other["verdicts"][1] = other["verdicts"][1] | {"verdict": "inconclusive", "reason": "too few", "why": []}
    text = table(record(1), other)
    assert "✗ use on 1 core, refuted: 0.7, because SMT" in text
    assert "? use on 4 cores, inconclusive: too few" in text


def test_a_claim_that_a_run_does_not_have_is_empty_there() -> None:
    text = table(record(1, verdicts=[]), record(4))
    assert row(text, "           ✓") == ["✓", "Threads are no faster."]


def test_a_variant_that_hung_shows_its_outcome_in_place_of_a_time() -> None:
    hung = record(1)
    for sample in hung["variants"][1]["samples"]:
        sample["outcome"] = "deadlocked"
    text = table(hung, record(4))
    assert row(text, "threads") == ["threads", "deadlocked ×12", "4.000 s", "–"]


def test_samples_that_failed_beside_others_are_remarked() -> None:
    some = record(4)
    some["variants"][1]["samples"][0]["outcome"] = "crashed"
    assert "threads on 4 cores: crashed ×1, finished ×11" in table(record(1), some)


def test_a_variant_that_one_run_does_not_have_leaves_its_cells_empty() -> None:
    fewer = record(4)
    fewer["variants"].pop(1)
    assert row(table(record(1), fewer), "threads") == ["threads", "4.000 s"]


def test_one_run_makes_a_table_of_one_column() -> None:
    assert row(table(record(1)), "threads") == ["threads", "4.000 s"]


def test_what_was_left_out_is_said() -> None:
    text = table(record(4, day=9), record(1, day=1, knobs={"count": 5}), record(2, status="interrupted"))
    assert "left out 1 older run: knob count was 5, now 1000" in text
    assert "left out 1 run: interrupted" in text


def test_a_comparison_says_whose_variants_it_shows() -> None:
    mine = {"file": "my_*race*.py", "module": "mine.my", "hash": "1", "variants": ["processes"]}
    learners = record(1, mine=mine)
    assert "yours, from my_*race*.py: processes; the other variants" in table(learners)
    assert "yours, from my\\_\\*race" in compare.comparison_to_markdown(compare.compare([learners]))
    assert "yours" not in table(record(1))


def test_runs_that_differ_stand_under_a_banner() -> None:
    records = [record(1, day=1), record(4, day=2, knobs={"count": 5})]
    text = table(*records, asked=tuple(one["run_id"] for one in records), anyway=True)
    assert "NOT ALIKE" in text
    assert "knob count is 1000 in 20260101-120000-gil-c1-3.14-0a01, 5 in 20260102-120000-gil-c4-3.14-0a02" in text
    assert "NOT ALIKE" not in table(record(1), record(4))


def test_the_same_cores_twice_are_told_apart() -> None:
    records = [record(1, day=1), record(1, day=2)]
    text = table(*records, asked=tuple(one["run_id"] for one in records))
    assert row(text, "variant") == ["variant", "1 core 0a01", "1 core 0a02", "over 1 core"]


def test_runs_of_one_sweep_are_paired_by_round_and_others_are_not() -> None:
    one, four = record(1), record(4)
    for of, walls in ((one, (1.0, 2.0, 12.0)), (four, (0.5, 4.0, 2.0))):
        of["variants"][0]["samples"] = of["variants"][0]["samples"][:3]
        for sample, wall in zip(of["variants"][0]["samples"], walls, strict=True):
            sample["wall_seconds"] = wall
    paired = compare.comparison_to_json(compare.compare([one, four]))["rows"]
    apart = compare.comparison_to_json(compare.compare([one, four | {"sweep_id": "other"}]))["rows"]
    assert [rows[3]["speed_up_over_fewest_cores"] for rows in (paired, apart)] == [2.0, 1.0]


def test_nothing_to_compare_says_why_and_what_makes_something() -> None:
    with pytest.raises(UsageFault, match=r"no run to compare: `invoke lab NAME --cores 1,2` makes some"):
        compare.compare([])
    with pytest.raises(UsageFault, match=r"left out 1 run: interrupted.*invoke lab gil"):
        compare.compare([record(1, status="interrupted")])


def test_each_lab_has_a_comparison_of_its_own() -> None:
    records = [record(1, lab="race"), record(1), record(4), record(1, lab="broken", status="interrupted")]
    assert [one.lab for one in compare.compare_each(records)] == ["gil", "race"]
    asked = (records[1]["run_id"],)
    assert [len(one.columns) for one in compare.compare_each(records[1:3], asked)] == [1]
    with pytest.raises(UsageFault, match="interrupted"):
        compare.compare_each(records[3:])
    with pytest.raises(UsageFault, match="no run to compare"):
        compare.compare_each([])


def test_the_rows_of_the_table_are_json_with_the_numbers_in_full() -> None:
    found = json.loads(json.dumps(compare.comparison_to_json(compare.compare([record(1), record(4)])), allow_nan=False))
    assert [(one["variant"], one["cores"]) for one in found["rows"]] == [
        (name, cores) for cores in (1, 4) for name in ("one_thread", "threads", "processes")
    ]
    last = found["rows"][-1]
    assert last["wall_seconds"] == pytest.approx(1.0)
    assert last["speed_up"] == pytest.approx(4.0)
    assert last["efficiency"] == pytest.approx(1.0)
    assert last["cores_busy"] == pytest.approx(1.0)
    assert (last["fewest_cores"], last["speed_up_over_fewest_cores"]) == (1, pytest.approx(4.0))
    assert found["rows"][0]["speed_up_over_fewest_cores"] is None
    assert (last["cpus"], last["outcome"], last["samples_kept"]) == ("0-3", "finished ×12", 12)
    assert {one["run_id"] for one in found["verdicts"]} == {one["run_id"] for one in found["rows"]}


def test_the_page_has_the_same_tables() -> None:
    page = compare.comparison_to_markdown(compare.compare([record(1), record(4)]))
    assert page.startswith(
        "### gil: Do four threads count faster than one?\n\n**Python 3.14.7, GIL on**\n\n| variant |"
    )
    assert "| processes | 4.000 s | 1.000 s | 4.000 |" in page
    assert "| :-- | --: | --: | --: |" in page
    assert "| ✓ | ✓ | Threads are no faster. |" in page
    assert "- ✗ use on 1 core and 4 cores, refuted: 0.7, because SMT" in page
    assert "| 4 cores | 0-3 | start and end | 12 | 20260101-120000-gil-c4-3.14-0a01 |" in page
    assert "\n\n\n" not in page


def hostile() -> dict[str, Any]:
    of = record(1, lab=HOSTILE, question=HOSTILE, python=HOSTILE, knobs={HOSTILE: HOSTILE}, run_id=HOSTILE)
    of["interpreter"]["version"] = of["machine"]["model"] = HOSTILE
    of["variants"][0]["name"] = HOSTILE
    of["variants"][1]["samples"] = [{**of["variants"][1]["samples"][0], "outcome": HOSTILE}]
    of["verdicts"] = [verdict("refuted", claim=HOSTILE, sentence=HOSTILE, reason=HOSTILE, why=[HOSTILE])]
    return of


def test_on_a_page_a_labs_text_stays_text() -> None:
    other = hostile() | {"run_id": "other", "machine": {"model": HOSTILE + "2"}, "knobs": {}}
    found = compare.compare([hostile(), other], (HOSTILE, "other"), anyway=True)
    page = compare.comparison_to_markdown(found)
    assert "<" not in page
    assert "alert" in page
    for acting in ("\u202e", "\r", "\x1b"):
        assert acting not in page
    for sign in "`*[]$":
        assert re.search(rf"(?<!\\)\{sign}", page.replace("**", "")) is None
    assert "&amp;amp;" in page
    cells = [len(re.findall(r"(?<!\\)\|", line)) for line in page.splitlines() if line.startswith("|")]
    assert set(cells) <= {3, 4, 5, 6}
    for line in page.splitlines():
        assert line == "" or line.startswith(("### ", "> **", "**", "| ", "- ", "✓ "))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1. first", r"1\. first"),
        ("# head", r"\# head"),
        ("- item", r"\- item"),
        ("--- rule", r"\--- rule"),
        ("4.2 s", "4.2 s"),
        ("-5", "-5"),
        ("a_b", r"a\_b"),
        ("a | b", r"a \| b"),
        ("\\", "\\\\"),
        ("", ""),
        ("–", "–"),
    ],
)
def test_signs_that_mean_something_on_a_page_are_escaped(text: str, written: str) -> None:
    assert compare._escaped(text) == written


def test_on_a_terminal_a_labs_text_does_nothing() -> None:
    text = table(hostile())
    for acting in ("\u202e", "\r", "\x1b"):
        assert acting not in text
    assert "[red]x[/red]" in text
    text.encode()


@pytest.mark.parametrize("columns", [30, 40, 80])
def test_a_narrow_terminal_loses_no_figure(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", str(columns))
    stream = Terminal()
    compare.show_comparison(compare.compare([record(1), record(4)]), console_for(stream))
    text = stream.getvalue()
    assert max(map(len, text.splitlines())) <= columns
    assert "…" not in text
    for words in ("processes", "4.000 s", "1.000 s", "4.000", "over 1 core"):
        assert words in text


def test_the_work_grows_with_the_samples_and_no_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: how often a sample is looked at."""
    from harness.findings import Run

    looked: list[int] = []
    original = Run._lost_to
    monkeypatch.setattr(Run, "_lost_to", lambda self, name, sample: looked.append(1) or original(self, name, sample))  # type: ignore[func-returns-value]
    for runs in (2, 4):
        looked.clear()
        records = [record(cores) for cores in (1, 2, 4, 8)[:runs]]
        compare.comparison_to_markdown(compare.compare(records))
        assert len(looked) == sum(len(entry["samples"]) for one in records for entry in one["variants"])


def test_of_many_runs_only_those_that_are_shown_are_read_in_full() -> None:
    records = [record(cores, gil=gil, day=day) for day in (1, 2) for cores in (1, 4) for gil in (True, False)]
    by_id = {of["run_id"]: of for of in records}
    read: list[str] = []

    def whole(head: Mapping[str, Any]) -> dict[str, Any]:
        read.append(head["run_id"])
        return by_id[head["run_id"]]

    heads = [comparability.head(of) for of in records]
    assert compare.compare_each(heads, whole=whole) == compare.compare_each(records)
    assert sorted(read) == sorted(of["run_id"] for of in records[4:])
