"""Do four waits at the same time take as long as four in turn?

A wait needs no core: a thread that waits stands aside, and others go on. Both variants wait as often and as long; only
the number of threads differs. Each returns how many waits it has seen the end of.

Predict: how many times as long as one wait do four waits take, in turn and in threads?
"""

from concurrent.futures import ThreadPoolExecutor
from time import sleep

from harness.lab import Run, Verdict, claim, variant

WAITS = 4
SECONDS = 0.1


def wait(seconds: float) -> int:
    """Wait, as for an answer that takes its time: one wait."""
    sleep(seconds)
    return 1


@variant
def in_turn(waits: int = WAITS, seconds: float = SECONDS) -> int:
    """Baseline: one wait after the other, in the main thread."""
    return sum(wait(seconds) for _ in range(waits))


@variant
def in_threads(waits: int = WAITS, seconds: float = SECONDS) -> int:
    """Each wait in a thread of its own."""
    with ThreadPoolExecutor(waits) as pool:
        return sum(pool.map(wait, [seconds] * waits))


@claim
def every_wait_is_done(run: Run) -> Verdict:
    """Every wait comes to its end, in turn and in threads."""
    waits = run.knob("waits")
    return run.answers(in_turn).are_all(waits) & run.answers(in_threads).are_all(waits)


@claim
def threads_wait_at_the_same_time(run: Run) -> Verdict:
    """In threads, all waits together take at most 0.4 of the time that they take in turn."""
    return run.ratio(in_threads, to=in_turn).is_at_most(0.4)
