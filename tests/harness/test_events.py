"""Events: the environment that has records written, and the reader of what was written."""

from __future__ import annotations

import json
import os
from pathlib import Path

from harness.events import CAPTURE, by_sample, environment, read_events


def line(message: str, t: float = 1.0, sample: str = "s", **other: object) -> bytes:
    fields: dict[str, object] = {
        "t": t, "pid": 7, "process": "MainProcess", "tid": 8, "thread": "MainThread",
        "logger": "root", "level": "INFO", "message": message, "sample": sample,
    }  # fmt: skip
    return json.dumps(fields | other).encode() + b"\n"


def test_a_record_comes_back_with_all_its_fields(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(line("안녕 \u202e [red]", t=12.5, sample="a"))
    (event,) = read_events(file).records
    assert (event.time_seconds, event.process, event.process_name) == (12.5, 7, "MainProcess")
    assert (event.thread, event.thread_name, event.logger) == (8, "MainThread", "root")
    assert (event.level, event.message, event.sample) == ("INFO", "안녕 \u202e [red]", "a")


def test_records_come_in_order_of_time_not_of_writing(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(line("late", t=2) + line("early", t=1) + line("also late", t=2))
    assert [event.message for event in read_events(file).records] == ["early", "late", "also late"]


def test_a_torn_last_line_is_counted_and_the_rest_kept(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(line("whole") + line("torn")[:40])
    events = read_events(file)
    assert [event.message for event in events.records] == ["whole"]
    assert events.torn == 1


def test_lines_that_are_no_records_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    strange = [b"[1, 2]", b'"text"', b"\xff\xfe", b"{}", b"[" * 5000, b"null", line("x", pid="seven").strip()]
    strange.append(line("x").replace(b'"pid": 7', b'"pid": 1e999').strip())
    file.write_bytes(b"\n".join(strange) + b"\n" + line("whole"))
    events = read_events(file)
    assert [event.message for event in events.records] == ["whole"]
    assert events.torn == len(strange)


def test_a_missing_file_holds_no_records(tmp_path: Path) -> None:
    assert read_events(tmp_path / "none.jsonl").records == ()


def test_records_are_grouped_by_their_sample(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(line("1", t=1, sample="a") + line("2", t=2, sample="b") + line("3", t=3, sample="a"))
    groups = by_sample(read_events(file).records)
    assert {sample: [event.message for event in events] for sample, events in groups.items()} == {
        "a": ["1", "3"],
        "b": ["2"],
    }


def test_the_environment_puts_the_capture_first_on_the_path(tmp_path: Path) -> None:
    variables = environment(tmp_path / "e", tmp_path / "s", "gil.0", python_path=[Path("/run/source")])
    assert variables["PYTHONPATH"].split(os.pathsep) == [str(CAPTURE), "/run/source"]
    assert (CAPTURE / "sitecustomize.py").is_file()
    assert variables["PINLAB_SAMPLE"] == "gil.0"
    assert "PINLAB_EVENTS_LIMIT" not in variables


def test_the_environment_names_files_by_their_full_path() -> None:
    variables = environment(Path("e.jsonl"), Path("stacks"), "s", limit_bytes=100)
    assert Path(variables["PINLAB_EVENTS"]).is_absolute()
    assert Path(variables["PINLAB_STACKS"]).is_absolute()
    assert variables["PINLAB_EVENTS_LIMIT"] == "100"
