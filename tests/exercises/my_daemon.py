"""An autosave that is told to stop, and cleans up."""

from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory
from threading import Thread

from labs.daemon import exit_code_of

NO_MORE = None


def save_until_told(texts: "Queue[str | None]", file: str) -> None:
    """Write down each text that comes, until none comes any more."""
    try:
        while (text := texts.get()) is not NO_MORE:
            Path(file).write_text(text, encoding="utf-8")
    finally:
        Path(file).with_suffix(".closed").touch()


def edit(file: str, edits: int) -> None:
    """Edit a text so many times, and say that there is no more."""
    texts: Queue[str | None] = Queue()
    Thread(target=save_until_told, args=(texts, file)).start()
    for done in range(1, edits + 1):
        texts.put(f"{done} edits")
    texts.put(NO_MORE)


def autosave(edits: int) -> tuple[int, str]:
    with TemporaryDirectory() as folder:
        file = Path(folder, "text")
        exit_code = exit_code_of(edit, file=str(file), edits=edits)
        assert file.with_suffix(".closed").exists()
        return exit_code, file.read_text(encoding="utf-8")
