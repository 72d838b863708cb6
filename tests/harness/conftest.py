"""What the tests of single modules share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def hold_to_schema(repo: Path) -> Callable[[dict[str, Any]], None]:
    """Fails where a record is not as run.schema.json says."""
    schema = json.loads((repo / "harness" / "run.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    def hold(record: dict[str, Any]) -> None:
        faults = [
            f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(json.loads(json.dumps(record)))
        ]
        assert faults == []

    return hold
