"""Does the GIL keep threads from waiting at the same time?

Eight pages are fetched from a web site that takes a while over each. Nobody computes meanwhile: the caller waits for
the network, as most programs do most of their time. Who waits for input or output holds no global interpreter lock
(GIL), so that others may run, or wait as well. The site is real, and a thread of this very interpreter: callers and
site share one GIL. The variants differ in who waits: one thread for one page after the other, a thread for each page,
or a single thread for all of them, with asyncio.

Predict: how many times as long as one page do eight pages take, on one core and on two, and how many cores are busy?
"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep

from harness.lab import Run, Sweep, Verdict, claim, variant

HOST = "127.0.0.1"
PAGES = 8
DELAY = 0.2


class Page(BaseHTTPRequestHandler):
    """A page that comes after as many seconds as its address says."""

    def do_GET(self) -> None:
        """Wait, and answer."""
        sleep(float(self.path[1:]))
        self.send_response_only(200)
        self.end_headers()
        self.wfile.write(b"a page")


class Site(ThreadingHTTPServer):
    """A web site with a thread for each caller, and room for all who call at once."""

    request_queue_size = 128
    daemon_threads = False


@contextmanager
def web_site() -> Iterator[int]:
    """Serve pages on this machine, at whatever port is free, until the block ends."""
    with Site((HOST, 0), Page) as site:
        serving = Thread(target=site.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield site.server_port
        finally:
            site.shutdown()
            serving.join()


def fetch(port: int, delay: float) -> str:
    """Ask for a page, and wait until it is there."""
    connection = HTTPConnection(HOST, port)
    connection.request("GET", f"/{delay:g}")
    page = connection.getresponse().read().decode()
    connection.close()
    return page


async def fetch_async(port: int, delay: float) -> str:
    """The same, and while this waits, its thread does something else."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(f"GET /{delay:g} HTTP/1.0\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.decode().partition("\r\n\r\n")[2]


@variant
def in_turn(pages: int = PAGES, delay: float = DELAY) -> list[str]:
    """Baseline: one thread fetches one page after the other."""
    with web_site() as port:
        return [fetch(port, delay) for _ in range(pages)]


@variant
def threads(pages: int = PAGES, delay: float = DELAY) -> list[str]:
    """A thread for each page."""
    with web_site() as port, ThreadPoolExecutor(pages) as pool:
        return list(pool.map(partial(fetch, port), [delay] * pages))


@variant
def asyncio_tasks(pages: int = PAGES, delay: float = DELAY) -> list[str]:
    """One thread, and in it an asyncio task for each page."""

    async def fetch_all(port: int) -> list[str]:
        return await asyncio.gather(*(fetch_async(port, delay) for _ in range(pages)))

    with web_site() as port:
        return asyncio.run(fetch_all(port))


@claim
def threads_wait_at_the_same_time(run: Run) -> Verdict:
    """With a thread for each, all pages together take less than two of them in turn, on one core too."""
    return run.ratio(threads, to=in_turn).is_at_most(2 / int(run.knob("pages")))


@claim
def tasks_wait_at_the_same_time(run: Run) -> Verdict:
    """With asyncio, in a single thread, they do as well."""
    return run.ratio(asyncio_tasks, to=in_turn).is_at_most(2 / int(run.knob("pages")))


@claim
def no_core_is_busy(run: Run) -> Verdict:
    """Whoever waits, it keeps less than half a core busy."""
    in_turn_busy, threads_busy, tasks_busy = map(run.cores_busy, (in_turn, threads, asyncio_tasks))
    return in_turn_busy.is_at_most(0.5) & threads_busy.is_at_most(0.5) & tasks_busy.is_at_most(0.5)


@claim
def more_cores_do_not_shorten_the_wait(sweep: Sweep) -> Verdict:
    """More cores change nothing: there is no work to share out."""
    return sweep.speed_up(in_turn).is_between(0.8, 1.2) & sweep.speed_up(threads).is_between(0.8, 1.2)
