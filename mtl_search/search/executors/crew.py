"""Several workers for one trial: whole GPUs, or processes on CPUs, which train its network as a team.

The trial's own worker is the first of the team. The others are actors in the further bundles of Tune's
placement group, which come with the worker, stay from trial to trial, and end with it. They speak PyTorch's
own collectives (see `mtl_search.training.team`). Ray Train's ``TorchTrainer`` would start a controller and
workers anew for each trial, several seconds of importing PyTorch, and wants the loop for itself; a worker
here has its next trial at once.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, final

import ray
import torch
from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy
from typing_extensions import override

from mtl_search.data import Dataset
from mtl_search.search.executors.limits import OverLimitError, Watchdog, over_limit
from mtl_search.search.executors.place import Place
from mtl_search.search.jobs import Job
from mtl_search.training import Progress, SoloTrainer, Trainer, Training, TrainingState, TrialOutcome, failure
from mtl_search.training.team import Connected, LeftAloneError, meeting_point, meeting_point_at

__all__ = ["Crew", "TeamTrainer", "TrainPart"]

START = 120.0  # seconds for a worker to import PyTorch and to have the data
WHY = 5.0  # for one that is gone to be known as such


@final
class TrainPart:
    """A further worker of a trial: trains its part of each batch when the first one says so."""

    def __init__(self, dataset: Dataset, place: Place, sweep: str) -> None:
        torch.set_num_threads(place.threads)
        self._dataset, self._place, self._sweep = dataset, place, sweep
        self._team: Connected | None = None
        self._training: Training | None = None
        self._watchdog = self._watching()

    def ready(self) -> None:
        """Answers once the data is there."""

    def join(self, host: str, port: int, rank: int) -> None:
        """Meet the others."""
        store, own = meeting_point_at(host, port), ray.util.get_node_ip_address()
        self._team = Connected(store, rank, self._place.workers, device=self._place.device, host=own)

    def begin(self, job: Job) -> None:
        """Have the job's network, before its first epoch."""
        assert self._team is not None
        self._training, self._watchdog = None, self._watching()
        training = job.training(self._dataset, self._place.device, self._team)
        assert isinstance(training, Training)
        self._training = training

    def epoch(self) -> None:
        """Train for an epoch; what is raised here ends the others' waiting."""
        assert self._training is not None
        assert self._team is not None
        try:
            self._watchdog.over(self._training.accompany)
        except BaseException:
            self._team.leave()
            raise

    def _watching(self) -> Watchdog:
        """Of its memory: the first worker looks at the clock."""
        return Watchdog(replace(self._place, minutes=None))

    def __repr__(self) -> str:
        """As Ray lists the actor."""
        return f"TrainPart({self._sweep})"


@final
class Crew:
    """The further workers of a trial, started when the first trial needs them and after they were lost.

    ``where``: the data in Ray's object store, of which a node has one copy for all its workers.
    """

    def __init__(self, where: ray.ObjectRef, place: Place, sweep: str = "") -> None:
        self._where, self._place, self._sweep = where, place, sweep
        self.members: list[Any] = []
        self._team: Connected | None = None

    def team(self) -> Connected:
        """All of them, who have met."""
        if self._team is None:
            host, place = ray.util.get_node_ip_address(), self._place
            store, port = meeting_point(host)
            self.members = [self._start(number) for number in range(1, place.workers)]
            ray.get([member.ready.remote() for member in self.members], timeout=START)
            joined = [member.join.remote(host, port, 1 + i) for i, member in enumerate(self.members)]
            self._team = Connected(store, 0, place.workers, device=place.device, host=host)
            ray.get(joined, timeout=START)
        return self._team

    def disband(self) -> None:
        """Let go of the others, whatever they are at."""
        if self._team is not None:
            self._team.leave()
        for member in self.members:
            ray.kill(member)
        self.members, self._team = [], None

    def _start(self, bundle: int) -> Any:
        place = self._place
        there = PlacementGroupSchedulingStrategy(
            ray.util.get_current_placement_group(), placement_group_bundle_index=bundle
        )
        actor = ray.remote(TrainPart).options(
            num_cpus=place.cpus, num_gpus=place.gpus, memory=place.memory, scheduling_strategy=there
        )
        return actor.remote(self._where, place, self._sweep)


@final
class TeamTrainer(Trainer):
    """Trains one job, a network, with a crew.

    A worker that dies has lost the trial; what one raises is the trial's own, unless the trial has all that
    it needs of it. After either the crew is started anew, since nobody knows where in an epoch each of it
    stands.
    """

    size: ClassVar[int] = 1

    def __init__(self, jobs: Sequence[Job], dataset: Dataset, device: str, crew: Crew) -> None:
        (self._job,) = jobs
        self._crew, self._inside = crew, False
        self._asked: list[Any] = []  # of the others, in this epoch
        self._solo = SoloTrainer(jobs, dataset, device, crew.team())
        for member in crew.members:
            member.begin.remote(self._job)

    @property
    @override
    def live(self) -> frozenset[str]:
        return self._solo.live

    @override
    def step(self) -> list[Progress]:
        self._inside = True
        self._asked = [member.epoch.remote() for member in self._crew.members]
        try:
            progress = self._solo.step()
        except LeftAloneError:
            progress = [Progress(self._job.trial_id, None, outcome=self._why())]
        self._inside = False
        outcomes = [one.outcome for one in progress if one.outcome is not None]
        if any(one.error is not None for one in outcomes) or (outcomes and self._errors()):
            self._crew.disband()
        return progress

    @override
    def stop(self, trial_id: str) -> None:
        self._solo.stop(trial_id)
        if self._inside:  # interrupted, and the others are still in the epoch
            self._crew.disband()

    @override
    def state(self, trial_id: str) -> TrainingState | None:
        return self._solo.state(trial_id)

    def _why(self) -> TrialOutcome:
        """What became of the worker that others were left by."""
        errors = self._errors()
        for error in errors:
            if isinstance(error, RayActorError):
                return failure(RuntimeError(f"a worker of the trial died: {error}"), lost=True)
        for error in errors:
            if isinstance(error, RayTaskError) and not isinstance(error.cause, LeftAloneError):
                over = isinstance(error.cause, OverLimitError)
                return over_limit(str(error.cause)) if over else failure(error.cause)
        return failure(RuntimeError("a worker of the trial did not answer any more"), lost=True)

    def _errors(self) -> list[RayError]:
        """What the others raised in the epoch."""
        done, _ = ray.wait(self._asked, num_returns=len(self._asked), timeout=WHY)
        return [error for ref in done if (error := _error_of(ref)) is not None]


def _error_of(ref: Any) -> RayError | None:
    try:
        ray.get(ref)
    except RayError as error:
        return error
    return None
