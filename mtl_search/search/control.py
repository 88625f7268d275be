"""The control: a task alone with the hyperparameters of the network that serves it.

A network of several tasks that beats a tuned single-task network may do so because its tasks help each other,
or because the search happened upon better hyperparameters. The same hyperparameters with the task alone tell
the two apart: what the control gains is of tuning, what the design gains over its control is of sharing.
"""

from mtl_search.training import TrialConfig
from mtl_search.weighting import EqualConfig

__all__ = ["alone"]


def alone(config: TrialConfig, task: str) -> TrialConfig:
    """The network of ``task``, a member of ``config``'s network, alone; all else is as in ``config``.

    Its branching is the chain of as many stages, its weighting equal, as those of every network of one task:
    equal hyperparameters are one configuration, whichever networks they come from.
    """
    if task not in config.members:
        raise ValueError(f"alone: expected a member of {' '.join(config.members)}, found {task!r}")
    return config.model_copy(
        update={
            "members": (task,),
            "branching": config.branching.restrict((task,)),
            "weighting": EqualConfig(),
        }
    )
