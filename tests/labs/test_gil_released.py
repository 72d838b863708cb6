"""The lab `gil_released`: what its variants do, and that each of its claims can hold and can fail."""

from __future__ import annotations

import hashlib
import threading
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from harness.testing import made_up_run, made_up_sweep
from labs import gil_released
from tests.interpreters import every_interpreter, on_each
from tests.labs.by_hand import by_hand

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.findings import Run

BARRIER_SECONDS = 60
KINDS = ("pure_python", "hashlib_small", "hashlib_large", "zlib")
ONE_THREAD = dict.fromkeys([f"{kind}_one_thread" for kind in KINDS], 1.0)
WORK = {
    "pure_python": "count_up",
    "hashlib_small": "hash_small",
    "hashlib_large": "hash_large",
    "zlib": "compress_large",
}


def with_the_gil(cores: int = 2, **changed: float) -> Run:
    """Honest evidence, but for the times given: only C that releases the lock uses the cores."""
    threads = dict.fromkeys(["pure_python_threads", "hashlib_small_threads"], 1.02)
    threads |= dict.fromkeys(["hashlib_large_threads", "zlib_threads"], 1.05 / cores)
    return made_up_run(cores=cores, walls=ONE_THREAD | threads | changed)


def without_the_gil(cores: int = 2, **changed: float) -> Run:
    """Honest evidence, but for the times given: all threads use the cores."""
    threads = dict.fromkeys([f"{kind}_threads" for kind in KINDS], 1.05 / cores)
    return made_up_run(cores=cores, gil=False, walls=ONE_THREAD | threads | changed)


def test_small_pieces_keep_the_lock_and_large_ones_release_it_and_both_are_parts_of_the_same_bytes() -> None:
    assert len(gil_released.SMALL) < 2048 <= len(gil_released.LARGE)
    assert gil_released.LARGE.startswith(gil_released.SMALL)


def test_the_work_is_what_it_says() -> None:
    assert gil_released.count_up(1_000) == 1_000
    assert gil_released.hash_small(2) == hashlib.sha512(gil_released.SMALL * 2_048).hexdigest()[:16]
    assert gil_released.hash_large(2) == hashlib.sha512(gil_released.LARGE * 2).hexdigest()[:16]
    assert gil_released.compress_large(2) == zlib.crc32(zlib.compress(gil_released.LARGE) * 2)


@pytest.mark.parametrize("kind", KINDS)
def test_one_thread_does_its_shares_in_the_calling_thread(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[tuple[int, int]] = []
    monkeypatch.setattr(gil_released, WORK[kind], lambda amount: done.append((threading.get_ident(), amount)))
    way: Callable[[int, int], list[object]] = getattr(gil_released, f"{kind}_one_thread")
    way(4, 80)
    assert done == [(threading.get_ident(), 20)] * 4


@pytest.mark.parametrize("kind", KINDS)
def test_threads_do_their_shares_at_the_same_time_each_in_its_own(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    everyone = threading.Barrier(4)
    done_in: set[int] = set()

    def work(amount: int) -> int:
        everyone.wait(BARRIER_SECONDS)  # broken, were fewer than four at work
        done_in.add(threading.get_ident())
        return amount

    monkeypatch.setattr(gil_released, WORK[kind], work)
    way: Callable[[int, int], list[object]] = getattr(gil_released, f"{kind}_threads")
    assert way(4, 80) == [20] * 4
    assert len(done_in) == 4
    assert threading.get_ident() not in done_in


@every_interpreter
@pytest.mark.parametrize("kind", KINDS)
def test_threads_come_to_the_same_results(kind: str, python: str) -> None:
    code = f"result = [way(2, 4) for way in (lab.{kind}_one_thread, lab.{kind}_threads)]"
    in_turn, at_once = by_hand(python, "gil_released", code)
    assert in_turn == at_once
    assert len(at_once) == 2


# Whether the lock is released is seen without a clock. With so long a switch interval no thread is made to give it up,
# so the other thread, woken before the call, runs before its end only if the call itself lets go. It may miss a chance
# that it is given; what is kept it never gets.
DURING_THE_CALL = """
import threading
sys.setswitchinterval(3_600)

def other_ran_during(call):
    go_on, ran = threading.Lock(), []
    def other():
        go_on.acquire()
        ran.append(True)
    go_on.acquire()
    thread = threading.Thread(target=other)
    thread.start()
    go_on.release()
    call()
    seen = bool(ran)
    thread.join()
    return seen

def ever(call, tries):
    return any(other_ran_during(call) for _ in range(tries))

kept = [ever(lambda: lab.count_up(100_000), 20), ever(lambda: lab.hash_small(2), 20)]
released = [ever(lambda: lab.hash_large(4), 1_000), ever(lambda: lab.compress_large(1), 1_000)]
result = [kept, released]
"""


@on_each("this", "3.14")
def test_python_and_small_hashes_keep_the_lock_and_large_hashes_and_compression_release_it(python: str) -> None:
    kept, released = by_hand(python, "gil_released", DURING_THE_CALL)
    assert kept == [False, False]
    assert released == [True, True]


def answers(**changed: Any) -> dict[str, Any]:
    """Equal results of one thread and of several, but for those given."""
    return {f"{kind}_{who}": [[7, 7]] for kind in KINDS for who in ("one_thread", "threads")} | changed


def test_threads_find_the_same_holds_for_equal_results() -> None:
    assert gil_released.threads_find_the_same(made_up_run(answers=answers())).value == "holds"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("who", ["one_thread", "threads"])
def test_threads_find_the_same_is_refuted_when_one_result_is_another(kind: str, who: str) -> None:
    run = made_up_run(answers=answers(**{f"{kind}_{who}": [[7, 7], [7, 8]]}))
    assert gil_released.threads_find_the_same(run).value == "refuted"


def test_threads_find_the_same_is_settled_by_no_evidence_neither_way() -> None:
    assert gil_released.threads_find_the_same(made_up_run(walls=ONE_THREAD)).value == "inconclusive"


def test_pure_python_is_no_faster_in_threads_holds_under_the_gil() -> None:
    assert gil_released.pure_python_is_no_faster_in_threads(with_the_gil()).value == "holds"


def test_pure_python_is_no_faster_in_threads_is_refuted_when_there_is_no_gil() -> None:
    assert gil_released.pure_python_is_no_faster_in_threads(without_the_gil()).value == "refuted"


def test_small_hashes_are_no_faster_in_threads_holds_under_the_gil() -> None:
    assert gil_released.small_hashes_are_no_faster_in_threads(with_the_gil()).value == "holds"


def test_small_hashes_are_no_faster_in_threads_is_refuted_when_the_pieces_are_large() -> None:
    run = with_the_gil(hashlib_small_threads=0.52)
    assert gil_released.small_hashes_are_no_faster_in_threads(run).value == "refuted"


@pytest.mark.parametrize("cores", [2, 4])
def test_large_hashes_use_the_cores_holds_with_or_without_the_gil(cores: int) -> None:
    assert gil_released.large_hashes_use_the_cores(with_the_gil(cores)).value == "holds"
    assert gil_released.large_hashes_use_the_cores(without_the_gil(cores)).value == "holds"


def test_large_hashes_use_the_cores_is_refuted_when_the_lock_is_kept() -> None:
    run = with_the_gil(hashlib_large_threads=1.02)
    assert gil_released.large_hashes_use_the_cores(run).value == "refuted"


@pytest.mark.parametrize("cores", [2, 4])
def test_compression_uses_the_cores_holds_with_or_without_the_gil(cores: int) -> None:
    assert gil_released.compression_uses_the_cores(with_the_gil(cores)).value == "holds"
    assert gil_released.compression_uses_the_cores(without_the_gil(cores)).value == "holds"


def test_compression_uses_the_cores_is_refuted_when_the_lock_is_kept() -> None:
    assert gil_released.compression_uses_the_cores(with_the_gil(zlib_threads=1.02)).value == "refuted"


@pytest.mark.parametrize("cores", [2, 4])
def test_without_the_gil_everything_uses_the_cores_holds_there(cores: int) -> None:
    assert gil_released.without_the_gil_everything_uses_the_cores(without_the_gil(cores)).value == "holds"


@pytest.mark.parametrize(
    "run", [without_the_gil(pure_python_threads=1.02), without_the_gil(hashlib_small_threads=1.02)]
)
def test_without_the_gil_everything_uses_the_cores_is_refuted_when_a_lock_is_kept(run: Run) -> None:
    assert gil_released.without_the_gil_everything_uses_the_cores(run).value == "refuted"


def test_more_cores_change_hashing_not_python_holds_under_the_gil() -> None:
    sweep = made_up_sweep(with_the_gil(1), with_the_gil(2), with_the_gil(4))
    assert gil_released.more_cores_change_hashing_not_python(sweep).value == "holds"


def test_more_cores_change_hashing_not_python_is_refuted_when_python_gets_faster_too() -> None:
    sweep = made_up_sweep(without_the_gil(1), without_the_gil(2))
    assert gil_released.more_cores_change_hashing_not_python(sweep).value == "refuted"


def test_more_cores_change_hashing_not_python_is_refuted_when_the_lock_is_kept_while_hashing() -> None:
    sweep = made_up_sweep(with_the_gil(1), with_the_gil(2, hashlib_large_threads=1.02))
    assert gil_released.more_cores_change_hashing_not_python(sweep).value == "refuted"
