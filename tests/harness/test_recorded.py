from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness import recorded
from harness.catalogue import find_lab, lab_names
from harness.errors import UsageFault
from harness.notes import LANGUAGES
from harness.recorded import disagreements, extract, latest_sweep, main, read_kept, record_path, unrecorded
from harness.seen import section_in
from harness.testing import made_up_run, record_of
from tests.made_up import verdict

if TYPE_CHECKING:
    from collections.abc import Callable

LABS = Path(__file__).parents[2] / "labs"
EVERY_LAB_IS_RECORDED = False
"""Whether the runs of every lab of the course are recorded: once this is True, one without a record fails the tests."""

LAB = '''"""Which is faster?"""

from harness.lab import Run, Verdict, claim, variant


@variant
def slow() -> int:
    """Baseline."""
    return 1


@variant
def fast() -> int:
    """The other."""
    return 1


@claim
def it_is_faster(run: Run) -> Verdict:
    """It is faster."""
    return run.speed_up(fast, over=slow).is_at_least(1.5) & run.answers(slow).are_all(1)
'''
FRONT = '+++\nchapter = "2 Threads"\norder = 1\n[examples]\n[concepts]\n+++\n\n'
PAGES = {
    "en": f"{FRONT}## What to see\n\nIt is.\n\n## What surprises\n\nNothing.\n",
    "ko": f"{FRONT}## 뜻밖의 것\n\n없습니다.\n",
}


def a_sweep(sweep: str = "a", day: int = 1, **changes: Any) -> list[dict[str, Any]]:
    """Four honest runs of the lab, on 1 and 2 cores, with and without the GIL."""
    found = []
    for gil in (True, False):
        for cores in (1, 2):
            run = made_up_run(walls={"slow": 1.0, "fast": 0.5}, answers={"slow": 1}, cores=cores, gil=gil, **changes)
            record = record_of(run)
            record["lab"] = "mine"
            record["sweep_id"] = f"2026010{day}-120000-mine-{sweep}"
            record["run_id"] = f"2026010{day}-120000-mine-c{cores}-{record['python']}-000{sweep}"
            record["created"] = f"2026-01-0{day}T12:00:00+00:00"
            found.append(record | {"verdicts": [verdict(runs=[record["run_id"]])]})
    return found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with one lab and its pages, and the results of one sweep of it."""
    (tmp_path / "labs").mkdir()
    (tmp_path / "labs" / "mine.py").write_text(LAB)
    for language, text in PAGES.items():
        path = tmp_path / "labs" / "notes" / language / "mine.md"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    store(tmp_path, a_sweep())
    return tmp_path


def store(root: Path, records: list[dict[str, Any]]) -> None:
    for record in records:
        folder = root / "results" / record["run_id"]
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps(record))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_recording_writes_the_record_and_the_section_of_every_page(root: Path) -> None:
    assert main(["mine"], root) == 0
    for language in LANGUAGES:
        assert section_in((root / "labs" / "notes" / language / "mine.md").read_text(encoding="utf-8"))
    assert read_kept("mine", root / "labs") is not None
    assert disagreements("mine", root / "labs") == []
    assert main(["--check"], root) == 0


def test_recording_again_changes_nothing(root: Path) -> None:
    main(["mine"], root)
    before = {path: path.read_bytes() for path in (root / "labs" / "notes").rglob("*.*")}
    main(["mine"], root)
    assert {path: path.read_bytes() for path in (root / "labs" / "notes").rglob("*.*")} == before


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_changed_figure_in_a_page_is_caught(root: Path, language: str) -> None:
    main(["mine"], root)
    change(root / "labs" / "notes" / language / "mine.md", "×2.", "×3.")
    [line] = disagreements("mine", root / "labs")
    assert "not what the record says" in line
    assert main(["--check", "mine"], root) == 2


def test_a_changed_figure_in_a_record_is_caught(root: Path) -> None:
    main(["mine"], root)
    kept = json.loads(record_path("mine", root / "labs").read_text())
    kept["runs"][0]["variants"][0]["wall_seconds"]["median"] *= 2
    record_path("mine", root / "labs").write_text(json.dumps(kept))
    assert len(disagreements("mine", root / "labs")) == len(LANGUAGES)


def test_a_page_that_lost_its_section_is_caught(root: Path) -> None:
    main(["mine"], root)
    (root / "labs" / "notes" / "ko" / "mine.md").write_text(PAGES["ko"], encoding="utf-8")
    [line] = disagreements("mine", root / "labs")
    assert "ko/mine.md" in line


def test_figures_without_a_record_are_caught(root: Path) -> None:
    main(["mine"], root)
    record_path("mine", root / "labs").unlink()
    assert len(disagreements("mine", root / "labs")) == len(LANGUAGES)
    assert unrecorded(root / "labs") == ["mine"]


def test_a_lab_outside_of_the_numbered_chapters_needs_no_record(root: Path) -> None:
    change(root / "labs" / "notes" / "en" / "mine.md", "2 Threads", "Further")
    assert unrecorded(root / "labs") == []


def test_a_record_of_other_claims_than_the_labs_is_caught(root: Path) -> None:
    main(["mine"], root)
    change(root / "labs" / "mine.py", "def it_is_faster", "def it_is_much_faster")
    assert any("other variants or claims" in line for line in disagreements("mine", root / "labs"))


def test_a_record_in_another_format_is_told_with_the_way_out(root: Path) -> None:
    main(["mine"], root)
    change(record_path("mine", root / "labs"), '"format_version": 1', '"format_version": 0')
    with pytest.raises(UsageFault, match=r"python -m harness\.recorded mine"):
        read_kept("mine", root / "labs")
    record_path("mine", root / "labs").write_text("{")
    with pytest.raises(UsageFault, match="not a record"):
        read_kept("mine", root / "labs")


def test_the_latest_sweep_that_is_whole_is_taken(root: Path) -> None:
    lab = find_lab("mine", root / "labs")
    whole, cut_off = a_sweep("b", 2), a_sweep("c", 3)[:3]
    chosen = latest_sweep([*a_sweep(), *whole, *cut_off], lab)
    assert {record["sweep_id"] for record in chosen} == {whole[0]["sweep_id"]}
    assert [(record["python"], record["cores"]) for record in chosen] == [
        ("3.14", 1),
        ("3.14", 2),
        ("3.14t", 1),
        ("3.14t", 2),
    ]


def interrupted(sweep: list[dict[str, Any]]) -> None:
    sweep[1]["status"] = "interrupted"


def without_free_threading(sweep: list[dict[str, Any]]) -> None:
    del sweep[2:]


def of_another_lab_file(sweep: list[dict[str, Any]]) -> None:
    sweep[0]["variants"][0]["name"] = "slower"


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (list.clear, "no run of it"),
        (interrupted, "interrupted"),
        (without_free_threading, "no run on 1 core with 3.14t"),
        (of_another_lab_file, "not those of the lab as it is now"),
    ],
)
def test_without_a_whole_sweep_nothing_is_recorded_and_the_next_command_is_named(
    root: Path, spoil: Callable[[list[dict[str, Any]]], None], says: str
) -> None:
    sweep = a_sweep()
    spoil(sweep)
    with pytest.raises(UsageFault, match=f"{says}.*invoke lab mine --cores 1,2 --python 3.14,3.14t"):
        latest_sweep(sweep, find_lab("mine", root / "labs"))


def test_a_page_without_a_place_leaves_everything_as_it_was(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = root / "labs" / "notes" / "ko" / "mine.md"
    page.write_text("# Nothing\n", encoding="utf-8")
    assert main(["mine"], root) == 2
    assert "no place for the record" in capsys.readouterr().err
    assert not record_path("mine", root / "labs").exists()
    assert (root / "labs" / "notes" / "en" / "mine.md").read_text(encoding="utf-8") == PAGES["en"]


def test_a_lab_that_there_is_not_is_told_in_one_line(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mien"], root) == 2
    assert "did you mean mine?" in capsys.readouterr().err


def test_a_record_names_no_host_and_no_path(root: Path) -> None:
    text = json.dumps(extract(a_sweep(), find_lab("mine", root / "labs")))
    assert a_sweep()[0]["machine"]["name"] not in text
    assert "/usr" not in text
    assert "docker.sock" not in text


def test_a_kernel_is_recorded_by_its_version_alone(root: Path) -> None:
    sweep = a_sweep()
    sweep[0]["machine"]["system"] = "Linux 6.18.44-somebodys-own x86_64"
    assert extract(sweep, find_lab("mine", root / "labs"))["machine"]["system"] == "Linux 6.18 x86_64"


def test_a_config_file_is_recorded_by_its_name_alone(root: Path) -> None:
    sweep = [record | {"config": "/home/somebody/mine.toml"} for record in a_sweep()]
    assert extract(sweep, find_lab("mine", root / "labs"))["config"] == "mine.toml"


def test_a_record_has_a_line_for_each_variant_and_claim_of_each_run(root: Path) -> None:
    kept = extract(a_sweep(), find_lab("mine", root / "labs"))
    text = recorded.laid_out(kept)
    assert json.loads(text) == kept
    assert len([line for line in text.splitlines() if line.strip().startswith(('{"name"', '{"claim"'))]) == 4 * 3


def test_a_figure_that_was_not_measured_is_none_and_never_made_up(root: Path) -> None:
    sweep = a_sweep()
    for sample in sweep[0]["variants"][1]["samples"]:
        sample["throttled_seconds"] = 1.0
    for sample in sweep[1]["variants"][1]["samples"]:
        sample["outcome"] = "timed_out"
    disturbed, hung = (run["variants"][1] for run in extract(sweep, find_lab("mine", root / "labs"))["runs"][:2])
    assert disturbed["wall_seconds"] is None
    assert disturbed["speed_up"] is None
    assert disturbed["disturbed_wall_seconds"]["samples"] == 12
    assert hung["wall_seconds"] is hung["disturbed_wall_seconds"] is hung["speed_up"] is None
    assert hung["outcomes"] == {"timed_out": 12}


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([1, 1], {"every": 1}),
        ([3, 1, 2], {"least": 1, "most": 3}),
        ([[1], [2]], None),
        (["x" * 50] * 2, None),
        ([], None),
    ],
)
def test_answers_are_kept_where_they_are_short(values: list[Any], kept: dict[str, Any] | None) -> None:
    assert recorded._answers(values) == kept


@pytest.mark.parametrize("lab", lab_names(LABS))
def test_the_pages_of_every_lab_show_what_its_record_says(lab: str) -> None:
    assert disagreements(lab, LABS) == []


def test_every_lab_of_the_course_has_a_record_of_its_runs() -> None:
    missing = unrecorded(LABS)
    assert (missing == []) == EVERY_LAB_IS_RECORDED, (
        f"labs without a record: {', '.join(missing)}" if missing else "every lab has one: set EVERY_LAB_IS_RECORDED"
    )
