"""The section of a lab's page that shows its committed record: what was really seen, where, and how the claims did."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import UsageFault
from harness.figures import NONE, time_text, written
from harness.report import MARKS, clean
from harness.verdict import HOLDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    Kept = Mapping[str, Any]

BEGIN, END = "<!-- record -->", "<!-- /record -->"
INTERVALS = re.compile(r"[\d.]+ to [\d.]+(; [\d.]+ to [\d.]+)*")


@dataclass(frozen=True)
class Words:
    """What the section says in one language.

    Attributes:
        heading: Its heading.
        before: The heading that it stands before where a page does not have it yet.
        measured: When, on what, how: {date}, {machine}, {place}, {pythons}, {config}, {knobs}, {rounds}.
        cpus: The machine's CPUs: {count}.
        virtual: That it is a virtual machine.
        docker: Where labs ran in containers: {engine}.
        local: Where they ran on the local runner.
        cores: A run's cores: {count}.
        head: Of the variants' column: what the heads of the others are.
        speed_up: What × means: {bases}.
        over: A variant and what its speed-up is over: {variant}, {base}.
        capacity: What the cores could give: {runs}.
        disturbed: How many samples were dropped: {runs}.
        only_disturbed: What ~ means.
        nothing: What – means in the table of figures.
        returned: Before what variants returned.
        ended: Before variants whose samples did not all end alike.
        between: Several answers: {least}, {most}.
        claims: Before the claims' marks, with what they mean.
        reasons: Before why claims were refuted or left open, and what held ones add.
    """

    heading: str
    before: str
    measured: str
    cpus: str
    virtual: str
    docker: str
    local: str
    cores: str
    head: str
    speed_up: str
    over: str
    capacity: str
    disturbed: str
    only_disturbed: str
    nothing: str
    returned: str
    ended: str
    between: str
    claims: str
    reasons: str


WORDS = {
    "en": Words(
        heading="Seen",
        before="What surprises",
        measured="Measured on {date}: {machine}; {place}; CPython {pythons}; config {config}{knobs}; rounds: {rounds}.",
        cpus="{count} CPUs",
        virtual="a virtual machine",
        docker="in containers (docker {engine})",
        local="on the local runner",
        cores="{count} core{s}",
        head="Python, cores",
        speed_up="×: times as fast, paired by round ({bases}).",
        over="{variant} over {base}",
        capacity="Capacity, what the cores together gave in times of one: {runs}.",
        disturbed="Samples that were disturbed and dropped: {runs}.",
        only_disturbed="~: of disturbed samples alone.",
        nothing="–: no figure.",
        returned="Returned:",
        ended="Not every sample ended alike:",
        between="{least} to {most}",
        claims="Claims, in the order of the columns (✓ holds, ✗ refuted, ? inconclusive, – skipped):",
        reasons="In the program's words:",
    ),
    "ko": Words(
        heading="실제로 본 값",
        before="뜻밖의 것",
        measured="{date}에 잰 값입니다: {machine}; {place}; CPython {pythons}; 설정 {config}{knobs}; {rounds}라운드.",
        cpus="CPU {count}개",
        virtual="가상 컴퓨터",
        docker="컨테이너(docker {engine})",
        local="로컬 러너",
        cores="코어 {count}개",
        head="파이썬, 코어",
        speed_up="×: 몇 배 빠른가, 같은 라운드끼리 짝지은 값({bases}).",
        over="{base} 대비 {variant}",
        capacity="용량, 곧 코어들이 모두 합쳐 하나의 몇 배를 주었는가: {runs}.",
        disturbed="방해를 받아 버린 표본: {runs}.",
        only_disturbed="~: 방해받은 표본만으로 낸 값.",
        nothing="–: 값 없음.",
        returned="돌려준 것:",
        ended="표본이 모두 같게 끝나지는 않은 변형:",
        between="{least}에서 {most}까지",
        claims="주장, 표의 열 순서대로(✓ 성립, ✗ 반박됨, ? 판정 불가, – 건너뜀):",
        reasons="프로그램이 한 말 그대로:",
    ),
}


def section_in(text: str) -> bool:
    """Whether a page has the section."""
    return BEGIN in text


def with_section(text: str, kept: Kept, language: str) -> str:
    """A page with its section as the record says it: in place of the one it has, else before what surprises.

    Args:
        text: The page.
        kept: The record.
        language: Of the page.

    Raises:
        UsageFault: If the page has no place for it.
    """
    words = WORDS[language]
    section = f"## {words.heading}\n\n{BEGIN}\n\n{shown(kept, words)}\n{END}\n"
    place = re.compile(rf"## {re.escape(words.heading)}\n+{BEGIN}\n.*?{END}\n", re.DOTALL)
    if not section_in(text):
        place, section = re.compile(rf"(?=^## {re.escape(words.before)}$)", re.MULTILINE), section + "\n"
    if len(place.findall(text)) != 1:
        page = f"labs/notes/{language}/{kept['lab']}.md"
        raise UsageFault(
            f"{page}: no place for the record: it needs the heading '## {words.before}', or '## {words.heading}' and "
            f"below it {BEGIN} and {END}"
        )
    return place.sub(lambda _: section, text)


def shown(kept: Kept, words: Words) -> str:
    """The section's text, in Markdown."""
    runs = kept["runs"]
    labels = [f"{run['python']}, {_cores(run, words)}" for run in runs]
    figures = [[f"`{name}`", *map(_cell, each)] for name, each in _by_name(runs, "variants", "name")]
    claims = [f"`{name}`: {' · '.join(map(_judged, each))}" for name, each in _by_name(runs, "claims", "claim")]
    parts = [
        _measured(kept, words),
        _table([words.head, *(f"{run['python']}, {run['cores']}" for run in runs)], figures),
        _legend(runs, [cell for _, *cells in figures for cell in cells], words),
        _of_runs(words.capacity, labels, [_capacity(run) for run in runs]),
        _of_runs(words.disturbed, labels, [_disturbed(run) for run in runs]),
        _list(words.ended, _of_variants(runs, labels, _mixed_outcomes)),
        _list(words.returned, _of_variants(runs, labels, lambda variant: _answers(variant, words))),
        _list(words.claims, claims),
        _list(words.reasons, _reasons(runs, labels)),
    ]
    return "\n".join(f"{part}\n" for part in parts if part)


def _by_name(runs: Sequence[Kept], what: str, name: str) -> Iterator[tuple[str, list[Kept]]]:
    """Each variant or claim, by its name, as each run has it."""
    for place, first in enumerate(runs[0][what]):
        yield first[name], [run[what][place] for run in runs]


def _mark(claim: Kept) -> str:
    return MARKS[claim["verdict"]][0]


def _judged(claim: Kept) -> str:
    """A claim's mark, and where it is a measured one that holds, the interval that it was judged by."""
    measured = claim["verdict"] == HOLDS and INTERVALS.fullmatch(claim["reason"])
    return f"{_mark(claim)} {claim['reason'].replace(' to ', '–')}" if measured else _mark(claim)


def _measured(kept: Kept, words: Words) -> str:
    machine = kept["machine"]
    facts = [machine["model"], words.cpus.format(count=machine["cpus"])]
    facts += [words.virtual] if machine["virtual"] else []
    rounds = sorted({run["rounds"] for run in kept["runs"]})
    knobs = " ".join(f"{name}={value}" for name, value in kept["knobs"].items())
    return words.measured.format(
        date=kept["measured"],
        machine=_text(", ".join([*facts, machine["system"]])),
        place=words.docker.format(engine=_text(kept["engine"])) if kept["engine"] else words.local,
        pythons=", ".join(
            dict.fromkeys(run["version"] + ("t" if run["python"].endswith("t") else "") for run in kept["runs"])
        ),
        config=_text(kept["config"]),
        knobs=f"; `{knobs}`" if knobs else "",
        rounds=str(rounds[0]) if len(rounds) == 1 else f"{rounds[0]}–{rounds[-1]}",
    )


def _cores(run: Kept, words: Words) -> str:
    return words.cores.format(count=run["cores"], s="" if run["cores"] == 1 else "s")


def _cell(variant: Kept) -> str:
    """The telling figure of a variant in a run: its speed-up where a claim asks for it, else its time or its end."""
    if figure := variant["speed_up"]:
        return f"×{written(figure['low'], figure['high'], figure['median'])}"
    if figure := variant["wall_seconds"]:
        return time_text(figure["low"], figure["high"], figure["median"])
    if figure := variant["disturbed_wall_seconds"]:
        return f"~{time_text(figure['low'], figure['high'], figure['median'])}"
    return _outcomes(variant) or NONE


def _outcomes(variant: Kept) -> str:
    return ", ".join(f"{outcome.replace('_', ' ')} ×{count}" for outcome, count in variant["outcomes"].items())


def _legend(runs: Sequence[Kept], cells: Sequence[str], words: Words) -> str:
    """What the signs mean that stand in the table."""
    bases = ", ".join(
        words.over.format(variant=f"`{each['name']}`", base=f"`{each['speed_up_over']}`")
        for each in runs[0]["variants"]
        if each["speed_up_over"]
    )
    signs = (("×", words.speed_up.format(bases=bases)), ("~", words.only_disturbed), (NONE, words.nothing))
    return " ".join(meaning for sign, meaning in signs if any(cell.startswith(sign) for cell in cells))


def _capacity(run: Kept) -> str:
    if run["cores"] == 1 or not run["capacity"]:
        return ""
    low, high = (f"{value:.2f}" for value in run["capacity"])
    return low if low == high else f"{low}–{high}"


def _disturbed(run: Kept) -> str:
    return f"{run['disturbed']}/{run['samples']}" if run["disturbed"] else ""


def _of_runs(sentence: str, labels: Sequence[str], values: Sequence[str]) -> str:
    """A sentence with the value of each run that has one; empty where none has."""
    told = [f"{value} ({label})" for label, value in zip(labels, values, strict=True) if value]
    return sentence.format(runs=", ".join(told)) if told else ""


def _mixed_outcomes(variant: Kept) -> str:
    return _outcomes(variant) if len(variant["outcomes"]) > 1 else ""


def _answers(variant: Kept, words: Words) -> str:
    answers = variant["answers"]
    if not answers:
        return ""
    if "every" in answers:
        return f"`{json.dumps(answers['every'], ensure_ascii=False)}`"
    return words.between.format(least=answers["least"], most=answers["most"])


def _of_variants(runs: Sequence[Kept], labels: Sequence[str], say: Callable[[Kept], str]) -> list[str]:
    """For each variant of which something is to be said: that, once where it is the same in every run."""
    lines = []
    for name, each in _by_name(runs, "variants", "name"):
        said = [say(variant) for variant in each]
        told = said[0] if len(set(said)) == 1 else _of_runs("{runs}", labels, said)
        lines += [f"`{name}`: {told}"] if told else []
    return lines


def _reasons(runs: Sequence[Kept], labels: Sequence[str]) -> list[str]:
    """Why claims were refuted or left open, and what the evidence adds to any; alike claims and runs together.

    Where it is so in every run, none is named.
    """
    on: dict[tuple[str, str], list[str]] = {}
    for run, label in zip(runs, labels, strict=True):
        for claim in run["claims"]:
            reason = [claim["reason"]] if claim["verdict"] in ("refuted", "inconclusive") else []
            if told := ", because ".join([*reason, *claim["why"]]):
                on.setdefault((f"{_mark(claim)} `{claim['claim']}`", told), []).append(label)
    alike: dict[tuple[str, str], list[str]] = {}
    for (claim_name, told), where in on.items():
        alike.setdefault(("" if len(where) == len(labels) else f" ({'; '.join(where)})", told), []).append(claim_name)
    return [f"{', '.join(claims)}{where}: {_text(told)}" for (where, told), claims in alike.items()]


def _list(head: str, lines: Iterable[str]) -> str:
    items = "\n".join(f"- {line}" for line in lines)
    return f"{head}\n\n{items}" if items else ""


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    rule = [":--", *["--:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (header, rule, *rows))


def _text(said: object) -> str:
    """What a machine or a lab says, as Markdown shows it: no control characters, no markup, one line."""
    return re.sub(r"([\\`*\[\]<>|~$])", r"\\\1", " ".join(clean(said).split()))
