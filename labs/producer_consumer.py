"""How does a consumer wait for what is not there yet, and how is it told to stop?

Producers put items into a buffer, consumers take them out, and the buffer is all that they share. It has a maximum
size, so that fast producers cannot fill the memory: a consumer has to wait while it is empty, a producer while it is
full. Three variants pass the same items through such a buffer and differ only in how one waits: look again and again,
sleep on a condition until somebody notifies, or leave it to the standard library's Queue. Both sides surely have to
wait: the producers take their time at first, and a consumer works on its first item until the buffer is full. Each of
the three returns how many items did not arrive exactly once, how many were overtaken by a later one of the same
producer, and how many were in the buffer at most.

Where nothing but a message is to pass, an Event will do: a flag that threads can look at, and wait for.

Predict: how many cores does each of the three keep busy, and how many items are begun after a flag says stop?
"""

from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise, product
from queue import Queue
from threading import Condition, Event, Lock
from time import sleep

from harness.lab import Facts, Run, Verdict, claim, variant

CREW = 2
COUNT = 30
MAXSIZE = 8
DELAY_SECONDS = 0.3

Item = tuple[int, int]
END = (-1, -1)


class Items(deque[Item]):
    """What is in a buffer. It notes how many it held at most, and tells when it is full, or will not get any fuller."""

    def __init__(self, maxsize: int) -> None:
        super().__init__()
        self.maxsize, self.most, self.as_full_as_it_gets = maxsize, 0, Event()

    def append(self, item: Item) -> None:
        """Add an item behind the others."""
        super().append(item)
        self.most = max(self.most, len(self))
        if len(self) == self.maxsize or item == END:
            self.as_full_as_it_gets.set()


def pass_on(items: Items, put: Callable[[Item], None], get: Callable[[], Item], count: int) -> tuple[int, int, int]:
    """Have producers put and as many consumers get; how many items went wrong, were overtaken, and waited at most."""

    def produce(producer: int) -> None:
        sleep(DELAY_SECONDS)
        for number in range(count):
            put((producer, number))

    def consume() -> list[Item]:
        taken = []
        for item in iter(get, END):
            taken.append(item)
            items.as_full_as_it_gets.wait()
        return taken

    with ThreadPoolExecutor(2 * CREW) as threads:
        consumers = [threads.submit(consume) for _ in range(CREW)]
        list(threads.map(produce, range(CREW)))
        for _ in range(CREW):
            put(END)
        taken = [consumer.result() for consumer in consumers]
    times = Counter(item for own in taken for item in own)
    wrong = sum(times[item] != 1 for item in product(range(CREW), range(count)))
    return wrong, sum(overtaken(own, producer) for own, producer in product(taken, range(CREW))), items.most


def overtaken(taken: list[Item], producer: int) -> int:
    """How many of a producer's items one consumer took after a later one of that producer's."""
    numbers = [number for by, number in taken if by == producer]
    return sum(earlier > later for earlier, later in pairwise(numbers))


@variant
def busy_wait(count: int = COUNT, maxsize: int = MAXSIZE) -> tuple[int, int, int]:
    """Who has to wait looks again and again."""
    items, lock = Items(maxsize), Lock()

    def put(item: Item) -> None:
        while True:
            while len(items) == maxsize:
                pass
            with lock:
                if len(items) < maxsize:
                    return items.append(item)

    def get() -> Item:
        while True:
            while not items:
                pass
            with lock:
                if items:
                    return items.popleft()

    return pass_on(items, put, get, count)


@variant
def condition(count: int = COUNT, maxsize: int = MAXSIZE) -> tuple[int, int, int]:
    """Who has to wait sleeps until somebody notifies that the buffer has changed."""
    items, changed = Items(maxsize), Condition()

    def put(item: Item) -> None:
        with changed:
            changed.wait_for(lambda: len(items) < maxsize)
            items.append(item)
            changed.notify_all()

    def get() -> Item:
        with changed:
            changed.wait_for(lambda: items)
            changed.notify_all()
            return items.popleft()

    return pass_on(items, put, get, count)


@variant
def bounded_queue(count: int = COUNT, maxsize: int = MAXSIZE) -> tuple[int, int, int]:
    """Who has to wait sleeps in the standard library's Queue, which has lock and conditions inside."""
    items = Items(maxsize)
    queue: Queue[Item] = Queue(maxsize)
    queue.queue = items
    return pass_on(items, queue.put, queue.get, count)


@variant(answer="differs", because="it returns how many items were begun, and how many were left")
def event_stop(count: int = COUNT) -> tuple[int, int]:
    """While the consumer works on an item, a flag is set; it looks at the flag before it begins the next one."""
    items, stop, has_begun_the_middle_one = deque(range(count)), Event(), Event()

    def consume() -> int:
        begun = 0
        while items and not stop.is_set():
            item = items.popleft()
            begun += 1
            if item == count // 2:
                has_begun_the_middle_one.set()
                stop.wait()
        return begun

    with ThreadPoolExecutor(1) as thread:
        consumer = thread.submit(consume)
        has_begun_the_middle_one.wait()
        stop.set()
        return consumer.result(), len(items)


@variant(answer="differs", because="it returns what became of the flag")
def life_of_a_flag() -> list[bool | str]:
    """A flag is down, a thread waits for it, it goes up, the thread goes on; then it is taken down again."""
    flag, about_to_wait = Event(), Event()
    seen: list[bool | str] = [flag.is_set()]

    def wait_for_it() -> None:
        seen.append("waits")
        about_to_wait.set()
        flag.wait()
        seen.append("goes on")

    with ThreadPoolExecutor(1) as thread:
        thread.submit(wait_for_it)
        about_to_wait.wait()
        seen.append("is set")
        flag.set()
    seen += [flag.is_set(), flag.wait()]
    flag.clear()
    return [*seen, flag.is_set()]


def of_all_three(run: Run, place: int, value: float, what: str) -> Verdict:
    """Whether this value stands at one place of all that the three ways to wait returned."""
    verdicts = []
    for way in (busy_wait, condition, bounded_queue):
        answers = run.answers(way)
        at_place = [answer[place] for answer in answers.values]
        verdicts.append(Facts(f"{what} with {way.__name__}", at_place, answers.missing).are_all(value))
    return verdicts[0] & verdicts[1] & verdicts[2]


@claim
def every_item_arrives_once(run: Run) -> Verdict:
    """However one waits, each item that goes in comes out, once."""
    return of_all_three(run, 0, 0, "items lost or doubled")


@claim
def no_item_overtakes_its_elder(run: Run) -> Verdict:
    """First in, first out: no consumer gets a producer's items in another order than they were put in."""
    return of_all_three(run, 1, 0, "items overtaken")


@claim
def the_buffer_fills_up_and_never_over(run: Run) -> Verdict:
    """The buffer was full, and never held more than its maximum size."""
    return of_all_three(run, 2, int(run.knob("maxsize")), "most items in the buffer")


@claim
def busy_waiting_burns_a_core(run: Run) -> Verdict:
    """Who looks again and again keeps a core busy while there is nothing to do."""
    return run.cores_busy(busy_wait).is_at_least(0.7)


@claim
def sleepers_burn_none(run: Run) -> Verdict:
    """Who sleeps until it is woken, on a condition or in a queue, leaves the cores idle."""
    return run.cores_busy(condition).is_at_most(0.25) & run.cores_busy(bounded_queue).is_at_most(0.25)


@claim
def no_item_is_begun_after_the_flag(run: Run) -> Verdict:
    """Once the flag is set, the item in work is finished, and no other is begun."""
    count = int(run.knob("count"))
    begun = count // 2 + 1
    return run.answers(event_stop).are_all((begun, count - begun))


@claim
def a_flag_holds_back_until_it_is_set(run: Run) -> Verdict:
    """A flag is down at first; who waits goes on only once it is set; then nobody waits, until it is cleared."""
    life = [False, "waits", "is set", "goes on", True, True, False]
    return run.answers(life_of_a_flag).are_all(life)
