"""What stands between invoke and the commands: exit codes, one-line errors, interrupts, closed pipes."""

from __future__ import annotations

import functools
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from invoke.exceptions import Exit, ParseError
from invoke.program import Program

from harness.errors import PinlabError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import ParamSpec

    Words = ParamSpec("Words")

USAGE = 2
NAMES_THAT_MAY_BE_LEFT_OUT = {"compare": "--name"}
OPTIONS_THAT_MAY_HAVE_NO_VALUE = {"lab": "--predict"}
OPTIONS_WITH_TWO_NAMES = {"show": "--diff"}
CLOSED_PIPE = 128 + 13
"""What a program that is ended by SIGPIPE exits with."""


class Terminated(BaseException):
    """The command was told to end (SIGTERM), as a cancelled job is."""


def command(body: Callable[Words, int]) -> Callable[Words, None]:
    """Make a task of a function that gives an exit code; what it raises becomes one line and its code."""

    @functools.wraps(body)
    def run(*words: Words.args, **options: Words.kwargs) -> None:
        signal.signal(signal.SIGTERM, _terminate)
        try:
            code = body(*words, **options)
            sys.stdout.flush()
        except PinlabError as fault:
            raise Exit(f"pinlab: {fault}", code=fault.exit_code) from None
        except KeyboardInterrupt:
            raise Exit("pinlab: interrupted", code=128 + signal.SIGINT) from None
        except Terminated:
            raise Exit("pinlab: terminated", code=128 + signal.SIGTERM) from None
        except BrokenPipeError:
            _let_go_of_output()
            raise Exit(code=CLOSED_PIPE) from None
        if code:
            raise Exit(code=code)

    return run


def help_instead(task: str, word: str) -> int:
    """Where a name begins with a dash: the help, for --help and -h; else a usage error."""
    if word in ("--help", "-h"):
        words = [sys.executable, *_own_words(), "--help", task]
        os.execv(sys.executable, words)  # noqa: S606 - invoke prints a task's help only for an option before the task
    raise Exit(f"pinlab: {word!r} is not a name; see `invoke --help {task}`", code=USAGE)


def remainder() -> tuple[str, ...]:
    """The words behind a lone --, each as it was given."""
    words = sys.argv
    return tuple(words[words.index("--") + 1 :]) if "--" in words else ()


def say(line: str) -> None:
    """Tell people one line, beside the data that goes to standard output."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - this is where it is told


def _own_words() -> list[str]:
    """How this program was called, up to the task."""
    program = [sys.argv[0]]
    if "--search-root" in sys.argv:
        place = sys.argv.index("--search-root")
        program += sys.argv[place : place + 2]
    return program


def _terminate(_number: int, _frame: object) -> NoReturn:
    raise Terminated


def _let_go_of_output() -> None:
    """Point standard output to nowhere, so that the interpreter's exit does not trip over a pipe that was closed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _be_quiet_about_closed_pipes() -> None:
    """Have `invoke --help lab | head` end without a traceback: that output is invoke's own."""
    show = sys.excepthook

    def quiet(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, BrokenPipeError):
            _let_go_of_output()
        else:
            show(kind, fault, trace)

    sys.excepthook = quiet


def _name_what_may_be_left_out(words: list[str]) -> None:
    """Put the option before a word that stands directly behind a task which can do without it."""
    for task, option in NAMES_THAT_MAY_BE_LEFT_OUT.items():
        if words[:1] == [task] and len(words) > 1 and not words[1].startswith("-"):
            words.insert(1, option)


def _put_last_what_may_have_no_value(words: list[str]) -> None:
    """Put an option that may stand without a value behind a name that comes after it, which else could be its value."""
    option = OPTIONS_THAT_MAY_HAVE_NO_VALUE.get("".join(words[:1]))
    places = [place for place, word in enumerate(words) if word.partition("=")[0] == option]
    if not places or not words[1].startswith("-"):
        return
    end = places[0] + 1
    if words[places[0]] == option and any("=" in word and not word.startswith("-") for word in words[end : end + 1]):
        end += 1
    words[:] = words[: places[0]] + words[end:] + words[places[0] : end]


def _join_two_names(words: list[str]) -> None:
    """Put a comma between the two names of an option that takes two, since invoke gives an option one word."""
    option = OPTIONS_WITH_TWO_NAMES.get(words[0]) if words else None
    if option in words:
        first = words.index(option) + 1
        pair = [word.strip(",") for word in words[first : first + 2]]
        if len(pair) == 2 and not any(word.startswith("-") or "," in word for word in pair):
            words[first : first + 2] = [",".join(pair)]


def _mend_invokes_parsing() -> None:
    """Have invoke exit with 2 where it cannot parse the command line, and take what it does not by itself.

    By itself it exits with 1, which is "refuted", and takes a word behind a task for a task unless it is required.
    """
    parse = Program.parse_tasks

    def parse_or_exit(program: Program) -> None:
        _name_what_may_be_left_out(program.core.unparsed)
        _put_last_what_may_have_no_value(program.core.unparsed)
        _join_two_names(program.core.unparsed)
        try:
            parse(program)
        except ParseError as fault:
            message = str(fault).splitlines()[0]
            raise Exit(f"pinlab: {message} See `invoke --list`, and `invoke --help TASK`.", code=USAGE) from None

    Program.parse_tasks = parse_or_exit  # type: ignore[method-assign, assignment]


_mend_invokes_parsing()
_be_quiet_about_closed_pipes()
