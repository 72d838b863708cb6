"""The words of an interview in each language: the questions, what an answer may be, and what is said around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.askable import CPU_RATIO, MEMORY, RATIO, SPEED_UP

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Words:
    """One language's.

    Attributes:
        ratios: What is asked of each kind of ratio, and what its answers mean.
        on_cores: Before a question about one number of cores: `{cores}`, `{s}` where they are several.
        cores_busy, ends, exit_code: Questions, each with what an answer may be; `ends` is answered by a word of a few.
        returns: What a variant returns, as its file has it in `{text}`; `returns_something` where that is long.
        yes_or_no, which, which_number, how_many: Behind `returns`, and what an answer may be.
        claim: What an answer to "is this claim true?" may be; `true_or_false` before its sentence.
        yes, no: All answers that are taken for it.
        no_answer: To an answer `{given}` that is none; `{allowed}`.
        enter_skips: Behind that.
        predict, rules: At the beginning; `for_each` where an answer stands for several runs.
        and_, cores, python: The words of those runs.
    """

    ratios: Mapping[str, tuple[str, str]]
    on_cores: str
    cores_busy: tuple[str, str]
    ends: str
    exit_code: tuple[str, str]
    returns: str
    returns_something: str
    yes_or_no: tuple[str, str]
    which: str
    which_number: tuple[str, str]
    how_many: tuple[str, str]
    claim: str
    true_or_false: str
    yes: tuple[str, ...]
    no: tuple[str, ...]
    no_answer: str
    enter_skips: str
    predict: str
    rules: str
    for_each: str
    and_: str
    cores: str
    python: str


def _ratio(question: str, word: str) -> tuple[str, str]:
    return question, f"a number above 0: 1 is as {word}, 2 twice as {word}, 0.5 half as {word}"


ENGLISH = Words(
    ratios={
        SPEED_UP: _ratio("how many times as fast as {over}?", "fast"),
        RATIO: _ratio("how many times as long as {over} does it take?", "long"),
        CPU_RATIO: _ratio("how many times as much CPU time as {over} does it take?", "much"),
        MEMORY: _ratio("how many times as much memory as {over} does it need?", "much"),
    },
    on_cores="on {cores} core{s}, {question}",
    cores_busy=("how many cores does it keep busy?", "a number from 0, such as 0.5 or 3"),
    ends="how does it end?",
    exit_code=("what is its exit code?", "a whole number, such as 3, or -3 where signal 3 ends it"),
    returns="it returns `{text}`",
    returns_something="it returns a value",
    yes_or_no=("{returns}: yes or no?", "yes or no"),
    which="{returns}: which?",
    which_number=("{returns}: which number?", "a whole number, such as 7"),
    how_many=("{returns}: about how many?", "a number, such as 700"),
    claim="yes (it is true) or no (it is false)",
    true_or_false="True or false?",
    yes=("y", "yes", "t", "true"),
    no=("n", "no", "f", "false"),
    no_answer="{given} is no answer to it: {allowed}",
    enter_skips="; Enter skips it",
    predict="Predict: ",
    rules="Enter skips a question, Ctrl-D all that are left.",
    for_each=" An answer stands for each run: {runs}.",
    and_=" and ",
    cores="{cores} cores",
    python="Python {pythons}",
)


def _times(question: str, same: str, twice: str, half: str) -> tuple[str, str]:
    return question, f"0보다 큰 수: 1은 {same}, 2는 {twice}, 0.5는 {half}"


KOREAN = Words(
    ratios={
        SPEED_UP: _times("{over}의 몇 배만큼 빠를까요?", "같은 빠르기", "두 배 빠름", "절반의 빠르기"),
        RATIO: _times("{over}의 몇 배만큼 시간이 걸릴까요?", "같은 시간", "두 배", "절반"),
        CPU_RATIO: _times("{over}의 몇 배만큼 CPU 시간을 쓸까요?", "같은 시간", "두 배", "절반"),
        MEMORY: _times("{over}의 몇 배만큼 메모리를 쓸까요?", "같은 양", "두 배", "절반"),
    },
    on_cores="코어 {cores}개에서 {question}",
    cores_busy=("코어를 몇 개나 바쁘게 할까요?", "0 이상의 수, 예: 0.5 또는 3"),
    ends="어떻게 끝날까요?",
    exit_code=("종료 코드는 무엇일까요?", "정수, 예: 3. 시그널 3이 끝내면 -3"),
    returns="돌려주는 값 `{text}`",
    returns_something="돌려주는 값",
    yes_or_no=("{returns}: 예일까요, 아니요일까요?", "예(yes) 또는 아니요(no)"),
    which="{returns}: 어느 것일까요?",
    which_number=("{returns}: 어떤 수일까요?", "정수, 예: 7"),
    how_many=("{returns}: 얼마쯤일까요?", "수, 예: 700"),
    claim="예(yes, 참이다) 또는 아니요(no, 거짓이다)",
    true_or_false="참일까요, 거짓일까요?",
    yes=(*ENGLISH.yes, "예", "네", "참"),
    no=(*ENGLISH.no, "아니요", "아니오", "거짓"),
    no_answer="{given} 은(는) 답이 될 수 없습니다. {allowed}",
    enter_skips=". Enter를 누르면 건너뜁니다",
    predict="예측: ",
    rules="Enter는 질문 하나를, Ctrl-D는 남은 질문을 모두 건너뜁니다.",
    for_each=" 답 하나가 다음 실행마다 쓰입니다: {runs}.",
    and_=", ",
    cores="코어 {cores}개",
    python="Python {pythons}",
)
WORDS = {"en": ENGLISH, "ko": KOREAN}
