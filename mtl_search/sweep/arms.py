"""Arms: the parts of a sweep with budgets of their own, and those that every sweep is compared with."""

from dataclasses import dataclass

from mtl_search.analysis.provisional import FEWEST_TRIALS
from mtl_search.arm_names import (
    LINEAR,
    NETWORK_REFERENCES,
    POOLED,
    REFERENCE_ARMS,
    SEARCH,
    SHARED_EQUAL,
    SHARED_TUNED,
    SINGLE_TASK,
    TREES,
)
from mtl_search.space import MembersRange, SearchSpace
from mtl_search.sweep.spec import SweepSpec
from mtl_search.sweep.trees_space import TreesSpace

__all__ = ["INFORMED", "Arm", "arms_of", "evidence_for", "networks_of"]

NO_TRUNK = {"trunk": {"name": "mlp", "stages": 0}, "sharing": "shared", "copies": 1}
INFORMED = FEWEST_TRIALS  # trials trained to their end before a reference's study stops any
TUNED_WEIGHTS = {"name": "fixed", "weights": {"simplex": [0.1, 10.0]}}


Studies = dict[str, tuple[str, ...] | None]  # the members of their trials, by name


@dataclass(frozen=True, slots=True)
class Arm:
    """A space and how many trials each of its studies gets.

    ``studies`` maps a study's name to the members all its trials have, None if they are chosen trial
    by trial. ``trials`` is None under a budget of hours.
    """

    name: str
    space: SearchSpace | TreesSpace
    studies: Studies
    trials: int | None

    @property
    def is_reference(self) -> bool:
        """Whether it is run to be compared with."""
        return self.name in REFERENCE_ARMS


def arms_of(spec: SweepSpec) -> tuple[Arm, ...]:
    """The arms in the order they run: the references, the user's own, the search.

    ``single_task`` tunes each main task alone, in a study of its own, and ``linear`` does so without a trunk:
    on many tables nothing is better. ``shared_equal`` and ``shared_tuned`` train all tasks in one network
    with only the heads apart, under equal weights and under fixed weights that are tuned (Xin et al. 2022
    show how strong these are). All tune what ``trial:`` leaves open of their networks. ``trees`` tunes
    boosted trees of each main task, which are no networks and in no design of them. Each reference gets as
    many trials as the others; the search gets ``budget.trials``.
    """
    settings, budget = spec.settings, spec.settings.budget
    everything = settings.all_tasks
    shared = {"members": "all", "sharing": "shared"}
    tuned = {
        SHARED_EQUAL: {**shared, "weighting": {"name": "equal"}},
        SHARED_TUNED: {**shared, "weighting": TUNED_WEIGHTS},
    }
    per_task = budget.reference_trials if budget.trials is not None else None
    in_total = per_task * len(settings.main_tasks) if per_task is not None else None
    arms = [Arm(SINGLE_TASK, spec.space, _of_each_task(SINGLE_TASK, spec), per_task)]
    if settings.references.linear:
        space = spec.override(NO_TRUNK).without("encoder", "table", "numeric")  # embeddings of numbers bend
        arms.append(Arm(LINEAR, space, _of_each_task(LINEAR, spec), per_task))
    arms += [Arm(name, spec.override(part), {name: everything}, in_total) for name, part in tuned.items()]
    if settings.references.trees:
        trees = TreesSpace(MembersRange(everything, 1, 1))
        arms.append(Arm(TREES, trees, _of_each_task(TREES, spec), per_task))
    for name, space in (*spec.arms.items(), (SEARCH, spec.space)):
        arms.append(
            Arm(name, space, {name: space.members.tasks if space.members.is_fixed else None}, budget.trials)
        )
    return tuple(arms)


def _of_each_task(arm: str, spec: SweepSpec) -> Studies:
    return {f"{arm}/{task}": (task,) for task in spec.settings.main_tasks}


def networks_of(spec: SweepSpec, arm: str) -> tuple[str, ...]:
    """The arms whose networks the designs of ``arm`` are composed of: its own, of ``pooled`` those of all.

    What an arm may learn from is another matter: see `evidence_for`. A design of the search's own networks
    alone is what its budget bought, and compares with the other arms' at equal budget.
    """
    return (*NETWORK_REFERENCES, *spec.arms, SEARCH) if arm == POOLED else (arm,)


def evidence_for(arm: str) -> tuple[str, ...]:
    """The arms whose trials an arm may learn from: the search from the references' too, others their own."""
    return (SINGLE_TASK, SHARED_EQUAL, SHARED_TUNED, SEARCH) if arm == SEARCH else (arm,)
