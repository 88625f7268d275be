"""The inline executor: jobs one after another, whatever they raise; Ctrl-C."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from mtl_search.data import Dataset
from mtl_search.records import EpochReport, TrialState
from mtl_search.search.executors.inline import run_inline, stop_on_sigint
from mtl_search.search.executors.place import Place
from mtl_search.search.jobs import Job, JobSource, Placement
from mtl_search.training import Score, TrialConfig, TrialOutcome, run_trial
from tests.fixtures.data import tiny_dataset

MakeJob = Callable[..., Job]
HERE = Place(1, 0.0)


class Recording(JobSource):
    """Hands out its jobs and notes what it is told; wants a trial stopped after ``stop_after`` epochs."""

    def __init__(self, *jobs: Job, stop_after: int = 1000) -> None:
        self.jobs, self.stop_after = list(jobs), stop_after
        self.reports: list[tuple[str, int]] = []
        self.outcomes: dict[str, TrialOutcome | None] = {}
        self.placements: list[Placement] = []
        self.interrupted = False

    def next(self) -> Any:
        return "done" if self.interrupted or not self.jobs else self.jobs.pop(0)

    def report(self, trial_id: str, report: EpochReport) -> bool:
        self.reports.append((trial_id, report.epoch))
        return self.interrupted or report.epoch >= self.stop_after

    def finish(self, trial_id: str, outcome: TrialOutcome | None, placement: Placement) -> None:
        self.outcomes[trial_id] = outcome
        self.placements.append(placement)

    def interrupt(self) -> None:
        self.interrupted = True


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return tiny_dataset(120, tasks={"cost": "regression", "ill": "binary"})


@pytest.fixture
def make_job(dataset: Dataset) -> MakeJob:
    metrics = {name: task.metric for name, task in dataset.tasks.items()}

    def make(trial_id: str, **options: Any) -> Job:
        defaults = {
            "members": ("cost", "ill"),
            "sharing": "cost ill / cost ill",
            "trunk": {"name": "mlp", "stages": 2, "width": 8},
            "epochs": 3,
        }
        return Job(trial_id, TrialConfig.model_validate({**defaults, **options}), 7, Score(metrics))

    return make


def test_jobs_are_trained_in_turn(dataset: Dataset, make_job: MakeJob) -> None:
    jobs = [make_job("a"), make_job("b", epochs=1)]
    source = Recording(*jobs)
    run_inline(source, dataset, HERE)
    assert source.reports == [("a", 1), ("a", 2), ("a", 3), ("b", 1)]
    for job in jobs:
        assert source.outcomes[job.trial_id] == run_trial(job.config, dataset, seed=7, score=job.score)
    assert all(placement.seconds > 0 and placement.device == "cpu" for placement in source.placements)


def test_a_stopped_job_has_no_outcome(dataset: Dataset, make_job: MakeJob) -> None:
    source = Recording(make_job("a"), make_job("b", epochs=1), stop_after=2)
    run_inline(source, dataset, HERE)
    assert source.reports == [("a", 1), ("a", 2), ("b", 1)]
    assert source.outcomes["a"] is None
    assert source.outcomes["b"] is not None


def test_a_job_that_is_at_its_end_is_not_stopped(dataset: Dataset, make_job: MakeJob) -> None:
    # everything was spent on it already: it is complete, as it is on Ray
    source = Recording(make_job("a"), stop_after=3)
    run_inline(source, dataset, HERE)
    outcome = source.outcomes["a"]
    assert outcome is not None
    assert outcome.state is TrialState.COMPLETE


def test_whatever_a_job_raises_is_its_outcome(dataset: Dataset, make_job: MakeJob) -> None:
    wrong = make_job("a", weighting={"name": "fixed", "weights": {"cost": 1.0, "other": 1.0}})
    source = Recording(wrong, make_job("b"))
    run_inline(source, dataset, HERE)
    outcome = source.outcomes["a"]
    assert outcome is not None
    assert outcome.state is TrialState.FAILED
    assert str(outcome.error).startswith("Mismatch: weights")
    assert source.outcomes["b"] is not None


def test_threads_are_those_of_the_place(dataset: Dataset) -> None:
    before = torch.get_num_threads()
    try:
        run_inline(Recording(), dataset, Place(2, 0.0))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


# Ctrl-C


@pytest.fixture(autouse=True)
def _handlers_are_left_as_they_were() -> Iterator[None]:
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(one) for one in signals]
    yield
    assert [signal.getsignal(one) for one in signals] == before


ENDING = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("asked", ENDING)
def test_the_first_ctrl_c_interrupts_the_source(asked: signal.Signals) -> None:
    source = Recording()
    with stop_on_sigint(source):
        os.kill(os.getpid(), asked)
        assert source.interrupted


@pytest.mark.parametrize("first", ENDING)
@pytest.mark.parametrize("second", ENDING)
def test_the_second_is_the_usual_one(first: signal.Signals, second: signal.Signals) -> None:
    source = Recording()

    def twice() -> None:
        with stop_on_sigint(source):
            os.kill(os.getpid(), first)
            os.kill(os.getpid(), second)

    with pytest.raises(KeyboardInterrupt):
        twice()


def test_elsewhere_than_in_the_main_thread_there_is_nothing_to_do() -> None:
    ended: list[bool] = []

    def elsewhere() -> None:
        with stop_on_sigint(Recording()):
            ended.append(True)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert ended == [True]
