"""What the kernel's control groups say of this process's own group, in version 1 and version 2.

Imported by every measured process, so it loads nothing. A file that is not there gives None, never a guess.
"""

from __future__ import annotations

ROOT = "/sys/fs/cgroup"


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="ascii") as file:
            return file.read()
    except OSError:
        return None


def _own_paths() -> dict[str, str]:
    """The path of this process's group by controller; the empty name is version 2's one group."""
    found = {}
    for line in (_read("/proc/self/cgroup") or "").splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            found[controller] = path
    return found


def _file(controller: str, name_v1: str, name_v2: str) -> tuple[int, str] | None:
    """The cgroup version that has this file for us, and its content.

    In a container the group's own folder is mounted as the root; outside it lies under the path of /proc/self/cgroup.
    """
    paths = _own_paths()
    candidates = (
        (2, f"{ROOT}{paths.get('', '/')}/{name_v2}"),
        (2, f"{ROOT}/{name_v2}"),
        (1, f"{ROOT}/{controller}{paths.get(controller, '/')}/{name_v1}"),
        (1, f"{ROOT}/{controller}/{name_v1}"),
    )
    for version, path in candidates:
        if path.endswith("/"):
            continue
        text = _read(path)
        if text is not None:
            return version, text.strip()
    return None


def _field(text: str, key: str) -> int | None:
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if name == key:
            return int(value)
    return None


def cpuset() -> tuple[int, str] | None:
    """The cgroup version and the CPUs that the group may use, as the kernel lists them ("0-1")."""
    return _file("cpuset", "cpuset.effective_cpus", "cpuset.cpus.effective")


def cpu_seconds() -> float | None:
    """CPU time that all processes of the group have used, in seconds."""
    found = _file("cpuacct", "cpuacct.usage", "cpu.stat")
    if found is None:
        return None
    version, text = found
    if version == 1:
        return int(text) / 1e9
    microseconds = _field(text, "usage_usec")
    return None if microseconds is None else microseconds / 1e6


def throttled_seconds() -> float | None:
    """For how long a quota has held the group back, in seconds; None where no quota is kept account of."""
    found = _file("cpu", "cpu.stat", "cpu.stat")
    if found is None:
        return None
    version, text = found
    value = _field(text, "throttled_time" if version == 1 else "throttled_usec")
    return None if value is None else value / (1e9 if version == 1 else 1e6)


def throttled_periods() -> int | None:
    """In how many periods a quota has held the group back; None where no quota is kept account of."""
    found = _file("cpu", "cpu.stat", "cpu.stat")
    return None if found is None else _field(found[1], "nr_throttled")


def pressure_seconds() -> float | None:
    """For how long some process of the group wanted a CPU and had none (version 2 alone), in seconds.

    The pressure of the whole system is not told: it does not say who waited.
    """
    found = _file("", "", "cpu.pressure")
    if found is None:
        return None
    for line in found[1].splitlines():
        kind, *fields = line.split()
        if kind == "some":
            return int(dict(field.split("=") for field in fields)["total"]) / 1e6
    return None


def quota_cores() -> float | None:
    """The quota on CPU time in cores (0.5 is half of one core's time), None where there is none."""
    found = _file("cpu", "cpu.cfs_quota_us", "cpu.max")
    if found is None:
        return None
    version, text = found
    if version == 2:
        quota, _, period = text.partition(" ")
        return None if quota == "max" else int(quota) / int(period)
    period_found = _file("cpu", "cpu.cfs_period_us", "cpu.max")
    return None if int(text) < 0 or period_found is None else int(text) / int(period_found[1])


def oom_kills() -> int | None:
    """How many processes of the group the kernel has killed for want of memory."""
    found = _file("memory", "memory.oom_control", "memory.events")
    return None if found is None else _field(found[1], "oom_kill")


def refused_forks() -> int | None:
    """How often the limit on processes and threads has refused the group a new one."""
    found = _file("pids", "pids.events", "pids.events")
    return None if found is None else _field(found[1], "max")
