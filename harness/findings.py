"""What a claim may ask of a run, and of a sweep of runs.

Everything is computed from the record of a run (run.json or what is there of it), so that a verdict can be worked out
again from the raw samples at any time. Every worker process of a lab imports this module by way of `harness.lab`: what
costs time to import is imported where it is used.
"""

from __future__ import annotations

from harness.verdict import Estimate, Facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from harness.events import Event

    Record = Mapping[str, Any]
    Variant = Callable[..., Any]

SPEED_UP, EFFICIENCY = "speed_up", "efficiency"
SHORT_WORK = 10
"""Work of fewer times than this what starting a pool costs is too short to judge a speed-up by."""


class Run:
    """One lab on one set of cores under one interpreter: all its variants, and what they showed.

    Args:
        record: The record of the run, as in run.json.
        events: The logging records of a sample, by the sample's id.
    """

    __slots__ = ("_events", "_kept_by_name", "_record", "_rounds_disturbed", "_samples", "about", "asked")

    def __init__(self, record: Record, events: Callable[[str], list[Event]] | None = None) -> None:
        from harness import noise

        self._record = record
        self._events = events
        self._samples: dict[str, list[Any]] = {entry["name"]: entry["samples"] for entry in record["variants"]}
        self._rounds_disturbed = noise.disturbances(record)
        self._kept_by_name: dict[str, tuple[dict[int, Any], dict[int, tuple[str, float]]]] = {}
        self.asked: dict[str, None] = {}  # in the order of asking
        self.about: dict[str, None] = {}  # the variants whose figures were asked for

    @property
    def cores(self) -> int:
        """How many CPUs the run was given."""
        return int(self._record["cores"])

    @property
    def gil_enabled(self) -> bool:
        """Whether the GIL was really on at the end of every sample."""
        return bool(self._record["interpreter"]["gil_enabled"])

    @property
    def python(self) -> tuple[int, int]:
        """Major and minor version of the interpreter."""
        major, minor = self._record["interpreter"]["version"].split(".")[:2]
        return int(major), int(minor)

    @property
    def start_method(self) -> str:
        """The start method that multiprocessing uses by itself under this interpreter."""
        return str(self._record["interpreter"]["start_method"])

    def knob(self, name: str) -> int | float | str | bool:
        """The value of a knob in this run; KeyError for one that the lab does not have."""
        value: int | float | str | bool = self._record["knobs"][name]
        return value

    def speed_up(self, variant: Variant, *, over: Variant) -> Estimate:
        """How many times faster than another variant, by wall time, paired by round."""
        self.asked[f"{SPEED_UP} over {over.__name__}"] = None
        return self._paired("wall_seconds", over, variant, self.short_work(variant))

    def efficiency(self, variant: Variant, *, over: Variant) -> Estimate:
        """The speed-up over another variant divided by C(k), what this machine's cores could give in the same round."""
        self.asked[f"{EFFICIENCY} over {over.__name__}"] = None
        speed_up = self.speed_up(variant, over=over)
        return _over_capacity(speed_up, self.capacities())

    def ratio(self, variant: Variant, *, to: Variant, of: str = "wall") -> Estimate:
        """The wall ("wall") or CPU ("cpu") seconds of a variant over those of another, paired by round."""
        return self._paired(f"{of}_seconds", variant, to)

    def cores_busy(self, variant: Variant) -> Estimate:
        """CPU seconds over wall seconds: how many cores a variant kept busy."""
        return self._paired("cpu_seconds", variant, variant, below="wall_seconds")

    def memory(self, variant: Variant, *, over: Variant) -> Estimate:
        """The peak memory of a variant over that of another, paired by round."""
        return self._paired("peak_memory_bytes", variant, over)

    def answers(self, variant: Variant) -> Facts:
        """What the variant returned, one a sample."""
        return self._facts(variant, "answer")

    def outcomes(self, variant: Variant) -> Facts:
        """How each sample of the variant ended."""
        return self._facts(variant, "outcome")

    def exit_codes(self, variant: Variant) -> Facts:
        """The exit code of each sample's process; negative is the number of the signal that ended it."""
        return self._facts(variant, "exit_code")

    def cycles(self, variant: Variant) -> Facts:
        """For samples that hung: how many threads wait in a circle, 0 where no circle is to be seen."""
        return self._facts(variant, "cycle_length")

    def events(self, variant: Variant) -> list[list[Event]]:
        """The logging records of each sample of the variant, in the order of time."""
        if self._events is None:
            return []
        return [self._events(sample["id"]) for sample in self._of(variant)]

    def capacities(self) -> dict[int, float]:
        """C(k) by round, the mean of what was measured before and after it; left out where it moved far between."""
        from harness import noise

        found = {}
        for record in self._record.get("rounds", ()):
            if noise.capacity_moved_by(record) is not None:
                continue
            around = [side["capacity"] for side in (record.get("before"), record.get("after")) if side]
            if around and min(around) > 0:
                found[record["round"]] = sum(around) / len(around)
        return found

    def walls(self, variant: Variant) -> dict[int, float]:
        """Wall seconds by round, of the samples that finished undisturbed."""
        kept, _ = self._kept(variant.__name__)
        return {round_: sample["wall_seconds"] for round_, sample in kept.items()}

    def disturbed_walls(self, variant: Variant) -> list[float]:
        """Wall seconds of the samples that finished, but were disturbed."""
        kept, _ = self._kept(variant.__name__)
        finished = (sample for sample in self._of(variant) if sample["outcome"] == "finished")
        walls = (sample.get("wall_seconds") for sample in finished if sample["round"] not in kept)
        return [wall for wall in walls if _is_positive(wall)]

    def rounds_done(self) -> tuple[int, int | None]:
        """How many rounds are done, and how many were fixed beforehand, if any were."""
        return len(self._record.get("rounds", ())), self._record.get("fixed_rounds")

    def short_work(self, *variants: Variant) -> tuple[str, ...]:
        """An objection for each variant whose work is less than ten times what starting a pool costs.

        There is none for one that is known to start no process.
        """
        from harness import intervals

        start = self._record.get("start_cost_seconds") or 0.0
        found = []
        for variant in variants:
            walls = list(self.walls(variant).values())
            alone = all(sample.get("children_seconds") == 0 for sample in self._of(variant))
            if walls and not alone and intervals.median(walls) < SHORT_WORK * start:
                found.append(
                    f"work too short: {variant.__name__} takes {intervals.median(walls) * 1000:.0f} ms, and starting a "
                    f"pool alone {start * 1000:.0f} ms"
                )
        return tuple(found)

    def disturbances(self, variant: Variant) -> list[tuple[str, float]]:
        """What disturbed each finished sample of the variant that was disturbed, and by how much, as a share."""
        _, dropped = self._kept(variant.__name__)
        finished = {sample["round"] for sample in self._of(variant) if sample["outcome"] == "finished"}
        return [disturbed for round_, disturbed in dropped.items() if round_ in finished]

    def _of(self, variant: Variant) -> list[Any]:
        return self._samples.get(variant.__name__, [])

    def _facts(self, variant: Variant, key: str) -> Facts:
        samples = self._of(variant)
        values = [sample[key] for sample in samples if sample.get(key) is not None]
        return Facts(f"{key.replace('_', ' ')} of {variant.__name__}", values, len(samples) - len(values))

    def _kept(self, name: str) -> tuple[dict[int, Any], dict[int, tuple[str, float]]]:
        """The undisturbed finished samples by round, and for the other rounds the reason and its share."""
        if name not in self._kept_by_name:
            kept, dropped = {}, {}
            for sample in self._samples.get(name, []):
                lost = self._lost_to(name, sample)
                if lost:
                    dropped[sample["round"]] = lost
                else:
                    kept[sample["round"]] = sample
            self._kept_by_name[name] = kept, dropped
        return self._kept_by_name[name]

    def _lost_to(self, name: str, sample: Any) -> tuple[str, float] | None:
        """Why a sample does not count among the times, and what share of it is lost; or None."""
        from harness import noise

        if sample["outcome"] != "finished":
            return f"{name} {sample['outcome'].replace('_', ' ')}", 1.0
        if not _is_positive(sample.get("wall_seconds")):
            return "no usable time", 1.0
        around = self._rounds_disturbed.get(sample["round"])
        if around:
            return around
        return noise.sample_disturbed_by(sample, self.cores)

    def _paired(
        self, key: str, above: Variant, under: Variant, objections: tuple[str, ...] = (), *, below: str | None = None
    ) -> Estimate:
        """A figure of one variant over a figure of another (the same figure unless `below` names one), by round."""
        self.about |= {above.__name__: None, under.__name__: None}
        above_kept, above_dropped = self._kept(above.__name__)
        under_kept, under_dropped = self._kept(under.__name__)
        dropped = {round_: reason for round_, (reason, _) in (above_dropped | under_dropped).items()}
        below = below or key
        pairs = []
        for round_ in sorted(above_kept.keys() & under_kept.keys()):
            one, other = above_kept[round_].get(key), under_kept[round_].get(below)
            if _is_positive(other) and (one == 0 or _is_positive(one)):
                pairs.append((round_, one / other))
            else:
                dropped[round_] = f"no usable {key.replace('_', ' ')}"
        rounds, fixed = self.rounds_done()
        return Estimate(pairs, rounds, fixed, _counted(dropped.values()), objections)


def _is_positive(value: Any) -> bool:
    """Whether a value can stand in a ratio: a number above 0, neither NaN nor infinite nor missing."""
    return isinstance(value, (int, float)) and 0 < value < float("inf")


def _counted(reasons: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for reason in reasons:
        counts[reason] = counts.get(reason, 0) + 1
    return counts


class Sweep:
    """The runs of one lab under one interpreter on several core counts, rounds interleaved.

    Args:
        runs: One run a core count; ValueError where there are fewer than two.
    """

    __slots__ = ("_runs",)

    def __init__(self, runs: Sequence[Run]) -> None:
        if len({run.cores for run in runs}) < 2:
            raise ValueError("a sweep needs runs on at least two core counts")
        self._runs = {run.cores: run for run in sorted(runs, key=lambda run: run.cores)}

    @property
    def core_counts(self) -> tuple[int, ...]:
        """The core counts, ascending."""
        return tuple(self._runs)

    @property
    def narrowest(self) -> Run:
        """The run on the fewest cores."""
        return self._runs[self.core_counts[0]]

    @property
    def widest(self) -> Run:
        """The run on the most cores."""
        return self._runs[self.core_counts[-1]]

    def at(self, cores: int) -> Run:
        """The run on that many cores; KeyError where there is none."""
        return self._runs[cores]

    def speed_up(self, variant: Variant) -> Estimate:
        """How many times faster the variant is on the most cores than on the fewest, paired by round."""
        for run in (self.narrowest, self.widest):
            run.about[variant.__name__] = None
        narrow, wide = self.narrowest.walls(variant), self.widest.walls(variant)
        rounds, fixed = min(run.rounds_done() for run in (self.narrowest, self.widest))
        pairs = [(round_, narrow[round_] / wide[round_]) for round_ in sorted(narrow.keys() & wide.keys())]
        lost = rounds - len(pairs)
        dropped = {"disturbed on one of the sets": lost} if lost > 0 else {}
        return Estimate(pairs, rounds, fixed, dropped, self.widest.short_work(variant))

    def efficiency(self, variant: Variant) -> Estimate:
        """That speed-up divided by what the machine's capacity grew by between the two sets, in the same round."""
        narrow, wide = self.narrowest.capacities(), self.widest.capacities()
        grown = {round_: wide[round_] / narrow[round_] for round_ in wide.keys() & narrow.keys()}
        return _over_capacity(self.speed_up(variant), grown)


def _over_capacity(speed_up: Estimate, capacities: Mapping[int, float]) -> Estimate:
    """A speed-up divided by the capacity of its round; in doubt where that moved far or was hardly more than 1."""
    from harness import intervals, noise

    pairs = [(round_, value / capacities[round_]) for round_, value in speed_up.pairs if round_ in capacities]
    used = [capacities[round_] for round_, _ in pairs]
    lost = len(speed_up.pairs) - len(pairs)
    dropped = speed_up.dropped | ({noise.CAPACITY: lost} if lost else {})
    doubts: tuple[str, ...] = ()
    if noise.capacity_range(used) > noise.CAPACITY_RANGE:
        ends = f"{min(used):.2f} and {max(used):.2f}"
        doubts = (f"the machine's capacity moved between {ends} during the run",)
    elif used and max(used) > 1 and intervals.median(used) < noise.LEAST_CAPACITY:
        doubts = (f"all the cores together gave hardly more than one: capacity {intervals.median(used):.2f}",)
    return Estimate(pairs, speed_up.rounds, speed_up.fixed_rounds, dropped, speed_up.objections, doubts)
