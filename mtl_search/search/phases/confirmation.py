"""Confirmation: finalists and controls trained on new seeds, the only time that test is read.

What is chosen after test was known may owe something to it, so readings are counted. One is over when all
that it was to train is trained; a later confirmation that has anything else to train is the next, and its
tests are made at half the level (`mtl_search.analysis.significance.level_of`). What was lost or interrupted
and is trained at last belongs to the reading that had planned it.
"""

import hashlib
from collections.abc import Collection, Iterable

from mtl_search.data import Dataset
from mtl_search.records import Phase
from mtl_search.search.budget.afterwards import FEWEST
from mtl_search.search.budget.hours import Hours
from mtl_search.search.designs.plans import NetworkPlan, PlannedTraining, new_seeds
from mtl_search.search.ledger import Ledger
from mtl_search.search.phases.retraining import Retraining
from mtl_search.sweep.settings import Settings

__all__ = ["Confirmation"]


class Confirmation(Retraining):
    """Trains each of ``networks`` once on each of ``budget.seeds`` seeds.

    Seed by seed, so that an interrupted confirmation has whole seeds. Under ``hours`` on as many as there is
    time for, `afterwards.FEWEST` at least: that is decided before test is read, and only shortened where
    trainings turn out longer.
    """

    phase, reads_test = Phase.CONFIRMATION, True
    purpose = "the best designs again, on new seeds"

    def __init__(
        self,
        settings: Settings,
        dataset: Dataset,
        ledger: Ledger,
        networks: Iterable[NetworkPlan],
        hours: Hours | None = None,
    ) -> None:
        super().__init__(settings, dataset, ledger)
        unique: dict[str, NetworkPlan] = {}
        for network in networks:
            unique.setdefault(network.config_id, network)
        before = [record for record in ledger.board.records() if record.phase == self.phase]
        readings = {record.reading_plan: record.reading or 1 for record in before}
        self._hours, self._begun = hours, set[int]()
        self._seeds = new_seeds(settings, self.phase, settings.budget.seeds)
        self._wanted = [PlannedTraining(network, seed) for seed in self._seeds for network in unique.values()]
        if hours is not None:
            self._seeds = self._seeds[: self._count(hours, len(unique), set(readings))]
            self._wanted = self._wanted[: len(self._seeds) * len(unique)]
        self._queue = self.more()
        self.done = len(self._wanted) - len(self._queue)
        self.reading_plan = _plan_of(self._wanted)
        self.reading = readings.get(self.reading_plan, max(readings.values(), default=0) + 1)

    def _count(self, hours: Hours, n_networks: int, plans: Collection[str | None]) -> int:
        """On how many seeds: as a reading had planned that is to be brought to its end, else as fit."""
        for count in range(len(self._seeds), 0, -1):
            wanted = self._wanted[: count * n_networks]
            open_ = hours.closed or any(self.lacks(network, seed) for network, seed in wanted)
            if open_ and _plan_of(wanted) in plans:
                return count
        return hours.fitting([self._seconds(seed) for seed in self._seeds])

    def _seconds(self, seed: int) -> list[float]:
        """How long what is missing on ``seed`` is expected to take."""
        timings = self.ledger.timings
        return [
            timings.network(network.config_id, network.arm)
            for network, on in self._wanted
            if on == seed and self.lacks(network, seed)
        ]

    def fits(self, network: NetworkPlan, seed: int) -> bool:
        """Whether there is time for ``seed``, asked when it begins."""
        if self._hours is None or seed in self._begun or seed in self._seeds[:FEWEST]:
            return True
        if self._hours.takes(self._seconds(seed)) > self._hours.left:
            return False
        self._begun.add(seed)
        return True

    def more(self) -> list[PlannedTraining]:
        """What is not trained yet, and what failed and is to be tried again."""
        return [one for one in self._wanted if self.lacks(*one)]


def _plan_of(planned: Iterable[PlannedTraining]) -> str:
    """A hash of the trainings of a reading."""
    text = " ".join(sorted(f"{network.config_id}/{seed}" for network, seed in planned))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
