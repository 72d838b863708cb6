"""Hangs, explained: real ones of real interpreters, and what may and may not be said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.hang import catches_stack_signal, explain, is_idle, parse_stacks
from harness.hang.stacks import Frame, StackThread
from tests.hanging import hang
from tests.interpreters import every_interpreter, on_each

if TYPE_CHECKING:
    from pathlib import Path

TWO_LOCKS = """
    from threading import Barrier, Lock, Thread
    first, second, both = Lock(), Lock(), Barrier(2)
    def there():
        with first:
            both.wait()
            with second:  # here
                pass
    def back():
        with second:
            both.wait()
            first.acquire()  # here
    threads = [Thread(target=there), Thread(target=back)]
    for thread in threads: thread.start()
    for thread in threads:
        thread.join()  # here
"""


@every_interpreter
def test_two_locks_in_opposite_order(python: str, tmp_path: Path) -> None:
    found = hang(python, tmp_path, TWO_LOCKS)
    assert found.outcome == "deadlocked"
    assert found.cycle == ("first", "second")
    assert found.lines == (
        "thread 1 (there, line 7) holds `first` and waits for `second`",
        "thread 2 (back, line 12) holds `second` and waits for `first`",
        "main thread (the module, line 16) waits in `thread.join()`",
        "cycle: `first` → `second` → `first`",
    )


@every_interpreter
def test_a_cycle_of_three_locks_under_other_names_local_to_a_function(python: str, tmp_path: Path) -> None:
    found = hang(python, tmp_path, """
        import threading
        def lab():
            fork, knife, spoon = threading.Lock(), threading.RLock(), threading.Semaphore()
            all_have_one = threading.Barrier(3)
            def take(one):
                all_have_one.wait()
            def ann():
                with fork:
                    take(1)
                    with knife:  # here
                        pass
            def bob():
                knife.acquire()
                try:
                    take(2)
                    with spoon:  # here
                        pass
                finally:
                    knife.release()
            def eve():
                with spoon:
                    take(3)
                    fork.acquire()  # here
            for target in (ann, bob, eve):
                threading.Thread(target=target, name=target.__name__).start()
            import time
            time.sleep(10_000)  # here
        lab()
    """)  # fmt: skip
    assert found.outcome == "deadlocked"
    assert found.cycle == ("fork", "knife", "spoon")
    assert "holds `spoon` and waits for `fork`" in found.lines[2]
    assert found.lines[3] == "main thread (lab, line 28) sleeps"
    assert found.lines[4] == "cycle: `fork` → `knife` → `spoon` → `fork`"


@every_interpreter
def test_a_lock_that_one_thread_takes_twice(python: str, tmp_path: Path) -> None:
    found = hang(python, tmp_path, """
        import threading
        class Account:
            def __init__(self):
                self.guard = threading.Lock()
            def deposit(self):
                with self.guard:  # here
                    pass
            def transfer(self):
                with self.guard:
                    self.deposit()
        def lab(account):
            account.transfer()
        lab(Account())
    """)  # fmt: skip
    assert found.outcome == "deadlocked"
    assert found.cycle == ("account.guard",)
    assert found.lines[0] == "main thread (deposit, line 7) holds `self.guard` and waits for `self.guard`"


SWAPPED = """
    import threading
    from concurrent.futures import ThreadPoolExecutor
    both = threading.Barrier(2)
    def transfer(source, target):
        with source:
            both.wait()
            with target:  # here 2
                pass
    def lab():
        ours, theirs = threading.Lock(), threading.Lock()
        {}
        import time
        time.sleep(10_000)  # here
    lab()
"""
THREAD_OF_LOOP = "for pair in ((ours, theirs), (theirs, ours)): threading.Thread(target=transfer, args=pair).start()"
TWO_THREADS = (
    "threading.Thread(target=transfer, args=(ours, theirs)).start(); "
    "threading.Thread(target=transfer, kwargs={'source': theirs, 'target': ours}).start()"
)
COMPREHENSION = "[threading.Thread(target=transfer, args=(a, b)).start() for a, b in [(ours, theirs), (theirs, ours)]]"
SUBMITTED = (
    "pool = ThreadPoolExecutor(); pool.submit(transfer, ours, theirs); pool.submit(transfer, theirs, target=ours)"
)
MAPPED = "ThreadPoolExecutor().map(transfer, [ours, theirs], [theirs, ours])"


@every_interpreter
@pytest.mark.parametrize("start", [THREAD_OF_LOOP, TWO_THREADS, COMPREHENSION, SUBMITTED, MAPPED])
def test_one_function_with_its_arguments_swapped(python: str, tmp_path: Path, start: str) -> None:
    found = hang(python, tmp_path, SWAPPED.format(start))
    assert found.cycle == ("ours", "theirs")
    assert found.outcome == "deadlocked"
    assert all("(transfer, line 8) holds `source` and waits for `target`" in line for line in found.lines[:2])


@every_interpreter
def test_locks_that_cannot_be_told_apart_are_in_no_cycle(python: str, tmp_path: Path) -> None:
    start = """
        pairs = dict(there=(ours, theirs), back=(theirs, ours))
        threads = [threading.Thread(target=transfer, args=pairs[name]) for name in pairs]
        for thread in threads: thread.start()
        for thread in threads: thread.join()  # here
    """
    script = SWAPPED.format(start.strip()).replace("time.sleep(10_000)  # here", "pass")
    found = hang(python, tmp_path, script)
    assert found.cycle == ()
    assert found.outcome == "deadlocked"
    assert found.lines[-1] == "no cycle visible, but all threads wait for one another"


@every_interpreter
def test_the_same_names_for_other_locks_make_no_cycle(python: str, tmp_path: Path) -> None:
    found = hang(python, tmp_path, """
        from threading import Lock, Thread, Event
        a, b, c, d, never = Lock(), Lock(), Lock(), Lock(), Event()
        def transfer(first, second):
            with first:
                with second:  # here 2
                    pass
        def lab():
            with b, d:
                Thread(target=transfer, args=(a, b)).start()
                Thread(target=transfer, args=(c, d)).start()
                never.wait()  # here
        lab()
    """)  # fmt: skip
    assert found.cycle == ()
    assert found.outcome == "deadlocked"
    assert "main thread (lab, line 12) holds `b` and `d` and waits in `never.wait()`" in found.lines


@every_interpreter
def test_philosophers_whose_forks_have_numbers(python: str, tmp_path: Path) -> None:
    found = hang(python, tmp_path, """
        import threading
        SEATS = 3
        def lab():
            forks = [threading.Lock() for _ in range(SEATS)]
            all_have_one = threading.Barrier(SEATS)
            def dine(seat):
                with forks[seat]:
                    all_have_one.wait()
                    with forks[(seat + 1) % SEATS]:  # here 3
                        pass
            guests = [threading.Thread(target=dine, args=(seat,)) for seat in range(SEATS)]
            for guest in guests: guest.start()
            for guest in guests:
                guest.join()  # here
        lab()
    """)  # fmt: skip
    assert found.cycle == ("forks[0]", "forks[1]", "forks[2]")


@every_interpreter
def test_a_lock_held_while_its_next_holder_is_joined(python: str, tmp_path: Path) -> None:
    found = hang(python, tmp_path, """
        import threading
        lock = threading.Lock()
        def work():
            lock.acquire()  # here
        def lab():
            with lock:
                worker = threading.Thread(target=work)
                worker.start()
                worker.join()  # here
        lab()
    """)  # fmt: skip
    assert found.outcome == "deadlocked"
    assert found.cycle == ("lock", "worker")


@every_interpreter
@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_locks_of_two_processes(python: str, tmp_path: Path, method: str) -> None:
    found = hang(python, tmp_path, f"""
        import multiprocessing
        def transfer(mine, other, both):
            with mine:
                both.wait()
                with other:  # here 2
                    pass
        def lab():
            context = multiprocessing.get_context("{method}")
            one, two, both = context.Lock(), context.Lock(), context.Barrier(2)
            there = context.Process(target=transfer, args=(one, two, both))
            back = context.Process(target=transfer, args=(two, one, both))
            there.start()
            back.start()
            there.join()  # here
        if __name__ == "__main__":
            lab()
    """)  # fmt: skip
    assert found.outcome == "deadlocked"
    assert found.cycle == ("one", "two")


@every_interpreter
def test_copies_of_a_threads_lock_in_forked_processes_are_no_cycle(python: str, tmp_path: Path) -> None:
    found = hang(python, tmp_path, """
        import multiprocessing, threading
        one, two = threading.Lock(), threading.Lock()
        def transfer(mine, other):
            with mine:
                with other:  # here 2
                    pass
        def lab():
            context = multiprocessing.get_context("fork")
            with two:
                context.Process(target=transfer, args=(one, two)).start()
            with one:
                context.Process(target=transfer, args=(two, one)).start()
            threading.Event().wait()  # here
        lab()
    """)  # fmt: skip
    assert found.outcome == "deadlocked"
    assert found.cycle == ()


@every_interpreter
@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_a_queue_joined_before_it_is_drained(python: str, tmp_path: Path, method: str) -> None:
    found = hang(python, tmp_path, f"""
        import multiprocessing
        def fill(queue):
            queue.put(bytes(1_000_000))
        if __name__ == "__main__":
            context = multiprocessing.get_context("{method}")
            queue = context.Queue()
            child = context.Process(target=fill, args=(queue,))
            child.start()
            child.join()  # here
            queue.get()
    """, feeder=True)  # fmt: skip
    assert found.outcome == "deadlocked"
    assert found.cycle == ()
    assert found.lines[0].endswith("main thread (the module, line 10) waits in `child.join()`")
    assert "a queue's feeder thread waits for room in the pipe: nobody takes the items out" in found.lines[1]
    assert found.lines[2] == "no cycle visible, but all threads wait for one another"


@every_interpreter
def test_an_endless_loop_is_no_deadlock(python: str, tmp_path: Path) -> None:
    found = hang(python, tmp_path, """
        def spin():
            while True: pass  # here
        spin()
    """, idle=False)  # fmt: skip
    assert found.outcome == "timed_out"
    assert found.lines == ("main thread (spin, line 3) runs",)


@every_interpreter
def test_a_cycle_beside_a_busy_thread_is_not_said_to_be_a_deadlock(python: str, tmp_path: Path) -> None:
    found = hang(python, tmp_path, TWO_LOCKS, idle=False)
    assert found.outcome == "timed_out"
    assert found.cycle == ()


each_library = on_each("this", "3.14")  # 3.14t has the same library
WAITS_FOR_TIME = [
    "time.sleep(10_000)",
    "threading.Event().wait(10_000)",
    "threading.Event().wait(timeout=10_000)",
    "held.acquire(True, 10_000)",
    "held.acquire(timeout=10_000)",
    "queue.Queue().get(timeout=10_000)",
    "queue.Queue().get(True, 10_000)",
    "Future().result(10_000)",
    "concurrent.futures.wait([Future()], 10_000)",
    "asyncio.run(asyncio.sleep(10_000))",
    "subprocess.run(['sleep', '10000'])",
]
WAITS_FOR_OTHERS = [
    "threading.Event().wait()",
    "threading.Event().wait(timeout=None)",
    "threading.Barrier(2).wait()",
    "threading.Semaphore(0).acquire()",
    "held.acquire(True, -1)",
    "queue.Queue().get()",
    "queue.Queue().join() if full.unfinished_tasks == 0 else full.join()",
    "full.put(2)",
    "queue.SimpleQueue().get()",
    "print(queue.LifoQueue().get())",
    "Future().result()",
    "concurrent.futures.wait([Future()])",
    "list(concurrent.futures.as_completed([Future()]))",
    "pipe[0].recv()",
    "multiprocessing.connection.wait([pipe[0]])",
    "multiprocessing.SimpleQueue().get()",
    "multiprocessing.Queue().get()",
    "multiprocessing.Event().wait()",
    "os.read(os.pipe()[0], 1)",
    "sockets[0].recv(1)",
    "multiprocessing.pool.ThreadPool(1).apply(threading.Event().wait)",
    "pool.shutdown() if pool.submit(threading.Event().wait) else 0",
]
WAITING = """
    import asyncio, concurrent.futures, multiprocessing.connection, multiprocessing.pool, os, queue, socket
    import subprocess, threading, time
    from concurrent.futures import Future
    def taken():
        lock = threading.Lock()
        lock.acquire()
        return lock
    held = taken()
    full = queue.Queue(1)
    full.put(1)
    pipe, sockets = multiprocessing.Pipe(), socket.socketpair()
    pool = concurrent.futures.ThreadPoolExecutor(1)
    {}  # here
"""


@each_library
@pytest.mark.parametrize("statement", WAITS_FOR_TIME)
def test_a_wait_that_ends_by_itself_is_no_deadlock(python: str, tmp_path: Path, statement: str) -> None:
    found = hang(python, tmp_path, WAITING.format(statement), strangers="subprocess" in statement)
    assert (found.outcome, found.cycle) == ("timed_out", ())


@each_library
@pytest.mark.parametrize("statement", WAITS_FOR_OTHERS)
def test_a_wait_for_another_that_never_comes_is_a_deadlock(python: str, tmp_path: Path, statement: str) -> None:
    found = hang(python, tmp_path, WAITING.format(statement))
    assert (found.outcome, found.cycle) == ("deadlocked", ())
    assert "main thread (the module, line 14) waits" in found.lines[0]


@every_interpreter
def test_idle_workers_of_a_pool_do_not_hide_a_deadlock(python: str, tmp_path: Path) -> None:
    found = hang(python, tmp_path, """
        import threading
        from concurrent.futures import ThreadPoolExecutor, ProcessPoolExecutor
        def outer(pool):
            return pool.submit(abs, 1).result()  # here
        def lab():
            done = ThreadPoolExecutor(3)
            list(done.map(abs, range(3)))
            with ThreadPoolExecutor(1) as pool:
                pool.submit(outer, pool).result()  # here
        lab()
    """)  # fmt: skip
    assert found.outcome == "deadlocked"
    assert len(found.lines) == 3


@every_interpreter
def test_idle_processes_of_a_pool_do_not_hide_a_deadlock(python: str, tmp_path: Path) -> None:
    found = hang(python, tmp_path, """
        import threading
        from concurrent.futures import ProcessPoolExecutor
        if __name__ == "__main__":
            with ProcessPoolExecutor(2) as pool:
                list(pool.map(abs, range(3)))
                threading.Event().wait()  # here
    """)  # fmt: skip
    assert found.outcome == "deadlocked"


@every_interpreter
def test_a_condition_is_not_held_while_it_is_waited_for(python: str, tmp_path: Path) -> None:
    found = hang(python, tmp_path, """
        import threading
        room = threading.Condition()
        with room:
            room.wait()  # here
    """)  # fmt: skip
    assert found.lines[0] == "main thread (the module, line 5) waits in `room.wait()`"


HEADER = 'Thread 0x00007f84280186c0 (most recent call first):\n  File "/lab/a.py", line 11 in b\n'


def test_a_dump_of_3_11_is_read() -> None:
    text = HEADER + (
        '  File "/usr/lib/python3.11/threading.py", line 982 in run\n'
        '  File "/usr/lib/python3.11/threading.py", line 1002 in _bootstrap\n\n'
        'Current thread 0x00007f8429278b80 (most recent call first):\n  File "/lab/a.py", line 15 in <module>\n'
    )
    worker, main = parse_stacks(text)
    assert worker == StackThread(
        0x7F84280186C0,
        "",
        (
            Frame("/lab/a.py", 11, "b"),
            Frame("/usr/lib/python3.11/threading.py", 982, "run"),
            Frame("/usr/lib/python3.11/threading.py", 1002, "_bootstrap"),
        ),
    )
    assert [frame.is_library for frame in worker.frames] == [False, True, True]
    assert (worker.is_main, main.is_main) == (False, True)


def test_names_of_threads_are_read_from_a_dump_of_3_14() -> None:
    text = (
        HEADER.replace(" (most", " [a [b] (c)] (most")
        + "\nCurrent thread 0x01 [python3.14] (most recent call first):\n"
    )
    worker, main = parse_stacks(text)
    assert (worker.name, main.name) == ("a [b] (c)", "python3.14")
    assert main.frames == ()


def test_what_is_no_python_frame_is_left_out() -> None:
    text = (
        "Fatal Python error: Segmentation fault\n\n"
        "Thread 0x0a (most recent call first):\n  <no Python frame>\n\n"
        "Current thread 0x0b (most recent call first):\n  Garbage-collecting\n"
        '  File ???, line ??? in ???\n  File "/lab/\\uc2e4\\xe9.py", line ??? in f\n  ...\n\n'
        "Current thread's C stack trace (most recent call first):\n"
        '  Binary file "/usr/bin/python3.14", at _Py_DumpStack+0x31 [0x5610]\n  <truncated rest of calls>\n\n'
        "Extension modules: numpy (total: 1)\n"
    )
    first, second = parse_stacks(text)
    assert first.frames == ()
    assert second.frames == (Frame("???", 0, "???"), Frame("/lab/실é.py", 0, "f"))


def test_the_stack_alone_that_a_build_without_gil_may_show_is_read() -> None:
    note = "<Cannot show all threads while the GIL is disabled>\n"
    (thread,) = parse_stacks(note + 'Stack (most recent call first):\n  File "/lab/a.py", line 3 in f\n')
    assert thread.frames == (Frame("/lab/a.py", 3, "f"),)


def test_the_last_of_several_dumps_counts() -> None:
    main = 'Current thread 0x01 (most recent call first):\n  File "/lab/a.py", line 15 in <module>\n'
    newer = HEADER.replace("6c0", "6c1").replace("line 11 in b", "line 12 in c")
    threads = parse_stacks(main + HEADER + "\n" + main + newer + "\n" + HEADER + "\n" + main)
    assert [thread.frames[0].function for thread in threads] == ["c", "b", "<module>"]


def test_nothing_is_read_from_no_dump() -> None:
    assert parse_stacks("") == ()
    assert parse_stacks('  File "/lab/a.py", line 3 in f\nnonsense\n') == ()


def stacks(*frames: Frame) -> dict[int, list[StackThread]]:
    return {7: [StackThread(1, "", frames)]}


def test_without_its_source_a_wait_is_told_by_the_library() -> None:
    waiting = stacks(Frame("/usr/lib/python3.14/threading.py", 3, "wait"), Frame("/lab/a.py", 3, "f"))
    found = explain(waiting, lambda _: None, idle=True)
    assert found.outcome == "deadlocked"
    assert found.lines[0] == "main thread (f, line 3) waits in `wait()`"


@pytest.mark.parametrize("text", ["def f(:", "x = 1\0", "(" * 1000, "", "def g(): pass"])
def test_a_source_that_says_nothing_of_the_line_explains_nothing(text: str) -> None:
    found = explain(stacks(Frame("/lab/a.py", 3, "f")), lambda _: text, idle=True)
    assert (found.outcome, found.lines) == ("timed_out", ("main thread (f, line 3) stands still",))


def test_no_stacks_are_no_deadlock() -> None:
    assert explain({}, lambda _: None, idle=True).outcome == "timed_out"
    assert explain({7: []}, lambda _: None, idle=True).lines == ("no thread shows a line of the lab",)


def test_a_process_that_shows_no_stacks_may_end_the_wait() -> None:
    waiting = stacks(Frame("/usr/lib/python3.14/threading.py", 3, "wait"), Frame("/lab/a.py", 3, "f"))
    assert explain(waiting, lambda _: None, idle=True, unseen=1).outcome == "timed_out"


def test_two_locks_on_one_line_leave_open_which_is_held() -> None:
    found = explain(
        stacks(Frame("/lab/a.py", 2, "f")), lambda _: "def f(a, b):\n    with a, b:\n        pass", idle=True
    )
    assert found.lines[0] == "main thread (f, line 2) waits for `a` or `b`"
    assert found.cycle == ()


@pytest.mark.parametrize(
    ("body", "held"),
    [
        ("with a:\n  pass\n with b: # at", ""),
        ("a.acquire()\n with b: # at", "`a`"),
        ("a.acquire()\n a.release()\n with b: # at", ""),
        ("a.acquire()\n if x:\n  a.release()\n with b: # at", ""),
        ("if x:\n  a.acquire()\n with b: # at", ""),
        ("if a.acquire(timeout=1):\n  with b: # at", "`a`"),
        ("if a.acquire(timeout=1):\n  pass\n else:\n  with b: # at", ""),
        ("a.acquire(timeout=1)\n with b: # at", ""),
        ("a.acquire()\n try:\n  with b: # at\n finally:\n  a.release()", "`a`"),
        ("try:\n  a.acquire()\n finally:\n  with b: # at", ""),
        ("try:\n  a.acquire()\n except E:\n  with b: # at", ""),
        ("try:\n  a.acquire()\n except E:\n  pass\n else:\n  with b: # at", "`a`"),
        ("a.acquire()\n while x:\n  with b: # at\n  a.release()", ""),
        ("while x:\n  a.acquire()\n  with b: # at\n  a.release()", "`a`"),
        ("with a:\n  a.release()\n  with b: # at", ""),
        ("with (\n  a,\n  c,\n  b, # at\n ):\n  pass", "`a` and `c`"),
        ("with a:\n  for y in x:\n   match y:\n    case 1:\n     with b: # at", "`a`"),
        ("with open(x), a:\n  with b: # at", "`a`"),
        ("with a:\n  def inner():\n   pass\n  with b: # at", "`a`"),
        ("a.acquire()\n try:\n  a.release()\n finally:\n  with b: # at", ""),
        ("pool = ThreadPoolExecutor()\n with pool:\n  with b: # at", ""),
        ("p = make_rlock()\n with p:\n  with b: # at", "`p`"),
    ],
)
def test_only_what_is_surely_held_is_said_to_be_held(body: str, held: str) -> None:
    lines = ["def f(a, b, c, x):", *(" " + each for each in body.split("\n "))]
    at = next(number for number, each in enumerate(lines) if each.endswith("# at"))
    if not lines[at].lstrip().startswith("b,"):
        lines.insert(at + 1, " " * (len(lines[at]) - len(lines[at].lstrip()) + 1) + "pass")
    found = explain(stacks(Frame("/lab/a.py", at + 1, "f")), lambda _: "\n".join(lines), idle=True)
    holds = f"holds {held} and " if held else ""
    assert found.lines[0] == f"main thread (f, line {at + 1}) {holds}waits for `b`"


def opposite(before: str, first: str, second: str) -> tuple[str, ...]:
    """The cycle that is seen where one thread runs ``one`` and the other ``two`` in opposite order."""
    text = f"{before}\ndef one():\n with {first}:\n  with {second}: # one\n   pass\n"
    text += f"def two():\n with {second}:\n  with {first}: # two\n   pass\n"
    at = {
        name: next(n for n, line in enumerate(text.splitlines(), 1) if line.endswith(name)) for name in ("one", "two")
    }
    threads = [StackThread(n, "", (Frame("/lab/a.py", at[name], name),)) for n, name in enumerate(at)]
    return explain({7: threads}, lambda _: text, idle=True).cycle


@pytest.mark.parametrize(
    ("before", "first", "second", "cycle"),
    [
        ("a = Lock()\nb = Lock()", "a", "b", ("a", "b")),
        ("a, b = Lock(), Lock()", "a", "b", ("a", "b")),
        ("a, b = (Lock() for _ in 'xy')", "a", "b", ("a", "b")),
        ("a: Lock = Lock()\nb: Lock = Lock()", "a", "b", ("a", "b")),
        ("a = Lock()\nb = Lock()\nb = Lock()", "a", "b", ()),
        ("a = Lock()\nfor x in y:\n b = Lock()", "a", "b", ()),
        ("a = Lock()\nb = Lock()\ndef new():\n global b\n b = Lock()", "a", "b", ()),
        ("a = Lock()\nb = Semaphore(1)", "a", "b", ("a", "b")),
        ("a = Lock()\nb = Semaphore(2)", "a", "b", ()),
        ("a = Lock()\nb = BoundedSemaphore(value=3)", "a", "b", ()),
        ("a = Lock()\nb = Condition()", "a", "b", ("a", "b")),
        ("locks = [Lock(), Lock()]", "locks[0]", "locks[1]", ("locks[0]", "locks[1]")),
        ("locks = {}", "locks[x]", "locks[y]", ()),
        ("x = Account()\ny = Account()", "x.lock", "y.lock", ("x.lock", "y.lock")),
        ("x = Account()\ny = Account()\nx.lock = 1\ny.lock = 2", "x.lock", "y.lock", ()),
        ("import bank", "bank.a", "bank.b", ("bank.a", "bank.b")),
        ("", "a", "b", ()),
    ],
)
def test_a_cycle_needs_names_that_surely_mean_one_object(
    before: str, first: str, second: str, cycle: tuple[str, ...]
) -> None:
    assert opposite(before, first, second) == cycle


def test_a_condition_and_its_lock_are_one() -> None:
    text = (
        "lock = Lock()\nroom = Condition(lock)\nother = Lock()\n"
        "def one():\n with room:\n  with other:\n   pass\ndef two():\n with other:\n  with lock:\n   pass\n"
    )
    threads = [StackThread(0, "", (Frame("/l/a.py", 6, "one"),)), StackThread(1, "", (Frame("/l/a.py", 10, "two"),))]
    assert explain({7: threads}, lambda _: text, idle=True).cycle == ("lock", "other")


def test_a_semaphore_that_two_hold_hides_no_cycle() -> None:
    text = (
        "s = Semaphore(2)\na = Lock()\nb = Lock()\n"
        "def one():\n with s, a:\n  with b:\n   pass\ndef two():\n with s, b:\n  with a:\n   pass\n"
    )
    threads = [StackThread(0, "", (Frame("/l/a.py", 6, "one"),)), StackThread(1, "", (Frame("/l/a.py", 10, "two"),))]
    assert explain({7: threads}, lambda _: text, idle=True).cycle == ("a", "b")


def test_the_same_globals_in_two_processes_are_other_locks() -> None:
    text = (
        "a = Lock()\nb = Lock()\ndef one():\n with a:\n  with b:\n   pass\ndef two():\n with b:\n  with a:\n   pass\n"
    )
    one, two = (StackThread(1, "", (Frame("/l/a.py", line, name),)) for line, name in ((5, "one"), (9, "two")))
    assert explain({7: [one, two]}, lambda _: text, idle=True).cycle == ("a", "b")
    assert explain({7: [one], 8: [two]}, lambda _: text, idle=True).cycle == ()


def test_a_function_running_twice_has_two_sets_of_locks() -> None:
    text = (
        "def lab():\n a = Lock()\n b = Lock()\n def one():\n  with a:\n   with b:\n    pass\n"
        " def two():\n  with b:\n   with a:\n    pass\n wait()\n"
    )
    one = StackThread(1, "", (Frame("/l/a.py", 6, "one"),))
    two = StackThread(2, "", (Frame("/l/a.py", 10, "two"),))
    labs = [StackThread(3 + n, "", (Frame("/l/a.py", 12, "lab"),)) for n in range(2)]
    assert explain({7: [one, two, labs[0]]}, lambda _: text, idle=True).cycle == ("a", "b")
    assert explain({7: [one, two, *labs]}, lambda _: text, idle=True).cycle == ()
    assert explain({7: [one, two]}, lambda _: text, idle=True).cycle == ()


def test_locks_local_to_a_parent_are_copies_in_its_forks_but_for_those_made_to_be_shared() -> None:
    text = (
        "{}\ndef lab():\n a = Lock()\n b = Lock()\n def one():\n  with a:\n   with b:\n    pass\n"
        " def two():\n  with b:\n   with a:\n    pass\n wait()\n"
    )
    one, two, lab = (
        [StackThread(1, "", (Frame("/l/a.py", line, name),))] for line, name in ((7, "one"), (11, "two"), (13, "lab"))
    )
    for module, cycle in (("threading", ()), ("multiprocessing", ("a", "b"))):
        source = text.format(f"from {module} import Lock")
        assert explain({7: lab, 8: one, 9: two}, lambda _, text=source: text, idle=True).cycle == cycle  # type: ignore[misc]


RUN = Frame("/usr/lib/python3.14/threading.py", 1, "run")


def started(starts: str, line: int = 3) -> tuple[str, ...]:
    """The cycle of two threads in one function, as the statements that started threads tell them apart."""
    text = f"def f(x, y):\n with x:\n  with y:\n   pass\na, b, c = Lock(), Lock(), Lock()\n{starts}\n"
    threads = [StackThread(n, "", (Frame("/l/a.py", line, "f"), RUN)) for n in range(2)]
    return explain({7: threads}, lambda _: text, idle=True).cycle


@pytest.mark.parametrize(
    ("starts", "cycle"),
    [
        ("Thread(target=f, args=(a, b))\nThread(target=f, args=(b, a))", ("a", "b")),
        ("Thread(None, f, 'x', (a, b))\nThread(None, f, 'y', (b, a))", ("a", "b")),
        ("pool.starmap(f, [(a, b), (b, a)])", ("a", "b")),
        ("pool.apply_async(f, (a, b))\npool.apply_async(f, (b, a))", ("a", "b")),
        ("start_new_thread(f, (a, b))\nstart_new_thread(f, (b, a))", ("a", "b")),
        ("Thread(target=f, args=(a, b))", ()),
        ("Thread(target=f, args=(a, b))\nThread(target=f, args=(a, b))", ()),
        ("Thread(target=f, args=(a, b))\nThread(target=f, args=(b, a))\nThread(target=f, args=(b, c))", ()),
        ("Thread(target=f, args=(a, b))\nThread(target=f, args=(b, a))\nother(f)", ()),
        ("Thread(target=f, args=(a, b))\nThread(target=f, args=(b, a))\ng = f", ()),
        ("Thread(target=f, args=(a, b))\nThread(target=f, args=pair)", ()),
        ("Thread(target=f, args=(a, b))\nThread(target=f, args=(b, *more))", ()),
        ("[Thread(target=f, args=(a, b)) for a in unknown]\nThread(target=f, args=(b, a))", ()),
        ("for n in range(2):\n Thread(target=f, args=(a, b))\n Thread(target=f, args=(b, a))", ("a", "b")),
        ("while True:\n Thread(target=f, args=(a, b))\n Thread(target=f, args=(b, a))", ("a", "b")),
    ],
)
def test_threads_in_one_function_are_told_apart_by_every_start_or_not_at_all(
    starts: str, cycle: tuple[str, ...]
) -> None:
    assert started(starts) == cycle


def test_the_names_of_threads_say_which_start_is_whose() -> None:
    text = "def f(x, y):\n with x:\n  with y:\n   pass\na, b, c = Lock(), Lock(), Lock()\n" + "".join(
        f"Thread(target=f, args=({pair}), name='{name}')\n"
        for pair, name in (("a, b", "a name longer than 15 bytes"), ("b, a", "back"), ("b, c", "gone"))
    )
    threads = [
        StackThread(n, name, (Frame("/l/a.py", 3, "f"), RUN)) for n, name in enumerate(("a name longer t", "back"))
    ]
    assert explain({7: threads}, lambda _: text, idle=True).cycle == ("a", "b")


def test_the_names_of_a_comprehension_are_not_those_around_it() -> None:
    text = (
        "a = Lock()\nb = Lock()\ndef one():\n with b:\n  [a.acquire() for {} in locks]\n"
        "def two():\n with a:\n  with b:\n   pass\n"
    )
    threads = [StackThread(0, "", (Frame("/l/a.py", 5, "one"),)), StackThread(1, "", (Frame("/l/a.py", 8, "two"),))]
    assert explain({7: threads}, lambda _: text.format("c"), idle=True).cycle == ("a", "b")
    assert explain({7: threads}, lambda _: text.format("a"), idle=True).cycle == ()


def test_a_frame_that_cannot_be_read_is_none_of_the_labs() -> None:
    torn = stacks(Frame("__init__", 0, "__init__"), Frame("/usr/lib/python3.14/threading.py", 3, "wait"))
    assert explain(torn, lambda _: None, idle=True).lines == ("no thread shows a line of the lab",)


def test_asking_for_a_lock_at_once_is_no_wait_for_it() -> None:
    for call in ("a.acquire(False)", "a.acquire(blocking=False)", "q.get(False)", "q.put(1, block=False)"):
        found = explain(stacks(Frame("/lab/a.py", 1, "<module>")), lambda _, call=call: call, idle=True)  # type: ignore[misc]
        assert found.outcome == "timed_out"


def test_an_explanation_of_many_threads_is_cut() -> None:
    threads = [StackThread(n, "", (Frame("/l/a.py", 1, "f"),)) for n in range(99)]
    lines = explain({7: threads}, lambda _: None, idle=True).lines
    assert len(lines) == 21
    assert lines[-1] == "and 79 threads more"


def test_threads_that_a_dump_has_no_room_for_may_end_the_wait() -> None:
    frames = (Frame("/usr/lib/python3.14/threading.py", 3, "wait"), Frame("/lab/a.py", 3, "f"))
    threads = [StackThread(n, "", frames) for n in range(100)]
    assert explain({7: threads[1:]}, lambda _: None, idle=True).outcome == "deadlocked"
    assert explain({7: threads}, lambda _: None, idle=True).outcome == "timed_out"


def test_a_process_is_idle_if_the_same_threads_used_no_cpu() -> None:
    assert is_idle({1: 0.5, 2: 0.0}, {1: 0.5, 2: 0.0})
    assert not is_idle({1: 0.5, 2: 0.0}, {1: 0.5, 2: 0.01})
    assert not is_idle({1: 0.5}, {1: 0.5, 2: 0.0})
    assert not is_idle({1: 0.5, 2: 0.0}, {1: 0.5})
    assert not is_idle({}, {})


def test_only_a_process_that_handles_the_signal_can_be_asked() -> None:
    assert catches_stack_signal("Name:\tpython\nSigCgt:\t0000000100000200\n")
    assert not catches_stack_signal("Name:\tpython\nSigCgt:\t0000000100000002\n")
    assert not catches_stack_signal("")
