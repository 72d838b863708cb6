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
    from collections.abc import Sequence

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
    """

    words: Words
    empty: str
    measured: str


PAGES = {
    "README.md": Page(
        ENGLISH,
        "No full run is published yet.",
        "Measured on {when}, on {cpus} CPUs ({model}, {system}); load average before each goal {load}.",
    ),
    "README.ko.md": Page(
        KOREAN,
        "아직 공개한 전체 측정 결과가 없습니다.",
        "{when}에 CPU {cpus}개({model}, {system})에서 쟀습니다. 각 목표를 재기 직전의 부하 평균은 {load}입니다.",
    ),
}


def publish(outcomes: Sequence[Outcome], root: Path) -> None:
    """Commit to what was found: write published.json, and the table into both READMEs.

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
    documents = [_without_traces(to_json(outcome)) for outcome in outcomes]
    found = [from_json(document) for document in documents]
    pages = {name: with_table((root / name).read_text(encoding="utf-8"), found, page) for name, page in PAGES.items()}
    text = json.dumps(documents, indent=1, ensure_ascii=False)
    (root / PUBLISHED).write_text(text + "\n", encoding="utf-8")
    for name, page_text in pages.items():
        (root / name).write_text(page_text, encoding="utf-8")


def published(root: Path) -> list[Outcome]:
    """What is published, by goal."""
    return [from_json(document) for document in json.loads((root / PUBLISHED).read_text(encoding="utf-8"))]


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
    return f"{table(outcomes, page.words)}\n{measured}"


def _without_traces(found: Any) -> Any:
    """The same without the names and places of the machine it was found on."""
    if isinstance(found, dict):
        return {key: _without_traces(value) for key, value in found.items()}
    if isinstance(found, list | tuple):
        return [_without_traces(value) for value in found]
    if not isinstance(found, str):
        return found
    traces = {str(ROOT): ".", str(Path.home()): "~", tempfile.gettempdir(): "…", platform.node(): "HOST"}
    for trace, word in traces.items():
        if len(trace) > 2:
            found = found.replace(trace, word)
    return found
