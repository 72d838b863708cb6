"""The end of a child, waited for without join and without asking."""

import logging
from multiprocessing.connection import wait

from labs.process_life import GOES_ON, child_at_work


def join() -> int | None:
    child, line = child_at_work()
    line.send("end")
    wait([child.sentinel])
    logging.info(GOES_ON)
    return child.exitcode
