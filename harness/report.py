"""The text that a person reads after a run: the question, the cores and their proof, the figures, the claims."""

from __future__ import annotations

import io
import shutil
from typing import TYPE_CHECKING, Any, cast

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from harness import disturbances
from harness.figures import asked_baseline, figures_of
from harness.machine import format_cpus
from harness.outcome import verdicts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TextIO

    from harness.hints import Hints
    from harness.notes import Page

    Record = Mapping[str, Any]

MARKS = {"holds": ("✓", "green"), "refuted": ("✗", "red"), "inconclusive": ("?", "yellow"), "skipped": ("–", "dim")}


PLAIN = str.maketrans({"✓": "+", "✗": "x", "–": "-", "×": "x", "·": "|", "µ": "u", "→": "->", "…": "..."})
"""What stands for our own signs where the output's encoding has none of them."""
UNLIMITED = 10_000
"""The width of an output that is no terminal: nothing is cut in what is read by a program, or from a file."""


def console_for(stream: TextIO) -> Console:
    """A console that writes to a stream as it can take it: plain where it is no terminal, narrow where it is narrow."""
    file = cast("TextIO", _Encodable(stream))
    size = shutil.get_terminal_size()
    width = size.columns if stream.isatty() else UNLIMITED
    return _Console(
        file=file,
        highlight=False,
        markup=False,
        emoji=False,
        width=width,
        height=size.lines,
        soft_wrap=width == UNLIMITED,
    )


class _Console(Console):
    """A console that leaves a closed pipe to the command, which ends quietly, and not with the exit code of a claim."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class _Encodable(io.TextIOBase):
    """A stream that never fails on a character: what its encoding does not have is written in another way."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding or "utf-8"

    def write(self, text: str) -> int:
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            text = text.translate(PLAIN).encode(self.encoding, "backslashreplace").decode(self.encoding)
        return self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()


def show_runs(records: Sequence[Record], console: Console, *, brief: bool = False, hints: Hints | None = None) -> None:
    """Show each run of a sweep, then the claims that span them.

    Args:
        records: The runs, of one lab.
        console: Where to.
        brief: Whether to show of each run its cores, circumstances, problems and claims alone.
        hints: What helps a learner on whose variants are among those that ran.
    """
    first = records[0]
    console.print(Text(clean(f"{first['lab']}: {first['question']}"), style="bold"))
    if whose := whose_line(first):
        console.print(Text(clean(whose)))
    for record in records:
        console.print()
        console.print(Text(placement_line(record)))
        console.print(Text(circumstances_line(record), style="dim"))
        if not brief:
            header, *rows = variants_table(record)
            show_table(header, rows, console)
            show_disturbances(record, console)
        show_problems(record, console, hints)
        show_verdicts((one for one in record["verdicts"] if len(one["runs"]) == 1), console, hints=hints)
    spanning = [one for one in verdicts_of(records) if len(one["runs"]) > 1]
    if spanning:
        console.print()
        console.print("Over the sweep:")
        for python in dict.fromkeys(record["python"] for record in records):
            of_python = {record["run_id"] for record in records if record["python"] == python}
            own = [one for one in spanning if set(one["runs"]) <= of_python]
            prefix = f"{python}: " if len({one["python"] for one in records}) > 1 else ""
            show_verdicts(own, console, prefix, hints)


def whose_line(record: Record) -> str:
    """Whose file it is, and which variants are a learner's; empty where all is the repository's own."""
    mine, origin = record.get("mine"), record.get("origin")
    lab = f"the lab is {origin}, from outside this repository" if origin else ""
    if not mine:
        return lab
    others = len(record["variants"]) - len(mine["variants"])
    rest = "the other variants and the claims are" if others else "the claims are"
    own = f"yours, from {mine['file']}: {', '.join(mine['variants'])}; {rest} the lab's own"
    return f"{own}; {lab}" if lab else own


def placement_line(record: Record) -> str:
    """The cores and the proof of them, in one line."""
    placement = record["placement"]
    cores = f"{record['cores']} core{'s' if record['cores'] > 1 else ''}"
    asked = format_cpus(placement["requested"])
    if placement["pinned"] is None:
        return f"{cores}: NOT PROVEN, CPUs {asked} were asked for and the run ended before they were read back"
    if not placement["pinned"]:
        return f"{cores}: UNPINNED, this system cannot pin; CPUs {asked} were asked for and are not proven"
    if not placement["valid"]:
        return f"{cores}: INVALID PLACEMENT, asked for CPUs {asked}, the kernel tells otherwise (see run.json)"
    witnesses = "affinity, Cpus_allowed_list"
    if record["runner"] == "docker" and placement["proof"]["start"].get("cgroup_version"):
        witnesses += f", cgroup v{placement['proof']['start']['cgroup_version']}"
    when = "at the start and the end" if placement["at_end"] is not None else "at the start, its end was not reached"
    return f"{cores}: CPUs {asked}, read back inside {when} ({witnesses})"


def circumstances_line(record: Record) -> str:
    """Interpreter, runner, config, knobs and capacity, in one line."""
    where = f"docker {record['engine']['version']}" if record.get("engine") else "local runner"
    knobs = " ".join(f"{name}={value}" for name, value in record["knobs"].items())
    sides = (one[side] for one in record["rounds"] for side in ("before", "after"))
    capacities = [side["capacity"] for side in sides if side]
    parts = [interpreter_line(record), where, f"config {record['config']}"]
    if knobs:
        parts.append(knobs)
    rounds = len(record["rounds"])
    parts.append(f"{rounds} round{'s' if rounds != 1 else ''} in {record['seconds']['all'] or 0:.0f} s")
    if record["cores"] > 1 and capacities:
        low, high = min(capacities), max(capacities)
        parts.append(f"capacity {low:.2f}" if f"{low:.2f}" == f"{high:.2f}" else f"capacity {low:.2f} to {high:.2f}")
    if record["status"] != "complete":
        parts.append(record["status"].upper())
    return " · ".join(map(clean, parts))


def interpreter_line(record: Record) -> str:
    """The interpreter and its GIL, in a few words."""
    interpreter = record["interpreter"]
    if not interpreter:
        return f"Python {record['python']}"
    free_threaded = "t" if interpreter["free_threaded"] else ""
    return f"Python {interpreter['version']}{free_threaded}, GIL {'on' if interpreter['gil_enabled'] else 'off'}"


def variants_table(record: Record) -> list[tuple[str, ...]]:
    """A header, and a row for each variant; speed-ups only where claims ask for them, or nothing is judged yet."""
    baseline = asked_baseline(record)
    with_speed = baseline is not None or not record["verdicts"]
    over = f"over {baseline}" if baseline else "speed-up"
    rows: list[tuple[str, ...]] = [
        ("variant", "wall", *((over, "of capacity") if with_speed else ()), "cores busy", "outcome")
    ]
    for row in figures_of(record):
        speed = (row.speed_up.text, row.efficiency.text) if with_speed else ()
        rows.append((row.name, row.wall.text, *speed, row.cores_busy.text, row.outcome))
    return rows


def show_disturbances(record: Record, console: Console) -> None:
    """Say how many samples were dropped and why, what it means and what to do; nothing where none was."""
    for line, style in zip(disturbances.lines(record), ("yellow", "dim"), strict=False):
        console.print(Text(clean(line), style=style))


def show_table(header: Sequence[str], rows: Iterable[Sequence[str]], console: Console) -> None:
    """Show rows as a table where it fits, else one below the other; numbers to the right, the first column's words not.

    Args:
        header: The columns' names; the first is what a row is about.
        rows: As many words each.
        console: Where to.
    """
    shown = [[clean(word) for word in row] for row in rows]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column, name in enumerate(header):
        numbers = all(row[column][:1].isdigit() or len(row[column]) < 2 for row in shown)
        table.add_column(Text(clean(name)), justify="right" if numbers and column else "left")
    for row in shown:
        table.add_row(*map(Text, row))
    if Measurement.get(console, console.options.update_width(UNLIMITED), table).maximum <= console.width:
        console.print(table)
        return
    for row in shown:
        console.print(Text(row[0]))
        for name, word in zip(header[1:], row[1:], strict=True):
            console.print(Text(f"  {clean(name)}: {word}"))


def show_problems(record: Record, console: Console, hints: Hints | None = None) -> None:
    """Show what went against what the lab says of itself, each kind of each variant once."""
    seen = set()
    for problem in record["problems"]:
        key = (problem["kind"], problem["variant"])
        if key not in seen:
            seen.add(key)
            detail = problem["detail"]
            lines = detail if isinstance(detail, list) else [detail]
            head = f"! {problem['variant']}: {problem['kind'].replace('_', ' ')}"
            console.print(Text(clean(f"{head}: {lines[0]}" if lines and lines[0] else head), style="red"))
            for line in lines[1:]:
                console.print(Text("    " + clean(line)))
            if hint := hints and hints.told(hints.of_problem(problem["kind"], problem["variant"])):
                console.print(Text(f"    {clean(hint)}", style="cyan"))


def show_verdicts(
    verdicts: Iterable[dict[str, Any]], console: Console, prefix: str = "", hints: Hints | None = None
) -> None:
    """Show each claim with its mark, and below it the reason and what the evidence says of the cause."""
    for verdict in verdicts:
        mark, style = MARKS[verdict["verdict"]]
        sentence = clean(prefix + verdict["sentence"])
        reason = f"{verdict['verdict']}: {clean(verdict['reason'])}"
        if verdict["verdict"] in ("holds", "skipped"):
            console.print(Text.assemble((f"{mark} ", style), sentence, (f"  ({reason})", "dim")))
        else:
            console.print(Text.assemble((f"{mark} ", style), sentence))
            console.print(Text(f"    {reason}"))
        for why in verdict["why"]:
            console.print(Text(f"    because {clean(why)}", style="dim"))
        if hint := hints and hints.told(hints.of_claim(verdict["claim"], verdict["verdict"])):
            console.print(Text(f"    {clean(hint)}", style="cyan"))


def show_page(question: str, page: Page | None, code: str, console: Console) -> None:
    """Show a lab's page and its code: set on a terminal, as they stand elsewhere.

    Args:
        question: The lab's own, where the page does not put it in its language.
        page: The page; None where the lab has none.
        code: The lab's source.
        console: Where to.
    """
    console.print(Text(clean((page and page.question) or question), style="bold"))
    if console.is_terminal:
        from rich.markdown import Markdown
        from rich.syntax import Syntax

        if page:
            console.print()
            console.print(Markdown(page.plain_markdown()))
        console.print()
        console.print(Syntax(code, "python", background_color="default"))
        return
    for line in [*(page.text.splitlines() if page else ()), "", *code.splitlines()]:
        console.print(Text(clean(line)))


def clean(text: object) -> str:
    """Text of a lab or of the world with its control and direction characters made visible."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in str(text))
