"""Confirmation: the best designs' networks trained again on new seeds, the only time test is read."""

from collections.abc import Iterable

from mtl_search.data import Dataset
from mtl_search.records import Phase, TrialRecord
from mtl_search.search.ledger import Ledger
from mtl_search.search.retraining import Retraining, Training, new_seeds
from mtl_search.search.settings import Settings

__all__ = ["Confirmation"]


class Confirmation(Retraining):
    """Trains each of ``networks`` (records of the search) once on each of ``budget.seeds`` seeds.

    Seed by seed, so that an interrupted confirmation has whole seeds.
    """

    phase, reads_test = Phase.CONFIRMATION, True
    purpose = "the best designs again, on new seeds"

    def __init__(
        self, settings: Settings, dataset: Dataset, ledger: Ledger, networks: Iterable[TrialRecord]
    ) -> None:
        super().__init__(settings, dataset, ledger)
        unique = {record.config_id: record for record in networks}
        self._wanted = [
            (record, seed)
            for seed in new_seeds(settings, self.phase, settings.budget.seeds)
            for record in unique.values()
        ]
        self._queue = self.more()
        self.done = len(self._wanted) - len(self._queue)

    def more(self) -> list[Training]:
        """What is not trained yet, and what failed and is to be tried again."""
        return [(network, seed) for network, seed in self._wanted if self.lacks(network, seed)]
