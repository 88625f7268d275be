"""Timings: how long trainings have held their places, of which the next ones are expected to take as long."""

from collections import defaultdict
from dataclasses import dataclass
from typing import final

from mtl_search.records import Phase, TrialRecord, TrialState

__all__ = ["Timings"]


@dataclass(slots=True)
class Mean:
    """A mean that grows."""

    count: int = 0
    total: float = 0.0

    def add(self, value: float) -> None:
        """Take one more in."""
        self.count += 1
        self.total += value

    @property
    def value(self) -> float | None:
        """The mean; None of nothing."""
        return self.total / self.count if self.count else None


@final
class Timings:
    """Seconds that trials held one of the places that there are, from their start to their end.

    ``by_study``: of the search, by what a study's trial_ids begin with; ``total``: of all phases, what was
    lost included. Trials that were answered by others took no time and are in no mean.
    """

    def __init__(self) -> None:
        self.total = 0.0
        self.by_study: dict[str, float] = defaultdict(float)
        self._trials: dict[str, Mean] = defaultdict(Mean)  # by arm, stopped ones included
        self._whole: dict[str, Mean] = defaultdict(Mean)  # by arm, of those that trained to their end
        self._networks: dict[tuple[str, bool], Mean] = defaultdict(Mean)  # by config_id, whether on test too

    def learn(self, record: TrialRecord) -> None:
        """Take in a record of any phase."""
        held = max(0.0, (record.finished - record.started).total_seconds())
        self.total += held
        if record.phase == Phase.SEARCH:
            self.by_study[record.trial_id.rsplit("-", 1)[0]] += held
        if record.duplicate_of is not None or record.lost:
            return
        if record.phase == Phase.SEARCH:
            for arm in (record.arm, ""):
                self._trials[arm].add(held)
        if record.state == TrialState.COMPLETE:
            for arm in (record.arm, ""):
                self._whole[arm].add(held)
            self._networks[record.config_id, record.phase == Phase.CONFIRMATION].add(held)

    def trial(self, arm: str) -> float | None:
        """A trial of ``arm``, stopped ones included; of any if it has none, None if there is none."""
        known = self._trials.get(arm) or self._trials.get("")
        return known.value if known else None

    def whole(self, arm: str) -> float | None:
        """A training of a network of ``arm`` to its end; of any network, or trial, if none is known."""
        known = self._whole.get(arm) or self._whole.get("")
        return known.value if known else self.trial(arm)

    def network(self, config_id: str, arm: str) -> float:
        """One more training of a network: as its own took, of the confirmation if there are some, since
        these read test as well; else as others of its arm. 0 if nothing is known."""
        for on_test in (True, False):
            if (config_id, on_test) in self._networks:
                return self._networks[config_id, on_test].value or 0.0
        return self.whole(arm) or 0.0
