"""What a full run found, committed: published.json, and the table that it gives in both READMEs."""

from __future__ import annotations

import json
import platform
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.bench import ROOT
from benchmarks.figures import ENGLISH, Outcome, Words, from_json, table, to_json
from harness.errors import UsageFault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BEGIN, END = "<!-- benchmarks -->", "<!-- /benchmarks -->"
PUBLISHED = Path("benchmarks") / "published.json"
KOREAN = Words(
    ("#", "잰 것", "값", "비교 대상", "비율", "95 % 구간 (n)", "목표", "달성"),
    "–",
    "달성",
    "**미달**",
    "재지 않음",
)


@dataclass(frozen=True)
class Page:
    """A README that shows the table.

    Attributes:
        words: Of the table.
        empty: What stands there before anything is published.
        measured: When and on what it was measured.
        unmet: Before the reasons why goals are not met.
        why: Those reasons, by goal; one is shown while a figure of its goal is not met.
    """

    words: Words
    empty: str
    measured: str
    unmet: str
    why: Mapping[int, str]


PAGES = {
    "README.md": Page(
        ENGLISH,
        "No full run is published yet.",
        "Measured on {when}, on {cpus} CPUs ({model}, {system}); load average before each goal {load}.",
        "Goals that are not met, and why:",
        {
            1: "fifteen experiments do not settle it: the error of all pairs was inside its limit in one full run, and "
            "outside in the next.",
            2: "every rate is inside its limit; 2,000 simulated sweeps and five real ones leave their intervals "
            "wider than that.",
            3: "to start a pool of four interpreters takes 0.15 s and more of the 2 s that the processes have here; "
            "twice the work would halve its share, and double the time that a class waits.",
            4: "what is measured has its CPU set proved at its start and its end, the machine's speed taken "
            "before and after, and its results fetched; to load the engine's client library alone takes half "
            "as long as a bare container.",
            8: "the interval is exact and its error of 1 % is spread over all looks, which takes more pairs "
            "than one look does; each pair is two fresh interpreters, and a control.",
            9: "half of the variants take under a quarter of a second; each runs in an interpreter of its own, "
            "between two measurements of the capacity, and each lab has containers of its own.",
            10: "what runs are chosen by is kept of each run until all are read.",
        },
    ),
    "README.ko.md": Page(
        KOREAN,
        "아직 공개한 전체 측정 결과가 없습니다.",
        "{when}에 CPU {cpus}개({model}, {system})에서 쟀습니다. 각 목표를 재기 직전의 부하 평균은 {load}입니다.",
        "달성하지 못한 목표와 까닭:",
        {
            1: "실험 열다섯 번으로는 결판이 나지 않습니다. 모든 쌍의 오차는 한 번의 전체 측정에서는 한계 안에, "
            "다음 측정에서는 한계 밖에 있었습니다.",
            2: "모든 비율은 한계 안입니다. 시뮬레이션 2,000번과 실제 다섯 번으로는 구간이 그보다 넓게 남습니다.",
            3: "인터프리터 넷의 풀을 띄우는 데 여기서는 프로세스들이 걸리는 2초 가운데 0.15초 넘게 듭니다. "
            "일을 두 배로 하면 그 몫은 반으로 줄고, 수업이 기다리는 시간은 두 배가 됩니다.",
            4: "재는 것은 시작과 끝에 CPU 집합을 증명하고, 앞뒤로 기계의 속도를 재고, 결과를 가져옵니다. 엔진의 "
            "클라이언트 라이브러리를 불러오는 데만 빈 컨테이너 하나의 절반만큼 걸립니다.",
            8: "구간은 정확하고 1 %의 오차를 모든 들여다보기에 나누므로, 한 번만 볼 때보다 쌍이 더 많이 듭니다. "
            "쌍마다 새 인터프리터 둘과 대조 측정이 있습니다.",
            9: "변형의 절반은 4분의 1초도 걸리지 않습니다. 변형마다 자기 인터프리터에서, 용량을 두 번 재는 사이에 "
            "돌고, 실험마다 자기 컨테이너가 있습니다.",
            10: "실행을 고르는 데 쓰는 것을 실행마다, 모두 읽을 때까지 들고 있습니다.",
        },
    ),
}


def publish(outcomes: Sequence[Outcome], root: Path) -> None:
    """Commit to what was found: write published.json, and the table into both READMEs.

    What is published already of other goals stays, if it was found on the same kind of machine.

    Args:
        outcomes: What was found, by goal.
        root: The repository.

    Raises:
        UsageFault: If there is nothing, or a goal was measured by a short run, or a README has no place for it.
    """
    short = [str(outcome.goal) for outcome in outcomes if outcome.short]
    if short:
        goals = ",".join(short)
        raise UsageFault(
            f"--publish: goal {goals} comes of a short run, which shows nothing: `python -m benchmarks --goals {goals}`"
        )
    if not outcomes:
        raise UsageFault("--publish: there are no results: `python -m benchmarks` makes them")
    anew = [from_json(_without_traces(to_json(outcome))) for outcome in outcomes]
    found = _with_those_that_stay(anew, published(root))
    pages = {name: with_table((root / name).read_text(encoding="utf-8"), found, page) for name, page in PAGES.items()}
    text = json.dumps([to_json(outcome) for outcome in found], indent=1, ensure_ascii=False)
    (root / PUBLISHED).write_text(text + "\n", encoding="utf-8")
    for name, page_text in pages.items():
        (root / name).write_text(page_text, encoding="utf-8")


def _with_those_that_stay(anew: Sequence[Outcome], before: Sequence[Outcome]) -> list[Outcome]:
    """What was found anew, and what is published of other goals, by goal."""
    by_goal = {each.goal: each for each in before if _kind_of_machine(each) == _kind_of_machine(anew[0])}
    by_goal |= {each.goal: each for each in anew}
    return [by_goal[goal] for goal in sorted(by_goal)]


def _kind_of_machine(outcome: Outcome) -> dict[str, Any]:
    """On what it was found, whatever the load there."""
    return {key: value for key, value in outcome.machine.items() if key != "load"}


def published(root: Path) -> list[Outcome]:
    """What is published, by goal; nothing where nothing is yet."""
    path = root / PUBLISHED
    return [from_json(each) for each in json.loads(path.read_text(encoding="utf-8"))] if path.exists() else []


def with_table(text: str, outcomes: Sequence[Outcome], page: Page) -> str:
    """A README with the table of these outcomes between its two marks.

    Raises:
        UsageFault: If the marks are not there, once each and in order.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise UsageFault(f"a README needs the line {BEGIN} and, behind it, {END}, once each")
    return f"{before}{BEGIN}\n{_shown(outcomes, page)}\n{END}{after}"


def _shown(outcomes: Sequence[Outcome], page: Page) -> str:
    if not outcomes:
        return page.empty
    machine, loads = outcomes[-1].machine, [outcome.machine["load"] for outcome in outcomes]
    days = sorted({outcome.when[:10] for outcome in outcomes})
    measured = page.measured.format(
        when=" – ".join(dict.fromkeys((days[0], days[-1]))),
        cpus=machine["cpus"],
        model=machine["model"],
        system=machine["system"],
        load=" – ".join(dict.fromkeys((f"{min(loads):g}", f"{max(loads):g}"))),
    )
    unmet = [outcome.goal for outcome in outcomes if not all(figure.met for figure in outcome.figures)]
    reasons = "\n".join([f"- {goal}: {page.why[goal]}" for goal in unmet if goal in page.why])
    return "\n".join([table(outcomes, page.words), measured, *(["", page.unmet, "", reasons] if reasons else [])])


def _without_traces(found: Any) -> Any:
    """The same without the names and places of the machine it was found on."""
    if isinstance(found, dict):
        return {key: _without_traces(value) for key, value in found.items()}
    if isinstance(found, list | tuple):
        return [_without_traces(value) for value in found]
    if not isinstance(found, str):
        return found
    version = ".".join(platform.release().split(".")[:2])  # of the kernel; the rest tells who built it
    traces = {
        str(ROOT): ".",
        str(Path.home()): "~",
        tempfile.gettempdir(): "…",
        platform.node(): "HOST",
        platform.release(): version,
    }
    for trace, word in traces.items():
        if len(trace) > 2:
            found = found.replace(trace, word)
    return found
