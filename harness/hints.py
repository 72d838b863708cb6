"""What helps a learner on: a hint for each claim that the learner's variants refute, and for each way to end badly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.verdict import REFUTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HINT = {"en": "hint", "ko": "힌트"}
OF_PROBLEMS = {
    "en": {
        "deadlocked": "see above which thread or process waits at which line: who would have to act for it to go on?",
        "timed_out": "it did not end in time: which loop or wait has no end, and who was to end it?",
        "crashed": "the traceback is in lab.log of the results: the last line of your own file in it is the place.",
        "killed": "a signal ended the process: look for os._exit, os.kill, or C code that was called wrongly.",
        "finished": "this variant is meant not to end: what made it end in yours?",
        "unequal_answer": "return what the lab's own variants return: the same values, in the same order and form.",
        "out_of_memory": "what is kept that could be let go, or never be made? A queue without a bound, a long list?",
        "too_many_processes": "what starts a thread or a process in every round of a loop?",
        "too_much_output": "it prints in a loop: a variant returns what it found, and prints nothing.",
        "not_comparable": "return numbers, strings, or lists of them.",
        "left_behind": "whoever starts or opens something ends or closes it: with `with`, join() or close().",
    },
    "ko": {
        "deadlocked": "어느 스레드나 프로세스가 어느 줄에서 기다리는지 위에 있습니다. 누가 무엇을 해야 풀릴까요?",
        "timed_out": "제때 끝나지 않았습니다. 끝이 없는 루프나 기다림은 어디이고 누가 끝내야 했나요?",
        "crashed": "결과 폴더의 lab.log에 트레이스백이 있습니다. 거기 나오는 여러분 파일의 마지막 줄이 그 자리입니다.",
        "killed": "신호가 프로세스를 끝냈습니다. os._exit, os.kill, 잘못 부른 C 코드가 있는지 보십시오.",
        "finished": "이 변형은 끝나지 않아야 합니다. 여러분의 것은 무엇 때문에 끝났나요?",
        "unequal_answer": "실험의 변형들과 같은 값을 같은 순서, 같은 모양으로 돌려주십시오.",
        "out_of_memory": "놓아 줄 수 있는데 쥐고 있거나, 만들지 않아도 되는 것은 무엇인가요? 한계 없는 큐, 긴 리스트?",
        "too_many_processes": "루프를 돌 때마다 스레드나 프로세스를 시작하는 곳은 어디인가요?",
        "too_much_output": "루프 안에서 출력하고 있습니다. 변형은 찾은 것을 돌려주고 아무것도 출력하지 않습니다.",
        "not_comparable": "수나 문자열, 또는 그 리스트를 돌려주십시오.",
        "left_behind": "시작하거나 연 쪽이 끝내거나 닫아야 합니다. `with`, join(), close()를 쓰십시오.",
    },
}


@dataclass(frozen=True)
class Hints:
    """The hints for one learner's file.

    Attributes:
        language: "en" or "ko".
        of_claims: A sentence for each claim.
        variants: The learner's variants.
    """

    language: str
    of_claims: Mapping[str, str]
    variants: tuple[str, ...]

    def of_claim(self, claim: str, verdict: str) -> str:
        """The hint for a claim that was refuted; empty for any other verdict."""
        return self.of_claims.get(claim, "") if verdict == REFUTED else ""

    def of_problem(self, kind: str, variant: str) -> str:
        """What helps on where one of the learner's variants went against what the lab says of it."""
        return OF_PROBLEMS[self.language].get(kind, "") if variant in self.variants else ""

    def told(self, hint: str) -> str:
        """A hint as a report tells it; empty where there is none."""
        return f"{HINT[self.language]}: {hint}" if hint else ""

    def beside(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """A record as --json prints it: with the hint to each verdict and each problem that has one."""
        verdicts = [(one, self.of_claim(one["claim"], one["verdict"])) for one in record["verdicts"]]
        problems = [(one, self.of_problem(one["kind"], one["variant"])) for one in record["problems"]]
        return {**record, "verdicts": _with_hints(verdicts), "problems": _with_hints(problems)}


def _with_hints(found: Iterable[tuple[Mapping[str, Any], str]]) -> list[dict[str, Any]]:
    return [{**one, "hint": hint} if hint else dict(one) for one, hint in found]
