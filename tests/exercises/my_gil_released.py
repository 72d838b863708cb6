"""Hashing in pieces of 2 KiB, the smallest for which the lock is released."""

from hashlib import sha512

from labs.gil_released import LARGE, at_once, in_turn

PIECE = 2048


def hash_large(mebibytes: int) -> str:
    """Hash so many MiB, piece by piece."""
    digest = sha512()
    for _ in range(mebibytes):
        for at in range(0, len(LARGE), PIECE):
            digest.update(LARGE[at : at + PIECE])
    return digest.hexdigest()[:16]


def hashlib_large_one_thread(workers: int, mebibytes: int) -> list[object]:
    return in_turn(hash_large, workers, mebibytes)


def hashlib_large_threads(workers: int, mebibytes: int) -> list[object]:
    return at_once(hash_large, workers, mebibytes)
