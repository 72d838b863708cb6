"""Do four threads count faster than one?

Counting is pure CPU work: no waiting, nothing shared. Every variant gives the same four shares to four workers; only
the kind of worker differs, and between runs only the cores they have. The global interpreter lock (GIL) lets one
thread of an interpreter run Python at a time, so threads take turns however many cores there are. Processes have an
interpreter each, and a free-threaded Python has no such lock.

Predict: which variant keeps more than one core busy, and what changes for each of them with twice the cores?
"""

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from harness.lab import Run, Sweep, Verdict, claim, cores, free_threading, gil, variant

WORKERS = 4
COUNT = 80_000_000


def count_up(steps: int) -> int:
    """Count from nothing to a number of steps, one by one."""
    counted = 0
    while counted < steps:
        counted += 1
    return counted


def shares(workers: int, count: int) -> list[int]:
    """Split the counting into one share per worker; the first takes what is left over."""
    share = count // workers
    return [count - share * (workers - 1)] + [share] * (workers - 1)


@variant
def one_thread(workers: int = WORKERS, count: int = COUNT) -> int:
    """Baseline: every share in turn, in the main thread."""
    return sum(map(count_up, shares(workers, count)))


@variant
def threads(workers: int = WORKERS, count: int = COUNT) -> int:
    """One thread per share, all inside one interpreter."""
    with ThreadPoolExecutor(workers) as pool:
        return sum(pool.map(count_up, shares(workers, count)))


@variant
def processes(workers: int = WORKERS, count: int = COUNT) -> int:
    """One process per share, each with its own interpreter."""
    with ProcessPoolExecutor(workers) as pool:
        return sum(pool.map(count_up, shares(workers, count)))


@claim(needs=gil)
def threads_are_no_faster(run: Run) -> Verdict:
    """Under the GIL, threads take as long as one thread, whatever the cores."""
    return run.speed_up(threads, over=one_thread).is_between(0.8, 1.2)


@claim(needs=gil)
def one_core_is_busy_with_threads(run: Run) -> Verdict:
    """Under the GIL, four threads together keep about one core busy."""
    return run.cores_busy(threads).is_between(0.8, 1.2)


@claim(needs=cores(2))
def processes_use_the_cores(run: Run) -> Verdict:
    """Processes reach most of what this machine's cores can give."""
    return run.efficiency(processes, over=one_thread).is_at_least(0.7)


@claim(needs=(free_threading, cores(2)))
def free_threads_use_the_cores(run: Run) -> Verdict:
    """Without the GIL, threads reach most of what this machine's cores can give, too."""
    return run.efficiency(threads, over=one_thread).is_at_least(0.7)


@claim
def nothing_beats_the_cores(run: Run) -> Verdict:
    """Neither threads nor processes gain more than the cores can give; on one core, that is nothing."""
    threads_gain = run.efficiency(threads, over=one_thread)
    processes_gain = run.efficiency(processes, over=one_thread)
    return threads_gain.is_at_most(1.15) & processes_gain.is_at_most(1.15)


@claim(needs=(gil, cores(2)))
def more_cores_change_processes_not_threads(sweep: Sweep) -> Verdict:
    """Under the GIL, more cores make processes faster and leave threads as they were."""
    return sweep.efficiency(processes).is_at_least(0.7) & sweep.speed_up(threads).is_between(0.8, 1.2)
