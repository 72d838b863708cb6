"""The chunks travel over one queue."""

from functools import partial

from labs.sum_messages import over_queue, send_chunks, shares


def chunks_over_pipe(workers: int, count: int, chunk: int) -> int:
    return over_queue(partial(send_chunks, chunk=chunk), shares(workers, count))
