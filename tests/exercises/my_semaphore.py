"""A bounded semaphore of a plain lock and a number."""

from threading import Lock

from labs.semaphore import at_the_door


class Bounded:
    """A number of places, which never grows."""

    def __init__(self, places: int) -> None:
        self.free = self.places = places
        self.counting = Lock()

    def acquire(self, blocking: bool = False) -> bool:
        """Take a place where one is free; nothing comes between the look and the taking."""
        assert not blocking
        with self.counting:
            if self.free == 0:
                return False
            self.free -= 1
            return True

    def release(self) -> None:
        """Give a place back that was taken."""
        with self.counting:
            if self.free == self.places:
                raise ValueError("a release too many")
            self.free += 1


def bounded(crowd: int, places: int) -> tuple[int, str, int]:
    return at_the_door(Bounded(places), crowd)  # type: ignore[arg-type] # it does what the lab asks of a guard
