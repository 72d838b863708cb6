"""Asking for predictions: at a terminal question by question, or in one option."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import pytest

from harness.askable import read_askable
from harness.catalogue import lab_names, read_catalogue, read_lab
from harness.errors import UsageFault
from harness.interview import asked, parsed, predicted, told_by
from harness.notes import LANGUAGES, read_page
from harness.question import claim_questions, questions_of
from harness.question_words import KOREAN
from tests.small_labs import LAB

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.lab_record import Lab

    Entries = dict[str, dict[str, Any]]

PREDICT = {"en": "Predict", "ko": "예측"}


@pytest.fixture
def gil(repo: Path) -> Lab:
    return read_lab(repo / "labs" / "gil.py")


def interview(lab: Lab, answers: str, cores: Sequence[int] = (), runs: str = "") -> tuple[Entries, str]:
    """The predictions that come of these answers, and all that was said."""
    out = io.StringIO()
    questions = questions_of(lab, read_askable(lab), cores)
    found = asked(lab, questions, {"workers": 4, "count": 1000}, runs, io.StringIO(answers), out)
    return found, out.getvalue()


def expected(found: Entries) -> dict[str, Any]:
    return {name: entry["expected"] for name, entry in found.items()}


def test_each_question_comes_with_the_variant_its_sizes_and_what_is_allowed(gil: Lab) -> None:
    found, said = interview(gil, "1\n4\n")
    assert expected(found) == {"threads": 1, "processes": 4}
    assert said.index(f"Predict: {gil.predict}") < said.index("1/2 threads: ") < said.index("2/2 processes: ")
    assert "(workers=4 count=1000)" in said
    assert "How many times as fast as one_thread?" in said
    assert "1 is as fast, 2 twice as fast" in said


def test_an_empty_answer_skips_a_question(gil: Lab) -> None:
    assert expected(interview(gil, "\n4\n")[0]) == {"processes": 4}


def test_a_bad_answer_is_asked_again_with_what_is_allowed(gil: Lab) -> None:
    found, said = interview(gil, "fast\n0\n2\n4\n")
    assert expected(found) == {"threads": 2, "processes": 4}
    assert said.count("is no answer to it: a number above 0") == 2


@pytest.mark.parametrize(("answers", "kept"), [("", {}), ("1\n", {"threads": 1}), ("x\n", {})])
def test_the_end_of_the_input_skips_the_rest(answers: str, kept: dict[str, int], gil: Lab) -> None:
    assert expected(interview(gil, answers)[0]) == kept


def test_an_answer_for_each_number_of_cores_is_kept_apart(gil: Lab) -> None:
    found, said = interview(gil, "1\n1\n1\n2\n", cores=(1, 2))
    assert expected(found) == {"threads@1": 1, "threads@2": 1, "processes@1": 1, "processes@2": 2}
    assert "On 2 cores, how many times as fast as one_thread?" in said


def test_it_is_said_where_an_answer_stands_for_several_runs(gil: Lab) -> None:
    assert (
        "An answer stands for each run: Python 3.14 and 3.14t." in interview(gil, "", runs="Python 3.14 and 3.14t")[1]
    )
    assert "An answer stands for" not in interview(gil, "")[1]


def test_a_claim_is_true_or_false(repo: Path) -> None:
    lab = read_lab(repo / "labs" / "daemon.py")
    found, said = interview(lab, "\n\n\nyes\nno\n")
    assert expected(found) == {"a_plain_thread_is_waited_for": True, "a_daemon_is_cut_off": False}
    assert "True or false? By default a thread is no daemon" in said


def in_words(words: str, lab: Lab, cores: Sequence[int] = ()) -> Entries:
    questions = {one.name: one for one in [*claim_questions(lab), *questions_of(lab, read_askable(lab))]}
    return parsed(words, questions, lab, cores)


def test_one_option_holds_many_predictions(gil: Lab) -> None:
    found = in_words(" threads = 1, processes=4,nothing_beats_the_cores=yes", gil)
    assert expected(found) == {"threads": 1, "processes": 4, "nothing_beats_the_cores": True}
    assert found["threads"]["over"] == "one_thread"


def test_one_option_may_tell_numbers_of_cores_apart(gil: Lab) -> None:
    assert expected(in_words("processes@1=1,processes@2=2", gil, (1, 2))) == {"processes@1": 1, "processes@2": 2}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            "",
            "give NAME=ANSWER, such as --predict threads=2,processes=2; what can be predicted is threads, processes, ",
        ),
        ("threads", "give NAME=ANSWER"),
        ("threads=1,", "give NAME=ANSWER"),
        ("thraeds=1", "did you mean threads\\? what can be predicted is threads, processes"),
        ("one_thread=1", "no claim of gil asks for anything of this variant"),
        ("threads=fast", "'fast' is no answer to it: a number above 0"),
        ("threads=1,threads=2", "it is predicted twice"),
        ("threads@2=1", "'2' is none of the numbers of cores; --cores names 1, 4"),
        ("threads@=1", "'' is none of the numbers of cores"),
        ("nothing_beats_the_cores=perhaps", "'perhaps' is no answer to it: yes"),
    ],
)
def test_what_is_no_prediction_is_told_in_one_line(words: str, says: str, gil: Lab) -> None:
    with pytest.raises(UsageFault, match=says) as told:
        in_words(words, gil, (1, 4))
    assert "\n" not in str(told.value)


def in_korean(name: str, repo: Path, answers: str, cores: Sequence[int] = (), runs: str = "") -> tuple[Entries, str]:
    """The same in Korean, with the lab's page."""
    lab = read_lab(repo / "labs" / f"{name}.py")
    page = read_page(name, "ko", repo / "labs")
    assert page is not None
    told, out = told_by(lab, page), io.StringIO()
    questions = questions_of(told, read_askable(lab), cores, KOREAN)
    return asked(told, questions, {}, runs, io.StringIO(answers), out, KOREAN), out.getvalue()


def test_every_lab_is_asked_about_in_korean_too_and_the_answers_mean_the_same(repo: Path) -> None:
    for lab in read_catalogue(repo / "labs").labs:
        questions = questions_of(lab, read_askable(lab), (1, 2))
        answers = "".join(f"{one.example}\n" for one in questions)
        found, said = in_korean(lab.name, repo, answers, (1, 2))
        assert found == {one.key: one.entry(one.example) for one in questions}
        words_to_choose = {one.allowed.casefold() for one in questions if one.choices}
        for line in said.splitlines():
            told = line.replace(">", "").strip()
            assert not told or re.search("[가-힣]", told) or told.casefold() in words_to_choose, line


def test_a_bad_answer_is_told_in_korean_and_yes_and_no_are_understood(repo: Path) -> None:
    found, said = in_korean("gil", repo, "빨리\n0\n2\n4\n")
    assert expected(found) == {"threads": 2, "processes": 4}
    assert said.count("답이 될 수 없습니다. 0보다 큰 수") == 2
    [claim, *_] = claim_questions(read_lab(repo / "labs" / "gil.py"), KOREAN)
    assert [claim.entry(text)["expected"] for text in ("예", "참", "yes", "아니요", "no")] == [True] * 3 + [False] * 2


def test_in_korean_it_says_for_which_runs_an_answer_stands(repo: Path) -> None:
    assert "답 하나가 다음 실행마다 쓰입니다: 코어 1, 2개." in in_korean("gil", repo, "", runs="코어 1, 2개")[1]
    assert "코어 2개에서 one_thread의 몇 배만큼 빠를까요?" in in_korean("gil", repo, "\n" * 4, (1, 2))[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_page_asks_to_predict_is_its_paragraph_in_one_line(language: str, repo: Path) -> None:
    for name in lab_names(repo / "labs"):
        page = read_page(name, language, repo / "labs")
        assert page is not None
        assert page.predict.endswith(("?", ".")), name
        assert "\n" not in page.predict
        assert (
            page.predict.split()
            == re.split(r"\n## .+\n", page.text.partition(f"\n## {PREDICT[language]}\n")[2])[0].split()
        )


def test_a_lab_without_claims_has_nothing_to_predict(tmp_path: Path) -> None:
    path = tmp_path / "small.py"
    path.write_text(LAB + '@variant\ndef one() -> int:\n    """Baseline."""\n    return 1\n')
    with pytest.raises(UsageFault, match="nothing to predict"):
        predicted(read_lab(path), True, {}, (), ())
