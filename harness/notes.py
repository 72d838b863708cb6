"""The pages beside the labs: labs/notes/LANGUAGE/LAB.md, each with TOML front matter between two lines of +++."""

from __future__ import annotations

import locale
import os
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import UsageFault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LANGUAGES = ("en", "ko")
FENCE = "+++"
LAST = 1_000
"""The place in the course of a lab that has no page."""


@dataclass(frozen=True)
class Page:
    """A lab's page in one language.

    Attributes:
        chapter: The chapter of the course.
        order: The lab's place in the course.
        examples: The examples of the course notes that it carries.
        concepts: The words that it defines.
        question: The lab's question in the page's language, where it is not the lab's own.
        variants: What each variant says of itself in that language.
        claims: The sentence of each claim in that language.
        hints: For each claim, what to look at in one's own variant where it refutes that claim.
        text: The page, in Markdown.
    """

    chapter: str
    order: int
    examples: tuple[str, ...]
    concepts: tuple[str, ...]
    question: str
    variants: Mapping[str, str]
    claims: Mapping[str, str]
    hints: Mapping[str, str]
    text: str


def read_page(lab: str, language: str, labs: Path) -> Page | None:
    """The page of a lab, or None where there is none.

    Raises:
        UsageFault: If its front matter cannot be used.
    """
    path = labs / "notes" / language / f"{lab}.md"
    try:
        source = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    head, fence, text = source.removeprefix(FENCE + "\n").partition(f"\n{FENCE}\n")
    if not source.startswith(FENCE + "\n") or not fence:
        raise UsageFault(f"{path}:1: no front matter: it stands between two lines of {FENCE}")
    try:
        return _page(tomllib.loads(head), text.strip() + "\n")
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as fault:
        raise UsageFault(f"{path}: front matter: {fault}") from None


def language_of(asked: str | None) -> str:
    """The language to show pages in: the one asked for, else the locale's, else English.

    Raises:
        UsageFault: If there are no pages in the language asked for.
    """
    if asked is None:
        words = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
        return "ko" if (words or locale.getlocale()[0] or "").lower().startswith(("ko", "korean")) else "en"
    if asked not in LANGUAGES:
        raise UsageFault(f"--lang {asked[:20]!r}: choose one of {', '.join(LANGUAGES)}")
    return asked


def _page(front: Mapping[str, Any], text: str) -> Page:
    return Page(
        chapter=str(front["chapter"]),
        order=int(front["order"]),
        examples=tuple(map(str, front["examples"])),
        concepts=tuple(map(str, front["concepts"])),
        question=str(front.get("question", "")),
        variants=dict(front.get("variants", {})),
        claims=dict(front.get("claims", {})),
        hints=dict(front.get("hints", {})),
        text=text,
    )
