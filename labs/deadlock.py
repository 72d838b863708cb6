"""Why do two threads that each take two locks stop for ever, and what prevents it?

Two threads move money between two accounts, one in each direction. A transfer locks both accounts, so that nobody sees
the money half moved. When each thread has locked one account and wants the other's, neither can go on and neither lets
go: a deadlock. It takes four things at once: locks that only one can hold, holding one while waiting for the next,
nobody who takes a lock away, and a circle of waiting. Take any of them away and it cannot happen. The barrier lets both
threads take their first lock before either asks for its second: what may happen once in a million transfers happens
every time.

Predict: which variant never ends, and how much CPU does it use while it waits?
"""

from collections.abc import Callable
from threading import Barrier, Lock, Thread
from time import sleep

from harness.lab import Run, Verdict, claim, variant

TRANSFERS = 200_000
BALANCE = 1_000_000


class Accounts:
    """Two accounts with the same balance."""

    def __init__(self) -> None:
        self.checking = self.savings = BALANCE

    def to_savings(self) -> None:
        """Move one from checking to savings."""
        self.checking -= 1
        self.savings += 1

    def to_checking(self) -> None:
        """Move one from savings to checking."""
        self.savings -= 1
        self.checking += 1


def both_ways(save: Callable[[], None], spend: Callable[[], None], transfers: int) -> None:
    """Run both at the same time, each in its own thread and so many times, until both are done."""

    def repeat(transfer: Callable[[], None]) -> None:
        for _ in range(transfers):
            transfer()

    workers = [Thread(target=repeat, args=(transfer,)) for transfer in (save, spend)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


@variant(ends="deadlocked")
def opposite_order(transfers: int = TRANSFERS) -> tuple[int, int]:
    """Each thread locks the account it takes from, then the other: two opposite orders."""
    accounts, checking_lock, savings_lock = Accounts(), Lock(), Lock()
    each_has_one_lock = Barrier(2)

    def save() -> None:
        with checking_lock:
            each_has_one_lock.wait()
            with savings_lock:
                accounts.to_savings()

    def spend() -> None:
        with savings_lock:
            each_has_one_lock.wait()
            with checking_lock:
                accounts.to_checking()

    both_ways(save, spend, transfers)
    return accounts.checking, accounts.savings


@variant
def global_order(transfers: int = TRANSFERS) -> tuple[int, int]:
    """Both threads lock checking first, then savings: no circle."""
    accounts, checking_lock, savings_lock = Accounts(), Lock(), Lock()

    def save() -> None:
        with checking_lock, savings_lock:
            accounts.to_savings()

    def spend() -> None:
        with checking_lock, savings_lock:
            accounts.to_checking()

    both_ways(save, spend, transfers)
    return accounts.checking, accounts.savings


@variant
def try_and_back_off(transfers: int = TRANSFERS) -> tuple[int, int]:
    """Opposite orders, but who cannot have the second lock lets go of the first and tries again."""
    accounts, checking_lock, savings_lock = Accounts(), Lock(), Lock()

    def moved(move: Callable[[], None], first: Lock, second: Lock) -> bool:
        with first:
            if not second.acquire(blocking=False):
                return False
            move()
            second.release()
            return True

    def save() -> None:
        while not moved(accounts.to_savings, checking_lock, savings_lock):
            sleep(0)

    def spend() -> None:
        while not moved(accounts.to_checking, savings_lock, checking_lock):
            sleep(0)

    both_ways(save, spend, transfers)
    return accounts.checking, accounts.savings


@variant
def one_big_lock(transfers: int = TRANSFERS) -> tuple[int, int]:
    """One lock for both accounts: nobody can hold a part and want the rest."""
    accounts, bank_lock = Accounts(), Lock()

    def save() -> None:
        with bank_lock:
            accounts.to_savings()

    def spend() -> None:
        with bank_lock:
            accounts.to_checking()

    both_ways(save, spend, transfers)
    return accounts.checking, accounts.savings


@claim
def opposite_order_deadlocks(run: Run) -> Verdict:
    """Opposite orders deadlock every time: two threads, each without using CPU, wait for what the other holds."""
    return run.outcomes(opposite_order).are_all("deadlocked") & run.cycles(opposite_order).are_all(2)


@claim
def one_order_never_deadlocks(run: Run) -> Verdict:
    """With one order for all, every run ends."""
    return run.outcomes(global_order).are_all("finished")


@claim
def backing_off_never_deadlocks(run: Run) -> Verdict:
    """In opposite orders, but ready to let go and try again, every run ends."""
    return run.outcomes(try_and_back_off).are_all("finished")


@claim
def one_lock_never_deadlocks(run: Run) -> Verdict:
    """With a single lock, every run ends."""
    return run.outcomes(one_big_lock).are_all("finished")


@claim
def no_money_is_lost(run: Run) -> Verdict:
    """Each way to avoid the deadlock still guards the transfers: the balances are right."""
    right = (BALANCE, BALANCE)
    in_order, backed_off, in_one = (run.answers(way) for way in (global_order, try_and_back_off, one_big_lock))
    return in_order.are_all(right) & backed_off.are_all(right) & in_one.are_all(right)
