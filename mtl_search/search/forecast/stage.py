"""Stage: which job sources a sweep has, which of them is at work, and so where the sweep stands."""

import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import final

from mtl_search.arm_names import SINGLE_TASK
from mtl_search.search.budget.turns import Running
from mtl_search.search.forecast.counts import Step
from mtl_search.search.forecast.forecast import Ahead
from mtl_search.search.forecast.standing import Key, Standing, trained
from mtl_search.search.phases.catch_up import CatchUp
from mtl_search.search.phases.conductor import Conductor
from mtl_search.search.phases.confirmation import Confirmation
from mtl_search.search.phases.replication import Replication
from mtl_search.search.phases.retraining import InTraining, Retraining

__all__ = ["Stage", "arm_of"]


def arm_of(one: Running | InTraining) -> str:
    """Whose network is in training."""
    return one.study.arm.name if isinstance(one, Running) else one.network.arm


@final
@dataclass(slots=True)
class Stage:
    """The job sources of a sweep, and which step is on."""

    conductor: Conductor
    catch_up: CatchUp
    replication: Replication
    confirmation: Confirmation | None = None
    step: Step = Step.SEARCH

    @property
    def retraining(self) -> Retraining | None:
        """The one at work, if it trains networks again."""
        return {Step.REPLICATION: self.replication, Step.CONFIRMATION: self.confirmation}.get(self.step)

    @property
    def running(self) -> Collection[Running | InTraining]:
        """What is in training."""
        retraining = self.retraining
        return self.conductor.running.values() if retraining is None else retraining.running

    @property
    def purpose(self) -> str:
        """Why what is trained was chosen."""
        if self.step is Step.CATCH_UP:
            return "the references try what the search found"
        return self.conductor.note if self.retraining is None else self.retraining.purpose

    @property
    def done(self) -> Counter[Key]:
        """How many trials each step has ended, in all runs."""
        found = trained(self.conductor.ledger, self.conductor.arms)
        if self.confirmation is not None:
            found.update({(Step.CONFIRMATION, arm): n for arm, n in self.confirmation.kept_again.items()})
        return found

    def standing(self) -> Standing:
        """Where the sweep stands."""
        conductor, done = self.conductor, self.done
        searched = {arm.name: conductor.planned(arm) for arm in conductor.arms}
        if (number := searched[SINGLE_TASK]) is not None:
            of_catch_up = sum(one.kept for one in conductor.running.values())
            searched[SINGLE_TASK] = number - done[Step.CATCH_UP, SINGLE_TASK] - of_catch_up
        newest: Counter[Key] = Counter({(Step.CATCH_UP, SINGLE_TASK): self.catch_up.newest})
        newest.update({(Step.REPLICATION, arm): n for arm, n in self.replication.newest.items()})
        return Standing(
            self.step,
            done,
            Counter((self.step, one.arm) for one in self.ahead(math.inf)),
            searched,
            self.catch_up.times,
            self.replication.rounds,
            newest,
        )

    def ahead(self, working: float) -> list[Ahead]:
        """What is in training, for ``working`` seconds at most, and what is next for sure."""
        found = []
        for one in self.running:
            known = one.network.config_id if isinstance(one, InTraining) else None
            ran, share = min(one.started.seconds, working), len(one.history) / one.job.config.epochs
            found.append(Ahead(arm_of(one), known, ran, share))
        if self.step is Step.CATCH_UP:
            found += [Ahead(SINGLE_TASK)] * self.catch_up.queued
        if (retraining := self.retraining) is not None:
            found += [Ahead(network.arm, network.config_id) for network, _ in retraining.queued]
        return found
