"""Judging: every claim gets a verdict, whatever its own code does, and only what the evidence shows as its cause."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from typing import TYPE_CHECKING, Any

import pytest

from harness import evidence, judge, request
from harness.findings import Run, Sweep
from harness.lab import Need, claim, cores, free_threading, gil, python, variant
from harness.testing import made_up_run, record_of
from harness.verdict import Estimate, Facts, Verdict
from tests.made_up import made_up_journal, made_up_request

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FULL = Estimate([(round_, 1.0) for round_ in range(8)], 8)


def lab(*marked: Callable[..., Any]) -> types.ModuleType:
    """A lab module of these functions, in this order."""
    module = types.ModuleType("made_up")
    for function in marked:
        setattr(module, function.__name__, function)
    return module


def record(run_id: str = "one", **numbers: Any) -> dict[str, Any]:
    return record_of(made_up_run(**{"walls": {"slow": 1.0, "fast": 0.5}, **numbers})) | {"run_id": run_id}


def judged(
    module: types.ModuleType, of: dict[str, Any], *others: dict[str, Any]
) -> dict[str, tuple[Verdict, list[str]]]:
    return {made.__name__: (verdict, runs) for made, verdict, runs in judge.judged(module, of, [of, *others])}


def claiming(verdict: Any, *needs: Need) -> Callable[[Run], Verdict]:
    @claim(needs=needs)
    def a_claim(run: Run) -> Verdict:
        """A claim."""
        assert isinstance(run, Run)
        return verdict  # type: ignore[no-any-return]

    return a_claim


@claim
def over_the_sweep(sweep: Sweep) -> Verdict:
    """A claim on several core counts."""
    return Verdict.holds(str(sweep.core_counts))


@claim
def raises(run: Run) -> Verdict:
    """A claim with a fault."""
    raise ValueError("no such thing")


@claim
def ends_everything(run: Run) -> Verdict:
    """A claim that ends the interpreter."""
    sys.exit(3)


def test_claims_are_judged_in_their_order_of_definition() -> None:
    assert list(judged(lab(raises, claiming(Verdict.holds("yes")), over_the_sweep), record())) == [
        "raises",
        "a_claim",
        "over_the_sweep",
    ]


@pytest.mark.parametrize("faulty", [raises, ends_everything])
def test_a_claim_with_a_fault_is_inconclusive_and_hides_no_other(faulty: Callable[[Run], Verdict]) -> None:
    found = judged(lab(faulty, claiming(Verdict.holds("yes"))), record())
    assert found[faulty.__name__][0].value == "inconclusive"
    assert "the claim itself failed" in found[faulty.__name__][0].reason
    assert found["a_claim"][0].value == "holds"


@pytest.mark.parametrize("result", [None, True, "holds"])
def test_a_claim_that_gives_no_verdict_is_inconclusive(result: object) -> None:
    verdict, _ = judged(lab(claiming(result)), record())["a_claim"]
    assert verdict.value == "inconclusive"
    assert f"returned a {type(result).__name__}, a claim returns a Verdict" in verdict.reason


@pytest.mark.parametrize(
    ("needs", "numbers", "reason"),
    [
        ((cores(4),), {"cores": 2}, "needs 4 cores, this run has 2"),
        ((cores(2),), {"cores": 2}, None),
        ((gil,), {"gil": False}, "needs an interpreter with the GIL on; it is off in 3.14t"),
        ((gil,), {"gil": True}, None),
        ((free_threading,), {"gil": True}, "needs an interpreter with the GIL off; 3.14 is built with it on"),
        ((free_threading,), {"gil": False}, None),
        ((python(3, 15),), {"version": "3.14.7"}, "needs Python 3.15, this is 3.14.7"),
        ((python(3, 9),), {"version": "3.14.7"}, None),
        ((gil, cores(4)), {"cores": 2}, "needs 4 cores, this run has 2"),
    ],
)
def test_a_claim_whose_need_is_not_met_is_skipped_and_says_so(
    needs: tuple[Need, ...], numbers: dict[str, Any], reason: str | None
) -> None:
    verdict, _ = judged(lab(claiming(Verdict.holds("yes"), *needs)), record(**numbers))["a_claim"]
    assert (verdict.value, verdict.reason) == (("skipped", reason) if reason else ("holds", "yes"))


def test_cores_that_are_not_pinned_do_not_meet_a_need_of_cores() -> None:
    of = record()
    of["placement"] |= {"pinned": False, "valid": False}
    verdict, _ = judged(lab(claiming(Verdict.holds("yes"), cores(2))), of)["a_claim"]
    assert verdict.value == "skipped"
    assert "cannot pin" in verdict.reason
    assert judged(lab(claiming(Verdict.holds("yes"))), of)["a_claim"][0].value == "holds"


def test_on_other_cpus_than_asked_for_nothing_is_judged() -> None:
    of = record()
    of["placement"]["valid"] = False
    verdict, _ = judged(lab(claiming(Verdict.refuted("no"))), of)["a_claim"]
    assert verdict.value == "inconclusive"
    assert "not on the CPUs" in verdict.reason


def test_a_claim_over_a_sweep_sees_every_core_count_under_the_same_interpreter_once() -> None:
    others = [record("two", cores=4), record("three", cores=1), record("four", cores=8, gil=False)]
    verdict, runs = judged(lab(over_the_sweep), record("one", cores=2), *others)["over_the_sweep"]
    assert verdict.reason == "(1, 2, 4)"
    assert runs == ["one", "two", "three"]


def test_a_claim_over_a_sweep_of_one_core_count_is_skipped() -> None:
    verdict, runs = judged(lab(over_the_sweep), record(), record("t", gil=False, cores=4))["over_the_sweep"]
    assert (verdict.value, runs) == ("skipped", ["one"])
    assert "--cores 1,2" in verdict.reason


def test_a_claim_is_over_a_sweep_by_its_annotation_however_that_is_written() -> None:
    def written(claim: object) -> Verdict: ...  # type: ignore[empty-body]

    for annotation, expected in ((Sweep, True), ("Sweep", True), (Run, False), ("Run", False)):
        written.__annotations__ = {"claim": annotation, "return": Verdict}
        assert judge._is_over_sweep(written) is expected


@pytest.mark.parametrize(("name", "expected"), [("Sweep", True), ("Run", False)])
def test_an_annotation_that_is_there_for_the_type_checker_alone_is_known_by_its_name(name: str, expected: bool) -> None:
    class Claim:
        """A function of Python 3.14, which works its annotations out when it is asked for them."""

        @property
        def __annotations__(self) -> dict[str, object]:  # type: ignore[override]
            raise NameError(f"name {name!r} is not defined", name=name)

        def __call__(self, _over: object) -> Verdict:
            return Verdict.holds("yes")

    assert judge._is_over_sweep(Claim()) is expected


def test_events_of_each_run_are_its_own() -> None:
    seen: list[Any] = []

    @claim
    def looks(sweep: Sweep) -> Verdict:
        """A claim on events."""

        def slow() -> None: ...

        seen.extend([sweep.at(2).events(slow)[0], sweep.at(1).events(slow)[0]])
        return Verdict.holds("yes")

    readers: dict[str, Any] = {"one": lambda sample: [f"one {sample}"], "two": lambda sample: [f"two {sample}"]}
    [found] = judge.judged(lab(looks), record("one", cores=2), [record("two", cores=1)], readers)
    assert found[1].value == "holds"
    assert seen == [["one slow.0"], ["two slow.0"]]


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (FULL.is_at_least(2.0), True),
        (FULL.is_at_least(0.5), False),
        (Facts("answer", [1]).are_all(0), False),
        (Verdict.inconclusive("too few"), False),
    ],
)
def test_a_cause_is_told_for_what_deviates_and_was_measured(verdict: Verdict, told: bool) -> None:
    of = record()
    assert judged(lab(claiming(verdict)), of)["a_claim"][0].why == ()
    of["placement"]["proof"]["start"]["quota_cores"] = 0.5
    assert bool(judged(lab(claiming(verdict)), of)["a_claim"][0].why) is told


def test_a_claim_is_told_the_causes_of_the_variants_that_it_asked_about() -> None:
    @claim
    def fast_is_slow(run: Run) -> Verdict:
        """Of both."""
        return run.speed_up(fast, over=slow).is_at_most(0.5)

    @claim
    def slow_is_idle(run: Run) -> Verdict:
        """Of the other alone."""
        return run.cores_busy(slow).is_at_most(0.5)

    of = record()
    for sample in of["variants"][1]["samples"]:
        sample |= {"children_seconds": 0.1, "written_bytes": 1e9, "writes": 1e4}
    found = judged(lab(fast_is_slow, slow_is_idle), of)
    [cause] = found["fast_is_slow"][0].why
    assert "fast wrote 1000 MB" in cause
    assert found["slow_is_idle"][0].why == ()


def test_a_claim_over_a_sweep_is_told_each_cause_once_and_by_the_run_on_the_most_cores() -> None:
    @claim
    def more_cores_help(sweep: Sweep) -> Verdict:
        """Of a sweep."""
        return sweep.speed_up(fast).is_at_least(9.0)

    narrow, wide = record(cores=1), record("other", cores=2)
    for of, size in ((narrow, 1e9), (wide, 2e9)):
        for sample in of["variants"][1]["samples"]:
            sample |= {"children_seconds": 0.1, "written_bytes": size, "writes": 1e4}
    [cause] = judged(lab(more_cores_help), narrow, wide)["more_cores_help"][0].why
    assert "wrote 2000 MB" in cause


@variant
def slow() -> int:
    """Baseline."""
    return 1


@variant
def fast() -> int:
    """The other."""
    return 1


@variant(answer="differs", because="it stops halfway")
def half() -> int:
    """Half of it."""
    return 0


def test_an_answer_unlike_the_first_variants_is_told_once_a_variant_with_its_count() -> None:
    of = record(answers={"slow": 10, "fast": [10, 11], "half": 5}, rounds=4, walls={})
    [found] = judge.unequal_answers(lab(slow, fast, half), of)
    assert found == {
        "kind": "unequal_answer",
        "variant": "fast",
        "sample": "fast.1",
        "detail": "11, where slow.0 has 10; in 2 of 4 samples",
    }


def test_the_labs_own_answer_is_the_measure_for_a_learners() -> None:
    of = record(answers={"slow": 11, "fast": 10, "half": 10}, rounds=1, walls={})
    of["mine"] = {"file": "my.py", "module": "mine.my", "hash": "1", "variants": ["slow"]}
    [found] = judge.unequal_answers(lab(slow, fast), of)
    assert (found["variant"], found["detail"]) == ("slow", "11, where fast.0 has 10; in 1 of 1 samples")


def test_equal_answers_none_and_those_of_samples_that_failed_are_no_fault() -> None:
    module = lab(slow, fast)
    assert judge.unequal_answers(module, record(answers={"slow": 10, "fast": 10})) == []
    assert judge.unequal_answers(module, record(answers={"slow": None, "fast": 10})) == []
    failed = record(answers={"slow": 10, "fast": 11}, outcomes={"fast": "crashed"})
    assert judge.unequal_answers(module, failed) == []


def test_answers_too_long_to_keep_are_held_against_each_other_by_their_digests() -> None:
    of = record(answers={"slow": 10, "fast": 11}, rounds=1)
    for entry in of["variants"]:
        for sample in entry["samples"]:
            sample["answer"] = None
    [found] = judge.unequal_answers(lab(slow, fast), of)
    assert found["detail"].startswith("digest ")


def test_a_report_fits_into_a_pipe_however_long_reasons_and_answers_are() -> None:
    of = record(answers={"slow": "x" * 1900, "fast": "y" * 1900}, rounds=90)
    [unequal] = judge.unequal_answers(lab(slow, fast), of)
    assert len(unequal["detail"]) < 400
    [(made, verdict, runs)] = judge.judged(lab(claiming(Verdict.refuted("z" * 10_000))), of, [of])
    assert len(json.dumps(judge._as_json(made, verdict, runs))) < 1500


@pytest.mark.parametrize(("doc", "sentence"), [("  One.\n\nMore.", "One."), (None, "a_claim"), (" \n ", "a_claim")])
def test_the_first_line_of_a_claim_is_its_sentence(doc: str | None, sentence: str) -> None:
    made = claiming(Verdict.holds("yes"))
    made.__doc__ = doc
    assert judge._as_json(made, Verdict.holds("yes"), ["one"])["sentence"] == sentence


LAB = '''
"""A question?"""
from __future__ import annotations
from typing import TYPE_CHECKING
from harness.lab import Verdict, claim, variant
if TYPE_CHECKING:
    from harness.lab import Run, Sweep

@variant
def slow() -> int: ...

@variant
def fast() -> int: ...

@claim
def it_is_twice_as_fast(run: Run) -> Verdict:
    """It is twice as fast."""
    return run.speed_up(fast, over=slow).is_between(1.5, 2.5)

@claim
def cores_help(sweep: Sweep) -> Verdict:
    """More cores help."""
    return Verdict.holds(str(sweep.core_counts))
'''


def test_a_run_under_way_is_judged_from_its_journal_in_an_interpreter_of_its_own(tmp_path: Path, repo: Path) -> None:
    folders = []
    for cpus in ((0, 1), (0,)):
        asked = made_up_request(run_id=f"run-{len(cpus)}", cores=len(cpus), cpus=cpus)
        folder = tmp_path / asked.run_id
        (folder / "source" / "labs").mkdir(parents=True)
        (folder / "source" / "labs" / "made_up.py").write_text(LAB, encoding="utf-8")
        request.write(asked, folder)
        journal = evidence.Journal(folder / evidence.JOURNAL)
        for line in made_up_journal(rounds=8, end=False):
            journal.add(line["kind"], **{key: value for key, value in line.items() if key != "kind"})
        journal.close()
        folders.append(str(folder))
    report, result = os.pipe()
    # A second core count needs a proof of its own; the made-up one is of two CPUs.
    single = (tmp_path / "run-1" / evidence.JOURNAL).read_text(encoding="utf-8")
    single = single.replace('"affinity": [0, 1]', '"affinity": [0]').replace('"0-1"', '"0"').replace("[0, 1]", "[0]")
    (tmp_path / "run-1" / evidence.JOURNAL).write_text(single, encoding="utf-8")
    subprocess.run(
        [
            sys.executable,
            "-c",
            f"from harness.judge import main; main({ {'run': folders[0], 'peers': folders} })",
            str(result),
        ],
        env={"PYTHONPATH": f"{folders[0]}/source:{repo}"},
        pass_fds=(result,),
        check=True,
        timeout=60,
    )
    os.close(result)
    with os.fdopen(report, encoding="utf-8") as pipe:
        found = json.load(pipe)
    assert [(one["claim"], one["verdict"], one["runs"]) for one in found["verdicts"]] == [
        ("it_is_twice_as_fast", "holds", ["run-2"]),
        ("cores_help", "holds", ["run-2", "run-1"]),
    ]
    assert found["unequal_answers"] == []
