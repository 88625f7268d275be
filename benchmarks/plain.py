"""The plain training loop, and the stock Ray Tune script around it: what the package is compared with.

Both use the package's Dataset, Network, tasks and Evaluator, so that a training is the same work everywhere
and only what surrounds it differs. Nothing here is slowed down on purpose: the data lies once in Ray's object
store, a worker has one torch thread, an epoch is one batched pass, and the optimiser is fused.
"""

import math
import tempfile
import time
from collections.abc import Mapping
from typing import Any

import torch
from ray import tune
from ray.tune.search.optuna import OptunaSearch
from torch import Tensor

from mtl_search.data import Dataset
from mtl_search.training import TrialConfig, build_network
from mtl_search.training.evaluation import Evaluator

__all__ = ["PlainTraining", "run_tune"]


class PlainTraining:
    """One network, trained epoch by epoch, with its best epoch kept; equal weights."""

    def __init__(self, config: TrialConfig, dataset: Dataset, lr: float) -> None:
        self._tasks = {name: dataset.tasks[name] for name in config.members}
        self._train = dataset.train.select(config.members)
        self._evaluator = Evaluator(dataset.valid.select(config.members), self._tasks)
        self._size = config.batch_size
        torch.manual_seed(0)
        generator = torch.Generator().manual_seed(0)
        self._network = build_network(config, self._tasks, dataset.input_shape, generator)
        self._optimizer = torch.optim.AdamW(self._network.parameters(), lr=lr, fused=True)
        steps = config.epochs * math.ceil(len(self._train) / self._size)
        self._schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self._optimizer, steps)
        self._best, self._state = -math.inf, dict[str, Tensor]()

    def run_epoch(self) -> dict[str, float]:
        """Train an epoch and validate: the default metric of each task, and the score that is maximised."""
        self._network.train()
        rows = self._train.take(torch.randperm(len(self._train)))
        for start in range(0, len(rows), self._size):
            batch = rows.slice(start, start + self._size)
            outputs = self._network(batch.inputs)
            losses = [
                task.loss(outputs[name], batch.targets[name], batch.labelled[name])
                for name, task in self._tasks.items()
            ]
            self._optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(torch.stack(losses).sum())
            self._optimizer.step()
            self._schedule.step()
        values = self._evaluator.default_metrics(self._network)
        score = sum(self._tasks[name].metric.signed(value) for name, value in values.items()) / len(values)
        if score > self._best:
            self._best = score
            self._state = {name: value.clone() for name, value in self._network.state_dict().items()}
        return {**values, "score": score}

    def conclude(self) -> dict[str, float]:
        """Every metric of each task at the best epoch."""
        self._network.load_state_dict(self._state)
        metrics = self._evaluator.all_metrics(self._network)
        return {f"{task}/{name}": value for task, named in metrics.items() for name, value in named.items()}


def train_plainly(config: Mapping[str, Any], trial: TrialConfig, dataset: Dataset) -> None:
    """The stock script's function: reports after each epoch, every metric with the last."""
    torch.set_num_threads(1)
    training = PlainTraining(trial, dataset, config["lr"])
    for _ in range(trial.epochs - 1):
        tune.report(training.run_epoch())
    tune.report(training.run_epoch() | training.conclude())


class FinishTimes(tune.Callback):  # type: ignore[misc]
    """When each trial ended."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Note the time."""
        self.times.append(time.time())


def run_tune(
    trial: TrialConfig, dataset: Dataset, n: int, lr: tuple[float, float], *, reuse_actors: bool
) -> tuple[float, list[float]]:
    """``n`` trainings by Tune and its OptunaSearch; when ``fit`` was called and when each trial ended.

    Everything is Tune's default except ``reuse_actors``, if it is asked for.
    """
    finished = FinishTimes()
    with tempfile.TemporaryDirectory() as folder:
        tuner = tune.Tuner(
            tune.with_parameters(train_plainly, trial=trial, dataset=dataset),
            param_space={"lr": tune.loguniform(*lr)},
            tune_config=tune.TuneConfig(
                metric="score",
                mode="max",
                num_samples=n,
                search_alg=OptunaSearch(),
                **({"reuse_actors": True} if reuse_actors else {}),
            ),
            run_config=tune.RunConfig(storage_path=folder, callbacks=[finished]),
        )
        start = time.time()
        results = tuner.fit()
    if results.num_errors or len(results) != n:
        raise RuntimeError(f"expected {n} trials, found {len(results)} with {results.num_errors} errors")
    return start, finished.times
