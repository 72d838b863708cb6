"""Which work do threads share out among the cores although there is a GIL?

A thread needs the global interpreter lock (GIL) to run Python, not to run C. Code in C that leaves Python's objects
alone for a while may let go of the lock and take it again when it is done. `zlib` does while it compresses. `hashlib`
does while it hashes a piece of 2048 bytes or more; for less, the letting go would cost more than it gains. Here four
equal shares are done by one thread, and then by four, and the kinds of work differ in who does them: Python itself, C
that keeps the lock, C that releases it.

Predict: which of the four kinds of work gets faster in threads, on one core and on two?
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha512
from random import Random
from zlib import compress, crc32

from harness.lab import Run, Sweep, Verdict, claim, cores, free_threading, gil, variant

WORKERS = 4
COUNT = 16_000_000
MEBIBYTES = 256
COMPRESSED = 16
LARGE = Random(0).randbytes(1 << 20)
SMALL = LARGE[: 1 << 10]
KIND = "each kind of work has a result of its own; a claim compares its two variants"


def count_up(steps: int) -> int:
    """Count from nothing to a number of steps: all Python."""
    counted = 0
    while counted < steps:
        counted += 1
    return counted


def hash_small(mebibytes: int) -> str:
    """Hash so many MiB in pieces of 1 KiB: C that keeps the lock."""
    digest = sha512()
    for _ in range(mebibytes * (len(LARGE) // len(SMALL))):
        digest.update(SMALL)
    return digest.hexdigest()[:16]


def hash_large(mebibytes: int) -> str:
    """Hash so many MiB in pieces of 1 MiB: C that releases the lock."""
    digest = sha512()
    for _ in range(mebibytes):
        digest.update(LARGE)
    return digest.hexdigest()[:16]


def compress_large(mebibytes: int) -> int:
    """Compress so many MiB in pieces of 1 MiB: C that releases the lock, too."""
    checksum = 0
    for _ in range(mebibytes):
        checksum = crc32(compress(LARGE), checksum)
    return checksum


def in_turn(work: Callable[[int], object], workers: int, amount: int) -> list[object]:
    """Do every share in the calling thread, one after the other."""
    return [work(amount // workers) for _ in range(workers)]


def at_once(work: Callable[[int], object], workers: int, amount: int) -> list[object]:
    """Do every share in a thread of its own."""
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, [amount // workers] * workers))


@variant(answer="differs", because=KIND)
def pure_python_one_thread(workers: int = WORKERS, count: int = COUNT) -> list[object]:
    """Counting in Python, one share after the other."""
    return in_turn(count_up, workers, count)


@variant(answer="differs", because=KIND)
def pure_python_threads(workers: int = WORKERS, count: int = COUNT) -> list[object]:
    """Counting in Python, one thread per share."""
    return at_once(count_up, workers, count)


@variant(answer="differs", because=KIND)
def hashlib_small_one_thread(workers: int = WORKERS, mebibytes: int = MEBIBYTES) -> list[object]:
    """Hashing in pieces of 1 KiB, one share after the other."""
    return in_turn(hash_small, workers, mebibytes)


@variant(answer="differs", because=KIND)
def hashlib_small_threads(workers: int = WORKERS, mebibytes: int = MEBIBYTES) -> list[object]:
    """Hashing in pieces of 1 KiB, one thread per share."""
    return at_once(hash_small, workers, mebibytes)


@variant(answer="differs", because=KIND)
def hashlib_large_one_thread(workers: int = WORKERS, mebibytes: int = MEBIBYTES) -> list[object]:
    """Hashing in pieces of 1 MiB, one share after the other."""
    return in_turn(hash_large, workers, mebibytes)


@variant(answer="differs", because=KIND)
def hashlib_large_threads(workers: int = WORKERS, mebibytes: int = MEBIBYTES) -> list[object]:
    """Hashing in pieces of 1 MiB, one thread per share."""
    return at_once(hash_large, workers, mebibytes)


@variant(answer="differs", because=KIND)
def zlib_one_thread(workers: int = WORKERS, compressed: int = COMPRESSED) -> list[object]:
    """Compressing in pieces of 1 MiB, one share after the other."""
    return in_turn(compress_large, workers, compressed)


@variant(answer="differs", because=KIND)
def zlib_threads(workers: int = WORKERS, compressed: int = COMPRESSED) -> list[object]:
    """Compressing in pieces of 1 MiB, one thread per share."""
    return at_once(compress_large, workers, compressed)


def same(run: Run, one: Callable[..., object], other: Callable[..., object]) -> Verdict:
    """Whether two variants always came to one result."""
    [first, *_] = [*run.answers(one).values, *run.answers(other).values, None]
    return run.answers(one).are_all(first) & run.answers(other).are_all(first)


@claim
def threads_find_the_same(run: Run) -> Verdict:
    """Shared out among threads, each kind of work comes to the same result."""
    return (
        same(run, pure_python_one_thread, pure_python_threads)
        & same(run, hashlib_small_one_thread, hashlib_small_threads)
        & same(run, hashlib_large_one_thread, hashlib_large_threads)
        & same(run, zlib_one_thread, zlib_threads)
    )


@claim(needs=(gil, cores(2)))
def pure_python_is_no_faster_in_threads(run: Run) -> Verdict:
    """Under the GIL, threads that run Python gain nothing by more cores."""
    return run.speed_up(pure_python_threads, over=pure_python_one_thread).is_at_most(1.2)


@claim(needs=(gil, cores(2)))
def small_hashes_are_no_faster_in_threads(run: Run) -> Verdict:
    """Nor do threads that hash small pieces: C that keeps the lock is like Python."""
    return run.speed_up(hashlib_small_threads, over=hashlib_small_one_thread).is_at_most(1.2)


@claim(needs=cores(2))
def large_hashes_use_the_cores(run: Run) -> Verdict:
    """Threads that hash large pieces reach most of what this machine's cores can give."""
    return run.efficiency(hashlib_large_threads, over=hashlib_large_one_thread).is_at_least(0.7)


@claim(needs=cores(2))
def compression_uses_the_cores(run: Run) -> Verdict:
    """So do threads that compress."""
    return run.efficiency(zlib_threads, over=zlib_one_thread).is_at_least(0.7)


@claim(needs=(free_threading, cores(2)))
def without_the_gil_everything_uses_the_cores(run: Run) -> Verdict:
    """Where there is no GIL, pure Python and small pieces use the cores as well."""
    in_python = run.efficiency(pure_python_threads, over=pure_python_one_thread)
    in_small_pieces = run.efficiency(hashlib_small_threads, over=hashlib_small_one_thread)
    return in_python.is_at_least(0.7) & in_small_pieces.is_at_least(0.7)


@claim(needs=(gil, cores(2)))
def more_cores_change_hashing_not_python(sweep: Sweep) -> Verdict:
    """Under the GIL, more cores make threads faster that hash large pieces, and leave those that run Python alone."""
    hashing, in_python = sweep.efficiency(hashlib_large_threads), sweep.speed_up(pure_python_threads)
    return hashing.is_at_least(0.7) & in_python.is_at_most(1.2)
