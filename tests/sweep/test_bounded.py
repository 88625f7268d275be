"""A bounded sampler: nothing lost that matters, nothing changed while a study is small."""

import math
from typing import Any

import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, TPESampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from mtl_search.sweep import bounded
from mtl_search.sweep.bounded import BEST, SEEN, Bounded, select


@pytest.fixture(autouse=True)
def _quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def finished(value: float, state: TrialState = TrialState.COMPLETE, rate: float = 0.5) -> FrozenTrial:
    return create_trial(
        state=state,
        value=None if state == TrialState.FAIL else value,
        params={"rate": rate, "depth": 2},
        distributions={"rate": FloatDistribution(1e-4, 1.0, log=True), "depth": IntDistribution(1, 3)},
        intermediate_values={1: value},
    )


def grown(sampler: BaseSampler, trials: int) -> optuna.Study:
    """A study of ``trials`` finished trials, the best of them the oldest."""
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.add_trials([finished(-float(i), rate=(1 + i % 97) / 97) for i in range(trials)])
    return study


def numbered(values: list[float], states: dict[int, TrialState] | None = None) -> list[FrozenTrial]:
    trials = []
    for number, value in enumerate(values):
        trial = finished(value, (states or {}).get(number, TrialState.COMPLETE))
        trial.number = number
        trials.append(trial)
    return trials


def quality(trial: optuna.Trial) -> float:
    rate = trial.suggest_float("rate", 1e-4, 1.0, log=True)
    return -abs(math.log10(rate) + 2) - abs(trial.suggest_int("depth", 1, 3) - 2)


def test_a_small_study_is_sampled_as_without_it() -> None:
    drawn = []
    for sampler in (Bounded(TPESampler(seed=3)), TPESampler(seed=3)):
        study = optuna.create_study(direction="maximize", sampler=sampler)
        study.optimize(quality, n_trials=30)
        drawn.append([trial.params for trial in study.trials])
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("direction", [StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE])
def test_the_best_and_the_newest_are_kept_in_order(direction: StudyDirection) -> None:
    worse = 1.0 if direction == StudyDirection.MINIMIZE else -1.0
    trials = numbered([worse * i for i in range(3 * SEEN)])
    kept = [trial.number for trial in select(trials, direction)]
    assert kept == [*range(BEST), *range(3 * SEEN - (SEEN - BEST), 3 * SEEN)]


def test_failed_trials_take_no_place_and_unfinished_ones_always_have_one() -> None:
    states = {0: TrialState.RUNNING, 1: TrialState.WAITING, 2: TrialState.FAIL, 3: TrialState.PRUNED}
    trials = numbered([float(i) for i in range(SEEN + 20)], states)
    kept = select(trials, StudyDirection.MAXIMIZE)
    assert {0, 1} <= {trial.number for trial in kept}
    assert not {2, 3} & {trial.number for trial in kept}  # 3 is old and was not complete
    assert sum(trial.state.is_finished() for trial in kept) == SEEN


def test_a_large_study_is_seen_in_part_and_whole_by_everybody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    sample = TPESampler._sample

    def counted(self: TPESampler, study: optuna.Study, *arguments: Any) -> dict[str, Any]:
        seen.append(len(study._get_trials(deepcopy=False, states=(TrialState.COMPLETE,))))
        return sample(self, study, *arguments)

    monkeypatch.setattr(TPESampler, "_sample", counted)
    study = grown(Bounded(TPESampler(seed=0)), SEEN + 100)
    for _ in range(3):
        trial = study.ask()
        study.tell(trial, quality(trial))
    assert seen == [SEEN] * len(seen)
    assert len(seen) >= 3
    assert len(study.trials) == SEEN + 103
    assert [trial.number for trial in study.trials] == list(range(SEEN + 103))


def test_running_trials_are_seen_while_they_run(monkeypatch: pytest.MonkeyPatch) -> None:
    views: list[list[FrozenTrial]] = []
    monkeypatch.setattr(
        TPESampler,
        "sample_relative",
        lambda self, study, trial, space: views.append(study._get_trials(deepcopy=False)) or {},  # type: ignore[func-returns-value]
    )
    study = grown(Bounded(TPESampler(seed=0)), SEEN + 10)
    first = study.ask()
    first.suggest_float("rate", 1e-4, 1.0, log=True)
    second = study.ask()
    second.suggest_float("rate", 1e-4, 1.0, log=True)
    assert first.number in {trial.number for trial in views[1] if trial.state == TrialState.RUNNING}


def test_finds_the_optimum_of_a_large_study_though_the_good_trials_are_old() -> None:
    study = optuna.create_study(direction="maximize", sampler=Bounded(TPESampler(seed=1)))
    rates = [0.01 * (1 + i / 200) for i in range(BEST)] + [0.9] * (2 * SEEN)
    space: dict[str, Any] = {"rate": FloatDistribution(1e-4, 1.0, log=True), "depth": IntDistribution(1, 3)}
    for rate in rates:
        params = {"rate": rate, "depth": 2}
        study.add_trial(create_trial(value=-abs(math.log10(rate) + 2), params=params, distributions=space))
    drawn = []
    for _ in range(20):
        trial = study.ask()
        study.tell(trial, quality(trial))
        drawn.append(trial.params["rate"])
    assert sorted(drawn)[10] == pytest.approx(0.01, rel=1.0)


def test_limits_leave_room_for_new_trials() -> None:
    assert 25 <= bounded.BEST < bounded.SEEN // 2
