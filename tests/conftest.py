"""What the tests share: the engine of this machine and its image, where there is one."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.endpoint import Endpoint, resolve_endpoint
from harness.engine import Engine, connect
from harness.errors import PinlabError
from harness.image import ImageFacts, ensure_image, find_image

if TYPE_CHECKING:
    from collections.abc import Iterator

REPO = Path(__file__).parents[1]


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Run in the background of a script, the tests would start every command deaf to Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test of remote engines one engine of PINLAB_TEST_ENGINES after the other."""
    if "remote_engine" in metafunc.fixturenames:
        metafunc.parametrize("remote_engine", os.environ.get("PINLAB_TEST_ENGINES", "").split(), indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Hold every test that takes an engine to its marker, so that `-m 'not engine'` leaves no surprise."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        marker = "remote" if "remote_engine" in fixtures else "engine" if "engine" in fixtures else None
        if marker and not item.get_closest_marker(marker):
            raise pytest.UsageError(f"{item.nodeid} takes an engine, but is not marked `{marker}`")


@pytest.fixture(scope="session")
def repo() -> Path:
    """This repository."""
    return REPO


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """This machine's engine; where none answers the test is skipped, or fails where an engine has to be there."""
    try:
        found = connect(resolve_endpoint(os.environ))
    except PinlabError as fault:
        if os.environ.get("PINLAB_REQUIRE_ENGINE") == "1":
            pytest.fail(str(fault))
        pytest.skip(str(fault))
    yield found
    found.client.close()


@pytest.fixture(scope="session")
def image(engine: Engine) -> ImageFacts:
    """The image of this clone, on this machine's engine."""
    return ensure_image(engine, REPO, lambda line: print(line, file=sys.stderr))


@pytest.fixture(scope="session")
def remote_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """One of the engines of PINLAB_TEST_ENGINES, each an address such as tcp://127.0.0.1:2375."""
    address: str = request.param
    found = connect(Endpoint(address, address, "DOCKER_HOST", (("DOCKER_HOST", address),)), timeout=600)
    yield found
    found.client.close()


@pytest.fixture(scope="session")
def remote_image(remote_engine: Engine, image: ImageFacts, engine: Engine) -> ImageFacts:
    """The image of this clone on that engine, copied there, since an engine to test may reach nothing to build from."""
    if find_image(remote_engine, image.tag) is None:
        with tempfile.TemporaryFile() as archive:
            archive.writelines(engine.client.images.get(image.name).save(named=True))
            archive.seek(0)
            remote_engine.client.images.load(archive)
    there = find_image(remote_engine, image.tag)
    assert there is not None
    return there
