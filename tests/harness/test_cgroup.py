"""What control groups say of a quota and of waiting, in both versions; nothing where there is no such file."""

from __future__ import annotations

import pytest

from harness import cgroup

V1 = {
    "/proc/self/cgroup": "4:cpu,cpuacct:/a\n",
    "/sys/fs/cgroup/cpu/a/cpu.stat": "nr_periods 9\nnr_throttled 3\nthrottled_time 2500000000\n",
}
V2 = {
    "/proc/self/cgroup": "0::/a\n",
    "/sys/fs/cgroup/a/cpu.stat": "usage_usec 7\nnr_periods 9\nnr_throttled 3\nthrottled_usec 2500000\n",
    "/sys/fs/cgroup/a/cpu.pressure": (
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"
    ),
}


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.setattr(cgroup, "_read", request.param.get)


@pytest.mark.parametrize("files", [V1, V2], indirect=True)
def test_throttling_is_told_in_periods_and_in_seconds(files: None) -> None:
    assert (cgroup.throttled_periods(), cgroup.throttled_seconds()) == (3, 2.5)


@pytest.mark.parametrize("files", [V2], indirect=True)
def test_pressure_is_the_time_in_which_some_process_of_the_group_waited(files: None) -> None:
    assert cgroup.pressure_seconds() == 1.5


@pytest.mark.parametrize("files", [V1, {}], indirect=True)
def test_pressure_is_unknown_where_the_group_has_none_of_its_own(files: None) -> None:
    assert cgroup.pressure_seconds() is None


@pytest.mark.parametrize("files", [{}], indirect=True)
def test_throttling_is_unknown_without_a_file(files: None) -> None:
    assert cgroup.throttled_periods() is None
