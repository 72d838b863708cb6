"""The pages of the labs: both languages define the same words and name the same sources, no word is missing, and each
claim held in the run that they show.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.catalogue import find_lab, lab_names
from harness.notes import DEFINITION, LANGUAGES, read_page
from harness.recorded import read_kept, record_path
from harness.verdict import HOLDS, REFUTED

LABS = Path(__file__).parents[2] / "labs"


def defined(lab: str, language: str) -> list[str]:
    """The words that a page defines: each in a line of its own, before one that begins with a colon."""
    page = read_page(lab, language, LABS)
    assert page is not None
    return DEFINITION.findall(page.text)


@pytest.mark.parametrize("lab", lab_names(LABS))
def test_both_pages_of_a_lab_define_as_many_words_and_name_the_same_sources(lab: str) -> None:
    english, korean = (read_page(lab, language, LABS) for language in LANGUAGES)
    assert english is not None
    assert korean is not None
    assert len(defined(lab, "en")) == len(defined(lab, "ko"))
    named = [set(re.findall(r"<(https://[^>]+)>", page.text)) for page in (english, korean)]
    assert named[0] == named[1]


@pytest.mark.parametrize("lab", [lab for lab in lab_names(LABS) if record_path(lab, LABS).exists()])
def test_each_claim_of_a_lab_was_seen_to_hold_in_the_run_that_its_pages_show_and_none_was_refuted(lab: str) -> None:
    kept = read_kept(lab, LABS)
    assert kept is not None
    seen: dict[str, set[str]] = {each.name: set() for each in find_lab(lab, LABS).claims}
    for run in kept["runs"]:
        for found in run["claims"]:
            seen[found["claim"]].add(found["verdict"])
    assert {claim: sorted(verdicts) for claim, verdicts in seen.items() if HOLDS not in verdicts} == {}
    assert [claim for claim, verdicts in seen.items() if REFUTED in verdicts] == []


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("process", "프로세스(process)"),
        ("thread", "스레드(thread)"),
        ("multithreading", "멀티스레딩(multithreading)"),
        ("multiprocessing", "멀티프로세싱(multiprocessing)"),
        ("context switch", "문맥 교환(context switch)"),
        ("inter-process communication (IPC)", "프로세스 간 통신(IPC)"),
        ("daemon thread", "데몬 스레드(daemon thread)"),
        ("daemon process", "데몬 프로세스(daemon process)"),
        ("thread pool", "스레드 풀(thread pool)"),
        ("future", "퓨처(future)"),
        ("race condition", "경쟁 상태(race condition)"),
        ("synchronisation", "동기화(synchronisation)"),
        ("thread-safe", "스레드 안전(thread-safe)"),
        ("critical section", "임계 구역(critical section)"),
        ("lock", "락(lock)"),
        ("mutex", "뮤텍스(mutex)"),
        ("semaphore", "세마포어(semaphore)"),
        ("deadlock", "교착 상태(deadlock)"),
        ("barrier", "배리어(barrier)"),
        ("producer-consumer", "생산자–소비자(producer–consumer)"),
        ("event flag", "이벤트 플래그(event flag)"),
        ("global interpreter lock (GIL)", "전역 인터프리터 락(global interpreter lock, GIL)"),
        ("I/O-bound", "I/O 바운드(I/O-bound)"),
        ("CPU-bound", "CPU 바운드(CPU-bound)"),
        ("concurrency", "동시성(concurrency)"),
        ("parallelism", "병렬성(parallelism)"),
        ("zombie", "좀비(zombie)"),
        ("orphan", "고아 프로세스(orphan)"),
        ("process pool", "프로세스 풀(process pool)"),
        ("pickle", "피클(pickle)"),
        ("shared memory", "공유 메모리(shared memory)"),
        ("queue", "큐(queue)"),
        ("pipe", "파이프(pipe)"),
    ],
)
def test_a_word_of_the_course_is_defined_in_both_languages(english: str, korean: str) -> None:
    for language, word in zip(LANGUAGES, (english, korean), strict=True):
        assert [lab for lab in lab_names(LABS) if word in defined(lab, language)], f"nowhere defined: {word}"
