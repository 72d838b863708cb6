"""Two conditions on one lock, and one thread is woken at a time."""

from threading import Condition, Lock

from labs.producer_consumer import Item, Items, pass_on


def condition(count: int, maxsize: int) -> tuple[int, int, int]:
    items, lock = Items(maxsize), Lock()
    there_is_room, there_is_an_item = Condition(lock), Condition(lock)

    def put(item: Item) -> None:
        with lock:
            there_is_room.wait_for(lambda: len(items) < maxsize)
            items.append(item)
            there_is_an_item.notify()

    def get() -> Item:
        with lock:
            there_is_an_item.wait_for(lambda: items)
            there_is_room.notify()
            return items.popleft()

    return pass_on(items, put, get, count)
