"""A conductor whose trials are not trained but made up, in milliseconds, and what is left of it on disk."""

import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mtl_search.data import Dataset, load_dataset
from mtl_search.leaderboard import Leaderboard, TaskInfo
from mtl_search.records import EpochReport, Metric, Split, TrialRecord, TrialState
from mtl_search.search import course
from mtl_search.search.jobs import Job, JobSource, Placement
from mtl_search.search.ledger import Ledger
from mtl_search.search.phases.conductor import Conductor
from mtl_search.search.studies.journal import Journal
from mtl_search.sweep import SweepSpec
from mtl_search.training import TrialOutcome

Values = Callable[[Job], Mapping[str, float]]


def by_learning_rate(job: Job) -> dict[str, float]:
    """Made-up values on valid, the better the nearer the learning rate is to 0.01; ``cost`` is an RMSE."""
    rate = job.config.optimizer.lr
    far = abs(rate - 0.01) / (rate + 0.01)
    return {"cost": 100.0 + 50.0 * far, "ill": 0.9 - 0.2 * far, "stage": 0.6 - 0.2 * far}


@dataclass
class Bench:
    """One results folder and the sweep in it; ``open`` it as often as processes would."""

    path: Path
    spec: SweepSpec
    dataset: Dataset
    values: Values = by_learning_rate
    jobs: list[Job] = field(default_factory=list)
    placement: Placement = field(default_factory=lambda: Placement(2.0, 1.0, "cpu", "here"))

    def open(self, *, slots: int = 1, spec: SweepSpec | None = None, in_process: bool = False) -> Conductor:
        """The conductor as a process finds it that has just started."""
        tasks = self.dataset.tasks
        if not self.path.exists():
            infos = [TaskInfo(t.name, t.kind, t.role, t.metric, t.weight) for t in tasks.values()]
            Leaderboard.create(self.path, infos)
        spec = spec or self.spec
        metrics = {name: tasks[name].metric for name in spec.settings.main_tasks}
        board = Leaderboard(self.path)
        board.recover()
        ledger = Ledger(board, metrics)
        journal = Journal(self.path / "journal.log")
        data = self.dataset.without_test()
        return Conductor(spec, data, ledger, journal, slots=slots, in_process=in_process)

    def run(self, source: JobSource, *, slots: int = 1, stop_after: int | None = None) -> None:
        """Train all jobs in a made-up way, ``slots`` at a time, the oldest ending first."""
        live: list[Job] = []
        ended = 0
        while stop_after is None or ended < stop_after:
            job: Any = None
            while len(live) < slots and not isinstance(job := source.next(), str):
                live.append(job)
                self.jobs.append(job)
            if not live:
                assert job == "done", "a source must not wait for nothing"
                return
            self.end(source, live.pop(0))
            ended += 1

    def end(self, source: JobSource, job: Job) -> None:
        """Report two epochs of ``job`` and hand its outcome back, None where it was stopped."""
        for report in self.reports(job):
            if source.report(job.trial_id, report) and report.epoch == 1:
                source.finish(job.trial_id, None, self.placement)
                return
        source.finish(job.trial_id, self.outcome(job), self.placement)

    def reports(self, job: Job) -> Iterator[EpochReport]:
        """Two epochs, the second with the values."""
        values = self._of_members(job)
        ones = dict.fromkeys(job.config.members, 1.0)
        for epoch in (1, 2):
            yield EpochReport(epoch, ones, values, ones, job.score(values), 0.5)

    def outcome(self, job: Job) -> TrialOutcome:
        """Complete, with the default metric of each member."""
        values = self._of_members(job)
        gains = job.score.gains(values)
        metrics = tuple(
            Metric(
                task, Split.VALID, self.dataset.tasks[task].metric.name, value, gains.get(task, float("nan"))
            )
            for task, value in values.items()
        )
        return TrialOutcome(TrialState.COMPLETE, 2, 2, job.score(values), metrics)

    def records(self) -> list[TrialRecord]:
        """What is on disk."""
        return Leaderboard(self.path).records()

    def _of_members(self, job: Job) -> dict[str, float]:
        values = self.values(job)
        return {task: values[task] for task in job.config.members}


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed process wrote is there without it; only a machine that loses power needs it."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture(autouse=True)
def _every_start_and_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """However short trials are: a watch otherwise hears of what happens now and then."""
    monkeypatch.setattr(course, "LOOKING", math.inf)


@pytest.fixture(scope="session")
def _datasets() -> dict[str, Dataset]:
    return {}


@pytest.fixture
def bench(
    tmp_path: Path, tiny_spec: Callable[..., SweepSpec], _datasets: dict[str, Dataset]
) -> Callable[..., Bench]:
    """Makes the bench of a tiny sweep with some blocks changed."""

    def make(values: Values = by_learning_rate, folder: str = "sweep", **changes: Any) -> Bench:
        spec = tiny_spec(**changes)
        key = repr((spec.document.data["data"], spec.document.data["tasks"]))
        if key not in _datasets:
            _datasets[key] = load_dataset(spec.settings.data, spec.settings.tasks, base=spec.base)
        return Bench(tmp_path / folder, spec, _datasets[key], values)

    return make
