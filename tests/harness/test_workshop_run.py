"""A workshop is held lab after lab; what is done is kept, whatever ends it, and the next start goes on from there."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness import cleaning, evidence, store
from harness.commandline import Terminated
from harness.errors import Busy, EngineMissing, LimitHit, OwnFault, PinlabError, StoreFault, UsageFault
from harness.session import EngineLost
from harness.testing import made_up_run, record_of
from harness.workshop_run import Held, Turn, WorkshopWords, finish, hold
from tests.made_up import verdict

if TYPE_CHECKING:
    from harness.lab_command import LabWords
    from harness.lab_record import Lab

ROOT = Path(__file__).parents[2]
LAB = '"""Why?"""\n\nfrom harness.lab import variant\n\n\n@variant\ndef one(count: int = 5) -> int:\n    """One."""\n'
PYTHON = (
    f"{sys.version_info.major}.{sys.version_info.minor}{'t' if sysconfig.get_config_var('Py_GIL_DISABLED') else ''}"
)
DEFAULTS = f'[defaults]\ncores = [1]\npython = ["{PYTHON}"]\n'
FILE = DEFAULTS + "".join(f'[[lab]]\nname = "{name}"\n' for name in ("first", "second", "third"))
QUICK = """
[run]
deadline_seconds = 20.0
budget_seconds = 60.0
log_bytes = 1_000_000
memory_bytes = 2_147_483_648
"""
IMAGE_INPUTS = ("Dockerfile", ".dockerignore", "requirements/image.txt", "compose.yaml")
numbers = itertools.count()


class Room:
    """A repository with three labs and a workshop of them, where labs are run by writing down what they are told to.

    Attributes:
        ran: The labs that were run, with the words that each was run by.
        faults: What running a lab raises.
        verdicts: What a lab's claim comes to; by itself "holds".
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ran: list[tuple[str, LabWords]] = []
        self.faults: dict[str, BaseException] = {}
        self.verdicts: dict[str, str] = {}
        self.said: list[str] = []
        self.shown: list[Turn] = []
        for name in IMAGE_INPUTS:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
        (root / "harness").symlink_to(ROOT / "harness")
        (root / "configs").mkdir()
        (root / "configs" / "quick.toml").write_text(QUICK, encoding="utf-8")
        (root / "labs").mkdir()
        for name in ("first", "second", "third"):
            (root / "labs" / f"{name}.py").write_text(LAB, encoding="utf-8")
        self.write(FILE)

    def write(self, text: str) -> None:
        (self.root / "class.toml").write_text(text, encoding="utf-8")

    def run(self, lab: Lab, words: LabWords, root: Path, say: object, where: object) -> list[dict[str, Any]]:
        self.ran.append((lab.name, words))
        if lab.name in self.faults:
            raise self.faults[lab.name]
        run_id = f"20260101-120000-{lab.name}-c1-3.14-{next(numbers):04x}"
        record = record_of(made_up_run(walls={"one": 1.0}, cores=1))
        judged = verdict(self.verdicts.get(lab.name, "holds"), runs=[run_id])
        record |= {"run_id": run_id, "lab": lab.name, "verdicts": [judged]}
        (root / "results" / run_id).mkdir(parents=True)
        evidence.write_record(record, root / "results" / run_id)
        return [record]

    def hold(self, **words: Any) -> Held:
        self.ran, self.said, self.shown = [], [], []
        asked = WorkshopWords(**{"name": str(self.root / "class.toml"), "runner": "local", **words})
        held = hold(asked, self.root, self.said.append, self.shown.append, self.run)
        finish(held, asked, self.root, self.said.append)
        return held

    @property
    def labs_run(self) -> list[str]:
        return [name for name, _ in self.ran]

    @property
    def states(self) -> list[Path]:
        return sorted((self.root / "results" / store.WORKSHOPS).glob("*"))


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_labs_are_run_in_order_as_the_file_says_and_shown_one_by_one(room: Room) -> None:
    room.write(FILE.replace('"second"', '"second"\nbudget = 90\nknobs = { count = 7 }'))
    held = room.hold()
    assert room.labs_run == ["first", "second", "third"]
    words = room.ran[1][1]
    assert (words.cores, words.sets, words.budget, words.config) == ("1", ("count=7",), "90.000s", "quick")
    assert room.shown == list(held.turns)
    assert [turn.state for turn in held.turns] == ["done"] * 3
    assert [line.split(" · ")[0] for line in room.said if " of 3: " in line] == [
        "1 of 3: first",
        "2 of 3: second",
        "3 of 3: third",
    ]
    assert all("about" in line and line.endswith(" left") for line in room.said if " of 3: " in line)
    assert held.exit_code == 0


def test_other_minutes_and_another_config_hold_for_all_labs(room: Room) -> None:
    (room.root / "hard.toml").write_text("[run]\nbudget_seconds = 10.0\n", encoding="utf-8")
    room.hold(minutes="3", config=str(room.root / "hard.toml"))
    assert [(words.budget, words.config) for _, words in room.ran] == [("60.000s", str(room.root / "hard.toml"))] * 3


ENDS = {
    "Ctrl-C": KeyboardInterrupt(),
    "SIGTERM": Terminated(),
    "a fault of our own": RuntimeError("oops"),
    "a full disk": StoreFault("no room"),
    "no engine any more": EngineMissing("gone"),
    "an engine that died": EngineLost("engine_lost"),
    "CPUs that others hold": Busy("held by others"),
}


@pytest.mark.parametrize("what", ENDS)
def test_what_ends_a_workshop_keeps_what_is_done_and_the_next_start_goes_on_there(what: str, room: Room) -> None:
    room.faults = {"second": ENDS[what]}
    with pytest.raises(type(ENDS[what])):
        room.hold()
    assert room.labs_run == ["first", "second"]
    command = f"./invoke workshop {room.root / 'class.toml'} --runner local"
    assert room.said[-1] == f"stopped at 2 of 3: second; `{command}` goes on from there"
    room.faults = {}
    held = room.hold()
    assert room.labs_run == ["second", "third"]
    assert f"resuming: 1 of 3 labs done (`{command} --fresh` starts again)" in room.said
    assert [(turn.entry.lab, turn.resumed) for turn in held.turns] == [
        ("first", True),
        ("second", False),
        ("third", False),
    ]
    assert [turn.entry.lab for turn in room.shown] == ["second", "third"]
    assert all(turn.records for turn in held.turns)


def stopped_at_the_third(room: Room) -> None:
    room.faults = {"third": KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt):
        room.hold()
    room.faults = {}


def test_fresh_starts_again(room: Room) -> None:
    stopped_at_the_third(room)
    room.hold(fresh=True)
    assert room.labs_run == ["first", "second", "third"]
    assert not any("resuming" in line for line in room.said)


def test_a_workshop_that_is_through_starts_afresh(room: Room) -> None:
    room.hold()
    assert room.states == []
    room.hold()
    assert room.labs_run == ["first", "second", "third"]


def test_a_lab_whose_runs_are_gone_is_run_again(room: Room) -> None:
    stopped_at_the_third(room)
    [gone] = (room.root / "results").glob("*-first-*")
    shutil.rmtree(gone)
    room.hold()
    assert room.labs_run == ["first", "third"]
    assert "runs again: first (its results are gone)" in room.said


def test_a_lab_that_changed_is_run_again_and_a_change_beside_the_labs_is_none(room: Room) -> None:
    stopped_at_the_third(room)
    with (room.root / "labs" / "second.py").open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    room.write("# a remark\ntitle = 'Other'\n" + FILE)
    room.hold()
    assert room.labs_run == ["second", "third"]
    assert "runs again: second (the lab changed)" in room.said


def test_what_the_file_or_a_config_asks_otherwise_is_run_again(room: Room) -> None:
    stopped_at_the_third(room)
    room.write(FILE.replace('"first"', '"first"\nknobs = { count = 7 }'))
    stopped_at_the_third(room)
    assert room.labs_run == ["first", "third"]
    assert "runs again: first (what the workshop or a config asks of it changed)" in room.said
    with (room.root / "configs" / "quick.toml").open("a", encoding="utf-8") as file:
        file.write("\n[second]\ncount = 9\n")
    room.hold()
    assert room.labs_run == ["second", "third"]


def test_a_lab_that_was_added_in_front_does_not_undo_the_others(room: Room) -> None:
    stopped_at_the_third(room)
    room.write(FILE.replace("[[lab]]", '[[lab]]\nname = "third"\n[[lab]]', 1))
    room.hold()
    assert room.labs_run == ["third", "third"]


def test_a_broken_lab_does_not_stop_the_others_and_is_all_that_is_left(room: Room) -> None:
    (room.root / "labs" / "second.py").write_text("def (", encoding="utf-8")
    held = room.hold()
    assert room.labs_run == ["first", "third"]
    assert [turn.state for turn in held.turns] == ["done", "broken", "done"]
    assert held.turns[1].fault.startswith("labs/second.py:1: syntax error")
    assert any(line.startswith("pinlab: labs/second.py:1: syntax error") for line in room.said)
    assert held.exit_code == 2
    assert room.said[-1].startswith("not run: second; `./invoke workshop")
    (room.root / "labs" / "second.py").write_text(LAB, encoding="utf-8")
    repaired = room.hold()
    assert room.labs_run == ["second"]
    assert repaired.exit_code == 0
    assert room.states == []


@pytest.mark.parametrize(
    ("fault", "verdicts", "code"),
    [
        (None, {}, 0),
        (None, {"first": "skipped"}, 0),
        (None, {"first": "inconclusive"}, 3),
        (None, {"first": "inconclusive", "third": "refuted"}, 1),
        (LimitHit("too much"), {"third": "refuted"}, 4),
        (UsageFault("cannot start"), {"third": "refuted"}, 2),
        (OwnFault("a fault of ours"), {"third": "refuted"}, 70),
        (PinlabError("of no known kind"), {}, 70),
    ],
)
def test_the_exit_code_is_the_first_that_applies_over_all_labs(
    fault: PinlabError | None, verdicts: dict[str, str], code: int, room: Room
) -> None:
    room.faults = {"second": fault} if fault else {}
    room.verdicts = verdicts
    assert room.hold().exit_code == code
    assert room.labs_run == ["first", "second", "third"]


def test_inconclusive_claims_may_count_as_good(room: Room) -> None:
    room.verdicts = {"first": "inconclusive"}
    assert room.hold(inconclusive_ok=True).exit_code == 0


def more_cores_than_there_are(room: Room) -> int:
    size = (os.cpu_count() or 1) + 1
    with (room.root / "compose.yaml").open("a", encoding="utf-8") as file:
        file.write(f"\nservices:\n  cores-{size}:\n")
    return size


def test_a_size_that_the_machine_cannot_give_is_skipped_by_name(room: Room) -> None:
    size = more_cores_than_there_are(room)
    room.write(
        f'{DEFAULTS}[[lab]]\nname = "first"\ncores = [1, {size}]\n'
        f'[[lab]]\nname = "second"\ncores = [{size}]\n[[lab]]\nname = "third"\n'
    )
    held = room.hold()
    assert [(name, words.cores) for name, words in room.ran] == [("first", "1"), ("third", "1")]
    assert [turn.state for turn in held.turns] == ["done", "skipped", "done"]
    assert any(line.startswith(f"first, second: skipped cores {size}: ") for line in room.said)
    assert held.exit_code == 0


def test_where_no_lab_can_be_run_it_is_a_usage_fault(room: Room) -> None:
    size = more_cores_than_there_are(room)
    room.write(f'{DEFAULTS}[[lab]]\nname = "first"\ncores = [{size}]\n')
    with pytest.raises(UsageFault, match="no lab of it can be run here: cores"):
        room.hold()
    assert room.ran == []


@pytest.mark.parametrize(
    ("words", "text", "says"),
    [
        ({"minutes": "soon"}, FILE, "--minutes 'soon'"),
        ({"config": "quik"}, FILE, "did you mean quick?"),
        ({"runner": "podman"}, FILE, "auto, docker, local"),
        ({}, FILE + "python = ['3.99']\n", r"lab 3 \(third\): python: 3.99: not found on this machine"),
        ({}, FILE + "[lab.knobs]\ncuont = 1\n", "did you mean count?"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_run(words: dict[str, str], text: str, says: str, room: Room) -> None:
    room.write(text)
    with pytest.raises(UsageFault, match=says):
        room.hold(**words)
    assert room.ran == []
    assert not (room.root / "results").exists()


@pytest.mark.parametrize("damage", ["{", "[]", '{"format_version": 99}', '{"format_version": 1, "done": [1]}'])
def test_a_state_that_cannot_be_read_is_told_and_started_over(damage: str, room: Room) -> None:
    stopped_at_the_third(room)
    [state] = room.states
    state.write_text(damage, encoding="utf-8")
    room.hold()
    assert room.labs_run == ["first", "second", "third"]
    assert any(line.startswith("starts from the beginning: ") for line in room.said)


def test_a_state_that_names_runs_outside_of_the_store_is_not_followed(room: Room) -> None:
    stopped_at_the_third(room)
    [state] = room.states
    shutil.move(next((room.root / "results").glob("*-first-*")), room.root / "elsewhere")
    text = state.read_text(encoding="utf-8")
    [name] = [word for word in text.split('"') if "-first-" in word]
    state.write_text(text.replace(name, "../elsewhere"), encoding="utf-8")
    room.hold()
    assert room.labs_run == ["first", "third"]


def test_the_readers_of_runs_do_not_stumble_over_what_is_kept(room: Room) -> None:
    stopped_at_the_third(room)
    stored = store.read_all(room.root / "results")
    assert [record["lab"] for record in stored.records] == ["first", "second"]
    assert stored.skipped == ()
    assert store.close_abandoned(room.root / "results", lambda _owner: False) == []


def test_clean_removes_it_with_the_results(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/engine.sock")
    stopped_at_the_third(room)
    cleaning.clean(room.root, results=True, images=False, say=room.said.append)
    assert not (room.root / "results").exists()
    room.hold()
    assert room.labs_run == ["first", "second", "third"]


def test_a_state_is_written_whole_or_not_at_all(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped_at_the_third(room)
    [state] = room.states
    before = state.read_bytes()

    def full(_from: Path, _to: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StoreFault, match="make room"):
        store.write_state(state.stem, {"x": 1}, room.root / "results")
    assert room.states == [state]
    assert state.read_bytes() == before
