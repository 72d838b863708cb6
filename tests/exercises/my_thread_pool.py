"""The workers share one iterator over the numbers, and a lock that is held for the next number only."""

from threading import Lock, Thread

from labs.thread_pool import Room


def by_hand(workers: int, tasks_each: int) -> tuple[list[int], int]:
    room, taking, squares = Room(workers), Lock(), dict[int, int]()
    numbers = iter(range(workers * tasks_each))

    def take() -> int | None:
        with taking:
            return next(numbers, None)

    def work() -> None:
        while (number := take()) is not None:
            squares[number] = room.square(number)

    crew = [Thread(target=work) for _ in range(workers)]
    for worker in crew:
        worker.start()
    for worker in crew:
        worker.join()
    return [squares[number] for number in sorted(squares)], room.most
