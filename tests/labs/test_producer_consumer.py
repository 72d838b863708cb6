"""The lab `producer_consumer`: what arrives is exact, and each of its claims can hold and can fail."""

from __future__ import annotations

import itertools
import threading
from queue import Queue, SimpleQueue
from typing import TYPE_CHECKING, Any, Self

import pytest

from harness.testing import made_up_run
from labs import producer_consumer
from labs.producer_consumer import END, Item, Items
from tests.interpreters import every_interpreter
from tests.labs.by_hand import by_hand

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.findings import Run

WAYS = ("busy_wait", "condition", "bounded_queue")
KNOBS = {"count": 30, "maxsize": 8}
HONEST_CPUS = {"busy_wait": 0.48, "condition": 0.005, "bounded_queue": 0.005}
EVENT_SECONDS = 60
LIFE = [False, "waits", "is set", "goes on", True, True, False]


def answered(**changed: list[Any]) -> Run:
    """What the three ways return everywhere, but for those given."""
    return made_up_run(answers={way: [[0, 0, 8]] for way in WAYS} | changed, knobs=KNOBS)


def busy(**changed: float) -> Run:
    """CPU time as on a quiet machine, in half a second each, but for those given."""
    return made_up_run(walls=dict.fromkeys(WAYS, 0.5), cpus=HONEST_CPUS | changed)


@pytest.fixture(autouse=True)
def no_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Producers begin at once."""
    monkeypatch.setattr(producer_consumer, "DELAY_SECONDS", 0.0)


@every_interpreter
@pytest.mark.parametrize("way", WAYS)
def test_everything_arrives_in_order_through_a_buffer_that_was_full(way: str, python: str) -> None:
    code = (
        "sys.setswitchinterval(1e-4)\n"
        "lab.DELAY_SECONDS = 0.0\n"
        "result = []\n"
        "for lab.CREW, count, most in [(2, 12, 4), (1, 7, 1), (3, 6, 5)]:\n"
        f"    result += [lab.{way}(count, most) for _ in range(3)]"
    )
    assert by_hand(python, "producer_consumer", code) == [[0, 0, most] for most in (4, 1, 5) for _ in range(3)]


def test_who_waited_busily_looks_once_more_under_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both producers have seen room for one item, then both consumers have seen it, before any of them goes on."""

    class Meeting:
        def __init__(self) -> None:
            self.lock, self.both, self.entered = threading.Lock(), threading.Barrier(2), itertools.count()

        def __enter__(self) -> None:
            if next(self.entered) < 4:
                self.both.wait(EVENT_SECONDS)
            self.lock.acquire()

        def __exit__(self, *_: object) -> None:
            self.lock.release()

    monkeypatch.setattr(producer_consumer, "Lock", Meeting)
    assert producer_consumer.busy_wait(count=1, maxsize=1) == (0, 0, 1)


@every_interpreter
def test_a_flag_stops_the_consumer_after_the_item_in_work_every_time(python: str) -> None:
    code = "result = [[lab.event_stop(count=9), lab.life_of_a_flag()] for _ in range(30)]"
    assert by_hand(python, "producer_consumer", code) == [[[5, 4], LIFE]] * 30


def test_a_flag_that_nobody_looks_at_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ignored(threading.Event):
        def is_set(self) -> bool:
            return False

    monkeypatch.setattr(producer_consumer, "Event", Ignored)
    assert producer_consumer.event_stop(count=9) == (9, 0)


def test_a_flag_that_does_not_hold_back_lets_the_other_go_on_before_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    class Open(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            return True

    class AtOnce:
        def __init__(self, _threads: int) -> None:
            pass

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def submit(self, work: Callable[[], None]) -> None:
            work()

    monkeypatch.setattr(producer_consumer, "Event", Open)
    monkeypatch.setattr(producer_consumer, "ThreadPoolExecutor", AtOnce)
    assert producer_consumer.life_of_a_flag() == [False, "waits", "goes on", "is set", True, True, False]


def test_a_queue_without_a_bound_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is taken before everything and the end are put, which a bound would prevent."""
    all_is_put = threading.Event()

    class Unbounded(Queue[Item]):
        def __init__(self, _maxsize: int) -> None:
            super().__init__()

        def put(self, item: Item, block: bool = True, timeout: float | None = None) -> None:
            super().put(item, block, timeout)
            if item == END:
                all_is_put.set()

        def get(self, block: bool = True, timeout: float | None = None) -> Item:
            assert all_is_put.wait(EVENT_SECONDS)
            return super().get(block, timeout)

    monkeypatch.setattr(producer_consumer, "Queue", Unbounded)
    monkeypatch.setattr(producer_consumer, "CREW", 1)
    assert producer_consumer.bounded_queue(count=10, maxsize=3) == (0, 0, 10 + 1)


def test_items_too_few_to_fill_the_buffer_arrive_as_well() -> None:
    assert producer_consumer.condition(count=2, maxsize=30)[:2] == (0, 0)


def noticed(passed_on: Callable[[list[Item]], list[Item]]) -> tuple[int, int]:
    """How many items went wrong and were overtaken, where six items pass through something that changes them."""
    items, put, queue = Items(1), [], SimpleQueue[Item]()
    items.as_full_as_it_gets.set()

    def put_in(item: Item) -> None:
        put.append(item)
        if item == END:
            for each in [*passed_on(put[:-1]), END]:
                queue.put(each)

    wrong, overtaken, _ = producer_consumer.pass_on(items, put_in, queue.get, 6)
    return wrong, overtaken


def test_lost_doubled_and_overtaken_items_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(producer_consumer, "CREW", 1)
    assert noticed(lambda items: items) == (0, 0)
    assert noticed(lambda items: items[1:]) == (1, 0)
    assert noticed(lambda items: [items[0], *items]) == (1, 0)
    assert noticed(lambda items: items[::-1]) == (0, 5)


def test_every_item_arrives_once_holds_for_none_lost_or_doubled() -> None:
    assert producer_consumer.every_item_arrives_once(answered()).value == "holds"


@pytest.mark.parametrize("way", WAYS)
def test_every_item_arrives_once_is_refuted_when_one_is_lost(way: str) -> None:
    run = answered(**{way: [[0, 0, 8], [1, 0, 8]]})
    assert producer_consumer.every_item_arrives_once(run).value == "refuted"


def test_no_item_overtakes_its_elder_holds_for_none_overtaken() -> None:
    assert producer_consumer.no_item_overtakes_its_elder(answered()).value == "holds"


@pytest.mark.parametrize("way", WAYS)
def test_no_item_overtakes_its_elder_is_refuted_when_the_last_in_is_first_out(way: str) -> None:
    run = answered(**{way: [[0, 0, 8], [0, 5, 8]]})
    assert producer_consumer.no_item_overtakes_its_elder(run).value == "refuted"


def test_the_buffer_fills_up_and_never_over_holds_for_its_maximum_size() -> None:
    assert producer_consumer.the_buffer_fills_up_and_never_over(answered()).value == "holds"


@pytest.mark.parametrize("most", [7, 9, 60])
@pytest.mark.parametrize("way", WAYS)
def test_the_buffer_fills_up_and_never_over_is_refuted_when_the_bound_is_removed(way: str, most: int) -> None:
    run = answered(**{way: [[0, 0, 8], [0, 0, most]]})
    assert producer_consumer.the_buffer_fills_up_and_never_over(run).value == "refuted"


def test_busy_waiting_burns_a_core_holds_on_a_quiet_machine() -> None:
    assert producer_consumer.busy_waiting_burns_a_core(busy()).value == "holds"


def test_busy_waiting_burns_a_core_is_refuted_when_who_waits_sleeps() -> None:
    assert producer_consumer.busy_waiting_burns_a_core(busy(busy_wait=0.01)).value == "refuted"


def test_sleepers_burn_none_holds_on_a_quiet_machine() -> None:
    assert producer_consumer.sleepers_burn_none(busy()).value == "holds"


@pytest.mark.parametrize("way", ["condition", "bounded_queue"])
def test_sleepers_burn_none_is_refuted_when_they_look_again_and_again(way: str) -> None:
    assert producer_consumer.sleepers_burn_none(busy(**{way: 0.48})).value == "refuted"


def test_no_item_is_begun_after_the_flag_holds_when_the_rest_is_left() -> None:
    run = made_up_run(answers={"event_stop": [[16, 14]]}, knobs=KNOBS)
    assert producer_consumer.no_item_is_begun_after_the_flag(run).value == "holds"


@pytest.mark.parametrize("begun", [17, 30])
def test_no_item_is_begun_after_the_flag_is_refuted_when_nobody_looks_at_it(begun: int) -> None:
    run = made_up_run(answers={"event_stop": [[16, 14], [begun, 30 - begun]]}, knobs=KNOBS)
    assert producer_consumer.no_item_is_begun_after_the_flag(run).value == "refuted"


def test_a_flag_holds_back_until_it_is_set_holds_for_the_right_order() -> None:
    run = made_up_run(answers={"life_of_a_flag": [LIFE]})
    assert producer_consumer.a_flag_holds_back_until_it_is_set(run).value == "holds"


@pytest.mark.parametrize(
    "life",
    [
        [False, "waits", "goes on", "is set", True, True, False],
        [True, "waits", "is set", "goes on", True, True, False],
        [False, "waits", "is set", "goes on", True, True, True],
    ],
)
def test_a_flag_holds_back_until_it_is_set_is_refuted_when_it_is_up_or_open(life: list[bool | str]) -> None:
    run = made_up_run(answers={"life_of_a_flag": [LIFE, life]})
    assert producer_consumer.a_flag_holds_back_until_it_is_set(run).value == "refuted"
