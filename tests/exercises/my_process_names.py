"""Workers by fork alone."""

import os

from labs.process_names import count_up


def parallel(workers: int, count: int) -> list[int | None]:
    crew = []
    for _ in range(workers):
        child = os.fork()
        if child == 0:
            count_up(count // workers)
            os._exit(0)
        crew.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) for worker in crew]
