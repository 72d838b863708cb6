"""Note the name of every block of shared memory that this process makes, in a list beside the stacks.

So what a sample has left in /dev/shm can be told from what others on this machine have there. Loaded by
sitecustomize.py at the first import of multiprocessing.shared_memory.
"""

from os import O_APPEND, O_CLOEXEC, O_CREAT, O_WRONLY, close, environ, write
from os import open as open_descriptor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

LIST = "shared_memory"


def install(shared_memory: "ModuleType") -> None:
    """Have a freshly loaded multiprocessing.shared_memory note the names."""
    folder = environ.get("PINLAB_STACKS")
    posix = getattr(shared_memory, "_posixshmem", None)
    if not folder or posix is None:
        return
    shm_open = posix.shm_open

    def noting_shm_open(path: str, flags: int, mode: int = 511) -> int:
        descriptor: int = shm_open(path, flags, mode)
        if flags & O_CREAT:
            note(path, f"{folder}/{LIST}")
        return descriptor

    posix.shm_open = noting_shm_open


def note(name: str, path: str) -> None:
    """Append a name to the list, in a single write."""
    try:
        descriptor = open_descriptor(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    except OSError:
        return
    try:
        write(descriptor, f"{name.lstrip('/')}\n".encode())
    finally:
        close(descriptor)
