"""The commands as a user types them: what they say, where they say it, and how they exit."""

from __future__ import annotations

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Protocol

import pytest

from harness import owners, plan
from harness.machine import read_machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.engine import Engine
    from harness.image import ImageFacts

    Ended = subprocess.CompletedProcess[str]

    class Invoke(Protocol):
        """invoke as a user types it; by itself in the repository's folder, with the environment of the tests."""

        def __call__(self, *words: str, cwd: Path | str = ..., **environment: str) -> Ended: ...


NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent/engine.sock"}
QUICK = ("--rounds", "1", "--set", "count=2000")


@pytest.fixture
def invoke(repo: Path) -> Invoke:
    def run(*words: str, cwd: Path | str = repo, **environment: str) -> Ended:
        return subprocess.run(
            [sys.executable, "-m", "invoke", "--search-root", str(repo), *words],
            cwd=cwd,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    return run


def local(invoke: Invoke, *words: str, **environment: str) -> Ended:
    return invoke("lab", *words, **NO_ENGINE, **environment)


def one_line(ended: Ended) -> str:
    assert "Traceback" not in ended.stderr
    [line] = [line for line in ended.stderr.splitlines() if line.startswith("pinlab: ")]
    return line


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("gli",), "did you mean gil?"),
        (("../x",), "a file of your own ends in .py"),
        (("/etc/passwd",), "a file of your own ends in .py"),
        (("../../etc/passwd",), "no lab '../../etc/passwd'"),
        (("missing.py",), "there is no such file"),
        (("race", "--mine", "missing.py"), "--mine 'missing.py': there is no such file"),
        (("race", "--mine", "../../etc/passwd"), "a file of your own ends in .py"),
        (("race", "--mine", "labs/gil.py"), "the variants of race are forced, unguarded"),
        (("race", "--watch", "--json"), "a watch has no single document"),
        (("race", "--watch", "--cores", "0"), "--cores '0'"),
        (("race", "--lang", "fr"), "choose one of en, ko"),
        (("gil", "--cores", "0"), "--cores '0'"),
        (("gil", "--cores", "-1"), "--cores '-1'"),
        (("gil", "--cores", "abc"), "--cores 'abc'"),
        (("gil", "--cores", "1.5"), "--cores '1.5'"),
        (("gil", "--cores", ""), "--cores ''"),
        (("gil", "--cores", "1,,2"), "--cores '1,,2'"),
        (("gil", "--cores", "64"), "largest usable size"),
        (("gil", "--python", "2.7"), "--python '2.7'"),
        (("gil", "--python", "abc"), "--python 'abc'"),
        (("gil", "--config", "quack"), "did you mean quick?"),
        (("gil", "--config", "../../etc/passwd"), "passwd"),
        (("gil", "--set", "cuont=3"), "count"),
        (("gil", "--set", "count"), "KNOB=VALUE"),
        (("gil", "--rounds", "0"), "--rounds '0'"),
        (("gil", "--budget", "soon"), "--budget 'soon'"),
        (("gil", "--seed", "x"), "--seed 'x'"),
        (("gil", "--runner", "podman"), "auto, docker, local"),
        (("gil", "--core", "1"), "No idea what '--core' is!"),
        ((), "required positional"),
    ],
)
def test_bad_words_get_one_line_and_exit_2(invoke: Invoke, words: tuple[str, ...], says: str) -> None:
    ended = local(invoke, *words)
    assert ended.returncode == 2, ended.stderr
    assert ended.stdout == ""
    assert says in one_line(ended)


def test_a_name_that_looks_like_help_gives_the_help(invoke: Invoke) -> None:
    ended = local(invoke, "--help")
    assert ended.returncode == 0, ended.stderr
    assert "Run a lab on known cores" in ended.stdout
    assert "--cores" in ended.stdout


def test_no_engine_and_runner_docker_is_69_with_advice(invoke: Invoke) -> None:
    ended = local(invoke, "gil", "--runner", "docker")
    assert ended.returncode == 69
    assert "start Docker" in one_line(ended)
    assert "--runner local" in one_line(ended)


def test_no_engine_and_runner_auto_takes_the_local_runner_and_says_why(invoke: Invoke) -> None:
    ended = local(invoke, "race", "--cores", "1", *QUICK)
    first = ended.stderr.splitlines()[0]
    assert first.startswith("runner: local (no engine at unix:///nonexistent/engine.sock: there is no such socket")
    assert "local runner" in ended.stdout


def test_an_unknown_context_is_never_another_engine(invoke: Invoke, tmp_path: Path) -> None:
    environment = {"DOCKER_CONTEXT": "no-such-context", "DOCKER_CONFIG": str(tmp_path), "DOCKER_HOST": ""}
    ended = invoke("lab", "race", "--cores", "1", *QUICK, **environment)
    assert ended.returncode == 2
    assert "no-such-context" in one_line(ended)


def test_json_prints_one_document_and_nothing_else(invoke: Invoke) -> None:
    ended = local(invoke, "race", "--cores", "1", *QUICK, "--json")
    document = json.loads(ended.stdout)
    assert document["exit_code"] == ended.returncode
    [run] = document["runs"]
    [cpu] = plan.choose_cpus(read_machine(), 1)
    assert run["placement"]["requested"] == run["placement"]["at_start"] == run["placement"]["at_end"] == [cpu]
    assert {verdict["claim"] for verdict in document["verdicts"]} >= {"forced_loses_exactly_one"}


def test_the_plan_stays_inside_what_the_parent_was_given(invoke: Invoke) -> None:
    before = os.sched_getaffinity(0)
    only = min(before)
    os.sched_setaffinity(0, {only})
    try:
        ended = local(invoke, "race", *QUICK, "--json")
        asked_for_more = local(invoke, "race", "--cores", "2")
    finally:
        os.sched_setaffinity(0, before)
    assert json.loads(ended.stdout)["runs"][0]["placement"]["at_start"] == [only]
    assert asked_for_more.returncode == 2
    assert "1 CPU is available" in one_line(asked_for_more)


def test_labs_lists_every_lab_with_its_mark_and_question_under_its_chapter(invoke: Invoke, repo: Path) -> None:
    course, _, legend = invoke("labs", "--lang", "en").stdout.partition("\n\n")
    lines = course.splitlines()
    listed = [line for line in lines if line.startswith("  ")]
    assert sorted(line.split()[1] for line in listed) == sorted(path.stem for path in (repo / "labs").glob("*.py"))
    assert {line.split()[0] for line in listed} <= set("●◐○")
    assert all(line.endswith("?") for line in listed)
    assert [line for line in lines if line not in listed] == sorted(set(lines) - set(listed))
    assert "● all of its claims can be judged here, ◐ some, ○ none\n" in legend
    assert "./invoke doctor" in legend


def test_labs_speaks_korean_and_its_json_does_where_it_is_asked(invoke: Invoke) -> None:
    korean = {"LC_ALL": "ko_KR.UTF-8", "PYTHONIOENCODING": "utf-8"}
    assert "스레드 넷은 하나보다 빨리 세는가?" in invoke("labs", **korean).stdout
    for words, question, chapter in (
        ((), "Do four threads count faster than one?", "3 The GIL"),
        (("--lang", "ko"), "스레드 넷은 하나보다 빨리 세는가?", "3 GIL"),
    ):
        [gil] = [lab for lab in json.loads(invoke("labs", "--json", *words, **korean).stdout) if lab["name"] == "gil"]
        assert (gil["question"], gil["chapter"]) == (question, chapter)
        assert gil["shows"] in ("all", "some", "none")


def test_labs_asks_no_engine_and_needs_no_unicode(invoke: Invoke) -> None:
    here = {**NO_ENGINE, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    ended = invoke("labs", **here)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "* all of its claims can be judged here, + some, - none" in ended.stdout
    assert "by this machine's " in ended.stdout


def test_labs_refuses_a_language_without_pages(invoke: Invoke) -> None:
    ended = invoke("labs", "--lang", "fr")
    assert ended.returncode == 2
    assert "choose one of en, ko" in one_line(ended)


def test_labs_loads_neither_the_engine_s_library_nor_the_tables(repo: Path) -> None:
    code = "import sys; from harness import commands; commands.labs('en', json=False); print(sorted(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", code], cwd=repo, capture_output=True, text=True, check=True)
    loaded = ended.stdout.splitlines()[-1]
    assert "'harness.here'" in loaded
    assert not [name for name in ("docker", "rich", "requests", "psutil") if f"'{name}'" in loaded]


@pytest.mark.parametrize(("language", "says"), [("en", "daemon thread"), ("ko", "데몬 스레드")])
def test_show_prints_a_lab_s_page_and_its_code(invoke: Invoke, language: str, says: str) -> None:
    ended = invoke("show", "daemon", "--lang", language)
    assert says in ended.stdout
    assert "def autosave(" in ended.stdout


def test_show_prints_a_lab_from_outside_the_repository(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "gil.py").write_text(LAB)  # called as a lab that has a page
    ended = invoke("show", "./gil.py", cwd=tmp_path)
    assert (ended.returncode, ended.stdout.strip()) == (0, f"{ast.get_docstring(ast.parse(LAB))}\n\n{LAB}".strip())
    missing = invoke("show", "missing.py", cwd=tmp_path)
    assert missing.returncode == 2
    assert "no lab 'missing.py': there is no such file" in missing.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("race", "--diff", "unguarded", "with_lock"),
        ("race", "--diff", "unguarded,with_lock"),
        ("race", "--diff", "unguarded,", "with_lock", "--lang", "en"),
        ("--diff", "unguarded", "with_lock", "race"),
    ],
)
def test_show_tells_two_variants_apart(invoke: Invoke, words: tuple[str, ...]) -> None:
    ended = invoke("show", *words)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("--- unguarded: ")
    assert "+            with lock:\n" in ended.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("unguarded", "with_lok"), "did you mean with_lock?"),
        (("unguarded", "unguarded"), "twice the same"),
        (("unguarded",), "two variants are compared, not 1"),
        (("unguarded", "--lang", "ko"), "two variants are compared, not 1"),
        ((), "needed value"),
    ],
)
def test_show_says_in_one_line_which_two_variants_it_wants(invoke: Invoke, words: tuple[str, ...], says: str) -> None:
    ended = invoke("show", "race", "--diff", *words)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert says in one_line(ended)


def test_a_lab_runs_from_a_folder_with_spaces_and_korean_in_its_path(invoke: Invoke, tmp_path: Path) -> None:
    folder = tmp_path / "한글 폴더 with spaces"
    folder.mkdir()
    (folder / "mine.toml").write_text("[run]\nrounds = 1\n[race]\ncount = 2000\n")
    words = ("lab", "race", "--cores", "1", "--config", "mine.toml", "--json")
    ended = invoke(*words, cwd=folder, **NO_ENGINE)
    assert json.loads(ended.stdout)["runs"][0]["knobs"]["count"] == 2000


LAB = '''"""Is it so?"""

from harness.lab import Run, Verdict, claim, variant


@variant
def one(count: int = 3) -> int:
    """One."""
    return count


@claim
def it_is_three(run: Run) -> Verdict:
    """It is three."""
    return run.answers(one).are_all(3)
'''


@pytest.fixture
def own_results(repo: Path) -> Iterator[list[str]]:
    """Names of runs whose folders are removed from the store in the end."""
    names: list[str] = []
    yield names
    for name in names:
        shutil.rmtree(repo / "results" / name)


def test_a_lab_runs_from_outside_the_repository_with_its_knobs_from_a_file(
    invoke: Invoke, tmp_path: Path, own_results: list[str]
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "outside_lab.py").write_text(LAB)
    (tmp_path / "hard.toml").write_text("[outside_lab]\ncount = 4\n")
    words = ("lab", "sub/outside_lab.py", "--cores", "1", "--rounds", "1")
    alone = invoke(*words, cwd=tmp_path, **NO_ENGINE)
    configured = invoke(*words, "--config", "hard.toml", "--json", cwd=tmp_path, **NO_ENGINE)
    [run] = json.loads(configured.stdout)["runs"]
    own_results += [alone.stderr.splitlines()[-1].rpartition("/")[2], run["run_id"]]
    compared = invoke("compare", "outside_lab", "--json")
    assert alone.returncode == 0, alone.stderr
    assert "the lab is sub/outside_lab.py, from outside this repository" in alone.stdout
    assert (run["origin"], run["knobs"], configured.returncode) == ("sub/outside_lab.py", {"count": 4}, 1)
    assert [row["run_id"] for row in json.loads(compared.stdout)[0]["rows"]] == [run["run_id"]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def (", "sub/bad.py:1: syntax error"),
        (LAB.replace("@variant", ""), "sub/bad.py:1: no variant"),
        (LAB + '\n\n@variant\ndef one() -> int:\n    """One."""\n', "sub/bad.py:19: one is there twice"),
        (LAB + "import beside\n", "sub/bad.py:16: cannot be imported: ModuleNotFoundError: No module named 'beside'"),
    ],
)
def test_a_lab_with_a_fault_is_one_line_with_file_and_line_and_exit_2(
    invoke: Invoke, text: str, says: str, tmp_path: Path
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "bad.py").write_text(text)
    (tmp_path / "sub" / "beside.py").touch()
    ended = invoke("lab", "sub/bad.py", "--cores", "1", cwd=tmp_path, **NO_ENGINE)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert says in one_line(ended)
    assert "kept what was measured" not in ended.stderr


def test_an_answer_that_cannot_be_compared_is_exit_2_with_its_line_and_the_others_go_on(
    invoke: Invoke, tmp_path: Path, own_results: list[str]
) -> None:
    (tmp_path / "set_lab.py").write_text(LAB + '\n\n@variant\ndef two() -> object:\n    """Two."""\n    return {1}\n')
    ended = invoke("lab", "set_lab.py", "--cores", "1", "--rounds", "1", cwd=tmp_path, **NO_ENGINE)
    own_results.append(ended.stderr.splitlines()[-1].rpartition("/")[2])
    assert ended.returncode == 2
    assert "! two: not comparable: set_lab.py:18: returned a set, which cannot be compared" in ended.stdout
    assert "It is three.  (holds" in ended.stdout


def test_a_learners_file_is_judged_by_the_labs_claims_with_a_hint(
    invoke: Invoke, tmp_path: Path, own_results: list[str]
) -> None:
    (tmp_path / "my_race.py").write_text("def own_counter_then_add(count):\n    return 1\n")
    words = ("lab", "race", "--mine", "my_race.py", "--cores", "1", *QUICK, "--lang", "ko")
    ended = invoke(*words, cwd=tmp_path, **NO_ENGINE)
    own_results.append(ended.stderr.splitlines()[-1].rpartition("/")[2])
    assert ended.returncode == 1
    assert "yours, from my_race.py: own_counter_then_add" in ended.stdout
    assert "! own_counter_then_add: unequal answer: 1, where with_lock.0 has 0" in ended.stdout
    assert "    힌트: 스레드의 합계를 공유하는 것에 더하는 순간을 보십시오." in ended.stdout
    as_json = invoke(*words, "--json", cwd=tmp_path, **NO_ENGINE)
    document = json.loads(as_json.stdout)
    own_results.append(document["runs"][0]["run_id"])
    hints = {one["claim"]: one.get("hint") for one in document["verdicts"] if one["verdict"] == "refuted"}
    assert list(hints) == ["own_counters_lose_nothing"]
    assert hints["own_counters_lose_nothing"].startswith("스레드의 합계를 공유하는 것에 더하는 순간을 보십시오.")


def test_a_watch_runs_again_when_the_file_is_saved_and_ctrl_c_ends_it_with_the_last_exit_code(
    repo: Path, tmp_path: Path, own_results: list[str]
) -> None:
    file = tmp_path / "watched_lab.py"
    file.write_text(LAB)
    words = ("lab", "watched_lab.py", "--watch", "--cores", "1", "--rounds", "1")
    watching = subprocess.Popen(
        [sys.executable, "-m", "invoke", "--search-root", str(repo), *words],
        cwd=tmp_path,
        env={**os.environ, **NO_ENGINE},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert watching.stderr is not None
    said: list[str] = []

    def until_it_watches() -> list[str]:
        began = len(said)
        for line in watching.stderr or ():
            said.append(line.rstrip())
            if line.startswith("watching watched_lab.py"):
                break
        return said[began:]

    try:
        first = until_it_watches()
        file.write_text("def (")
        broken = until_it_watches()
        file.write_text(LAB.replace("are_all(3)", "are_all(4)"))
        mended = until_it_watches()
        watching.send_signal(signal.SIGINT)
        assert watching.wait() == 1
    finally:
        watching.kill()
        watching.wait()
        watching.stderr.close()
    own_results += [line.rpartition("/")[2] for line in said if line.startswith("results: ")]
    assert broken[0].startswith("pinlab: watched_lab.py:1: syntax error")
    assert [len([line for line in lines if line.startswith("results: ")]) for lines in (first, broken, mended)] == [
        1,
        0,
        1,
    ]


def test_exec_runs_a_script_of_the_user_s_own_pinned_and_measured(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "my script.py").write_text("import os, sys\nprint(sorted(os.sched_getaffinity(0)), sys.argv[1:])\n")
    words = ("exec", "--cores", "1", "--", "python", "my script.py", "--flag", "a b")
    ended = invoke(*words, cwd=tmp_path, **NO_ENGINE)
    [cpu] = plan.choose_cpus(read_machine(), 1)
    assert ended.returncode == 0, ended.stderr
    assert f"[{cpu}] ['--flag', 'a b']" in ended.stdout
    assert "read back inside" in ended.stdout


def test_exec_tells_of_a_command_that_fails(invoke: Invoke, tmp_path: Path) -> None:
    words = ("exec", "--cores", "1", "--json", "--", "python", "-c", "raise SystemExit(3)")
    ended = invoke(*words, cwd=tmp_path, **NO_ENGINE)
    assert ended.returncode == 1
    [run] = json.loads(ended.stdout)["runs"]
    [sample] = run["variants"][0]["samples"]
    assert (sample["outcome"], sample["exit_code"]) == ("crashed", 3)
    assert run["start_cost_seconds"] is None  # no claim asks for it, and it is most of a launch


def test_exec_without_a_command_is_a_usage_error(invoke: Invoke) -> None:
    ended = invoke("exec", "--cores", "1", **NO_ENGINE)
    assert ended.returncode == 2
    assert "invoke exec --cores 2 -- python my_script.py" in one_line(ended)


def test_a_closed_pipe_is_quiet(repo: Path) -> None:
    words = f"'{sys.executable}' -m invoke --help lab | head -n 1"
    ended = subprocess.run(["bash", "-c", words], cwd=repo, capture_output=True, text=True, check=False)
    assert ended.stderr == ""


def test_output_needs_no_unicode(invoke: Invoke) -> None:
    ended = local(invoke, "race", "--cores", "1", *QUICK, LC_ALL="C", PYTHONIOENCODING="ascii")
    assert "UnicodeEncodeError" not in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "forced" in ended.stdout


def test_doctor_shows_the_machine_and_says_what_is_missing(invoke: Invoke) -> None:
    ended = invoke("doctor", "--json", **NO_ENGINE)
    document = json.loads(ended.stdout)
    assert {"machine", "engine", "sets", "checks", "labs"} <= set(document)
    assert not document["engine"]["answers"]
    assert all(check["remedy"] for check in document["checks"] if check["mark"] != "PASS")


def test_compare_takes_a_lab_s_name_or_none(invoke: Invoke, tmp_path: Path) -> None:
    named = invoke("compare", "race", "--json")
    unnamed = invoke("compare", "--json")
    unknown = invoke("compare", "rase")
    assert {one["lab"] for one in json.loads(named.stdout)} <= {"race"}
    assert unnamed.returncode == 0
    assert unknown.returncode == 2
    assert "did you mean race?" in one_line(unknown)


def test_a_shell_is_pinned(repo: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "invoke", "shell", "--cores", "1", "--runner", "local"],
        cwd=repo,
        env={**os.environ, "SHELL": "/bin/sh"},
        input="grep Cpus_allowed_list /proc/self/status; exit 7\n",
        capture_output=True,
        text=True,
        check=False,
    )
    [cpu] = plan.choose_cpus(read_machine(), 1)
    assert f"Cpus_allowed_list:\t{cpu}\n" in ended.stdout
    assert ended.returncode == 7


@pytest.mark.engine
def test_a_shell_in_a_container_is_pinned_and_leaves_nothing(engine: Engine, image: ImageFacts, repo: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "invoke", "shell", "--cores", "1", "--runner", "docker"],
        cwd=repo,
        input="cat /sys/fs/cgroup/cpuset*/cpuset*effective* /sys/fs/cgroup/cpuset.cpus.effective; id -u; exit 7\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 7, ended.stderr
    assert ended.stdout.split()[-1] == "1000"
    assert engine.client.containers.list(all=True, filters={"volume": owners.volume_of(repo)}) == []


@pytest.mark.engine
def test_build_says_that_the_image_is_there(invoke: Invoke, image: ImageFacts) -> None:
    ended = invoke("build")
    assert ended.returncode == 0
    assert ended.stdout.startswith(f"{image.name} is on the engine")


@pytest.mark.engine
def test_clean_removes_this_clone_s_volume_and_nothing_of_others(invoke: Invoke, engine: Engine, repo: Path) -> None:
    own, others = owners.volume_of(repo), "pinlab-results-0000000000"
    for name in (own, others):
        engine.client.volumes.create(name)
    try:
        assert invoke("clean").returncode == 0
        left = {volume.name for volume in engine.client.volumes.list()}
        assert own not in left
        assert others in left
    finally:
        engine.client.volumes.get(others).remove()
