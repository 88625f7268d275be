"""Per-task halving against cases worked out by hand, and what the other pruners' options build."""

import math
from typing import Any

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.trial import FrozenTrial, TrialState, create_trial
from pydantic import TypeAdapter, ValidationError

from mtl_search.sweep.pruners import (
    ASHA,
    VALID,
    Hyperband,
    LateHyperband,
    Median,
    NoPruner,
    PerTaskHalving,
    PrunerConfig,
)
from mtl_search.sweep.pruners import standing as standing_at

NAN = math.nan
Curves = dict[str, list[float]]


def with_curves(curves: Curves, state: TrialState = TrialState.COMPLETE) -> FrozenTrial:
    value = 0.0 if state is TrialState.COMPLETE else None
    return create_trial(state=state, value=value, user_attrs={VALID: curves})


def prunes(curves: Curves, *others: Curves, min_epochs: int = 1, factor: int = 3) -> bool:
    """Whether a trial with ``curves`` is stopped after those of ``others``."""
    study = optuna.create_study(direction="maximize")
    for other in others:
        study.add_trial(with_curves(other))
    study.add_trial(with_curves(curves, TrialState.RUNNING))
    return PerTaskHalving(min_epochs, factor).prune(study, study.get_trials(deepcopy=False)[-1])


# one task: plain asynchronous halving


def test_the_first_at_a_rung_goes_on() -> None:
    assert not prunes({"a": [0.1]})


def test_while_few_were_there_only_the_best_goes_on() -> None:
    assert prunes({"a": [0.4]}, {"a": [0.5]})
    assert not prunes({"a": [0.6]}, {"a": [0.5]})
    assert not prunes({"a": [0.5]}, {"a": [0.5]}), "a tie is as good as the best"


@pytest.mark.parametrize(("value", "stopped"), [(0.9, False), (0.75, False), (0.65, True), (0.05, True)])
def test_the_best_third_goes_on(value: float, stopped: bool) -> None:
    # six at the rung with this one: the best two go on
    others: list[Curves] = [{"a": [v]} for v in (0.8, 0.7, 0.6, 0.5, 0.4)]
    assert prunes({"a": [value]}, *others) is stopped


def test_a_larger_factor_keeps_fewer() -> None:
    others: list[Curves] = [{"a": [v]} for v in (0.8, 0.7, 0.6, 0.5, 0.4)]
    assert not prunes({"a": [0.65]}, *others, factor=2)
    assert prunes({"a": [0.65]}, *others, factor=3)
    assert prunes({"a": [0.75]}, *others, factor=6)


def test_standing_is_the_best_value_so_far() -> None:
    assert not prunes({"a": [0.9, 0.1, 0.1]}, {"a": [0.5, 0.6, 0.7]}, min_epochs=3)
    assert prunes({"a": [0.6, 0.1, 0.1]}, {"a": [0.5, 0.6, 0.7]}, min_epochs=3)


def test_later_epochs_of_others_do_not_count() -> None:
    assert not prunes({"a": [0.6]}, {"a": [0.5, 0.9, 0.95]})


def test_others_that_never_came_to_the_rung_do_not_count() -> None:
    assert not prunes({"a": [0.1, 0.1, 0.1]}, {"a": [0.5, 0.9]}, min_epochs=3)


@pytest.mark.parametrize(
    ("epochs", "stopped"), [(1, False), (2, True), (3, False), (4, False), (6, True), (7, False)]
)
def test_only_at_rungs(epochs: int, stopped: bool) -> None:
    # rungs at 2, 6, 18 ...
    assert prunes({"a": [0.1] * epochs}, {"a": [0.9] * 20}, min_epochs=2) is stopped


@given(min_epochs=st.integers(1, 9), factor=st.integers(2, 5), epoch=st.integers(1, 400))
def test_rungs_are_a_geometric_series(min_epochs: int, factor: int, epoch: int) -> None:
    rungs = {min_epochs * factor**r for r in range(12)}
    assert PerTaskHalving(min_epochs, factor).is_rung(epoch) is (epoch in rungs)


# several tasks


def test_promising_for_one_task_is_enough() -> None:
    others: list[Curves] = [{"a": [0.9], "b": [0.5]}, {"a": [0.8], "b": [0.4]}]
    assert not prunes({"a": [0.1], "b": [0.6]}, *others)
    assert not prunes({"a": [0.95], "b": [0.1]}, *others)
    assert prunes({"a": [0.85], "b": [0.45]}, *others), "good at both, the best at none"


def test_only_trials_with_the_task_are_compared() -> None:
    # nobody else has trained b: the network is the first of its kind
    assert not prunes({"a": [0.1], "b": [0.1]}, {"a": [0.9]}, {"a": [0.8]})
    assert prunes({"a": [0.1]}, {"a": [0.9], "b": [0.1]})


def test_no_number_is_never_promising() -> None:
    assert prunes({"a": [NAN]})
    assert prunes({"a": [NAN, NAN, NAN]}, min_epochs=3)
    assert not prunes({"a": [NAN], "b": [0.1]})


def test_no_number_of_others_is_nobody_there() -> None:
    assert not prunes({"a": [0.1]}, {"a": [NAN]}, {"a": [NAN]})


def test_numbers_before_a_hole_count() -> None:
    assert not prunes({"a": [0.9, NAN]}, {"a": [0.8, 0.8]}, min_epochs=2)


def test_trials_without_curves_are_passed_over() -> None:
    study = optuna.create_study(direction="maximize")
    study.add_trial(create_trial(state=TrialState.FAIL))
    study.add_trial(with_curves({"a": [0.3]}, TrialState.RUNNING))
    pruner = PerTaskHalving(1, 3)
    assert not pruner.prune(study, study.get_trials(deepcopy=False)[1])
    assert not pruner.prune(study, study.get_trials(deepcopy=False)[0]), "nothing reported, nothing to judge"


@given(
    curves=st.dictionaries(
        st.sampled_from("abc"), st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1
    ),
    others=st.lists(
        st.dictionaries(st.sampled_from("abc"), st.lists(st.floats(0, 1), max_size=9), max_size=3),
        max_size=12,
    ),
)
def test_the_best_of_all_in_some_task_is_never_stopped(curves: Curves, others: list[Curves]) -> None:
    task = min(curves)
    best = max((max(o[task]) for o in others if o.get(task)), default=0.0)
    assert not prunes({**curves, task: [best, best, best]}, *others, min_epochs=3)


def test_standing() -> None:
    assert standing_at([0.1, 0.7, 0.3], 3) == 0.7
    assert standing_at([0.1, 0.7, 0.9], 2) == 0.7
    assert standing_at([NAN, 0.2], 2) == 0.2
    assert math.isnan(standing_at([0.1], 2))
    assert math.isnan(standing_at([NAN], 1))
    assert math.isnan(standing_at([], 1))


# options


def test_a_name_picks_the_pruner() -> None:
    built = {
        name: TypeAdapter(PrunerConfig).validate_python({"name": name}).build(max_epochs=9)
        for name in ("asha", "hyperband", "median", "none")
    }
    assert {name: type(pruner) for name, pruner in built.items()} == {
        "asha": PerTaskHalving,
        "hyperband": LateHyperband,
        "median": optuna.pruners.MedianPruner,
        "none": optuna.pruners.NopPruner,
    }


def test_asha_hands_its_options_on() -> None:
    pruner = ASHA(min_epochs=4, reduction_factor=2).build(30)
    assert isinstance(pruner, PerTaskHalving)
    assert (pruner.min_epochs, pruner.reduction_factor) == (4, 2)


def told(pruner: optuna.pruners.BasePruner, curves: list[list[float]], mine: list[float]) -> bool:
    """Whether Optuna's ``pruner`` stops a trial of these scores after finished ones of ``curves``."""
    study = optuna.create_study(direction="maximize", pruner=pruner)
    for curve in curves:
        trial = study.ask()
        for epoch, score in enumerate(curve, 1):
            trial.report(score, epoch)
        study.tell(trial, curve[-1])
    trial = study.ask()
    for epoch, score in enumerate(mine, 1):
        trial.report(score, epoch)
    return trial.should_prune()


def test_median_waits_for_epochs_and_trials() -> None:
    better = [[0.9, 0.9, 0.9, 0.9]] * 3
    assert not told(Median(min_epochs=3, startup_trials=3).build(4), better, [0.1, 0.1])
    assert told(Median(min_epochs=3, startup_trials=3).build(4), better, [0.1, 0.1, 0.1])
    assert not told(Median(min_epochs=3, startup_trials=4).build(4), better, [0.1, 0.1, 0.1])


def test_none_stops_nothing() -> None:
    assert not told(NoPruner().build(3), [[0.9, 0.9, 0.9]] * 9, [0.0, 0.0, 0.0])


@pytest.mark.parametrize("max_epochs", [1, 2, 30])
def test_hyperband_takes_any_number_of_epochs(max_epochs: int) -> None:
    told(Hyperband(min_epochs=3).build(max_epochs), [[0.9] * max_epochs] * 9, [0.1] * max_epochs)


@pytest.mark.parametrize(
    "options",
    [
        {"name": "asha", "min_epochs": 0},
        {"name": "asha", "reduction_factor": 1},
        {"name": "asha", "min_epochs": "3"},
        {"name": "asha", "patience": 3},
        {"name": "hyperband", "reduction_factor": 1},
        {"name": "median", "startup_trials": -1},
        {"name": "none", "min_epochs": 1},
        {"name": "sha"},
        {},
    ],
    ids=str,
)
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(PrunerConfig).validate_python(options)


curve = st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4, NAN]), min_size=1, max_size=4)
a_trial = st.tuples(
    st.dictionaries(st.sampled_from("abc"), curve, min_size=1),
    st.sampled_from([TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.RUNNING]),
)


@settings(max_examples=30)
@given(st.lists(a_trial, min_size=1, max_size=8))
def test_what_is_kept_of_finished_trials_changes_no_decision(trials: list[tuple[Curves, TrialState]]) -> None:
    study = optuna.create_study(direction="maximize")
    longlived = PerTaskHalving(1, 2)
    for curves, state in trials:
        study.add_trial(with_curves(curves, state))
        for trial in study.get_trials(deepcopy=False):
            if trial.state is TrialState.RUNNING:
                assert longlived.prune(study, trial) is PerTaskHalving(1, 2).prune(study, trial)


@pytest.mark.parametrize("name", ["asha", "hyperband", "median"])
@pytest.mark.parametrize("asked", [0, 6])
def test_none_is_stopped_before_enough_trained_to_their_end(name: str, asked: int) -> None:
    config = TypeAdapter(PrunerConfig).validate_python({"name": name, "min_epochs": 1}).after(asked)
    needed = max(asked, 5 if name == "median" else 4)
    study = optuna.create_study(direction="maximize", pruner=config.build(9))
    stopped = []
    for number in range(needed + 30):
        trial = study.ask()
        value = -float(number)  # each worse than those before
        trial.set_user_attr(VALID, {"a": [value]})
        trial.report(value, 1)
        stopped.append(trial.should_prune())
        if stopped[-1]:
            study.tell(trial, state=TrialState.PRUNED)
        elif number % 2 and len(study.get_trials(states=(TrialState.FAIL,))) < 3:
            study.tell(trial, state=TrialState.FAIL)  # nothing to compare with
        else:
            study.tell(trial, value)
    assert not any(stopped[:needed])
    assert stopped.index(True) >= needed + 3, "failed trials do not count"


def test_after_never_lowers() -> None:
    assert (ASHA().after(10).startup_trials, ASHA(startup_trials=12).after(10).startup_trials) == (10, 12)
