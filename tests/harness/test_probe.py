from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from harness import probe
from harness.errors import EngineMissing, OwnFault
from harness.probe import cache_folder, engine_machine

if TYPE_CHECKING:
    from pathlib import Path

    from harness.engine import Engine
    from harness.image import ImageFacts


def an_engine(**facts: Any) -> Engine:
    return cast("Engine", SimpleNamespace(**{"engine_id": "id", "kernel": "6.1", "cpus": 2} | facts))


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The images that were looked with; no container is made."""
    seen: list[str] = []

    def look(_engine: Engine, image: str) -> dict[str, Any]:
        seen.append(image)
        return {"look": len(seen)}

    monkeypatch.setattr(probe, "_look", look)
    return seen


def test_a_machine_is_looked_at_once(tmp_path: Path, looks: list[str]) -> None:
    first = engine_machine(an_engine(), "pinlab:a", tmp_path / "cache")
    assert engine_machine(an_engine(), "pinlab:a", tmp_path / "cache") == first
    assert looks == ["pinlab:a"]


@pytest.mark.parametrize("change", [{"engine_id": "other"}, {"kernel": "6.2"}, {"cpus": 4}, {"image": "pinlab:b"}])
def test_whatever_changes_is_looked_at_anew(tmp_path: Path, looks: list[str], change: dict[str, Any]) -> None:
    engine_machine(an_engine(), "pinlab:a", tmp_path)
    image = change.pop("image", "pinlab:a")
    engine_machine(an_engine(**change), image, tmp_path)
    assert len(looks) == 2


def test_two_engines_do_not_push_each_other_out_of_the_cache(tmp_path: Path, looks: list[str]) -> None:
    for engine_id in ("one", "two", "one", "two"):
        engine_machine(an_engine(engine_id=engine_id), "pinlab:a", tmp_path)
    assert len(looks) == 2


@pytest.mark.parametrize("content", ["{", "[]", '{"key": "id 6.1 2 pinlab:a", "machine": 3}', "\udcff", "[" * 100_000])
def test_a_broken_cache_is_no_cache(tmp_path: Path, looks: list[str], content: str) -> None:
    engine_machine(an_engine(), "pinlab:a", tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_text(content, errors="surrogateescape")
    assert engine_machine(an_engine(), "pinlab:a", tmp_path) == {"look": 2}


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, looks: list[str]) -> None:
    (tmp_path / "file").touch()
    assert engine_machine(an_engine(), "pinlab:a", tmp_path / "file" / "cache") == {"look": 1}
    assert engine_machine(an_engine(), "pinlab:a", None) == {"look": 2}


def test_the_cache_is_where_the_users_caches_are(tmp_path: Path) -> None:
    assert cache_folder({"HOME": str(tmp_path)}) == tmp_path / ".cache" / "pinlab"
    assert cache_folder({"HOME": "/x", "XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "pinlab"
    assert cache_folder({}) is None


@pytest.mark.parametrize(("code", "said"), [(1, b""), (0, b""), (0, b"[]"), (0, b"no json")])
def test_a_probe_that_says_nothing_of_use_is_our_own_fault(code: int, said: bytes) -> None:
    with pytest.raises(OwnFault, match=rf"ended with {code} and said 'the last word'"):
        probe._understood(code, said, b"Traceback\nthe last word\n")


@pytest.mark.engine
def test_a_real_machine_is_seen_from_a_container_that_does_not_stay(
    engine: Engine, image: ImageFacts, tmp_path: Path
) -> None:
    machine = engine_machine(engine, image.name, tmp_path)
    assert len(machine["cpus"]) == engine.cpus
    assert not engine.client.containers.list(all=True, filters={"label": "pinlab.probe"})
    (kept,) = tmp_path.iterdir()
    assert json.loads(kept.read_text())["machine"] == machine


@pytest.mark.engine
def test_an_engine_without_the_image_is_one_line(engine: Engine) -> None:
    with pytest.raises(EngineMissing, match="No such image") as caught:
        engine_machine(engine, "pinlab:never", None)
    assert "\n" not in str(caught.value)


@pytest.mark.remote
def test_the_siblings_of_a_remote_machine_are_seen(remote_engine: Engine, remote_image: ImageFacts) -> None:
    machine = engine_machine(remote_engine, remote_image.name, None)
    assert len(machine["cpus"]) == remote_engine.cpus
    assert sorted({tuple(cpu["siblings"]) for cpu in machine["cpus"]}) in ([(0, 1), (2, 3)], [(0,), (1,), (2,), (3,)])
