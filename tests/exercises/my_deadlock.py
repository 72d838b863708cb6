"""A transfer between any two accounts finds the order of their locks by itself."""

from threading import Lock

from labs.deadlock import BALANCE, both_ways


class Account:
    """An account with a lock of its own."""

    def __init__(self) -> None:
        self.balance, self.lock = BALANCE, Lock()


def transfer(source: Account, target: Account) -> None:
    """Move one; the order is that of the accounts' ids, whichever way the money goes."""
    if source is target:
        return
    first, second = sorted((source, target), key=id)
    with first.lock, second.lock:
        source.balance -= 1
        target.balance += 1


def global_order(transfers: int) -> tuple[int, int]:
    checking, savings = Account(), Account()
    both_ways(lambda: transfer(checking, savings), lambda: transfer(savings, checking), transfers)
    return checking.balance, savings.balance
