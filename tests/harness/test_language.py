from __future__ import annotations

import pytest

from harness.errors import UsageFault
from harness.language import language_of


@pytest.mark.parametrize(("words", "language"), [("ko_KR.UTF-8", "ko"), ("en_US.UTF-8", "en"), ("C", "en")])
def test_the_locale_chooses_the_language(monkeypatch: pytest.MonkeyPatch, words: str, language: str) -> None:
    monkeypatch.setenv("LC_ALL", words)
    assert language_of(None) == language


def test_a_language_without_pages_is_refused() -> None:
    with pytest.raises(UsageFault, match="choose one of en, ko"):
        language_of("fr")
