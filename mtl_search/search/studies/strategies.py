"""The grouping strategy that a sweep file's ``sampler.grouping`` stands for."""

from collections.abc import Sequence

from mtl_search.grouping.bayesian import Affinities, BayesianGrouping
from mtl_search.grouping.member_space import MemberSpace
from mtl_search.grouping.plain import EverySet, PairsFirst, RandomSets
from mtl_search.grouping.strategy import GroupingStrategy
from mtl_search.space import SearchSpace
from mtl_search.sweep.settings import Settings

__all__ = ["build_strategy"]


def build_strategy(
    settings: Settings, space: SearchSpace, affinities: Sequence[Affinities]
) -> GroupingStrategy | None:
    """The strategy over the member sets of ``space``; None if Optuna's sampler chooses them itself.

    ``affinities`` of each training that measured them; more may come.
    """
    sets = MemberSpace(settings.main_tasks, settings.auxiliary_tasks, space.members.min, space.members.max)
    seed = settings.sampler.seed
    match settings.sampler.grouping:
        case "random":
            return RandomSets(sets, seed)
        case "pairs":
            return PairsFirst(sets, seed)
        case "exhaustive":
            return EverySet(sets)
        case "bayes":
            objective = settings.objective
            return BayesianGrouping(
                sets,
                objective.max_networks,
                seed,
                affinities,
                settings.weights,
                max_params=objective.max_params,
                per_second=settings.budget.hours is not None,
            )
        case "optuna":
            return None
