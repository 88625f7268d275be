"""States of trials, which go on from them once their worker is lost."""

import threading
from typing import Any, Literal

import pytest
from ray.exceptions import RayActorError

from mtl_search.records import EpochReport
from mtl_search.search.executors import kept as module
from mtl_search.search.executors import ray_backend
from mtl_search.search.executors.kept import Keeper, Kept
from mtl_search.search.executors.place import Place
from mtl_search.search.executors.searcher import SourceSearcher
from mtl_search.search.executors.trainable import PAST, TrainJob
from mtl_search.search.jobs import Job, JobSource, Placement
from mtl_search.training import Score, TrialConfig, TrialOutcome, run_trial
from tests.fixtures.data import tiny_dataset

ray = ray_backend.ray  # type: ignore[attr-defined]  # imported after what Ray reads was set
DATASET = tiny_dataset(120, tasks={"cost": "regression", "ill": "binary"})
SCORE = Score({name: task.metric for name, task in DATASET.tasks.items()})
CONFIG = TrialConfig.model_validate(
    {
        "members": ("cost", "ill"),
        "sharing": "cost ill / cost ill",
        "trunk": {"name": "mlp", "stages": 2, "width": 8, "dropout": 0.2},
        "weighting": "gradnorm",
        "epochs": 6,
        "batch_size": 25,
    }
)


class Attempts(JobSource):
    """One job under another name each time, until it is not lost any more."""

    def __init__(self) -> None:
        self.reports: list[tuple[str, EpochReport]] = []
        self.outcomes: list[TrialOutcome | None] = []

    def next(self) -> Job | Literal["wait", "done"]:
        return Job(f"a{len(self.outcomes)}", CONFIG, 7, SCORE)

    def report(self, trial_id: str, report: EpochReport) -> bool:
        self.reports.append((trial_id, report))
        return False

    def finish(self, trial_id: str, outcome: TrialOutcome | None, placement: Placement) -> None:
        self.outcomes.append(outcome)

    def interrupt(self) -> None:
        raise AssertionError


def numbers(reports: list[EpochReport]) -> str:
    return repr([(r.epoch, r.train_loss, r.valid, r.weights, r.score) for r in reports])


@pytest.fixture
def each_epoch_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr("mtl_search.search.executors.trainable.STEP_SECONDS", 0.0)
    monkeypatch.setattr(module, "DEAREST", float("inf"))


@pytest.mark.ray
@pytest.mark.usefixtures("ray_address", "each_epoch_is_kept")
def test_what_was_lost_goes_on_from_its_last_epoch_to_the_same_end() -> None:
    source, kept = Attempts(), Kept()
    for epochs in (2, 3, None):  # until the worker dies
        searcher = SourceSearcher(source, kept=kept)  # as after Tune has given up
        given: Any = searcher.suggest("t")
        worker: TrainJob = object.__new__(TrainJob)  # Tune's own constructor wants a cluster
        worker.setup(given, DATASET, Place(1, 0.0), every=0.0)
        result = worker.step()
        while not result["done"] and (epochs is None or (epochs := epochs - 1)):
            searcher.take("t", result)
            result = worker.step()
        if epochs is None:
            searcher.on_trial_complete("t", result)
        else:
            searcher.take("t", result)
            worker.step()  # of which nobody hears
            searcher.failed("t", RayActorError())
            searcher.on_trial_complete("t", error=True)

    assert [trial_id for trial_id, _ in source.reports] == ["a0"] * 2 + ["a1"] * 3 + ["a2"]
    assert [outcome is not None and outcome.lost for outcome in source.outcomes] == [True, True, False]
    alone: list[EpochReport] = []

    def note(report: EpochReport) -> bool:
        alone.append(report)
        return True

    known = run_trial(CONFIG, DATASET, seed=7, score=SCORE, on_epoch=note)
    assert numbers([report for _, report in source.reports]) == numbers(alone)
    assert source.outcomes[-1] == known
    later: Any = SourceSearcher(source, kept=kept).suggest("t")
    assert PAST not in later, "what has ended is forgotten"


def test_what_cannot_be_written_is_not_kept_and_fails_nothing() -> None:
    asked = 0

    def state() -> Any:
        nonlocal asked
        asked += 1
        return threading.Lock()

    keeper = Keeper(every=0.0)
    assert keeper.parcel(state) is keeper.parcel(state) is None
    assert asked == 1, "nor asked for again"


@pytest.mark.ray
@pytest.mark.usefixtures("ray_address")
def test_the_data_is_once_on_a_node() -> None:
    """All workers there read it where it lies: none has a copy of its rows."""
    where = ray.put(DATASET)
    one, other = (ray.get(where).train for _ in range(2))
    assert one is not other
    for mine, others in ((one.inputs, other.inputs), (one.targets, other.targets)):
        assert {values.data_ptr() for values in mine.values()} == {
            values.data_ptr() for values in others.values()
        }


def test_states_are_written_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(module, "time", type("Clock", (), {"monotonic": staticmethod(lambda: now[0])}))

    def state() -> Any:
        now[0] += 2.0  # that long it takes
        return "all"

    keeper, at = Keeper(every=20.0), list[float]()
    for second in range(1, 100, 4):
        now[0] = float(second)
        if (parcel := keeper.parcel(state)) is not None:
            at.append(second)
            assert isinstance(parcel.take(), bytes)
            assert parcel.take() is None, "only once"
    assert at == [21, 65], "after 20 seconds, then of 40 no more than 5 %"
