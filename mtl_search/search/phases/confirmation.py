"""Confirmation: finalists and controls trained on new seeds, the only time that test is read.

What is chosen after test was known may owe something to it, so readings are counted. One is over when all
that it was to train is trained; a later confirmation that has anything else to train is the next, and its
tests are made at half the level (`mtl_search.analysis.significance.level_of`). What was lost or interrupted
and is trained at last belongs to the reading that had planned it.

What is trained here is kept, since it is what a user takes home: ``keep`` in the sweep file says whether
that is the networks of the ``recommended`` design, of all ``finalists``, or ``none``. Each is saved as a
`TrainedNetwork` below ``networks`` in the results folder, before its row is recorded. The weights come back
from the worker with the outcome, since a worker on another machine does not see that folder. A network takes
four bytes a parameter there and on the way: networks of tables have 10,000 to 100,000 parameters, so the two
or three of a design on five seeds take a few megabytes at most. What every network says of the main tasks'
test rows is kept below ``outputs``, four bytes a number, for the ensembles of seeds (`phases.ensembles`).
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import final

from typing_extensions import override

from mtl_search.bundle.outputs import save_outputs
from mtl_search.bundle.trained_network import NETWORKS, network_folder
from mtl_search.bundle.trained_trees import trained
from mtl_search.data import Dataset
from mtl_search.records import Phase, TrialState
from mtl_search.search.budget.afterwards import FEWEST
from mtl_search.search.budget.hours import Hours
from mtl_search.search.designs.plans import NetworkPlan, PlannedTraining, new_seeds
from mtl_search.search.jobs import Job, Placement
from mtl_search.search.ledger import Ledger
from mtl_search.search.ledger.recording import versions
from mtl_search.search.phases.retraining import Retraining
from mtl_search.sweep.settings import Settings
from mtl_search.training import TrialOutcome

__all__ = ["NETWORKS", "Confirmation"]


@final
class Confirmation(Retraining):
    """Trains each of ``networks`` once on each of ``budget.seeds`` seeds.

    Seed by seed, so that an interrupted confirmation has whole seeds. Under ``hours`` on as many as there is
    time for, `afterwards.FEWEST` at least: that is decided before test is read, and only shortened if
    trainings turn out longer. A network that is to be kept and is not there, since an earlier run did not
    keep it or its folder is gone, is trained once more on the same seed; then test is not read and no trial
    is recorded.
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
        self._dataset, self._hours, self._begun = dataset, hours, set[int]()
        self.kept_again: Counter[str] = Counter()  # trained only to be kept, by arm: no trial is recorded
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
        """How many seeds: as many as a reading that is being completed had planned, else as many as fit."""
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

    @override
    def fits(self, network: NetworkPlan, seed: int) -> bool:
        if self._hours is not None and not self.lacks(network, seed):
            seconds = self.ledger.timings.network(network.config_id, network.arm)
            return self._hours.takes([seconds]) <= self._hours.left
        if self._hours is None or seed in self._begun or seed in self._seeds[:FEWEST]:
            return True
        if self._hours.takes(self._seconds(seed)) > self._hours.left:
            return False
        self._begun.add(seed)
        return True

    @override
    def more(self) -> list[PlannedTraining]:
        return [one for one in self._wanted if self.lacks(*one)] or [
            one for one in self._wanted if self._lacks_folder(*one)
        ]

    @override
    def job(self, network: NetworkPlan, seed: int) -> Job:
        job = super().job(network, seed)
        return replace(job, keep=network.kept, read_test=self.lacks(network, seed))

    @override
    def finish(self, trial_id: str, outcome: TrialOutcome | None, placement: Placement) -> None:
        one = self._live[trial_id]
        network, job = one.network, one.job
        if outcome is not None and outcome.weights is not None:
            whole = trained(job.config, self._dataset, outcome.weights, job.seed, versions())
            whole.save(self._folder(network, job.seed))
        if outcome is not None and outcome.outputs is not None:
            mine = {task: of_it for task, of_it in outcome.outputs.items() if task in self.ledger.metrics}
            save_outputs(self.ledger.board.path, network.config_id, job.seed, mine)
        if job.read_test:
            super().finish(trial_id, outcome, placement)
        else:
            self.end(trial_id, outcome)
            self.kept_again[network.arm] += outcome is not None

    def _lacks_folder(self, network: NetworkPlan, seed: int) -> bool:
        """Whether the weights of a network that was trained on ``seed`` should be kept and are missing."""
        if not network.kept or self._tried[network.config_id, seed] or self._folder(network, seed).exists():
            return False
        complete = self.ledger.replicates.attempts(self.phase, network.config_id, seed)
        return any(attempt.state == TrialState.COMPLETE for attempt in complete)

    def _folder(self, network: NetworkPlan, seed: int) -> Path:
        return self.ledger.board.path / NETWORKS / network_folder(network.config_id, seed)


def _plan_of(planned: Iterable[PlannedTraining]) -> str:
    """A hash of the trainings of a reading."""
    text = " ".join(sorted(f"{network.config_id}/{seed}" for network, seed in planned))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
