"""The ways a command can end badly on purpose, each with its exit code."""


class PinlabError(Exception):
    """A fault that is told in one line: what is wrong, the value, what is allowed, the next command."""

    exit_code = 70


class UsageFault(PinlabError):
    """The command line, a config or a lab file cannot be used as it is."""

    exit_code = 2


class LimitHit(PinlabError):
    """A limit on memory, processes, time or output ended the work."""

    exit_code = 4


class StoreFault(PinlabError):
    """Results could not be stored or read."""

    exit_code = 5


class EngineMissing(PinlabError):
    """No engine answers and the local runner was not allowed."""

    exit_code = 69


class OwnFault(PinlabError):
    """A fault of pinlab itself."""

    exit_code = 70


class Busy(PinlabError):
    """The CPUs are leased to another run and waiting was not wanted."""

    exit_code = 75
