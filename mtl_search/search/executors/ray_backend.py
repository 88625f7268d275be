"""The Ray executor: Tune places the jobs of a source on the CPUs and GPUs of a cluster.

Tune's ``Searcher`` asks the source for jobs and hands back results, its ``TrialScheduler`` asks the
source whether to stop. Loggers, checkpoints and the saving of experiment state are off: the leaderboard is
the state.
"""

import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, final

from typing_extensions import override

from mtl_search.data import Dataset
from mtl_search.errors import ResourceError
from mtl_search.search.executors.addresses import chosen_address, refusal
from mtl_search.search.executors.base import NOTHING, Demands, Executor
from mtl_search.search.executors.gpus import gpu_share, trials_on
from mtl_search.search.executors.inline import stop_on_sigint
from mtl_search.search.executors.place import Place
from mtl_search.search.jobs import JobSource, Placement
from mtl_search.sweep.settings import Resources
from mtl_search.training import SoloTrainer, TrialOutcome, failure

QUIET = {  # before Ray is imported
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000000",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_TRAIN_ENABLE_V2_MIGRATION_WARNINGS": "0",
}
os.environ.update({name: value for name, value in QUIET.items() if name not in os.environ})

import ray  # noqa: E402
from ray import tune  # noqa: E402
from ray.exceptions import RayError  # noqa: E402
from ray.tune.schedulers import FIFOScheduler, TrialScheduler  # noqa: E402
from ray.tune.search import Searcher  # noqa: E402

from mtl_search.search.executors.imports import ask_for_a_gpu, check_imports  # noqa: E402
from mtl_search.search.executors.trainable import PACK, PLACEMENT, PROGRESS, TrainPack  # noqa: E402
from mtl_search.search.executors.worker_errors import as_actor_error, error_of, worker_failure  # noqa: E402

__all__ = ["Cluster", "connect"]

RESTARTS = 10  # of Tune in one phase, after which something is wrong that does not pass


@final
class Cluster(Executor):
    """A Ray cluster and what each trial gets of it."""

    def __init__(self, resources: Resources, dashboard: str, demands: Demands = NOTHING) -> None:
        nodes = [
            (int(node["Resources"].get("CPU", 0)), float(node["Resources"].get("GPU", 0)))
            for node in ray.nodes()
            if node["Alive"]
        ]
        cpus, gpus = sum(cpus for cpus, _ in nodes), sum(gpus for _, gpus in nodes)
        needed = demands.gpu_memory() if gpus and resources.gpu == "auto" else 0
        memory = ask_for_a_gpu()[0] if needed else 0
        share = gpu_share(resources, cpus, gpus, needed=needed, memory=memory)
        self.place = Place(resources.cpu, share)
        self.slots = sum(trials_on(*node, self.place.cpus, share) for node in nodes)
        if not self.slots:
            most = max(nodes, key=lambda node: (node[1] >= share, *node), default=(0, 0.0))
            raise ResourceError(
                "resources",
                f"at most the {most[0]} CPUs and {most[1]:g} GPUs of {_one_of(len(nodes))} for one trial",
                f"cpu: {resources.cpu}, gpu: {share:g}",
            )
        self.dashboard = dashboard

    @property
    @override
    def has_bfloat16(self) -> bool:
        return self.place.gpus > 0 and ask_for_a_gpu()[1]

    @override
    def run(self, source: JobSource, dataset: Dataset) -> None:
        """Train all jobs of ``source``; Ctrl-C stops what is running within a step.

        What Ray does not blame on a single trial ends all that are running: they are lost, and Tune begins
        anew.
        """
        for attempt in range(1, RESTARTS + 1):
            searcher = SourceSearcher(source, SoloTrainer.size)
            try:
                self._fit(searcher, source, dataset)
                return
            except Exception as error:
                if searcher.raised is not None:  # ours, which Tune has wrapped
                    raise searcher.raised from None
                of_ray = isinstance(error, RayError) or isinstance(error.__cause__, RayError)
                if not of_ray or attempt == RESTARTS:
                    raise
                searcher.lose(error)

    def _fit(self, searcher: "SourceSearcher", source: JobSource, dataset: Dataset) -> None:
        scratch = tempfile.mkdtemp(prefix="mtl_search-")
        try:
            with stop_on_sigint(source), _quiet_tune():
                tune.Tuner(
                    tune.with_resources(
                        tune.with_parameters(
                            TrainPack, dataset=dataset, place=self.place, trainer=SoloTrainer
                        ),
                        {"cpu": self.place.cpus, "gpu": self.place.gpus},
                    ),
                    tune_config=tune.TuneConfig(
                        num_samples=-1,
                        search_alg=searcher,
                        scheduler=AskTheSource(searcher, self.slots),
                        reuse_actors=True,
                        max_concurrent_trials=self.slots,
                    ),
                    run_config=tune.RunConfig(
                        storage_path=scratch,
                        name="sweep",
                        verbose=0,
                        checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                    ),
                ).fit()
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _one_of(n_nodes: int) -> str:
    return "the cluster" if n_nodes < 2 else f"its largest node, of {n_nodes},"


@contextmanager
def connect(
    resources: Resources, demands: Demands = NOTHING, address: str | None = None
) -> Iterator[Cluster]:
    """Ray at ``address`` (else at ``RAY_ADDRESS``), or a local one that ends with the block; one that this
    process has started is used."""
    started = not ray.is_initialized()
    if started:
        where = chosen_address(address)
        try:
            context = ray.init(
                address=where, log_to_driver=False, logging_level=logging.ERROR, include_dashboard=None
            )
        except (RayError, RuntimeError, OSError, ValueError, AssertionError) as error:
            raise refusal(where, error) from error
    try:
        check_imports(demands.imports)
        yield Cluster(resources, context.dashboard_url if started else "", demands)
    finally:
        if started:
            ray.shutdown()


@final
class SourceSearcher(Searcher):  # type: ignore[misc]
    """Asks a job source for what to run next and hands the results back; a trial of Tune is a pack.

    A worker runs ahead within a step. Epochs after the one that ends a job are as if they had never been, so
    that what is reported and stopped does not depend on how many of them fit into a step.
    """

    def __init__(self, source: JobSource, size: int = 1) -> None:
        super().__init__(metric="training_iteration", mode="max")  # Tune asks for one; not used
        self._source, self._size = source, size
        self._open: dict[str, list[str]] = {}  # the jobs of each trial of Tune that are not over
        self._placements: dict[str, Placement] = {}
        self._errors: dict[str, BaseException] = {}
        self.raised: Exception | None = None  # by the source

    def suggest(self, trial_id: str) -> Any:
        """A pack, None for "ask again later", or FINISHED."""
        with self._noting():
            pack = self._source.next_pack(self._size)
        if pack == "done":
            return Searcher.FINISHED
        if pack == "wait":
            return None
        self._open[trial_id] = [job.trial_id for job in pack]
        return {PACK: pack}

    def take(self, trial_id: str, result: Mapping[str, Any]) -> bool:
        """Take the epochs of a step one by one; whether all jobs of the pack are over.

        Tune can stop a trial, not one job of its pack: a stopped job trains on until its pack ends. That
        costs nothing while packs are of one, as `SoloTrainer`'s are; larger ones need a way to stop a job.
        """
        open_, placement = self._open[trial_id], result[PLACEMENT]
        self._placements[trial_id] = placement
        with self._noting():
            for progress in result[PROGRESS]:
                if progress.trial_id in open_ and self._source.take(progress, placement):
                    open_.remove(progress.trial_id)
        return not open_

    def failed(self, trial_id: str, error: BaseException) -> None:
        """Note the error that a trial ended with, which Tune does not pass to a searcher."""
        self._errors[trial_id] = error

    def on_trial_complete(self, trial_id: str, result: Any = None, error: bool = False) -> None:
        """Hand back the outcomes of a pack that ended, was stopped, or whose worker died."""
        if error:
            self._end(trial_id, worker_failure(self._errors.pop(trial_id)))
            return
        if result is not None:
            self.take(trial_id, result)  # Tune asks no scheduler about the last step
        self._end(trial_id, None)

    def lose(self, error: Exception) -> None:
        """Hand back all jobs that are running as lost."""
        for trial_id in list(self._open):
            self._end(trial_id, failure(error, lost=True))

    def _end(self, trial_id: str, outcome: TrialOutcome | None) -> None:
        """End what is left of a pack."""
        placement = self._placements.pop(trial_id, Placement(0.0, 0.0, "", ""))
        for job in self._open.pop(trial_id):
            with self._noting():
                self._source.finish(job, outcome, placement)

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """Keep what the source raises: Tune hides it in an error of its own."""
        try:
            yield
        except Exception as error:
            self.raised = error
            raise

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune pickles its searcher for a restore that this package never does."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the leaderboard is the state."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: the leaderboard is the state."""


@final
class AskTheSource(FIFOScheduler):  # type: ignore[misc]
    """Runs trials in order, stops those that the source wants stopped, and keeps the ``slots`` workers.

    Left to itself Tune gives up workers, and a trial may be shorter than the start of a new one: it keeps
    one idle worker at most, and a trial that ends hands its worker to one whose own is still starting, which
    is killed. With short trials nothing but the first worker was left of any number.
    """

    def __init__(self, searcher: SourceSearcher, slots: int) -> None:
        super().__init__()
        self._searcher, self._slots = searcher, slots

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        """With the first trial, make room for all idle workers and let a memory kill end one trial alone.

        Tune has no public setting for either.
        """
        if not self._slots:
            return
        if (cache := getattr(tune_controller, "_actor_cache", None)) is not None:
            cache.increase_max(trial.placement_group_factory, self._slots)
        manager = getattr(tune_controller, "_actor_manager", None)
        if manager is not None and (fail := getattr(manager, "_actor_task_failed", None)) is not None:
            manager._actor_task_failed = lambda tracked_actor_task, exception: fail(
                tracked_actor_task, as_actor_error(exception)
            )
        self._slots = 0

    def choose_trial_to_run(self, tune_controller: Any) -> None:
        """None of them before its turn: Tune starts what is pending in order, on idle workers first."""

    def on_trial_error(self, tune_controller: Any, trial: Any) -> None:
        """Tell the searcher what happened."""
        self._searcher.failed(trial.trial_id, error_of(trial))

    def on_trial_result(self, tune_controller: Any, trial: Any, result: Mapping[str, Any]) -> str:
        """Stop once all jobs of the pack are over."""
        stop = self._searcher.take(trial.trial_id, result)
        return str(TrialScheduler.STOP if stop else TrialScheduler.CONTINUE)


@contextmanager
def _quiet_tune() -> Iterator[None]:
    """Tune logs what concerns its own experiment files, which there are none of."""
    loggers = [logging.getLogger(name) for name in ("ray.tune", "ray.train", "ray.air")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
