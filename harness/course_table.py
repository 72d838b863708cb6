"""The table in the README that leads from each example and concept of the course notes to its lab and variant.

`python -m harness.course_table` writes it anew, from the front matter of the pages in labs/notes/.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from harness.catalogue import lab_names
from harness.errors import UsageFault
from harness.notes import FURTHER, read_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.notes import Page

READMES = {"en": "README.md", "ko": "README.ko.md"}
COLUMNS = {"en": ("lab", "examples", "concepts"), "ko": ("실험", "예제", "개념")}
BEGIN, END = "<!-- course -->\n", "<!-- /course -->\n"


def course_table(language: str, labs: Path) -> str:
    """The table in Markdown, a row for each lab of the notes, in their order.

    Args:
        language: Of the pages.
        labs: The folder of the labs.
    """
    pages = {name: page for name in lab_names(labs) if (page := read_page(name, language, labs))}
    of_the_notes = sorted(
        ((name, page) for name, page in pages.items() if page.chapter != FURTHER[language]),
        key=lambda each: each[1].order,
    )
    rows = [_row(name, page, language) for name, page in of_the_notes]
    return "".join(f"| {' | '.join(row)} |\n" for row in (COLUMNS[language], ("---",) * 3, *rows))


def with_table(readme: str, table: str) -> str:
    """A README with this table between its two marks.

    Raises:
        UsageFault: If the marks are not there.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UsageFault(f"no place for the table of the course: it stands between {BEGIN.strip()} and {END.strip()}")
    return f"{before}{BEGIN}{table}{END}{after}"


def write_tables(root: Path) -> None:
    """Bring the table of every README up to date."""
    for language, name in READMES.items():
        path = root / name
        path.write_text(with_table(path.read_text("utf-8"), course_table(language, root / "labs")), "utf-8")


def _row(name: str, page: Page, language: str) -> tuple[str, str, str]:
    return f"[{name}](labs/notes/{language}/{name}.md)", _words(page.examples), _words(page.concepts)


def _words(shown_by: Mapping[str, tuple[str, ...]]) -> str:
    """Each word with the variants that show it."""
    return " · ".join(f"{word} {', '.join(f'`{name}`' for name in names)}" for word, names in shown_by.items())


if __name__ == "__main__":
    write_tables(Path(__file__).resolve().parent.parent)
