"""The pages beside the labs: labs/notes/LANGUAGE/LAB.md, each with TOML front matter between two lines of +++."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import UsageFault
from harness.language import LANGUAGES as LANGUAGES
from harness.language import language_of as language_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FENCE = "+++"
DEFINITION = re.compile(r"^(\S.*)\n: ", re.MULTILINE)
"""A word in a line of its own, and what it means in the next ones, the first of which begins with a colon."""
COMMENT = re.compile(r"^<!--.*?-->\n\n?", re.MULTILINE)
PREDICT = re.compile(r"^## (?:Predict|예측)\n+((?:[^#\n].*\n?)+)", re.MULTILINE)
"""The section that asks for a prediction; its first paragraph."""
LAST = 1_000
"""The place in the course of a lab that has no page."""
FURTHER = {"en": "Further", "ko": "그 밖"}
"""The chapter of labs that are not from the course notes, and of those that have no page."""


@dataclass(frozen=True)
class Page:
    """A lab's page in one language.

    Attributes:
        chapter: The chapter of the course.
        order: The lab's place in the course.
        examples: The examples of the course notes that it carries, each with the variants that show it.
        concepts: The words that it defines, each with the variants that show it.
        question: The lab's question in the page's language, where it is not the lab's own.
        variants: What each variant says of itself in that language.
        claims: The sentence of each claim in that language.
        hints: For each claim, what to look at in one's own variant where it refutes that claim.
        text: The page, in Markdown.
    """

    chapter: str
    order: int
    examples: Mapping[str, tuple[str, ...]]
    concepts: Mapping[str, tuple[str, ...]]
    question: str
    variants: Mapping[str, str]
    claims: Mapping[str, str]
    hints: Mapping[str, str]
    text: str

    @property
    def predict(self) -> str:
        """What the learner is to predict, in one line; empty where the page has no such section."""
        found = PREDICT.search(self.text)
        return " ".join(found[1].split()) if found else ""

    def plain_markdown(self) -> str:
        """The page for what knows no lists of definitions: the words that it defines in bold."""
        return DEFINITION.sub(r"**\1**: ", self.text)


def read_page(lab: str, language: str, labs: Path) -> Page | None:
    """The page of a lab, or None where there is none.

    Raises:
        UsageFault: If its front matter cannot be used.
    """
    import tomllib  # the language alone is wanted more often than a page

    path = labs / "notes" / language / f"{lab}.md"
    try:
        source = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    head, fence, text = source.removeprefix(FENCE + "\n").partition(f"\n{FENCE}\n")
    if not source.startswith(FENCE + "\n") or not fence:
        raise UsageFault(f"{path}:1: no front matter: it stands between two lines of {FENCE}")
    try:
        return _page(tomllib.loads(head), COMMENT.sub("", text).strip() + "\n")
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as fault:
        raise UsageFault(f"{path}: front matter: {fault}") from None


def _page(front: Mapping[str, Any], text: str) -> Page:
    return Page(
        chapter=str(front["chapter"]),
        order=int(front["order"]),
        examples=_shown_by(front, "examples"),
        concepts=_shown_by(front, "concepts"),
        question=str(front.get("question", "")),
        variants=dict(front.get("variants", {})),
        claims=dict(front.get("claims", {})),
        hints=dict(front.get("hints", {})),
        text=text,
    )


def _shown_by(front: Mapping[str, Any], table: str) -> dict[str, tuple[str, ...]]:
    """A table of the front matter that gives, for each word, the variant that shows it, or a list of them."""
    given = front.get(table) or {}
    if not isinstance(given, dict):
        raise TypeError(f'{table} is no table that names variants, such as lock = "with_lock"')
    found = {word: tuple(names) if isinstance(names, list) else (names,) for word, names in given.items()}
    for word, names in found.items():
        if not names or not all(isinstance(name, str) for name in names):
            raise TypeError(f"{table}, {word}: {given[word]!r} names no variant")
    return found
