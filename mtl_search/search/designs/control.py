"""The control: a task alone with the hyperparameters of the network that serves it.

A network of several tasks that beats a tuned single-task network may do so because its tasks help each other,
or because the search found better hyperparameters. The same hyperparameters with the task alone
separate the two: what the control gains is of tuning, what the design gains over its control is of sharing.
"""

import math
from dataclasses import dataclass

from mtl_search.arm_names import CONTROL
from mtl_search.data import Dataset
from mtl_search.design import Branching, Design, design_id
from mtl_search.model import HardSharing
from mtl_search.records import DesignRecord, Phase, TrialRecord, mean_gain
from mtl_search.search.designs.plans import NetworkPlan, new_seeds
from mtl_search.search.ledger import Ledger
from mtl_search.sweep.settings import Settings
from mtl_search.training import TrialConfig, network_cost
from mtl_search.weighting import EqualConfig

__all__ = ["Control", "alone", "control_of"]


@dataclass(frozen=True, slots=True)
class Control:
    """The control of a design, itself a design, and its networks as they are trained."""

    design: DesignRecord
    networks: tuple[NetworkPlan, ...]


def alone(config: TrialConfig, task: str) -> TrialConfig:
    """The network of ``task``, a member of ``config``'s network, alone; all else is as in ``config``.

    It shares with nobody and its weighting is equal, as in every network of one task:
    equal hyperparameters are one configuration, whichever networks they come from.
    """
    if task not in config.members:
        raise ValueError(f"alone: expected a member of {' '.join(config.members)}, found {task!r}")
    return config.model_copy(
        update={
            "members": (task,),
            "sharing": HardSharing(branching=Branching.shared((task,), config.trunk.depth)),
            "weighting": EqualConfig(),
        }
    )


def control_of(design: DesignRecord, ledger: Ledger, dataset: Dataset, settings: Settings) -> Control:
    """Each main task alone with the hyperparameters of what serves it in ``design``.

    A network that was trained in the search (the references try what the search found) is that one; others
    are known by their trainings in the confirmation. A task that is served alone, or has no gain to part, is
    its own control.
    """
    networks, serves, gains = {}, {}, {}
    first_seed = new_seeds(settings, Phase.CONFIRMATION, 1)[0]
    for task, key in design.serves.items():
        config = TrialConfig.model_validate_json(ledger[key].config)
        known = ledger[key] if config.members == (task,) or task not in design.gains else None
        config = config if known else alone(config, task)
        known = known or ledger.known(config.identity(dataset.fingerprint))
        networks[task] = _network(config, known, dataset)
        serves[task] = known.trial_id if known else f"confirmation-{networks[task].config_id}-{first_seed}"
        gains[task] = ledger.mean_gains(known).get(task, math.nan) if known else math.nan
    configs = {task: network.config_id for task, network in networks.items()}
    trained = {
        serves[task]: TrialConfig.model_validate_json(network.config) for task, network in networks.items()
    }
    branchings = {
        key: Branching.sketch(str(config.sharing), config.members) for key, config in trained.items()
    }
    known_gains = {task: gains[task] for task in design.gains if math.isfinite(gains[task])}
    known_all = known_gains.keys() == design.gains.keys()
    control = DesignRecord(
        design_id=design_id(configs),
        arm=CONTROL,
        arms=(CONTROL,),
        n_networks=len(serves),
        text=str(Design.from_serves(serves, branchings)),
        networks=tuple(sorted(serves.values())),
        serves=serves,
        configs=configs,
        gains=known_gains,
        delta_m=mean_gain(known_gains, dataset.weights) if known_all else math.nan,
        n_params=sum(network.n_params for network in networks.values()),
        flops=sum(network.flops for network in networks.values()),
    )
    return Control(control, tuple(networks.values()))


def _network(config: TrialConfig, known: TrialRecord | None, dataset: Dataset) -> NetworkPlan:
    if known is not None:
        return NetworkPlan.of(known)
    cost = network_cost(config, dataset)
    identity = config.identity(dataset.fingerprint)
    return NetworkPlan(identity, config.model_dump_json(), CONTROL, cost.n_params, cost.flops)
