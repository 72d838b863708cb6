"""Judge a lab's claims: the last step of a run, done where the lab ran, in an interpreter of its own.

Started by the measuring parent as ``python -c "from harness.judge import main; main(ORDER)" RESULT_FD``. ORDER names
the folder of the run to judge and the folders of the other runs of its sweep.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import events, evidence, request, why
from harness.findings import Run, Sweep
from harness.verdict import INCONCLUSIVE, REFUTED, SKIPPED, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import ModuleType

    from harness.events import Event
    from harness.lab import Need

    Claim = Callable[[Any], Verdict]
    Record = dict[str, Any]
    EventsOf = Callable[[str], list[Event]]

REASON_CHARACTERS = 500
ANSWER_CHARACTERS = 100


def main(order: dict[str, Any]) -> None:
    """Judge the run that the order names, and report its verdicts and its unequal answers."""
    folder = Path(order["run"])
    asked = request.read(folder)
    module = importlib.import_module(f"labs.{asked.lab}")
    folders = dict.fromkeys((folder, *map(Path, order["peers"])))
    records = {each: _record(each) for each in folders}
    events_by_run = {each["run_id"]: _events(beside) for beside, each in records.items()}
    every = judged(module, records[folder], list(records.values()), events_by_run)
    report = {
        "verdicts": [_as_json(claim, verdict, runs) for claim, verdict, runs in every],
        "unequal_answers": unequal_answers(module, records[folder]),
    }
    with os.fdopen(int(sys.argv[1]), "w", encoding="utf-8") as pipe:
        json.dump(report, pipe)


def judged(
    module: ModuleType, record: Record, sweep: Sequence[Record], events_by_run: Mapping[str, EventsOf] | None = None
) -> Iterable[tuple[Claim, Verdict, list[str]]]:
    """Each claim of a lab with its verdict and the runs it was judged on.

    Args:
        module: The lab.
        record: The run.
        sweep: The runs of its sweep; those under the same interpreter count, and the run itself need not be among them.
        events_by_run: The logging records of a sample by the sample's id, of each run by its id.
    """
    others = [other for other in sweep if other["run_id"] != record["run_id"] and other["python"] == record["python"]]
    for claim in claims_of(module):
        records = [record, *others] if _is_over_sweep(claim) else [record]
        try:
            verdict = _verdict(claim, records, events_by_run or {})
        except (Exception, SystemExit) as raised:  # noqa: BLE001 - the lab's code: its fault must not hide other claims
            verdict = Verdict.inconclusive(f"the claim itself failed: {type(raised).__name__}: {raised}")
        yield claim, verdict, [one["run_id"] for one in records]


def claims_of(module: ModuleType) -> list[Claim]:
    """The functions that are marked as claims, in their order of definition."""
    return [value for value in vars(module).values() if hasattr(value, "__pinlab_claim__")]


def unequal_answers(module: ModuleType, record: Record) -> list[dict[str, str]]:
    """For each variant whose answer differs from the first one's, though all must agree: where, and how often."""
    first: dict[str, Any] | None = None
    found = []
    learners = (record.get("mine") or {}).get("variants", ())
    lab_s_own_first = sorted(record["variants"], key=lambda entry: entry["name"] in learners)
    for entry in lab_s_own_first:
        mark = getattr(getattr(module, entry["name"], None), "__pinlab_variant__", {})
        if mark.get("answer") != "same":
            continue
        answered = [sample for sample in entry["samples"] if sample.get("answer_digest") is not None]
        finished = [sample for sample in answered if sample["outcome"] == "finished"]
        if not finished:
            continue
        first = first or finished[0]
        differing = [sample for sample in finished if sample["answer_digest"] != first["answer_digest"]]
        if differing:
            detail = f"{_shown(differing[0])}, where {first['id']} has {_shown(first)}"
            times = f"in {len(differing)} of {len(finished)} samples"
            about = {"variant": entry["name"], "sample": differing[0]["id"], "detail": f"{detail}; {times}"}
            found.append({"kind": "unequal_answer", **about})
    return found


def unmet(needs: Iterable[Need], records: Sequence[Record]) -> str | None:
    """Why a claim must be skipped, or None.

    Args:
        needs: Of the claim.
        records: The runs that it speaks of.
    """
    for need in needs:
        for record in records:
            interpreter = record["interpreter"]
            if need.kind == "cores" and max(one["cores"] for one in records) < need.least[0]:
                return f"{need.sentence}, this run has {record['cores']}"
            if need.kind == "cores" and not record["placement"]["pinned"]:
                return f"{need.sentence} that are pinned, and this system cannot pin"
            if need.kind == "gil" and not interpreter["gil_enabled"]:
                return f"{need.sentence}; it is off in {record['python']}"
            if need.kind == "free_threading" and not interpreter["free_threaded"]:
                return f"{need.sentence}; {record['python']} is built with it on"
            version = tuple(map(int, interpreter["version"].split(".")[:2]))
            if need.kind == "python" and version < need.least:
                return f"{need.sentence}, this is {interpreter['version']}"
    return None


def _verdict(claim: Claim, records: Sequence[Record], events_by_run: Mapping[str, EventsOf]) -> Verdict:
    skipped = unmet(claim.__pinlab_claim__, records)  # type: ignore[attr-defined]
    if skipped:
        return Verdict(SKIPPED, skipped)
    misplaced = [record for record in records if record["placement"]["pinned"] and not record["placement"]["valid"]]
    if misplaced:
        return Verdict.inconclusive("the run was not on the CPUs asked for all the time")
    runs = [Run(record, events_by_run.get(record["run_id"])) for record in records]
    if _is_over_sweep(claim):
        if len({run.cores for run in runs}) < 2:
            return Verdict(SKIPPED, "needs two core counts in one command, such as --cores 1,2")
        verdict = claim(Sweep(runs))
    else:
        verdict = claim(runs[0])
    if not isinstance(verdict, Verdict):
        raise TypeError(f"{claim.__name__} returned a {type(verdict).__name__}, a claim returns a Verdict")
    if verdict.value in (REFUTED, INCONCLUSIVE) and verdict.figures is not None:
        for cause in _causes(runs, records):
            verdict = verdict.because(cause)
    verdict.asks = tuple(dict.fromkeys(asked for run in runs for asked in run.asked))
    return verdict


def _causes(runs: Sequence[Run], records: Sequence[Record]) -> Iterable[str]:
    """The causes that the runs show, each once; the run on the most cores tells it where several do."""
    found: dict[str, str] = {}
    for run, record in sorted(zip(runs, records, strict=True), key=lambda pair: -pair[0].cores):
        found = {**why.causes(record, run.about), **found}
    return found.values()


def _is_over_sweep(claim: Claim) -> bool:
    """Whether a claim asks for a Sweep, even where its lab imports that name for the type checker alone."""
    try:
        annotation = next(iter(claim.__annotations__.values()), None)
    except NameError as unknown:
        return unknown.name == "Sweep"
    return annotation is Sweep or annotation == "Sweep"


def _as_json(claim: Claim, verdict: Verdict, runs: list[str]) -> dict[str, Any]:
    sentence = ((claim.__doc__ or "").strip() or claim.__name__).splitlines()[0]
    return {
        "claim": claim.__name__,
        "sentence": sentence,
        "verdict": verdict.value,
        "reason": verdict.reason[:REASON_CHARACTERS],
        "why": list(verdict.why),
        "figures": verdict.figures,
        "asks": list(verdict.asks),
        "runs": runs,
    }


def _record(folder: Path) -> Record:
    """The record of a run as far as it is: closed, or from its journal."""
    if (folder / evidence.RECORD).exists():
        record: Record = json.loads((folder / evidence.RECORD).read_text(encoding="utf-8"))
        return record
    return evidence.fold(request.read(folder), evidence.read_journal(folder / evidence.JOURNAL))


def _events(folder: Path) -> EventsOf:
    """The logging records of a sample by its id, read from the folder at the first question."""

    @functools.cache
    def every() -> dict[str, tuple[Event, ...]]:
        return events.by_sample(events.read_events(folder / "events.jsonl").records)

    return lambda sample: list(every().get(sample, ()))


def _shown(sample: dict[str, Any]) -> str:
    if sample["answer"] is None:
        return f"digest {sample['answer_digest']}"
    text = repr(sample["answer"])
    return text if len(text) <= ANSWER_CHARACTERS else text[: ANSWER_CHARACTERS - 1] + "…"
