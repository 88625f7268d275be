"""Several workers for one trial, in Tune's placement group."""

import contextlib
import re
from collections import Counter
from collections.abc import Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any, Literal

import psutil
import pytest
from ray.exceptions import RayTaskError

from mtl_search.data import Dataset
from mtl_search.errors import ResourceError
from mtl_search.records import EpochReport, TrialState
from mtl_search.search.executors import ray_backend
from mtl_search.search.executors.crew import TeamTrainer
from mtl_search.search.executors.elsewhere import Elsewhere
from mtl_search.search.executors.inline import Inline
from mtl_search.search.executors.limits import OverLimitError
from mtl_search.search.executors.ray_backend import Cluster
from mtl_search.search.executors.trainable import train_job
from mtl_search.search.jobs import Job, JobSource, Placement
from mtl_search.sweep.settings import Resources
from mtl_search.training import Score, TrialConfig, TrialOutcome, run_trial
from mtl_search.training.team import ALONE
from tests.fixtures.data import tiny_dataset

ray = ray_backend.ray  # type: ignore[attr-defined]  # imported after what Ray reads was set
TWO = Resources(workers=2, gpu=0)
LIMITED = Resources.model_validate({"workers": 2, "gpu": 0, "memory": "512MiB"})
LEAKS = {"name": "tests.fixtures.faulty:Faulty", "stages": 2, "fault": "leaks in a further worker"}


def kill_a_companion() -> None:
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it may end at any time
            if "".join(child.cmdline()[:1]).startswith("ray::TrainPart"):
                child.kill()
                return
    raise AssertionError("no further worker")


class Sequence(JobSource):
    """Jobs one after the other; in the fifth epoch of ``victim`` a worker is killed, once."""

    def __init__(self, *jobs: Job, victim: Job) -> None:
        self._jobs, self._victim = list(jobs), victim
        self.running = 0
        self.reports: dict[str, list[EpochReport]] = {job.trial_id: [] for job in jobs}
        self.outcomes: dict[str, TrialOutcome | None] = {}
        self.placements: list[Placement] = []
        self.losses: list[str] = []

    def next(self) -> Job | Literal["wait", "done"]:
        if self.running:
            return "wait"
        if not self._jobs:
            return "done"
        self.running += 1
        return self._jobs.pop(0)

    def report(self, trial_id: str, report: EpochReport) -> bool:
        self.reports[trial_id].append(report)
        if trial_id == self._victim.trial_id and len(self.reports[trial_id]) == 5:
            kill_a_companion()
        return False

    def finish(self, trial_id: str, outcome: TrialOutcome | None, placement: Placement) -> None:
        self.running -= 1
        if outcome is not None and outcome.lost:
            self.losses.append(str(outcome.error))
            self._jobs.append(self._victim)
        self.outcomes[trial_id] = outcome
        self.placements.append(placement)

    def interrupt(self) -> None:
        raise AssertionError


def config(epochs: int, dataset: Dataset, weighting: str = "equal", **changes: object) -> TrialConfig:
    value: Mapping[str, Any] = {
        "members": tuple(dataset.tasks),
        "sharing": "cost ill / cost ill",
        "trunk": {"name": "mlp", "stages": 2, "width": 8},
        "weighting": weighting,
        "epochs": epochs,
        "batch_size": 25,
        **changes,
    }
    return TrialConfig.model_validate(value)


def trained_alone(job: Job, dataset: Dataset) -> list[EpochReport]:
    reports: list[EpochReport] = []

    def note(report: EpochReport) -> bool:
        reports.append(report)
        return True

    run_trial(job.config, dataset, seed=job.seed, score=job.score, on_epoch=note)
    return reports


@pytest.mark.ray
@pytest.mark.usefixtures("ray_address")
def test_two_workers_train_one_network_and_go_on_where_they_lost_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker that is killed is no fault of the trial, which goes on from the epoch whose end was kept; here
    after its node has handed it back, since the only other one is made up. One that takes too much memory
    is, whichever of them it is, and others go on."""
    monkeypatch.setattr(ray_backend, "train_job", partial(train_job, every=0.0))
    monkeypatch.setattr(Cluster, "_others", lambda cluster, nodes: len(nodes) == 1)
    handed_back = Counter[str]()
    hand_back = Elsewhere.hand_back

    def counted(elsewhere: Elsewhere, pack: list[Job]) -> None:
        handed_back.update(job.trial_id for job in pack)
        hand_back(elsewhere, pack)

    monkeypatch.setattr(Elsewhere, "hand_back", counted)
    dataset = tiny_dataset(120, tasks={"cost": "regression", "ill": "binary"})
    score = Score({name: task.metric for name, task in dataset.tasks.items()})
    calm = Job("calm", config(3, dataset, "pcgrad"), 7, score)
    hit = Job("hit", config(150, dataset, "gradnorm"), 7, score)
    large = Job("large", config(3, dataset, trunk=LEAKS), 7, score)
    source = Sequence(calm, large, hit, victim=hit)
    cluster = Cluster(LIMITED)
    assert cluster.slots == 1, "of two CPUs"
    cluster.run(source, dataset)

    beyond = source.outcomes["large"]
    assert beyond is not None
    assert (beyond.state, beyond.lost) == (TrialState.FAILED, False)
    assert re.fullmatch(r"took .* MiB, more than resources.memory of 512.0 MiB", str(beyond.error))
    (loss,) = source.losses
    assert "a worker of the trial died" in loss
    assert handed_back == {"hit": 1}, "as often as there are slots"
    assert {placement.units for placement in source.placements} == {2.0}, "device seconds count both"
    for job in (calm, hit):
        alone = trained_alone(job, dataset)
        outcome, reports = source.outcomes[job.trial_id], source.reports[job.trial_id]
        assert outcome is not None
        assert outcome.state is TrialState.COMPLETE
        by_epoch = {report.epoch: report for report in reports}
        assert sorted(by_epoch) == [report.epoch for report in alone]
        assert [report.epoch for report in reports].count(1) == 1, "nothing began anew"
        for known in alone[:20]:
            report = by_epoch[known.epoch]
            assert dict(report.train_loss) == pytest.approx(dict(known.train_loss), rel=1e-3)
            assert report.score == pytest.approx(known.score, rel=1e-3)


def test_workers_of_a_trial_may_be_on_several_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [{"Alive": True, "Resources": {"CPU": 3.0, "GPU": float(gpus)}} for gpus in (1, 2)]
    monkeypatch.setattr(ray, "nodes", lambda: nodes)
    on_cpus, on_gpus = Cluster(TWO), Cluster(Resources(gpu=3, cpu=1))
    assert (on_cpus.slots, on_cpus.place.bundles) == (3, [{"CPU": 1.0}] * 2)
    assert (on_gpus.slots, on_gpus.place.bundles) == (1, [{"CPU": 1.0, "GPU": 1.0}] * 3)
    assert Cluster(Resources(workers=2)).place.gpus == 1.0, "auto: no two of a trial share one"
    with pytest.raises(ResourceError, match=r"at most the 3 workers for which there is room.*, found 4"):
        Cluster(Resources(gpu=4))


def test_one_process_has_no_others() -> None:
    with pytest.raises(ResourceError, match="one worker for a trial in this process, found 2"):
        Inline(TWO)


def test_a_worker_that_fails_once_the_network_is_trained_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The trial has all that it needs of it."""
    disbanded: list[bool] = []
    asked = SimpleNamespace(remote=lambda *given: "an answer")
    crew: Any = SimpleNamespace(
        team=lambda: ALONE,
        members=[SimpleNamespace(begin=asked, epoch=asked)],
        disband=lambda: disbanded.append(True),
    )

    def get(ref: object) -> object:
        raise RayTaskError("epoch", "", OverLimitError("took too much"))

    monkeypatch.setattr(ray, "wait", lambda refs, **options: (refs, []))
    monkeypatch.setattr(ray, "get", get)
    dataset = tiny_dataset(120, tasks={"cost": "regression", "ill": "binary"})
    score = Score({name: task.metric for name, task in dataset.tasks.items()})
    trainer = TeamTrainer([Job("last", config(2, dataset), 7, score)], dataset, "cpu", crew)
    assert [one.outcome for one in trainer.step()] == [None]
    assert disbanded == [], "the next epoch will tell"
    (ended,) = trainer.step()
    assert ended.outcome is not None
    assert ended.outcome.state is TrialState.COMPLETE
    assert disbanded == [True]
