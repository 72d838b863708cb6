"""The committed record of each lab: a small extract of real runs, which the pages of the lab show.

``python -m harness.recorded gil`` takes the latest complete sweep of the lab from results/, writes
labs/notes/records/gil.json, and writes the section "Seen" of both pages from it; without names it does so for every
lab. ``python -m harness.recorded --check`` says where a page and its record do not agree.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import comparability, intervals, store
from harness.asked import answers_asked, speed_ups_asked
from harness.catalogue import find_lab, lab_names
from harness.commandline import say
from harness.errors import PinlabError, UsageFault
from harness.figures import named, spread
from harness.findings import Run
from harness.notes import LANGUAGES, read_page
from harness.seen import section_in, with_section

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from harness.catalogue import Lab

    Record = Mapping[str, Any]
    Kept = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
FORMAT_VERSION = 1
CELLS = frozenset({(1, "3.14"), (2, "3.14"), (1, "3.14t"), (2, "3.14t")})
"""The core counts and interpreters that a sweep must have to be recorded."""
ANSWER_CHARACTERS = 40
"""A longer answer is left out: the claims say what it was held against."""
BUILD = re.compile(r"^(\S+ \d+\.\d+)\S*")
"""What a kernel's release says beyond its version is its builder's affair."""
DEPTH_OF_A_LINE = 4
"""Of the record, its runs, a run, its variants or claims: what is deeper stands in one line."""
DIGITS = 4
"""Of each number in a record: more than any table shows, few enough to be read in a change."""


def record_path(lab: str, labs: Path) -> Path:
    """Where the record of a lab is kept."""
    return labs / "notes" / "records" / f"{lab}.json"


def latest_sweep(records: Iterable[Record], lab: Lab) -> list[Record]:
    """The runs of the latest sweep that can be recorded, by interpreter and cores.

    Args:
        records: The runs of the lab that there are.
        lab: The lab as it is now.

    Raises:
        UsageFault: If there is no such sweep.
    """
    sweeps: dict[str, list[Record]] = {}
    for record in records:
        sweeps.setdefault(record["sweep_id"], []).append(record)
    for sweep in sorted(sweeps.values(), key=lambda runs: str(runs[0]["created"]), reverse=True):
        if not _why_not(sweep, lab):
            return sorted(sweep, key=lambda record: (record["python"], record["cores"]))
    why = _why_not(max(sweeps.values(), key=lambda runs: str(runs[0]["created"])), lab) if sweeps else "no run of it"
    raise UsageFault(
        f"{lab.name}: nothing to record ({why}): `invoke lab {lab.name} --cores 1,2 --python 3.14,3.14t` makes it"
    )


def _why_not(sweep: Sequence[Record], lab: Lab) -> str | None:
    """Why a sweep cannot be recorded, or None."""
    missing = CELLS - {(record["cores"], record["python"]) for record in sweep}
    if missing:
        cores, python = min(missing)
        return f"the latest sweep has no run on {cores} core{'s' if cores > 1 else ''} with {python}"
    for record in sweep:
        if reason := comparability.unfit(record):
            return f"{record['run_id']}: {reason}"
        names = [[entry["name"] for entry in record["variants"]], [one["claim"] for one in record["verdicts"]]]
        if names != [[each.name for each in lab.variants], [each.name for each in lab.claims]]:
            return f"{record['run_id']}: its variants or claims are not those of the lab as it is now"
    return None


def extract(sweep: Sequence[Record], lab: Lab) -> Kept:
    """What is kept of the runs of a sweep: figures with their intervals, outcomes, verdicts; no names, no paths."""
    first, source = sweep[0], lab.path.read_bytes()
    over, told = speed_ups_asked(source), answers_asked(source)
    return {
        "format_version": FORMAT_VERSION,
        "lab": lab.name,
        "measured": str(first["created"])[:10],
        "source_hash": first["source_hash"],
        "machine": {
            "model": first["machine"]["model"],
            "cpus": first["machine"]["cpus"],
            "system": BUILD.sub(r"\1", first["machine"]["system"]),
            "virtual": bool(first["machine"]["virtual"]),
        },
        "runner": first["runner"],
        "engine": first["engine"]["version"] if first["engine"] else None,
        "config": Path(first["config"]).name,
        "knobs": dict(first["knobs"]),
        "runs": [_run(record, over, told) for record in sweep],
    }


def _run(record: Record, over: Mapping[str, str], told: frozenset[str]) -> Kept:
    run = Run(record)
    capacities = list(run.capacities().values())
    names = [entry["name"] for entry in record["variants"]]
    return {
        "cores": record["cores"],
        "python": record["python"],
        "version": record["interpreter"]["version"],
        "gil_enabled": run.gil_enabled,
        "rounds": len(record["rounds"]),
        "capacity": [_short(min(capacities)), _short(max(capacities))] if capacities else None,
        "samples": sum(len(entry["samples"]) for entry in record["variants"]),
        "disturbed": sum(len(run.disturbances(named(name))) for name in names),
        "variants": [_variant(run, name, over.get(name), tells=name in told) for name in names],
        "claims": [{name: one[name] for name in ("claim", "verdict", "reason", "why")} for one in record["verdicts"]],
    }


def _variant(run: Run, name: str, base: str | None, *, tells: bool) -> Kept:
    variant = named(name)
    outcomes = run.outcomes(variant).values
    faster = run.speed_up(variant, over=named(base)).pairs if base else ()
    return {
        "name": name,
        "outcomes": {outcome: outcomes.count(outcome) for outcome in dict.fromkeys(outcomes)},
        "wall_seconds": _figure(list(run.walls(variant).values())),
        "disturbed_wall_seconds": _figure(run.disturbed_walls(variant)),
        "speed_up_over": base,
        "speed_up": _figure([value for _, value in faster]),
        "cores_busy": _figure([value for _, value in run.cores_busy(variant).pairs]),
        "answers": _answers(run.answers(variant).values) if tells else None,
    }


def _figure(values: Sequence[float]) -> Kept | None:
    """The median with its interval and the number of values; None where there are none: a figure is never made up."""
    if not values:
        return None
    low, high = spread(values)
    return {
        "low": _short(low),
        "median": _short(intervals.median(values)),
        "high": _short(high),
        "samples": len(values),
    }


def _answers(values: Sequence[Any]) -> Kept | None:
    """The one answer of every sample, or the least and the greatest of several numbers; None where neither is short."""
    if not values:
        return None
    if all(value == values[0] for value in values):
        return {"every": values[0]} if len(json.dumps(values[0])) <= ANSWER_CHARACTERS else None
    if all(isinstance(value, (int, float)) for value in values):
        return {"least": min(values), "most": max(values)}
    return None


def _short(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")


def laid_out(value: Any, depth: int = 0) -> str:
    """A record as JSON that shows in a change what changed: a line for each variant and claim of a run."""
    if depth == DEPTH_OF_A_LINE or not value or not isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        (begin, end), items = "{}", [f"{json.dumps(key)}: {laid_out(each, depth + 1)}" for key, each in value.items()]
    else:
        (begin, end), items = "[]", [laid_out(each, depth + 1) for each in value]
    indent = "\n" + " " * depth
    return f"{begin}{indent} " + f",{indent} ".join(items) + indent + end


def read_kept(lab: str, labs: Path) -> Kept | None:
    """The record of a lab, or None where it has none.

    Raises:
        UsageFault: If it cannot be used.
    """
    path = record_path(lab, labs)
    try:
        kept: Kept = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as fault:
        raise UsageFault(f"{path}: not a record ({fault}): `python -m harness.recorded {lab}` writes it") from None
    if kept.get("format_version") != FORMAT_VERSION:
        raise UsageFault(f"{path}: another format: `python -m harness.recorded {lab}` writes it")
    return kept


def write(lab: str, labs: Path, results: Path) -> None:
    """Record the latest sweep of a lab, and show it in its pages.

    Raises:
        UsageFault: If there is nothing to record, or a page has no place for it.
        StoreFault: If the results cannot be read.
    """
    found = find_lab(lab, labs)
    kept = extract(latest_sweep(store.read_all(results, lab).records, found), found)
    pages = {
        path: with_section(path.read_text(encoding="utf-8"), kept, language) for language, path in _pages(lab, labs)
    }
    record_path(lab, labs).parent.mkdir(exist_ok=True)
    record_path(lab, labs).write_text(laid_out(kept) + "\n", encoding="utf-8")
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")


def disagreements(lab: str, labs: Path) -> list[str]:
    """Where a lab, its record and its pages do not agree, a line each; nothing said of a lab that has no record yet.

    Raises:
        UsageFault: If the lab or its record cannot be used.
    """
    found, kept = find_lab(lab, labs), read_kept(lab, labs)
    again = f"`python -m harness.recorded {lab}` writes it again"
    lines = []
    for run in kept["runs"] if kept else ():
        names = [[each["name"] for each in run["variants"]], [each["claim"] for each in run["claims"]]]
        if names != [[each.name for each in found.variants], [each.name for each in found.claims]]:
            lines.append(f"{record_path(lab, labs)}: other variants or claims than the lab's: run it, then {again}")
            break
    for language, path in _pages(lab, labs):
        text = path.read_text(encoding="utf-8")
        if kept is None and section_in(text):
            lines.append(f"{path}: shows figures without a record: {again}")
        elif kept is not None and with_section(text, kept, language) != text:
            lines.append(f"{path}: not what the record says: {again}")
    return lines


def unrecorded(labs: Path) -> list[str]:
    """The labs of the course, which is those in its numbered chapters, that have no record.

    Raises:
        UsageFault: If a page cannot be used.
    """
    missing = [lab for lab in lab_names(labs) if not record_path(lab, labs).exists()]
    pages = {lab: read_page(lab, LANGUAGES[0], labs) for lab in missing}
    return [lab for lab, page in pages.items() if page is None or page.chapter[:1].isdigit()]


def _pages(lab: str, labs: Path) -> Iterator[tuple[str, Path]]:
    """The pages of a lab that there are, with their languages."""
    for language in LANGUAGES:
        path = labs / "notes" / language / f"{lab}.md"
        if path.exists():
            yield language, path


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Write or check records; gives the exit code: 0, or 2 where a lab has nothing to record, or a page disagrees."""
    parser = argparse.ArgumentParser(prog="python -m harness.recorded", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("labs", nargs="*", metavar="LAB", help="by itself every lab")
    parser.add_argument("--check", action="store_true", help="write nothing, say where pages and records disagree")
    words = parser.parse_args(arguments)
    labs, code = root / "labs", 0
    for lab in words.labs or lab_names(labs):
        lines: list[str] = []
        try:
            if words.check:
                lines = disagreements(lab, labs)
            else:
                write(lab, labs, root / "results")
        except PinlabError as fault:
            lines = [str(fault)]
        for line in lines:
            say(line)
        code = 2 if lines else code
    missing = unrecorded(labs)
    if missing and not words.labs:
        say(f"no record yet: {', '.join(missing)}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
