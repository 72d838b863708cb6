"""One run on the measuring side: its folder, its interpreter, its cells, its journal."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import cgroup, events, evidence, hang, import_fault, placement, request, supervise
from harness.errors import LimitHit, UsageFault
from harness.logfile import LabLog
from harness.request import JUDGE_SECONDS
from harness.shared_memory import SharedMemory

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HARNESS_ROOT = Path(__file__).resolve().parent.parent
WORKER = "process "
"""What a worker of multiprocessing is named by (harness/left_behind.py)."""
WORKERS_RUN = ("multiprocessing.", "harness.cell")
"""What stands in the command lines of such workers, and of what multiprocessing runs beside them."""
PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")
"""All that a lab's process has of the surrounding environment; a command of the user's own has it all."""


class MeasuredRun:
    """A run whose cells are measured from here.

    Args:
        folder: The run folder, with request.json and the source in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.request = request.read(self.folder)
        self.journal = evidence.Journal(self.folder / evidence.JOURNAL)
        self._log = LabLog(self.folder / "lab.log", self.request.log_bytes)
        self._stacks = Path(tempfile.mkdtemp(prefix="pinlab-stacks-"))
        self._events = self.folder / "events.jsonl"
        self._events.touch()
        self._spare: frozenset[int] = frozenset()
        self._program = shutil.which(self.request.interpreter)

    @property
    def drain(self) -> int:
        """The process that drains the lab's output."""
        return self._log.process

    def start(self, proof: dict[str, Any], capacity_steps: int, spare: frozenset[int]) -> None:
        """Note the proof of the placement, and what this run's interpreter is and costs.

        Args:
            proof: As `placement.proof` gives it.
            capacity_steps: How many steps the workers of the capacity count.
            spare: Processes of the harness itself.

        Raises:
            UsageFault: If the interpreter does not run, or cannot import the lab.
        """
        self._spare = spare
        if self._program is None:
            raise UsageFault(f"no interpreter {self.request.interpreter} here")
        ended = self._python("harness.cell", self._order(None), "start", self.request.deadline_seconds)
        try:
            report = json.loads(ended.report)
        except ValueError:
            raise UsageFault(f"{self._told_file(None)}: cannot start: {self._last_line()}") from None
        if "import_fault" in report:
            raise UsageFault(import_fault.told(report["import_fault"], self.request, self._source()))
        self.journal.add(
            "start",
            proof=proof,
            interpreter=report["interpreter"],
            start_cost_seconds=_undisturbed_seconds(report),
            capacity_steps=capacity_steps,
        )

    def sample(self, variant: str, round_: int, place: int) -> dict[str, Any]:
        """Run one cell and note what came of it."""
        identity = f"{variant}.{round_}"
        written = self._log.bytes_seen()
        kills, refusals = self._counts()
        shared_memory = SharedMemory(self._stacks / "shared_memory", is_alone=self.request.in_container)
        report: dict[str, Any]
        if self.request.command:
            ended = self._command(identity)
            report = {
                "outcome": "finished" if ended.exit_code == 0 else "crashed",
                "wall_seconds": ended.wall_seconds,
                "cpu_seconds": ended.cpu_seconds,
            }
        else:
            meant_to_hang = self.request.variants[variant] == "deadlocked"
            ended = self._python(
                "harness.cell", self._order(variant), identity, self.request.deadline_seconds, watched=meant_to_hang
            )
            report = json.loads(ended.report) if ended.report else {"outcome": "crashed"}
            if line := report.pop("line", None):
                report["error"] = f"{self._told_file(variant)}:{line}: {report['error']}"
        kills_after, refusals_after = self._counts()
        of_the_process = report.pop("left_behind", [])
        in_memory = shared_memory.clear(report.pop("mapped", []))
        sample = {
            "id": identity,
            "variant": variant,
            "round": round_,
            "order": place,
            **report,
            "exit_code": ended.exit_code,
            "process_seconds": ended.wall_seconds,
            "peak_memory_bytes": ended.peak_memory_bytes,
            "left_behind": list(
                dict.fromkeys([*of_the_process, *_besides(ended.left_behind, of_the_process), *in_memory])
            ),
            "log_full": self._log.is_full() and self._log.bytes_seen() > written,
        }
        if self._log.bytes_seen() > written and not self.request.command:
            self._log.note(f"── printed by {identity}")
        sample |= self._outcome(ended, report["outcome"], kills_after > kills, refusals_after > refusals)
        self.journal.add("sample", **sample)
        return sample

    def judge(self, peers: list[str]) -> list[dict[str, Any]]:
        """Have the claims judged on what there is by now, and note the verdicts.

        Args:
            peers: The run ids of the other runs of the sweep, whose folders lie beside this one's.

        Raises:
            LimitHit: If judging did not end, or did not end well.
        """
        if self.request.command:
            return []
        folders = [str(self.folder.parent / peer) for peer in peers]
        order = {"run": str(self.folder), "peers": folders}
        ended = self._python("harness.judge", order, "judge", JUDGE_SECONDS)
        if not ended.report:
            raise LimitHit(f"the claims of {self.request.lab} could not be judged: {self._last_line()}")
        judged = json.loads(ended.report)
        self.journal.add("judged", **judged)
        verdicts: list[dict[str, Any]] = judged["verdicts"]
        return verdicts

    def close(self, status: str, seconds: float) -> None:
        """Prove the placement once more and fold everything into run.json.

        Args:
            status: "complete", or "interrupted" where the end was not asked for.
            seconds: Since the measuring began.
        """
        self._log.close()
        self.journal.add("end", proof=placement.proof(), status=status, seconds=seconds)
        self.journal.close()
        evidence.write_record(evidence.fold(self.request, self.journal.lines), self.folder)
        shutil.rmtree(self._stacks, ignore_errors=True)

    def _order(self, variant: str | None) -> dict[str, Any]:
        asked = self.request
        return {
            "lab": asked.lab,
            "sources": {str(self._source() / path): module for path, module in self._modules().items()},
            "module": self._module(variant),
            "variant": variant,
            "meant_to_hang": variant is not None and asked.variants[variant] == "deadlocked",
            "knobs": asked.knobs,
            "cpus": list(asked.cpus),
            "own_cgroup": asked.in_container,
            "memory_bytes": asked.memory_bytes,
        }

    def _modules(self) -> dict[str, str]:
        """The modules of the run, by their places under source/; the one that others import from comes first."""
        if self.request.command:
            return {}
        lab = {f"labs/{self.request.lab}.py": f"labs.{self.request.lab}"}
        mine = self.request.mine
        return lab | ({mine["module"].replace(".", "/") + ".py": mine["module"]} if mine else {})

    def _module(self, variant: str | None) -> str:
        """The module that a variant is in: the lab's, or the learner's."""
        mine = self.request.mine
        return mine["module"] if mine and variant in mine["variants"] else f"labs.{self.request.lab}"

    def _told_file(self, variant: str | None) -> str:
        """How the file that a variant is in is called for people."""
        return import_fault.told_file(self._module(variant).replace(".", "/") + ".py", self.request)

    def _source(self) -> Path:
        return self.folder / "source"

    def _environment(self, identity: str) -> dict[str, str]:
        passed_on = {name: value for name, value in os.environ.items() if self.request.command or name in PASSED_ON}
        captured = events.environment(self._events, self._stacks, identity, python_path=(self._source(), HARNESS_ROOT))
        return {**passed_on, **captured, "PYTHONUNBUFFERED": "1"}

    def _python(
        self, module: str, order: Mapping[str, Any], identity: str, deadline_seconds: float, *, watched: bool = False
    ) -> supervise.Ended:
        # The order is a literal of the program, which the interpreter reads without loading anything.
        command = [str(self._program), "-c", f"from {module} import main; main({order!a})"]
        return supervise.run(
            command,
            self._environment(identity),
            folder=self._source(),
            output=self._log.write_end,
            deadline_seconds=deadline_seconds,
            stacks=self._stacks,
            spare=self._spare,
            is_stuck=self._is_stuck if watched else None,
        )

    def _command(self, identity: str) -> supervise.Ended:
        program, *arguments = self.request.command
        if program in ("python", "python3"):
            program = str(self._program)
        return supervise.run(
            [program, *arguments],
            self._environment(identity),
            folder=self._source(),
            output=self._log.write_end,
            deadline_seconds=self.request.deadline_seconds,
            stacks=self._stacks,
            spare=self._spare,
            reports=False,
        )

    def _is_stuck(self, found: supervise.Hang) -> bool:
        return self._explained(found).outcome == "deadlocked"

    def _explained(self, found: supervise.Hang) -> hang.Explanation:
        threads = {process: hang.parse_stacks(text) for process, text in found.stacks.items()}
        return hang.explain(threads, _source_of, idle=found.idle, unseen=found.unseen)

    def _outcome(self, ended: supervise.Ended, reported: str, oom_killed: bool, refused: bool) -> dict[str, Any]:
        """How the sample ended, by what was seen from outside first."""
        if ended.hang is not None:
            explained = self._explained(ended.hang)
            self._log.note("\n".join([f"stopped after {ended.wall_seconds:.1f} s:", *explained.lines]))
            for text in ended.hang.stacks.values():
                self._log.note(text)
            return {
                "outcome": explained.outcome,
                "explanation": list(explained.lines),
                "cycle": list(explained.cycle),
                "cycle_length": len(explained.cycle),
                "wall_seconds": ended.wall_seconds,
                "cpu_seconds": ended.cpu_seconds,
            }
        if oom_killed:
            return {"outcome": "out_of_memory"}
        if refused and reported != "finished":
            return {"outcome": "too_many_processes"}
        if ended.exit_code < 0:
            return {"outcome": "killed", "error": f"ended by signal {-ended.exit_code}"}
        return {"outcome": reported}

    def _counts(self) -> tuple[int, int]:
        """How often the kernel has killed for memory and refused a fork in the run's own control group."""
        if not self.request.in_container:
            return 0, 0
        return cgroup.oom_kills() or 0, cgroup.refused_forks() or 0

    def _last_line(self) -> str:
        self._log.settle()
        text = (self.folder / "lab.log").read_text(encoding="utf-8", errors="replace")
        return (text.strip().splitlines() or ["it said nothing"])[-1]


def _undisturbed_seconds(report: Mapping[str, Any]) -> float | None:
    """What starting and ending a pool costs: starting computes, so what the wall shows beyond CPU time are others."""
    if "wall_seconds" not in report:
        return None
    wall, cpu = report["wall_seconds"], report["cpu_seconds"]
    return float(min(wall, cpu) if cpu else wall)


def _besides(commands: Iterable[str], named: Iterable[str]) -> list[str]:
    """The commands of the processes that were left, but for the workers that are named already, and their helpers."""
    if not any(WORKER in name for name in named):
        return list(commands)
    return [command for command in commands if not any(mark in command for mark in WORKERS_RUN)]


def _source_of(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
