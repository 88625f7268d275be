"""Confirmation: finalists and controls trained on new seeds, the only time that test is read.

What is chosen after test was known may owe something to it, so readings are counted. One is over when all
that it was to train is trained; a later confirmation that has anything else to train is the next, and its
tests are made at half the level (`mtl_search.analysis.significance.level_of`). What was lost or interrupted
and is trained at last belongs to the reading that had planned it.
"""

import hashlib
from collections.abc import Iterable

from mtl_search.data import Dataset
from mtl_search.records import Phase
from mtl_search.search.ledger import Ledger
from mtl_search.search.retraining import Network, Retraining, Training, new_seeds
from mtl_search.search.settings import Settings

__all__ = ["Confirmation"]


class Confirmation(Retraining):
    """Trains each of ``networks`` once on each of ``budget.seeds`` seeds.

    Seed by seed, so that an interrupted confirmation has whole seeds.
    """

    phase, reads_test = Phase.CONFIRMATION, True
    purpose = "the best designs again, on new seeds"

    def __init__(
        self, settings: Settings, dataset: Dataset, ledger: Ledger, networks: Iterable[Network]
    ) -> None:
        super().__init__(settings, dataset, ledger)
        unique: dict[str, Network] = {}
        for network in networks:
            unique.setdefault(network.config_id, network)
        self._wanted = [
            (network, seed)
            for seed in new_seeds(settings, self.phase, settings.budget.seeds)
            for network in unique.values()
        ]
        self._queue = self.more()
        self.done = len(self._wanted) - len(self._queue)
        self.reading_plan = _plan_of(self._wanted)
        before = [record for record in ledger.board.records() if record.phase == self.phase]
        readings = {record.reading_plan: record.reading or 1 for record in before}
        self.reading = readings.get(self.reading_plan, max(readings.values(), default=0) + 1)

    def more(self) -> list[Training]:
        """What is not trained yet, and what failed and is to be tried again."""
        return [(network, seed) for network, seed in self._wanted if self.lacks(network, seed)]


def _plan_of(planned: Iterable[Training]) -> str:
    """A hash of the trainings of a reading."""
    text = " ".join(sorted(f"{network.config_id}/{seed}" for network, seed in planned))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
