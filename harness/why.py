"""Why-lines: the causes of a deviation that a run's own evidence shows, and none where it shows none.

A cause belongs to the variants that a claim asked about: one about threads is not told what the processes of another
variant sent to each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness import intervals
from harness.findings import SHORT_WORK

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    Record = Mapping[str, Any]
    Samples = Sequence[Mapping[str, Any]]

PARALLEL = 1.1
"""CPU over wall time above which a variant used more than one core."""
MANY_WRITES = 20_000
"""Calls a second. A message through a pipe takes 5 µs and more, both its ends and the switch between them included:
at so many, that is a tenth of the time."""
MANY_BYTES = 20_000_000
"""Bytes a second. To pickle, copy and unpickle a byte of small objects takes some 5 ns: at so many, a tenth of the
time."""
SMALL_WRITE_BYTES = 4096
"""Of a message below this, the call costs more than what is in it."""


def causes(record: Record, about: Collection[str]) -> dict[str, str]:
    """What in the record of a run shows why it deviates from what its number of cores promises.

    Args:
        record: The run.
        about: The variants that the claim asked about.

    Returns:
        A sentence for each cause, by what it is and whose.
    """
    variants = {
        entry["name"]: [sample for sample in entry["samples"] if sample["outcome"] == "finished"]
        for entry in record.get("variants", ())
        if entry["name"] in about
    }
    return dict(
        [
            *_siblings(record, variants),
            *_gil_turned_on(record),
            *_quota(record),
            *_starts(record, variants),
            *_sent(variants),
        ]
    )


def _siblings(record: Record, variants: Mapping[str, Samples]) -> Iterator[tuple[str, str]]:
    siblings = record.get("topology", {}).get("smt_siblings") or []
    if siblings and any((_median(samples, _cores_busy) or 0.0) > PARALLEL for samples in variants.values()):
        pairs = ", ".join("-".join(map(str, pair)) for pair in siblings)
        what = f"the set holds hardware threads of the same core (CPUs {pairs})"
        yield "siblings", f"{what}: together they are less than two"


def _gil_turned_on(record: Record) -> Iterator[tuple[str, str]]:
    interpreter = record.get("interpreter", {})
    if interpreter.get("free_threaded") and interpreter.get("gil_enabled"):
        yield "gil", "an import turned the GIL on in this free-threaded interpreter"


def _quota(record: Record) -> Iterator[tuple[str, str]]:
    quota = (record.get("placement", {}).get("proof", {}).get("start") or {}).get("quota_cores")
    if quota is not None and quota < record["cores"]:
        yield "quota", f"a quota gives the set the time of {quota:g} cores"


def _starts(record: Record, variants: Mapping[str, Samples]) -> Iterator[tuple[str, str]]:
    """What starting a pool costs, of a variant that started processes and took less than ten times as long."""
    cost, method = record.get("start_cost_seconds"), record.get("interpreter", {}).get("start_method")
    for name, samples in variants.items():
        wall = _median(samples, _number("wall_seconds"))
        if cost and method and wall and wall < SHORT_WORK * cost and _started_processes(samples):
            share = f"{100 * cost / wall:.0f} % of its {1000 * wall:.0f} ms"
            start = f"a pool's start alone takes {1000 * cost:.0f} ms under {method}"
            yield f"start of {name}", f"{name} starts processes: {start}, {share}"


def _sent(variants: Mapping[str, Samples]) -> Iterator[tuple[str, str]]:
    """What a variant of several processes wrote, where that took a good part of its time."""
    for name, samples in variants.items():
        wall = _median(samples, _number("wall_seconds"))
        size, calls = (_median(samples, _number(key)) for key in ("written_bytes", "writes"))
        if not wall or not size or not calls or not _started_processes(samples):
            continue
        if calls > MANY_WRITES * wall and size < SMALL_WRITE_BYTES * calls:
            written = f"{_size(size)} in {calls:,.0f} calls of {size / calls:.0f} bytes each"
            meaning = "a call costs more than the little that it sends, and larger chunks need fewer"
            yield f"sent by {name}", f"the processes of {name} wrote {written}: {meaning}"
        elif size > MANY_BYTES * wall:
            written = f"{_size(size)}, {_size(size / wall)} a second"
            meaning = "what goes from one to another is pickled and copied"
            yield f"sent by {name}", f"the processes of {name} wrote {written}: {meaning}"


def _started_processes(samples: Samples) -> bool:
    return bool(_median(samples, _number("children_seconds")))


def _median(samples: Samples, figure: Callable[[Mapping[str, Any]], float | None]) -> float | None:
    values = [value for value in map(figure, samples) if value is not None]
    return intervals.median(values) if values else None


def _number(key: str) -> Callable[[Mapping[str, Any]], float | None]:
    def of(sample: Mapping[str, Any]) -> float | None:
        value = sample.get(key)
        return float(value) if isinstance(value, (int, float)) else None

    return of


def _cores_busy(sample: Mapping[str, Any]) -> float | None:
    cpu, wall = _number("cpu_seconds")(sample), _number("wall_seconds")(sample)
    return None if cpu is None or not wall else cpu / wall


def _size(size: float) -> str:
    return f"{size / 1e6:.0f} MB" if size >= 10e6 else f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"
