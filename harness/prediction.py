"""What a learner predicted of a run beside what was measured: worked out from the run's record alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from harness.askable import CORES_BUSY, CPU_RATIO, EXIT_CODE, MEMORY, OUTCOME, RATIO, SPEED_UP
from harness.figures import NONE, named
from harness.findings import Run
from harness.intervals import rounded
from harness.question import AMOUNT, CLAIM
from harness.verdict import HOLDS, INCONCLUSIVE, REFUTED, SKIPPED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from harness.verdict import Estimate, Facts

    Record = Mapping[str, Any]
    Prediction = Mapping[str, Mapping[str, Any]]

RIGHT, CLOSE, DIFFERENT, UNCLEAR = "right", "close", "different", "unclear"
WIDER, FAR = 1.2, 1.5
"""How many times wider than what was measured a prediction may be, to be right and to be close."""
IMPOSSIBLE = -1.0
"""A bound that no measured quantity keeps: where it is refuted, the quantity is measured clearly."""
WHAT = {
    SPEED_UP: "{name}: times as fast as {over}",
    RATIO: "{name}: times as long as {over}",
    CPU_RATIO: "{name}: times the CPU time of {over}",
    MEMORY: "{name}: times the memory of {over}",
    CORES_BUSY: "{name}: cores busy",
    OUTCOME: "{name}: how it ends",
    EXIT_CODE: "{name}: exit code",
}


@dataclass(frozen=True)
class Reveal:
    """One prediction beside what was measured.

    Attributes:
        name: The variant or the claim.
        kind: What of it was predicted.
        what: The same in words.
        predicted: The prediction, as text.
        measured: What was measured, as text.
        mark: "right", "close", "different", or "unclear" where it was not measured clearly enough to tell.
        reason: Why it is unclear; empty otherwise.
        claims: The claims that explain it: those that were judged on the same quantity.
    """

    name: str
    kind: str
    what: str
    predicted: str
    measured: str
    mark: str
    reason: str
    claims: tuple[str, ...]


def for_cores(prediction: Prediction, cores: int) -> dict[str, dict[str, Any]]:
    """What a prediction says of a run on so many cores: `name@2` is of two cores, a plain name of any number."""
    found: dict[str, dict[str, Any]] = {}
    for key, entry in prediction.items():
        name, _, count = key.partition("@")
        if count == str(cores) or (not count and f"{name}@{cores}" not in prediction):
            found[name] = dict(entry)
    return found


def with_reveals(records: Iterable[Record]) -> list[dict[str, Any]]:
    """The records as --json prints them: one that holds predictions tells how they stand to what was measured."""
    return [
        {**record, "reveals": [asdict(one) for one in reveals_of(record)]} if record.get("prediction") else dict(record)
        for record in records
    ]


def reveals_of(record: Record) -> list[Reveal]:
    """Each prediction of a run beside what was measured, in the order of predicting."""
    run = Run(record)
    verdicts = {verdict["claim"]: verdict for verdict in record["verdicts"]}
    return [_reveal(name, entry, run, verdicts) for name, entry in record.get("prediction", {}).items()]


def _reveal(name: str, entry: Mapping[str, Any], run: Run, verdicts: Mapping[str, Mapping[str, Any]]) -> Reveal:
    kind, expected, over = entry["kind"], entry["expected"], entry["over"]
    judged = [verdicts[claim] for claim in entry["claims"] if claim in verdicts]
    open_because = _open_because(judged)
    if kind == CLAIM:
        measured, mark, reason = _against_verdict(expected, judged)
    elif kind in (OUTCOME, EXIT_CODE):
        facts = run.outcomes(named(name)) if kind == OUTCOME else run.exit_codes(named(name))
        measured, mark, reason = _against_facts(expected, facts)
    elif kind in WHAT:
        measured, mark, reason = _against_estimate(float(expected), _estimate(kind, name, over, run))
    else:
        answers = run.answers(named(name))
        measured, mark, reason = (_against_range if kind == AMOUNT else _against_facts)(expected, answers)
    if open_because and mark != UNCLEAR:
        mark, reason = UNCLEAR, open_because
    settled = [verdict["claim"] for verdict in judged if verdict["verdict"] in (HOLDS, REFUTED)]
    return Reveal(
        name=name,
        kind=kind,
        what=_what(name, entry, verdicts),
        predicted=_written(expected),
        measured=measured,
        mark=mark,
        reason=reason if mark == UNCLEAR else "",
        claims=tuple(settled or [verdict["claim"] for verdict in judged]),
    )


def _what(name: str, entry: Mapping[str, Any], verdicts: Mapping[str, Mapping[str, Any]]) -> str:
    """What was predicted, in words: of a claim its sentence."""
    if entry["kind"] == CLAIM:
        return str(verdicts[name]["sentence"]) if name in verdicts else name
    return WHAT.get(entry["kind"], "{name}: its answer").format(name=name, over=entry["over"])


def _open_because(judged: Sequence[Mapping[str, Any]]) -> str:
    """Why the claims on a quantity leave it open; nothing where one of them is settled, or none could be judged."""
    values = {verdict["verdict"] for verdict in judged}
    if values & {HOLDS, REFUTED} or INCONCLUSIVE not in values:
        return ""
    return next(str(verdict["reason"]) for verdict in judged if verdict["verdict"] == INCONCLUSIVE)


def _estimate(kind: str, name: str, over: str | None, run: Run) -> Estimate:
    variant, base = named(name), named(over or name)
    if kind == SPEED_UP:
        return run.speed_up(variant, over=base)
    if kind == MEMORY:
        return run.memory(variant, over=base)
    if kind == CORES_BUSY:
        return run.cores_busy(variant)
    return run.ratio(variant, to=base, of="cpu" if kind == CPU_RATIO else "wall")


def _against_estimate(expected: float, estimate: Estimate) -> tuple[str, str, str]:
    """What was measured, and how a predicted number stands to the interval of it."""
    judged = estimate.is_at_most(IMPOSSIBLE)
    figures = judged.figures
    if figures is None:
        return NONE, UNCLEAR, judged.reason
    low, high = figures["low"], figures["high"]
    below, above, middle = rounded(low, high, figures["median"])
    measured = f"{middle} ({below} to {above})"
    if judged.value != REFUTED:
        return measured, UNCLEAR, judged.reason
    return measured, _beside(expected, low, high), ""


def _beside(expected: float, low: float, high: float) -> str:
    """How a number stands to a range, by how many times it lies outside."""
    for mark, times in ((RIGHT, WIDER), (CLOSE, FAR)):
        ends = [end * factor for end in (low, high) for factor in (times, 1 / times)]
        if min(ends) <= expected <= max(ends):
            return mark
    return DIFFERENT


def _against_facts(expected: object, facts: Facts) -> tuple[str, str, str]:
    """What was seen, and whether it was what was predicted: every time, or now and then."""
    if not facts.values:
        return NONE, UNCLEAR, f"{facts.name}: no sample has one"
    hits = sum(_is_same(value, expected) for value in facts.values)
    counted = Counter(_written(value) for value in facts.values).most_common()
    measured = ", ".join(f"{value} ×{count}" for value, count in counted[:3]) + (", …" if len(counted) > 3 else "")
    mark = RIGHT if hits == len(facts.values) and not facts.missing else CLOSE if hits else DIFFERENT
    return measured, mark, ""


def _against_range(expected: float, facts: Facts) -> tuple[str, str, str]:
    """The range of the values that were seen, and how a predicted number stands to it."""
    values = [value for value in facts.values if isinstance(value, int | float)]
    if not values:
        return NONE, UNCLEAR, f"{facts.name}: no sample has one"
    low, high = min(values), max(values)
    measured = _written(low) if low == high else f"{_written(low)} to {_written(high)}"
    return measured, _beside(expected, low, high), ""


def _against_verdict(expected: bool, judged: Iterable[Mapping[str, Any]]) -> tuple[str, str, str]:
    """Whether a claim is true, where that is settled."""
    verdict = next(iter(judged), None)
    if verdict is None:
        return NONE, UNCLEAR, "the claim was not judged"
    if verdict["verdict"] in (INCONCLUSIVE, SKIPPED):
        return verdict["verdict"], UNCLEAR, verdict["reason"]
    is_true = verdict["verdict"] == HOLDS
    return _written(is_true), RIGHT if is_true == expected else DIFFERENT, ""


def _is_same(value: object, expected: object) -> bool:
    if isinstance(value, str) and isinstance(expected, str):
        return value.casefold() == expected.casefold()
    return bool(value == expected)


def _written(value: object) -> str:
    """A value as people write it: words as they are, true and false in small letters."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
