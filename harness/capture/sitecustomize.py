"""Start of every measured interpreter: watch for logging, and show the stacks on SIGUSR1.

The folder of this file stands first on PYTHONPATH, so that ``site`` runs it in every interpreter of a run: children by
fork, forkserver and spawn, sub-interpreters, and whatever Python the lab starts itself (not with -I, -E or -S). It adds
to each of those starts, so it loads nothing but what is built into the interpreter, and only what was asked for:

* PINLAB_EVENTS: file for the logging records. Nothing happens before the first import of ``logging``; what happens
  then is in pinlab_records.py.
* PINLAB_STACKS: folder for the stacks, one file per process, named by its id. SIGUSR1 appends the frames of all threads
  of the main interpreter; the frames of a sub-interpreter are not among them, the call that entered it is. Beside them
  lies a list of the shared memory that was made; see pinlab_shared_memory.py.
"""

import sys
from os import O_APPEND, O_CLOEXEC, O_CREAT, O_WRONLY, close, environ, getpid
from os import open as open_descriptor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _frozen_importlib import ModuleSpec
    from collections.abc import Sequence
    from types import ModuleType

FOLDER = __file__.rpartition("/")[0]


def load_beside(name: str) -> "ModuleType | None":
    """Load a module of this folder by its place, whatever the lab did to its search path."""
    from _frozen_importlib import module_from_spec
    from _frozen_importlib_external import PathFinder

    spec = PathFinder.find_spec(name, [FOLDER])
    if spec is None or spec.loader is None:
        return None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def capture_records(logging: "ModuleType") -> None:
    """Send the records of this freshly loaded logging module to the events file."""
    records = load_beside("pinlab_records")
    if records is not None and hasattr(logging, "Logger"):
        records.install(logging)


def note_shared_memory(shared_memory: "ModuleType") -> None:
    """Have this freshly loaded multiprocessing.shared_memory note the names of what it makes."""
    noting = load_beside("pinlab_shared_memory")
    if noting is not None:
        noting.install(shared_memory)


WATCHED = {"logging": capture_records, "multiprocessing.shared_memory": note_shared_memory}
"""What is done to a module at its first import."""


class ImportWatch:
    """Finds no module, but sees the first import of one that is watched and adds to its loading.

    It stays on sys.meta_path: taking it off while another thread walks that list would make that thread skip a finder.
    """

    @staticmethod
    def find_spec(name: str, path: "Sequence[str] | None" = None, *_: object) -> "ModuleSpec | None":
        """Answer for those alone, with the spec that Python itself finds; its loader is left as it was."""
        added = WATCHED.get(name)
        if added is None:
            return None
        from _frozen_importlib_external import PathFinder

        spec = PathFinder.find_spec(name, path)
        if spec is None or spec.loader is None:
            return None
        loader = spec.loader

        def exec_module(module: "ModuleType") -> None:
            del loader.exec_module
            loader.exec_module(module)
            added(module)

        loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def show_stacks(folder: str) -> None:
    """Let SIGUSR1 append the stacks of this process to its file, and the same in every process forked from it."""
    import faulthandler
    from _signal import SIGUSR1  # type: ignore[import-not-found] # signal itself would load enum
    from os import register_at_fork

    descriptor = -1

    def register() -> None:
        nonlocal descriptor
        inherited = descriptor
        try:
            descriptor = open_descriptor(
                f"{folder}/{getpid()}.txt", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, mode=0o644
            )
        except OSError:
            descriptor = -1
            faulthandler.unregister(SIGUSR1)
        else:
            faulthandler.register(SIGUSR1, file=descriptor, all_threads=True)
        if inherited >= 0:
            close(inherited)

    register()
    register_at_fork(after_in_child=register)


def is_main_interpreter() -> bool:
    """Whether this is no sub-interpreter; signals belong to the main one. Python 3.11 cannot tell and says yes."""
    import _thread

    return bool(getattr(_thread, "_is_main_interpreter", lambda: True)())


def start() -> None:
    """Install what the environment asks for."""
    if FOLDER in sys.path:
        sys.path.remove(FOLDER)  # no import of the lab shall look in here first
    if environ.get("PINLAB_EVENTS"):
        if "logging" in sys.modules:
            capture_records(sys.modules["logging"])
        else:
            sys.meta_path.insert(0, ImportWatch)
    stacks = environ.get("PINLAB_STACKS")
    if stacks and sys.platform != "win32" and is_main_interpreter():
        show_stacks(stacks)


start()
