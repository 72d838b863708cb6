"""What a person reads after a run: all of it on any stream, and nothing of a lab's text does anything there."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from harness import report
from harness.hints import Hints
from harness.testing import made_up_run, record_of
from tests.made_up import verdict

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "[red]x[/red] \x1b[31m \u202e \r \n <script>alert(1)</script> :smile: \udc80 \x07"


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def record(**more: Any) -> dict[str, Any]:
    of = record_of(made_up_run(walls={"one_thread": 4.2, "processes": 2.1}, rounds=12, knobs={"count": 1000}))
    of["verdicts"] = [verdict(runs=[of["run_id"]])]
    return of | more


def hostile_record() -> dict[str, Any]:
    of = record(lab=HOSTILE, question=HOSTILE, config=HOSTILE, knobs={HOSTILE: HOSTILE}, python=HOSTILE)
    of["interpreter"]["version"] = of["engine"]["version"] = HOSTILE
    of["variants"][0]["name"] = of["variants"][0]["samples"][0]["outcome"] = HOSTILE
    of["problems"] = [{"kind": HOSTILE, "variant": HOSTILE, "sample": "x", "detail": [HOSTILE, HOSTILE]}]
    of["verdicts"] = [verdict("refuted", sentence=HOSTILE, reason=HOSTILE, why=[HOSTILE], runs=[of["run_id"]])]
    return of


def shown(*records: dict[str, Any], stream: Any = None) -> str:
    stream = stream or io.StringIO()
    report.show_runs(records, report.console_for(stream))
    if isinstance(stream, io.TextIOWrapper):
        stream.flush()
        return bytes(stream.buffer.getvalue()).decode(stream.encoding)
    return str(stream.getvalue())


MINE = {"file": "my_race.py", "module": "mine.my_race", "hash": "1" * 16, "variants": ["processes"]}


def test_a_run_says_which_variants_are_the_learners_and_from_which_file() -> None:
    text = shown(record(mine=MINE))
    assert "yours, from my_race.py: processes; the other variants and the claims are the lab's own\n" in text
    assert "yours" not in shown(record())


def test_a_run_of_a_lab_from_outside_says_so() -> None:
    text = shown(record(origin="their/\x1b[31mlab.py"))
    assert "the lab is their/\\x1b[31mlab.py, from outside this repository\n" in text


def test_a_refuted_claim_and_a_bad_end_of_the_learners_variant_are_shown_with_their_hints() -> None:
    of = record(mine=MINE)
    of["verdicts"] = [
        verdict("refuted", claim="one", runs=[of["run_id"]]),
        verdict("holds", claim="two", runs=[of["run_id"]]),
    ]
    of["problems"] = [
        {"kind": "crashed", "variant": name, "sample": f"{name}.0", "detail": "no"}
        for name in ("processes", "one_thread")
    ]
    stream = io.StringIO()
    hints = Hints("en", {"one": "look at one.", "two": "look at two."}, ("processes",))
    report.show_runs([of], report.console_for(stream), hints=hints)
    text = stream.getvalue()
    assert "    hint: look at one.\n" in text
    assert "look at two" not in text
    assert text.count("hint: the traceback is in lab.log") == 1
    assert "hint" not in shown(of)


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")


def test_a_report_has_the_question_the_proof_the_figures_and_the_claims() -> None:
    text = shown(record())
    for part in (
        "made_up: What would an honest machine have left?",
        "2 cores: CPUs 0-1, read back inside at the start and the end",
        "cgroup v2",
        "Python 3.14.0, GIL on · docker 29.0.0 · config standard · count=1000 · 12 rounds in 2 s · capacity 2.00",
        "one_thread",
        "finished ×12",
        "✓ It is faster.",
        "1.98 to 2.02",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pinned": None, "valid": False, "proof": {"start": None, "end": None}}, "NOT PROVEN, CPUs 0-1"),
        ({"pinned": False, "valid": False}, "UNPINNED, this system cannot pin"),
        ({"valid": False}, "INVALID PLACEMENT, asked for CPUs 0-1"),
        ({"at_end": None}, "at the start, its end was not reached"),
    ],
)
def test_a_placement_that_is_not_proven_says_so(change: dict[str, Any], words: str) -> None:
    of = record()
    of["placement"] |= change
    assert words in shown(of)
    assert "the start and the end" not in shown(of)


def test_the_local_runner_has_no_control_group_to_show() -> None:
    assert "cgroup" not in report.placement_line(record(runner="local"))
    assert "local runner" in report.circumstances_line(record(engine=None))


def test_a_run_that_ended_before_it_began_has_a_report() -> None:
    of = record(interpreter={}, rounds=[], status="interrupted", seconds={"measured": 0.0, "all": None})
    of["variants"] = [entry | {"samples": []} for entry in of["variants"]]
    text = shown(of)
    assert "Python 3.14 · " in text
    assert "GIL" not in report.interpreter_line(of)
    assert "0 rounds in 0 s" in text
    assert "INTERRUPTED" in text
    assert "not run" in text


def test_a_round_without_its_second_capacity_has_a_report() -> None:
    of = record()
    of["rounds"] = [{**of["rounds"][0], "after": None}]
    assert "1 round in" in shown(of)


def test_the_interpreter_says_which_it_is_and_whether_the_gil_was_on() -> None:
    assert report.interpreter_line(record()) == "Python 3.14.0, GIL on"
    free = record_of(made_up_run(walls={"a": 1.0}, gil=False, version="3.14.7"))
    assert report.interpreter_line(free) == "Python 3.14.7t, GIL off"
    free["interpreter"]["gil_enabled"] = True
    assert report.interpreter_line(free) == "Python 3.14.7t, GIL on"


def test_a_refuted_claim_has_its_reason_and_its_causes() -> None:
    of = record()
    of["verdicts"] = [verdict("refuted", reason="0.5, not at least 0.85", why=["a quota"], runs=[of["run_id"]])]
    text = shown(of)
    assert "✗ It is faster." in text
    assert "0.5, not at least 0.85" in text
    assert "because a quota" in text


def test_a_claim_over_the_sweep_is_shown_once_and_by_interpreter() -> None:
    runs = [
        record(run_id=f"{python}-{cores}", python=python, cores=cores)
        for python in ("3.14", "3.14t")
        for cores in (1, 2)
    ]
    for of in runs:
        over = [one["run_id"] for one in runs if one["python"] == of["python"]]
        of["verdicts"] = [verdict(claim="over", sentence="Cores help.", runs=over)]
    text = shown(*runs)
    assert text.count("Cores help.") == 2
    assert "3.14: Cores help." in text
    assert "3.14t: Cores help." in text


def test_a_problem_is_shown_once_a_kind_and_variant_with_all_its_lines() -> None:
    detail = ["thread 1 holds a and waits for b", "thread 2 holds b and waits for a"]
    problems = [
        {"kind": "timed_out", "variant": "threads", "sample": f"threads.{n}", "detail": detail} for n in range(3)
    ]
    text = shown(record(problems=problems))
    assert text.count("! threads: timed out: thread 1 holds a and waits for b") == 1
    assert text.count("thread 2 holds b") == 1


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_a_labs_text_does_nothing_on_a_terminal(stream: type[io.StringIO]) -> None:
    text = shown(hostile_record(), stream=stream())
    for written in ("[red]x[/red]", r"\x1b[31m", r"\u202e", r"\r", r"\n", "<script>", ":smile:", r"\udc80", r"\x07"):
        assert written in text
    for acting in ("\u202e", "\r", "\x07", "\udc80", "\x1b[31m \\u202e"):
        assert acting not in text
    text.encode()


def test_what_is_no_terminal_gets_no_colour_and_nothing_is_cut() -> None:
    of = record()
    of["variants"][0]["name"] = "a_very_long_name_of_a_variant" * 5
    text = shown(of)
    assert "\x1b" not in text
    assert "…" not in text
    assert of["variants"][0]["name"] in text


def test_a_terminal_gets_colour_unless_it_is_not_wanted_or_not_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[32m" in shown(record(), stream=Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in shown(record(), stream=Terminal())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in shown(record(), stream=Terminal())


@pytest.mark.parametrize("columns", [20, 40, 60])
def test_a_narrow_terminal_loses_no_figure_and_no_name(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = shown(record())
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "dumb")
    narrow = shown(record(), stream=Terminal())
    assert "…" not in narrow
    assert max(map(len, narrow.splitlines())) <= columns
    words = {word for word in wide.split() if any(character.isdigit() for character in word) and len(word) < 15}
    joined = narrow.replace("\n", " ")
    assert [word for word in words if word.rstrip(",;)") not in joined] == []


def test_wide_characters_are_as_wide_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "60")
    stream = Terminal()
    report.show_table(("이름", "값"), [("스레드", "1.5"), ("thread", "2.5")], report.console_for(stream))
    lines = stream.getvalue().splitlines()
    assert [line.rstrip() for line in lines] == ["이름     값", "스레드  1.5", "thread  2.5"]


@pytest.mark.parametrize("encoding", ["ascii", "cp949", "latin-1", "cp1252", "utf-8"])
def test_an_encoding_without_our_signs_gets_others_and_never_fails(encoding: str) -> None:
    of = hostile_record()
    of["question"] = "스레드 넷이 하나보다 빠른가? ✓ µ · … –"
    text = shown(of, record(), stream=io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert ("✓ It is faster." if encoding == "utf-8" else "+ It is faster.") in text
    assert ("스레드" if encoding in ("utf-8", "cp949") else r"\uc2a4") in text or encoding == "cp949"


def test_a_stream_keeps_what_it_is() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    console = report.console_for(stream)
    assert console.encoding == "ascii"
    assert not console.is_terminal


@pytest.mark.parametrize("module", ["report", "compare"])
def test_what_comes_after_a_run_loads_nothing_that_runs_or_measures(module: str, repo: Path) -> None:
    code = (
        f"import harness.{module}, sys;"
        "print(*(name for name in sys.modules if name.startswith(('harness.', 'docker', 'psutil'))))"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=repo, capture_output=True, text=True, check=True)
    pure = {
        "report",
        "figures",
        "findings",
        "intervals",
        "verdict",
        "outcome",
        "machine",
        "cgroup",
        "errors",
        "noise",
        "disturbances",
    }
    pure |= {"compare", "comparison", "comparability"}
    loaded = {name.removeprefix("harness.") for name in ended.stdout.split()}
    assert f"{module}" in loaded
    assert loaded - pure == set()


def test_a_pipe_that_was_closed_is_left_to_the_command() -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        report.console_for(Closed()).print("a line")
