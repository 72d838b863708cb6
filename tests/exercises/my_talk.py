"""A Unix domain socket: a path, and no network."""

from multiprocessing import Process
from multiprocessing.connection import Listener

from labs.talk import answer_at, ask


def over_socket(trips: int) -> int:
    with Listener(family="AF_UNIX") as listener:
        other = Process(target=answer_at, args=(trips, listener.address))
        other.start()
        with listener.accept() as line:
            counted = ask(trips, line.recv, line.send)
        other.join()
    return counted
