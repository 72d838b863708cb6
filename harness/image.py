"""The image that labs run in: its tag is a hash of all that it is made of, so what is there is never out of date."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from harness import compose
from harness.errors import EngineMissing, UsageFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from harness.engine import Engine

NAME = "pinlab"
INPUTS = ("Dockerfile", ".dockerignore", "requirements/image.txt")
LAST_LINES = 20


class ImageBuildFailed(EngineMissing):
    """The image could not be built, so this engine cannot run labs."""


@dataclass(frozen=True)
class ImageFacts:
    """The image that an engine has.

    Attributes:
        tag: The hash of its inputs.
        image_id: The engine's id of it.
        digest: Its digest, where the engine keeps one for an image that was built and never pushed.
    """

    tag: str
    image_id: str
    digest: str | None

    @property
    def name(self) -> str:
        """What to call it when a container is made of it."""
        return f"{NAME}:{self.tag}"


def image_tag(repo: Path) -> str:
    """The first 12 hex digits of the hash over all that goes into the image, whatever the line endings of this clone.

    Raises:
        UsageFault: Something that belongs into the image is missing.
    """
    seen = hashlib.sha256()
    try:
        for name, path in _inputs(repo):
            content = path.read_bytes().replace(b"\r\n", b"\n")
            seen.update(f"{name}\0{len(content)}\0".encode() + content)
    except OSError as fault:
        raise UsageFault(f"the image cannot be made: {fault.filename}: {fault.strerror}; is the clone whole?") from None
    return seen.hexdigest()[:12]


def _inputs(repo: Path) -> Iterator[tuple[str, Path]]:
    """Each input's name and path, in an order that is the same on every machine."""
    sources = (path for path in (repo / "harness").rglob("*.py") if "__pycache__" not in path.parts)
    named = {path.relative_to(repo).as_posix(): path for path in sources}
    named |= {name: repo / name for name in INPUTS}
    yield from sorted(named.items())


def ensure_image(engine: Engine, repo: Path, say: Callable[[str], None]) -> ImageFacts:
    """See to it that the engine has the image of this clone: built where it is missing, never pulled.

    Args:
        engine: The engine that is to have it.
        repo: The folder of the Dockerfile.
        say: Is given what people should read, a line at a time.

    Raises:
        ImageBuildFailed: The build failed; its last lines have been said.
    """
    tag = image_tag(repo)
    if facts := find_image(engine, tag):
        return facts
    say(f"building the image {NAME}:{tag} (first use, or its inputs changed; about a minute)")
    lines: deque[str] = deque(maxlen=LAST_LINES)
    with _Progress() as progress:

        def tell(line: str) -> None:
            lines.append(line)
            progress.show(line)

        code = compose.build(engine.endpoint, repo, tag, tell)
    facts = find_image(engine, tag) if code == 0 else None
    if facts is None:
        for line in lines:
            say(f"  {line}")
        raise ImageBuildFailed(
            f"the image {NAME}:{tag} could not be built on {engine.endpoint.name}: exit {code}, see the lines above; "
            "`invoke build` tries again"
        )
    return facts


def find_image(engine: Engine, tag: str) -> ImageFacts | None:
    """The image with this tag, or None where the engine does not have it."""
    from docker.errors import ImageNotFound

    try:
        image = engine.client.images.get(f"{NAME}:{tag}")
    except ImageNotFound:
        return None
    return ImageFacts(tag, str(image.id), next(iter(image.attrs.get("RepoDigests") or ()), None))


class _Progress:
    """The build's latest line, on a line of the terminal that is gone when the build is; elsewhere nothing."""

    def __init__(self) -> None:
        self.stream = sys.stderr if sys.stderr.isatty() and sys.platform != "win32" else None

    def __enter__(self) -> Self:
        return self

    def show(self, line: str) -> None:
        if self.stream is not None and line:
            plain = "".join(character for character in line if character.isprintable())
            self.stream.write("\r\x1b[2K" + plain[: shutil.get_terminal_size().columns - 1])
            self.stream.flush()

    def __exit__(self, *_: object) -> None:
        if self.stream is not None:
            self.stream.write("\r\x1b[2K")
            self.stream.flush()
