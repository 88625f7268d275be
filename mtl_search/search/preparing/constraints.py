"""Whether the constraints of a sweep leave its arms any network."""

import random
from collections.abc import Mapping

from mtl_search.data import Dataset
from mtl_search.errors import Mismatch
from mtl_search.model import NetworkCosts
from mtl_search.search.studies.arm_study import MAX_REFUSED
from mtl_search.space import RandomSuggest
from mtl_search.sweep.arms import Arm, arms_of
from mtl_search.sweep.settings import Constraints
from mtl_search.sweep.spec import SweepSpec
from mtl_search.sweep.trees_space import TreesSpace
from mtl_search.training import TrialConfig

__all__ = ["check_constraints"]


def check_constraints(spec: SweepSpec, dataset: Dataset) -> None:
    """SpecError if an arm has no network that fits the data and the constraints, or what is searched has none
    that a design may have, as far as draws can tell."""
    settings, costs = spec.settings, NetworkCosts(dataset.tasks, dataset.input_shape)
    of_design = Constraints(n_params=settings.objective.max_params)
    for arm in arms_of(spec):
        _check(arm, settings.constraints, ("constraints",), spec, dataset, costs)
        if not arm.is_reference and of_design.n_params is not None:
            _check(arm, of_design, ("objective", "max_params"), spec, dataset, costs)


def _check(
    arm: Arm,
    constraints: Constraints,
    place: tuple[str, ...],
    spec: SweepSpec,
    dataset: Dataset,
    costs: NetworkCosts,
) -> None:
    if isinstance(arm.space, TreesSpace):  # which are no networks
        return
    for members in arm.studies.values():
        suggest = RandomSuggest(random.Random(0))
        smallest: dict[str, int] = {}
        for _ in range(MAX_REFUSED):
            sampled = arm.space.sample(suggest, members or arm.space.members.suggest(suggest))
            config = TrialConfig.model_validate(sampled)
            try:
                config.augment.check(dataset.input_shape)
                cost = costs.of(config)
                costs.of(config.model_copy(update={"copies": arm.space.largest("copies", 1)}))
            except Mismatch as wrong:
                raise wrong.at(spec.document.place(("trial",))) from None
            if (broken := constraints.broken_by(cost)) is None:
                break
            found = getattr(cost, broken[0])
            smallest[broken[0]] = min(found, smallest.get(broken[0], found))
        else:
            limits = constraints.model_dump(exclude_none=True)
            raise spec.document.error(
                place,
                f"some network of arm {arm.name!r} within {_listed(limits)}",
                f"none in {MAX_REFUSED} drawn at random, the smallest with {_listed(smallest)}",
                "allow more, or narrow the trunk",
            )


def _listed(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {size:,}" for name, size in sizes.items())
