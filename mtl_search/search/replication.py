"""Replication: the networks of promising designs trained again, so that none is chosen for one lucky seed.

The best of a hundred noisy measurements is better on paper than in truth (the winner's curse), and a design
takes the best for each task. So before designs are final their networks are trained again on
``budget.repeats`` new seeds, still on valid alone, and are known by their means. The designs that are then
best may have other networks, which are trained again in their turn, for ``ROUNDS`` rounds: what SMAC calls
intensification (Hutter et al. 2011), for designs. Between rounds a gain is shrunk by what the repeats tell of
the noise, the more the rarer it was seen, so that a network seen once has to promise more. Final designs are
made of replicated networks alone, in every arm alike.
"""

from mtl_search.data import Dataset
from mtl_search.records import Phase
from mtl_search.search.composing import promising
from mtl_search.search.ledger import Ledger
from mtl_search.search.retraining import Retraining, Training, new_seeds
from mtl_search.search.sweep import SweepSpec

__all__ = ["ROUNDS", "Replication"]

ROUNDS = 3


class Replication(Retraining):
    """Trains the networks of each arm's promising designs on ``budget.repeats`` seeds, round by round."""

    phase = Phase.REPLICATION
    purpose = "promising designs again, so that no lucky seed wins"

    def __init__(self, spec: SweepSpec, dataset: Dataset, ledger: Ledger) -> None:
        super().__init__(spec.settings, dataset, ledger)
        self._spec = spec
        self._seeds = new_seeds(spec.settings, self.phase, spec.settings.budget.repeats)
        self._rounds = 0

    def more(self) -> list[Training]:
        """The seeds that the networks of the designs that are most promising now lack; empty at the end."""
        if not self._seeds or self._rounds == ROUNDS:
            return []
        self._rounds += 1
        networks = {record.config_id: record for record in promising(self._spec, self.ledger)}
        return [
            (record, seed)
            for record in networks.values()
            for seed in self._seeds
            if seed not in self.ledger.replicated_seeds(record.config_id)
        ]
