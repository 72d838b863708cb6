"""A config is checked down to the last key, and what is wrong with it is told in one line."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from harness.catalogue import read_catalogue, read_lab
from harness.config import USUAL, Config, knobs_for, load_config
from harness.errors import UsageFault

ROOT = Path(__file__).parents[2]

RUN = """
[run]
deadline_seconds = 20
budget_seconds = 30.5
log_bytes = 1_000_000
memory_bytes = 2_147_483_648
"""

LAB = '''
"""Why?"""

from harness.lab import variant


@variant
def one(count: int = 1_000, pause: float = 0.5, word: str = "x", fast: bool = False, first: int = 0) -> int:
    """One."""
    return count
'''


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with the lab `mine`, another that is broken, and a config of each kind of wrong."""
    root = tmp_path / "repo"
    (root / "labs").mkdir(parents=True)
    (root / "configs").mkdir()
    (root / "labs" / "mine.py").write_text(LAB, encoding="utf-8")
    (root / "labs" / "broken.py").write_text("def (", encoding="utf-8")
    (root / "configs" / "standard.toml").write_text(RUN, encoding="utf-8")
    return root


def loaded(repo: Path, text: str | bytes) -> Config:
    path = repo / "given.toml"
    path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
    return load_config("given.toml", repo, repo)


def refusal(repo: Path, text: str | bytes) -> str:
    with pytest.raises(UsageFault) as raised:
        loaded(repo, text)
    told = str(raised.value)
    assert told.startswith(str(repo / "given.toml"))
    assert "\n" not in told
    assert len(told) < 500
    return told.removeprefix(f"{repo / 'given.toml'}: ")


def test_a_config_says_how_hard_to_run(repo: Path) -> None:
    config = loaded(repo, RUN + "rounds = 12\n[mine]\ncount = 5\npause = 1\n")
    assert config == Config(
        name="given.toml",
        path=repo / "given.toml",
        deadline_seconds=20.0,
        budget_seconds=30.5,
        rounds=12,
        log_bytes=1_000_000,
        memory_bytes=2_147_483_648,
        knobs={"mine": {"count": 5, "pause": 1.0}},
    )


def test_a_name_is_one_of_the_repositorys_and_rounds_need_not_be_fixed(repo: Path) -> None:
    config = load_config("standard", repo, Path("/"))
    assert (config.name, config.path, config.rounds) == ("standard", repo / "configs" / "standard.toml", None)


@pytest.mark.parametrize("name", ["standard", "quick", "classroom", "ci"])
def test_the_configs_of_this_repository_are_good(name: str) -> None:
    config = load_config(name, ROOT, ROOT)
    for lab in read_catalogue(ROOT / "labs").labs:
        assert knobs_for(config, lab).keys() == lab.knobs.keys()


def test_the_usual_config_leaves_the_labs_their_own_sizes() -> None:
    assert load_config(USUAL, ROOT, ROOT).knobs == {}


def test_the_quick_config_has_less_work_and_less_time_and_the_classroom_more() -> None:
    quick, usual, classroom = (load_config(name, ROOT, ROOT) for name in ("quick", USUAL, "classroom"))
    assert quick.budget_seconds < usual.budget_seconds < classroom.budget_seconds
    for lab in read_catalogue(ROOT / "labs").labs:
        less, own, more = (knobs_for(config, lab) for config in (quick, usual, classroom))
        for name, value in own.items():
            if not isinstance(value, str | bool):
                assert less[name] <= value <= more[name], f"{lab.name}.{name}"  # type: ignore[operator]


def test_a_file_is_looked_for_from_the_callers_folder(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "hard.toml").write_text(RUN, encoding="utf-8")
    (tmp_path / "elsewhere" / "soft").write_text(RUN, encoding="utf-8")
    assert load_config("hard.toml", repo, tmp_path / "elsewhere").name == "hard.toml"
    assert load_config("elsewhere/hard.toml", repo, tmp_path).name == "elsewhere/hard.toml"
    assert load_config("./soft", repo, tmp_path / "elsewhere").name == "./soft"
    assert load_config(str(tmp_path / "elsewhere" / "hard.toml"), repo, Path("/")).deadline_seconds == 20
    with pytest.raises(UsageFault, match="there is no such file"):
        load_config("hard.toml", repo, repo)


def test_a_file_may_have_a_table_for_a_lab_from_outside(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs.py").write_text(LAB, encoding="utf-8")
    outside = read_lab(tmp_path / "theirs.py", "theirs.py")
    path = tmp_path / "hard.toml"
    path.write_text("[theirs]\ncount = 5\n[mine]\ncount = 6\n", encoding="utf-8")
    config = load_config("hard.toml", repo, tmp_path, outside)
    assert knobs_for(config, outside)["count"] == 5
    with pytest.raises(UsageFault, match=r"hard.toml: theirs: no lab 'theirs'"):
        load_config("hard.toml", repo, tmp_path)
    path.write_text("[theirs]\ncuont = 5\n", encoding="utf-8")
    with pytest.raises(UsageFault, match=r"hard.toml: theirs.cuont: no knob 'cuont': did you mean count\?"):
        load_config("hard.toml", repo, tmp_path, outside)


def test_a_lab_from_outside_takes_its_own_table_in_a_file_and_none_of_the_repositorys_configs(
    repo: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(LAB.replace("1_000", "7"), encoding="utf-8")
    outside = read_lab(tmp_path / "mine.py", "mine.py")
    (repo / "configs" / "quick.toml").write_text(RUN + "[mine]\ncount = 9\n", encoding="utf-8")
    (tmp_path / "own.toml").write_text("[mine]\ncount = 8\n", encoding="utf-8")
    assert knobs_for(load_config("quick", repo, tmp_path, outside), outside)["count"] == 7
    assert knobs_for(load_config("own.toml", repo, tmp_path, outside), outside)["count"] == 8
    assert knobs_for(load_config("quick", repo, tmp_path), read_lab(repo / "labs" / "mine.py"))["count"] == 9


def test_an_unknown_config_is_refused_with_the_nearest_name_and_the_list(repo: Path) -> None:
    with pytest.raises(
        UsageFault, match=r"no config 'standrd': did you mean standard\? the configs are standard, or a FILE"
    ):
        load_config("standrd", repo, repo)


@pytest.mark.parametrize("name", ["", "a\0b", "--config", "..", "standard\n", "x" * 100_000])
def test_what_cannot_be_a_config_is_refused_in_one_short_line(name: str, repo: Path) -> None:
    with pytest.raises(UsageFault, match="no config ") as raised:
        load_config(name, repo, repo)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "/dev/zero", "/proc/self/mem", "configs/"])
def test_nothing_that_is_no_config_is_read_as_one(name: str, repo: Path) -> None:
    with pytest.raises(UsageFault):
        load_config(name, repo, repo)


def test_a_link_out_of_the_configs_is_not_followed(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.toml").write_text(RUN, encoding="utf-8")
    (repo / "configs" / "linked.toml").symlink_to(tmp_path / "outside.toml")
    with pytest.raises(UsageFault, match="a link that leads out"):
        load_config("linked", repo, repo)


def test_what_a_file_leaves_out_is_as_in_the_usual_config(repo: Path) -> None:
    usual = load_config("standard", repo, repo)
    found = loaded(repo, "[run]\nbudget_seconds = 7.0\n")
    assert (found.budget_seconds, found.deadline_seconds) == (7.0, usual.deadline_seconds)
    assert loaded(repo, "").budget_seconds == usual.budget_seconds


def test_the_number_of_rounds_is_fixed_by_the_file_alone(repo: Path) -> None:
    (repo / "configs" / "standard.toml").write_text(RUN + "rounds = 3\n", encoding="utf-8")
    assert loaded(repo, "").rounds is None


def test_the_usual_config_itself_leaves_nothing_out(repo: Path) -> None:
    (repo / "configs" / "standard.toml").write_text("[run]\nrounds = 3\n", encoding="utf-8")
    with pytest.raises(UsageFault, match=r"run\.deadline_seconds: missing; the keys are deadline_seconds"):
        load_config("standard", repo, repo)


WRONG = {
    "unknown key": (RUN + "repeats = 3\n", "run.repeats: no key 'repeats': the keys are deadline_seconds, budget"),
    "near key": (RUN + "round = 3\n", "run.round: no key 'round': did you mean rounds? the keys are"),
    "no table": (RUN.replace("[run]", "x = 1\n[run]"), "x: no table; tables alone stand at the top: [run], and one"),
    "run no table": ("run = 3\n", "run: no table"),
    "list of tables": (RUN.replace("[run]", "[[run]]"), "run: no table"),
    "text": (RUN + 'rounds = "many"\n', "run.rounds: 'many' is no whole number of rounds from 1 to 10,000"),
    "boolean": (RUN + "rounds = true\n", "run.rounds: True is no whole number"),
    "fraction": (RUN + "rounds = 1.5\n", "run.rounds: 1.5 is no whole number"),
    "nested": (RUN + "[run.rounds]\nx = 1\n", "run.rounds: a table is no whole number"),
    "zero rounds": (RUN + "rounds = 0\n", "run.rounds: 0 is no whole number of rounds from 1"),
    "zero deadline": (RUN.replace("= 20\n", "= 0\n"), "run.deadline_seconds: 0 is no number of seconds from 0.1"),
    "negative": (RUN.replace("= 20\n", "= -1\n"), "run.deadline_seconds: -1 is no number"),
    "infinite": (RUN.replace("= 20\n", "= inf\n"), "run.deadline_seconds: inf is no number of seconds"),
    "not a number": (RUN.replace("= 20\n", "= nan\n"), "run.deadline_seconds: nan is no number of seconds"),
    "memory": (RUN.replace("2_147_483_648", "4096"), "run.memory_bytes: 4096 is no whole number of bytes"),
    "no lab": (RUN + "[mind]\ncount = 1\n", "mind: no lab 'mind': did you mean mine? the labs are run, broken, mine"),
    "broken lab": (RUN + "[broken]\ncount = 1\n", "broken: the lab cannot be read: labs/broken.py:1: syntax error"),
    "no knob": (
        RUN + "[mine]\ncont = 1\n",
        "mine.cont: no knob 'cont': did you mean count? the knobs of mine are count",
    ),
    "knob's type": (RUN + '[mine]\ncount = "x"\n', "mine.count: 'x' is no int, as the knob count is (1000)"),
    "knob's fraction": (RUN + "[mine]\ncount = 1.0\n", "mine.count: 1.0 is no int"),
    "knob's boolean": (RUN + "[mine]\ncount = true\n", "mine.count: True is no int"),
    "knob's number": (RUN + "[mine]\nfast = 1\n", "mine.fast: 1 is no bool, as the knob fast is (False)"),
    "knob's date": (RUN + "[mine]\ncount = 2026-01-01\n", "mine.count: datetime.date(2026, 1, 1) is no int"),
    "knob zero": (RUN + "[mine]\ncount = 0\n", "mine.count: 0 is out of range: the knob count is 1 to 10,000,000"),
    "knob huge": (RUN + "[mine]\ncount = 1_000_000_000\n", "mine.count: 1000000000 is out of range"),
    "knob infinite": (RUN + "[mine]\npause = inf\n", "mine.pause: inf is out of range: the knob pause is 0 to"),
    "knob not a number": (RUN + "[mine]\npause = nan\n", "mine.pause: nan is out of range"),
    "odd key": (RUN + '[mine]\n"a\\nb" = 1\n', "mine.'a\\nb': no knob 'a\\nb'"),
    "twice": (RUN + "rounds = 1\nrounds = 2\n", "Cannot overwrite a value"),
    "syntax": ("[run\n", "Expected ']'"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_told_with_its_key_and_what_is_allowed(what: str, repo: Path) -> None:
    text, says = WRONG[what]
    assert refusal(repo, text).startswith(says)


def test_a_knob_may_be_zero_where_its_default_is(repo: Path) -> None:
    assert loaded(repo, RUN + "[mine]\nfirst = 0\npause = 0\n").knobs == {"mine": {"first": 0, "pause": 0.0}}


def test_a_byte_order_mark_and_windows_line_ends_are_read(repo: Path) -> None:
    text = b"\xef\xbb\xbf" + (RUN + "# 한국어\n[mine]\ncount = 5\n").replace("\n", "\r\n").encode()
    assert loaded(repo, text).knobs == {"mine": {"count": 5}}


BOMBS = {
    "ten megabytes": (b"#" * 10_000_000, "more than 100 kB"),
    "5,000 nested lists": (RUN.encode() + b"rounds = " + b"[" * 5_000 + b"]" * 5_000, "nested too deep"),
    "5,000 nested tables": (RUN.encode() + b"rounds = " + b"{a=" * 5_000 + b"1" + b"}" * 5_000, "nested too deep"),
    "5,000 dots": (RUN.encode() + b"[mine]\n" + b"a." * 5_000 + b"b = 1", "more than 20 dots in line 8"),
    "many dotted lines": (
        RUN.encode() + b"".join(b"[x%d" % key + b".a" * 19 + b"]\n" for key in range(1_500)),
        "x0: no lab",
    ),
    "many keys": (b"".join(b"a%d=1\n" % key for key in range(10_000)), "a0: no table"),
    "5,000 digits": (RUN.encode() + b"rounds = " + b"9" * 5_000, "Exceeds the limit"),
    "5,000 hexadecimal digits": (RUN.encode() + b"rounds = 0x" + b"f" * 5_000, "run.rounds: a number of thousands"),
    "a knob of 5,000 hexadecimal digits": (RUN.encode() + b"[mine]\ncount = 0x" + b"f" * 5_000, "mine.count: a number"),
    "a fraction of 5,000 digits": (RUN.encode() + b"[mine]\npause = 0x" + b"f" * 5_000, "mine.pause: a number"),
    "bad UTF-8": (RUN.encode() + b"# \xff\xfe\n", "byte 104 is not UTF-8"),
    "UTF-16": (RUN.encode("utf-16"), "byte 0 is not UTF-8"),
}


@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_is_refused_in_one_line(what: str, repo: Path) -> None:
    text, says = BOMBS[what]
    assert refusal(repo, text).startswith(says)


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA limits what Python allocates on Linux only")
@pytest.mark.parametrize("what", BOMBS)
def test_a_bomb_is_refused_within_100_megabytes(what: str, repo: Path) -> None:
    (repo / "given.toml").write_bytes(BOMBS[what][0])
    code = (
        "import pathlib, sys\n"
        "from harness.config import load_config\n"
        "from harness.errors import UsageFault\n"
        "here = pathlib.Path(sys.argv[1])\n"
        "try:\n"
        "    load_config('given.toml', here, here)\n"
        "except UsageFault:\n"
        "    sys.exit(2)\n"
    )
    limit = 100 * 2**20
    done = subprocess.run(
        [sys.executable, "-c", code, str(repo)],
        cwd=ROOT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, b"")


def test_the_command_line_wins_over_the_config_and_the_config_over_the_lab(repo: Path) -> None:
    lab = read_lab(repo / "labs" / "mine.py")
    config = loaded(repo, RUN + "[mine]\ncount = 5\npause = 2.5\n")
    own = {"count": 1000, "pause": 0.5, "word": "x", "fast": False, "first": 0}
    assert knobs_for(load_config("standard", repo, repo), lab) == own
    assert knobs_for(config, lab) == own | {"count": 5, "pause": 2.5}
    assert knobs_for(config, lab, ["count=7"]) == own | {"count": 7, "pause": 2.5}


@pytest.mark.parametrize(
    ("given", "knob", "value"),
    [
        ("count=1_000", "count", 1000),
        (" count = 12 ", "count", 12),
        ("pause=1", "pause", 1.0),
        ("pause=1e-3", "pause", 0.001),
        ("fast=true", "fast", True),
        ("fast=False", "fast", False),
        ("word=a=b", "word", "a=b"),
        ("word=", "word", ""),
    ],
)
def test_a_set_is_read_as_its_knobs_type(given: str, knob: str, value: object, repo: Path) -> None:
    lab = read_lab(repo / "labs" / "mine.py")
    found = knobs_for(load_config("standard", repo, repo), lab, [given])[knob]
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            "cont=5",
            "--set 'cont=5': no knob 'cont': did you mean count? the knobs of mine are count, pause, word, fast",
        ),
        ("zzz=5", "--set 'zzz=5': no knob 'zzz': the knobs of mine are count"),
        ("count", "--set 'count': write it as KNOB=VALUE; the knobs of mine are count"),
        ("=5", "--set '=5': no knob ''"),
        ("count=abc", "--set 'count=abc': 'abc' is no int, as the knob count is (1000)"),
        ("count=", "--set 'count=': '' is no int"),
        ("count=1.5", "--set 'count=1.5': '1.5' is no int"),
        ("count=0", "--set 'count=0': '0' is out of range: the knob count is 1 to 10,000,000"),
        ("count=-1", "--set 'count=-1': '-1' is out of range"),
        ("count=1000000000", "--set 'count=1000000000': '1000000000' is out of range"),
        ("count=" + "9" * 5000, "--set 'count=999"),
        ("pause=nan", "--set 'pause=nan': 'nan' is out of range"),
        ("pause=inf", "--set 'pause=inf': 'inf' is out of range"),
        ("fast=1", "--set 'fast=1': '1' is no bool"),
        ("count\n=1", "--set 'count\\n=1': "),
    ],
)
def test_a_set_that_does_not_fit_is_refused_in_one_line(given: str, says: str, repo: Path) -> None:
    lab = read_lab(repo / "labs" / "mine.py")
    if given == "count\n=1":
        assert knobs_for(load_config("standard", repo, repo), lab, [given])["count"] == 1
        return
    with pytest.raises(UsageFault) as raised:
        knobs_for(load_config("standard", repo, repo), lab, [given])
    assert str(raised.value).startswith(says)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 400


def test_a_knob_that_is_set_twice_is_refused(repo: Path) -> None:
    lab = read_lab(repo / "labs" / "mine.py")
    with pytest.raises(UsageFault, match="count is set twice"):
        knobs_for(load_config("standard", repo, repo), lab, ["count=1", "count=2"])
