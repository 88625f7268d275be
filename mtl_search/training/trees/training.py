"""TreesTraining: the boosted trees of one task in training."""

# N rows, M labelled rows of valid, F features, K outputs

import math
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, final

import torch
from torch import Tensor

from mtl_search.data import Dataset, Rows
from mtl_search.errors import DataError
from mtl_search.records import EpochReport, MeanGate, Metric, Resample, Split
from mtl_search.tasks import Boosting
from mtl_search.training.best import Best
from mtl_search.training.evaluation import Evaluator, as_metrics, as_resamples
from mtl_search.training.score import Score
from mtl_search.training.trees.config import ROUNDS, TreesConfig
from mtl_search.training.trees.forest import Features, Forest, as_text

if TYPE_CHECKING:
    from lightgbm import Booster

__all__ = ["TreesTraining"]


@final
class TreesTraining:
    """Boosted trees in training, with the methods of `Training`; on the CPU, whatever the trial was given.

    The same config, seed, data and version of LightGBM give the same numbers. Raises DataError if
    trees cannot learn this kind of task.
    """

    def __init__(self, config: TreesConfig, dataset: Dataset, *, seed: int, score: Score) -> None:
        (self._name,) = config.members
        self.config, self.score = config, score
        self.tasks = {self._name: dataset.tasks[self._name]}
        self._task, self._threads = self.tasks[self._name], torch.get_num_threads()
        boosting = self._task.boosting
        if boosting is None:
            place, wanted = f"tasks.{self._name}", "a kind of task that trees can learn"
            raise DataError(place, wanted, self._task.kind, "references: {trees: false}")
        self._features = Features(dataset.encoding)
        self._boosters = self._begin(boosting, dataset.train, seed)
        valid, known_N = dataset.valid, dataset.valid.labelled[self._name]
        self._valid = valid.take(known_N.nonzero().squeeze(1))
        self._rows_MF = self._features(self._valid.inputs)
        self._outputs_MK: Tensor | None = None  # of all trees so far
        self.best = Best()
        self.epoch = 0
        self._counted: int | None = None  # epochs whose trees count; None: all

    @property
    def finished(self) -> bool:
        """Whether all rounds are done, or ``patience`` ran out."""
        return self.epoch >= self.config.epochs or self.epoch - self.best.epoch >= self.config.patience

    @property
    def affinities(self) -> Mapping[tuple[str, str], float]:
        """None: a task alone has no companions."""
        return {}

    def run_epoch(self) -> EpochReport:
        """Grow ``ROUNDS`` trees, validate, and remember how many there were if they are the best so far."""
        start = time.perf_counter()
        for booster in self._boosters:
            for _ in range(ROUNDS):
                booster.update()
        of_these_MK = self._forest(self.epoch * ROUNDS, ROUNDS).outputs(self._rows_MF)
        self._outputs_MK = of_these_MK if self._outputs_MK is None else self._outputs_MK + of_these_MK
        self.epoch += 1
        targets_M, weights_M = self._valid.targets[self._name], self._valid.weights_N
        valid = {self._name: self._task.evaluate_default(self._outputs_MK.float(), targets_M, weights_M)}
        score = self.score(valid)
        if score > self.best.score:
            self.best = Best(self.epoch, score, valid)
        nothing, alone = {self._name: math.nan}, {self._name: 1.0}
        return EpochReport(self.epoch, nothing, valid, alone, score, time.perf_counter() - start)

    def restore_best(self) -> None:
        """Leave out of what follows the trees after the best epoch."""
        self._counted = self.best.epoch

    def weights(self) -> dict[str, Tensor]:
        """The trees as LightGBM's text, in bytes."""
        epochs = self.epoch if self._counted is None else self._counted
        return as_text(self._boosters, epochs * ROUNDS)

    def evaluate(self, rows: Rows, split: Split) -> list[Metric]:
        """Every metric on ``rows`` at the best epoch; the default one has its gain on valid alone."""
        values = Evaluator(rows.select(self.tasks), self.tasks).all_metrics(self._best_forest())
        return as_metrics(values, split, self.tasks, self.score)

    def resample(self, rows: Rows, split: Split, groups: int) -> list[Resample]:
        """The default metric on ``rows`` without each of the groups that networks are resampled by."""
        evaluator = Evaluator(rows.select(self.tasks), self.tasks)
        return as_resamples(evaluator.leave_out(self._best_forest(), groups), split)

    def mean_gates(self, rows: Rows) -> list[MeanGate]:
        """None: trees have no experts."""
        return []

    def outputs(self, rows: Rows) -> dict[str, Tensor]:
        """What the trees say of the task's labelled rows at the best epoch, M x K."""
        return Evaluator(rows.select(self.tasks), self.tasks).outputs(self._best_forest())

    def _best_forest(self) -> Forest:
        return self._forest(0, self.best.epoch * ROUNDS)

    def _forest(self, first: int, count: int) -> Forest:
        rounds = first, count
        return Forest(self._name, self._boosters, self._features, rounds=rounds, threads=self._threads)

    def _begin(self, boosting: Boosting, train: Rows, seed: int) -> "list[Booster]":
        """The boosters, none of which has a tree yet, on the rows that have a label."""
        import lightgbm

        targets_N, labelled_N = train.targets[self._name], train.labelled[self._name]
        weights_N = train.weights_N
        if boosting.class_weights:
            of_class_N = torch.tensor(boosting.class_weights)[targets_N.clamp(min=0)]
            weights_N = of_class_N if weights_N is None else weights_N * of_class_N
        rows_NF, boosters = self._features(train.inputs), []
        for at, own in enumerate(boosting.models):
            of_model_N = targets_N if targets_N.ndim == 1 else targets_N[:, at]
            known_N = labelled_N & (of_model_N != boosting.unknown) if boosting.unknown else labelled_N
            parameters = {**own, **self.config.parameters, **self._fixed(seed)}
            data = lightgbm.Dataset(
                rows_NF[known_N.numpy()],
                label=of_model_N[known_N].numpy(),
                weight=None if weights_N is None else weights_N[known_N].numpy(),
                categorical_feature=self._features.categorical,
                params=parameters,
            )
            boosters.append(lightgbm.Booster(parameters, data))
        return boosters

    def _fixed(self, seed: int) -> dict[str, int | bool]:
        return {
            "seed": seed % 2**31,
            "deterministic": True,
            "force_col_wise": True,  # whichever is faster would be found by trying, and differ
            "num_threads": self._threads,
            "verbosity": -1,
        }
