"""The interpreters that tests of measured code run on: this one, 3.14 and 3.14t, where uv knows of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest


@cache
def interpreter(version: str) -> str | None:
    """The path of an installed interpreter, or None."""
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if uv is None:
        return shutil.which(f"python{version}")
    found = subprocess.run(
        [uv, "python", "find", "--no-python-downloads", version], capture_output=True, text=True, check=False
    )
    return found.stdout.strip() if found.returncode == 0 else None


def on_each(*versions: str) -> pytest.MarkDecorator:
    """Run a test on each of these versions; "this" is the one that runs the tests."""
    given = []
    for version in versions:
        path = sys.executable if version == "this" else interpreter(version)
        missing = pytest.mark.skipif(path is None, reason=f"no Python {version} here")
        given.append(pytest.param(path, id=version, marks=missing))
    return pytest.mark.parametrize("python", given)


every_interpreter = on_each("this", "3.14", "3.14t")
new_interpreters = on_each("3.14", "3.14t")
