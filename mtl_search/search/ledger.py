"""Ledger: what the search knows of the trials recorded so far."""

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace

from mtl_search.design import Candidate
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import MetricKind, Phase, Split, TrialRecord, TrialState
from mtl_search.search.arms import SINGLE_TASK
from mtl_search.search.members import Measurement

__all__ = ["Ledger"]


class Ledger:
    """The leaderboard of the search phase as decisions need it; recording goes through here.

    ``metrics``: the default metric of each main task.
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
        for record in board.records():
            if record.phase == Phase.SEARCH:
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

    def measurements(self, arms: Collection[str]) -> list[Measurement]:
        """What the trials of ``arms`` say of their member sets, oldest first; failed ones say nothing."""
        return [
            self._measurement(record)
            for record in self.records
            if record.arm in arms and record.state != TrialState.FAILED
        ]

    def candidates(self, arms: Collection[str], *, since: int = 0) -> list[Candidate]:
        """The networks of ``arms`` that designs may be composed of: trained to their end, each once.

        One that was answered by a trial of another arm is a network of its own arm as well. ``since``: of
        the records from that one on alone.
        """
        return [
            Candidate(record.trial_id, self.gains(record), record.n_params, record.flops)
            for record in itertools.islice(self.records, since, None)
            if record.arm in arms and record.state == TrialState.COMPLETE and self._is_first(record, arms)
        ]

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
