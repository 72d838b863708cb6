"""The capture in every measured interpreter, in real ones: what it writes, what it costs, what it leaves alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from harness.events import Event, Events, environment, read_events
from tests.interpreters import every_interpreter, new_interpreters

if TYPE_CHECKING:
    from pathlib import Path

ADDED_MODULES = {"sitecustomize", "faulthandler", "errno", "io"}
"""What a start may load beyond a start without the capture: all of it built into the interpreter, but for our own."""


@dataclass
class Lab:
    """Runs scripts under the capture."""

    folder: Path
    python: str
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def events_file(self) -> Path:
        return self.folder / "events.jsonl"

    @property
    def stacks(self) -> Path:
        return self.folder / "stacks"

    def run(self, script: str, captured: bool = True) -> subprocess.CompletedProcess[str]:
        file = self.folder / "lab.py"
        file.write_text(dedent(script), encoding="utf-8")
        self.stacks.mkdir(exist_ok=True)
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PINLAB"))}
        added = environment(self.events_file, self.stacks, "lab.0") if captured else {}
        return subprocess.run(
            [self.python, str(file)],
            env={**clean, "PYTHONDONTWRITEBYTECODE": "1", **added, **self.variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def events(self, script: str) -> tuple[Event, ...]:
        done = self.run(script)
        assert done.returncode == 0, done.stderr
        events = self.read()
        assert events.torn == 0
        return events.records

    def read(self) -> Events:
        return read_events(self.events_file)


@pytest.fixture
def lab(tmp_path: Path, python: str) -> Lab:
    return Lab(tmp_path, python)


def messages(events: tuple[Event, ...]) -> list[str]:
    return [event.message for event in events]


LOADED = "import sys; print('\\n'.join(sorted(sys.modules)))"


@every_interpreter
def test_a_start_without_logging_loads_nothing_but_what_is_built_in(lab: Lab) -> None:
    plain = set(lab.run(LOADED, captured=False).stdout.split())
    captured = set(lab.run(LOADED).stdout.split())
    assert "sitecustomize" in captured
    assert captured - plain <= ADDED_MODULES
    assert not {"json", "logging", "threading", "importlib.util", "signal"} & captured


@every_interpreter
def test_a_start_without_logging_leaves_the_search_path_and_the_events_file_alone(lab: Lab) -> None:
    script = "import sys; print(sys.path, len(sys.path_hooks))"
    assert lab.run(script).stdout == lab.run(script, captured=False).stdout
    assert not lab.events_file.exists()


@every_interpreter
def test_a_start_without_the_variables_installs_nothing(lab: Lab) -> None:
    lab.variables = {"PINLAB_EVENTS": "", "PINLAB_STACKS": ""}
    loaded = lab.run(LOADED + "; print(len(sys.meta_path), sys.meta_path[0])")
    assert "faulthandler" not in loaded.stdout
    assert "ImportWatch" not in loaded.stdout


@every_interpreter
def test_a_record_has_its_time_process_thread_and_sample(lab: Lab) -> None:
    (event,) = lab.events("""
        import logging, os, threading, time
        before = time.monotonic()
        def work():
            logging.getLogger("bank").warning("moved %d to %s", 3, "셋")
            print(before, time.monotonic(), os.getpid(), threading.get_native_id())
        thread = threading.Thread(target=work, name="teller")
        thread.start()
        thread.join()
    """)
    assert event.message == "moved 3 to 셋"
    assert (event.logger, event.level, event.sample) == ("bank", "WARNING", "lab.0")
    assert (event.process_name, event.thread_name) == ("MainProcess", "teller")
    before, after, process, thread = lab.run("""
        import logging, os, threading, time
        before = time.monotonic()
        logging.warning("again")
        print(before, time.monotonic(), os.getpid(), threading.get_native_id())
    """).stdout.split()
    again = lab.read().records[-1]
    assert float(before) <= again.time_seconds <= float(after)
    assert (again.process, again.thread) == (int(process), int(thread))


@every_interpreter
def test_info_is_recorded_and_debug_only_where_the_lab_wants_it(lab: Lab) -> None:
    events = lab.events("""
        import logging
        logging.debug("not asked for")
        logging.info("plain")
        logging.getLogger("x").setLevel(logging.DEBUG)
        logging.getLogger("x").debug("asked for")
        logging.getLogger().setLevel(logging.ERROR)
        logging.info("turned off")
    """)
    assert messages(events) == ["plain", "asked for"]


@every_interpreter
def test_no_configuration_of_the_lab_loses_records(lab: Lab) -> None:
    events = lab.events("""
        import logging, logging.config
        logging.basicConfig(level=logging.INFO, format="one %(message)s")
        logging.info("after basicConfig")
        logging.basicConfig(level=logging.INFO, force=True, handlers=[logging.NullHandler()])
        logging.info("after force")
        quiet = logging.getLogger("quiet")
        quiet.propagate = False
        quiet.addHandler(logging.NullHandler(level=logging.CRITICAL))
        quiet.info("without propagation")
        logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, "root": {"level": "INFO"}})
        logging.info("after dictConfig")
        logging.getLogger().handlers.clear()
        logging.getLogger("other").info("without handlers")
    """)
    assert messages(events) == [
        "after basicConfig",
        "after force",
        "without propagation",
        "after dictConfig",
        "without handlers",
    ]


@every_interpreter
def test_a_record_that_a_filter_drops_is_none(lab: Lab) -> None:
    events = lab.events("""
        import logging
        logging.getLogger().addFilter(lambda record: "secret" not in record.getMessage())
        logging.info("secret")
        logging.info("public")
    """)
    assert messages(events) == ["public"]


@every_interpreter
def test_the_output_of_the_lab_is_that_of_the_root_level_info(lab: Lab) -> None:
    script = """
        import logging
        {}
        logging.getLogger("silent").info("not printed without a handler")
        logging.info("first")
        logging.getLogger("x").warning("second")
        logging.info("bad %d", "argument")
    """
    captured = lab.run(script.format("pass"))
    plain = lab.run(script.format("logging.getLogger().setLevel(logging.INFO)"), captured=False)
    assert "INFO:root:first" in captured.stderr
    assert captured.stderr == plain.stderr.replace("logging.getLogger().setLevel(logging.INFO)", "pass")


@every_interpreter
def test_arguments_that_do_not_fit_are_data(lab: Lab) -> None:
    events = lab.events("""
        import logging
        class Bad:
            def __str__(self): raise ZeroDivisionError
        logging.info("%d apples", "three")
        logging.info(Bad())
        logging.info("lone \\udc80 and \\x00 and\\nnew line")
    """)
    assert messages(events) == [
        "%d apples (not formatted: TypeError)",
        "Bad (not formatted: ZeroDivisionError)",
        "lone \udc80 and \x00 and\nnew line",
    ]


@every_interpreter
def test_a_message_may_itself_log(lab: Lab) -> None:
    events = lab.events("""
        import logging
        logging.getLogger().addHandler(logging.NullHandler())
        class Talkative:
            def __str__(self):
                logging.info("inner")
                return "outer"
        logging.getLogger("quiet").info(Talkative())
    """)
    assert messages(events) == ["outer", "inner"]


@every_interpreter
@pytest.mark.parametrize("place", ["missing/events.jsonl", ".", "/proc/version"])
def test_a_file_that_cannot_be_written_never_breaks_the_lab(lab: Lab, place: str) -> None:
    lab.variables["PINLAB_EVENTS"] = str(lab.folder / place)
    done = lab.run("import logging; logging.info('x'); print('done')")
    assert done.stdout == "done\n"
    assert "Error" not in done.stderr


@every_interpreter
def test_past_the_limit_one_record_says_so(lab: Lab) -> None:
    lab.variables["PINLAB_EVENTS_LIMIT"] = "2000"
    events = lab.events("""
        import logging, os
        logging.getLogger().addHandler(logging.NullHandler())
        for number in range(100):
            logging.info("number %d", number)
        if os.fork() == 0:
            logging.info("a child counts for itself")
            os._exit(0)
        os.wait()
    """)
    *first, notice, child = messages(events)
    assert 5 < len(first) < 20
    assert notice == "records past the limit of 2000 bytes of this process are not kept"
    assert child == "a child counts for itself"


@every_interpreter
def test_a_limit_that_is_no_number_is_the_default(lab: Lab) -> None:
    lab.variables["PINLAB_EVENTS_LIMIT"] = "plenty"
    assert messages(lab.events("import logging; logging.info('kept')")) == ["kept"]


@every_interpreter
def test_a_record_after_a_bare_fork_has_the_childs_ids(lab: Lab) -> None:
    events = lab.events("""
        import logging, os, threading
        def work():
            if os.fork() == 0:
                logging.info("child %d", os.getpid())
                os._exit(0)
            os.wait()
            logging.info("parent %d", os.getpid())
        logging.info("main %d", os.getpid())
        work()
    """)
    assert [event.message for event in events] == [
        f"{who} {event.process}" for who, event in zip(["main", "child", "parent"], events, strict=True)
    ]
    assert events[1].process != events[0].process
    assert events[1].thread == events[1].process


@every_interpreter
@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_every_start_method_is_captured(lab: Lab, method: str) -> None:
    events = lab.events(f"""
        import logging, multiprocessing, os
        def work(number):
            logging.info("worker %d of %d", number, os.getpid())
        if __name__ == "__main__":
            context = multiprocessing.get_context("{method}")
            for number in range(2):
                worker = context.Process(target=work, args=(number,), name=f"worker-{{number}}")
                worker.start()
                worker.join()
            logging.info("parent")
    """)
    assert [event.process_name for event in events] == ["worker-0", "worker-1", "MainProcess"]
    assert messages(events)[:2] == [f"worker {number} of {events[number].process}" for number in range(2)]
    assert len({event.process for event in events}) == 3


@new_interpreters
def test_sub_interpreters_are_captured(lab: Lab) -> None:
    events = lab.events("""
        from concurrent.futures import InterpreterPoolExecutor
        from concurrent import interpreters
        def work(number):
            import logging
            logging.info("pool %d", number)
        if __name__ == "__main__":
            with InterpreterPoolExecutor(2) as pool:
                list(pool.map(work, range(3)))
            interpreters.create().exec("import logging; logging.info('exec')")
    """)
    assert sorted(messages(events)) == ["exec", "pool 0", "pool 1", "pool 2"]
    assert len({event.process for event in events}) == 1


@every_interpreter
def test_a_child_interpreter_is_captured(lab: Lab) -> None:
    events = lab.events("""
        import subprocess, sys
        subprocess.run([sys.executable, "-c", "import logging; logging.info('from a child interpreter')"], check=True)
    """)
    assert messages(events) == ["from a child interpreter"]


@every_interpreter
def test_a_record_handed_on_through_a_queue_is_written_once(lab: Lab) -> None:
    events = lab.events("""
        import logging, logging.handlers, multiprocessing
        def work(queue):
            logging.getLogger().addHandler(logging.handlers.QueueHandler(queue))
            logging.info("from the worker")
        if __name__ == "__main__":
            queue = multiprocessing.get_context("spawn").SimpleQueue()
            queue.put_nowait = queue.put
            worker = multiprocessing.get_context("fork").Process(target=work, args=(queue,), name="worker")
            worker.start()
            record = queue.get()
            worker.join()
            logging.getLogger(record.name).handle(record)
            logging.info("from the parent")
    """)
    assert [(event.message, event.process_name) for event in events] == [
        ("from the worker", "worker"),
        ("from the parent", "MainProcess"),
    ]


@every_interpreter
def test_many_writers_at_once_leave_whole_lines(lab: Lab) -> None:
    events = lab.events("""
        import logging, os, threading
        logging.getLogger().addHandler(logging.NullHandler())
        for process in range(4):
            if os.fork() == 0:
                threads = [
                    threading.Thread(target=lambda: [logging.info("x" * 300) for _ in range(100)]) for _ in range(4)
                ]
                for thread in threads: thread.start()
                for thread in threads: thread.join()
                os._exit(0)
        for process in range(4): os.wait()
    """)
    assert len(events) == 4 * 4 * 100
    assert {len(event.message) for event in events} == {300}


@every_interpreter
def test_logging_stays_as_python_has_it(lab: Lab) -> None:
    script = """
        import logging, inspect
        class Own(logging.Logger): pass
        logging.setLoggerClass(Own)
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(funcName)s %(lineno)d %(filename)s"))
        logger = logging.getLogger("own")
        logger.addHandler(handler)
        def here(): logger.warning("x")
        here()
        print(logging.__spec__.loader.__class__.__name__, "exec_module" in vars(logging.__spec__.loader))
        print(logging.root.handlers, logging.Logger.manager.loggerDict.keys())
    """
    captured, plain = lab.run(script), lab.run(script, captured=False)
    assert (captured.stdout, captured.stderr) == (plain.stdout, plain.stderr)
    assert messages(lab.read().records) == ["x"]


SIGNAL_SELF = """
    import os, signal, sys
    def where_it_is():
        os.kill(os.getpid(), signal.SIGUSR1)
"""


@every_interpreter
def test_a_signal_writes_the_stacks_of_all_threads(lab: Lab) -> None:
    done = lab.run(
        SIGNAL_SELF
        + """
    import threading
    up, over = threading.Event(), threading.Event()
    def waiting_here():
        up.set()
        over.wait()
    threading.Thread(target=waiting_here).start()
    up.wait()
    where_it_is()
    over.set()
    print(os.getpid())
    """
    )
    (file,) = lab.stacks.iterdir()
    assert file.name == f"{int(done.stdout)}.txt"
    assert "in where_it_is" in file.read_text()
    assert "in waiting_here" in file.read_text()


@every_interpreter
@pytest.mark.parametrize("method", ["bare", "fork", "forkserver", "spawn"])
def test_every_process_writes_its_stacks_to_its_own_file(lab: Lab, method: str) -> None:
    done = lab.run(
        SIGNAL_SELF
        + f"""
    def in_the_child():
        where_it_is()
        print(os.getpid(), flush=True)
    if __name__ == "__main__":
        if "{method}" == "bare":
            if os.fork() == 0:
                in_the_child()
                os._exit(0)
            os.wait()
        else:
            import multiprocessing
            worker = multiprocessing.get_context("{method}").Process(target=in_the_child)
            worker.start()
            worker.join()
        where_it_is()
        print(os.getpid())
    """
    )
    assert done.returncode == 0, done.stderr
    child, parent = done.stdout.split()
    assert "in in_the_child" in (lab.stacks / f"{child}.txt").read_text()
    assert "in_the_child" not in (lab.stacks / f"{parent}.txt").read_text()
    assert "in where_it_is" in (lab.stacks / f"{parent}.txt").read_text()


@every_interpreter
def test_a_fork_leaves_no_descriptor_behind(lab: Lab) -> None:
    done = lab.run("""
        import os
        def opened(): return sorted(os.listdir("/proc/self/fd"))
        before = opened()
        if os.fork() == 0:
            raise SystemExit(before != opened())
        assert os.wait()[1] == 0
    """)
    assert done.returncode == 0, done.stderr


@every_interpreter
def test_a_stacks_folder_that_is_not_there_never_breaks_the_lab(lab: Lab) -> None:
    lab.variables["PINLAB_STACKS"] = str(lab.folder / "none")
    done = lab.run("import os; os.fork() or os._exit(0); os.wait(); print('done')")
    assert (done.stdout, done.stderr) == ("done\n", "")


def test_the_capture_needs_no_module_that_is_not_standard() -> None:
    script = "import sys; import logging; print('pinlab_records' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_an_event_line_is_json_in_ascii(tmp_path: Path) -> None:
    lab = Lab(tmp_path, sys.executable)
    lab.events("import logging; logging.info('한글 \"quoted\" \\\\ back')")
    text = lab.events_file.read_bytes()
    assert text.isascii()
    assert json.loads(text)["message"] == '한글 "quoted" \\ back'
