"""Training one network: configuration, loop, evaluation, optimisers, schedules.

It knows nothing of Ray or Optuna: ``run_trial(config, dataset)`` works in a notebook.

- All train rows are in memory on the trial's device. They are put in a new order once an epoch, and a
  batch is a slice of them: no workers, no copies per batch.
- Nothing in a step waits for the device. Losses and weights are kept there and read once an epoch, which
  is when a non-finite loss is found and named, with the step and the task it first appeared in.
- A trainer takes a pack of jobs with one `pack_key`, so that small networks can be trained side by side on a
  GPU that one of them leaves idle. There is one for packs of one.
- The best epoch is the one with the best score on valid (``Score``): the mean gain over the main members.
"""

from mtl_search.training.config import TrialConfig
from mtl_search.training.job import Job, pack_key
from mtl_search.training.kinds import AnyConfig, read_config
from mtl_search.training.loop import NonFiniteLossError, Training, build_network
from mtl_search.training.score import Score
from mtl_search.training.state import TrainingState
from mtl_search.training.trainer import Progress, SoloTrainer, Trainer
from mtl_search.training.trees import TreesConfig
from mtl_search.training.trial import (
    N_GROUPS,
    NetworkCost,
    TrialOutcome,
    conclude,
    failure,
    network_cost,
    run_trial,
)

__all__ = [
    "N_GROUPS",
    "AnyConfig",
    "Job",
    "NetworkCost",
    "NonFiniteLossError",
    "Progress",
    "Score",
    "SoloTrainer",
    "Trainer",
    "Training",
    "TrainingState",
    "TreesConfig",
    "TrialConfig",
    "TrialOutcome",
    "build_network",
    "conclude",
    "failure",
    "network_cost",
    "pack_key",
    "read_config",
    "run_trial",
]
