"""The lab `sum_messages`: what its variants send, and that each of its claims can hold and can fail."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from harness.testing import made_up_run
from labs import sum_messages
from tests.interpreters import every_interpreter
from tests.labs.by_hand import by_hand

if TYPE_CHECKING:
    from harness.findings import Run

KNOBS = {"workers": 4, "count": 1_000_000, "sent": 1_000, "chunk": 100, "few": 500}
WHOLE = ("brute_force", "subtotals_over_queue", "subtotals_over_pipe", "chunks_over_pipe", "shared_memory")
FEWER = ("every_number_over_queue", "every_number_over_pipe")
ANSWERS: dict[str, Any] = dict.fromkeys(WHOLE, 499_999_500_000) | dict.fromkeys(FEWER, 499_500)
ANSWERS |= {"chunks_of_few_numbers": 124_750}
WALLS = {
    "brute_force": 1.0,
    **dict.fromkeys(WHOLE[1:], 0.52),
    "every_number_over_queue": 0.5,
    "every_number_over_pipe": 0.4,
    "chunks_of_few_numbers": 0.02,
}


def honest(**changed: float) -> Run:
    """Times as on a quiet machine with two cores, but for those given: a message costs 400 additions."""
    return made_up_run(walls=WALLS | changed, knobs=KNOBS)


def sent_by(worker: Any, *more: Any) -> list[int | None]:
    """What a worker sends for the numbers 0 to 9."""
    messages: list[int | None] = []
    worker(range(10), messages.append, *more)
    return messages


def test_the_shares_are_all_numbers_once() -> None:
    dealt = sum_messages.shares(3, 11)
    assert sorted(number for numbers in dealt for number in numbers) == list(range(11))
    assert len(dealt) == 3


def test_a_worker_sends_its_subtotal_or_every_number_or_a_subtotal_per_chunk() -> None:
    assert sent_by(sum_messages.send_subtotal) == [45, None]
    assert sent_by(sum_messages.send_every_number) == [*range(10), None]
    assert sent_by(sum_messages.send_chunks, 4) == [6, 22, 17, None]


@every_interpreter
@pytest.mark.parametrize("workers", [1, 3])
def test_every_variant_that_ends_finds_the_sum(workers: int, python: str) -> None:
    code = (
        f"more = dict(workers={workers}, count=1_001)\n"
        "result = [\n"
        "    lab.brute_force(count=1_001), lab.subtotals_over_queue(**more), lab.subtotals_over_pipe(**more),\n"
        "    lab.chunks_over_pipe(**more, chunk=10), lab.shared_memory(**more),\n"
        f"    lab.every_number_over_queue(workers={workers}, sent=1_001),\n"
        f"    lab.every_number_over_pipe(workers={workers}, sent=1_001),\n"
        f"    lab.chunks_of_few_numbers(workers={workers}, few=1_001, chunk=10),\n"
        "]"
    )
    assert by_hand(python, "sum_messages", code) == [500_500] * 8


@every_interpreter
def test_more_messages_than_the_pipes_hold_get_through(python: str) -> None:
    code = "result = [way(workers=2, sent=20_001) for way in (lab.every_number_over_queue, lab.every_number_over_pipe)]"
    assert by_hand(python, "sum_messages", code) == [200_010_000] * 2


# Where the variant would join, this looks instead: the queue's pipe is full, nobody reads, and the workers, who have
# far more to send than it holds, are not at their end. So none would ever end. That they do once the queue is drained
# proves that this was all.
INSTEAD_OF_JOINING = """
import fcntl, multiprocessing, termios

queues, seen = [], []

def remembered():
    queues.append(multiprocessing.Queue())
    return queues[-1]

def look(crew):
    reader = queues[0]._reader.fileno()
    full = fcntl.fcntl(reader, fcntl.F_GETPIPE_SZ) * 9 // 10
    while int.from_bytes(fcntl.ioctl(reader, termios.FIONREAD, bytes(4)), sys.byteorder) < full:
        assert any(worker.is_alive() for worker in crew)
    seen.append([worker.is_alive() for worker in crew])

lab.Queue, lab.join = remembered, look
result = [lab.joined_before_drained(workers=2, sent=40_001), seen]
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux how full a pipe is")
@every_interpreter
def test_who_joins_before_draining_joins_workers_that_cannot_end(python: str) -> None:
    total, seen = by_hand(python, "sum_messages", INSTEAD_OF_JOINING)
    assert seen == [[True, True]]
    assert total == 800_020_000


@every_interpreter
def test_joining_first_ends_where_everything_fits_into_the_pipe(python: str) -> None:
    assert by_hand(python, "sum_messages", "result = lab.joined_before_drained(workers=2, sent=100)") == 4_950


def test_every_way_finds_the_sum_holds_for_the_right_sums() -> None:
    run = made_up_run(answers=ANSWERS, knobs=KNOBS)
    assert sum_messages.every_way_finds_the_sum(run).value == "holds"


@pytest.mark.parametrize("variant", list(ANSWERS))
def test_every_way_finds_the_sum_is_refuted_when_one_message_is_lost(variant: str) -> None:
    run = made_up_run(answers=ANSWERS | {variant: [ANSWERS[variant], ANSWERS[variant] - 1]}, knobs=KNOBS)
    assert sum_messages.every_way_finds_the_sum(run).value == "refuted"


def test_subtotals_use_the_cores_holds_on_a_quiet_machine() -> None:
    assert sum_messages.subtotals_use_the_cores(honest()).value == "holds"


@pytest.mark.parametrize("variant", ["subtotals_over_queue", "subtotals_over_pipe"])
def test_subtotals_use_the_cores_is_refuted_when_one_worker_does_it_all(variant: str) -> None:
    assert sum_messages.subtotals_use_the_cores(honest(**{variant: 1.05})).value == "refuted"


def test_chunks_use_the_cores_holds_on_a_quiet_machine() -> None:
    assert sum_messages.chunks_use_the_cores(honest()).value == "holds"


def test_chunks_use_the_cores_is_refuted_when_the_chunks_are_too_small() -> None:
    assert sum_messages.chunks_use_the_cores(honest(chunks_over_pipe=3.0)).value == "refuted"


def test_chunks_use_the_cores_says_from_how_many_numbers_on_they_win() -> None:
    run = made_up_run(walls=WALLS, knobs=KNOBS, spread=0)
    assert sum_messages.chunks_use_the_cores(run).why == ("chunks win from about 40,000 numbers on",)
    alone = made_up_run(walls=WALLS | {"chunks_over_pipe": 1.02}, knobs=KNOBS, spread=0)
    assert sum_messages.break_even(alone) is None
    assert sum_messages.chunks_use_the_cores(alone).why == ()


def test_where_the_break_even_is_said_to_be_both_take_the_same_time() -> None:
    numbers = sum_messages.break_even(made_up_run(walls=WALLS, knobs=KNOBS, spread=0))
    assert numbers is not None
    loop = numbers / KNOBS["count"]
    chunks = 0.02 + (0.52 - 0.02) * (numbers - KNOBS["few"]) / (KNOBS["count"] - KNOBS["few"])
    assert chunks == pytest.approx(loop)


def test_few_numbers_are_not_worth_it_holds_on_a_quiet_machine() -> None:
    assert sum_messages.few_numbers_are_not_worth_it(honest()).value == "holds"


def test_few_numbers_are_not_worth_it_is_refuted_when_workers_start_for_nothing() -> None:
    assert sum_messages.few_numbers_are_not_worth_it(honest(chunks_of_few_numbers=0.001)).value == "refuted"


def test_a_message_costs_many_additions_holds_and_says_from_how_many_numbers_on_a_message_pays() -> None:
    verdict = sum_messages.a_message_costs_many_additions(made_up_run(walls=WALLS, knobs=KNOBS, spread=0))
    assert verdict.value == "holds"
    assert verdict.why == ("a message pays from about 400 numbers on: that many are added up in its time",)


def test_a_message_costs_many_additions_is_refuted_when_messages_are_as_cheap_as_additions() -> None:
    assert sum_messages.a_message_costs_many_additions(honest(every_number_over_pipe=0.005)).value == "refuted"


def test_a_message_costs_many_additions_is_only_too_few_after_a_round() -> None:
    verdict = sum_messages.a_message_costs_many_additions(made_up_run(walls=WALLS, knobs=KNOBS, rounds=1))
    assert (verdict.value, verdict.why) == ("inconclusive", ())


def test_a_queue_costs_more_than_a_pipe_holds_on_a_quiet_machine() -> None:
    assert sum_messages.a_queue_costs_more_than_a_pipe(honest()).value == "holds"


def test_a_queue_costs_more_than_a_pipe_is_refuted_when_it_is_no_more_than_a_pipe() -> None:
    assert sum_messages.a_queue_costs_more_than_a_pipe(honest(every_number_over_queue=0.4)).value == "refuted"


def test_joining_first_deadlocks_holds_when_it_does_every_time() -> None:
    run = made_up_run(outcomes={"joined_before_drained": "deadlocked"})
    assert sum_messages.joining_first_deadlocks(run).value == "holds"


@pytest.mark.parametrize("outcome", ["finished", "timed_out"])
def test_joining_first_deadlocks_is_refuted_when_the_queue_is_drained_first(outcome: str) -> None:
    run = made_up_run(outcomes={"joined_before_drained": outcome})
    assert sum_messages.joining_first_deadlocks(run).value == "refuted"
