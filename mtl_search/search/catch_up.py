"""The references catch up: what serves a task in a promising design is tried for that task alone.

A search of a hundred trials comes upon better hyperparameters than a single-task study of a dozen. Were its
networks compared with what that study found, the difference in tuning would look like a gain of sharing. So
before anything is final, the hyperparameters of each network in a promising design are tried in the
single-task study of each task that it serves there. These trainings are trials of ``single_task``, beyond its
budget. Where a reference improves, the promising designs may be others, so it goes on until there is nothing
new to try. Final designs are composed of what was replicated, which may be promising no longer, so these
count as well.
"""

from typing import Literal

from mtl_search.records import EpochReport, TrialRecord, TrialState
from mtl_search.search.arms import SINGLE_TASK
from mtl_search.search.composing import serving, serving_finally
from mtl_search.search.conductor import Conductor
from mtl_search.search.control import alone
from mtl_search.search.jobs import Job, JobSource, Placement
from mtl_search.search.replication import Replication
from mtl_search.search.transfer import params_of
from mtl_search.training import TrialConfig, TrialOutcome

__all__ = ["CatchUp"]


class CatchUp(JobSource):
    """Trains each task alone as the networks that serve it in promising designs; through the conductor.

    What is missing follows from the ledger alone, so a resumed one goes on as if it had never stopped, and it
    can be asked again after a round of the ``replication``, by which other networks may be promising.
    """

    def __init__(self, conductor: Conductor, replication: Replication) -> None:
        self._conductor, self._replication = conductor, replication
        self._queue: list[tuple[TrialRecord, str]] = []

    def next(self) -> Job | Literal["wait", "done"]:
        """The next network and task."""
        if self._conductor.interrupted:
            return "done"
        if (job := self._conductor.restart()) is not None:
            return job
        if not self._queue and not self._conductor.live:
            self._queue = self.missing()
        while self._queue:
            network, task = self._queue.pop(0)
            config = alone(TrialConfig.model_validate_json(network.config), task)
            if (job := self._conductor.try_alone(task, config, params_of(network))) is not None:
                return job
            if not self._queue:
                self._queue = self.missing()
        return "wait" if self._conductor.live else "done"

    def missing(self) -> list[tuple[TrialRecord, str]]:
        """The networks and tasks that are still to be tried, each configuration once."""
        ledger, dataset = self._conductor.ledger, self._conductor.dataset
        done = {
            record.config_id
            for record in ledger.records
            if record.arm == SINGLE_TASK and record.state != TrialState.PRUNED
        }
        found: dict[str, tuple[TrialRecord, str]] = {}
        for key, tasks in self._serving().items():
            network = ledger[key]
            if TrialConfig.model_validate_json(network.config).trunk.stages == 0:
                continue  # a linear network is a reference of its own, and stays apart
            for task in sorted(tasks):
                config = alone(TrialConfig.model_validate_json(network.config), task)
                config_id = config.identity(dataset.fingerprint)
                if config_id not in done:
                    found.setdefault(config_id, (network, task))
        return list(found.values())

    def _serving(self) -> dict[str, set[str]]:
        """The networks of promising designs and, once the replication is complete, of final ones, each with
        the tasks that it serves."""
        spec, ledger = self._conductor.spec, self._conductor.ledger
        found = serving(spec, ledger, self._replication.known())
        if not self._replication.more():
            for key, tasks in serving_finally(spec, ledger).items():
                found[key] = found.get(key, set()) | tasks
        return found

    def report(self, trial_id: str, report: EpochReport) -> bool:
        """Take note of an epoch; nothing is pruned here."""
        return self._conductor.report(trial_id, report)

    def finish(self, trial_id: str, outcome: TrialOutcome | None, placement: Placement) -> None:
        """Record the outcome as a trial of the task's study."""
        self._conductor.finish(trial_id, outcome, placement)

    def interrupt(self) -> None:
        """Hand out nothing more and stop what is running."""
        self._conductor.interrupt()
