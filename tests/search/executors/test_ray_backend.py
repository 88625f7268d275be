"""The Ray executor: sweeps on workers, Ctrl-C, workers that die, what a trial is given."""

import contextlib
import os
import pickle
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from ray.air.execution._internal.event_manager import RayEventManager
from ray.exceptions import OutOfMemoryError, RayActorError, RayError
from ray.train._internal.storage import StorageContext
from ray.tune.experiment import Trial

from mtl_search.bundle import TrainedNetwork
from mtl_search.errors import ResourceError
from mtl_search.records import EpochReport, Phase, TrialRecord, TrialState
from mtl_search.search import Snapshot, Watch, resume_sweep, run_sweep
from mtl_search.search.executors import Demands, following, ray_backend
from mtl_search.search.executors import searcher as searcher_module
from mtl_search.search.executors.elsewhere import Elsewhere
from mtl_search.search.executors.overdue import Overdue
from mtl_search.search.executors.place import Place
from mtl_search.search.executors.ray_backend import Cluster, connect
from mtl_search.search.executors.searcher import AskTheSource, SourceSearcher
from mtl_search.search.executors.trainable import AVOIDED, NODE, PACK, PLACEMENT, PROGRESS, REFUSED, SLOT
from mtl_search.search.executors.worker_errors import as_actor_error
from mtl_search.search.jobs import Job, JobSource, Placement
from mtl_search.search.phases.confirmation import NETWORKS
from mtl_search.sweep import SweepSpec
from mtl_search.sweep.settings import Resources
from mtl_search.training import Progress, TrialOutcome

ray = ray_backend.ray  # type: ignore[attr-defined]  # imported after what Ray reads was set
MakeSpec = Callable[..., SweepSpec]
HERE = Placement(1.0, 1.0, "cpu", "here")
WHOLE = {"single_task": 4, "shared_equal": 4, "shared_tuned": 4, "search": 3}


class Listening(Watch):
    """Keeps what it is told, and does something as soon as it may."""

    def __init__(self, do: Callable[[], object], when: Callable[[Snapshot], bool]) -> None:
        self.snapshots: list[Snapshot] = []
        self._do, self._when, self._done = do, when, False

    def changed(self, snapshot: Snapshot) -> None:
        self.snapshots.append(snapshot)
        if not self._done and self._when(snapshot):
            self._done = True
            self._do()


def arms(records: list[TrialRecord]) -> Counter[str]:
    """Trials of the search by arm, without those by which references catch up once all arms are done."""
    searched = [r.arm for r in records if r.phase == Phase.SEARCH]
    begun = next((place for place, arm in enumerate(searched) if arm != "single_task"), len(searched))
    return Counter(searched[:begun]) + Counter(arm for arm in searched[begun:] if arm != "single_task")


@pytest.mark.ray
@pytest.mark.usefixtures("ray_address")
class TestSweeps:
    """With a cluster: a few sweeps that each show several things, since workers take seconds to start."""

    def test_a_sweep_with_its_confirmation(self, tiny_spec: MakeSpec, tmp_path: Path) -> None:
        spec = tiny_spec(
            budget={"trials": 12, "finalists": 1, "seeds": 1},
            pruner={"name": "asha", "min_epochs": 1, "reduction_factor": 4},
            trial={"epochs": 80},  # more than a step covers, so that there is something to stop
        )
        pids: set[int] = set()
        watch = Listening(lambda: None, lambda snapshot: pids.update(p.pid for p in workers()) or False)  # type: ignore[func-returns-value]
        result = run_sweep(spec, tmp_path, watch=watch)
        assert arms(result.board.records()) == {**WHOLE, "search": 12}
        records = [r for r in result.board.records() if r.duplicate_of is None]
        assert len(pids) == 4, "two for the search and two for the confirmation: none is given up between"
        states = Counter(r.state for r in records if r.phase == Phase.SEARCH)
        assert states[TrialState.PRUNED] > 0
        assert states[TrialState.FAILED] == 0
        for record in records:
            assert (record.device, bool(record.node)) == ("cpu", True)
            assert record.device_seconds >= record.train_seconds > 0
            assert (record.epochs < 80) == (record.state is TrialState.PRUNED)
        assert max(sum(arm.running for arm in snapshot.arms) for snapshot in watch.snapshots) == 2
        assert any(r.phase == Phase.CONFIRMATION for r in records)
        kept = [TrainedNetwork.load(folder) for folder in (result.path / NETWORKS).iterdir()]
        (chosen,) = result.board.frame("designs").query("chosen")["n_networks"]
        assert len(kept) == chosen, "weights come back from the workers"
        epochs = result.board.frame("epochs").groupby("trial_id")["epoch"]
        assert (epochs.nunique() == epochs.max()).all(), "no epoch is lost on its way, none comes twice"
        assert epochs.max().to_dict() == {r.trial_id: r.epochs for r in records}

    def test_ctrl_c_and_resume(self, tiny_spec: MakeSpec, tmp_path: Path) -> None:
        watch = Listening(lambda: os.kill(os.getpid(), signal.SIGINT), lambda snapshot: snapshot.done == 5)
        result = run_sweep(tiny_spec(resources={"cpu": 2}), tmp_path, watch=watch)  # one at a time
        assert result.interrupted
        done = [r.trial_id for r in result.board.records()]
        assert 5 <= len(done) <= 6, "what was running may have come to its end"
        resumed = resume_sweep(result.path)
        after = resumed.board.records()
        assert [r.trial_id for r in after][: len(done)] == done
        assert arms(after) == WHOLE
        alone = run_sweep(tiny_spec(), tmp_path, name="inline", inline=True).board.records()
        one, other = scores(alone), scores(after)
        assert len(both := one.keys() & other.keys()) >= 2, "those drawn before anything was known"
        assert {key: one[key] for key in both} == {key: other[key] for key in both}, "wherever they ran"

    def test_without_a_free_cpu_it_says_so_and_ctrl_c_does_not_wait_for_one(
        self, tiny_spec: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(following, "POLL", 0.1)
        monkeypatch.setattr(following, "PATIENCE", 0.3)
        said: list[str] = []

        class Asked(Watch):
            def waiting(self, why: str) -> None:
                if not said:
                    os.kill(os.getpid(), signal.SIGINT)
                said.append(why)

        others = ray.remote(num_cpus=2)(lambda: time.sleep(600.0)).remote()
        while ray.available_resources().get("CPU"):
            time.sleep(0.05)
        try:
            result = run_sweep(tiny_spec(), tmp_path, watch=Asked())
        finally:
            ray.cancel(others, force=True)
        assert said[0].startswith("waiting for CPUs: 0 of the cluster's 2 are free")
        assert (result.interrupted, result.forced, result.board.records()) == (True, False, [])
        assert len(result.board.stops()) == len(result.board.starts()) > 0, "a resume takes them up"

    def test_a_trial_has_its_folder_before_it_may_be_handed_a_worker(self, tmp_path: Path) -> None:
        following_none = following.Following(Place(1, 0.0), 1, print, print)
        scheduler = AskTheSource(SourceSearcher(Recording()), Overdue(None), following_none)
        storage = StorageContext(storage_path=str(tmp_path), experiment_dir_name="sweep")
        trial = Trial("train", stub=True, storage=storage)
        assert trial.storage.trial_dir_name is None
        scheduler.on_trial_add(SimpleNamespace(), trial)
        assert trial.storage.trial_dir_name

    def test_what_the_infrastructure_loses_is_tried_again(
        self, tiny_spec: MakeSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Memory, which Ray reports with an error that Tune does not expect and that we may fail to see in
        time, and then the process of a worker, in the middle of a training."""
        resolve, contained = RayEventManager.resolve_future, as_actor_error
        told, futures = {5: "not seen", 9: "seen"}, Counter[str]()  # a trial is a step at least
        gate = tmp_path / "gate"

        def short_of_memory(self: Any, future: Any) -> None:
            _, on_error = self._tracked_futures[future]
            futures["steps"] += on_error is not None and "task" in on_error.__qualname__
            if (which := told.pop(futures["steps"], None)) is None:
                resolve(self, future)
            else:
                self.discard_future(future)
                on_error(OutOfMemoryError(f"The node is running low on memory, which is {which} in time."))

        def unless_it_is_not_seen(error: BaseException) -> BaseException:
            return error if "not seen" in str(error) else contained(error)

        monkeypatch.setattr(RayEventManager, "resolve_future", short_of_memory)
        monkeypatch.setattr(searcher_module, "as_actor_error", unless_it_is_not_seen)
        monkeypatch.setattr(ray_backend, "check_imports", lambda names: None)  # by one worker more
        killing = threading.Thread(target=kill_who_waits_at, args=[gate], daemon=True)
        watch = Listening(killing.start, lambda snapshot: not told)
        trunk = {"name": "tests.fixtures.faulty:Faulty", "stages": 2, "fault": "waits", "during": str(gate)}
        records = run_sweep(tiny_spec(trial={"trunk": trunk}), tmp_path, watch=watch).board.records()
        assert arms([r for r in records if not r.lost]) == WHOLE
        assert {r.state for r in records if not r.lost} == {TrialState.COMPLETE}
        lost = {r.trial_id: str(r.error) for r in records if r.lost}
        assert {name.partition(".lost")[0] for name in lost} <= {r.trial_id for r in records if not r.lost}
        assert sum("which is not seen in time" in error for error in lost.values()) in (1, 2), "all that ran"
        assert sum("which is seen in time" in error for error in lost.values()) == 1
        died = [error for error in lost.values() if "the worker process died" in error]
        (killed,) = (error for error in died if "in time" not in error)
        assert not gate.exists(), killed

    def test_where_a_trial_runs_decides_nothing(self, tiny_spec: MakeSpec, tmp_path: Path) -> None:
        spec = tiny_spec(
            budget={"reference_trials": 2, "trials": 12},
            resources={"cpu": 2},  # one at a time
            sampler={"name": "tpe"},
            pruner={"name": "asha", "min_epochs": 1, "reduction_factor": 2},
            trial={"epochs": 9},
        )
        boards = [run_sweep(spec, tmp_path / str(inline), inline=inline).board for inline in (True, False)]
        one, other = ([decided(r) for r in board.records()] for board in boards)
        assert one == other
        assert TrialState.PRUNED in {r.state for r in boards[0].records()}
        histories = [board.frame("epochs").drop(columns="seconds") for board in boards]
        assert histories[0].equals(histories[1])

    @pytest.mark.parametrize("resources", [{"cpu": 3}, {"gpu": 1}, {"gpu": 0.5}], ids=str)
    def test_what_is_not_there_is_refused(
        self, tiny_spec: MakeSpec, tmp_path: Path, resources: dict[str, Any]
    ) -> None:
        with pytest.raises(ResourceError, match="2 CPUs and 0 GPUs"):
            run_sweep(tiny_spec(resources=resources), tmp_path / "results")
        assert not (tmp_path / "results").exists()

    @pytest.mark.parametrize(("cpu", "slots"), [(1, 2), (2, 1)])
    def test_slots_are_as_many_as_fit(self, cpu: int, slots: int) -> None:
        with connect(Resources(cpu=cpu)) as cluster:
            assert cluster.slots == slots
            assert (cluster.place.cpus, cluster.place.gpus) == (cpu, 0.0)
            assert cluster.place.device == "cpu"


def scores(records: list[TrialRecord]) -> dict[tuple[str, int], float]:
    """Of trainings of single tasks, by what they depend on; which these are follows from what had ended."""
    return {(r.config_id, r.seed): r.score for r in records if r.arm == "single_task"}


def decided(record: TrialRecord) -> list[Any]:
    """All of a record but where and when it ran."""
    ran = {"started", "finished", "train_seconds", "device_seconds", "device", "node"}
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    return [repr(value) for name, value in values.items() if name not in ran]


def workers() -> list[psutil.Process]:
    """The processes that train, under the names Ray gives them in a task and between two."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it may end at any time
            if "".join(child.cmdline()[:1]).startswith("ray::TrainJob"):
                found.append(child)
    return found


def kill_who_waits_at(gate: Path) -> None:
    """The first process that waits there, in the middle of a training, for the gate to be gone."""
    gate.touch()
    while not (waiting := [*gate.parent.glob(f"{gate.name}.*")]):
        time.sleep(0.02)
    os.kill(int(waiting[0].suffix[1:]), signal.SIGKILL)
    gate.unlink()


class Recording(JobSource):
    """A source that notes what it is told."""

    def __init__(self, *jobs: Any, stop: bool = False) -> None:
        self.jobs, self.stop = list(jobs), stop
        self.reports: list[int] = []
        self.ends: list[tuple[str, TrialOutcome | None, Placement]] = []

    def next(self) -> Any:
        return self.jobs.pop(0)

    def report(self, trial_id: str, report: EpochReport) -> bool:
        self.reports.append(report.epoch)
        return self.stop

    def finish(self, trial_id: str, outcome: TrialOutcome | None, placement: Placement) -> None:
        self.ends.append((trial_id, outcome, placement))

    def interrupt(self) -> None:
        raise AssertionError("nobody interrupts")


JOB_ID = "search-0000"


def a_job(trial_id: str) -> Job:
    return Job(trial_id, None, 0, None)  # type: ignore[arg-type]  # the searcher looks at the name alone


def result(*epochs: int, outcome: TrialOutcome | None = None) -> dict[str, Any]:
    """A step of these epochs; one that fails does so in the epoch after them."""
    reports = [EpochReport(epoch, {}, {}, {}, 0.0, 0.1) for epoch in epochs]
    progress = [Progress(JOB_ID, report) for report in reports]
    if outcome is not None and outcome.state is TrialState.FAILED:
        progress.append(Progress(JOB_ID, None, outcome=outcome))
    elif outcome is not None:
        progress[-1] = Progress(JOB_ID, reports[-1], ended=True, outcome=outcome)
    return {PROGRESS: progress, PLACEMENT: HERE}


DONE = TrialOutcome(TrialState.COMPLETE, 3, 3, 1.0, ())
REFUSAL: dict[str, Any] = {REFUSED: True, PROGRESS: [], PLACEMENT: HERE}
BROKE = TrialOutcome(TrialState.FAILED, 1, None, float("nan"), (), "broke")


class TestSearcher:
    """Between Tune, which has names of its own for trials, and a source."""

    def test_jobs_are_handed_out(self) -> None:
        job = a_job("search-0000")
        searcher = SourceSearcher(Recording(job, "wait", "done"))
        assert searcher.suggest("t1") == {PACK: [job], SLOT: 0}
        assert searcher.suggest("t2") is None
        assert searcher.suggest("t2") == SourceSearcher.FINISHED

    def test_no_two_packs_have_the_same_slot(self) -> None:
        took: list[tuple[str, float]] = []
        source = Recording(*(a_job(f"search-000{number}") for number in range(4)), "wait")
        searcher = SourceSearcher(source, timed=lambda what, seconds: took.append((what, seconds)))
        assert [searcher.suggest(name)[SLOT] for name in ("t1", "t2", "t3")] == [0, 1, 2]
        searcher.on_trial_complete("t2")
        assert searcher.suggest("t4")[SLOT] == 1
        searcher.suggest("t5")
        assert [what for what, _ in took] == ["ask", "ask", "ask", "tell", "ask"]
        assert all(seconds >= 0.0 for _, seconds in took)

    def test_a_job_that_ends_in_its_first_step(self) -> None:
        source = Recording(a_job("search-0000"))
        searcher = SourceSearcher(source)
        searcher.suggest("t1")
        searcher.on_trial_complete("t1", result(1, 2, 3, outcome=DONE))
        assert source.reports == [1, 2, 3]
        assert source.ends == [("search-0000", DONE, HERE)]

    def test_a_job_of_several_steps(self) -> None:
        source = Recording(a_job("search-0000"))
        searcher = SourceSearcher(source)
        searcher.suggest("t1")
        assert not searcher.take("t1", result(1))
        assert not searcher.take("t1", result(2))
        searcher.on_trial_complete("t1", result(3, outcome=DONE))
        assert source.reports == [1, 2, 3], "each once"
        assert source.ends == [("search-0000", DONE, HERE)]

    def test_a_stopped_job_has_no_outcome(self) -> None:
        source = Recording(a_job("search-0000"), stop=True)
        searcher = SourceSearcher(source)
        searcher.suggest("t1")
        assert searcher.take("t1", result(1, 2))
        assert source.reports == [1], "those after the one that stops it are as if they had never been"
        searcher.on_trial_complete("t1", result(1, 2))
        assert source.ends == [("search-0000", None, HERE)]

    @pytest.mark.parametrize(
        ("last", "reports", "outcome"),
        [
            (result(1, 2, 3, outcome=DONE), [1], None),
            (result(1, outcome=DONE), [1], DONE),  # nothing is left to stop
            (result(1, outcome=BROKE), [1], None),  # in an epoch that the stop forestalls
            (result(outcome=BROKE), [], BROKE),
        ],
        ids=["ran ahead", "at its end", "ran into an error", "failed at once"],
    )
    def test_a_job_that_is_stopped_in_its_last_step(
        self, last: dict[str, Any], reports: list[int], outcome: TrialOutcome | None
    ) -> None:
        source = Recording(a_job("search-0000"), stop=True)
        searcher = SourceSearcher(source)
        searcher.suggest("t1")
        searcher.on_trial_complete("t1", last)
        assert source.reports == reports
        assert source.ends == [("search-0000", outcome, HERE)]

    @pytest.mark.parametrize("steps", [0, 1])
    def test_a_worker_that_died(self, steps: int) -> None:
        source = Recording(a_job("search-0000"))
        searcher = SourceSearcher(source)
        searcher.suggest("t1")
        for step in range(steps):
            searcher.take("t1", result(step + 1))
        searcher.failed("t1", RayActorError(error_msg="The worker was killed by signal 9."))
        searcher.on_trial_complete("t1", None, error=True)
        ((trial_id, outcome, _),) = source.ends
        assert trial_id == "search-0000"
        assert outcome is not None
        assert (outcome.state, outcome.lost) == (TrialState.FAILED, True)
        assert str(outcome.error).endswith("the worker process died: The worker was killed by signal 9.")

    def test_what_a_node_lost_is_for_another_one(self) -> None:
        """A worker there hands it back, other jobs come first, and after as many refusals as there are slots
        any node is good."""
        there = {"bad", "good"}
        lost, other = a_job("search-0000"), a_job("search-0001")
        source = Recording(lost, lost, other, "wait", "wait", "wait", "wait")
        searcher = SourceSearcher(source, elsewhere=Elsewhere(lambda nodes: bool(there - nodes)))
        searcher.set_max_concurrency(2)
        assert AVOIDED not in searcher.suggest("t1")
        searcher.take("t1", {**result(1), NODE: "bad"})
        searcher.failed("t1", RayActorError())
        searcher.on_trial_complete("t1", None, error=True)
        assert searcher.suggest("t2")[AVOIDED] == {"bad"}
        searcher.on_trial_complete("t2", REFUSAL)
        assert len(source.ends) == 1, "it has not ended again"
        assert searcher.suggest("t3")[PACK] == [other]
        again = searcher.suggest("t4")
        assert (again[PACK], again[AVOIDED], again[SLOT]) == ([lost], {"bad"}, 1)
        searcher.on_trial_complete("t4", REFUSAL)
        last = searcher.suggest("t5")
        assert last[PACK] == [lost], "there is nothing else to train"
        assert AVOIDED not in last
        searcher.on_trial_complete("t5", {**result(1, outcome=DONE), NODE: "bad"})
        assert source.ends[-1] == ("search-0000", DONE, HERE)

    def test_with_a_single_node_nobody_refuses(self) -> None:
        source = Recording(a_job("search-0000"), a_job("search-0000"))
        searcher = SourceSearcher(source, elsewhere=Elsewhere(lambda nodes: nodes != {"only"}))
        searcher.suggest("t1")
        searcher.take("t1", {**result(1), NODE: "only"})
        searcher.lose(RayError("no more"))
        assert AVOIDED not in searcher.suggest("t2")

    def test_what_runs_when_tune_gives_up_is_lost(self) -> None:
        source = Recording(a_job("search-0000"), a_job("search-0001"))
        searcher = SourceSearcher(source)
        searcher.suggest("t1")
        searcher.suggest("t2")
        searcher.take("t1", result(1))
        searcher.lose(RayError("no more"))
        assert [(trial_id, placement) for trial_id, _, placement in source.ends] == [
            ("search-0000", HERE),
            ("search-0001", Placement(0.0, 0.0, "", "")),
        ]
        for _, outcome, _ in source.ends:
            assert outcome is not None
            assert (outcome.state, outcome.lost) == (TrialState.FAILED, True)

    def test_what_the_source_raises_is_kept(self) -> None:
        class Full(Recording):
            def finish(self, *ignored: Any) -> None:
                raise errors.pop(0)

        errors: list[Exception] = [OSError("no space left on device"), KeyError("search-0000")]
        searcher = SourceSearcher(Full(a_job("search-0000"), a_job("search-0001")))
        for trial in ("t1", "t2"):  # Tune goes on before it ends
            searcher.suggest(trial)
            with pytest.raises((OSError, KeyError)):
                searcher.on_trial_complete(trial, result(1, outcome=DONE))
        assert isinstance(searcher.raised, OSError), "the first one"

    def test_it_keeps_nothing_for_tune_to_save(self, tmp_path: Path) -> None:
        searcher = SourceSearcher(Recording())
        assert searcher.__getstate__() == {}
        searcher.save(str(tmp_path / "x"))
        searcher.restore(str(tmp_path / "x"))
        assert list(tmp_path.iterdir()) == []


def test_what_tune_keeps_of_a_trial_is_let_go_of_once_it_has_ended() -> None:
    """Tune holds every trial of a phase to its end, and asks for the last result once more after it."""
    searcher = SourceSearcher(Recording())
    scheduler = AskTheSource(searcher, Overdue(None), following.Following(Place(1, 0.0), 1, print, print))
    controller: Any = SimpleNamespace(get_live_trials=set)
    job, last = a_job(JOB_ID), result(1, 2, outcome=DONE)
    trials = [
        Trial("train", stub=True, config={PACK: [job]}, evaluated_params={PACK: [job]}) for _ in range(3)
    ]
    for trial in trials:
        trial.run_metadata.last_result = last
    for trial in trials[:2]:
        scheduler.on_trial_complete(controller, trial, last)
    scheduler.choose_trial_to_run(controller)
    assert trials[0].last_result[PROGRESS], "Tune has not asked yet"
    trials[0].set_status(Trial.TERMINATED)
    scheduler.choose_trial_to_run(controller)
    assert JOB_ID not in repr(trials[0].__dict__) + repr(trials[0].last_result)
    for trial in trials[1:]:
        assert trial.config[PACK] == [job]
        assert trial.last_result[PROGRESS]
    assert pickle.loads(pickle.dumps(scheduler)).__dict__ == {}, "nor is anything kept for Tune to save"


def node(cpus: int, gpus: int = 0, alive: bool = True) -> dict[str, Any]:
    """As Ray lists it."""
    return {"Alive": alive, "Resources": {"CPU": float(cpus), **({"GPU": float(gpus)} if gpus else {})}}


def test_a_trial_is_of_one_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one node has left does not add to what another has; a node that went away holds nothing."""
    monkeypatch.setattr(ray, "nodes", lambda: [node(3), node(1), node(4), node(8, alive=False)])
    assert Cluster(Resources(cpu=2)).slots == 3
    with pytest.raises(ResourceError, match="at most the 4 CPUs and 0 GPUs of its largest node, of 3, for"):
        Cluster(Resources(cpu=5))


@pytest.mark.parametrize(
    ("resources", "cpus", "gpus", "share", "slots"),
    [
        ({"gpu": "auto"}, 8, 0, 0.0, 8),
        ({"gpu": "auto", "cpu": 3}, 8, 0, 0.0, 2),
        ({"gpu": "auto"}, 8, 1, 1 / 8, 8),
        ({"gpu": "auto"}, 49, 1, 1 / 49, 49),
        ({"gpu": "auto", "cpu": 2}, 8, 1, 1 / 4, 4),
        ({"gpu": "auto"}, 2, 8, 1.0, 2),
        ({"gpu": "auto"}, 8, 2, 1 / 4, 8),
        ({"gpu": "auto"}, 3, 2, 1 / 2, 3),  # two thirds would leave a third of each GPU to nobody
        ({"gpu": 0}, 8, 1, 0.0, 8),
        ({"gpu": 0.1}, 8, 1, 0.1, 8),
        ({"gpu": 0.3}, 8, 1, 0.3, 3),
        ({"gpu": 0.4}, 8, 2, 0.4, 4),
        ({"gpu": 1}, 8, 2, 1.0, 2),
    ],
    ids=str,
)
def test_gpus_are_shared_by_as_many_trials_as_there_are_cpus_for(
    monkeypatch: pytest.MonkeyPatch, resources: dict[str, Any], cpus: int, gpus: int, share: float, slots: int
) -> None:
    monkeypatch.setattr(ray, "nodes", lambda: [node(cpus, gpus)])
    cluster = Cluster(Resources(**resources))
    assert cluster.place.gpus == pytest.approx(share)
    assert cluster.slots == slots
    assert cluster.place.device == ("cuda" if share else "cpu")


def test_gpus_are_shared_by_no_more_trials_than_fit_into_their_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ray, "nodes", lambda: [node(64, 1)])
    monkeypatch.setattr(ray_backend, "ask_for_a_gpu", lambda: (40 * 2**30, True))
    cluster = Cluster(Resources(), Demands(gpu_memory=lambda: 5 * 2**30))
    assert (cluster.slots, cluster.place.gpus) == (7, 1 / 7)
    assert cluster.has_bfloat16


def test_nobody_asks_for_a_gpu_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "nodes", lambda: [node(64)])
    cluster = Cluster(Resources(), Demands(gpu_memory=lambda: 1 // 0))
    assert (cluster.slots, cluster.place.gpus, cluster.has_bfloat16) == (64, 0.0, False)


def test_no_more_trials_than_the_nodes_have_memory_for(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [node(4), node(2)]
    for one, memory in zip(nodes, (10, 3), strict=True):
        one["Resources"]["memory"] = memory * 2.0**30
    monkeypatch.setattr(ray, "nodes", lambda: nodes)
    cluster = Cluster(Resources.model_validate({"memory": "3GiB"}))
    assert cluster.slots == 4
    assert cluster.place.bundles == [{"CPU": 1.0, "memory": 3 * 2.0**30}]
    with pytest.raises(ResourceError, match=r"and 10.0 GiB of memory of its .* memory: 11.0 GiB"):
        Cluster(Resources.model_validate({"memory": "11GiB"}))


@pytest.mark.parametrize(
    ("resources", "cpus", "gpus"), [({"cpu": 9}, 8, 0), ({"gpu": 1}, 8, 0), ({"gpu": 0.5}, 8, 0)], ids=str
)
def test_more_than_there_is(
    monkeypatch: pytest.MonkeyPatch, resources: dict[str, Any], cpus: int, gpus: int
) -> None:
    monkeypatch.setattr(ray, "nodes", lambda: [node(cpus, gpus)])
    with pytest.raises(ResourceError, match=f"at most the {cpus} CPUs and {gpus} GPUs"):
        Cluster(Resources(**resources))
