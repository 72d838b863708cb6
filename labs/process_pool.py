"""What is a pool of processes good for, and when is it slower than none?

A task travels to a worker process as a message, and so does its result: both together cost as much as hundreds of
steps of Python. So a pool gains where there is much to do for each message, and loses where there is little, until
small tasks are put together into chunks. What `submit` gives at once is a future: a place where the result will be.
Futures are done in the order in which their work is, whatever the order of asking; a dict tells which is which. Who
waits for one may give up after a while, but that is the waiter's affair: the worker never hears of it, unless the pool
terminates its workers.

The pages come from a web site on this machine, a thread of this process, which takes its time over each.

Predict: in which order do the pages come? What does the worker do when nobody waits for its page any more? And what
happens to the speed when each number that is looked at is a task of its own?
"""

import logging
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed, wait
from contextlib import contextmanager, suppress
from threading import Event, Thread
from time import sleep

from harness.lab import Facts, Run, Verdict, claim, cores, python, variant

HOST = "127.0.0.1"
WORKERS = 4
FIRST = 5_000_000
COUNT = 150_000
FEWER = 10_000
CHUNK = 2_000
DELAY = 0.05
TIMEOUT = 0.1
NOBODY_WAITS = "it returns what became of a page that nobody waited for"


def is_prime(number: int) -> bool:
    """Try every divisor up to the square root."""
    divisor = 2
    while divisor * divisor <= number:
        if number % divisor == 0:
            return False
        divisor += 1
    return True


@contextmanager
def web_site(delay: float, hold_back: Callable[[int], object]) -> Iterator[int]:
    """Serve pages at whatever port is free: page n after n delays, and not while it is held back."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer  # here, for every worker loads this module

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            number = int(self.path[1:])
            sleep(number * delay)
            hold_back(number)
            with suppress(ConnectionError):  # who asked may have been terminated
                self.send_response_only(200)
                self.end_headers()
                self.wfile.write(f"page {number}".encode())

    with ThreadingHTTPServer((HOST, 0), Page) as site:
        serving = Thread(target=site.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield site.server_port
        finally:
            site.shutdown()
            serving.join()


def fetch(port: int, number: int) -> str:
    """A worker that asks for a page, and waits until it is there."""
    from http.client import HTTPConnection  # here, for the workers that look for primes have no use for it

    connection = HTTPConnection(HOST, port)
    connection.request("GET", f"/{number}")
    page = connection.getresponse().read().decode()
    connection.close()
    return page


@variant
def one_by_one(count: int = COUNT) -> int:
    """Baseline: no pool, this process looks for primes in one number after the other."""
    return sum(map(is_prime, range(FIRST, FIRST + count)))


@variant
def map_in_chunks(workers: int = WORKERS, count: int = COUNT, chunk: int = CHUNK) -> int:
    """The same numbers in a pool, so many of them a message."""
    with ProcessPoolExecutor(workers) as pool:
        return sum(pool.map(is_prime, range(FIRST, FIRST + count), chunksize=chunk))


@variant(answer="differs", because="it looks at fewer numbers: a message for every one of them would take too long")
def map_one_a_message(workers: int = WORKERS, fewer: int = FEWER) -> int:
    """The first of these numbers in a pool, each of them a message."""
    with ProcessPoolExecutor(workers) as pool:
        return sum(pool.map(is_prime, range(FIRST, FIRST + fewer), chunksize=1))


@variant(answer="differs", because="it returns which pages came, in their order")
def submit_as_completed(workers: int = WORKERS, delay: float = DELAY) -> list[tuple[int, str]]:
    """Ask for a page in each worker, the slowest first, and take each as it comes."""
    asked: dict[Future[str], int] = {}
    all_are_asked = Event()

    def until_the_quicker_came(number: int) -> None:  # so that no delay of the machine's can change the order
        all_are_asked.wait()
        wait([page for page, other in asked.items() if other < number])

    with web_site(delay, until_the_quicker_came) as port, ProcessPoolExecutor(workers) as pool:
        for number in range(workers, 0, -1):
            asked[pool.submit(fetch, port, number)] = number
        all_are_asked.set()
        return [(asked[page], page.result()) for page in as_completed(asked)]


@contextmanager
def held_up(delay: float) -> Iterator[tuple[ProcessPoolExecutor, "Future[str]", Event]]:
    """A pool whose one worker waits for a page, that page, and an event that lets go of it, as the block's end does."""
    is_asked_for, let_go = Event(), Event()

    def until_let_go(_: int) -> None:
        is_asked_for.set()
        let_go.wait()

    with web_site(delay, until_let_go) as port, ProcessPoolExecutor(1) as pool:
        page = pool.submit(fetch, port, 1)
        is_asked_for.wait()
        try:
            yield pool, page, let_go
        finally:
            let_go.set()


@variant(answer="differs", because=NOBODY_WAITS)
def with_timeout(timeout: float = TIMEOUT, delay: float = DELAY) -> list[object]:
    """Wait for a page that takes longer than one's patience, and see what the worker does afterwards."""
    with held_up(delay) as (_, page, let_go):
        logging.info("waiting")
        try:
            page.result(timeout)
        except TimeoutError:
            logging.info("gave up")
        could_cancel, runs_on = page.cancel(), page.running()
        let_go.set()
        return [could_cancel, runs_on, page.result()]


@variant(answer="differs", because=NOBODY_WAITS)
def terminate_workers(delay: float = DELAY) -> str | None:
    """Give such a page up for good, and end the pool's workers; what its future raises. None before Python 3.14."""
    if sys.version_info >= (3, 14):
        with held_up(delay) as (pool, page, _):
            pool.terminate_workers()
            return type(page.exception()).__name__
    return None


@claim
def pages_come_when_they_are_ready(run: Run) -> Verdict:
    """The quickest page comes first, though it was asked for last, and the dict tells which page it is."""
    numbers = range(1, int(run.knob("workers")) + 1)
    return run.answers(submit_as_completed).are_all([(number, f"page {number}") for number in numbers])


@claim
def a_timeout_is_never_early(run: Run) -> Verdict:
    """TimeoutError never comes before its time."""
    waits = [records[-1].time_seconds - records[0].time_seconds for records in run.events(with_timeout) if records]
    return Facts("seconds until TimeoutError", waits).are_all_at_least(float(run.knob("timeout")))


@claim
def the_worker_runs_on_after_a_timeout(run: Run) -> Verdict:
    """After a TimeoutError the task cannot be cancelled, runs on, and brings its page."""
    return run.answers(with_timeout).are_all([False, True, "page 1"])


@claim(needs=python(3, 14))
def a_terminated_worker_brings_no_page(run: Run) -> Verdict:
    """From Python 3.14 on a pool can terminate its workers: their pages never come, and the pool is broken."""
    return run.answers(terminate_workers).are_all("BrokenProcessPool")


@claim(needs=cores(2))
def chunks_use_the_cores(run: Run) -> Verdict:
    """Where a message stands for enough work, the pool gives over half of what this machine's cores can."""
    return run.efficiency(map_in_chunks, over=one_by_one).is_at_least(0.55)


@claim
def a_message_for_each_is_slower_than_no_pool(run: Run) -> Verdict:
    """With a message for each, a number takes over three times as long as without any pool."""
    share = int(run.knob("fewer")) / int(run.knob("count"))
    return run.ratio(map_one_a_message, to=one_by_one).is_at_least(3 * share)
