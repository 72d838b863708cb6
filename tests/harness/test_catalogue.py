"""The catalogue reads labs without running them, and says in one line what is wrong with one that it cannot read."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from harness.catalogue import find_lab, read_catalogue, read_lab
from harness.errors import UsageFault
from harness.lab_record import Knob, LabFault

LABS = Path(__file__).parents[2] / "labs"

GOOD = '''
"""Is it so?

Because of this
and that.

Predict: which one
wins?
"""

from harness.lab import Run, Sweep, Verdict, claim, cores, gil, python, variant

WORKERS = 4
SIZE = 2 * 1024


@variant
def plain(workers: int = WORKERS, *, share: float = 1) -> int:
    """The plain one.

    More about it.
    """
    return 1


@variant(answer="differs", because="it is broken", ends="crashed")
def broken(size: int = SIZE, name: str = "x", fast: bool = True, workers: int = 4) -> int:
    """The broken one."""
    return 2


@claim
def it_holds(run: Run) -> Verdict:
    """It holds."""


@claim(needs=(gil, cores(2), python(3, WORKERS)))
def over_all(sweep: "Sweep") -> Verdict:
    """It holds over all."""
'''


def written(folder: Path, text: str, name: str = "mine") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.py"
    path.write_text(dedent(text), encoding="utf-8")
    return path


def test_a_lab_says_its_question_variants_claims_and_knobs(tmp_path: Path) -> None:
    lab = read_lab(written(tmp_path, GOOD))
    assert (lab.name, lab.question, lab.predict) == ("mine", "Is it so?", "which one wins?")
    assert lab.text == "Because of this\nand that."
    assert [variant.name for variant in lab.variants] == ["plain", "broken"]
    plain, broken = lab.variants
    assert (plain.doc, plain.answer, plain.because, plain.ends) == ("The plain one.", "same", "", "finished")
    assert plain.knobs == ("workers", "share")
    assert (broken.answer, broken.because, broken.ends) == ("differs", "it is broken", "crashed")
    assert GOOD.splitlines()[broken.line - 1].startswith("def broken")
    assert [(claim.name, claim.doc, claim.over, claim.needs) for claim in lab.claims] == [
        ("it_holds", "It holds.", "run", ()),
        ("over_all", "It holds over all.", "sweep", ("gil", "cores(2)", "python(3, 4)")),
    ]


def test_knobs_are_the_parameters_of_all_variants_with_constants_resolved(tmp_path: Path) -> None:
    assert read_lab(written(tmp_path, GOOD)).knobs == {
        "workers": Knob("workers", "int", 4),
        "share": Knob("share", "float", 1.0),
        "size": Knob("size", "int", 2048),
        "name": Knob("name", "str", "x"),
        "fast": Knob("fast", "bool", True),
    }


def test_aliases_of_the_marks_are_honoured(tmp_path: Path) -> None:
    text = '''
    """Why?"""
    from harness.lab import Run as R, claim as c, cores as k, variant as v

    @v
    def one() -> None:
        """One."""

    @c(needs=k(2))
    def so(run: R) -> None:
        """So."""
    '''
    lab = read_lab(written(tmp_path, text))
    assert [variant.name for variant in lab.variants] == ["one"]
    assert lab.claims[0].needs == ("cores(2)",)


def test_reading_a_lab_does_not_run_it(tmp_path: Path) -> None:
    text = GOOD + "\nimport pathlib\npathlib.Path(__file__).with_suffix('.ran').touch()\nraise SystemExit(9)\n"
    read_lab(written(tmp_path, text))
    assert not (tmp_path / "mine.ran").exists()
    assert "mine" not in sys.modules


HEAD = '"""Why?"""\nfrom harness.lab import Run, Sweep, Verdict, claim, cores, gil, variant\n'
ONE = '@variant\ndef one() -> int:\n    """One."""\n'

FAULTY = {
    "syntax": (HEAD + "def (:\n", 3, "syntax error"),
    "nul": (HEAD + ONE + "\0", 1, "null bytes"),
    "no docstring": (ONE, 1, "the lab has no docstring"),
    "no variant": (HEAD + "def one(): pass\n", 1, "no variant"),
    "twice": (HEAD + ONE + ONE, 7, "one is there twice, first in line 4"),
    "variant without docstring": (HEAD + "@variant\ndef one(): pass\n", 4, "variant one has no docstring"),
    "claim without docstring": (HEAD + ONE + "@claim\ndef so(run: Run): pass\n", 7, "claim so has no docstring"),
    "no default": (HEAD + '@variant\ndef one(a: int):\n    """One."""\n', 4, "parameter a has no default"),
    "no default by name": (HEAD + '@variant\ndef one(*, a: int):\n    """One."""\n', 4, "parameter a has no default"),
    "star": (HEAD + '@variant\ndef one(*a):\n    """One."""\n', 4, "knobs are passed by name"),
    "positional": (HEAD + '@variant\ndef one(a: int = 1, /):\n    """One."""\n', 4, "knobs are passed by name"),
    "differs": (HEAD + '@variant(answer="differs")\ndef one():\n    """One."""\n', 3, 'needs because="…"'),
    "differs, blank": (HEAD + '@variant(answer="differs", because=" ")\ndef one():\n    """."""\n', 3, "needs because"),
    "answer": (HEAD + '@variant(answer="other")\ndef one():\n    """One."""\n', 3, "one of same, differs, not 'other'"),
    "ends": (HEAD + '@variant(ends="badly")\ndef one():\n    """One."""\n', 3, "one of finished, deadlocked"),
    "word": (HEAD + '@variant(slow=True)\ndef one():\n    """One."""\n', 3, "takes answer, because, ends, not slow"),
    "argument": (HEAD + '@variant("x")\ndef one():\n    """One."""\n', 3, "not an argument without a name"),
    "nested": (
        HEAD + ONE + 'def f():\n    @variant\n    def g():\n        """G."""\n',
        8,
        "variant g must stand at the top",
    ),
    "nested claim": (
        HEAD + ONE + 'class C:\n    @claim\n    def g(run: Run):\n        """."""\n',
        8,
        "claim g must stand",
    ),
    "async": (HEAD + '@variant\nasync def one():\n    """One."""\n', 4, "is async"),
    "decorated": (HEAD + "import functools\n@functools.cache\n" + ONE, 6, "its mark must be the only one"),
    "not imported": ('"""Why?"""\n' + ONE, 2, "variant is not imported: from harness.lab import variant"),
    "from elsewhere": ('"""Why?"""\nfrom x import variant\n' + ONE, 3, "variant is not imported"),
    "module": ('"""Why?"""\nimport harness.lab\n@harness.lab.variant\ndef one(): pass\n', 2, "import by name"),
    "module by from": ('"""Why?"""\nfrom harness import lab\n@lab.variant\ndef one(): pass\n', 2, "import by name"),
    "star import": ('"""Why?"""\nfrom harness.lab import *\n' + ONE, 2, "import by name, not *"),
    "needs": (HEAD + ONE + '@claim(needs=gpu)\ndef so(run: Run):\n    """So."""\n', 6, "unknown need gpu: use gil"),
    "needs, no number": (HEAD + ONE + '@claim(needs=cores)\ndef so(run: Run):\n    """."""\n', 6, "unknown need cores"),
    "needs, called": (HEAD + ONE + '@claim(needs=gil())\ndef so(run: Run):\n    """."""\n', 6, "unknown need gil()"),
    "needs, zero": (
        HEAD + ONE + '@claim(needs=cores(0))\ndef so(run: Run):\n    """."""\n',
        6,
        "unknown need cores(0)",
    ),
    "over": (HEAD + ONE + '@claim\ndef so(it):\n    """So."""\n', 7, "one parameter, run: Run or sweep: Sweep"),
    "over both": (HEAD + ONE + '@claim\ndef so(a: Run, b: Run):\n    """So."""\n', 7, "one parameter"),
    "default": (HEAD + '@variant\ndef one(a: int = len("")):\n    """One."""\n', 4, "len('') is no number or text"),
    "reassigned": (HEAD + 'N = 1\nN = 2\n@variant\ndef one(a: int = N):\n    """One."""\n', 6, "sets once"),
    "in a circle": (HEAD + 'N = M\nM = N\n@variant\ndef one(a: int = N):\n    """."""\n', 6, "in a circle"),
    "power": (HEAD + '@variant\ndef one(a: int = 9**9**9):\n    """One."""\n', 4, "too large"),
    "infinite": (HEAD + '@variant\ndef one(a: float = 1e999):\n    """One."""\n', 4, "too large"),
    "nothing": (HEAD + '@variant\ndef one(a: int = None):\n    """One."""\n', 4, "None is no number or text"),
    "type": (HEAD + '@variant\ndef one(a: int = "x"):\n    """One."""\n', 4, "its default 'x' is no int"),
    "list": (
        HEAD + '@variant\ndef one(a: list[int] = 1):\n    """One."""\n',
        4,
        "a knob is int, float, str, bool, not list",
    ),
}


@pytest.mark.parametrize("what", FAULTY)
def test_a_faulty_lab_is_told_of_in_one_line_with_file_and_line(what: str, tmp_path: Path) -> None:
    text, line, says = FAULTY[what]
    with pytest.raises(LabFault) as raised:
        read_lab(written(tmp_path / "labs", text))
    told = str(raised.value)
    assert told.startswith("labs/mine.py:")
    assert says in told
    assert "\n" not in told
    if what != "nul":  # without a line before Python 3.12
        assert told.startswith(f"labs/mine.py:{line}: ")


def test_one_knob_with_two_defaults_is_a_fault(tmp_path: Path) -> None:
    text = HEAD + '@variant\ndef one(a: int = 1):\n    """."""\n@variant\ndef two(a: int = 2):\n    """."""\n'
    with pytest.raises(LabFault, match=r"mine.py:7: knob a has two defaults, 1 and 2: they must be one"):
        read_lab(written(tmp_path, text))


@pytest.mark.parametrize("deep", ["(" * 5000 + "1" + ")" * 5000, "1+" * 5000 + "1", "0x" + "f" * 5000, "9" * 5000])
def test_a_default_that_is_too_deep_or_too_long_is_told_of_in_one_line(deep: str, tmp_path: Path) -> None:
    with pytest.raises(LabFault) as raised:
        read_lab(written(tmp_path, HEAD + f'@variant\ndef one(a: int = {deep}):\n    """One."""\n'))
    assert len(str(raised.value)) < 300


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    with path.open("ab") as file:
        file.truncate(1_000_001)
    with pytest.raises(LabFault, match="more than 1 MB"):
        read_lab(path)


def test_a_broken_lab_does_not_hide_the_others(tmp_path: Path) -> None:
    written(tmp_path, GOOD, "b_good")
    written(tmp_path, GOOD, "a_good")
    written(tmp_path, "def (", "broken")
    written(tmp_path, GOOD, "no-name")
    written(tmp_path, "", "__init__")
    (tmp_path / "notes").mkdir()
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "latin.py").write_bytes(b'"""\xe9?"""')
    catalogue = read_catalogue(tmp_path)
    assert [lab.name for lab in catalogue.labs] == ["a_good", "b_good"]
    assert [str(fault).partition(":")[0].rpartition("/")[2] for fault in catalogue.faults] == [
        "broken.py",
        "folder.py",
        "latin.py",
        "no-name.py",
    ]


def test_a_folder_that_is_not_there_has_no_labs(tmp_path: Path) -> None:
    assert read_catalogue(tmp_path / "nowhere").labs == ()


def test_an_unknown_lab_is_refused_with_the_nearest_name_and_the_list() -> None:
    with pytest.raises(UsageFault, match=r"no lab .gli.: did you mean gil\? the labs are .*gil, .*race"):
        find_lab("gli", LABS)
    with pytest.raises(UsageFault, match="no lab 'quux'; the labs are"):
        find_lab("quux", LABS)


@pytest.mark.parametrize("name", ["../labs/gil", "/etc/passwd", "./gil", "gil\0", "", "..", ".", "labs\\gil"])
def test_a_path_is_not_the_name_of_a_lab(name: str) -> None:
    with pytest.raises(UsageFault, match="named by one word, not by a path"):
        find_lab(name, LABS)


def test_an_option_is_not_the_name_of_a_lab() -> None:
    with pytest.raises(UsageFault, match=r"no lab '--cores'.*see invoke --help lab"):
        find_lab("--cores", LABS)


@pytest.mark.parametrize("name", ["Gil", "x" * 100_000, "gil\n\x1b[31m", "길"])
def test_a_strange_name_is_refused_in_one_short_line(name: str) -> None:
    with pytest.raises(UsageFault) as raised:
        find_lab(name, LABS)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 500


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = written(tmp_path / "outside", GOOD)
    inside = written(tmp_path / "labs", GOOD, "real")
    (tmp_path / "labs" / "mine.py").symlink_to(outside)
    (tmp_path / "labs" / "also.py").symlink_to(inside)
    (tmp_path / "labs" / "round.py").symlink_to("round.py")
    with pytest.raises(LabFault, match="leads out of the folder"):
        find_lab("mine", tmp_path / "labs")
    assert find_lab("also", tmp_path / "labs").question == "Is it so?"
    with pytest.raises(LabFault):
        find_lab("round", tmp_path / "labs")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_named_pipe_is_no_lab_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    with pytest.raises(LabFault, match="no file"):
        find_lab("pipe", tmp_path)


def test_the_labs_of_this_repository_are_all_good_and_ask_something() -> None:
    catalogue = read_catalogue(LABS)
    assert catalogue.faults == ()
    assert {"deadlock", "gil", "race", "sum_messages"} <= {lab.name for lab in catalogue.labs}
    for lab in catalogue.labs:
        assert lab.question.endswith("?"), lab.name
        assert lab.text, lab.name
        assert lab.predict, lab.name
        assert lab.claims, lab.name
