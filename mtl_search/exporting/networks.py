"""The trained networks of a design: kept by the confirmation, or trained again from what was recorded."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import fmean
from typing import NamedTuple, final

from mtl_search.bundle.described import reading
from mtl_search.bundle.trained_network import NETWORKS, network_folder
from mtl_search.bundle.trained_trees import AnyTrained, load_trained, trained
from mtl_search.data import Dataset, DataSummary
from mtl_search.errors import BundleError, UserError
from mtl_search.leaderboard import Leaderboard
from mtl_search.records import Phase, TrialRecord, TrialState
from mtl_search.search.ledger import Ledger
from mtl_search.search.ledger.recording import versions
from mtl_search.search.preparing.data import check_same_data, dataset_of
from mtl_search.sweep import SweepSpec
from mtl_search.training import AnyConfig, NonFiniteLossError, Score, read_config
from mtl_search.training.kinds import AnyTraining, begin

__all__ = ["Networks", "Wanted"]


class Wanted(NamedTuple):
    """A network, and the seed that it is trained on."""

    config_id: str
    seed: int


@final
@dataclass(frozen=True)
class Networks:
    """Gets the networks of a sweep; those that must be trained are trained on ``device``."""

    board: Leaderboard
    spec: SweepSpec
    device: str = "cpu"

    def missing(self, wanted: Sequence[Wanted]) -> list[Wanted]:
        """Those that were not kept."""
        return [one for one in wanted if not (self.board.path / NETWORKS / network_folder(*one)).is_dir()]

    def kept(self, one: Wanted) -> AnyTrained:
        """One that the confirmation kept."""
        return load_trained(self.board.path / NETWORKS / network_folder(*one))

    def again(self, one: Wanted, on_epoch: Callable[[], None]) -> AnyTrained:
        """One as the confirmation trained it, or would have, up to its best epoch."""
        training = self._training(self._config(one.config_id), self.dataset, one.seed)
        for _ in self._epochs(training, one):
            on_epoch()
        training.restore_best()
        return self._trained(training, one)

    def on_all_rows(self, one: Wanted, on_epoch: Callable[[], None]) -> AnyTrained:
        """One trained on the rows of every split for as many epochs as were best on average.

        The rest is as in the confirmation: encoding, schedule and seed.
        """
        training = self._training(self._config(one.config_id), self._all_rows, one.seed)
        for _ in range(self.best_epoch(one.config_id)):
            self._epoch(training, one)
            on_epoch()
        return self._trained(training, one)

    def best_epoch(self, config_id: str) -> int:
        """The mean over its trainings: those of the confirmation, if there are any."""
        found = [record for record in self._records(config_id) if record.best_epoch]
        confirmed = [record for record in found if record.phase is Phase.CONFIRMATION]
        return max(1, round(fmean(record.best_epoch or 1 for record in confirmed or found)))

    def epochs(self, config_id: str) -> int:
        """How many epochs it trains at most."""
        return self._config(config_id).epochs

    @cached_property
    def dataset(self) -> Dataset:
        """The data of the sweep; UserError if it is not there, or not what it was."""
        dataset = dataset_of(self.spec, None, self.board.path.absolute().parent)
        check_same_data(self.board, dataset, self.board.trials()["data"][0].as_py())
        return dataset

    def summary(self) -> DataSummary | None:
        """What is in the data, None if it is not there any more or has changed."""
        try:
            return self.dataset.summary()
        except UserError:
            return None

    @cached_property
    def _all_rows(self) -> Dataset:
        return replace(self.dataset, train=self.dataset.all_rows())

    @cached_property
    def _score(self) -> Score:
        tasks = self.dataset.tasks
        metrics = {name: tasks[name].metric for name in self.spec.settings.main_tasks if name in tasks}
        ledger = Ledger(self.board, metrics)
        ledger.settle_references()
        known = {task: metric for task, metric in metrics.items() if task in ledger.references}
        return Score(known, ledger.yardsticks, self.dataset.weights)

    @cached_property
    def _by_config(self) -> Mapping[str, list[TrialRecord]]:
        found: dict[str, list[TrialRecord]] = {}
        for record in self.board.records():
            if record.state is TrialState.COMPLETE:
                found.setdefault(record.config_id, []).append(record)
        return found

    def _records(self, config_id: str) -> list[TrialRecord]:
        return self._by_config[config_id]

    def _config(self, config_id: str) -> AnyConfig:
        with reading(self.board.path / "trials.parquet"):
            return read_config(self._records(config_id)[0].config)

    def _training(self, config: AnyConfig, dataset: Dataset, seed: int) -> AnyTraining:
        return begin(config, dataset, seed=seed, score=self._score, device=self.device)

    def _epochs(self, training: AnyTraining, one: Wanted) -> Iterator[None]:
        while not training.finished:
            self._epoch(training, one)
            yield
        if not math.isfinite(training.best.score):
            raise self._failed(one, "no score: a metric is not a number")

    def _epoch(self, training: AnyTraining, one: Wanted) -> None:
        try:
            training.run_epoch()
        except NonFiniteLossError as error:
            raise self._failed(one, str(error)) from error

    def _failed(self, one: Wanted, why: str) -> BundleError:
        place = f"{self.board.path}: network {one.config_id}"
        return BundleError(place, f"a training on seed {one.seed} that ends", why, "export another --design")

    def _trained(self, training: AnyTraining, one: Wanted) -> AnyTrained:
        return trained(training.config, self.dataset, training.weights(), one.seed, versions())
