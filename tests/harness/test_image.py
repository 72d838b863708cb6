from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.endpoint import Endpoint
from harness.errors import UsageFault
from harness.image import INPUTS, ImageBuildFailed, _Progress, ensure_image, find_image, image_tag

if TYPE_CHECKING:
    from pathlib import Path

    from harness.engine import Engine
    from harness.image import ImageFacts


@pytest.fixture
def clone(tmp_path: Path, repo: Path) -> Path:
    """A clone with little in it: its image is one small layer of its own."""
    for name in INPUTS:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"# {name}\n")
    (tmp_path / "harness" / "capture").mkdir(parents=True)
    (tmp_path / "harness" / "lab.py").write_text("one\ntwo\n")
    (tmp_path / "harness" / "capture" / "sitecustomize.py").write_text("")
    shutil.copy(repo / "compose.yaml", tmp_path)
    return tmp_path


def test_the_tag_is_twelve_hex_digits_of_what_goes_into_the_image(clone: Path) -> None:
    assert image_tag(clone) == "c579a5d02311"


@pytest.mark.parametrize("name", [*INPUTS, "harness/lab.py", "harness/capture/sitecustomize.py"])
def test_a_change_to_any_input_changes_the_tag(clone: Path, name: str) -> None:
    before = image_tag(clone)
    (clone / name).write_text("changed\n")
    assert image_tag(clone) != before


def test_a_new_name_or_a_moved_line_changes_the_tag(clone: Path) -> None:
    tags = {image_tag(clone)}
    (clone / "harness" / "lab.py").rename(clone / "harness" / "labs.py")
    tags.add(image_tag(clone))
    (clone / "harness" / "labs.py").write_text("one\n")
    (clone / "harness" / "labt.py").write_text("two\n")
    tags.add(image_tag(clone))
    assert len(tags) == 3


def test_line_endings_bytecode_and_labs_leave_the_tag_alone(clone: Path) -> None:
    before = image_tag(clone)
    (clone / "harness" / "lab.py").write_bytes(b"one\r\ntwo\r\n")
    (clone / "harness" / "__pycache__").mkdir()
    (clone / "harness" / "__pycache__" / "lab.py").write_text("")
    (clone / "harness" / "note.txt").write_text("not Python, and so not in the image")
    (clone / "labs").mkdir()
    (clone / "labs" / "gil.py").write_text("a lab travels with its run")
    assert image_tag(clone) == before


def test_a_clone_that_is_not_whole_is_named(clone: Path) -> None:
    (clone / "Dockerfile").unlink()
    with pytest.raises(UsageFault, match=r"Dockerfile.*is the clone whole"):
        image_tag(clone)


def test_what_the_image_is_made_of_is_what_its_build_is_given(repo: Path) -> None:
    """The tag would be stale if a file went into the image that it does not cover."""
    allowed = {
        line.removeprefix("!") for line in (repo / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    assert allowed == {"requirements/image.txt", "harness/**/*.py"}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_one_line_of_a_terminal_and_nothing_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, shown in ((Terminal(), "\r\x1b[2K#5 [31mRUN\r\x1b[2K"), (io.StringIO(), "")):
        monkeypatch.setattr("sys.stderr", stream)
        with _Progress() as progress:
            progress.show("#5 \x1b[31mRUN\r\n")
        assert stream.getvalue() == shown


@pytest.mark.engine
def test_a_missing_image_is_built_once_and_said_in_one_line(engine: Engine, clone: Path) -> None:
    (clone / "Dockerfile").write_text("FROM debian:trixie-slim\nLABEL pinlab.image=test\n")
    said: list[str] = []
    facts = ensure_image(engine, clone, said.append)
    try:
        assert facts.tag == image_tag(clone)
        assert len(said) == 1
        assert f"building the image pinlab:{facts.tag}" in said[0]
        assert ensure_image(engine, clone, said.append) == facts == find_image(engine, facts.tag)
        assert len(said) == 1
    finally:
        engine.client.images.remove(facts.name)


@pytest.mark.engine
def test_a_failed_build_shows_its_last_lines_and_leaves_the_engine_unused(engine: Engine, clone: Path) -> None:
    (clone / "Dockerfile").write_text("FROM debian:trixie-slim\nRUN seq 100 && echo famous last words && exit 7\n")
    said: list[str] = []
    with pytest.raises(ImageBuildFailed, match="could not be built") as caught:
        ensure_image(engine, clone, said.append)
    assert caught.value.exit_code == 69
    assert "famous last words" in "\n".join(said)
    assert len(said) <= 21
    assert find_image(engine, image_tag(clone)) is None


@pytest.mark.engine
def test_an_image_is_built_on_the_engine_that_is_to_have_it(engine: Engine, clone: Path) -> None:
    nowhere = Endpoint("nowhere", "unix:///nonexistent", "DOCKER_HOST", (("DOCKER_HOST", "unix:///nonexistent"),))
    (clone / "Dockerfile").write_text("FROM debian:trixie-slim\n")
    with pytest.raises(ImageBuildFailed, match="on nowhere"):
        ensure_image(replace(engine, endpoint=nowhere), clone, lambda _line: None)


def inside(image: ImageFacts, engine: Engine, *command: str) -> str:
    """What a command prints in the image, without network, root or a file system to write to."""
    environ = engine.endpoint.environment({"PATH": "/usr/local/bin:/usr/bin:/bin"})
    options = ["--rm", "--network=none", "--read-only", "--entrypoint", command[0]]
    finished = subprocess.run(
        ["docker", "run", *options, image.name, *command[1:]], env=environ, capture_output=True, text=True, check=True
    )
    return finished.stdout.strip()


@pytest.mark.engine
@pytest.mark.parametrize(("interpreter", "gil"), [("python3.14", "True"), ("python", "True"), ("python3.14t", "False")])
def test_the_interpreters_are_on_the_path_and_start_with_psutil_and_the_harness(
    engine: Engine, image: ImageFacts, interpreter: str, gil: str
) -> None:
    code = "import sys, psutil, harness.lab; print(*sys.version_info[:2], sys._is_gil_enabled())"
    assert inside(image, engine, interpreter, "-c", code) == f"3 14 {gil}"


@pytest.mark.engine
@pytest.mark.parametrize("interpreter", ["python3.14", "python3.14t"])
def test_no_module_is_without_its_bytecode(engine: Engine, image: ImageFacts, interpreter: str) -> None:
    """A read-only container would compile the missing ones at every start of every worker."""
    code = (
        "import importlib.util as u, pathlib, sysconfig\n"
        "roots = [pathlib.Path(sysconfig.get_path('stdlib')), pathlib.Path('/opt/pinlab/harness')]\n"
        "every = [path for root in roots for path in root.rglob('*.py')]\n"
        "bare = [str(path) for path in every if not pathlib.Path(u.cache_from_source(str(path))).exists()]\n"
        "print(len(every) > 500, [path for path in bare if 'bad' not in path])\n"
        "import harness.lab, psutil\n"
        "print([it.__name__ for it in (harness.lab, psutil) if not pathlib.Path(it.__spec__.cached).exists()])"
    )
    assert inside(image, engine, interpreter, "-c", code).splitlines() == ["True []", "[]"]


@pytest.mark.engine
def test_the_container_is_not_root_and_owns_its_results_alone(engine: Engine, image: ImageFacts) -> None:
    assert inside(image, engine, "id", "-u") == inside(image, engine, "id", "-g") == "1000"
    assert inside(image, engine, "stat", "-c", "%u:%g", "/results") == "1000:1000"
    open_to_it = r"find / -xdev \( -perm -0002 -o -user 1000 \) -not -type l -not -path '/proc/*' 2>/dev/null | sort"
    assert inside(image, engine, "sh", "-c", open_to_it).split() == ["/results", "/run/lock", "/tmp", "/var/tmp"]


@pytest.mark.engine
def test_the_builder_leaves_nothing_behind(engine: Engine, image: ImageFacts) -> None:
    assert inside(image, engine, "sh", "-c", "ls -A /tmp /mnt /usr/local/sbin; command -v uv || true").split() == [
        "/mnt:",
        "/tmp:",
        "/usr/local/sbin:",
    ]


@pytest.mark.engine
def test_the_image_is_hardly_larger_than_debian_and_two_interpreters(engine: Engine, image: ImageFacts) -> None:
    layers = engine.client.images.get(image.name).history()
    base = engine.client.images.get("debian:trixie-slim").attrs["Size"]
    interpreters = sum(layer["Size"] for layer in layers if "uv python install" in layer["CreatedBy"])
    assert interpreters > 0
    assert engine.client.images.get(image.name).attrs["Size"] <= 1.2 * (base + interpreters)


@pytest.mark.remote
def test_the_image_of_a_remote_engine_is_the_same(remote_image: ImageFacts, image: ImageFacts) -> None:
    assert remote_image.tag == image.tag
