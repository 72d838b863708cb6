from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.catalogue import lab_names, read_lab
from harness.errors import UsageFault
from harness.notes import LANGUAGES, read_page

LABS = Path(__file__).parents[2] / "labs"
PAGE = """+++
chapter = "2 Threads"
order = 6

[examples]
07 = "forced"

[concepts]
lock = ["with_lock", "own_counter"]
+++

# A page
"""
WORDS_OF_THE_NOTES = """
    process, thread, mutex, semaphore, lock, deadlock, synchronisation, producer-consumer, event flag, parallelism,
    concurrency, zombie, future, daemon thread, context switch, GIL, race condition, critical section, start method,
    pipe, queue, shared memory, join
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "notes" / "en" / "mine.md"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return folder


def test_a_page_is_its_front_matter_and_its_text(tmp_path: Path) -> None:
    page = read_page("mine", "en", written(tmp_path, PAGE))
    assert page is not None
    assert (page.chapter, page.order) == ("2 Threads", 6)
    assert page.examples == {"07": ("forced",)}
    assert page.concepts == {"lock": ("with_lock", "own_counter")}
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
        (
            PAGE.replace("[concepts]\nlock = ", "[concepts]\nlock = 1 #"),
            "front matter: concepts, lock: 1 names no variant",
        ),
        (PAGE.replace("[concepts]\nlock = ", "[concepts]\nlock = [] #"), "front matter: concepts, lock: .. names no"),
        (PAGE.replace("\n[examples]\n07 =", 'examples = ["07"] #'), "front matter: examples is no table that names"),
    ],
)
def test_a_page_that_cannot_be_used_is_told_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageFault, match=says):
        read_page("mine", "en", written(tmp_path, text))


@pytest.mark.parametrize("lab", lab_names(LABS))
def test_every_lab_has_a_page_in_every_language_with_an_exercise(lab: str) -> None:
    for language, exercise in zip(LANGUAGES, ("Exercise", "연습"), strict=True):
        page = read_page(lab, language, LABS)
        assert page is not None
        assert f"# {exercise}" in page.text


@pytest.mark.parametrize("lab", lab_names(LABS))
def test_both_pages_agree_on_the_place_the_examples_and_the_variants(lab: str) -> None:
    english, korean = (read_page(lab, language, LABS) for language in LANGUAGES)
    assert english is not None
    assert korean is not None
    assert english.order == korean.order
    assert english.examples == korean.examples
    assert list(english.concepts.values()) == list(korean.concepts.values())


def test_a_chapter_has_one_name_in_each_language() -> None:
    names = {
        tuple(page.chapter for language in LANGUAGES if (page := read_page(lab, language, LABS)))
        for lab in lab_names(LABS)
    }
    for each in zip(*names, strict=True):
        assert len(set(each)) == len(names), names


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lab", lab_names(LABS))
def test_a_page_names_variants_that_there_are_and_concepts_that_it_defines(lab: str, language: str) -> None:
    variants = {variant.name for variant in read_lab(LABS / f"{lab}.py").variants}
    page = read_page(lab, language, LABS)
    assert page is not None
    assert {name for names in (*page.examples.values(), *page.concepts.values()) for name in names} <= variants
    defined = {name for term in re.findall(r"^(\S.*)\n: \S", page.text, re.M) for name in names_of(term)}
    assert {name for concept in page.concepts for name in names_of(concept)} <= defined


def names_of(term: str) -> set[str]:
    """What a term is called: "worker, or sub-thread (of a pool)" has three names."""
    return set(filter(None, (name.strip() for name in re.split(r"[(),]|\bor\b", term))))


def test_every_example_of_the_notes_is_carried_once() -> None:
    carried = [example for lab in lab_names(LABS) if (page := read_page(lab, "en", LABS)) for example in page.examples]
    rest = [f"{number:02}" for number in range(1, 18) if number not in (7, 9)]
    assert sorted(carried) == sorted([*rest, "07_1", "07_2"])


def test_every_word_that_the_notes_define_is_a_concept_of_some_lab() -> None:
    pages = [page for lab in lab_names(LABS) if (page := read_page(lab, "en", LABS))]
    concepts = {name for page in pages for concept in page.concepts for name in names_of(concept)}
    assert {word.strip() for word in WORDS_OF_THE_NOTES.split(",")} <= concepts


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
