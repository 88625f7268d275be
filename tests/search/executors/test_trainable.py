"""TrainJob: one worker's jobs one after the other, without a cluster around it."""

import os
from collections.abc import Callable
from typing import Any

import pytest
import torch

from mtl_search.data import Dataset
from mtl_search.records import TrialState
from mtl_search.search.executors import trainable as module
from mtl_search.search.executors.place import Place
from mtl_search.search.executors.trainable import (
    AVOIDED,
    PACK,
    PLACEMENT,
    PROGRESS,
    REFUSED,
    SLOT,
    TrainJob,
)
from mtl_search.search.jobs import Job
from mtl_search.training import Score, TrialConfig, run_trial
from tests.fixtures.data import tiny_dataset

ONE_CPU = Place(1, 0.0)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return tiny_dataset(120, tasks={"cost": "regression", "ill": "binary"})


@pytest.fixture
def make_job(dataset: Dataset) -> Callable[..., Job]:
    metrics = {name: task.metric for name, task in dataset.tasks.items()}

    def make(**options: Any) -> Job:
        defaults = {
            "members": ("cost", "ill"),
            "sharing": "cost ill / cost ill",
            "trunk": {"name": "mlp", "stages": 2, "width": 8},
            "epochs": 3,
        }
        config = TrialConfig.model_validate({**defaults, **options})
        return Job("search-0000", config, 7, Score(metrics))

    return make


@pytest.fixture
def worker(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> Callable[[Job], TrainJob]:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")

    def start(job: Job, place: Place = ONE_CPU) -> TrainJob:
        made: TrainJob = object.__new__(TrainJob)  # Tune's own constructor wants a cluster
        made.setup({PACK: [job], SLOT: 0}, dataset, place)
        return made

    return start


def epochs(result: dict[str, Any]) -> list[int]:
    return [progress.report.epoch for progress in result[PROGRESS] if progress.report is not None]


def test_short_jobs_take_one_step(
    worker: Callable[[Job], TrainJob],
    make_job: Callable[..., Job],
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "STEP_SECONDS", 60.0)
    job = make_job()
    result = worker(job).step()
    assert epochs(result) == [1, 2, 3]
    assert result["done"] is True
    assert result[PROGRESS][-1].outcome == run_trial(job.config, dataset, seed=job.seed, score=job.score)
    assert result[PLACEMENT].seconds > 0
    assert (result[PLACEMENT].device, result[PLACEMENT].units) == ("cpu", 1.0)


def test_a_step_covers_one_epoch_at_least(
    worker: Callable[[Job], TrainJob], make_job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STEP_SECONDS", 0.0)
    one = worker(make_job())
    results = [one.step() for _ in range(3)]
    assert [epochs(result) for result in results] == [[1], [2], [3]]
    assert [result["done"] for result in results] == [False, False, True]
    assert [result[PROGRESS][-1].outcome is None for result in results] == [True, True, False]


def test_the_next_job_starts_afresh(
    worker: Callable[[Job], TrainJob], make_job: Callable[..., Job], dataset: Dataset
) -> None:
    one = worker(make_job(epochs=50))
    one.step()
    other = make_job(epochs=1, members=("cost",), sharing="cost / cost")
    assert one.reset_config({PACK: [other], SLOT: 0}) is True
    result = one.step()
    assert epochs(result) == [1]
    assert result[PROGRESS][-1].outcome == run_trial(other.config, dataset, seed=7, score=other.score)


def test_an_error_is_an_outcome_and_the_worker_lives(
    worker: Callable[[Job], TrainJob], make_job: Callable[..., Job]
) -> None:
    one = worker(make_job(weighting={"name": "fixed", "weights": {"cost": 1.0, "other": 1.0}}))
    result = one.step()
    assert result["done"] is True
    assert result[PROGRESS][-1].outcome.state is TrialState.FAILED
    assert result[PROGRESS][-1].outcome.error.startswith("Mismatch: weights")
    one.reset_config({PACK: [make_job(epochs=1)], SLOT: 0})
    assert one.step()[PROGRESS][-1].outcome.state is TrialState.COMPLETE


def test_a_worker_without_a_gpu_sees_none(
    worker: Callable[[Job], TrainJob], make_job: Callable[..., Job]
) -> None:
    worker(make_job())
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ""


def test_threads_are_those_of_the_place(
    worker: Callable[..., TrainJob], make_job: Callable[..., Job]
) -> None:
    before = torch.get_num_threads()
    try:
        worker(make_job(), Place(2, 0.0))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_cleaning_up_lets_go_of_the_network(
    worker: Callable[[Job], TrainJob], make_job: Callable[..., Job]
) -> None:
    one = worker(make_job())
    one.step()
    one.cleanup()
    assert one._trainer is None


def test_a_pack_that_is_not_for_this_node_is_refused(
    worker: Callable[[Job], TrainJob], make_job: Callable[..., Job]
) -> None:
    one = worker(make_job())
    one._node = "here"
    one.reset_config({PACK: [make_job()], SLOT: 0, AVOIDED: {"here"}})
    refused = one.step()
    assert (refused[REFUSED], refused["done"], refused[PROGRESS]) == (True, True, [])
    one.reset_config({PACK: [make_job()], SLOT: 0, AVOIDED: {"there"}})
    assert epochs(one.step())
