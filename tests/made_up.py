"""Made-up requests and journals: a run as the measuring side would have written it down, without any measuring."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from harness import evidence, request
from harness.request import Request
from harness.testing import made_up_run, record_of

if TYPE_CHECKING:
    from pathlib import Path

    Line = dict[str, Any]

HONEST = record_of(made_up_run(walls={"slow": 1.0, "fast": 0.5}))
FACTS = ("machine", "engine", "image", "topology", "owner", "harness_hash", "host_shares_the_cpus")
PROOF = HONEST["placement"]["proof"]["start"]


def made_up_request(**changes: Any) -> Request:
    """A request for CPUs 0 and 1 in a container, with some of its fields changed."""
    asked = Request(
        run_id="20260101-120000-made_up-c2-3.14-0000",
        sweep_id="20260101-120000-made_up-0000",
        lab="made_up",
        command=(),
        variants={"slow": "finished", "fast": "finished"},
        documents={"slow": "Baseline.", "fast": "The other."},
        question="Is it faster?",
        cores=2,
        cpus=(0, 1),
        runner="docker",
        python="3.14",
        interpreter="python3.14",
        config="standard",
        knobs={"count": 1000},
        seed=1,
        fixed_rounds=None,
        deadline_seconds=60.0,
        lifetime_seconds=600.0,
        log_bytes=100_000,
        memory_bytes=0,
        source_hash="0" * 16,
        created="2026-01-01T12:00:00+00:00",
        facts={name: HONEST[name] for name in FACTS},
    )
    return dataclasses.replace(asked, **changes)


def sample(variant: str, round_: int, **changes: Any) -> Line:
    """The line of an honest sample of one of the two variants."""
    [entry] = [entry for entry in HONEST["variants"] if entry["name"] == variant]
    return {"kind": "sample", "variant": variant, **entry["samples"][round_], **changes}


def made_up_journal(rounds: int = 2, *, end: bool = True) -> list[Line]:
    """The lines of a run that went well, up to its end or without it."""
    lines: list[Line] = [
        {
            "kind": "start",
            "proof": PROOF,
            "interpreter": HONEST["interpreter"],
            "start_cost_seconds": 0.1,
            "capacity_steps": 1000,
        }
    ]
    for round_ in range(rounds):
        lines += [sample("slow", round_), sample("fast", round_)]
        lines += [{"kind": "round", **HONEST["rounds"][round_]}]
    lines += [{"kind": "judged", "verdicts": [verdict()], "unequal_answers": []}]
    return lines + [{"kind": "end", "proof": PROOF, "status": "complete", "seconds": 12.5}] * end


def verdict(value: str = "holds", **changes: Any) -> Line:
    """A verdict on a made-up claim."""
    return {
        "claim": "it_is_faster",
        "sentence": "It is faster.",
        "verdict": value,
        "reason": "1.98 to 2.02",
        "why": [],
        "figures": {"low": 1.98, "median": 2.0, "high": 2.02, "pairs": 12, "dropped": 0},
        "asks": [],
        "runs": ["20260101-120000-made_up-c2-3.14-0000"],
        **changes,
    }


def write_cut_off_run(folder: Path, asked: Request | None = None) -> None:
    """A run folder as it is left when everything died in the middle of a line."""
    folder.mkdir(parents=True)
    request.write(asked or made_up_request(), folder)
    lines = [json.dumps(line) for line in made_up_journal(end=False)]
    (folder / evidence.JOURNAL).write_text("\n".join([*lines[:-1], lines[-1][: len(lines[-1]) // 2]]), encoding="utf-8")
