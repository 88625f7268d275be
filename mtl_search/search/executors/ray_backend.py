"""The Ray executor: Tune places the jobs of a source on the CPUs and GPUs of a cluster.

Loggers, checkpoints and the saving of experiment state are off: the leaderboard is the state.
"""

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from typing import final

from typing_extensions import override

from mtl_search.data import Dataset
from mtl_search.monitoring.metrics import (
    ASK_SECONDS,
    ASKS,
    BEST_DELTA_M,
    RUNNING,
    TELL_SECONDS,
    TELLS,
    TRIALS,
)
from mtl_search.scratch import scratch_folder
from mtl_search.search.executors.addresses import LOCAL, chosen_address, refusal
from mtl_search.search.executors.base import NOTHING, Demands, Executor
from mtl_search.search.executors.dashboard import Dashboard
from mtl_search.search.executors.gpus import gpu_share
from mtl_search.search.executors.inline import stop_on_sigint
from mtl_search.search.executors.place import Place
from mtl_search.search.executors.quiet import silent
from mtl_search.search.jobs import ArmStanding, JobSource
from mtl_search.sweep.settings import Resources
from mtl_search.training import SoloTrainer

QUIET = {  # before Ray is imported
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000000",
    "TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S": "0",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_TRAIN_ENABLE_V2_MIGRATION_WARNINGS": "0",
    "RAY_DASHBOARD_STARTUP_TIMEOUT_S": "30",
}
os.environ.update({name: value for name, value in QUIET.items() if name not in os.environ})

import ray  # noqa: E402
from ray import tune  # noqa: E402
from ray.exceptions import RayError  # noqa: E402
from ray.job_config import JobConfig  # noqa: E402

from mtl_search.search.executors.elsewhere import Elsewhere  # noqa: E402
from mtl_search.search.executors.following import Following  # noqa: E402
from mtl_search.search.executors.head_watch import gone, watched_head  # noqa: E402
from mtl_search.search.executors.imports import ask_for_a_gpu, check_imports  # noqa: E402
from mtl_search.search.executors.kept import Kept  # noqa: E402
from mtl_search.search.executors.loopback import ray_of_our_own  # noqa: E402
from mtl_search.search.executors.nodes import Node, check_room, slots_on  # noqa: E402
from mtl_search.search.executors.overdue import Overdue  # noqa: E402
from mtl_search.search.executors.published import Published  # noqa: E402
from mtl_search.search.executors.searcher import ASK, TELL, AskTheSource, SourceSearcher  # noqa: E402
from mtl_search.search.executors.trainable import train_job  # noqa: E402

__all__ = ["Cluster", "connect"]

RESTARTS = 10  # of Tune in one phase, after which something is wrong that does not pass


@final
class Cluster(Executor):
    """A Ray cluster and what each trial gets of it."""

    def __init__(
        self,
        resources: Resources,
        demands: Demands = NOTHING,
        *,
        name: str = "",
        dashboard: Dashboard | None = None,
        published: Published | None = None,
    ) -> None:
        nodes = Node.alive()
        cpus, gpus = sum(node.cpus for node in nodes), sum(node.gpus for node in nodes)
        needed = demands.gpu_memory() if gpus and resources.gpu == "auto" else 0
        memory = ask_for_a_gpu()[0] if needed else 0
        share = gpu_share(resources, cpus, gpus, needed=needed, memory=memory)
        limits = resources.minutes, resources.memory
        self.place = Place(resources.cpu, share, *limits, workers=resources.team)
        check_room(nodes, self.place)
        self.slots = slots_on(nodes, self.place)
        self.dashboard, self._name, self._published = dashboard, name, published

    @property
    @override
    def has_bfloat16(self) -> bool:
        return self.place.gpus > 0 and ask_for_a_gpu()[1]

    @override
    def run(
        self, source: JobSource, dataset: Dataset, waiting: Callable[[str], None] = lambda why: None
    ) -> None:
        """Train all jobs of ``source``; Ctrl-C stops what is running within a step.

        What Ray does not blame on a single trial ends all that are running: they are lost, and Tune begins
        anew.
        """
        kept, elsewhere = Kept(), Elsewhere(self._others)
        for attempt in range(1, RESTARTS + 1):
            searcher = SourceSearcher(source, SoloTrainer.size, self._timed, kept, elsewhere)
            try:
                self._fit(searcher, source, dataset, waiting)
                return
            except Exception as error:
                if searcher.raised is not None:  # ours, which Tune has wrapped
                    raise searcher.raised from None
                of_ray = isinstance(error, RayError) or isinstance(error.__cause__, RayError)
                if not of_ray or attempt == RESTARTS:
                    raise
                searcher.lose(error)

    @override
    def show(self, arms: Sequence[ArmStanding]) -> None:
        """As Ray's metrics."""
        if self._published is None:
            return
        ended: dict[tuple[str, ...], float] = {
            (arm.name, state.value): float(number) for arm in arms for state, number in arm.ended.items()
        }
        self._published.set(TRIALS, ended)
        self._published.set(RUNNING, {(arm.name,): float(arm.running) for arm in arms})
        self._published.set(BEST_DELTA_M, {(arm.name,): arm.best for arm in arms})

    def _others(self, nodes: frozenset[str]) -> bool:
        """Whether there is another node that holds a worker."""
        return any(node.name not in nodes and node.workers(self.place) for node in Node.alive())

    def _timed(self, what: str, seconds: float) -> None:
        if self._published is None:
            return
        times, took = {ASK: (ASKS, ASK_SECONDS), TELL: (TELLS, TELL_SECONDS)}[what]
        self._published.add(times, 1.0)
        self._published.add(took, seconds)

    def _fit(
        self,
        searcher: SourceSearcher,
        source: JobSource,
        dataset: Dataset,
        waiting: Callable[[str], None],
    ) -> None:
        def resized(slots: int) -> None:
            self.slots = slots
            searcher.set_max_concurrency(slots)

        following = Following(self.place, self.slots, resized, waiting)
        with scratch_folder() as scratch, stop_on_sigint(source) as asked, _quiet_tune():
            tune.Tuner(
                train_job(dataset, self.place, self._name),
                tune_config=tune.TuneConfig(
                    num_samples=-1,
                    search_alg=searcher,
                    scheduler=AskTheSource(searcher, Overdue(self.place.minutes), following, asked),
                    reuse_actors=True,
                    max_concurrent_trials=self.slots,
                ),
                run_config=tune.RunConfig(
                    storage_path=str(scratch),
                    name="sweep",
                    verbose=0,
                    checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                ),
            ).fit()


@contextmanager
def connect(
    resources: Resources,
    demands: Demands = NOTHING,
    address: str | None = None,
    *,
    name: str = "",
    dashboard: bool = True,
) -> Iterator[Cluster]:
    """Ray at ``address`` (else at ``RAY_ADDRESS``), or a local one that ends with the block; one that this
    process has started is used."""
    started, shown = not ray.is_initialized(), None
    if started:
        where = chosen_address(address)
        try:
            own = ray_of_our_own() if where == LOCAL else nullcontext()
            unheard = silent("ray._private.services")  # the dashboard's log, if it does not start
            with own, unheard:
                context = ray.init(
                    address=where,
                    job_config=JobConfig(metadata={"job_name": name, "sweep": name}),
                    include_dashboard=None if dashboard else False,  # True: or it does not start at all
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                )
        except Exception as error:  # Ray raises that class itself where a node does not start in time
            raise refusal(where, error) from error
        if dashboard and (context.dashboard_url or where == LOCAL):  # a cluster may have none
            shown = Dashboard.at(context.dashboard_url)
    try:
        check_imports(demands.imports)
        head = ray.get_runtime_context().gcs_address
        with closing(Published(name)) as published, watched_head(head, gone):
            yield Cluster(resources, demands, name=name, dashboard=shown, published=published)
    finally:
        if started:
            ray.shutdown()


@contextmanager
def _quiet_tune() -> Iterator[None]:
    """Tune logs what concerns its own experiment files, which there are none of."""
    with silent("ray.tune", "ray.train", "ray.air"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
