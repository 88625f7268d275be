"""Replication: the networks of promising designs trained again, so that none is chosen for one lucky seed.

The best of a hundred noisy measurements is better on paper than in truth (the winner's curse), and a design
takes the best for each task. So before designs are final their networks are trained again on
``budget.repeats`` new seeds, still on valid alone, and are known by the mean of all trainings from then on.
The designs that are then best may have other networks, which are replicated in their turn, for ``ROUNDS``
rounds: what SMAC calls intensification (Hutter et al. 2011), for designs. Between rounds a gain is shrunk by
the noise that the replicates show, the more the rarer it was seen, so that a network seen once has to
promise more. Final designs are made of replicated networks alone, in every arm alike. For choosing, all
trainings of a network count; what is then said of the chosen ones on valid, and of the references, is the
mean of the replicates.

What the seeds have in common remains: all are judged by the same valid rows, so the best on valid is still a
little lucky in its rows. The confirmation, on test, is not.
"""

from typing_extensions import override

from mtl_search.data import Dataset
from mtl_search.records import Phase, TrialRecord
from mtl_search.search.budget.hours import Hours
from mtl_search.search.designs.composing import promising
from mtl_search.search.designs.plans import NetworkPlan, PlannedTraining, new_seeds
from mtl_search.search.ledger import Ledger
from mtl_search.search.phases.retraining import Retraining
from mtl_search.sweep.spec import SweepSpec

__all__ = ["ROUNDS", "Replication"]

ROUNDS = 3


class Replication(Retraining):
    """Trains the networks of each arm's promising designs on ``budget.repeats`` seeds, round by round.

    What a round trains follows from the records of the search and of the rounds before it alone, so a resumed
    replication goes on as if it had never stopped, and a complete one trains nothing more. Under ``hours`` a
    round is trained seed by seed, and ends before one that there is no time for.

    What is ``lost`` ends the run before test is read: once a resume has trained it other designs may be the
    best, and each reading of test costs. A network may be what kills its workers, so the resume goes on in
    any case.
    """

    phase, resamples_valid = Phase.REPLICATION, True
    purpose = "promising designs again, so that no lucky seed wins"

    def __init__(self, spec: SweepSpec, dataset: Dataset, ledger: Ledger, hours: Hours | None = None) -> None:
        super().__init__(spec.settings, dataset, ledger)
        self._spec, self._hours = spec, hours
        self._round: list[PlannedTraining] = []  # what was last asked for
        self._is_first, self._begun = True, set[int]()  # whether in the first round, and its seeds that fit
        self._seeds = new_seeds(spec.settings, self.phase, spec.settings.budget.repeats)

    @override
    def more(self) -> list[PlannedTraining]:
        """What the first round that is not complete still lacks; empty if all are."""
        known, missing = self._rounds()
        if self._hours is not None:  # so that what there is no time for is whole seeds
            missing.sort(key=lambda one: self._seeds.index(one[1]))
        self._round, self._is_first, self._begun = missing, not known, set()
        return list(missing)

    def left(self) -> list[PlannedTraining]:
        """What it would still train, whether or not there is time."""
        return self._rounds()[1]

    @override
    def fits(self, network: NetworkPlan, seed: int) -> bool:
        if self._hours is None or seed in self._begun:
            return True
        times = self.ledger.timings
        seconds = [times.network(one.config_id, one.arm) for one, on in self._round if on == seed]
        if not self._hours.replicates(seconds, first=self._is_first):
            return False
        self._begun.add(seed)
        return True

    @property
    def lost(self) -> list[TrialRecord]:
        """The newest attempt at each training that was lost as often as one may be in this run, if no run
        before it lost it as often."""
        found = []
        for (config_id, seed), tried in self._tried.items():
            attempts = self.ledger.replicates.attempts(self.phase, config_id, seed)
            if tried > self._retries >= len(attempts) - tried and attempts[-1].lost:
                found.append(attempts[-1])
        return found

    @property
    def was_stopped(self) -> bool:
        """Whether the sweep stopped in the middle of a round, and nothing else was trained since."""
        newest = self.ledger.newest
        return newest is not None and newest.phase == self.phase and bool(self.left())

    def known(self) -> set[str]:
        """The networks, by config_id, of the rounds that are complete."""
        return self._rounds()[0]

    def _rounds(self) -> tuple[set[str], list[PlannedTraining]]:
        replicated: set[str] = set()
        for _ in range(ROUNDS if self._seeds else 0):
            found = promising(self._spec, self.ledger, replicated)
            networks = {record.config_id: NetworkPlan.of(record) for record in found}
            missing = [
                PlannedTraining(network, seed)
                for network in networks.values()
                for seed in self._seeds
                if self.lacks(network, seed)
            ]
            if missing:
                return replicated, missing
            if any(self._was_lost(config_id) for config_id in networks):
                return replicated, []  # the next round would build on what is not known
            replicated |= networks.keys()
        return replicated, []

    def _was_lost(self, config_id: str) -> bool:
        """Whether a replicate of that network was lost as often as one may be in a run."""
        attempts = [self.ledger.replicates.attempts(self.phase, config_id, seed) for seed in self._seeds]
        complete = {one.seed for one in self.ledger.replicates.complete(config_id)}
        return any(tries[-1].lost and tries[-1].seed not in complete for tries in attempts)
