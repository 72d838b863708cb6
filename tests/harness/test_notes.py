from __future__ import annotations

from pathlib import Path

import pytest

from harness.catalogue import lab_names, read_lab
from harness.errors import UsageFault
from harness.notes import LANGUAGES, language_of, read_page

LABS = Path(__file__).parents[2] / "labs"
PAGE = '+++\nchapter = "2 Threads"\norder = 6\nexamples = ["07"]\nconcepts = ["lock"]\n+++\n\n# A page\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "notes" / "en" / "mine.md"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return folder


def test_a_page_is_its_front_matter_and_its_text(tmp_path: Path) -> None:
    page = read_page("mine", "en", written(tmp_path, PAGE))
    assert page is not None
    assert (page.chapter, page.order, page.examples, page.concepts) == ("2 Threads", 6, ("07",), ("lock",))
    assert page.text == "# A page\n"


def test_a_lab_may_have_no_page(tmp_path: Path) -> None:
    assert read_page("mine", "en", tmp_path) is None


def test_comments_that_mark_a_part_of_a_page_are_not_shown(tmp_path: Path) -> None:
    page = read_page("mine", "en", written(tmp_path, PAGE + "\n<!-- record -->\n\nSeen.\n\n<!-- /record -->\n"))
    assert page is not None
    assert page.text == "# A page\n\nSeen.\n"


def test_a_word_that_a_page_defines_is_bold_where_there_are_no_lists_of_definitions(tmp_path: Path) -> None:
    page = read_page("mine", "en", written(tmp_path, PAGE + "\nlock\n: What one thread holds.\n\nno: word\n"))
    assert page is not None
    assert page.plain_markdown() == "# A page\n\n**lock**: What one thread holds.\n\nno: word\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# A page\n", "no front matter"),
        ("+++\norder = 1\n", "no front matter"),
        (PAGE.replace("order = 6", "order ="), "front matter: Invalid"),
        (PAGE.replace("order = 6\n", ""), "front matter: 'order'"),
    ],
)
def test_a_page_that_cannot_be_used_is_told_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageFault, match=says):
        read_page("mine", "en", written(tmp_path, text))


@pytest.mark.parametrize(("words", "language"), [("ko_KR.UTF-8", "ko"), ("en_US.UTF-8", "en"), ("C", "en")])
def test_the_locale_chooses_the_language(monkeypatch: pytest.MonkeyPatch, words: str, language: str) -> None:
    monkeypatch.setenv("LC_ALL", words)
    assert language_of(None) == language


def test_a_language_without_pages_is_refused() -> None:
    with pytest.raises(UsageFault, match="choose one of en, ko"):
        language_of("fr")


@pytest.mark.parametrize("lab", lab_names(LABS))
def test_every_lab_has_a_page_in_every_language_with_an_exercise(lab: str) -> None:
    places = set()
    for language, exercise in zip(LANGUAGES, ("Exercise", "연습"), strict=True):
        page = read_page(lab, language, LABS)
        assert page is not None
        assert f"# {exercise}" in page.text
        places.add((page.order, page.examples, page.chapter[:1]))
    assert len(places) == 1


@pytest.mark.parametrize("lab", lab_names(LABS))
def test_the_korean_page_names_every_variant_and_claim_and_no_other(lab: str) -> None:
    found, page = read_lab(LABS / f"{lab}.py"), read_page(lab, "ko", LABS)
    assert page is not None
    assert page.question
    assert set(page.variants) == {variant.name for variant in found.variants}
    assert set(page.claims) == {claim.name for claim in found.claims}


def test_no_two_labs_share_a_place_in_the_course() -> None:
    places = [page.order for lab in lab_names(LABS) if (page := read_page(lab, "en", LABS))]
    assert sorted(places) == list(range(1, len(places) + 1))
