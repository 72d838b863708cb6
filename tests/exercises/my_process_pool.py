"""A future for each chunk."""

from concurrent.futures import ProcessPoolExecutor

from labs.process_pool import FIRST, is_prime


def primes_in(numbers: range) -> int:
    """How many primes there are among the numbers."""
    return sum(map(is_prime, numbers))


def map_in_chunks(workers: int, count: int, chunk: int) -> int:
    numbers = range(FIRST, FIRST + count)
    with ProcessPoolExecutor(workers) as pool:
        chunks = [pool.submit(primes_in, numbers[start : start + chunk]) for start in range(0, count, chunk)]
        return sum(done.result() for done in chunks)
