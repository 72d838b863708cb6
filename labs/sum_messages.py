"""When does sharing out a sum among processes pay, and what do their messages cost?

Processes have no memory in common: what a worker found has to travel to the parent. The work is to add up the numbers
below n, dealt out to four workers. The variants differ in what travels: one subtotal per worker, every single number,
or a subtotal per chunk of numbers. And in how: over pipes, each of which carries bytes from one end to the other; over
a queue, which is a pipe with locks, so that many can use it, and in each sender a thread that feeds it; or not at all,
in memory that all share. To send every number is so dear that those variants add up far fewer of them. And before the
first message there are processes to start: for few numbers that alone takes longer than the loop.

Predict: order the variants by what one number costs them, and say which of them never ends. From how many numbers on is
it worth while to share them out?
"""

from collections.abc import Callable, Iterable
from ctypes import Array, c_longlong
from multiprocessing import Pipe, Process, Queue, RawArray, queues

from harness.lab import Run, Verdict, claim, cores, variant

WORKERS = 4
COUNT = 25_000_000
SENT = 60_000
CHUNK = 10_000
FEW = 2_000
FEWER = "it adds up fewer numbers: a message for every one of them would take minutes"
TOO_FEW = "it adds up few numbers: the loop alone would be done before the workers are there"
END = None

Send = Callable[[int | None], None]


def add_up(numbers: Iterable[int]) -> int:
    """Add numbers up, one by one."""
    total = 0
    for number in numbers:
        total += number
    return total


def shares(workers: int, count: int) -> list[range]:
    """Deal the numbers below count out, one range per worker."""
    return [range(worker, count, workers) for worker in range(workers)]


def send_subtotal(numbers: range, send: Send) -> None:
    """A worker that sends one message."""
    send(add_up(numbers))
    send(END)


def send_every_number(numbers: range, send: Send) -> None:
    """A worker that sends a message for each number."""
    for number in numbers:
        send(number)
    send(END)


def send_chunks(numbers: range, send: Send, chunk: int) -> None:
    """A worker that sends a message for each chunk of numbers."""
    for start in range(0, len(numbers), chunk):
        send(add_up(numbers[start : start + chunk]))
    send(END)


def store_subtotal(numbers: range, places: Array[c_longlong]) -> None:
    """A worker that sends nothing, and writes to its own place in the shared memory."""
    places[numbers.start] = add_up(numbers)


def started(crew: list[Process]) -> list[Process]:
    """Start every worker."""
    for worker in crew:
        worker.start()
    return crew


def join(crew: list[Process]) -> None:
    """Wait until every worker has ended."""
    for worker in crew:
        worker.join()


def over_queue(work: Callable[..., None], dealt: list[range]) -> int:
    """Start a worker for each share, with one queue for all, and add up what comes until each has said END."""
    queue: queues.Queue[int | None] = Queue()
    crew = started([Process(target=work, args=(numbers, queue.put)) for numbers in dealt])
    total = sum(sum(iter(queue.get, END)) for _ in crew)
    join(crew)
    return total


def over_pipes(work: Callable[..., None], dealt: list[range], *more: int) -> int:
    """Start a worker for each share, with a pipe for each, and add up what comes until each has said END."""
    pipes = [Pipe(duplex=False) for _ in dealt]
    pairs = zip(dealt, pipes, strict=True)
    crew = started([Process(target=work, args=(numbers, writer.send, *more)) for numbers, (_, writer) in pairs])
    total = sum(sum(iter(reader.recv, END)) for reader, _ in pipes)
    join(crew)
    return total


@variant
def brute_force(count: int = COUNT) -> int:
    """Baseline: one process, one loop, no message."""
    return add_up(range(count))


@variant
def subtotals_over_queue(workers: int = WORKERS, count: int = COUNT) -> int:
    """Each worker sends one subtotal, over a queue that all share."""
    return over_queue(send_subtotal, shares(workers, count))


@variant
def subtotals_over_pipe(workers: int = WORKERS, count: int = COUNT) -> int:
    """Each worker sends one subtotal, over a pipe of its own."""
    return over_pipes(send_subtotal, shares(workers, count))


@variant(answer="differs", because=FEWER)
def every_number_over_queue(workers: int = WORKERS, sent: int = SENT) -> int:
    """Each worker sends every number, over a queue that all share; the parent adds them up."""
    return over_queue(send_every_number, shares(workers, sent))


@variant(answer="differs", because=FEWER)
def every_number_over_pipe(workers: int = WORKERS, sent: int = SENT) -> int:
    """Each worker sends every number, over a pipe of its own; the parent adds them up."""
    return over_pipes(send_every_number, shares(workers, sent))


@variant
def chunks_over_pipe(workers: int = WORKERS, count: int = COUNT, chunk: int = CHUNK) -> int:
    """Each worker sends a subtotal per chunk of its numbers, over a pipe of its own."""
    return over_pipes(send_chunks, shares(workers, count), chunk)


@variant(answer="differs", because=TOO_FEW)
def chunks_of_few_numbers(workers: int = WORKERS, few: int = FEW, chunk: int = CHUNK) -> int:
    """The same for few numbers: what starting the workers and talking to them costs at least."""
    return over_pipes(send_chunks, shares(workers, few), chunk)


@variant
def shared_memory(workers: int = WORKERS, count: int = COUNT) -> int:
    """Each worker leaves its subtotal in memory that all share: no message, its end is the signal."""
    places = RawArray(c_longlong, workers)
    join(started([Process(target=store_subtotal, args=(numbers, places)) for numbers in shares(workers, count)]))
    return sum(places)


@variant(answer="differs", because=FEWER, ends="deadlocked")
def joined_before_drained(workers: int = WORKERS, sent: int = SENT) -> int:
    """As every_number_over_queue, but joined first: the parent waits for workers that wait for room in the queue."""
    queue: queues.Queue[int | None] = Queue()
    crew = started([Process(target=send_every_number, args=(numbers, queue.put)) for numbers in shares(workers, sent)])
    join(crew)
    return sum(sum(iter(queue.get, END)) for _ in crew)


@claim
def every_way_finds_the_sum(run: Run) -> Verdict:
    """Whatever travels, and however, the sum is n(n-1)/2."""
    everything, fewer, few = (n * (n - 1) // 2 for n in (int(run.knob(knob)) for knob in ("count", "sent", "few")))
    verdict = run.answers(every_number_over_queue).are_all(fewer) & run.answers(every_number_over_pipe).are_all(fewer)
    verdict &= run.answers(chunks_of_few_numbers).are_all(few)
    ways: list[Callable[..., int]] = [brute_force, subtotals_over_queue, subtotals_over_pipe]
    for way in [*ways, chunks_over_pipe, shared_memory]:
        verdict &= run.answers(way).are_all(everything)
    return verdict


@claim(needs=cores(2))
def subtotals_use_the_cores(run: Run) -> Verdict:
    """With one subtotal per worker, processes reach most of what this machine's cores can give."""
    over_queue = run.efficiency(subtotals_over_queue, over=brute_force)
    over_pipe = run.efficiency(subtotals_over_pipe, over=brute_force)
    return over_queue.is_at_least(0.7) & over_pipe.is_at_least(0.7)


def break_even(run: Run) -> float | None:
    """From how many numbers on chunks are faster than one loop: the line through both sizes meets the loop's there."""
    few, count = int(run.knob("few")), int(run.knob("count"))
    ways = chunks_of_few_numbers, chunks_over_pipe
    for_few, for_all = (run.ratio(way, to=brute_force).is_at_least(0).figures for way in ways)
    if not for_few or not for_all:
        return None
    each = (for_all["median"] - for_few["median"]) / (count - few)
    return (for_few["median"] - few * each) / (1 / count - each) if each < 1 / count else None


@claim(needs=cores(2))
def chunks_use_the_cores(run: Run) -> Verdict:
    """With a message per chunk, too: where a message stands for enough work, it costs nearly nothing."""
    verdict = run.efficiency(chunks_over_pipe, over=brute_force).is_at_least(0.7)
    if numbers := break_even(run):
        verdict = verdict.because(f"chunks win from about {float(format(numbers, '.2g')):,.0f} numbers on")
    return verdict


@claim
def few_numbers_are_not_worth_it(run: Run) -> Verdict:
    """For few numbers, to start workers and hear from them takes at least ten times as long as one loop."""
    fewer = int(run.knob("count")) / int(run.knob("few"))
    return run.ratio(chunks_of_few_numbers, to=brute_force).is_at_least(10 / fewer)


@claim
def a_message_costs_many_additions(run: Run) -> Verdict:
    """To send a number takes at least ten times as long as to add it up."""
    fewer = int(run.knob("count")) / int(run.knob("sent"))
    verdict = run.ratio(every_number_over_pipe, to=brute_force).is_at_least(10 / fewer)
    if verdict.figures:
        additions = round(verdict.figures["median"] * fewer)
        verdict = verdict.because(
            f"a message pays from about {additions} numbers on: that many are added up in its time"
        )
    return verdict


@claim
def a_queue_costs_more_than_a_pipe(run: Run) -> Verdict:
    """The same messages take longer over a queue than over pipes."""
    return run.ratio(every_number_over_queue, to=every_number_over_pipe).is_at_least(1.05)


@claim
def joining_first_deadlocks(run: Run) -> Verdict:
    """Who joins before the queue is drained waits for ever: its pipe is full, and its senders cannot end."""
    return run.outcomes(joined_before_drained).are_all("deadlocked")
