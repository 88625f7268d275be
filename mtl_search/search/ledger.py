"""Ledger: what the search knows of the trials recorded so far."""

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from statistics import fmean, variance

from mtl_search.design import Candidate
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import MetricKind, Phase, Split, TrialRecord, TrialState
from mtl_search.search.arms import SINGLE_TASK
from mtl_search.search.members import Measurement

__all__ = ["Ledger"]


class Ledger:
    """The leaderboard as decisions need it: ``records`` are the search's; recording goes through here.

    ``metrics``: the default metric of each main task. ``references``: its best single-task value on valid.
    """

    def __init__(self, board: Leaderboard, metrics: Mapping[str, MetricKind]) -> None:
        self.board, self.metrics = board, metrics
        self.records: list[TrialRecord] = []
        self.references: dict[str, float] = {}
        self.states: dict[str, Counter[str]] = defaultdict(Counter)
        self.slot_seconds: dict[str, float] = defaultdict(float)  # by study, which the trial_id begins with
        self._complete: dict[str, TrialRecord] = {}
        self._by_id: dict[str, TrialRecord] = {}
        self._measured: dict[str, Measurement] = {}  # by trial, over the references known by now
        self._repeats: dict[str, list[TrialRecord]] = defaultdict(list)  # of the replication, by config_id
        for record in board.records():
            self._learn(record)

    def record(self, record: TrialRecord) -> None:
        """Write ``record`` to the leaderboard, then take it in."""
        self.board.record(record)
        self._learn(replace(record, history=(), resamples=()))  # which are most of it, and decide nothing

    def known(self, config_id: str) -> TrialRecord | None:
        """The trained trial of an equal configuration, if there is one."""
        return self._complete.get(config_id)

    def find(self, trial_id: str) -> TrialRecord | None:
        """The trial of that name, if it was recorded."""
        return self._by_id.get(trial_id)

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

    def mean_gains(self, record: TrialRecord) -> Mapping[str, float]:
        """Gain of each main member, over all trainings of that network where it was replicated."""
        gains = [self.gains(again) for again in self._trainings(record)]
        return {task: fmean(one.get(task, math.nan) for one in gains) for task in gains[0]}

    def measurements(self, arms: Collection[str]) -> list[Measurement]:
        """What the trials of ``arms`` say of their member sets, oldest first; failed ones say nothing."""
        return [
            self._measurement(record)
            for record in self.records
            if record.arm in arms and record.state != TrialState.FAILED
        ]

    def candidates(self, arms: Collection[str], *, since: int = 0) -> list[Candidate]:
        """The networks of ``arms`` that designs may be composed of: trained to their end, each once.

        A replicated one has the means of its gains; where one of its seeds failed it is none. One that was
        answered by a trial of another arm is a network of its own arm as well. ``since``: of the records from
        that one on alone.
        """
        return [
            Candidate(
                record.trial_id,
                self.mean_gains(record),
                record.n_params,
                record.flops,
                len(self._trainings(record)),
            )
            for record in itertools.islice(self.records, since, None)
            if record.arm in arms and record.state == TrialState.COMPLETE and self._is_first(record, arms)
            if all(again.state == TrialState.COMPLETE for again in self._trainings(record))
        ]

    def replicated_seeds(self, config_id: str) -> set[int]:
        """The seeds on which the replication has trained that configuration."""
        return {record.seed for record in self._repeats.get(config_id, ())}

    def noise(self) -> dict[str, float]:
        """The standard deviation of a main task's gain between seeds in percent, pooled over the replicated
        networks; without those tasks of which nothing was replicated."""
        variances: dict[str, list[float]] = defaultdict(list)
        for config_id in self._repeats:
            seen = [self.gains(record) for record in self._trainings(self._complete[config_id])]
            for task in seen[0]:
                gains = [one[task] for one in seen if math.isfinite(one.get(task, math.nan))]
                if len(gains) > 1:
                    variances[task].append(variance(gains))
        return {task: math.sqrt(fmean(found)) for task, found in variances.items()}

    def settle_references(self) -> None:
        """Once single-task networks are replicated, references are the best of their means: the best of
        single measurements would make every other network look worse than it is."""
        for task, metric in self.metrics.items():
            means = [
                fmean(self.values(again).get(task, math.nan) for again in self._trainings(record))
                for record in self._complete.values()
                if record.arm == SINGLE_TASK
                and record.members == (task,)
                and record.config_id in self._repeats
            ]
            if means := [mean for mean in means if math.isfinite(mean)]:
                self.references[task] = max(means, key=metric.signed)
        self._measured.clear()

    def _trainings(self, record: TrialRecord) -> list[TrialRecord]:
        """The trial and its replicates."""
        return [record, *self._repeats.get(record.config_id, ())]

    def _is_first(self, record: TrialRecord, arms: Collection[str]) -> bool:
        """Whether no trial of ``arms`` answered ``record``."""
        return record.duplicate_of is None or self._by_id[record.duplicate_of].arm not in arms

    def _measurement(self, record: TrialRecord) -> Measurement:
        """What ``record`` says of its members; kept, since thousands are asked for before each trial."""
        known = self._measured.get(record.trial_id)
        if known is None:
            gains = {
                task: self.metrics[task].gain(value, self.references.get(task, math.nan))
                for task, value in self.values(record).items()
            }
            known = self._measured[record.trial_id] = Measurement(record.members, gains)
        return known

    def _learn(self, record: TrialRecord) -> None:
        if record.phase == Phase.REPLICATION:
            self._repeats[record.config_id].append(record)
        if record.phase != Phase.SEARCH:
            return
        self.records.append(record)
        self._by_id[record.trial_id] = record
        self.states[record.arm][record.state.value] += 1
        held = (record.finished - record.started).total_seconds()
        self.slot_seconds[record.trial_id.rsplit("-", 1)[0]] += held
        if record.state != TrialState.COMPLETE:
            return
        self._complete.setdefault(record.config_id, record)
        if record.arm == SINGLE_TASK:
            for task, value in self.values(record).items():
                metric, best = self.metrics[task], self.references.get(task)
                if math.isfinite(value) and (best is None or metric.signed(value) > metric.signed(best)):
                    self.references[task] = value
                    self._measured.clear()
