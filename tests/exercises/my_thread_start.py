"""The end of a thread, waited for by the end of its pool."""

import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Event, active_count

from labs.thread_start import MAIN, work


def with_join() -> bool:
    let_go = Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work, let_go.wait)
        let_go.set()
    logging.info(MAIN)
    return active_count() > 1
