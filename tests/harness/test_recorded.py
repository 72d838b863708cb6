from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.catalogue import find_lab, lab_names
from harness.errors import UsageFault
from harness.extract import extract
from harness.notes import LANGUAGES
from harness.recorded import disagreements, main, read_kept, record_path, unrecorded
from harness.seen import section_in
from tests.recorded_lab import PAGES, a_sweep, repository

LABS = Path(__file__).parents[2] / "labs"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return repository(tmp_path)


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


def test_the_pages_are_written_again_from_the_record_where_there_are_no_results(root: Path) -> None:
    main(["mine"], root)
    pages = {path: path.read_bytes() for path in (root / "labs" / "notes").rglob("*.md")}
    (root / "results").rename(root / "elsewhere")
    change(root / "labs" / "notes" / "ko" / "mine.md", "×2.", "×3.")
    assert main(["--pages"], root) == 0
    assert {path: path.read_bytes() for path in pages} == pages


def test_without_a_record_no_page_can_be_written(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--pages", "mine"], root) == 2
    assert "mine: no record" in capsys.readouterr().err


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


def test_a_record_has_a_line_for_each_variant_and_claim_of_each_run(root: Path) -> None:
    main(["mine"], root)
    text = record_path("mine", root / "labs").read_text(encoding="utf-8")
    assert json.loads(text) == extract(a_sweep(), find_lab("mine", root / "labs"))
    assert len([line for line in text.splitlines() if line.strip().startswith(('{"name"', '{"claim"'))]) == 4 * 3


@pytest.mark.parametrize("lab", lab_names(LABS))
def test_the_pages_of_every_lab_show_what_its_record_says(lab: str) -> None:
    assert disagreements(lab, LABS) == []


def test_every_lab_of_the_course_has_a_record_of_its_runs() -> None:
    assert unrecorded(LABS) == []
