"""What Tune is given of ours: who suggests what to train, and who says when to stop.

Tune's ``Searcher`` asks the job source for packs and hands back results, its ``TrialScheduler`` asks whether
to stop.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, final

from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher

from mtl_search.search.executors.elsewhere import Elsewhere
from mtl_search.search.executors.following import Following
from mtl_search.search.executors.kept import Kept
from mtl_search.search.executors.overdue import Overdue
from mtl_search.search.executors.trainable import (
    AVOIDED,
    NODE,
    PACK,
    PARCEL,
    PAST,
    PLACEMENT,
    PROGRESS,
    REFUSED,
    SLOT,
)
from mtl_search.search.executors.worker_errors import as_actor_error, error_of, worker_failure
from mtl_search.search.jobs import Job, JobSource, Placement
from mtl_search.training import TrialOutcome, failure

__all__ = ["ASK", "TELL", "AskTheSource", "SourceSearcher"]

ASK, TELL = "ask", "tell"


@final
class SourceSearcher(Searcher):  # type: ignore[misc]
    """Asks a job source for what to run next and hands the results back; a trial of Tune is a pack.

    A worker runs ahead within a step. Epochs after the one that ends a job are as if they had never been, so
    that what is reported and stopped does not depend on how many of them fit into a step. ``timed`` is told
    how many seconds each suggestion took, and each end of a trial. ``kept``: the states of jobs, from which
    those that are lost go on, ``elsewhere`` if that can be.
    """

    def __init__(
        self,
        source: JobSource,
        size: int = 1,
        timed: Callable[[str, float], object] = lambda what, took: None,
        kept: Kept | None = None,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        super().__init__(metric="training_iteration", mode="max")  # Tune asks for one; not used
        self._source, self._size, self._timed = source, size, timed
        self._most = sys.maxsize  # trials of Tune at a time
        self._kept, self._elsewhere = kept or Kept(), elsewhere or Elsewhere()
        self._nodes: dict[str, str] = {}  # on which each of these trials is known to be
        self._open: dict[str, dict[str, Job]] = {}  # the jobs of each trial of Tune that are not over
        self._slots: dict[str, int] = {}  # of each of these trials; no two have the same
        self._placements: dict[str, Placement] = {}
        self._errors: dict[str, BaseException] = {}
        self.raised: Exception | None = None  # by the source

    def set_max_concurrency(self, max_concurrent: int) -> bool:
        """Hand out no more than so many packs at a time; True, so that Tune leaves that to this."""
        self._most = max_concurrent
        return True

    def suggest(self, trial_id: str) -> Any:
        """A pack and its slot, None for "ask again later", or FINISHED."""
        if len(self._open) >= self._most:
            return None
        began = time.perf_counter()
        pack = self._elsewhere.next() or self._next_pack()
        if isinstance(pack, str):
            return Searcher.FINISHED if pack == "done" else None
        self._timed(ASK, time.perf_counter() - began)
        self._open[trial_id] = {job.trial_id: job for job in pack}
        taken = {*self._slots.values()}
        self._slots[trial_id] = next(slot for slot in range(len(taken) + 1) if slot not in taken)
        given: dict[str, Any] = {PACK: pack, SLOT: self._slots[trial_id]}
        if len(pack) == 1 and (past := self._kept.state(pack[0])) is not None:
            given[PAST] = past
        if avoided := self._elsewhere.avoided(pack, self._most):
            given[AVOIDED] = avoided
        return given

    def _next_pack(self) -> Sequence[Job] | Literal["wait", "done"]:
        """What the source has; else what waits for another node."""
        with self._noting():
            pack = self._source.next_pack(self._size)
        return (self._elsewhere.any() or pack) if isinstance(pack, str) else pack

    def take(self, trial_id: str, result: Mapping[str, Any]) -> bool:
        """Take the epochs of a step one by one; whether all jobs of the pack are over.

        Tune can stop a trial, not one job of its pack: a stopped job trains on until its pack ends. That
        costs nothing while packs are of one, as `SoloTrainer`'s are; larger ones need a way to stop a job.
        """
        open_, placement = self._open[trial_id], result[PLACEMENT]
        self._placements[trial_id], self._nodes[trial_id] = placement, result.get(NODE, "")
        with self._noting():
            for progress in result[PROGRESS]:
                job = open_.get(progress.trial_id)
                if job is not None and self._source.take(progress, placement):
                    del open_[progress.trial_id]
                    self._over(job, progress.outcome, result.get(NODE, ""))
            for job in open_.values() if PARCEL in result else ():
                self._kept.keep(job, result[PARCEL])
        return not open_

    def failed(self, trial_id: str, error: BaseException) -> None:
        """Note the error that a trial ended with, which Tune does not pass to a searcher."""
        self._errors[trial_id] = error

    def on_trial_complete(self, trial_id: str, result: Any = None, error: bool = False) -> None:
        """Hand back the outcomes of a pack that ended, was stopped, or whose worker died."""
        began = time.perf_counter()
        if result is not None and result.get(REFUSED):
            self._elsewhere.hand_back(list(self._open.pop(trial_id).values()))
            del self._slots[trial_id]
        elif error:
            self._end(trial_id, worker_failure(self._errors.pop(trial_id)))
        else:
            if result is not None:
                self.take(trial_id, result)  # Tune asks no scheduler about the last step
            self._end(trial_id, None)
        self._timed(TELL, time.perf_counter() - began)

    def lose(self, error: Exception) -> None:
        """Hand back all jobs that are running as lost."""
        for trial_id in list(self._open):
            self._end(trial_id, failure(error, lost=True))

    def _end(self, trial_id: str, outcome: TrialOutcome | None) -> None:
        """End what is left of a pack."""
        placement = self._placements.pop(trial_id, Placement(0.0, 0.0, "", ""))
        node = self._nodes.pop(trial_id, "")
        del self._slots[trial_id]
        for job in self._open.pop(trial_id).values():
            self._over(job, outcome, node)
            with self._noting():
                self._source.finish(job.trial_id, outcome, placement)

    def _over(self, job: Job, outcome: TrialOutcome | None, node: str) -> None:
        if outcome is not None and outcome.lost:
            self._elsewhere.lose(job, node)
            return
        self._kept.forget(job)
        self._elsewhere.forget(job)

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """Keep what the source raises first: Tune hides it in an error of its own."""
        try:
            yield
        except Exception as error:
            self.raised = self.raised or error  # Tune takes it for the trial's, and hands that back once more
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
    """Runs trials in order, stops those that the source wants stopped, and keeps a worker for each slot.

    Left to itself Tune gives up workers, and a trial may be shorter than the start of a new one: it keeps
    one idle worker at most, and a trial that ends hands its worker to one whose own is still starting, which
    is killed. With short trials nothing but the first worker was left of any number.

    Tune keeps every trial to its end, with the jobs it had and what came back last (networks, in the
    confirmation). What has ended is in the leaderboard, and is let go of here.
    """

    def __init__(
        self,
        searcher: SourceSearcher,
        overdue: Overdue,
        following: Following,
        asked: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__()
        self._searcher, self._overdue, self._following, self._asked = searcher, overdue, following, asked
        self._kept = 0  # idle workers at most
        self._ended: list[Any] = []  # trials that Tune still asks for their result

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: see `SourceSearcher`."""
        return {}

    def on_trial_add(self, tune_controller: Any, trial: Any) -> None:
        """Make room for all idle workers and, with the first trial, let a memory kill end one trial alone.

        Tune has no public setting for either. Nor does it give each trial its folder in time: one that waits
        for a worker while nodes come and go may be handed an idle one first, and Tune ended with an error.
        """
        trial.init_local_path()
        more, first = self._following.slots - self._kept, not self._kept
        cache = getattr(tune_controller, "_actor_cache", None)
        if more > 0 and cache is not None:
            cache.increase_max(trial.placement_group_factory, more)
        self._kept += max(0, more)
        manager = getattr(tune_controller, "_actor_manager", None)
        if (
            first
            and manager is not None
            and (fail := getattr(manager, "_actor_task_failed", None)) is not None
        ):
            manager._actor_task_failed = lambda tracked_actor_task, exception: fail(
                tracked_actor_task, as_actor_error(exception)
            )

    def choose_trial_to_run(self, tune_controller: Any) -> None:
        """None of them before its turn: Tune starts what is pending in order, on idle workers first.

        Once a user has ``asked`` to stop, what waits for a place waits no longer.
        """
        self._overdue.kill(tune_controller.get_live_trials())
        self._following.look(tune_controller)
        if self._asked():
            for trial in [one for one in tune_controller.get_live_trials() if one.status == Trial.PENDING]:
                tune_controller.stop_trial(trial)
        while self._ended and self._ended[0].is_finished():
            let_go(self._ended.pop(0))

    def on_trial_error(self, tune_controller: Any, trial: Any) -> None:
        """Tell the searcher what happened."""
        self._searcher.failed(trial.trial_id, self._overdue.error(trial.trial_id) or error_of(trial))
        self._ended.append(trial)

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: Mapping[str, Any]) -> None:
        """Note that it can be let go of: Tune asks for its last result once more."""
        self._ended.append(trial)

    def on_trial_result(self, tune_controller: Any, trial: Any, result: Mapping[str, Any]) -> str:
        """Stop once all jobs of the pack are over."""
        stop = self._searcher.take(trial.trial_id, result)
        return str(TrialScheduler.STOP if stop else TrialScheduler.CONTINUE)


def let_go(trial: Any) -> None:
    """Empty a trial of Tune that has ended of all that is large; a result it must have."""
    trial.config.clear()
    trial.evaluated_params, trial.experiment_tag = {}, ""
    trial._default_result_or_future = None
    meta = trial.run_metadata
    meta.last_result, meta.metric_analysis, meta.metric_n_steps = {"done": True}, {}, {}
