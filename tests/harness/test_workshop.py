"""A workshop's file is checked down to the last key, as its schema says and against what this repository has."""

from __future__ import annotations

import copy
import json
import tomllib
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from harness.catalogue import lab_names
from harness.errors import UsageFault
from harness.notes import read_page
from harness.workshop import BUDGET, FOLDER, MINUTES, OF_DEFAULTS, OF_LAB, TOP, Entry, Workshop, load_workshop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.toml_file import Limit

ROOT = Path(__file__).parents[2]
LAB = '''
"""Why?"""

from harness.lab import variant


@variant
def one(count: int = 1_000, pause: float = 0.5, word: str = "x", fast: bool = False) -> int:
    """One."""
    return count
'''
RUN = """
[run]
deadline_seconds = 20
budget_seconds = 30
log_bytes = 1_000_000
memory_bytes = 2_147_483_648
"""
FULL = """
title = "All there can be"
minutes = 10

[defaults]
cores = [1, 2]
python = ["3.14", "3.14t"]
config = "quick"
budget = "60s"

[[lab]]
name = "mine"
cores = [4]
python = ["3.13"]
config = "hard.toml"
budget = 90.5
[lab.knobs]
count = 5
pause = 1
word = "y"
fast = true

[[lab]]
name = "yours"
"""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with the labs `mine` and `yours`, one that is broken, and three sizes."""
    root = tmp_path / "repo"
    (root / "labs").mkdir(parents=True)
    (root / FOLDER).mkdir(parents=True)
    for name in ("mine", "yours"):
        (root / "labs" / f"{name}.py").write_text(LAB, encoding="utf-8")
    (root / "labs" / "broken.py").write_text("def (", encoding="utf-8")
    (root / "configs" / "quick.toml").write_text(RUN, encoding="utf-8")
    (root / "hard.toml").write_text("[run]\nrounds = 1\n", encoding="utf-8")
    services = "".join(f"  cores-{size}:\n    image: x\n" for size in (1, 2, 4))
    (root / "compose.yaml").write_text(f"services:\n{services}", encoding="utf-8")
    return root


def loaded(repo: Path, text: str | bytes) -> Workshop:
    path = repo / "given.toml"
    path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
    return load_workshop("given.toml", repo, repo)


def refusal(repo: Path, text: str | bytes) -> str:
    with pytest.raises(UsageFault) as raised:
        loaded(repo, text)
    told = str(raised.value)
    assert told.startswith(f"{repo / 'given.toml'}: ")
    assert told.isprintable()
    assert len(told) < 500
    return told.removeprefix(f"{repo / 'given.toml'}: ")


def test_a_workshop_says_which_labs_in_what_order_and_how_each(repo: Path) -> None:
    given = loaded(repo, FULL)
    assert given == Workshop(
        given="given.toml",
        path=repo / "given.toml",
        title="All there can be",
        minutes=10.0,
        entries=(
            Entry(
                lab="mine",
                cores=(4,),
                pythons=("3.13",),
                config=str(repo / "hard.toml"),
                budget_seconds=90.5,
                knobs={"count": 5, "pause": 1.0, "word": "y", "fast": True},
            ),
            Entry("yours", (1, 2), ("3.14", "3.14t"), "quick", 60.0, {}),
        ),
    )


def test_a_lab_by_itself_is_run_as_invoke_lab_runs_it_by_itself(repo: Path) -> None:
    given = loaded(repo, '[[lab]]\nname = "mine"\n')
    assert (given.title, given.minutes) == ("given", None)
    assert given.entries == (Entry("mine", None, None, "quick", None, {}),)


def test_a_word_is_one_of_the_repositorys_workshops(repo: Path) -> None:
    (repo / FOLDER / "first.toml").write_text(FULL.replace("hard.toml", "../../hard.toml"), encoding="utf-8")
    assert load_workshop("first", repo, Path("/")).path == repo / FOLDER / "first.toml"
    with pytest.raises(UsageFault, match=r"no workshop 'fist': did you mean first\? the workshops are first, or a"):
        load_workshop("fist", repo, Path("/"))


@pytest.mark.parametrize("name", ["", "a\0b", "--json", "../../etc/passwd", "/dev/zero", "configs/", "x" * 100_000])
def test_what_cannot_be_a_workshop_is_refused(name: str, repo: Path) -> None:
    with pytest.raises(UsageFault):
        load_workshop(name, repo, repo)


def test_a_config_is_looked_for_beside_the_workshop(repo: Path, tmp_path: Path) -> None:
    (repo / "given.toml").write_text('[[lab]]\nname = "mine"\nconfig = "hard.toml"\n', encoding="utf-8")
    assert load_workshop("repo/given.toml", repo, tmp_path).entries[0].config == str(repo / "hard.toml")


def test_a_broken_lab_is_no_fault_of_the_workshop(repo: Path) -> None:
    given = loaded(repo, '[[lab]]\nname = "broken"\nknobs = { x = 1 }\n[[lab]]\nname = "mine"\n')
    assert [entry.lab for entry in given.entries] == ["broken", "mine"]


def only(words: str) -> str:
    return f'[[lab]]\nname = "mine"\n{words}\n'


WRONG = {
    "unknown key": (
        "titel = 'x'\n" + FULL,
        "titel: no key 'titel': did you mean title? the keys are title, minutes, d",
    ),
    "key of a lab": (
        only("core = [1]"),
        "lab 1: core: no key 'core': did you mean cores? the keys are name, cores, py",
    ),
    "name in defaults": ("[defaults]\nname = 'x'\n" + only(""), "defaults.name: no key 'name': "),
    "odd key": ('"a\\nb" = 1\n' + FULL, "'a\\nb': no key 'a\\nb': "),
    "no lab at all": ("title = 'x'\n", "lab: a workshop has labs: write each as [[lab]] with its name"),
    "one lab as a table": ("[lab]\nname = 'mine'\n", "lab: a workshop has labs: write each as [[lab]]"),
    "labs by their names": ("lab = ['mine']\n", "lab 1: no table; write [[lab]], then its keys: name, cores"),
    "no name": (FULL + "[[lab]]\ncores = [1]\n", "lab 3: name: missing; the labs are broken, mine, yours"),
    "unknown lab": (
        FULL + "[[lab]]\nname = 'mind'\n",
        "lab 3: name: no lab 'mind': did you mean mine? the labs are br",
    ),
    "lab by a path": ("[[lab]]\nname = '../x'\n", "lab 1: name: no lab '../x': "),
    "lab of another type": ("[[lab]]\nname = 1\n", "lab 1: name: 1 is no text; the labs are broken, mine, yours"),
    "no title": ("title = ''\n" + only(""), "title: '' is no text of 1 to 200 characters"),
    "defaults no table": (
        "defaults = 1\n" + only(""),
        "defaults: no table; the keys are cores, python, config, budget",
    ),
    "size not offered": (only("cores = [1, 3]"), "lab 1 (mine): cores: 3: compose.yaml offers 1, 2, 4; each service"),
    "default size": ("[defaults]\ncores = [8]\n" + only(""), "defaults.cores: 8: compose.yaml offers 1, 2, 4"),
    "size zero": (only("cores = [0]"), "lab 1 (mine): cores: 0 is no number of cores from 1 to 8192"),
    "size huge": (
        only("cores = [0x" + "f" * 5_000 + "]"),
        "lab 1 (mine): cores: a number of thousands of digits is no",
    ),
    "size a fraction": (only("cores = [1.5]"), "lab 1 (mine): cores: what is there is no list such as [1, 2]"),
    "size a boolean": (only("cores = [true]"), "lab 1 (mine): cores: what is there is no list such as [1, 2]"),
    "size by itself": (only("cores = 2"), "lab 1 (mine): cores: 2 is no list such as [1, 2]"),
    "no size": (only("cores = []"), "lab 1 (mine): cores: what is there is no list such as [1, 2]"),
    "size twice": (only("cores = [1, 2, 1]"), "lab 1 (mine): cores: 1 is there twice"),
    "python no version": (only('python = ["abc"]'), "lab 1 (mine): python: 'abc' is no version: write 3.14, 3.14t"),
    "python too old": (only('python = ["2.7"]'), "lab 1 (mine): python: 2.7 is too old: 3.11 is the oldest"),
    "python as one text": (only('python = "3.14"'), """lab 1 (mine): python: '3.14' is no list such as ["3.14","""),
    "pythons in one text": (only('python = ["3.14,3.14t"]'), "lab 1 (mine): python: '3.14,3.14t' is no version: write"),
    "python a number": (only("python = [3.14]"), "lab 1 (mine): python: what is there is no list such as"),
    "config unknown": (only('config = "quik"'), "lab 1 (mine): config: no config 'quik': did you mean quick?"),
    "config no file": (only('config = "x.toml"'), "lab 1 (mine): config: no config "),
    "config no text": (only("config = 1"), "lab 1 (mine): config: 1 is no config: give its name, or a FILE.toml"),
    "config endless": (only(f'config = "{"/" * 90_000}"'), "lab 1 (mine): config: '///"),
    "budget a word": (only('budget = "soon"'), "lab 1 (mine): budget: 'soon' is no time: give seconds, such as 60 or"),
    "budget zero": (only("budget = 0"), "lab 1 (mine): budget: 0 is no number of seconds from 1 to 99,999"),
    "budget infinite": (only("budget = inf"), "lab 1 (mine): budget: inf is no number of seconds"),
    "budget not a number": (only("budget = nan"), "lab 1 (mine): budget: nan is no number of seconds"),
    "budget a boolean": (only("budget = true"), "lab 1 (mine): budget: True is no number of seconds"),
    "minutes": ("minutes = 0\n" + only(""), "minutes: 0 is no number of minutes from 1 to 1,440"),
    "too few minutes": (
        "minutes = 2\n" + only("budget = 121"),
        "minutes: 2 leaves too little: the labs' own budgets ar",
    ),
    "no minutes left": (
        "minutes = 2\n" + only("budget = 120") + only(""),
        "minutes: 2 leaves too little: the labs' own budgets are 120 s together",
    ),
    "unknown knob": (only("[lab.knobs]\ncuont = 1"), "lab 1 (mine): knobs.cuont: no knob 'cuont': did you mean count?"),
    "knob's type": (only("[lab.knobs]\ncount = 'x'"), "lab 1 (mine): knobs.count: 'x' is no int, as the knob count is"),
    "knob huge": (only("[lab.knobs]\ncount = 1_000_000_000"), "lab 1 (mine): knobs.count: 1000000000 is out of range"),
    "knobs no table": (only("knobs = 1"), "lab 1 (mine): knobs: no table; write [lab.knobs], then KNOB = VALUE"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_told_with_its_key_and_what_is_allowed(what: str, repo: Path) -> None:
    text, says = WRONG[what]
    assert refusal(repo, text).startswith(says)


BOMBS = {
    "ten megabytes": (b"#" * 10_000_000, "more than 100 kB: that is no workshop"),
    "5,000 nested lists": (b"minutes = " + b"[" * 5_000 + b"]" * 5_000, "nested too deep"),
    "5,000 dots": (b"a." * 5_000 + b"b = 1", "more than 20 dots in line 1"),
    "5,000 digits": (b"minutes = " + b"9" * 5_000, "Exceeds the limit"),
    "many labs": (b"[[lab]]\nname='mine'\n" * 4_000, "lab: 4000 labs: a workshop has at most 100"),
    "many sizes": (only(f"cores = [{'1,' * 45_000}]").encode(), "lab 1 (mine): cores: 1 is there twice"),
    "bad UTF-8": (b"title = '\xff'", "byte 9 is not UTF-8"),
}


@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_is_refused_in_one_line(what: str, repo: Path) -> None:
    text, says = BOMBS[what]
    assert refusal(repo, text).startswith(says)


def test_a_byte_order_mark_and_windows_line_ends_are_read(repo: Path) -> None:
    text = b"\xef\xbb\xbf" + FULL.replace("All there can be", "첫 시간").replace("\n", "\r\n").encode()
    assert loaded(repo, text).title == "첫 시간"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The published one."""
    found: dict[str, Any] = json.loads((ROOT / "harness" / "workshop.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(found)
    return found


def written(value: Any) -> str:
    """A value as TOML writes it in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {written(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    return json.dumps(value)


STRANGE: tuple[Any, ...] = (
    *(True, -1, 0, 1, 1.5, 60, 99_999, 100_000, 1441, "", "x", "60s", "060s", "1e3s", "100000s", "60 s", " 3.14"),
    *([], [[]], [1], [1, 1], [1.5], ["3.14"], ["3.14", "3.14"], ["3.14x"], [8193], [0], {}, {"x": 1}, {"x": []}),
)
"""Values, of which each key takes some."""


def changed(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The document with each of its values taken out, and with each strange value in its place or beside it."""

    def paths(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        if path:
            yield path
        for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
            yield from paths(value[key], (*path, key))

    for path in [*paths(document, ()), ("odd",), ("defaults", "odd"), ("lab", 0, "odd")]:
        for strange in (None, *STRANGE):
            one = copy.deepcopy(document)
            room: Any = one
            for key in path[:-1]:
                room = room[key]
            if strange is not None:
                room[path[-1]] = strange
            elif path[-1] != "odd":
                del room[path[-1]]
            yield one


def refused(repo: Path, text: str) -> str | None:
    """Why the checker refuses a file, or None."""
    try:
        loaded(repo, text)
    except UsageFault as fault:
        return str(fault)
    return None


OF_THE_WORLD = (
    "no lab ",
    "no config ",
    "no knob ",
    "as the knob ",
    "out of range",
    "compose.yaml offers",
    "too little",
)
"""What is said where a file is as the schema says, and names what is not there or does not fit what is."""


def test_the_schema_and_the_checker_agree_whatever_is_changed_in_a_file(repo: Path, schema: dict[str, Any]) -> None:
    document = tomllib.loads(FULL)
    validator = jsonschema.Draft202012Validator(schema)
    seen = {"taken": 0, "refused by both": 0, "of the world": 0}
    for one in changed(document):
        text = "".join(f"{key} = {written(value)}\n" for key, value in one.items())
        fits = validator.is_valid(one)
        why = refused(repo, text)
        if why is None:
            assert fits, (text, [fault.message for fault in validator.iter_errors(one)])
            seen["taken"] += 1
        elif fits:
            assert any(words in why for words in OF_THE_WORLD), (text, why)
            seen["of the world"] += 1
        else:
            seen["refused by both"] += 1
    assert min(seen.values()) > 50, seen


def test_the_schema_has_the_checkers_keys_and_limits(schema: dict[str, Any]) -> None:
    lab = schema["properties"]["lab"]["items"]
    assert tuple(schema["properties"]) == TOP
    assert tuple(lab["properties"]) == OF_LAB
    assert tuple(schema["properties"]["defaults"]["properties"]) == OF_DEFAULTS
    assert (schema["properties"]["minutes"]["minimum"], schema["properties"]["minutes"]["maximum"]) == _span(MINUTES)
    assert (schema["$defs"]["budget"]["anyOf"][0]["minimum"], 99_999) == _span(BUDGET)


def _span(limit: Limit) -> tuple[float, float]:
    return limit.least, limit.most


@pytest.mark.parametrize("path", sorted((ROOT / FOLDER).glob("*.toml")), ids=lambda path: path.stem)
def test_the_workshops_of_this_repository_are_good(path: Path, schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(schema).validate(tomllib.loads(path.read_text(encoding="utf-8")))
    assert load_workshop(path.stem, ROOT, Path("/")).entries


def test_whole_notes_has_every_lab_once_in_the_order_of_the_course() -> None:
    def place(lab: str) -> int:
        page = read_page(lab, "en", ROOT / "labs")
        return page.order if page else 0

    course = sorted((lab for lab in lab_names(ROOT / "labs") if place(lab)), key=place)
    given = load_workshop("whole-notes", ROOT, ROOT)
    assert [entry.lab for entry in given.entries] == course
    assert {entry.cores for entry in given.entries} == {(1, 2)}
    assert all(entry.knobs == {} for entry in given.entries)


def test_the_first_hour_leaves_most_of_the_hour_to_talk() -> None:
    given = load_workshop("first-hour", ROOT, ROOT)
    assert given.minutes is not None
    assert given.minutes <= 30
    assert "gil" in [entry.lab for entry in given.entries]
