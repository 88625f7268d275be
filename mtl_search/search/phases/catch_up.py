"""The references catch up: what serves a task in a promising design is tried for that task alone.

A search of a hundred trials finds better hyperparameters than a single-task study of a dozen. Were its
networks compared with what that study found, the difference in tuning would look like a gain of sharing. So
before anything is final, the hyperparameters of each network in a promising design are tried in the
single-task study of each task that it serves there. These trainings are trials of ``single_task``, beyond its
budget. If a reference improves, the promising designs may be others, so it goes on until there is nothing
new to try, or its bound is reached. Final designs are composed of what was replicated, which may be promising
no longer, so these count as well.

The bound. Under a budget of trials: the networks of the design that would be recommended are tried always,
those of others until ``single_task`` has trained twice as much as its own studies may. Under hours: as the
time that is reserved for it allows, the recommended design's first.

With ``references: {catch_up: false}`` the references stay what they are, say plain networks that networks of
other kinds, in arms of their own, are compared with. A caveat of the summary says so.
"""

from collections.abc import Iterator
from typing import Literal, final

from typing_extensions import override

from mtl_search.arm_names import SINGLE_TASK
from mtl_search.records import EpochReport
from mtl_search.search.designs.composing import serving, serving_finally
from mtl_search.search.designs.control import alone
from mtl_search.search.designs.untried import Untried, untried, within_bound
from mtl_search.search.jobs import Job, JobSource, Placement
from mtl_search.search.phases.conductor import Conductor
from mtl_search.search.phases.replication import Replication
from mtl_search.search.studies.transfer import params_of
from mtl_search.training import TrialConfig, TrialOutcome

__all__ = ["CatchUp", "until_settled"]


def until_settled(conductor: Conductor, catch_up: "CatchUp", replication: Replication) -> Iterator[JobSource]:
    """What is trained after the search, in turns, until it changes nothing any more.

    Under hours the search goes on with what is left over then.
    """
    if replication.was_stopped:  # before that round the references had caught up
        yield replication
    while not replication.lost:
        yield catch_up
        yield replication
        if replication.lost or catch_up.missing():
            continue
        known = len(conductor.ledger.records)
        if conductor.hours is None or conductor.hours.closed:
            return
        conductor.hours.look_again()
        yield conductor
        if len(conductor.ledger.records) == known:
            return


@final
class CatchUp(JobSource):
    """Trains each task alone as the networks that serve it in promising designs; through the conductor.

    What is missing follows from the ledger alone, so a resumed one goes on as if it had never stopped, and it
    can be asked again after a round of the ``replication``, by which other networks may be promising.
    """

    def __init__(self, conductor: Conductor, replication: Replication) -> None:
        self._conductor, self._replication = conductor, replication
        self._queue: list[Untried] = []
        self.times, self.newest = 0, 0  # how often they have caught up, and by how many trials the last time

    @property
    def queued(self) -> int:
        """How many are next."""
        return len(self._queue)

    @override
    def next(self) -> Job | Literal["wait", "done"]:
        if self._conductor.interrupted:
            return "done"
        if (job := self._conductor.restart()) is not None:
            return job
        running, hours = self._conductor.running, self._conductor.hours
        while True:
            if not self._queue and not running:  # what is in training counts as missing
                self._queue = self.missing()
                self.times += bool(self._queue)
                self.newest = len(self._queue) or self.newest
            if not self._queue or (hours is not None and not hours.has_room(SINGLE_TASK)):
                self._queue.clear()
                return "wait" if running else "done"
            network, task = self._queue.pop(0)
            config = alone(TrialConfig.model_validate_json(network.config), task)
            if (job := self._conductor.try_alone(task, config, params_of(network))) is not None:
                return job

    def missing(self) -> list[Untried]:
        """The networks and tasks that are still to be tried and that the budget allows, each configuration
        once."""
        conductor = self._conductor
        found = self.left()
        if conductor.hours is not None:
            return conductor.hours.catches_up(found, self._replication.known())
        return within_bound(conductor.spec, conductor.ledger, found)

    def left(self) -> list[Untried]:
        """All that is to be tried, whether or not the budget allows it."""
        conductor = self._conductor
        if not conductor.spec.settings.references.catch_up:
            return []
        data = conductor.dataset.fingerprint
        return untried(conductor.spec, conductor.ledger, data, self._serving())

    def _serving(self) -> dict[str, set[str]]:
        """The networks of promising designs and, once the replication is complete, of final ones, each with
        the tasks that it serves."""
        spec, ledger = self._conductor.spec, self._conductor.ledger
        found = serving(spec, ledger, self._replication.known())
        cut_short = self._conductor.hours is not None and ledger.replicated
        if cut_short or not self._replication.left():
            for key, tasks in serving_finally(spec, ledger).items():
                found[key] = found.get(key, set()) | tasks
        return found

    @override
    def report(self, trial_id: str, report: EpochReport) -> bool:
        return self._conductor.report(trial_id, report)

    @override
    def finish(self, trial_id: str, outcome: TrialOutcome | None, placement: Placement) -> None:
        self._conductor.finish(trial_id, outcome, placement)

    @override
    def interrupt(self) -> None:
        self._conductor.interrupt()
