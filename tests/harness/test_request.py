"""request.json: what is written comes back, and what cannot be used is told in one line."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest

from harness import request
from harness.errors import OwnFault
from tests.made_up import made_up_request

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    asked = made_up_request(
        question="한국어, \u2028 and half a surrogate \udc80", knobs={"a": 1, "b": 0.5, "c": "x", "d": True}
    )
    request.write(asked, tmp_path)
    assert request.read(tmp_path) == asked
    assert request.dumped(asked).isascii()


def test_only_a_container_has_a_control_group_of_its_own() -> None:
    assert made_up_request(runner="docker").in_container
    assert not made_up_request(runner="local").in_container


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"5", b"null", b"{}", b'{"format_version": 1}', b"\xff\xfe", b"[" * 100_000, b"\0" * 100],
)
def test_what_is_no_request_is_told_in_one_line(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "request.json").write_bytes(content)
    with pytest.raises(OwnFault, match=r"\Ano usable request\.json in .*") as told:
        request.read(tmp_path)
    assert "\n" not in str(told.value)


def test_a_request_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(OwnFault, match=r"no usable request\.json"):
        request.read(tmp_path)


@pytest.mark.parametrize("change", [{"format_version": 2}, {"format_version": 2, "new": 1}])
def test_a_request_of_another_format_names_both_versions(change: dict[str, int], tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text(json.dumps(dataclasses.asdict(made_up_request()) | change), encoding="utf-8")
    with pytest.raises(OwnFault, match=r"has format 2, this is 1"):
        request.read(tmp_path)


@pytest.mark.parametrize("change", [{"new": 1}, {"cpus": None}])
def test_a_request_with_other_fields_is_not_used(change: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text(json.dumps(dataclasses.asdict(made_up_request()) | change), encoding="utf-8")
    with pytest.raises(OwnFault, match="no usable request"):
        request.read(tmp_path)
