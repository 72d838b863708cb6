"""The counter belongs to a third thread, and the two send it their additions."""

from queue import SimpleQueue
from threading import Thread

from labs.race import Counter, in_two_threads, one_more

END = None


def with_lock(count: int) -> int:
    counter, additions = Counter(), SimpleQueue[int | None]()

    def own() -> None:
        while additions.get() is not END:
            counter.value = one_more(counter.value)

    def add() -> None:
        for _ in range(count):
            additions.put(1)

    owner = Thread(target=own)
    owner.start()
    in_two_threads(add, add)
    additions.put(END)
    owner.join()
    return 2 * count - counter.value
