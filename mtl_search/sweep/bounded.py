"""Bounded: a sampler that sees the best and the newest trials of a study, so that its cost stops growing."""

import heapq
from collections.abc import Container
from typing import Any, final

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState
from typing_extensions import override

__all__ = ["BEST", "SEEN", "Bounded", "select"]

SEEN = 400  # finished trials that a sampler sees
BEST = 50  # of them the best; TPE models at most 25 as its good ones


@final
class Bounded(BaseSampler):
    """``sampler`` with at most ``SEEN`` finished trials in sight, and all that are running.

    TPE and GP look at every trial for every parameter. The good trials are what they learn most from, and
    none of those is lost; of the others a few hundred are as good as thousands. Up to ``SEEN`` trials
    nothing differs from ``sampler`` alone.
    """

    def __init__(self, sampler: BaseSampler) -> None:
        self.sampler = sampler
        self._view: tuple[int, Study] | None = None  # of the trial of this number

    @override
    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self.sampler.infer_relative_search_space(study, trial)

    @override
    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self.sampler.sample_relative(self._in_sight(study, trial), trial, search_space)

    @override
    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        view = self._in_sight(study, trial)
        return self.sampler.sample_independent(view, trial, param_name, param_distribution)

    @override
    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self.sampler.before_trial(study, trial)

    @override
    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Any | None) -> None:
        self.sampler.after_trial(study, trial, state, values)

    @override
    def reseed_rng(self) -> None:
        self.sampler.reseed_rng()

    def _in_sight(self, study: Study, trial: FrozenTrial) -> Study:
        """The study as ``sampler`` sees it while it samples ``trial``."""
        if self._view is None or self._view[0] != trial.number:
            trials = study.get_trials(deepcopy=False)
            seen = study if len(trials) <= SEEN else _View(study, select(trials, study.direction))
            self._view = trial.number, seen
        return self._view[1]


def select(trials: list[FrozenTrial], direction: StudyDirection) -> list[FrozenTrial]:
    """The ``BEST`` of the complete trials, the newest finished ones up to ``SEEN``, and all unfinished ones.

    Failed trials, from which no sampler learns, do not count. In the order of ``trials``.
    """
    finished = [t for t in trials if t.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    complete = [t for t in finished if t.state == TrialState.COMPLETE]
    choose = heapq.nlargest if direction == StudyDirection.MAXIMIZE else heapq.nsmallest
    kept = {t.number for t in choose(BEST, complete, key=lambda t: t.value or 0.0)}
    rest = [t.number for t in finished if t.number not in kept]
    kept.update(rest[-(SEEN - len(kept)) :])
    return [t for t in trials if t.number in kept or not t.state.is_finished()]


@final
class _View(Study):
    """A study of which only some trials are seen."""

    def __init__(self, study: Study, trials: list[FrozenTrial]) -> None:
        super().__init__(study.study_name, study._storage, study.sampler, study.pruner)
        self._seen = trials

    def _get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None, use_cache: bool = False
    ) -> list[FrozenTrial]:
        return [trial for trial in self._seen if states is None or trial.state in states]
