"""The store: runs come in whole or not at all, and what cannot be read is skipped and counted."""

from __future__ import annotations

import contextlib
import errno
import json
import multiprocessing
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness import evidence, request, store
from harness.errors import StoreFault, UsageFault
from harness.testing import made_up_run, record_of
from tests.made_up import made_up_request, write_cut_off_run

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534
RUN = "20260101-120000-made_up-c2-3.14-0000"


def record_bytes(**more: Any) -> bytes:
    return json.dumps(record_of(made_up_run(walls={"a": 1.0}, rounds=1)) | more).encode()


def put(results: Path, run_id: str = RUN, **more: Any) -> None:
    store.take_in(run_id, [("run.json", record_bytes(run_id=run_id, **more))], results)


@pytest.fixture
def results() -> Iterator[Path]:
    """A store in a folder that other users can reach."""
    folder = Path(tempfile.mkdtemp(prefix="store-"))
    folder.chmod(0o755)
    yield folder / "results with spaces"
    shutil.rmtree(folder)


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Whoever runs the tests, go on as a user whom permissions hold for."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_store_that_is_missing_is_made(results: Path) -> None:
    store.prepare(results / "deeper")
    assert (results / "deeper").is_dir()
    assert list((results / "deeper").iterdir()) == []


def test_a_store_of_somebody_else_is_told_with_advice_before_anything_is_measured(results: Path) -> None:
    results.mkdir(mode=0o555)
    with as_nobody(), pytest.raises(StoreFault, match=r"cannot be written \(Permission denied\)") as told:
        store.prepare(results)
    assert f"sudo chown -R $(id -u) '{results}'" in str(told.value)
    assert told.value.exit_code == 5


def test_a_run_that_cannot_be_stored_says_that_it_stays_where_it_is(results: Path) -> None:
    results.mkdir(mode=0o555)
    with as_nobody(), pytest.raises(StoreFault, match=f"the run {RUN} stays in the volume"):
        put(results)
    assert list(results.iterdir()) == []


def test_a_store_that_may_not_be_listed_is_told(results: Path) -> None:
    results.mkdir(mode=0o000)
    with as_nobody(), pytest.raises(StoreFault, match="cannot be read"):
        store.read_all(results)
    results.chmod(0o755)


@pytest.mark.parametrize(
    ("number", "advice"), [(errno.EROFS, "read-only"), (errno.ENOSPC, "make room"), (errno.EACCES, "sudo chown")]
)
def test_the_advice_is_for_the_fault(number: int, advice: str, results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(StoreFault, match=advice):
        store.prepare(results)
    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(StoreFault, match=advice):
        put(results)
    assert list(results.iterdir()) == []


def test_a_file_in_the_stores_place_is_told(results: Path) -> None:
    results.write_text("mine")
    with pytest.raises(StoreFault, match="is a file: move it away"):
        store.prepare(results)
    with pytest.raises(StoreFault):
        put(results)
    with pytest.raises(StoreFault, match="cannot be read"):
        store.read_all(results)
    assert results.read_text() == "mine"


def test_a_run_comes_in_with_all_its_files(results: Path) -> None:
    files = [("run.json", record_bytes()), ("lab.log", b"hello"), ("source/labs/made_up.py", b"x = 1")]
    folder = store.take_in(RUN, iter(files), results)
    assert folder == results / RUN
    assert (folder / "source" / "labs" / "made_up.py").read_bytes() == b"x = 1"
    assert store.read_record(folder)["lab"] == "made_up"
    assert [entry.name for entry in results.iterdir()] == [RUN]


@pytest.mark.parametrize("text", ["half a pair \ud800", "a name of bytes \udcff", "한국어 🐍"])
def test_a_text_is_read_as_it_was_written_though_it_is_no_unicode(results: Path, text: str) -> None:
    put(results, status=text)
    assert store.read_record(results / RUN)["status"] == text


def test_numbers_are_read_as_they_were_written(results: Path) -> None:
    numbers = {"large": 10**30, "least": 5e-324, "third": 1 / 3, "whole": 1.0}
    put(results, facts=numbers)
    read = store.read_record(results / RUN)["facts"]
    assert {name: repr(number) for name, number in read.items()} == {name: repr(n) for name, n in numbers.items()}


def test_a_run_that_comes_again_takes_the_place_of_the_former(results: Path) -> None:
    store.take_in(RUN, [("run.json", record_bytes()), ("old", b"")], results)
    store.take_in(RUN, [("run.json", record_bytes(status="interrupted"))], results)
    assert store.read_record(results / RUN)["status"] == "interrupted"
    assert not (results / RUN / "old").exists()


def test_hostile_paths_stay_out(results: Path) -> None:
    outside = results.parent / "outside"
    hostile = [
        "../outside",
        "../../outside",
        "a/../../../outside",
        str(outside),
        "",
        ".",
        "..",
        "a\0b",
        "b/__pycache__/c.pyc",
    ]
    folder = store.take_in(RUN, [("run.json", record_bytes()), *((name, b"no") for name in hostile)], results)
    assert not outside.exists()
    assert [path.name for path in folder.rglob("*")] == ["run.json"]


@pytest.mark.parametrize("run_id", ["", ".", "..", "../outside", "/", "bash", f"{RUN}/..", f"{RUN}\n"])
def test_nothing_is_stored_or_removed_under_what_is_no_run_id(run_id: str, results: Path) -> None:
    put(results)
    outside = results.parent / "outside"
    outside.mkdir()
    with pytest.raises(StoreFault, match="no run id"):
        store.take_in(run_id, [("run.json", record_bytes())], results)
    assert outside.is_dir()
    assert [entry.name for entry in results.iterdir()] == [RUN]


def test_a_run_that_was_cut_off_is_closed_as_it_comes_in(results: Path, tmp_path: Path) -> None:
    write_cut_off_run(tmp_path / "run")
    files = [(path.name, path.read_bytes()) for path in (tmp_path / "run").iterdir()]
    folder = store.take_in(RUN, files, results)
    assert sorted(entry.name for entry in folder.iterdir()) == ["request.json", "run.json"]
    record = store.read_record(folder)
    assert record["status"] == "interrupted"
    assert [len(one["samples"]) for one in record["variants"]] == [2, 2]


def test_a_run_whose_request_cannot_be_read_is_kept_though_it_cannot_be_closed(results: Path) -> None:
    folder = store.take_in(RUN, [("journal.jsonl", b'{"kind": "start"}\n'), ("request.json", b"{")], results)
    assert (folder / "journal.jsonl").exists()
    assert len(store.read_all(results).skipped) == 1


def test_a_run_in_which_nothing_had_started_can_be_dropped_and_no_other(tmp_path: Path) -> None:
    begun, unstarted, unread = (tmp_path / name for name in ("begun", "unstarted", "unread"))
    for folder in (begun, unstarted, unread):
        write_cut_off_run(folder)
    store.close(begun)
    (unstarted / evidence.JOURNAL).write_bytes(b"")
    store.close(unstarted)
    assert [store.drop_unstarted(folder) for folder in (begun, unstarted, unread)] == [False, True, False]
    assert [folder.exists() for folder in (begun, unstarted, unread)] == [True, False, True]


def test_a_run_is_closed_once(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    write_cut_off_run(folder)
    assert store.close(folder)
    assert not store.close(folder)
    assert evidence.fault_of(store.read_record(folder)) is None


def test_local_runs_are_closed_once_their_command_is_dead(results: Path) -> None:
    for run_id, owner in ((RUN, "dead"), (f"{RUN[:-4]}1111", "alive")):
        asked = made_up_request(run_id=run_id, facts={**made_up_request().facts, "owner": owner})
        write_cut_off_run(results / run_id, asked)
    (results / "broken").mkdir()
    (results / "broken" / "journal.jsonl").touch()
    assert store.close_abandoned(results, lambda owner: owner == "alive") == [RUN]
    assert (results / RUN / "run.json").exists()
    assert not (results / f"{RUN[:-4]}1111" / "run.json").exists()


def test_a_run_that_cannot_be_closed_for_lack_of_rights_is_left_for_later(results: Path) -> None:
    write_cut_off_run(results / RUN)
    (results / RUN).chmod(0o555)
    with as_nobody():
        assert store.close_abandoned(results, lambda _owner: False) == []
    (results / RUN).chmod(0o755)
    assert store.close_abandoned(results, lambda _owner: False) == [RUN]


def test_records_come_oldest_first_and_by_lab(results: Path) -> None:
    runs = [
        "20260103-120000-gil-c2-3.14-0000",
        "20260101-120000-gil-c1-3.14t-0000",
        "20260102-120000-gil_io-c1-3.14-0000",
    ]
    for run_id in runs:
        put(results, run_id, lab=run_id.split("-")[2])
    assert [record["run_id"] for record in store.read_all(results).records] == [runs[1], runs[2], runs[0]]
    assert [record["run_id"] for record in store.read_all(results, "gil").records] == [runs[1], runs[0]]
    assert store.read_all(results, "race") == store.Stored((), ())
    (results / runs[2] / "run.json").write_bytes(b"{")
    assert len(store.read_all(results).skipped) == 1
    assert store.read_all(results, "gil").skipped == ()


def test_what_is_kept_of_each_record_is_what_is_asked_for_with_its_folder(results: Path) -> None:
    put(results)
    found = store.read_all(results, None, lambda record: {"lab": record["lab"]})
    assert (found.records, found.folders) == (({"lab": "made_up"},), (results / RUN,))


def test_a_store_that_is_not_there_holds_nothing(results: Path) -> None:
    assert store.read_all(results) == store.Stored((), ())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b"\xff\xfe{}",
        b"[" * 200_000,
        b'{"format_version": ' + b"9" * 5_000 + b"}",
        json.dumps({"format_version": 1, "run_id": "x"}).encode(),
        record_bytes(format_version=0),
        record_bytes(format_version=2),
        record_bytes(variants=5),
        record_bytes(verdicts=[{"verdict": "perhaps"}]),
    ],
)
def test_what_is_no_record_is_skipped_and_counted(content: bytes, results: Path) -> None:
    put(results)
    other = results / "20260102-120000-made_up-c1-3.14-0000"
    other.mkdir()
    (other / "run.json").write_bytes(content)
    found = store.read_all(results)
    assert [record["run_id"] for record in found.records] == [RUN]
    [skipped] = found.skipped
    assert str(other) in skipped
    assert "\n" not in skipped
    assert len(skipped) < 500


def test_what_is_too_large_is_not_read(results: Path) -> None:
    put(results)
    with (results / RUN / "run.json").open("r+b") as file:
        file.truncate(store.LARGEST_BYTES + 1)
    [skipped] = store.read_all(results).skipped
    assert "bytes" in skipped


def test_a_save_that_was_killed_leaves_a_draft_that_is_counted(results: Path) -> None:
    put(results)
    (results / f".{RUN}.4711").mkdir()
    (results / ".probe-4711").mkdir()
    (results / "20260102-120000-made_up-c1-3.14-0000").mkdir()
    (results / "20260102-120000-made_up-c1-3.14-0000" / ".run.json.4711").write_bytes(b'{"form')
    found = store.read_all(results)
    assert len(found.records) == 1
    assert len(found.skipped) == 2
    assert "has not come to its end" in found.skipped[0]


def test_fifty_writers_leave_fifty_readable_runs(results: Path) -> None:
    store.prepare(results)
    context = multiprocessing.get_context("forkserver")
    content = record_bytes()
    writers = []
    for index in range(50):
        run_id = f"20260101-120000-made_up-c2-3.14-{index:04x}"
        files = [("run.json", content), ("lab.log", b"x" * 100_000)]
        writers.append(context.Process(target=store.take_in, args=(run_id, files, results)))
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * 50
    found = store.read_all(results)
    assert (len(found.records), found.skipped) == (50, ())


@pytest.mark.parametrize("run_id", ["", "x", "../x", "/etc/passwd", "--help", f"{RUN}\n", f"{RUN}/..", RUN.upper()])
def test_what_a_person_names_must_be_a_run_id(run_id: str, results: Path) -> None:
    with pytest.raises(UsageFault, match="is no run id"):
        store.folder_of(run_id, results)


def test_a_run_that_a_person_names_must_be_there(results: Path) -> None:
    with pytest.raises(UsageFault, match="no run "):
        store.folder_of(RUN, results)
    put(results)
    assert store.folder_of(RUN, results) == results / RUN


def test_run_ids_as_they_are_made_are_run_ids() -> None:
    for run_id in ("20260101-120000-gil-c1-3.14-0a1b", "20260101-120000-sum_messages-c16-3.14t-ffff"):
        assert store.RUN_ID.fullmatch(run_id)
    assert request.FORMAT_VERSION == 1
