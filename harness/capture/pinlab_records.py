"""Write every logging record of this interpreter to the events file, as one JSON line in one write.

Loaded by sitecustomize.py right after the lab's first import of logging, so it uses what logging has loaded already.
The hook is Logger.filter, the last step every record passes before the lab's handlers: basicConfig(force=True),
dictConfig and propagate=False change handlers, not this, and while handlers run no frame of ours is on the stack.
What does change for the lab is one thing, the root level: it is INFO, as after basicConfig(level=INFO), so that
``logging.info("…")`` is written, and also printed to stderr by the handler that logging itself installs at such a
call. A level the lab sets afterwards is the lab's.

A record that was written is marked, and the mark travels with it through a queue or a socket: a listener that hands it
to its own logger does not write it a second time.
"""

import os
import threading
import time
from _json import encode_basestring_ascii as quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger, LogRecord
    from types import ModuleType

LIMIT_BYTES = 4 * 1024 * 1024
MARK = "_pinlab_written"


def limit_bytes() -> int:
    """How many bytes of records one process may write."""
    try:
        return int(os.environ.get("PINLAB_EVENTS_LIMIT", LIMIT_BYTES))
    except ValueError:
        return LIMIT_BYTES


def message_of(record: "LogRecord") -> str:
    """The formatted message; arguments that do not fit are the lab's lesson or fault, never ours."""
    try:
        return record.getMessage()
    except Exception as fault:  # noqa: BLE001 - formatting runs the lab's own __str__ and __format__
        template = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        return f"{template} (not formatted: {type(fault).__name__})"


class EventsFile:
    """The events file as one process writes to it.

    It is opened anew for every record: a kept descriptor would have to outlive forks, closerange() and the end of a
    sub-interpreter, and would be a number that the lab finds taken.
    """

    def __init__(self, path: str, sample: str, limit: int) -> None:
        self.path = path
        self.sample = quote(sample)
        self.limit = limit
        self.start_counting()

    def start_counting(self) -> None:
        """Count the bytes of this process from nothing; a forked child counts its own."""
        self.process = os.getpid()
        self.written = 0
        self.notices = ["records past the limit of {} bytes of this process are not kept"]

    def add(self, record: "LogRecord") -> None:
        """Append one record, unless it was written before or the limit is reached; a file that fails loses records."""
        now = time.monotonic()
        if MARK in record.__dict__:
            return
        record.__dict__[MARK] = True
        if os.getpid() != self.process:
            self.start_counting()
        line = self.line(now, record, record.name, record.levelname, message_of(record))
        if self.written + len(line) > self.limit:
            try:
                notice = self.notices.pop()
            except IndexError:
                return
            line = self.line(now, record, "pinlab", "WARNING", notice.format(self.limit))
        self.written += len(line)
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                os.write(descriptor, line)
            finally:
                os.close(descriptor)
        except OSError:
            return

    def line(self, now: float, record: "LogRecord", logger: str, level: str, message: str) -> bytes:
        """One event as JSON, in ASCII: text that is no valid UTF-8 stays readable."""
        return (
            f'{{"t": {now:.9f}, "pid": {os.getpid()}, "process": {quote(str(record.processName or "MainProcess"))}, '
            f'"tid": {threading.get_native_id()}, '
            f'"thread": {quote(str(record.threadName or threading.current_thread().name))}, '
            f'"logger": {quote(str(logger))}, "level": {quote(str(level))}, "message": {quote(message)}, '
            f'"sample": {self.sample}}}\n'
        ).encode("ascii")


def install(logging: "ModuleType") -> None:
    """Let every record of this logging module pass through the events file on its way to the lab's handlers."""
    events = EventsFile(os.environ["PINLAB_EVENTS"], os.environ.get("PINLAB_SAMPLE", ""), limit_bytes())
    lab_filter = logging.Logger.filter

    def filter(logger: "Logger", record: "LogRecord") -> "bool | LogRecord":  # noqa: A001 - the name that logging gives it
        passed: bool | LogRecord = lab_filter(logger, record)
        if passed:
            events.add(record if isinstance(passed, (bool, int)) else passed)
        return passed

    logging.Logger.filter = filter
    logging.root.setLevel(logging.INFO)
