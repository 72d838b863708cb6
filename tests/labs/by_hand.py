"""Calling a lab's variants by hand, in an interpreter of their own: they may hang, and they start processes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SAFETY_SECONDS = 120
"""Only ends a test that would never end; nothing is judged by it."""


def by_hand(python: str, lab: str, code: str) -> Any:
    """What the code leaves in `result`; `lab` is the module.

    Args:
        python: The interpreter's program.
        lab: The lab's name.
        code: What to run after the lab was imported.
    """
    script = f"import json, sys\nimport labs.{lab} as lab\n{code}\njson.dump(result, sys.stdout)\n"
    done = subprocess.run(
        [python, "-W", "ignore::DeprecationWarning", "-c", script],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SAFETY_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
