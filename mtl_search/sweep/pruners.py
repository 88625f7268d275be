"""Pruners: whether a trial goes on, as configurations that build Optuna's pruner or ours.

``asha`` is ours: early stopping *per task*. A network is kept while it is promising for at least one of
its main members, because a design may use it for that task alone.

No pruner stops the first trials of a study: what is compared with one or two others is stopped by chance,
and a study whose trials were nearly all stopped has tuned nothing. ``startup_trials`` must have trained to
their end before any is stopped, more in the studies that others are compared with (`Pruner.after`).
"""

import math
from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Literal, Self, final

import optuna
from optuna.pruners import BasePruner
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt
from typing_extensions import override

__all__ = ["ASHA", "VALID", "Hyperband", "Median", "NoPruner", "PerTaskHalving", "Pruner", "PrunerConfig"]

VALID = "valid"  # user attribute of a trial: {main task: signed default metric of each epoch}


@final
class PerTaskHalving(BasePruner):
    """Asynchronous successive halving (Li et al. 2020) run for each main task on its own.

    The rungs are at ``min_epochs * reduction_factor ** r`` epochs. At a rung a network's standing in a
    task is its best value so far, compared with that of all trials of the study that contain the task and
    reached the rung. It goes on if for one of its tasks it is within the best ``1 / reduction_factor`` of
    them (while fewer than ``reduction_factor`` have been there: if it is the best). NaN is never
    promising. All go on until ``startup_trials`` have trained to their end.
    """

    def __init__(self, min_epochs: int, reduction_factor: int, startup_trials: int = 0) -> None:
        self.min_epochs, self.reduction_factor = min_epochs, reduction_factor
        self.startup_trials = startup_trials
        self._rungs: dict[tuple[str, int], Rung] = {}  # by study and number of epochs

    @override
    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        values: dict[str, list[float]] = trial.user_attrs.get(VALID, {})
        epoch = max((len(series) for series in values.values()), default=0)
        if not self.is_rung(epoch) or not has_completed(study, self.startup_trials):
            return False
        rung = self._rungs.setdefault((study.study_name, epoch), Rung(epoch))
        others = rung.standings(t for t in study.get_trials(deepcopy=False) if t.number != trial.number)
        return not any(
            self._promising(standing(series, epoch), others.get(task, [])) for task, series in values.items()
        )

    def is_rung(self, epoch: int) -> bool:
        """Whether trials are compared after ``epoch`` epochs."""
        rung = self.min_epochs
        while rung < epoch:
            rung *= self.reduction_factor
        return rung == epoch

    def _promising(self, value: float, others: list[float]) -> bool:
        """Whether ``value`` is among the best; ``others`` in ascending order."""
        kept = max(1, (len(others) + 1) // self.reduction_factor)
        return not math.isnan(value) and (len(others) < kept or value >= others[-kept])


@final
class LateHyperband(optuna.pruners.HyperbandPruner):
    """Optuna's Hyperband, by which all go on until ``startup_trials`` have trained to their end.

    A subclass, since Optuna's samplers ask whether a pruner is Hyperband.
    """

    def __init__(self, startup_trials: int, **options: int) -> None:
        super().__init__(**options)
        self.startup_trials = startup_trials

    @override
    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        return super().prune(study, trial) and has_completed(study, self.startup_trials)


def has_completed(study: Study, number: int) -> bool:
    """Whether so many trials of ``study`` have trained to their end."""
    return number == 0 or len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))) >= number


@dataclass(slots=True)
class Rung:
    """How trials stood after ``epoch`` epochs; those of finished ones, which stay as they are, are kept."""

    epoch: int
    finished: dict[str, list[float]] = field(default_factory=dict)  # by task, ascending, without NaN
    seen: set[int] = field(default_factory=set)

    def standings(self, trials: Iterable[FrozenTrial]) -> dict[str, list[float]]:
        """The standings of ``trials`` by task, ascending, without NaN."""
        running: dict[str, list[float]] = {}
        for trial in trials:
            if trial.number not in self.seen:
                ended = trial.state.is_finished()
                if ended:
                    self.seen.add(trial.number)
                for task, series in trial.user_attrs.get(VALID, {}).items():
                    value = standing(series, self.epoch)
                    if not math.isnan(value):
                        (self.finished if ended else running).setdefault(task, []).append(value)
        for values in self.finished.values():
            values.sort()
        return {
            task: sorted([*self.finished.get(task, ()), *running.get(task, ())])
            for task in self.finished.keys() | running.keys()
        }


def standing(series: list[float], epoch: int) -> float:
    """The best value within the first ``epoch`` epochs, NaN if there are fewer or none is a number."""
    reached = [v for v in series[:epoch] if not math.isnan(v)]
    return max(reached) if reached and len(series) >= epoch else math.nan


class Pruner(BaseModel):
    """What all pruners share: being built for trials of at most ``max_epochs`` epochs.

    ``startup_trials``: how many trials of a study train to their end before any is stopped.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    startup_trials: NonNegativeInt = 4

    def after(self, completed: int) -> Self:
        """The same, but that it stops nothing before so many trials have trained to their end."""
        return self.model_copy(update={"startup_trials": max(self.startup_trials, completed)})

    @abstractmethod
    def build(self, max_epochs: int) -> BasePruner:
        """The pruner as Optuna asks it."""

    @abstractmethod
    def halvings(self, max_epochs: int) -> tuple[int, int]:
        """How often it thins out a study's trials, and the factor by which, to plan a budget with."""


@final
class ASHA(Pruner):
    """Successive halving per task."""

    name: Literal["asha"] = "asha"
    min_epochs: PositiveInt = 3
    reduction_factor: int = Field(3, ge=2)

    @override
    def build(self, max_epochs: int) -> BasePruner:
        return PerTaskHalving(self.min_epochs, self.reduction_factor, self.startup_trials)

    @override
    def halvings(self, max_epochs: int) -> tuple[int, int]:
        """At each rung before the last epoch."""
        return _rungs(self.min_epochs, self.reduction_factor, max_epochs), self.reduction_factor


@final
class Hyperband(Pruner):
    """Hyperband (Li et al. 2018) on the trial's score: several halvings that start at different epochs."""

    name: Literal["hyperband"] = "hyperband"
    min_epochs: PositiveInt = 1
    reduction_factor: int = Field(3, ge=2)

    @override
    def build(self, max_epochs: int) -> BasePruner:
        return LateHyperband(
            self.startup_trials,
            min_resource=min(self.min_epochs, max_epochs),
            max_resource=max_epochs,
            reduction_factor=self.reduction_factor,
        )

    @override
    def halvings(self, max_epochs: int) -> tuple[int, int]:
        """Half of those of the strictest of its halvings: the mildest has none."""
        return round(_rungs(self.min_epochs, self.reduction_factor, max_epochs) / 2), self.reduction_factor


@final
class Median(Pruner):
    """Stop if the score is below the median of earlier trials at the same epoch."""

    name: Literal["median"] = "median"
    min_epochs: PositiveInt = 3
    startup_trials: NonNegativeInt = 5

    @override
    def build(self, max_epochs: int) -> BasePruner:
        return optuna.pruners.MedianPruner(
            n_startup_trials=self.startup_trials, n_warmup_steps=self.min_epochs
        )

    @override
    def halvings(self, max_epochs: int) -> tuple[int, int]:
        """Once: what is below the median is so at most epochs."""
        return int(self.min_epochs < max_epochs), 2


@final
class NoPruner(Pruner):
    """Every trial trains to its end, so that ``startup_trials`` says nothing."""

    name: Literal["none"] = "none"

    @override
    def build(self, max_epochs: int) -> BasePruner:
        return optuna.pruners.NopPruner()

    @override
    def halvings(self, max_epochs: int) -> tuple[int, int]:
        """Never."""
        return 0, 1


def _rungs(epochs: int, factor: int, max_epochs: int) -> int:
    """How many rungs lie before the last epoch, the first at ``epochs``."""
    number = 0
    while epochs < max_epochs:
        epochs, number = epochs * factor, number + 1
    return number


PrunerConfig = Annotated[ASHA | Hyperband | Median | NoPruner, Field(discriminator="name")]
