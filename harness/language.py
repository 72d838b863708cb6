"""In which language people are spoken to: the one they ask for, or their locale's."""

from __future__ import annotations

import locale
import os

from harness.errors import UsageFault

LANGUAGES = ("en", "ko")


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
