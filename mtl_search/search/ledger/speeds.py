"""Speeds: how long trainings take, learned from all that were trained, without the start of workers.

A worker's first trial waits for it to start, which says nothing of the next one. So what a trial waited
beside its epochs counts at most `TYPICAL` times what its like wait.
"""

import statistics
from bisect import insort
from collections import defaultdict
from dataclasses import dataclass, field
from typing import final

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from mtl_search.arm_names import TREES
from mtl_search.records import Phase, TrialRecord, TrialState

__all__ = ["Speeds", "Typical"]

Floats = npt.NDArray[np.float64]

TYPICAL = 2.0
PRIOR = 2.0  # trainings of an arm that are needed to doubt what those of others say of it
SURE = 10.0  # trainings of an arm whose mean is as good as that
STOPPED = 0.3  # epochs of a trial that is stopped, of those of one that is not (SUPPORT2: 4.9 of 16.4)
FITTED = 300  # trainings that the fit looks at
FEWEST = 6  # from which a fit means anything


@final
@dataclass(frozen=True, slots=True)
class Typical:
    """What networks of an arm are like on average; ``complete``: the share that trains to its end."""

    members: float
    flops: float
    complete: float = 1.0


@final
@dataclass(frozen=True, slots=True)
class Training:
    """What one training says of those to come."""

    record: TrialRecord
    epochs_took: float
    waited: float

    @property
    def kind(self) -> tuple[str, bool]:
        """What waits alike: reading test takes time of its own."""
        return self.record.arm, self.record.phase == Phase.CONFIRMATION


@final
@dataclass(slots=True)
class Pile:
    """Trainings of an arm, and the sum of what the fit looks at."""

    trainings: list[Training] = field(default_factory=list)
    features: Floats = field(default_factory=lambda: np.zeros(4))
    flops: int = 0

    def add(self, one: Training) -> None:
        """Take one more in."""
        self.trainings.append(one)
        self.features = self.features + features_of(one.record)
        self.flops += one.record.flops


@final
class Speeds:
    """Seconds that trainings hold their places."""

    def __init__(self) -> None:
        self._trainings: list[Training] = []
        self._of_networks: list[Training] = []  # no boosted trees, whose time follows from other things
        self._trials: dict[str, Pile] = defaultdict(Pile)  # of the search, by arm
        self._whole: dict[str, Pile] = defaultdict(Pile)  # those that trained to their end, by arm
        self._networks: dict[str, list[Training]] = defaultdict(list)  # of these
        self._waits: dict[tuple[str, bool], list[float]] = defaultdict(list)  # sorted
        self._fitted = 0, np.zeros(4)  # to how many

    def learn(self, record: TrialRecord) -> None:
        """Take in a record of any phase."""
        if record.duplicate_of is not None or record.lost:
            return
        held = max(0.0, (record.finished - record.started).total_seconds())
        one = Training(record, record.train_seconds, max(0.0, held - record.train_seconds))
        self._trainings.append(one)
        if record.arm != TREES:
            self._of_networks.append(one)
        if record.phase == Phase.SEARCH:
            self._trials[record.arm].add(one)
        if record.state == TrialState.COMPLETE:
            self._whole[record.arm].add(one)
            self._networks[record.config_id].append(one)
        insort(self._waits[one.kind], one.waited)

    @property
    def known(self) -> int:
        """How many trainings it has learned from."""
        return len(self._trainings)

    def held(self, first: int = 0) -> float:
        """All seconds of the trainings from number ``first`` on."""
        return sum(map(self._took, self._trainings[first:]))

    def flops(self, arm: str) -> tuple[int, int]:
        """How many trials of an arm there were, and the FLOPs of their networks in all."""
        return len(self._trials[arm].trainings), self._trials[arm].flops

    def trial(self, arm: str, typical: Typical | None) -> float | None:
        """A trial of the search, whether or not it is stopped; None before anything was trained."""
        return self._blended(self._trials[arm], typical, typical.complete if typical else 1.0)

    def whole(self, arm: str, typical: Typical | None) -> float | None:
        """A training of a network of ``arm`` to its end."""
        return self._blended(self._whole[arm], typical, 1.0)

    def network(self, config_id: str, *, on_test: bool) -> float | None:
        """One more training of a network: as its own took; None if it has none."""
        own = self._networks.get(config_id, [])
        alike = [one for one in own if one.kind[1] == on_test]
        return statistics.fmean(map(self._took, alike or own)) if own else None

    def _blended(self, own: Pile, typical: Typical | None, complete: float) -> float | None:
        """The mean of ``own``; of a few rather what the fit says of networks like ``typical``, corrected by
        how wrong it was of these: the first that are trained are seldom typical."""
        if not self._trainings:
            return None
        took = [self._took(one) for one in own.trainings]
        if typical is None or len(self._of_networks) < FEWEST:
            return statistics.fmean(took or map(self._took, self._trainings))
        expected = self._expected(typical, complete)
        fitted = float(own.features @ self._fit())
        right = (PRIOR * expected + sum(took)) / max(PRIOR * expected + fitted, 1e-9)
        return (SURE * expected * right + sum(took)) / (SURE + len(took))

    def _took(self, one: Training) -> float:
        """Without what it waited for its worker."""
        waits = self._waits[one.kind]
        return one.epochs_took + min(one.waited, TYPICAL * waits[len(waits) // 2])

    def _expected(self, typical: Typical, complete: float) -> float:
        """What trainings of any arm say of one like ``typical``."""
        known = [one.record for one in self._of_networks]
        whole = [record for record in known if record.state == TrialState.COMPLETE]
        epochs = statistics.fmean(record.epochs for record in whole or known)
        epochs *= complete + (1 - complete) * STOPPED
        return float(features(epochs, typical.members, typical.flops) @ self._fit())

    def _fit(self) -> Floats:
        """Seconds of a training, an epoch, an epoch and member, an epoch and FLOP, none below 0: those with
        the smallest relative errors, scaled to the seconds that there were in all."""
        fitted, found = self._fitted
        if len(self._of_networks) > 1.02 * fitted:
            some = self._of_networks[:: 1 + len(self._of_networks) // FITTED]
            took = np.array([max(self._took(one), 1e-6) for one in some])
            rows = np.array([features_of(one.record) for one in some])
            scale = np.maximum(np.abs(rows).max(axis=0), 1e-12)
            found, _ = nnls(rows / scale / took[:, None], np.ones(len(rows)))
            found /= scale
            found = found * took.sum() / max((rows @ found).sum(), 1e-6)
            self._fitted = len(self._of_networks), found
        return found


def features_of(record: TrialRecord) -> Floats:
    """What the seconds of a training follow from."""
    return features(record.epochs, len(record.members), record.flops)


def features(epochs: float, members: float, flops: float) -> Floats:
    """The same of a network that is like this."""
    return np.array([1.0, epochs, epochs * (members - 1), epochs * flops])
