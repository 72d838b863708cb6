"""The committed record of each lab: a small extract of real runs, which the pages of the lab show.

``python -m harness.recorded gil`` takes the latest complete sweep of the lab from results/, writes
labs/notes/records/gil.json, and writes the section "Seen" of both pages from it; without names it does so for every
lab. With ``--pages`` it writes the pages alone, from the records there are; with ``--check`` it says where a page and
its record do not agree.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import store
from harness.catalogue import find_lab, lab_names
from harness.commandline import say
from harness.errors import PinlabError, UsageFault
from harness.extract import FORMAT_VERSION, extract, latest_sweep, to_record
from harness.notes import LANGUAGES, read_page
from harness.seen import section_in, with_section

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Kept = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
DEPTH_OF_A_LINE = 4
"""Of the record, its runs, a run, its variants or claims: what is deeper stands in one line."""


def record_path(lab: str, labs: Path) -> Path:
    """Where the record of a lab is kept."""
    return labs / "notes" / "records" / f"{lab}.json"


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
    pages = _pages_of(lab, labs, kept)
    record_path(lab, labs).parent.mkdir(exist_ok=True)
    record_path(lab, labs).write_text(laid_out(kept) + "\n", encoding="utf-8")
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")


def write_pages(lab: str, labs: Path) -> None:
    """Show the record of a lab in its pages, as it is.

    Raises:
        UsageFault: If it has no record, or a page has no place for it.
    """
    kept = read_kept(find_lab(lab, labs).name, labs)
    if kept is None:
        raise UsageFault(f"{lab}: no record: `python -m harness.recorded {lab}` makes it of the latest sweep")
    for path, text in _pages_of(lab, labs, kept).items():
        path.write_text(text, encoding="utf-8")


def _pages_of(lab: str, labs: Path, kept: Kept) -> dict[Path, str]:
    """The pages of a lab as they have to be."""
    return {
        path: with_section(path.read_text(encoding="utf-8"), kept, language) for language, path in _pages(lab, labs)
    }


def disagreements(lab: str, labs: Path) -> list[str]:
    """Where a lab, its record and its pages do not agree, a line each; nothing said of a lab that has no record yet.

    Raises:
        UsageFault: If the lab or its record cannot be used.
    """
    found, kept = find_lab(lab, labs), read_kept(lab, labs)
    again = f"`python -m harness.recorded --pages {lab}` writes it again"
    lines = []
    for run in kept["runs"] if kept else ():
        names = [[each["name"] for each in run["variants"]], [each["claim"] for each in run["claims"]]]
        if names != [[each.name for each in found.variants], [each.name for each in found.claims]]:
            lines.append(f"{record_path(lab, labs)}: other variants or claims than the lab's: {to_record(lab)}")
            break
    for language, path in _pages(lab, labs):
        text = path.read_text(encoding="utf-8")
        if kept is None and section_in(text):
            lines.append(f"{path}: shows figures without a record: {to_record(lab)}")
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
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--pages", action="store_true", help="write only the pages again, from the records there are")
    what.add_argument("--check", action="store_true", help="write nothing, say where pages and records disagree")
    words = parser.parse_args(arguments)
    labs, code = root / "labs", 0
    every = [lab for lab in lab_names(labs) if not words.pages or record_path(lab, labs).exists()]
    for lab in words.labs or every:
        lines: list[str] = []
        try:
            if words.check:
                lines = disagreements(lab, labs)
            elif words.pages:
                write_pages(lab, labs)
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
