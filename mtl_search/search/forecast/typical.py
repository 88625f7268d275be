"""What the networks of an arm are like, before it has trained any."""

import random
from statistics import fmean
from typing import final

from mtl_search.analysis.power import expected_complete
from mtl_search.arm_names import TREES
from mtl_search.data import Dataset
from mtl_search.model import NetworkCosts
from mtl_search.search.ledger.speeds import Typical
from mtl_search.space import RandomSuggest
from mtl_search.sweep.arms import INFORMED, Arm, arms_of
from mtl_search.sweep.spec import SweepSpec
from mtl_search.training import TrialConfig

__all__ = ["TypicalNetworks", "trained_to_end"]

DRAWN = 32  # networks of an arm
UNKNOWN = 30  # trials of a study under a budget of hours


@final
class TypicalNetworks:
    """Networks of each arm, drawn at random from its space when they are first asked for."""

    def __init__(self, spec: SweepSpec, dataset: Dataset) -> None:
        self._spec = spec
        self._arms = {arm.name: arm for arm in arms_of(spec)}
        self._costs = NetworkCosts(dataset.tasks, dataset.input_shape)
        self._known: dict[str, Typical] = {}

    def of(self, arm: str) -> Typical | None:
        """Those of an arm; None if it has no networks of its own."""
        if arm not in self._arms or arm == TREES:
            return None
        if arm not in self._known:
            self._known[arm] = self._drawn(self._arms[arm])
        return self._known[arm]

    def _drawn(self, arm: Arm) -> Typical:
        suggest, studies = RandomSuggest(random.Random(0)), list(arm.studies.values())
        configs = []
        for number in range(DRAWN):
            members = studies[number % len(studies)] or arm.space.members.suggest(suggest)
            configs.append(TrialConfig.model_validate(arm.space.sample(suggest, members)))
        return Typical(
            fmean(len(config.members) for config in configs),
            fmean(self._costs.of(config).flops for config in configs),
            trained_to_end(self._spec, arm),
        )


def trained_to_end(spec: SweepSpec, arm: Arm) -> float:
    """The share of an arm's trials that the pruner is expected to let train to their end."""
    pruner = spec.settings.pruner
    pruner = pruner.after(INFORMED) if arm.is_reference else pruner
    trials = arm.trials or UNKNOWN
    rungs, factor = pruner.halvings(spec.max_epochs)
    return expected_complete(trials, rungs, factor, pruner.startup_trials) / trials
