"""The contract of trainers of packs, for the one there is and a tiny one that takes two jobs by turns."""

import math
from collections.abc import Callable, Sequence
from typing import Any, final

import pytest
from typing_extensions import override

from mtl_search.data import Dataset
from mtl_search.records import EpochReport, TrialState
from mtl_search.search.executors.inline import run_inline
from mtl_search.search.executors.place import Place
from mtl_search.search.executors.searcher import SourceSearcher
from mtl_search.search.executors.trainable import PACK, TrainJob
from mtl_search.search.jobs import JobSource, Placement
from mtl_search.training import (
    Job,
    Progress,
    Score,
    SoloTrainer,
    Trainer,
    TrainingState,
    TrialConfig,
    TrialOutcome,
    pack_key,
    run_trial,
)

MakeConfig = Callable[..., TrialConfig]


@final
class TwoByTurns(Trainer):
    """Trains two jobs, an epoch of each in turn."""

    size = 2

    def __init__(self, jobs: Sequence[Job], dataset: Dataset, device: str) -> None:
        assert len({pack_key(job) for job in jobs}) == 1
        self._alone = {job.trial_id: SoloTrainer([job], dataset, device) for job in jobs}

    @property
    @override
    def live(self) -> frozenset[str]:
        return frozenset(key for key, trainer in self._alone.items() if trainer.live)

    @override
    def step(self) -> list[Progress]:
        return [progress for key in sorted(self.live) for progress in self._alone[key].step()]

    @override
    def stop(self, trial_id: str) -> None:
        self._alone[trial_id].stop(trial_id)

    @override
    def state(self, trial_id: str) -> TrainingState | None:
        return self._alone[trial_id].state(trial_id)


TRAINERS = pytest.mark.parametrize("kind", [SoloTrainer, TwoByTurns])


class Listed(JobSource):
    """Hands out its jobs and notes what comes back; stops those it is told to after their first epoch."""

    def __init__(self, *jobs: Job, stop: str = "") -> None:
        self.jobs, self.stop = list(jobs), stop
        self.reports: list[tuple[str, int]] = []
        self.outcomes: dict[str, TrialOutcome | None] = {}
        self.units: list[float] = []

    def next(self) -> Any:
        return self.jobs.pop(0) if self.jobs else "done"

    def report(self, trial_id: str, report: EpochReport) -> bool:
        self.reports.append((trial_id, report.epoch))
        return trial_id == self.stop

    def finish(self, trial_id: str, outcome: TrialOutcome | None, placement: Placement) -> None:
        self.outcomes[trial_id] = outcome
        self.units.append(placement.units)

    def interrupt(self) -> None:
        self.jobs.clear()


@pytest.fixture
def make_job(dataset: Dataset, make_config: MakeConfig) -> Callable[..., Job]:
    metrics = {name: task.metric for name, task in dataset.tasks.items()}

    def make(trial_id: str, *, seed: int = 3, lr: float = 0.01, **options: Any) -> Job:
        config = make_config("cost", "ill", optimizer={"name": "adamw", "lr": lr}, **options)
        return Job(trial_id, config, seed, Score(metrics))

    return make


def alone(job: Job, dataset: Dataset) -> TrialOutcome:
    return run_trial(job.config, dataset, seed=job.seed, score=job.score)


@TRAINERS
def test_each_job_has_the_numbers_that_it_has_alone(
    kind: type[Trainer], make_job: Callable[..., Job], dataset: Dataset
) -> None:
    jobs = [make_job(f"job-{i}", seed=i, lr=0.01 / (i + 1)) for i in range(kind.size)]
    trainer = kind(jobs, dataset, "cpu")
    seen: list[Progress] = []
    while trainer.live:
        seen += trainer.step()
    for job in jobs:
        mine = [progress for progress in seen if progress.trial_id == job.trial_id]
        assert [p.report.epoch for p in mine if p.report] == [1, 2, 3]
        assert [p.ended for p in mine] == [False, False, True]
        assert mine[-1].outcome == alone(job, dataset)


@TRAINERS
def test_a_job_that_fails_ends_alone(
    kind: type[Trainer], make_job: Callable[..., Job], dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [make_job(f"job-{i}", seed=i) for i in range(kind.size)]
    plain = Job.training

    def training(self: Job, *args: Any) -> Any:
        if self.seed == 0:
            raise MemoryError("too large")
        return plain(self, *args)

    monkeypatch.setattr(Job, "training", training)
    trainer = kind(jobs, dataset, "cpu")
    outcomes = {p.trial_id: p.outcome for p in trainer.step()}
    assert outcomes["job-0"] is not None
    assert outcomes["job-0"].state is TrialState.FAILED
    assert math.isnan(outcomes["job-0"].score)
    assert trainer.live == {job.trial_id for job in jobs[1:]}


@TRAINERS
def test_a_job_that_is_stopped_is_trained_no_further(
    kind: type[Trainer], make_job: Callable[..., Job], dataset: Dataset
) -> None:
    jobs = [make_job(f"job-{i}", seed=i) for i in range(kind.size)]
    trainer = kind(jobs, dataset, "cpu")
    trainer.step()
    trainer.stop("job-0")
    assert trainer.live == {job.trial_id for job in jobs[1:]}
    assert "job-0" not in {p.trial_id for p in (trainer.step() if trainer.live else [])}


def test_a_pack_has_one_key(make_job: Callable[..., Job]) -> None:
    same = [make_job("a"), make_job("b", seed=9, lr=0.1)]
    other = make_job("c", batch_size=16)
    dropped = make_job("d", trunk={"name": "mlp", "stages": 2, "width": 8, "dropout": 0.5})
    assert pack_key(same[0]) == pack_key(same[1]) == pack_key(dropped)
    assert pack_key(other) != pack_key(same[0])
    source = Listed(*same, other, dropped)
    packs = []
    while not isinstance(pack := source.next_pack(2), str):
        packs.append([job.trial_id for job in pack])
    assert packs == [["a", "b"], ["c"], ["d"]]
    assert [Listed(*same).next_pack(1)] == [[same[0]]]


@TRAINERS
def test_the_inline_executor_trains_packs(
    kind: type[Trainer], make_job: Callable[..., Job], dataset: Dataset
) -> None:
    jobs = [make_job(f"job-{i}", seed=i) for i in range(3)]
    source = Listed(*jobs, stop="job-1")
    run_inline(source, dataset, Place(1, 0.0), kind)
    check(source, jobs, dataset)
    assert source.units == [1.0 / kind.size] * 2 + [1.0]


@TRAINERS
def test_workers_train_packs(
    kind: type[Trainer], make_job: Callable[..., Job], dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    jobs = [make_job(f"job-{i}", seed=i) for i in range(3)]
    source = Listed(*jobs, stop="job-1")
    searcher, number = SourceSearcher(source, kind.size), 0
    worker: TrainJob = object.__new__(TrainJob)  # Tune's own constructor wants a cluster
    while (config := searcher.suggest(f"t{number}")) != SourceSearcher.FINISHED:
        assert len(config[PACK]) <= kind.size
        worker.setup(config, dataset, Place(1, 0.0), kind)
        while not (result := worker.step())["done"] and not searcher.take(f"t{number}", result):
            pass
        searcher.on_trial_complete(f"t{number}", result)
        number += 1
    check(source, jobs, dataset)


def check(source: Listed, jobs: Sequence[Job], dataset: Dataset) -> None:
    """Each job is reported epoch by epoch; the second is stopped after its first."""
    assert source.outcomes["job-1"] is None
    for job in (jobs[0], jobs[2]):
        assert source.outcomes[job.trial_id] == alone(job, dataset)
    for job, epochs in zip(jobs, ([1, 2, 3], [1], [1, 2, 3]), strict=True):
        assert [epoch for trial_id, epoch in source.reports if trial_id == job.trial_id] == epochs
