"""Ledger: what the search knows of the trials recorded so far."""

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from statistics import fmean, variance
from typing import final

import numpy as np
import pyarrow.compute as pc

from mtl_search.analysis import jackknife_variance
from mtl_search.arm_names import SEARCH, SINGLE_TASK
from mtl_search.design import Candidate
from mtl_search.grouping.strategy import Measurement
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import MetricKind, Phase, Split, TrialRecord, TrialState, gains
from mtl_search.search.ledger.attempts import is_tried_again
from mtl_search.search.ledger.replicates import Replicates
from mtl_search.search.ledger.seed_noise import typical_sd
from mtl_search.search.ledger.speeds import Speeds
from mtl_search.search.ledger.timings import Timings

__all__ = ["Ledger"]

CLEARLY = 2.0  # standard errors that a reference must be above zero to be divided by


@final
class Ledger:
    """The leaderboard as decisions need it: ``records`` are the search's; recording goes through here.

    It writes nothing before that: whoever goes on with a sweep has its board recovered first.

    Trials that were lost and are tried again, which says nothing of them, are only counted.
    ``metrics``: the default metric of each main task. ``references``: its best single-task value on valid.
    """

    def __init__(self, board: Leaderboard, metrics: Mapping[str, MetricKind]) -> None:
        self.board, self.metrics = board, metrics
        self.records: list[TrialRecord] = []
        self.affinities: list[Mapping[tuple[str, str], float]] = []  # of each training that measured them
        self.references: dict[str, float] = {}
        self.newest: TrialRecord | None = None  # of any phase
        self.states: dict[str, Counter[str]] = defaultdict(Counter)
        self.timings, self.speeds = Timings(), Speeds()
        self._complete: dict[str, TrialRecord] = {}
        self._errors: dict[tuple[str, str, int], float] = {}  # of references: by task, network and replicates
        self._alone: set[str] = set()  # networks of single_task by config_id, by whatever arm trained first
        self._by_id: dict[str, TrialRecord] = {}
        self._measured: dict[str, Measurement] = {}  # by trial, over the references known by now
        self.replicates = Replicates()
        self.caught_up = 0  # trials of single_task after the search had begun
        self.lost: Counter[str] = Counter()  # trainings of the search that were lost and tried again
        self._resamples: dict[str, dict[str, dict[int, float]]] = {}  # on valid by trial, task and group
        self._reference_networks: dict[str, str] = {}  # config_id of what the references were measured on
        for record in board.records():
            self._learn(record)
        self._learn_resamples(board)

    def record(self, record: TrialRecord) -> None:
        """Write ``record`` to the leaderboard, then take it in."""
        self.board.record(record)
        for resample in record.resamples:
            if resample.split == Split.VALID:
                self._resample(record.trial_id, resample.task, resample.left_out, resample.value)
        # the rest is most of it, and decides nothing
        self._learn(replace(record, history=(), resamples=(), gates=(), beliefs=(), distributions={}))

    def known(self, config_id: str) -> TrialRecord | None:
        """The trained trial of an equal configuration, if there is one."""
        return self._complete.get(config_id)

    def __getitem__(self, trial_id: str) -> TrialRecord:
        """The trial of that name, which was recorded."""
        return self._by_id[trial_id]

    def values(self, record: TrialRecord) -> dict[str, float]:
        """Default metric on valid of each main member."""
        return {
            m.task: m.value
            for m in record.metrics
            if m.split == Split.VALID and m.task in self.metrics and m.name == self.metrics[m.task].name
        }

    def gains(self, record: TrialRecord) -> Mapping[str, float]:
        """Gain of each main member in percent, over the references known by now."""
        return self._measurement(record).gains

    def measurements(self, arms: Collection[str]) -> list[Measurement]:
        """What the trials of ``arms`` say of their member sets, oldest first; of failed ones that they did.

        Not of those that the infrastructure lost, which says nothing of the set.
        """
        return [
            self._measurement(record) for record in self.records if record.arm in arms and not record.lost
        ]

    @property
    def comparable(self) -> tuple[str, ...]:
        """The main tasks that have a gain, or will: not those whose reference cannot be divided by, nor, once
        the other arms have begun, those that have none."""
        begun = any(states.total() for arm, states in self.states.items() if arm != SINGLE_TASK)
        known = self.yardsticks
        return tuple(
            task for task in self.metrics if math.isfinite(known.get(task, math.nan if begun else 1.0))
        )

    @property
    def yardsticks(self) -> dict[str, float]:
        """What gains are relative to: the references, NaN if one is not distinguishable from zero.

        That is so if it is not twice its standard error above zero, for metrics that are better the higher
        (R2, F1): a gain over it would be noise in percent. Such a task has no gain, and does not count.
        """
        return {
            task: value if self._is_clear(task, value) else math.nan
            for task, value in self.references.items()
        }

    def _is_clear(self, task: str, reference: float) -> bool:
        metric = self.metrics[task]
        if not metric.has_gains_over(reference):
            return False
        network = self._reference_networks.get(task, "")
        key = task, network, len(self.replicates.complete(network))
        if key not in self._errors:
            self._errors[key] = self.reference_error(task) if metric.higher_is_better else 0.0
        return not reference <= CLEARLY * self._errors[key]  # which may not be known: NaN

    def candidates(
        self, arms: Collection[str], *, since: int = 0, replicated: Collection[str] = ()
    ) -> list[Candidate]:
        """The networks of ``arms`` that designs may be composed of: trained to their end, each configuration
        once.

        One that was answered by a trial of another arm is a network of its own arm as well. ``since``: of
        the records from that one on alone. Those whose config_id is in ``replicated`` have the means over
        all their complete trainings; one that fails on a new seed, by an error of its own, is none.
        """
        found: dict[str, Candidate] = {}
        for record in itertools.islice(self.records, since, None):
            if record.arm not in arms or record.state != TrialState.COMPLETE:
                continue
            if record.config_id in found or not self._is_first(record, arms):
                continue
            trainings = [record]
            if record.config_id in replicated:
                if self.replicates.fails_on_a_seed(record.config_id):
                    continue
                trainings += self.replicates.complete(record.config_id)
            found[record.config_id] = Candidate(
                record.trial_id,
                self._mean_gains(trainings),
                record.n_params,
                record.flops,
                len(trainings),
            )
        return list(found.values())

    @property
    def replicated(self) -> set[str]:
        """The configurations that have complete replicates, by config_id."""
        return self.replicates.configurations

    def noise(self, replicated: Collection[str]) -> dict[str, float]:
        """The standard deviation of a main task's gain between seeds in percent, estimated from replicates.

        Tasks of which nothing was replicated twice are not in it.
        """
        of_tasks: dict[str, list[list[float]]] = defaultdict(list)
        for config_id in replicated:
            gains = [self.gains(record) for record in self.replicates.complete(config_id)]
            for task in gains[0] if gains else ():
                finite = [one[task] for one in gains if math.isfinite(one.get(task, math.nan))]
                if len(finite) > 1:
                    of_tasks[task].append(finite)
        return {task: typical_sd(networks) for task, networks in of_tasks.items()}

    def resampled(self, record: TrialRecord, task: str) -> Mapping[int, float]:
        """The value of ``task`` on valid without each group of units, by group; empty if not recorded."""
        return self._resamples.get(record.trial_id, {}).get(task, {})

    def replicate_gains(self, config_id: str) -> dict[int, Mapping[str, float]]:
        """The gains of the complete replicates of that configuration, by seed."""
        return {record.seed: self.gains(record) for record in self.replicates.complete(config_id)}

    def resampled_gains(self, config_id: str, task: str) -> dict[int, float]:
        """The mean gain of its replicates on valid without each group of units, over the same reference."""
        known = [self.resampled(record, task) for record in self.replicates.complete(config_id)]
        known = [values for values in known if values]
        if not known:
            return {}
        metric, reference = self.metrics[task], self.yardsticks.get(task, math.nan)
        groups = set.intersection(*map(set, known))
        return {group: fmean(metric.gain(one[group], reference) for one in known) for group in groups}

    def reference_error(self, task: str) -> float:
        """The standard error of the reference of ``task`` on valid, in the metric's own unit.

        It counts which units happen to be in valid (by the jackknife) and, if its network was replicated,
        the seeds. NaN if neither is known.
        """
        network = self._reference_networks.get(task)
        if network is None:
            return math.nan
        trainings = [self._complete[network], *self.replicates.complete(network)]
        values = [self.values(training).get(task, math.nan) for training in trainings]
        finite = [value for value in values if math.isfinite(value)]
        of_seeds = variance(finite) / len(finite) if len(finite) > 1 else 0.0
        known = [self.resampled(training, task) for training in trainings]
        groups = set[int]().union(*known)
        of_units = jackknife_variance(
            [np.mean([one[group] for one in known if group in one]) for group in groups]
        )
        return math.sqrt(of_seeds + of_units) or math.nan

    def settle_references(self) -> None:
        """Once single-task networks are replicated, a reference is what the best of them, by all complete
        trainings, has over its replicates: the best of single measurements would make every other network
        look worse than it is. One that fails on some seed is the reference only if all do."""
        for task, metric in self.metrics.items():
            found = []
            for config_id, record in self._complete.items():
                alone = config_id in self._alone and record.members == (task,)
                if alone and (replicates := self.replicates.complete(config_id)):
                    trainings = (record, *replicates)
                    values = [self.values(training).get(task, math.nan) for training in trainings]
                    if all(map(math.isfinite, values)):
                        steady = not self.replicates.fails_on_a_seed(config_id)
                        found.append((steady, metric.signed(fmean(values)), fmean(values[1:]), config_id))
            if found:
                *_, self.references[task], self._reference_networks[task] = max(found)
        self._measured.clear()

    def mean_gains(self, record: TrialRecord) -> Mapping[str, float]:
        """Gain of each main member, over the replicates of a network if there are some: the trial it was
        noticed for is better than the network, on average."""
        return self._mean_gains(self.replicates.complete(record.config_id) or [record])

    def _mean_gains(self, records: Sequence[TrialRecord]) -> dict[str, float]:
        gains = [self.gains(record) for record in records]
        return {task: fmean(one.get(task, math.nan) for one in gains) for task in gains[0]}

    def _is_first(self, record: TrialRecord, arms: Collection[str]) -> bool:
        """Whether no trial of ``arms`` answered ``record``."""
        return record.duplicate_of is None or self._by_id[record.duplicate_of].arm not in arms

    def _measurement(self, record: TrialRecord) -> Measurement:
        """What ``record`` says of its members; kept, since thousands are asked for before each trial."""
        known = self._measured.get(record.trial_id)
        if known is None:
            found = gains(self.values(record), self.yardsticks, self.metrics)
            failed = record.state == TrialState.FAILED
            known = Measurement(
                record.members, {} if failed else found, failed, record.n_params, record.device_seconds
            )
            self._measured[record.trial_id] = known
        return known

    def _learn(self, record: TrialRecord) -> None:
        self.newest = record
        self.timings.learn(record)
        self.speeds.learn(record)
        if record.phase != Phase.SEARCH:
            self.replicates.add(record)
            if record.config_id in self._reference_networks.values():
                self._measured.clear()  # its error is another: it may or may not be divided by now
            return
        if is_tried_again(record):
            self.lost[record.config_id] += 1
            return
        self.records.append(record)
        self._by_id[record.trial_id] = record
        self.caught_up += record.arm == SINGLE_TASK and self.states[SEARCH].total() > 0
        self.states[record.arm][record.state.value] += 1
        if record.state != TrialState.COMPLETE:
            return
        self._complete.setdefault(record.config_id, record)
        if record.affinities:
            self.affinities.append(record.affinities)
        if record.arm == SINGLE_TASK:
            self._alone.add(record.config_id)
            for task, value in self.values(record).items():
                metric, best = self.metrics[task], self.references.get(task)
                if math.isfinite(value) and (best is None or metric.signed(value) > metric.signed(best)):
                    self.references[task] = value
                    self._reference_networks[task] = record.config_id
                    self._measured.clear()

    def _learn_resamples(self, board: Leaderboard) -> None:
        for row in board.resamples().filter(pc.field("split") == Split.VALID.value).to_pylist():
            self._resample(row["trial_id"], row["task"], row["left_out"], row["value"])

    def _resample(self, trial_id: str, task: str, left_out: int, value: float) -> None:
        self._resamples.setdefault(trial_id, {}).setdefault(task, {})[left_out] = value
