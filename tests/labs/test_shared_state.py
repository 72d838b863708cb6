"""The lab `shared_state`: what is lost, what arrives and what is left behind, and that each claim can hold and fail."""

from __future__ import annotations

import threading
from multiprocessing.shared_memory import SharedMemory
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from harness.testing import made_up_run
from labs import shared_state
from tests.interpreters import every_interpreter
from tests.labs.by_hand import by_hand

if TYPE_CHECKING:
    from harness.findings import Run

KNOBS = {
    "count": 300_000,
    "managed": 1_000,
    "small": 1_000,
    "large": 4_000_000,
    "handovers": 100,
    "elements": 50_000,
}
GUARDED = ("value_with_lock", "value_beside_a_manager", "manager", "return_and_reduce")
PARCELS = ("pipe_small", "pipe_large", "shared_memory_small", "shared_memory_large")
WALLS = {
    "value_with_lock": 0.4,
    "value_beside_a_manager": 0.4,
    "manager": 0.7,
    "return_and_reduce": 0.13,
    "pipe_small": 0.12,
    "pipe_large": 0.5,
    "shared_memory_small": 0.13,
    "shared_memory_large": 0.14,
    "list_by_element": 0.006,
    "array_by_element": 0.12,
    "array_by_slice": 0.02,
}


def honest(**changed: float) -> Run:
    """Times as on a quiet machine, but for those given."""
    return made_up_run(walls=WALLS | changed, knobs=KNOBS)


@every_interpreter
def test_only_the_worker_sees_what_it_added_to_a_global(python: str) -> None:
    assert by_hand(python, "shared_state", "result = lab.plain_global(count=300)") == [300, 0]


@every_interpreter
def test_a_value_without_its_lock_loses_one_of_two_every_time(python: str) -> None:
    assert by_hand(python, "shared_state", "result = [lab.value() for _ in range(5)]") == [1] * 5


@every_interpreter
def test_with_a_lock_or_returned_totals_nothing_is_lost(python: str) -> None:
    code = (
        "result = [lab.value_with_lock(count=3_000), lab.return_and_reduce(count=3_000),\n"
        "          lab.manager(managed=100), lab.value_beside_a_manager(managed=100)]"
    )
    assert by_hand(python, "shared_state", code) == [0] * 4


def test_the_lock_is_held_from_reading_to_writing() -> None:
    lock = threading.Lock()
    held: list[bool] = []

    class Shared:
        @property
        def value(self) -> int:
            held.append(lock.locked())
            return 0

        @value.setter
        def value(self, _: int) -> None:
            held.append(lock.locked())

    shared_state.add_with_lock(Shared(), lock, 3)
    assert held == [True] * 6
    assert not lock.locked()


def test_a_worker_that_adds_once_reads_before_and_writes_after_the_other_has_read() -> None:
    shared = SimpleNamespace(value=0)

    class BothHaveRead:
        def wait(self) -> None:
            shared.value += 1  # what the other worker writes

    shared_state.add_once(shared, BothHaveRead())
    assert shared.value == 1


@every_interpreter
def test_every_parcel_arrives_and_no_shared_memory_is_left_behind(python: str) -> None:
    code = """
import multiprocessing.shared_memory as memory

names = []

def remembered(*given, **more):
    block = memory.SharedMemory(*given, **more)
    names.append(block.name)
    return block

def is_left(name):
    try:
        memory.SharedMemory(name).close()
    except FileNotFoundError:
        return False
    return True

lab.SharedMemory = remembered
result = [lab.pipe_small(small=10, handovers=5), lab.pipe_large(large=100_000, handovers=3)]
result += [lab.shared_memory_small(small=10, handovers=5), lab.shared_memory_large(large=100_000, handovers=3)]
result += [len(names), [name for name in names if is_left(name)]]
"""
    assert by_hand(python, "shared_state", code) == [0, 0, 0, 0, 2, []]


def test_shared_memory_is_given_back_when_the_handing_over_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []

    def fail(name: str, *_: object) -> int:
        names.append(name)
        raise OSError("no process")

    monkeypatch.setattr(shared_state, "hand_over", fail)
    with pytest.raises(OSError, match="no process"):
        shared_state.hand_over_by_name(10, 1)
    with pytest.raises(FileNotFoundError):
        SharedMemory(names[0])


@every_interpreter
def test_no_resource_tracker_complains(python: str) -> None:
    """What it has to clean up it reports to standard error, which the parent's exit waits for."""
    code = f"""
import subprocess
calls = "lab.shared_memory_small(small=10, handovers=3), lab.value(), lab.manager(managed=2), lab.array_by_slice(5)"
script = "import labs.shared_state as lab; " + calls
done = subprocess.run([{python!r}, "-c", script], capture_output=True, text=True)
result = [done.returncode, done.stderr]
"""
    assert by_hand(python, "shared_state", code) == [0, ""]


def test_lists_arrays_and_slices_come_to_the_same() -> None:
    ways = (shared_state.list_by_element, shared_state.array_by_element, shared_state.array_by_slice)
    assert [way(elements=50) for way in ways] == [0] * 3


def test_an_element_that_was_not_added_to_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_state, "add_to_each", lambda numbers: numbers.__setitem__(0, 1))
    assert [way(elements=50) for way in (shared_state.list_by_element, shared_state.array_by_slice)] == [49] * 2


def test_a_global_is_not_shared_holds_when_the_parent_finds_nothing() -> None:
    run = made_up_run(answers={"plain_global": [[300_000, 0]]}, knobs=KNOBS)
    assert shared_state.a_global_is_not_shared(run).value == "holds"


@pytest.mark.parametrize("found", [[300_000, 300_000], [0, 0]])
def test_a_global_is_not_shared_is_refuted_when_the_worker_is_a_thread_or_adds_nothing(found: list[int]) -> None:
    run = made_up_run(answers={"plain_global": [[300_000, 0], found]}, knobs=KNOBS)
    assert shared_state.a_global_is_not_shared(run).value == "refuted"


def test_a_value_alone_loses_additions_holds_for_one_of_two() -> None:
    assert shared_state.a_value_alone_loses_additions(made_up_run(answers={"value": 1})).value == "holds"


@pytest.mark.parametrize("lost", [0, 2])
def test_a_value_alone_loses_additions_is_refuted_when_the_barrier_is_removed(lost: int) -> None:
    run = made_up_run(answers={"value": [1, 1, lost]})
    assert shared_state.a_value_alone_loses_additions(run).value == "refuted"


def test_guarded_or_returned_nothing_is_lost_holds_for_none() -> None:
    run = made_up_run(answers=dict.fromkeys(GUARDED, 0))
    assert shared_state.guarded_or_returned_nothing_is_lost(run).value == "holds"


@pytest.mark.parametrize("variant", GUARDED)
def test_guarded_or_returned_nothing_is_lost_is_refuted_when_a_lock_is_removed(variant: str) -> None:
    answers: dict[str, Any] = dict.fromkeys(GUARDED, 0) | {variant: [0, 0, 17]}
    assert shared_state.guarded_or_returned_nothing_is_lost(made_up_run(answers=answers)).value == "refuted"


def test_a_manager_is_far_dearer_than_a_value_holds_on_a_quiet_machine() -> None:
    assert shared_state.a_manager_is_far_dearer_than_a_value(honest()).value == "holds"


def test_a_manager_is_far_dearer_than_a_value_is_refuted_when_the_manager_is_replaced_by_a_value() -> None:
    """Then nothing but the start is left of its time."""
    assert shared_state.a_manager_is_far_dearer_than_a_value(honest(manager=0.32)).value == "refuted"


def test_returning_is_cheaper_than_sharing_holds_on_a_quiet_machine() -> None:
    assert shared_state.returning_is_cheaper_than_sharing(honest()).value == "holds"


def test_returning_is_cheaper_than_sharing_is_refuted_when_nothing_is_shared() -> None:
    assert shared_state.returning_is_cheaper_than_sharing(honest(value_with_lock=0.13)).value == "refuted"


def test_size_matters_to_a_pipe_holds_on_a_quiet_machine() -> None:
    assert shared_state.size_matters_to_a_pipe(honest()).value == "holds"


def test_size_matters_to_a_pipe_is_refuted_when_only_a_name_goes_through_it() -> None:
    assert shared_state.size_matters_to_a_pipe(honest(pipe_large=0.13)).value == "refuted"


def test_size_does_not_matter_to_shared_memory_holds_on_a_quiet_machine() -> None:
    assert shared_state.size_does_not_matter_to_shared_memory(honest()).value == "holds"


def test_size_does_not_matter_to_shared_memory_is_refuted_when_the_bytes_are_sent() -> None:
    run = honest(shared_memory_large=0.5)
    assert shared_state.size_does_not_matter_to_shared_memory(run).value == "refuted"


def test_every_parcel_arrives_holds_when_all_were_read() -> None:
    run = made_up_run(answers=dict.fromkeys(PARCELS, 0))
    assert shared_state.every_parcel_arrives(run).value == "holds"


@pytest.mark.parametrize("variant", PARCELS)
def test_every_parcel_arrives_is_refuted_when_one_was_empty(variant: str) -> None:
    answers: dict[str, Any] = dict.fromkeys(PARCELS, 0) | {variant: [0, 1]}
    run = made_up_run(answers=answers)
    assert shared_state.every_parcel_arrives(run).value == "refuted"


def test_an_element_of_an_array_is_dear_holds_on_a_quiet_machine() -> None:
    assert shared_state.an_element_of_an_array_is_dear(honest()).value == "holds"


def test_an_element_of_an_array_is_dear_is_refuted_when_the_array_is_a_list() -> None:
    assert shared_state.an_element_of_an_array_is_dear(honest(array_by_element=0.006)).value == "refuted"


def test_a_slice_of_an_array_is_cheaper_holds_on_a_quiet_machine() -> None:
    assert shared_state.a_slice_of_an_array_is_cheaper(honest()).value == "holds"


def test_a_slice_of_an_array_is_cheaper_is_refuted_when_it_goes_element_by_element() -> None:
    assert shared_state.a_slice_of_an_array_is_cheaper(honest(array_by_slice=0.12)).value == "refuted"
